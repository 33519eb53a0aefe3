"""The exact steps that the elementary functions are made of: powers of two, error terms, polynomials, fma.

Everything here is exact or rounds once, in IEEE arithmetic to nearest; arrays are float64 unless named otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]
Singles: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]
Integers32: TypeAlias = npt.NDArray[np.int32]

SPLITTER = 2.0**27 + 1
SQRT_HALF = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
SQRT_HALF_32 = 0x3F3504F3


def table(text: str) -> tuple[float, ...]:
    """The hexadecimal numbers of a text.

    >>> table("0x1.8p+0 -0x1.0p-1")
    (1.5, -0.5)
    """
    return tuple(map(float.fromhex, text.split()))


def horner(coefficients: Sequence[float], x: Doubles) -> Doubles:
    """c0 + x (c1 + x (c2 + ...)), each product and each sum rounded, the highest coefficient first."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value


def two_sum(a: Doubles | float, b: Doubles) -> tuple[Doubles, Doubles]:
    """The rounded sum and its error, a + b = s + e (Knuth, TAOCP 2, 4.2.2 theorem B); also for float32."""
    s = a + b
    rest = s - a
    return s, (a - (s - rest)) + (b - rest)


def fast_two_sum(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """The same for |a| >= |b| (Dekker 1971)."""
    s = a + b
    return s, b - (s - a)


def two_product(a: Doubles, b: Doubles | float) -> tuple[Doubles, Doubles]:
    """The rounded product and its error, a b = p + e (Veltkamp's split, Dekker 1971), without fma."""
    p = np.asarray(a * b)
    a1, a2 = _halves(a)
    b1, b2 = _halves(np.asarray(b, dtype=np.float64))
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)


def _halves(a: Doubles) -> tuple[Doubles, Doubles]:
    carried = a * SPLITTER
    high = carried - (carried - a)
    return high, a - high


def power_of_two(k: Integers) -> Doubles:
    """2^k for -1022 <= k <= 1023."""
    return ((k + 1023) << 52).view(np.float64)


def scaled(y: Doubles, k: Integers) -> Doubles:
    """y 2^k for y of order 1, in two exact halves, so that a subnormal result rounds once."""
    half = k >> 1
    return y * power_of_two(half) * power_of_two(k - half)


def exponent(x: Doubles) -> tuple[Integers, Doubles]:
    """k and m with x = 2^k m and sqrt(1/2) <= m < sqrt(2), for finite x > 0, subnormal or not."""
    tiny = x < 2.0**-1022
    bits = np.where(tiny, x * 2.0**54, x).view(np.int64)
    k = (bits - SQRT_HALF) >> 52
    return k - 54 * tiny, (bits - (k << 52)).view(np.float64)


def power_of_two_32(k: Integers32) -> Singles:
    """2^k in float32 for -126 <= k <= 127."""
    return ((k + np.int32(127)) << 23).view(np.float32)


def scaled_32(y: Singles, k: Integers32) -> Singles:
    """y 2^k in float32 for y of order 1, in two exact halves."""
    half = k >> 1
    return y * power_of_two_32(half) * power_of_two_32(k - half)


def exponent_32(x: Singles) -> tuple[Integers32, Singles]:
    """k and m with x = 2^k m and sqrt(1/2) <= m < sqrt(2), for finite float32 x > 0."""
    tiny = x < np.float32(2.0**-126)
    bits = np.where(tiny, x * np.float32(2.0**25), x).view(np.int32)
    k = (bits - np.int32(SQRT_HALF_32)) >> 23
    return k - np.int32(25) * tiny, (bits - (k << 23)).view(np.float32)


def fma32(a: Singles, b: Singles | np.float32, c: Singles | np.float32) -> Singles:
    """a b + c in float32 with one rounding, as the fused multiply-add of the processor gives it.

    The product of two float32 is exact in float64; its sum with c is rounded to odd there (Boldo & Melquiond,
    Emulation of FMA and correctly rounded sums, IEEE Trans. Computers 57 (2008)), after which rounding to float32
    cannot round twice.

    >>> one = np.float32(1.0)
    >>> small = np.float32(2.0**-23)
    >>> float(fma32(one + small, one - small, -one))
    -1.4210854715202004e-14
    """
    with np.errstate(all="ignore"):
        product = np.asarray(a, dtype=np.float64) * np.asarray(b, dtype=np.float64)
        total, error = two_sum(product, np.asarray(c, dtype=np.float64))
        inexact = (error > 0) | (error < 0)  # not where it is NaN
        bits = np.asarray(total).view(np.int64)
        even = inexact & ((bits & 1) == 0)
        step = np.where((error > 0) == (total > 0), 1, -1)
        odd = np.where(even, bits + step, bits).view(np.float64)
        return np.asarray(odd.astype(np.float32))


def horner32(coefficients: Sequence[float], x: Singles) -> Singles:
    """c0 + x (c1 + x (c2 + ...)) in float32, one fused multiply-add a coefficient, the highest first."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = fma32(value, x, np.float32(coefficient))
    return value
