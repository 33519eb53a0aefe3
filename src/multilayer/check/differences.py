"""The gradient checker: what backward says against what the function does when a number in it moves.

The derivative by an entry v is compared with the central difference (f(v + h) - f(v - h)) / 2h in float64, h being
1e-6 max(1, |v|): its own error is some 1e-9 here, where half the digits of a one-sided difference would be gone. The
function of a layer is sum(dy * y) for random dy, so that every output counts. The same is done along random
directions, in which all entries move at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.check.errors import GradientError
from multilayer.check.repeatable import repeatable
from multilayer.nn.layer import Layer, named_params
from multilayer.nn.losses.loss import Loss
from multilayer.rng import Stream

STEP = 1e-6
ABSOLUTE, RELATIVE = 1e-6, 1e-5
DIRECTIONS = 4


@final
@dataclass(frozen=True)
class Comparison:
    """One derivative twice: `where` is an array's name and an index, as in '0.W[2, 1]', or a direction's number."""

    where: str
    analytic: float
    numeric: float

    @property
    def error(self) -> float:
        """The distance of the two."""
        return abs(self.numeric - self.analytic)

    @property
    def excess(self) -> float:
        """The error over what is allowed, 1e-6 + 1e-5 |analytic|: above 1 it is wrong; infinite if not a number."""
        excess = self.error / (ABSOLUTE + RELATIVE * abs(self.analytic))
        return excess if math.isfinite(excess) else math.inf


@final
@dataclass(frozen=True)
class Report:
    """How many derivatives were compared, and the worst: an entry where one is wrong, else what is farthest off."""

    compared: int
    worst: Comparison


def gradients(layer: Layer, x: Any, *, training: bool = True, entries: bool = True, seed: int = 0) -> Report:
    """Check backward of a layer or a network at x (n_samples, n_in), by every parameter and by x.

    Dropout drops the same elements in every evaluation, and running statistics are put back. Weights and gradients
    are left as found. `entries=False` takes only the random directions, for a network with very many weights.
    At a kink (ReLU at 0) there is no derivative to find: take an x that is not on one.
    Raises GradientError, which names the entry that is farthest off.
    """
    x = np.array(x, dtype=np.float64)
    draws = Stream(seed, "noise")
    with repeatable(layer, np.float64) as forward:
        y, backward = forward(x, training)
        dy = draws.normal(y.size).reshape(y.shape)
        dx = backward(dy.copy())
        params = named_params(layer)
        arrays = {"x": x, **{name: parameter.value for name, parameter in params.items()}}
        analytic = {"x": dx, **{name: parameter.grad.copy() for name, parameter in params.items()}}
        moves = _Moves(arrays, analytic, lambda: forward(x, training)[0], dy)
        return moves.report(type(layer).__name__, draws, entries)


def loss_gradients(loss: Loss, y: Any, target: Any, weight: Any = None, *, seed: int = 0) -> Report:
    """Check a loss's derivative at y (n_samples, n_out), entry by entry and in random directions.

    Raises GradientError, which names the entry that is farthest off.
    """
    y = np.array(y, dtype=np.float64)
    _, dy = loss(y, target, weight)
    moves = _Moves({"y": y}, {"y": dy}, lambda: np.asarray(loss(y, target, weight)[0]), np.ones(()))
    return moves.report(type(loss).__name__, Stream(seed, "noise"), entries=True)


@final
@dataclass(frozen=True)
class _Moves:
    """Arrays that can be moved in place, their analytic derivatives, and the output whose sum(dy * y) they have."""

    arrays: Mapping[str, Array]
    analytic: Mapping[str, Array]
    output: Callable[[], Array]
    dy: Array

    def report(self, owner: str, draws: Stream, entries: bool) -> Report:
        for name, array in self.arrays.items():
            if np.shape(self.analytic[name]) != array.shape:
                raise GradientError(
                    f"The gradient of {owner} by {name} must have its shape {array.shape}, "
                    f"got {np.shape(self.analytic[name])}."
                )
        single = list(self.by_entry()) if entries else []
        compared = [*single, *self.by_direction(draws)]
        wrong = [comparison for comparison in single if comparison.excess > 1]  # an entry says more than a direction
        report = Report(len(compared), max(wrong or compared, key=lambda comparison: comparison.excess))
        if report.worst.excess > 1:
            raise GradientError(_complaint(owner, report.worst))
        return report

    def by_entry(self) -> Iterator[Comparison]:
        for name, array in self.arrays.items():
            for index in np.ndindex(array.shape):
                value = array[index]
                step = STEP * max(1.0, abs(float(value)))
                high, low = value + step, value - step
                array[index] = high
                above = self.output().copy()
                array[index] = low
                below = self.output().copy()
                array[index] = value
                numeric = float((self.dy * (above - below)).sum() / (high - low))
                where = f"{name}[{', '.join(map(str, index))}]"
                yield Comparison(where, float(self.analytic[name][index]), numeric)

    def by_direction(self, draws: Stream) -> Iterator[Comparison]:
        starts = {name: array.copy() for name, array in self.arrays.items()}
        length = math.sqrt(sum(array.size for array in starts.values()))
        for number in range(DIRECTIONS):
            along = {name: draws.normal(start.size).reshape(start.shape) / length for name, start in starts.items()}
            above = self._moved(starts, along, STEP)
            below = self._moved(starts, along, -STEP)
            self._moved(starts, along, 0.0)
            numeric = float((self.dy * (above - below)).sum() / (2 * STEP))
            analytic = sum(float((self.analytic[name] * along[name]).sum()) for name in along)
            yield Comparison(f"random direction {number}", analytic, numeric)

    def _moved(self, starts: Mapping[str, Array], along: Mapping[str, Array], step: float) -> Array:
        """The output with every array moved along the direction."""
        for name, array in self.arrays.items():
            array[...] = starts[name] + step * along[name]
        return self.output().copy()


def _complaint(owner: str, worst: Comparison) -> str:
    ratio = worst.analytic / worst.numeric + 0.0 if worst.numeric else math.inf
    return (
        f"The gradient of {owner} at {worst.where} is {worst.analytic:.10g} by backward, but differences give "
        f"{worst.numeric:.10g} (ratio {ratio:.6g}). {_guess(worst, ratio)}"
    )


def _guess(worst: Comparison, ratio: float) -> str:
    if not math.isfinite(worst.error):
        return "It is not finite."
    if not worst.numeric:
        return "Nothing should arrive there: does backward use what forward used, the same mask for example?"
    if abs(ratio + 1) < 1e-3:
        return "The sign is wrong."
    if abs(ratio) < 1e-3:
        return "Nothing arrives there: is it added to the gradient, and is every path followed?"
    if ratio > 1.5 and abs(ratio - round(ratio)) < 1e-3:
        return f"It is {round(ratio)} times too large: is a mean taken for a sum, or a term added twice?"
    return "If a kink of the function lies there, check at another point."
