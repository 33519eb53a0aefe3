"""What an engine promises: members in, a resumable training out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import Dataset, Encoding, FittedPreparation, Target
from multilayer.errors import UsageError, unknown
from multilayer.nn import Sequential
from multilayer.nn.losses import Loss
from multilayer.recipe import Recipe

Rows: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Status: TypeAlias = Literal["training", "complete", "stopped", "diverged", "interrupted"]


@final
@dataclass(frozen=True, eq=False)
class Data:
    """The rows that all members share: inputs encoded but not prepared, NaN where a value is missing."""

    x: Array  # (n_samples, n_features), float32 or float64, perhaps of a file
    target: Target
    weight: Array | None = None  # (n_samples,)

    @staticmethod
    def of(dataset: Dataset, encoding: Encoding) -> Data:
        return Data(encoding.matrix(dataset), dataset.target, dataset.weight)


@final
@dataclass(frozen=True, eq=False)
class Member:
    """One training of a population: a resolved recipe, its preparation, its rows and its seed.

    `weights` are starting weights set by hand. `network` is a network made by hand, trained in place of one made of
    the recipe's layers; `loss` a user's own, in place of the recipe's.
    """

    recipe: Recipe
    preparation: FittedPreparation
    train: Rows
    val: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    seed: int = 0
    weights: Mapping[str, Any] | None = None
    network: Sequential | None = None
    loss: Loss | None = None


@final
@dataclass(frozen=True)
class Epoch:
    """One epoch of one member: its number, counted from 1, and its value of each series."""

    number: int
    values: Mapping[str, float]

    def __getitem__(self, series: str) -> float:
        return self.values[series]


@final
@dataclass(frozen=True, eq=False)
class Curves:
    """One member's history: an array of epochs x series.

    >>> curves = Curves(("loss",), np.array([[0.7], [0.5]]))
    >>> curves["loss"]
    array([0.7, 0.5])
    >>> [epoch.number for epoch in curves]
    [1, 2]
    """

    series: tuple[str, ...]
    values: Array

    def __getitem__(self, series: str) -> Array:
        """One series, a value an epoch; raises UsageError for one that was not measured."""
        return self.values[:, _place(self.series, series)]

    def __iter__(self) -> Iterator[Epoch]:
        for number, row in enumerate(self.values, start=1):
            yield Epoch(number, dict(zip(self.series, row.tolist(), strict=True)))

    def __len__(self) -> int:
        return len(self.values)

    def followed_by(self, later: Curves) -> Curves:
        """Both, one after the other; NaN where a series was not measured.

        >>> later = Curves(("loss", "val_loss"), np.array([[0.4, 0.6]]))
        >>> Curves(("loss",), np.array([[0.7], [0.5]])).followed_by(later)["val_loss"]
        array([nan, nan, 0.6])
        """
        series = (*later.series, *(name for name in self.series if name not in later.series))
        values = np.full((len(self) + len(later), len(series)), np.nan)
        for start, part in ((0, self), (len(self), later)):
            for name in part.series:
                values[start : start + len(part), series.index(name)] = part[name]
        return Curves(series, values)


@final
@dataclass(frozen=True, eq=False)
class History:
    """What was measured: an array of members x epochs x series, NaN where a member had already ended.

    >>> history = History(("loss",), np.array([[[0.7], [0.5]]]))
    >>> history["loss"]
    array([[0.7, 0.5]])
    """

    series: tuple[str, ...]
    values: Array

    def __getitem__(self, series: str) -> Array:
        """One series, members x epochs; raises UsageError for one that was not measured."""
        return self.values[:, :, _place(self.series, series)]

    def of(self, member: int) -> Curves:
        """One member's own history, up to its last epoch."""
        own = self.values[member]
        count = int((~np.isnan(own).all(axis=1)).sum()) if self.series else 0
        return Curves(self.series, own[:count])


def _place(known: tuple[str, ...], series: str) -> int:
    if series not in known:
        raise UsageError(unknown("series", series, known))
    return known.index(series)


class Training(Protocol):
    """A training under way; whatever only watches reads it between two calls of `advance`."""

    @property
    def history(self) -> History: ...

    def advance(self, epochs: int | None = None, *, steps: int | None = None) -> History:
        """Train every member that has not stopped by so many epochs or steps; without a number, to the end."""
        ...

    def interrupt(self) -> None:
        """End every member that is still in training, with the weights to keep."""
        ...

    def status(self, member: int = 0) -> Status: ...

    def why(self, member: int = 0) -> str:
        """One sentence on how a member stands or ended."""
        ...

    def steps(self, member: int = 0) -> int:
        """The number of weight updates so far."""
        ...

    def predict(self, x: Array, member: int = 0) -> Array:
        """The outputs of the network (not yet probabilities) for encoded rows."""
        ...

    def hidden(self, x: Array, member: int = 0) -> list[Array]:
        """The output of each layer for encoded rows."""
        ...

    def input_gradient(self, x: Array, member: int = 0, output: int = 0) -> Array:
        """The derivative of one output by each prepared input, for encoded rows."""
        ...

    def weights(self, member: int = 0) -> dict[str, Array]:
        """A copy of the weights as they are now; those to keep, once the member has ended."""
        ...

    def set_weights(self, weights: Mapping[str, Any], member: int = 0) -> None: ...

    def state(self) -> dict[str, Any]:
        """Everything, as a copy; `restore` continues exactly there."""
        ...

    def restore(self, state: dict[str, Any]) -> None: ...


class Engine(Protocol):
    """Something that trains populations."""

    name: str
    arithmetic: str

    def refuses(self, recipe: Recipe) -> str | None:
        """Why this recipe cannot be trained here, in a sentence; None where it can."""
        ...

    def start(self, members: Sequence[Member], data: Data, *, threads: int | None = None) -> Training: ...
