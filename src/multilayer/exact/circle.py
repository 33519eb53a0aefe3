"""sin and cos in float64, from + - x / alone.

The argument is reduced by the nearest multiple of pi/2: up to 1e6 with pi/2 in four parts (Cody & Waite 1980), beyond
with as many digits of pi as the argument needs, in integers (Payne & Hanek 1983). The polynomials are Taylor's.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from multilayer.exact.steps import Doubles, Integers, fast_two_sum, horner, table, two_sum

HALF_PI = table("0x1.921fb54400000p+0 0x1.0b4611a600000p-34 0x1.3198a2e000000p-69 0x1.b839a252049c1p-104")
"""pi/2 in three parts of 33 bits, whose products with an integer below 2^20 are exact, and a rest."""

TWO_BY_PI = float.fromhex("0x1.45f306dc9c883p-1")
FAR = 1e6

SIN = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(1, 9))
"""sin(r) = r + r^3 (SIN[0] + SIN[1] r^2 + ...), |r| <= pi/4."""

COS = tuple((-1) ** n / math.factorial(2 * n) for n in range(2, 10))
"""cos(r) = 1 - r^2/2 + r^4 (COS[0] + COS[1] r^2 + ...)."""

PI_BITS = 1216  # 1024 for the largest exponent, 106 for two float64, the rest for cancellation


def sin(x: Doubles) -> Doubles:
    return np.where(x == 0, x, _turned(x, 0))


def cos(x: Doubles) -> Doubles:
    return _turned(x, 1)


def _turned(x: Doubles, quarters: int) -> Doubles:
    """sin(x + quarters pi/2)."""
    usual = np.isfinite(x)
    quadrant, r, low = _reduced(np.where(usual, x, 0.0))
    quadrant = (quadrant + quarters) & 3
    value = np.where(quadrant & 1, _cos_of(r, low), _sin_of(r, low))
    return np.where(usual, np.where(quadrant & 2, -value, value), np.nan)


def _reduced(x: Doubles) -> tuple[Integers, Doubles, Doubles]:
    """n modulo 4 and two float64, x = n pi/2 + r + low with |r| <= pi/4."""
    far = np.abs(x) > FAR
    near = np.where(far, 0.0, x)
    multiple = np.rint(near * TWO_BY_PI)
    high, low = two_sum(near - multiple * HALF_PI[0], -(multiple * HALF_PI[1]))
    high, more = two_sum(high, -(multiple * HALF_PI[2]))
    r, low = fast_two_sum(high, (low + more) - multiple * HALF_PI[3])
    quadrant = multiple.astype(np.int64) & 3
    for i in np.flatnonzero(far):
        quadrant[i], r[i], low[i] = _reduced_far(float(x[i]))
    return quadrant, r, low


def _reduced_far(x: float) -> tuple[int, float, float]:
    """The same for one number beyond FAR, in integers of 2^-PI_BITS."""
    half_pi = scaled_half_pi()
    whole = _integer(x)
    multiple = (2 * whole + half_pi) // (2 * half_pi)
    rest = whole - multiple * half_pi
    high = rest / (1 << PI_BITS)  # correctly rounded
    return multiple & 3, high, (rest - _integer(high)) / (1 << PI_BITS)


def _integer(x: float) -> int:
    """floor(2^PI_BITS x)."""
    numerator, denominator = x.as_integer_ratio()
    return (numerator << PI_BITS) // denominator


@functools.cache
def scaled_half_pi() -> int:
    """floor(2^PI_BITS pi/2), by Machin's pi/4 = 4 arctan(1/5) - arctan(1/239)."""
    guard = PI_BITS + 32
    return (8 * _scaled_arctan(5, guard) - 2 * _scaled_arctan(239, guard)) >> 32


def _scaled_arctan(inverse: int, bits: int) -> int:
    """2^bits arctan(1/inverse), short by a few units."""
    term = (1 << bits) // inverse
    total, n = term, 1
    while term:
        term //= -inverse * inverse
        n += 2
        total += term // n
    return total


def _sin_of(r: Doubles, low: Doubles) -> Doubles:
    z = r * r
    return r + ((r * z) * horner(SIN, z) + low * (1.0 - 0.5 * z))


def _cos_of(r: Doubles, low: Doubles) -> Doubles:
    z = r * r
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + ((z * z) * horner(COS, z) - r * low))
