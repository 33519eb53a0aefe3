"""What a picture is of: a run, the rows it was asked about, and its training over again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import Dataset, FittedPreparation, Split, Target
from multilayer.engines import Curves, Training
from multilayer.nn import Sequential
from multilayer.recipe import Question


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a run and how they were split."""

    dataset: Dataset
    split: Split

    @property
    def parts(self) -> dict[str, Dataset]:
        """The parts that have rows, by name: train, val, test."""
        every = {"train": self.split.train, "val": self.split.val, "test": self.split.test}
        return {part: self.dataset.take(rows) for part, rows in every.items() if len(rows)}


class Trained(Protocol):
    """A run, as far as pictures look at it; `lab.Run` is one. Fields and methods are explained there."""

    @property
    def task(self) -> str: ...
    @property
    def question(self) -> Question: ...
    @property
    def target(self) -> Target: ...
    @property
    def preparation(self) -> FittedPreparation: ...
    @property
    def weights(self) -> Mapping[str, Array]: ...
    @property
    def history(self) -> Curves: ...
    @property
    def scores(self) -> Mapping[str, Mapping[str, float]]: ...
    @property
    def net(self) -> Sequential: ...
    @property
    def headline(self) -> str: ...
    @property
    def epochs(self) -> int: ...
    @property
    def digest(self) -> str: ...
    def answer(self, X: Any) -> Array: ...
    def prepared(self, X: Any) -> Array: ...
    def hidden(self, X: Any) -> list[Array]: ...
    def predict(self, X: Any) -> np.ndarray[Any, Any]: ...


class Subject(Protocol):
    """A run with what can be asked for again; the laboratory makes it."""

    @property
    def run(self) -> Trained: ...

    @property
    def rows(self) -> Rows:
        """The rows; raises RefusedError with a sentence where they cannot be had."""
        ...

    def train_again(self, seeds: Sequence[int] | None = None) -> Training:
        """The same training at its start, by encoded rows, or one member for each of other seeds.

        Raises RefusedError with a sentence where that cannot be had.
        """
        ...
