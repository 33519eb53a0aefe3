"""A task: data with a question, named and described, with parameters that are declared like every other setting."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, ClassVar, NoReturn

from multilayer.card import card
from multilayer.constraints import Integer, check, options_of
from multilayer.data.dataset import Dataset
from multilayer.data.preparation import Preparation
from multilayer.data.split import Splitting
from multilayer.errors import DataError, RefusedError
from multilayer.rng import Stream

Samples = Annotated[int, Integer(1, 10_000_000)]
Seed = Annotated[int, Integer(0, 2**32 - 2)]

Streams = Callable[[int], Stream]
"""The random streams of one table, by place."""


class Task(ABC):
    """Data with a question. A concrete task is a frozen dataclass whose fields are its declared parameters.

    `dataset()` gives the rows to learn from; where the law behind the rows is known, `fresh(n, seed)` gives any
    number of further ones and `ceiling()` the best accuracy that any classifier can have on them.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    """One sentence."""
    kind: ClassVar[str]
    """"classes" or "regression"."""
    source: ClassVar[str]

    def __post_init__(self) -> None:
        check_parameters(self)

    @abstractmethod
    def dataset(self) -> Dataset:
        """The rows of the task."""

    def fresh(self, n: int, seed: int = 0) -> Dataset:
        """n further rows of the same law, independent of `dataset()` and of every other seed's."""
        refuse_fresh(self.name, "is a fixed table")

    def ceiling(self) -> float | None:
        """The best possible accuracy under the task's law, or None where it is not known."""
        return None

    def splitting(self) -> Splitting:
        """How the rows are divided unless asked otherwise."""
        return Splitting()

    def preparation(self) -> Preparation:
        """How the columns are prepared unless asked otherwise."""
        return Preparation()

    def recipe(self) -> dict[str, Any]:
        """Settings of a recipe that suit this task better than the defaults."""
        return {}

    def _repr_html_(self) -> str:
        best = self.ceiling()
        parameters = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self))  # type: ignore[arg-type]
        rows = [("what", self.about), ("parameters", parameters), ("source", self.source)]
        return card(str(self), [*rows, ("best possible accuracy", "" if best is None else f"{best:.4f}")])

    def __str__(self) -> str:
        """The text that `get` takes back: the name and every parameter that is not at its default."""
        parameters = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        defaults = options_of(type(self))
        changed = [f"{key}={value!r}" for key, value in parameters.items() if value != defaults[key].default]
        return f"{self.name}({', '.join(changed)})" if changed else self.name


def check_parameters(task: Task) -> None:
    """Check every declared parameter of a task."""
    for option in options_of(type(task)).values():
        value = check(option.constraint, getattr(task, option.name), f"{option.name} of {task.name}", DataError)
        object.__setattr__(task, option.name, value)


class Generated(Task):
    """A task whose rows are drawn from a law; place and step of the random streams keep its tables apart.

    The rows to learn from use the streams of step 0, the fresh rows of seed s those of step s + 1, under the
    key `data_seed`. Every row takes its own draws in order, so a smaller table is the beginning of a larger one.
    """

    samples: int
    data_seed: int

    @abstractmethod
    def draw(self, n: int, streams: Streams) -> Dataset:
        """n rows from these streams."""

    def dataset(self) -> Dataset:
        return self.draw(self.samples, self._streams(0))

    def fresh(self, n: int, seed: int = 0) -> Dataset:
        n = check(Integer(1, 10_000_000), n, f"the number of fresh rows of {self.name}", DataError)
        seed = check(Integer(0, 2**32 - 2), seed, f"the seed of fresh rows of {self.name}", DataError)
        return self.draw(n, self._streams(seed + 1))

    def _streams(self, step: int) -> Streams:
        return lambda place: Stream(self.data_seed, "data", step=step, place=place)


def refuse_fresh(name: str, why: str) -> NoReturn:
    """Say that a task has no further rows."""
    raise RefusedError(f"There are no fresh points of {name}: it {why}. Use the rows of its own table.")
