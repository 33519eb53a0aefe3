"""exp, log and their family in float64, from + - x / alone.

exp and log follow the reductions of Tang (ACM TOMS 15 (1989), 144; 16 (1990), 378) without his tables: exp reduces by
multiples of ln 2 held in two parts, log by powers of two and the series of atanh. The coefficients are those of
Taylor, rounded to float64, for the reduced arguments are small enough.
"""

from __future__ import annotations

import math

import numpy as np

from multilayer.exact.steps import (
    Doubles,
    Integers,
    exponent,
    fast_two_sum,
    horner,
    power_of_two,
    scaled,
    two_product,
    two_sum,
)

LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42ff000000p-1"), float.fromhex("-0x1.718432a1b0e26p-35")
INVERSE_LN2 = float.fromhex("0x1.71547652b82fep+0")
INVERSE_LN2_LOW = float.fromhex("0x1.777d0ffda0d24p-56")
THIRD, THIRD_LOW = float.fromhex("0x1.5555555555555p-2"), float.fromhex("0x1.5555555555555p-56")

EXP = tuple(1.0 / math.factorial(n) for n in range(2, 14))
"""exp(r) = 1 + r + r^2 (EXP[0] + EXP[1] r + ...), |r| <= ln(2)/2."""

LOG = tuple(2.0 / (2 * n + 1) for n in range(1, 11))
"""log(1 + f) = f - f^2/2 + s (f^2/2 + z (LOG[0] + LOG[1] z + ...)), s = f / (2 + f), z = s^2."""

ATANH = tuple(1.0 / (2 * n + 1) for n in range(2, 13))
"""log(1 + f) = 2 s (1 + z/3 + z^2 (ATANH[0] + ATANH[1] z + ...))."""

LOWEST, HIGHEST = -746.0, 711.0  # exp is 0 below, infinite above; so is half of it, for sinh and cosh
LARGEST_INTEGER_POWER = 16


def reduced(x: Doubles, extra: Doubles | float = 0.0) -> tuple[Integers, Doubles, Doubles]:
    """k, r and e with exp(x + extra) = 2^k (1 + r + e), |r| <= 0.35, |e| below 0.08, for x within the range of exp."""
    multiple = np.rint(x * INVERSE_LN2)
    high = x - multiple * LN2_HIGH  # exact
    low = multiple * LN2_LOW - extra
    r = high - low
    rest = (high - r) - low
    return multiple.astype(np.int64), r, rest + (r * r) * horner(EXP, r)


def exp(x: Doubles, shift: int = 0) -> Doubles:
    """2^shift exp(x)."""
    k, r, e = reduced(_in_range(x))
    high, low = two_sum(1.0, r)
    return np.where(np.isnan(x), x, scaled(high + (low + e), k + shift))


def expm1(x: Doubles) -> Doubles:
    k, r, e = reduced(np.maximum(_in_range(x), -50.0))
    missing = 1.0 - power_of_two(np.maximum(-k, -1022))  # 2^k (1 + r + e) - 1 = 2^k (missing + r + e)
    high, low = two_sum(missing, r)
    return np.where(np.isnan(x) | (x == 0), x, scaled(high + (low + e), k))


def sinh(x: Doubles) -> Doubles:
    size = np.abs(x)
    small = expm1(np.minimum(size, 22.0))
    half = np.where(size < 22.0, 0.5 * (small + small / (small + 1.0)), exp(size, shift=-1))
    return np.where(x == 0, x, np.copysign(half, x))


def cosh(x: Doubles) -> Doubles:
    size = np.abs(x)
    small = exp(np.minimum(size, 22.0))
    return np.where(size < 22.0, 0.5 * (small + 1.0 / small), exp(size, shift=-1))


def tanh(x: Doubles) -> Doubles:
    size = np.minimum(np.abs(x), 20.0)  # tanh(20) is 1 in float64
    grown = expm1(size + size)
    return np.where(np.isnan(x) | (x == 0), x, np.copysign(grown / (grown + 2.0), x))


def sigmoid(x: Doubles) -> Doubles:
    small = exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def softplus(x: Doubles) -> Doubles:
    return np.where(np.isnan(x), x, np.maximum(x, 0.0) + log1p(exp(-np.abs(x))))


def log(x: Doubles) -> Doubles:
    k, m = exponent(_positive(x))
    return _log_specials(x, _log_of(k, m - 1.0, 0.0))


def log1p(x: Doubles) -> Doubles:
    usual = (x > -1.0) & (x < np.inf)
    total, error = two_sum(1.0, np.where(usual, x, 1.0))
    k, m = exponent(total)
    near = k == 0
    value = _log_of(k, np.where(near, x, m - 1.0), np.where(near, 0.0, error / total))
    return np.where(x == 0, x, np.where(usual, value, _log_specials(x + 1.0, value)))


def _log_of(k: Integers, f: Doubles, correction: Doubles | float) -> Doubles:
    """log(2^k (1 + f)) + correction."""
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * (f * f)
    low = s * (half + z * horner(LOG, z)) + (k * LN2_LOW + correction)
    return k * LN2_HIGH - ((half - low) - f)


def log_pair(x: Doubles) -> tuple[Doubles, Doubles]:
    """log(x) for finite x > 0 as a sum of two float64, with a relative error below 2^-62."""
    k, m = exponent(x)
    f = m - 1.0
    below, below_low = two_sum(2.0, f)
    s = f / below
    product, error = two_product(s, below)
    s_low = (((f - product) - error) - s * below_low) / below
    z, z_low = two_product(s, s)
    z_low = z_low + 2.0 * s * s_low
    third, third_low = two_product(z, THIRD)
    tail = z * z * horner(ATANH, z) + (third_low + (z * THIRD_LOW + z_low * THIRD))
    u, u_low = fast_two_sum(third, tail)
    bend, bend_low = two_product(2.0 * s, u)
    bend_low = bend_low + (2.0 * s * u_low + 2.0 * s_low * u)
    high, low = fast_two_sum(2.0 * s, bend)
    low = low + (2.0 * s_low + bend_low)
    multiple = k.astype(np.float64)
    whole, whole_low = two_sum(multiple * LN2_HIGH, high)
    return fast_two_sum(whole, whole_low + (low + multiple * LN2_LOW))


def log2(x: Doubles) -> Doubles:
    high, low = log_pair(_positive(x))
    product, error = two_product(high, INVERSE_LN2)
    return _log_specials(x, product + (error + (high * INVERSE_LN2_LOW + low * INVERSE_LN2)))


def power(x: Doubles, y: Doubles) -> Doubles:
    size = np.abs(x)
    integer = np.floor(y) == y  # the infinite ones too
    odd = integer & np.isfinite(y) & (np.floor(0.5 * y) * 2.0 != y)
    value = np.where(odd & np.signbit(x), -1.0, 1.0) * _power_of_size(size, y)
    value = np.where((x < 0) & (x > -np.inf) & ~integer, np.nan, value)
    repeated = integer & (y >= 0) & (y <= LARGEST_INTEGER_POWER)
    for n in np.unique(y[repeated]):
        chosen = y == n
        value[chosen] = _repeated(x[chosen], int(n))
    value = np.where(np.isnan(x) | np.isnan(y), np.nan, value)
    return np.where((y == 0) | (x == 1.0), 1.0, value)


def _power_of_size(size: Doubles, y: Doubles) -> Doubles:
    """size^y for size >= 0; size or y may be infinite."""
    high, low = log_pair(_positive(size))
    bounded = np.clip(np.where(np.isnan(y), 0.0, y), -(2.0**80), 2.0**80)  # farther out the result is 0 or infinite
    product, error = two_product(high, bounded)
    error = error + low * bounded
    inside = (product > LOWEST) & (product < HIGHEST)
    k, r, e = reduced(np.where(inside, product, 0.0), np.where(inside, error, 0.0))
    one, rest = two_sum(1.0, r)
    value = np.where(inside, scaled(one + (rest + e), k), np.where(product > 0, np.inf, 0.0))
    ends = np.where((size == 0) == (y < 0), np.inf, 0.0)
    unusual = (size == 0) | np.isinf(size)
    return np.where(unusual, ends, np.where((size == 1.0) & np.isinf(y), 1.0, value))


def _repeated(x: Doubles, n: int) -> Doubles:
    """x^n by squaring, from the highest binary digit of n down."""
    value = np.ones_like(x)
    for digit in f"{n:b}":
        value = value * value
        value = value * x if digit == "1" else value
    return value


def _in_range(x: Doubles) -> Doubles:
    """x where exp needs no more, 0 for NaN."""
    return np.clip(np.where(np.isnan(x), 0.0, x), LOWEST, HIGHEST)


def _positive(x: Doubles) -> Doubles:
    """x where it is positive and finite, else 1."""
    return np.where((x > 0) & (x < np.inf), x, 1.0)


def _log_specials(x: Doubles, value: Doubles) -> Doubles:
    """The value, but -inf at 0, inf at inf, NaN below 0 and at NaN."""
    value = np.where(x > 0, np.where(x < np.inf, value, np.inf), np.nan)
    return np.where(x == 0, -np.inf, value)
