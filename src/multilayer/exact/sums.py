"""Sums that are rounded once, hence the same in any order and on any machine."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from multilayer.errors import UsageError

Values: TypeAlias = Iterable[float] | npt.NDArray[Any]
FEW = 1000
"""Up to so many values are summed one by one."""

CACHED = 2**14
"""So many are cut into parts at a time, within a processor's cache."""


def total(values: Values) -> float:
    """The sum of all values, rounded once, hence the same in any order.

    >>> total([1e100, 1.0, -1e100])
    1.0
    """
    numbers = _numbers(values)
    if numbers.size > FEW:
        return _by_parts(numbers)
    return _one_by_one(numbers)


def mean(values: Values) -> float:
    """The exactly rounded sum divided by the number of values.

    >>> mean([0.1] * 10)
    0.1
    """
    numbers = _numbers(values)
    if numbers.size == 0:
        raise UsageError("The mean of no values is not defined. Pass at least one value.")
    return total(numbers) / numbers.size


def _numbers(values: Values) -> npt.NDArray[np.float64]:
    return np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=np.float64).reshape(-1)


def _one_by_one(numbers: npt.NDArray[np.float64]) -> float:
    flat: list[float] = numbers.tolist()
    if not np.isfinite(numbers).all():
        return sum(value for value in flat if not math.isfinite(value))
    try:
        return math.fsum(flat)
    except OverflowError:  # a partial sum left the range; the whole may not
        return _rounded(sum(map(Fraction, flat), Fraction(0)))


def _by_parts(numbers: npt.NDArray[np.float64]) -> float:
    """The same number, at the speed of arrays.

    Every pass cuts the leading bits off all values at one place, so high that the sum of the cut parts is exact in
    whatever order it is taken; what is left goes to the next pass (Rump, Ogita & Oishi 2008, Accurate floating-point
    summation I, section 3). Values near the ends of float64 are summed one by one.
    """
    parts: list[float] = []
    for start in range(0, len(numbers), CACHED):
        cut = _parts(numbers[start : start + CACHED])
        if cut is None:
            return _one_by_one(numbers)
        parts += cut
    return math.fsum(parts)


def _parts(numbers: npt.NDArray[np.float64]) -> list[float] | None:
    """Few numbers of the same sum; None near the ends of float64."""
    parts, left = [], numbers
    while (top := float(np.abs(left).max())) > 0 or math.isnan(top):
        place = math.frexp(top)[1] + len(numbers).bit_length() + 1 if math.isfinite(top) else 1024
        if not -900 < place < 1000:
            return None
        cut = math.ldexp(1.0, place)
        high = (left + cut) - cut  # multiples of 2^(place - 53), their sums below 2^(place - 1)
        parts.append(float(high.sum()))
        left = left - high  # exact
    return parts


def _rounded(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
