"""A run as the rules of advice read it: curves and scores on common scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.recipe import Recipe

if TYPE_CHECKING:
    from multilayer.lab.run import Run


@final
@dataclass(frozen=True, eq=False)
class Evidence:
    """What the rules ask of a run; NaN stands for what is not known, and no comparison with it holds."""

    run: Run

    @property
    def recipe(self) -> Recipe:
        return self.run.question.recipe

    @property
    def layers(self) -> tuple[dict[str, Any], ...]:
        return self.recipe.layers

    def number(self, name: str) -> float:
        """One of the observed numbers."""
        value = self.run.observed.get(name)
        return float(value) if isinstance(value, (int, float)) else np.nan

    def word(self, name: str) -> str:
        """One of the observed names."""
        return str(self.run.observed.get(name) or "")

    @cached_property
    def loss(self) -> Array:
        """The training loss by epoch."""
        return self.run.history["loss"] if self.run.epochs else np.empty(0)

    @cached_property
    def held_out(self) -> Array:
        """The validation loss by epoch, or the training loss where there are no validation rows."""
        return self.run.history["val_loss"] if "val_loss" in self.run.history.series else self.loss

    @property
    def scale(self) -> float:
        """The size of loss that there is to lose: that of outputs that are all 0."""
        return self.number("zero_loss")

    def explained(self, part: str, scores: Mapping[str, Mapping[str, float]] | None = None) -> float:
        """The share of what the trivial answer leaves open that is explained: 1 is everything, 0 nothing."""
        headline = self.run.headline
        trivial = self.run.baselines.get("trivial", {}).get(part, {}).get(headline, np.nan)
        own = (self.run.scores if scores is None else scores).get(part, {}).get(headline, np.nan)
        return (own - trivial) / (1 - trivial) if trivial < 1 else np.nan

    @property
    def held_out_part(self) -> str:
        """The part that advice judges by: val, or train where there is no val. Never test."""
        return "val" if "val" in self.run.scores else "train"

    @property
    def neighbors(self) -> float:
        """What the nearest neighbors explain of the rows of `held_out_part`."""
        part = self.held_out_part
        return self.explained(part, {part: {self.run.headline: self.number("neighbors")}})

    @property
    def linear(self) -> float:
        """What the linear model explains of the rows of `held_out_part`."""
        return self.explained(self.held_out_part, self.run.baselines.get("linear", {}))

    @property
    def steps_an_epoch(self) -> float:
        return self.run.steps / max(1, self.run.epochs)

    @property
    def best_share(self) -> float:
        """Where among the epochs the held-out loss was best: 1 is the last."""
        curve = self.held_out
        return (int(np.argmin(curve)) + 1) / len(curve) if len(curve) and np.isfinite(curve).all() else np.nan
