"""How far a training has come: what ends it, and which weights remain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from multilayer.arrays import Array
from multilayer.engines.contract import Status
from multilayer.recipe import Recipe

EXPLODED = 1e6
"""A loss that has grown by so many times the first one's size has diverged (docs/decisions/0006-divergence.md)."""

Weights = dict[str, Array]


@dataclass
class Progress:
    """All that a learner knows besides its weights and its optimizer."""

    status: Status = "training"
    why: str = "in training"
    epoch: int = 0  # epochs completed
    position: int = 0  # rows of the present epoch already seen
    loss_sum: float = 0.0  # of the present epoch, weighted by its rows
    weight_sum: float = 0.0
    first_loss: float | None = None  # of the first step, before any update
    finite_weights: Weights = field(default_factory=dict)  # of the last epoch that ended well
    best: float | None = None  # the best monitored value of all epochs, whose weights are kept
    best_epoch: int = 0
    best_weights: Weights = field(default_factory=dict)
    mark: float | None = None  # the monitored value to beat by more than min_delta before patience runs out
    stale: int = 0  # epochs since the mark was set
    rows: list[dict[str, float]] = field(default_factory=list)  # of the history

    def exploded(self, value: float) -> str:
        """Why the loss of a step means divergence, in words; an empty text where it does not."""
        if self.first_loss is None:
            self.first_loss = value
        if not math.isfinite(value):
            return f"the training loss became {value}"
        if value - self.first_loss > EXPLODED * (abs(self.first_loss) + 1):
            return f"the training loss grew from {self.first_loss:.3g} to {value:.3g}"
        return ""

    def end_epoch(self, row: dict[str, float], weights: Weights) -> None:
        """Enter a finished epoch into the history."""
        self.rows.append(row)
        self.finite_weights = weights
        self.epoch, self.position, self.loss_sum, self.weight_sum = self.epoch + 1, 0, 0.0, 0.0

    def judge(self, value: float, recipe: Recipe, *, greater: bool, keep: Callable[[], Weights] | None) -> None:
        """Hold the epoch's monitored value against the earlier ones: remember the best weights, and stop when
        `patience` epochs were no better. `keep` gives the weights, None where the best are not asked for."""
        if _better(value, self.best, greater):
            self.best, self.best_epoch = value, self.epoch
            self.best_weights = keep() if keep else {}
        if _better(value, self.mark, greater, by=recipe.min_delta):
            self.mark, self.stale = value, 0
            return
        self.stale += 1
        if recipe.patience is not None and self.stale >= recipe.patience:
            best = "" if self.best is None else f" than {self.best:.4g}, of epoch {self.best_epoch}"
            self.status, self.why = "stopped", f"no better {recipe.monitor}{best}, for {self.stale} epochs"

    def kept(self, monitor: str) -> str:
        """Which epoch's weights remain, in words, where it is not simply the last one's."""
        if not self.best_weights:
            return ""
        return f", the best kept: epoch {self.best_epoch} with validation {monitor} {self.best:.4g}"

    def remaining(self) -> Weights:
        """The weights to keep when the present ones are not: the best, or those of the last epoch that ended well."""
        return self.best_weights or self.finite_weights


def _better(value: float, old: float | None, greater: bool, by: float = 0.0) -> bool:
    """Whether a monitored value is better than an old one by more than `by`; what is not a number never is."""
    if math.isnan(value) or old is None:
        return not math.isnan(value)
    return value > old + by if greater else value < old - by
