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
        healthy = math.isfinite(value) and value - self.first_loss <= EXPLODED * (abs(self.first_loss) + 1)
        return "" if healthy else explosion(self.first_loss, value)

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
            self.end("stopped", recipe)

    def end(self, status: Status, recipe: Recipe, *, cause: str = "", step: int = 0) -> None:
        """Close the training, and say in one sentence how it ended."""
        best = (self.best, self.best_epoch) if self.best is not None else None
        kept = bool(self.best_weights)
        self.status = status
        self.why = ended(
            status, recipe, epoch=self.epoch, best=best, kept=kept, stale=self.stale, cause=cause, step=step
        )

    def remaining(self) -> Weights:
        """The weights to keep when the present ones are not: the best, or those of the last epoch that ended well."""
        return self.best_weights or self.finite_weights


def ended(
    status: Status,
    recipe: Recipe,
    *,
    epoch: int,
    best: tuple[float, int] | None,
    kept: bool,
    stale: int = 0,
    cause: str = "",
    step: int = 0,
) -> str:
    """How a training stands or ended, in one sentence.

    `best` is the best monitored value and its epoch; `kept` says whether that epoch's weights remain; `cause` and
    `step` are those of a divergence.
    """
    if status == "training":
        return "in training"
    if status == "complete" and not recipe.epochs:
        return "no training asked for"
    if status == "stopped":
        than = f" than {best[0]:.4g}, of epoch {best[1]}" if best else ""
        return f"no better {recipe.monitor}{than}, for {stale} epochs"
    if status == "diverged":
        remain = f"the weights of epoch {epoch} are kept" if epoch else "the starting weights are kept"
        if kept and best:
            remain = f"the best weights, of epoch {best[1]}, are kept"
        return f"{cause} at step {step}; {remain}. Try a smaller lr than {recipe.lr:g}"
    how = f"all {epoch} epochs done" if status == "complete" else f"interrupted after {epoch} epochs"
    if kept and best:
        how += f", the best kept: epoch {best[1]} with validation {recipe.monitor} {best[0]:.4g}"
    return how


def explosion(first: float, value: float) -> str:
    """Why the loss of a step means divergence, in words."""
    if not math.isfinite(value):
        return f"the training loss became {value}"
    return f"the training loss grew from {first:.3g} to {value:.3g}"


NOT_FINITE = "a weight left the finite numbers"


def _better(value: float, old: float | None, greater: bool, by: float = 0.0) -> bool:
    """Whether a monitored value is better than an old one by more than `by`; what is not a number never is."""
    if math.isnan(value) or old is None:
        return not math.isnan(value)
    return value > old + by if greater else value < old - by
