"""The emulated fused multiply-add and the exact steps, against rational arithmetic."""

from __future__ import annotations

import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.exact.steps import (
    exponent,
    exponent_32,
    fast_two_sum,
    fma32,
    horner,
    horner32,
    scaled,
    scaled_32,
    two_product,
    two_sum,
)
from tests.scale import cases

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
EXAMPLES = settings(max_examples=cases(normal=300, accept=3000), deadline=None, derandomize=True)


def to_float32(value: Fraction) -> float:
    """The nearest float32, ties to even."""
    if value == 0:
        return 0.0
    size = abs(value)
    power = size.numerator.bit_length() - size.denominator.bit_length()
    power -= size < Fraction(2) ** power
    unit = Fraction(2) ** max(power - 23, -149)
    rounded = round(value / unit) * unit
    return math.copysign(math.inf, value) if abs(rounded) >= 2**128 else float(rounded)


def fused(a: float, b: float, c: float) -> float:
    return float(fma32(np.array([a], np.float32), np.array([b], np.float32), np.array([c], np.float32))[0])


@given(FLOAT32, FLOAT32, FLOAT32)
@EXAMPLES
def test_fma32_rounds_once(a: float, b: float, c: float) -> None:
    assert fused(a, b, c) == to_float32(Fraction(a) * Fraction(b) + Fraction(c))


@given(st.integers(2**23, 2**24 - 1), st.integers(2**23, 2**24 - 1), st.integers(-60, 60), st.sampled_from([1, -1]))
@EXAMPLES
def test_fma32_rounds_once_beside_ties(m: int, n: int, shift: int, sign: int) -> None:
    """The addend is such that the exact sum lies a hair from the middle of two float32."""
    product = Fraction(m * n, 2**46)
    middle = Fraction(math.floor(product * 2**23) * 2 + 1, 2**24)
    addend = to_float32((middle - product) * (1 + Fraction(sign, 2**20)))
    for c in (addend, math.ldexp(addend, shift), float(np.nextafter(np.float32(addend), np.float32(sign)))):
        a, b = math.ldexp(m, -23), math.ldexp(n, -23)
        assert fused(a, b, c) == to_float32(Fraction(a) * Fraction(b) + Fraction(c))


def test_fma32_where_rounding_twice_goes_wrong() -> None:
    """The product is 2^-24 (1 - 2^-46): beside c it is lost to float64, which leaves a tie for float32 to break."""
    a, b, c = 2.0**-24 * (1 + 2.0**-23), 1 - 2.0**-23, 1 + 2.0**-23
    assert np.float32(a * b + c) == 1 + 2.0**-22
    assert fused(a, b, c) == 1 + 2.0**-23
    assert np.float32(-a * b + c) == 1.0
    assert fused(-a, b, c) == 1 + 2.0**-23


def test_fma32_in_the_subnormals_and_at_the_ends() -> None:
    ends = [2.0**-149, 3 * 2.0**-149, 2.0**-126, 2.0**-75, 1.5 * 2.0**-75, 2.0**64, 2.0**127, 1.0, 0.0]
    ends.append(float(np.finfo(np.float32).max))
    signed = [sign * end for end in ends for sign in (1, -1)]
    for a, b, c in itertools.product(signed, signed, signed):
        assert fused(a, b, c) == to_float32(Fraction(a) * Fraction(b) + Fraction(c)), (a, b, c)


def test_fma32_of_infinities_and_nan_gives_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fused(math.inf, 1.0, 1.0) == math.inf
        assert fused(1.0, 1.0, -math.inf) == -math.inf
        for a, b, c in ((math.inf, 0.0, 1.0), (math.inf, 1.0, -math.inf), (math.nan, 1.0, 1.0), (1.0, 1.0, math.nan)):
            assert math.isnan(fused(a, b, c))
        assert math.copysign(1, fused(-0.0, 1.0, -0.0)) == -1.0
        assert math.copysign(1, fused(1.0, 1.0, -1.0)) == 1.0


ORDINARY = st.floats(-1e100, 1e100)


@given(ORDINARY, ORDINARY)
@EXAMPLES
def test_errors_of_sums_and_products_are_exact(a: float, b: float) -> None:
    x, y = np.array([a]), np.array([b])
    total, error = two_sum(x, y)
    assert Fraction(float(total[0])) + Fraction(float(error[0])) == Fraction(a) + Fraction(b)
    large, small = (x, y) if abs(a) >= abs(b) else (y, x)
    assert [part.tolist() for part in fast_two_sum(large, small)] == [total.tolist(), error.tolist()]
    if a == 0 or b == 0 or abs(a * b) > 1e-280:
        product, error = two_product(x, y)
        assert Fraction(float(product[0])) + Fraction(float(error[0])) == Fraction(a) * Fraction(b)


@given(st.floats(min_value=5e-324, allow_infinity=False), st.floats(2.0**-149, 2.0**127, width=32))
@EXAMPLES
def test_exponents_split_and_scale_back(x: float, narrow: float) -> None:
    with np.errstate(over="ignore"):
        k, m = exponent(np.array([x]))
        k32, m32 = exponent_32(np.array([narrow], dtype=np.float32))
    assert math.sqrt(0.5) <= m[0] < math.sqrt(2)
    assert Fraction(float(m[0])) * Fraction(2) ** int(k[0]) == Fraction(x)
    assert scaled(m, k)[0] == x
    assert k32.dtype == np.int32
    assert m32.dtype == np.float32
    assert Fraction(float(m32[0])) * Fraction(2) ** int(k32[0]) == Fraction(narrow)
    assert scaled_32(m32, k32)[0] == narrow


@pytest.mark.parametrize("x", [0.5, -1.25, 3.0])
def test_polynomials_run_from_the_highest_coefficient(x: float) -> None:
    coefficients = (1.0, -0.1, 0.3, 0.7)
    assert horner(coefficients, np.array([x]))[0] == ((0.7 * x + 0.3) * x - 0.1) * x + 1.0
    narrow = [np.float32(c) for c in coefficients]
    value = float(narrow[3])
    for coefficient in (narrow[2], narrow[1], narrow[0]):
        value = to_float32(Fraction(value) * Fraction(x) + Fraction(float(coefficient)))
    assert horner32(coefficients, np.array([x], dtype=np.float32))[0] == value
