"""exp, log and their family in float32, as the vectors of a processor with fused multiply-add compute them.

Every product, sum and quotient below is one float32 operation; `fma32` and `horner32` round once per multiply-add.
These are the functions of native training in float32.
"""

from __future__ import annotations

import math

import numpy as np

from multilayer.exact.steps import (
    Integers32,
    Singles,
    exponent_32,
    fma32,
    horner32,
    power_of_two_32,
    scaled_32,
    table,
)

F = np.float32
LN2_HIGH, LN2_LOW = F(float.fromhex("0x1.62e430p-1")), F(float.fromhex("-0x1.05c610p-29"))
INVERSE_LN2 = F(float.fromhex("0x1.715476p+0"))

EXP = tuple(float(F(1.0 / math.factorial(n))) for n in range(2, 8))
"""exp(r) = 1 + r + r^2 (EXP[0] + EXP[1] r + ...), |r| <= ln(2)/2."""

LOG = tuple(float(F(2.0 / (2 * n + 1))) for n in range(1, 5))
"""log(1 + f) = f - f^2/2 + s (f^2/2 + z (LOG[0] + LOG[1] z + ...)), s = f / (2 + f), z = s^2."""

TANH_NEAR = table("-0x1.555548p-2 0x1.110c72p-3 -0x1.b90946p-5 0x1.582faap-6 -0x1.94fffcp-8")
"""tanh(x) = x + x^3 (TANH_NEAR[0] + TANH_NEAR[1] x^2 + ...), |x| <= 0.5625; minimax, error 2^-29."""

ERF_NEAR = table(
    "0x1.06eba8p-3 -0x1.812746p-2 0x1.ce2f0ap-4 -0x1.b829d8p-6 0x1.562b1ap-8 -0x1.bcd7e0p-11 0x1.d8b892p-14 "
    "-0x1.44cfc8p-17"
)
"""erf(x) = x + x (ERF_NEAR[0] + ERF_NEAR[1] x^2 + ...), |x| <= 1; minimax, error 2^-34."""

ERF_FAR = table("0x1.058672p-2 -0x1.b5703ep-2 0x1.eeea30p-3 -0x1.4374cap-4 0x1.eb0edep-9 0x1.be9b98p-8 -0x1.e3f70ap-11")
"""1 - erf(x) = exp(-x^2) (ERF_FAR[0] + ERF_FAR[1] u + ...), u = (x - 2) / (x + 2), 1 <= x <= 4; minimax, 2^-25."""

LOWEST, HIGHEST = F(-104.0), F(89.0)  # exp is 0 below and infinite above
TANH_SPLIT, ERF_SPLIT = F(0.5625), F(0.96875)
SATURATED = F(17.0)  # from here on 1 + e^-x rounds to 1


def exp(x: Singles) -> Singles:
    inside = _in_range(x)
    multiple = np.rint(inside * INVERSE_LN2)
    r = fma32(-multiple, LN2_LOW, fma32(-multiple, LN2_HIGH, inside))
    y = F(1.0) + fma32(r * r, horner32(EXP, r), r)
    return np.where(np.isnan(x), x, scaled_32(y, multiple.astype(np.int32)))


def expm1(x: Singles) -> Singles:
    inside = np.maximum(_in_range(x), F(-20.0))
    multiple = np.rint(inside * INVERSE_LN2)
    high = fma32(-multiple, LN2_HIGH, inside)
    r = fma32(-multiple, LN2_LOW, high)
    e = fma32(r * r, horner32(EXP, r), fma32(-multiple, LN2_LOW, high - r))
    k = multiple.astype(np.int32)
    missing = F(1.0) - power_of_two_32(np.maximum(-k, np.int32(-126)))
    total, error = _two_sum(missing, r)
    return np.where(np.isnan(x) | (x == 0), x, scaled_32(total + (error + e), k))


def tanh(x: Singles) -> Singles:
    size: Singles = np.minimum(np.abs(x), F(10.0))  # tanh(10) is 1 in float32
    z = size * size
    near = fma32(size * z, horner32(TANH_NEAR, np.minimum(z, F(1.0))), size)
    far = F(1.0) - F(2.0) / (exp(size + size) + F(1.0))
    return np.where(np.isnan(x) | (x == 0), x, np.copysign(np.where(size < TANH_SPLIT, near, far), x))


def sigmoid(x: Singles) -> Singles:
    tail = x < -SATURATED
    power = exp(np.where(tail, x, -x))
    return np.where(tail, power, F(1.0) / (F(1.0) + power))


def softplus(x: Singles) -> Singles:
    return np.where(x > SATURATED, x, log1p(exp(np.minimum(x, SATURATED))))


def log(x: Singles) -> Singles:
    k, m = exponent_32(np.where((x > 0) & (x < np.inf), x, F(1.0)))
    return _log_specials(x, _log_of(k, m - F(1.0), np.zeros_like(x)))


def log1p(x: Singles) -> Singles:
    usual = (x > -1) & (x < np.inf)
    total, error = _two_sum(F(1.0), np.where(usual, x, F(1.0)))
    k, m = exponent_32(total)
    near = k == 0
    value = _log_of(k, np.where(near, x, m - F(1.0)), np.where(near, F(0.0), error / total))
    return np.where(x == 0, x, np.where(usual, value, _log_specials(x + F(1.0), value)))


def _log_of(k: Integers32, f: Singles, correction: Singles) -> Singles:
    """log(2^k (1 + f)) + correction."""
    s = f / (F(2.0) + f)
    z = s * s
    half = (F(0.5) * f) * f
    multiple = k.astype(np.float32)
    low = fma32(s, fma32(z, horner32(LOG, z), half), fma32(multiple, LN2_LOW, correction))
    return fma32(multiple, LN2_HIGH, f - (half - low))


def erf(x: Singles) -> Singles:
    size: Singles = np.minimum(np.abs(x), F(4.0))  # erf(4) is 1 in float32
    z = size * size
    near = fma32(size, horner32(ERF_NEAR, np.minimum(z, F(1.0))), size)
    u = (size - F(2.0)) / (size + F(2.0))
    far = fma32(-exp(-z), horner32(ERF_FAR, u), F(1.0))
    return np.where(np.isnan(x) | (x == 0), x, np.copysign(np.where(size < ERF_SPLIT, near, far), x))


def _two_sum(a: Singles | np.float32, b: Singles) -> tuple[Singles, Singles]:
    """The rounded float32 sum and its error."""
    s = a + b
    rest = s - a
    return s, (a - (s - rest)) + (b - rest)


def _in_range(x: Singles) -> Singles:
    """x where exp needs no more, 0 for NaN."""
    return np.clip(np.where(np.isnan(x), F(0.0), x), LOWEST, HIGHEST)


def _log_specials(x: Singles, value: Singles) -> Singles:
    """The value, but -inf at 0, inf at inf, NaN below 0 and at NaN."""
    value = np.where(x > 0, np.where(x < np.inf, value, F(np.inf)), F(np.nan))
    return np.where(x == 0, F(-np.inf), value)
