"""The exactly rounded sum, by both of its ways."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from multilayer import exact
from multilayer.exact import sums

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def rounded(values):
    try:
        return float(sum(map(Fraction, values), Fraction(0)))
    except OverflowError:
        return math.inf if sum(map(Fraction, values)) > 0 else -math.inf


@given(values=st.lists(FINITE, max_size=60), mirrored=st.booleans(), scale=st.integers(-300, 0))
def test_both_ways_are_the_rounded_sum(values, mirrored, scale):
    values = [math.ldexp(value, scale) for value in values]
    values += [-value for value in values[:-1]] if mirrored else []
    numbers = np.array([0.0, *values])
    assert sums._by_parts(numbers) == sums._one_by_one(numbers) == rounded(values)


def test_a_long_array_in_any_order():
    numbers = np.concatenate([np.arange(5000.0) ** 3, 1e16 * np.ones(7), -1e16 * np.ones(7), 1e-9 * np.arange(900)])
    assert exact.total(numbers) == exact.total(numbers[::-1]) == math.fsum(numbers)


def test_what_is_not_finite_stays_so():
    many = np.ones(2000)
    assert math.isnan(exact.total([*many, math.nan]))
    assert exact.total([*many, math.inf]) == math.inf
    assert math.isnan(exact.total([*many, math.inf, -math.inf]))
    assert math.isnan(exact.total([math.inf, -math.inf, *many]))
