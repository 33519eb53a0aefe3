"""What a picture is of: a run, the rows it was asked about, and its training over again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.data import Dataset, FittedPreparation, Split, Target
from multilayer.engines import Curves
from multilayer.engines.watching import Watched
from multilayer.errors import RefusedError, unknown
from multilayer.nn import Sequential
from multilayer.recipe import Question

PARTS = ("test", "val", "train")


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a run, encoded as (n_samples, n_features) with NaN where a value is missing, and their split.

    `law` gives the numbers without noise of points (n, n_features), where the task knows it; it raises DataError where
    it has no value.
    """

    dataset: Dataset
    x: Array
    split: Split
    law: Callable[[Array], Array] | None = None

    @property
    def parts(self) -> dict[str, npt.NDArray[np.int64]]:
        """The row numbers of each part that has rows: train, val, test."""
        every = {"train": self.split.train, "val": self.split.val, "test": self.split.test}
        return {part: rows for part, rows in every.items() if len(rows)}

    def part(self, name: str | None) -> tuple[str, npt.NDArray[np.int64]]:
        """A part and its row numbers; without a name the one that counts most: test, else val, else train."""
        parts = self.parts
        name = name or next(part for part in PARTS if part in parts)
        if name not in PARTS:
            raise RefusedError(unknown("part", name, PARTS))
        if name not in parts:
            raise RefusedError(f"This run has no {name} rows. It has: {', '.join(parts)}.")
        return name, parts[name]


class Trained(Protocol):
    """A run, as far as pictures look at it; `lab.Run` is one. Fields and methods are explained there."""

    @property
    def task(self) -> str: ...
    @property
    def source(self) -> str: ...
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
    def baselines(self) -> Mapping[str, Mapping[str, Mapping[str, float]]]: ...
    @property
    def rows(self) -> Mapping[str, int]: ...
    @property
    def net(self) -> Sequential: ...
    @property
    def headline(self) -> str: ...
    @property
    def epochs(self) -> int: ...
    @property
    def digest(self) -> str: ...
    def answer(self, X: Any) -> Array: ...
    def answer_encoded(self, matrix: Array) -> Array: ...


def told(run: Trained) -> str:
    """What a caption calls the data: the task, a function by its expression."""
    return run.source if run.task in ("function", "polynomial") else run.task


@final
@dataclass(frozen=True, eq=False)
class Stage:
    """A run as it was after an epoch: what it answered to encoded rows (n_samples, n_features), and its network for
    prepared inputs. `loss` is the training loss of that epoch, NaN before the first."""

    epoch: int
    loss: float
    answer: Callable[[Array], Array]
    net: Sequential


class Subject(Protocol):
    """A run with what can be asked for again; the laboratory makes it (`lab.again.Again`).

    Whatever is asked for raises a UsageError with a sentence where it cannot be had.
    """

    @property
    def run(self) -> Trained: ...

    @property
    def rows(self) -> Rows:
        """The rows it was asked about."""
        ...

    def stages(self, epochs: Sequence[int]) -> Iterator[Stage]:
        """The run after each of these epochs, in rising order, 0 being the start; its training is run again."""
        ...

    def siblings(self, seeds: Sequence[int]) -> Sequence[Trained]:
        """The same question under other seeds, trained as one population."""
        ...

    def watched(self, every: int = 1) -> Watched:
        """What its layers did while it learned; its training is run again."""
        ...
