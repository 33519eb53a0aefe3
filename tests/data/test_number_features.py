from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from multilayer.data.number_features import NumberFeatures, quantile
from multilayer.errors import DataError

NAN = np.nan
LARGEST = float(np.finfo(np.float64).max)
TINY = 5e-324

finite = st.floats(allow_nan=False, allow_infinity=False)
sizes = st.integers(1, 40)
plain = hnp.arrays(np.float64, sizes, elements=st.floats(-1e6, 1e6, width=32))
numbers = hnp.arrays(np.float64, sizes, elements=finite)
gappy = hnp.arrays(np.float64, sizes, elements=st.one_of(finite, st.just(NAN)))
bins = st.integers(1, 30)


def by_hand(features: NumberFeatures, values: np.ndarray) -> np.ndarray:
    """The formulas of the module in longer arithmetic, a value at a time."""
    rows = []
    for value in values.tolist():
        z = np.longdouble(value) - np.longdouble(features.center)
        z = z * np.longdouble(features.factor)
        row = [z / np.sqrt(1 + (z / 3) ** 2)]
        for low, high in zip(features.knots, features.knots[1:], strict=False):
            share = (np.longdouble(value) - np.longdouble(low)) / (np.longdouble(high) - np.longdouble(low))
            row.append(min(max(share, np.longdouble(0)), np.longdouble(1)))
        rows.append(row)
    return np.array(rows, dtype=np.float64)


@given(plain, bins)
def test_they_are_the_formulas(values, most):
    features = NumberFeatures.fitted(values, most)
    np.testing.assert_allclose(features.of(values), by_hand(features, values), rtol=1e-12, atol=1e-12)


def test_center_and_factor_are_the_median_and_the_quartiles_distance():
    values = np.random.default_rng(0).normal(5, 2, 401)
    features = NumberFeatures.fitted(values, 8)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], method="inverted_cdf")
    assert (features.center, features.factor) == (middle, 1 / (high - low))
    expected = np.unique(np.quantile(values, np.arange(9) / 8, method="inverted_cdf"))
    np.testing.assert_array_equal(features.knots, expected)


@given(numbers, st.integers(1, 64), st.integers(0, 64))
def test_a_quantile_is_the_inverse_of_the_distribution(values, of, part):
    ordered, share = np.sort(values), min(part, of) / of
    if share * len(ordered) == math.floor(share * len(ordered)):  # elsewhere NumPy rounds the place in its own way
        assert quantile(ordered, share) == np.quantile(ordered, share, method="inverted_cdf")
    assert quantile(ordered, share) in ordered


@given(gappy, bins, st.booleans())
def test_they_are_finite_and_bounded_for_any_numbers(values, most, gaps):
    features = NumberFeatures.fitted(values, most, gaps=gaps)
    extremes = np.array([-LARGEST, -1e200, -1.0, -TINY, 0.0, TINY, 1.0, 1e200, LARGEST, *values])
    matrix = features.of(extremes)
    there = ~np.isnan(extremes)
    assert np.isfinite(matrix[there]).all()
    assert matrix.shape == (len(extremes), features.width) == (len(extremes), len(features.names("x")))
    assert (np.abs(matrix[there, 0]) <= 3).all()
    assert ((matrix[there, 1:] >= 0) & (matrix[there, 1:] <= 1)).all()
    assert np.isnan(matrix[~there, : features.width - gaps]).all()
    if gaps:
        np.testing.assert_array_equal(matrix[:, -1], np.isnan(extremes))


@given(numbers, bins)
def test_greater_numbers_never_have_smaller_features(values, most):
    features = NumberFeatures.fitted(values, most)
    rising = np.sort(np.concatenate([values, [-LARGEST, -1e160, 0.0, 1e160, LARGEST]]))
    assert (np.diff(features.of(rising), axis=0) >= 0).all()


@given(gappy, bins, st.booleans())
def test_a_row_is_the_same_alone_and_among_others(values, most, gaps):
    features = NumberFeatures.fitted(values, most, gaps=gaps)
    whole = features.of(values)
    for row, value in enumerate(values):
        assert features.of(np.array([value])).tobytes() == whole[row].tobytes()


@given(gappy, bins)
def test_the_order_of_the_training_values_does_not_count(values, most):
    assert NumberFeatures.fitted(values[::-1], most) == NumberFeatures.fitted(values, most)


@given(gappy, bins, st.booleans())
def test_round_trip_through_json(values, most, gaps):
    features = NumberFeatures.fitted(values, most, gaps=gaps)
    assert NumberFeatures.from_dict(json.loads(json.dumps(features.to_dict()))) == features


@given(numbers, bins)
def test_names_are_distinct(values, most):
    names = NumberFeatures.fitted(values, most, gaps=True).names("x")
    assert len(set(names)) == len(names)


def test_names_of_knots_that_agree_in_six_digits():
    features = NumberFeatures.fitted(np.array([1e6 + 0.125, 1e6 + 0.25, 1e6 + 0.5]), 4)
    assert features.names("x") == ("x", "x from 1000000.125", "x from 1000000.25")


@pytest.mark.parametrize(
    ("values", "center", "factor", "knots"),
    [
        ([], 0.0, 0.0, ()),
        ([NAN, NAN], 0.0, 0.0, ()),
        ([7.0], 7.0, 0.0, ()),
        ([7.0, 7.0, 7.0], 7.0, 0.0, ()),
        ([0.0, 1.0], 0.0, 1.0, ()),  # the quartiles are the values, and one bin would say the same again
        ([0.0] * 9 + [4.0], 0.0, 0.5, ()),  # equal quartiles: half the range
        ([0.0, TINY], 0.0, 0.0, ()),  # too narrow for 1 / spread
        ([-LARGEST, LARGEST], -LARGEST, 0.0, ()),  # too wide
        ([-LARGEST, 0.0, LARGEST], 0.0, 0.0, ()),
        ([1.0, 2.0, 3.0, NAN], 2.0, 0.5, (1.0, 2.0, 3.0)),
    ],
    ids=["nothing", "gaps", "one", "constant", "two", "rare", "denormal", "widest", "three widest", "integers"],
)
def test_extremes(values, center, factor, knots):
    assert NumberFeatures.fitted(np.array(values), 8) == NumberFeatures(center, factor, knots)


def test_integers_up_to_the_bins_have_a_knot_each():
    features = NumberFeatures.fitted(np.array([1, 2, 3, 4, 5, 5, 5], dtype=np.int64).astype(float), 4)
    assert features.knots == (1.0, 2.0, 3.0, 4.0, 5.0)
    np.testing.assert_array_equal(features.of(np.array([3.0]))[0, 1:], [1, 1, 0, 0])


@pytest.mark.parametrize("far", [1e155, 1e200, LARGEST])
def test_a_number_far_away_is_at_the_limit_and_not_at_the_median(far):
    """(z / 3)^2 leaves float64 from about 4e154."""
    features = NumberFeatures.fitted(np.array([0.0, 1.0, 2.0, 3.0]), 1)
    np.testing.assert_array_equal(features.of(np.array([far, -far])), [[3.0], [-3.0]])


def test_what_training_could_not_tell_apart_is_zero():
    for values in ([7.0, 7.0], [-LARGEST, LARGEST], [NAN]):
        features = NumberFeatures.fitted(np.array(values), 8)
        np.testing.assert_array_equal(features.of(np.array([-LARGEST, 0.0, 7.0, LARGEST])), np.zeros((4, 1)))


@pytest.mark.parametrize(
    "changed",
    [
        {"knots": [1.0, 1.0]},
        {"knots": [2.0, 1.0]},
        {"knots": [NAN, 1.0]},
        {"knots": [0.0, math.inf]},
        {"center": NAN},
        {"factor": math.inf},
    ],
    ids=["equal", "falling", "no number", "infinite", "center", "factor"],
)
def test_odd_documents_are_refused(changed):
    document = NumberFeatures.fitted(np.array([1.0, 2.0, 3.0]), 4).to_dict() | changed
    with pytest.raises(DataError) as refused:
        NumberFeatures.from_dict(document)
    assert str(refused.value) == "the features of a number must have finite knots that rise"


def test_a_document_without_knots_is_no_document():
    with pytest.raises(KeyError):
        NumberFeatures.from_dict({"center": 0.0, "factor": 1.0, "gaps": False})
