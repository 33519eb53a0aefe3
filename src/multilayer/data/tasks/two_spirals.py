"""The two spirals of the CMU benchmark collection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer import exact
from multilayer.data.dataset import Dataset
from multilayer.data.split import Splitting
from multilayer.data.tasks.table import alternating, classified
from multilayer.data.tasks.task import Task, refuse_fresh

TURNS = 97
"""Points on each arm: three turns of 32 points, and one more."""


@final
@dataclass(frozen=True)
class TwoSpirals(Task):
    """The 194 points: at i = 0 ... 96, angle i pi / 16 and radius 6.5 (104 - i) / 104, one point and its opposite.

    >>> TwoSpirals().dataset().n_samples
    194
    """

    name = "two_spirals"
    about = "The 194 points of two interlocking spirals, three turns each; all of them are to be learned."
    kind = "classes"
    source = "Lang & Witbrock 1988, as in the CMU benchmark collection."

    def dataset(self) -> Dataset:
        i = np.arange(TURNS, dtype=np.float64)
        angle, radius = i * math.pi / 16.0, 6.5 * (104.0 - i) / 104.0
        arm = np.stack([radius * exact.sin(angle), radius * exact.cos(angle)], axis=1)
        x = np.stack([arm, -arm], axis=1).reshape(-1, 2)
        return classified(self.name, x, 1 - alternating(2 * TURNS, 2), (0, 1))

    def fresh(self, n: int, seed: int = 0) -> Dataset:
        refuse_fresh(self.name, "is a fixed set of 194 points")

    def ceiling(self) -> float:
        return 1.0

    def splitting(self) -> Splitting:
        return Splitting(train=1.0, val=0.0, test=0.0)

    def recipe(self) -> dict[str, Any]:
        return {"hidden": [60, 60], "activation": "tanh", "lr": 0.015, "epochs": 1500, "batch_size": "full"}
