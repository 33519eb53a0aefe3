"""Exactly rounded sums of long arrays, at the speed of arrays."""

from __future__ import annotations

import math

import numpy as np

from multilayer import exact
from multilayer.arrays import Array


def total(x: Array) -> float:
    """The sum of a one-dimensional float64 array, rounded once: the number of `exact.total`, sooner.

    Every pass cuts the leading bits off all values at one place, so high that the sum of the cut parts is exact in
    whatever order it is taken; what is left goes to the next pass (Rump, Ogita & Oishi 2008, Accurate floating-point
    summation I, section 3). Values near the ends of float64 are left to `exact.total`.

    >>> total(np.array([1e16, 1.0, -1e16]))
    1.0
    """
    parts, left = [], x
    while (top := float(np.abs(left).max(initial=0.0))) > 0:
        place = math.frexp(top)[1] + len(x).bit_length() + 1 if math.isfinite(top) else 1024
        if not -900 < place < 1000:
            return exact.total(x)
        cut = math.ldexp(1.0, place)
        high = (left + cut) - cut  # multiples of 2^(place - 53), their sums below 2^(place - 1)
        parts.append(float(high.sum()))
        left = left - high  # exact
    return math.fsum(parts)
