"""A line search for the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from multilayer.arrays import Array

DECREASE: Final = 1e-4
"""The share of the decrease promised by the slope that a step must deliver (Armijo; c1)."""

CURVATURE: Final = 0.9
"""The share of the first slope that may be left at the end of a step (c2)."""


class Trial(NamedTuple):
    """What was found at one step along the line; `value` is infinite where anything was not finite."""

    step: float
    value: float
    slope: float
    x: Array
    gradient: Array


def strong_wolfe(at: Callable[[float], Trial], start: Trial, step: float, evaluations: int) -> Trial | None:
    """A step from `start` that meets the strong Wolfe conditions, or the best decrease found; None without any.

    value <= start.value + c1 step start.slope and |slope| <= c2 |start.slope|. Nocedal & Wright, Numerical
    Optimization (2006), algorithms 3.5 and 3.6, with cubic interpolation.
    """
    low, high = start, None
    while evaluations > 0 and high is None:
        trial, evaluations = at(step), evaluations - 1
        if _too_far(trial, start, low):
            high = trial
        elif abs(trial.slope) <= -CURVATURE * start.slope:
            return trial
        elif trial.slope >= 0:
            low, high = trial, low
        else:
            step = _kept_in(_cubic_minimum(low, trial), 1.1 * trial.step, 10 * trial.step)
            low = trial
    if high is not None:
        low = _zoomed(at, start, low, high, evaluations)
    return low if low.value < start.value else None


def _zoomed(at: Callable[[float], Trial], start: Trial, low: Trial, high: Trial, evaluations: int) -> Trial:
    """The strong Wolfe point between low, the best so far, and high.

    low itself when the evaluations are used up, or when rounding leaves no step strictly between the two.
    """
    for _ in range(evaluations):
        left, right = sorted((low.step, high.step))
        margin = 0.1 * (right - left)
        nearest, farthest = left + margin, right - margin
        if not left < nearest <= farthest < right:
            return low
        trial = at(_kept_in(_cubic_minimum(low, high), nearest, farthest))
        if _too_far(trial, start, low):
            high = trial
            continue
        if abs(trial.slope) <= -CURVATURE * start.slope:
            return trial
        if trial.slope * (high.step - low.step) >= 0:
            high = low
        low = trial
    return low


def _too_far(trial: Trial, start: Trial, low: Trial) -> bool:
    least = start.value + DECREASE * trial.step * start.slope
    return trial.value > least or trial.value >= low.value


def _cubic_minimum(a: Trial, b: Trial) -> float:
    """Where the cubic through both values and slopes is least; the middle when there is no such place.

    A tenth of the way to where something was not finite. The steps of a and b differ.
    """
    if not math.isfinite(b.value):
        return a.step + 0.1 * (b.step - a.step)
    middle = (a.step + b.step) / 2
    bend = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)  # equation 3.59
    square = bend * bend - a.slope * b.slope
    if not 0 <= square < math.inf:
        return middle
    root = math.copysign(math.sqrt(square), b.step - a.step)
    below = b.slope - a.slope + 2 * root
    return b.step - (b.step - a.step) * (b.slope + root - bend) / below if below else middle


def _kept_in(step: float, low: float, high: float) -> float:
    return min(max(step, low), high) if math.isfinite(step) else (low + high) / 2
