"""Schedules: what multiplies the learning rate, as a function of time in epochs.

They decide weights, so their functions are the exact ones: the same bits on every machine.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final, final

from multilayer import exact
from multilayer.calls import parse_call
from multilayer.constraints import (
    Choice,
    Fraction,
    Integer,
    Maybe,
    Natural,
    NonNegative,
    Positive,
    Real,
    Unit,
    check_fields,
)
from multilayer.errors import RecipeError, sentence, unknown

MaybeCount = Annotated[int | None, Maybe(Integer(1))]
Share = Annotated[float, Real(0, 1, open_low=True)]


class Schedule(ABC):
    """`schedule(time)` is the factor of the learning rate at a time in epochs (0 before the first step).

    After the last epoch of its plan a schedule keeps its last factor.
    """

    @abstractmethod
    def __call__(self, time: float) -> float:
        """The factor at this time."""

    def observe(self, value: float) -> None:  # noqa: B027 (most schedules have nothing to do)
        """Take in the watched value, once at the end of every epoch; only `ReduceOnPlateau` does."""

    def state(self) -> dict[str, Any]:
        """What was learned by observing; empty for a schedule that is a function of time."""
        return {}

    def restore(self, saved: Mapping[str, Any]) -> None:  # noqa: B027 (nothing was learned)
        """Continue exactly where `state()` was taken."""


@final
@dataclass(frozen=True)
class Constant(Schedule):
    """1 at all times."""

    def __call__(self, time: float) -> float:
        return 1.0


@final
@dataclass(frozen=True)
class StepDecay(Schedule):
    """factor^floor(time / every): a fall every so many epochs.

    >>> [StepDecay(every=10, factor=0.5)(time) for time in (0, 9.9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """

    every: Positive = 10
    factor: Share = 0.1

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, time: float) -> float:
        return _power(self.factor, math.floor(time / self.every))


@final
@dataclass(frozen=True)
class Exponential(Schedule):
    """gamma^time: a fall by the factor gamma over every epoch, a little at every step.

    >>> Exponential(gamma=0.5)(2.0)
    0.25
    """

    gamma: Share = 0.95

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, time: float) -> float:
        return _power(self.gamma, time)


@final
@dataclass(frozen=True)
class InverseTime(Schedule):
    """1 / (1 + decay time)^power: for powers in (1/2, 1] Robbins & Monro's condition for convergence holds.

    >>> InverseTime(decay=0.5)(2.0), InverseTime(decay=1.5, power=0.5)(2.0)
    (0.5, 0.5)
    """

    decay: NonNegative = 0.1
    power: NonNegative = 1.0

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, time: float) -> float:
        return 1 / _power(1 + self.decay * time, self.power)


@final
@dataclass(frozen=True)
class Cosine(Schedule):
    """floor + (1 - floor) (1 + cos(pi time / epochs)) / 2: from 1 down to `floor`.

    Loshchilov & Hutter, SGDR, arXiv 1608.03983 (2016), equation 5, without restarts. A recipe fills in
    `epochs` with the training's when none is given.

    >>> [Cosine(epochs=2)(time) for time in (0, 1, 2)]
    [1.0, 0.5, 0.0]
    """

    epochs: MaybeCount = None
    floor: Unit = 0.0

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, time: float) -> float:
        return _between(1.0, self.floor, _share(self, self.epochs, time))


@final
@dataclass(frozen=True)
class WarmUp(Schedule):
    """From `start` at time 0 up to 1 at time `epochs` in a straight line, and `then` another schedule.

    start + (1 - start) time / epochs before `epochs`; from there on `then`, whose own time begins there. `then` is a
    schedule or its name ("cosine(epochs=15)"); the factor stays 1 without. By default 5 epochs from 0.1. Goyal et al.,
    arXiv 1706.02677 (2017), section 2.2.

    >>> [WarmUp(epochs=4, start=0.5, then="step(every=2)")(time) for time in (0, 2, 4, 6)]
    [0.5, 0.75, 1.0, 0.1]
    """

    epochs: Positive = 5
    start: Unit = 0.1
    then: Schedule | str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if isinstance(self.then, str):
            object.__setattr__(self, "then", _named(self.then))
        elif not isinstance(self.then, Schedule | None):
            raise RecipeError(sentence("then of WarmUp", "a schedule, the name of one, or none", self.then))

    def observe(self, value: float) -> None:
        self._after().observe(value)

    def state(self) -> dict[str, Any]:
        return self._after().state()

    def restore(self, saved: Mapping[str, Any]) -> None:
        self._after().restore(saved)

    def __call__(self, time: float) -> float:
        if time < self.epochs:
            return self.start + (1 - self.start) * (time / self.epochs)
        return self._after()(time - self.epochs)

    def _after(self) -> Schedule:
        return self.then if isinstance(self.then, Schedule) else Constant()


@final
@dataclass(frozen=True)
class OneCycle(Schedule):
    """From `start` up to 1 during the share `peak` of the epochs, then down to start x end, both along a cosine.

    lr is the largest learning rate. By default peak 0.3, start 1/25, end 1e-4 (PyTorch's div_factor 25 and
    final_div_factor 1e4). Smith & Topin, Super-Convergence, arXiv 1708.07120 (2017); the cosine is fastai's. A recipe
    fills in `epochs` with the training's when none is given.

    >>> [round(OneCycle(epochs=10)(time), 6) for time in (0, 3, 10)]
    [0.04, 1.0, 4e-06]
    """

    epochs: MaybeCount = None
    peak: Fraction = 0.3
    start: Unit = 1 / 25
    end: Unit = 1e-4

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, time: float) -> float:
        share = _share(self, self.epochs, time)
        if share < self.peak:
            return _between(self.start, 1.0, share / self.peak)
        return _between(1.0, self.start * self.end, (share - self.peak) / (1 - self.peak))


@final
@dataclass(frozen=True)
class CosLog4(Schedule):
    """(1 - cos(2 pi log2(1 + 15 t))) / 2 with t = time / epochs: four cycles, each twice as long as the one before.

    0 at the start, at t = 1/15, 3/15, 7/15 and at the end; 1 between. RealMLP: Holzmüller, Grinsztajn & Steinwart,
    arXiv 2407.04491 (2024). A recipe fills in `epochs` with the training's when none is given.

    >>> [round(CosLog4(epochs=15)(time), 9) for time in (0, 1, 3, 7, 15)]
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """

    epochs: MaybeCount = None

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, time: float) -> float:
        cycles = exact.log2(1 + 15 * _share(self, self.epochs, time))
        return (1 - exact.cos(2 * math.pi * (cycles - math.floor(cycles)))) / 2


@final
@dataclass
class ReduceOnPlateau(Schedule):
    """A fall by `factor`, not below `floor`, after more than `patience` epochs without a better value.

    Better is below best - threshold |best| when `mode` is "min", above best + threshold |best| when it is "max"; a
    value that is not a number is never better. `observe(value)` is called once at the end of every epoch. By default
    (as in PyTorch) factor 0.1, patience 10, threshold 1e-4.

    >>> schedule = ReduceOnPlateau(factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.observe(loss)
    >>> schedule(4.0)
    0.5
    """

    factor: Fraction = 0.1
    patience: Natural = 10
    threshold: Fraction = 1e-4
    floor: Unit = 0.0
    mode: Annotated[str, Choice("min", "max")] = "min"

    def __post_init__(self) -> None:
        check_fields(self)
        self._now, self._best, self._bad = 1.0, math.inf, 0

    def __call__(self, time: float) -> float:
        return self._now

    def observe(self, value: float) -> None:
        loss = float(value) if self.mode == "min" else -float(value)
        better = loss < self._best if math.isinf(self._best) else loss < self._best - self.threshold * abs(self._best)
        if better:
            self._best, self._bad = loss, 0
            return
        self._bad += 1
        if self._bad > self.patience:
            self._now, self._bad = max(self._now * self.factor, self.floor), 0

    def state(self) -> dict[str, Any]:
        return {"now": self._now, "best": self._best, "bad": self._bad}

    def restore(self, saved: Mapping[str, Any]) -> None:
        self._now, self._best, self._bad = saved["now"], saved["best"], saved["bad"]


SCHEDULES: Final[Mapping[str, type[Schedule]]] = MappingProxyType(
    {
        "constant": Constant,
        "step": StepDecay,
        "exponential": Exponential,
        "inverse_time": InverseTime,
        "cosine": Cosine,
        "warm_up": WarmUp,
        "one_cycle": OneCycle,
        "coslog4": CosLog4,
        "reduce_on_plateau": ReduceOnPlateau,
    }
)
"""Every schedule by the name that recipes use."""


def _named(text: str) -> Schedule:
    name, options = parse_call(text, RecipeError)
    if name not in SCHEDULES:
        raise RecipeError(unknown("schedule", name, SCHEDULES))
    made = SCHEDULES[name]
    known = inspect.signature(made).parameters
    for option in options:
        if option not in known:
            raise RecipeError(unknown(f"option of the schedule {name} called", option, known))
    return made(**options)


def _share(schedule: Schedule, epochs: int | None, time: float) -> float:
    if epochs is None:
        name = type(schedule).__name__
        raise RecipeError(
            f"{name} needs to know how many epochs the training has, got none. Write {name}(epochs=...); "
            "a recipe fills it in."
        )
    return min(max(time / epochs, 0.0), 1.0)


def _between(first: float, last: float, share: float) -> float:
    """From `first` at share 0 to `last` at share 1 along half a cosine."""
    return last + (first - last) * ((1 + exact.cos(math.pi * share)) / 2)


def _power(base: float, exponent: float) -> float:
    return exact.power(base, exponent)
