from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.data import Dataset, Encoding, FittedPreparation, Preparation
from multilayer.errors import DataError, RecipeError
from tests.scale import cases
from tests.simd import without_simd

LAWS = settings(max_examples=cases(normal=80, accept=3000), deadline=None, derandomize=True)
FLOATS = st.floats(-1e6, 1e6, allow_subnormal=False)
NAN = np.nan


def fitted(X, y=None, rows=None, weight=None, **settings):
    X = np.array(X, dtype=np.float64)
    data = Dataset.from_arrays(X, np.arange(len(X)) / 2 if y is None else y)
    encoding = Encoding.of(data)
    rows = np.arange(len(X)) if rows is None else np.array(rows)
    return Preparation(**settings).fit(encoding, encoding.matrix(data), data.target, rows, weight), encoding.matrix(
        data
    )


def rounded_mean(values):
    return float(sum(map(Fraction, values))) / len(values)


@LAWS
@given(values=st.lists(FLOATS, min_size=2, max_size=30).filter(lambda values: len(set(values)) > 1))
def test_standardize_is_exact(values):
    found, matrix = fitted([[value] for value in values])
    center = rounded_mean(values)
    assert found.center[0] == center
    squares = [(value - center) * (value - center) for value in values]
    if max(squares) > 1e-290:
        assert found.factor[0] == 1 / math.sqrt(rounded_mean(squares))
    prepared = found.apply(matrix)
    assert prepared[:, 0].tolist() == [(value - found.center[0]) * found.factor[0] for value in values]


@LAWS
@given(pairs=st.lists(st.tuples(FLOATS, st.integers(0, 4)), min_size=3, max_size=20))
def test_a_weight_counts_like_repeated_rows(pairs):
    values = [value for value, weight in pairs for _ in range(weight)]
    if len(set(values)) < 2:
        return
    found, _ = fitted([[value] for value, _ in pairs], weight=np.array([float(weight) for _, weight in pairs]))
    again, _ = fitted([[value] for value in values])
    np.testing.assert_allclose(found.center, again.center, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(found.factor, again.factor, rtol=1e-9)


def test_only_training_rows_count():
    found, _ = fitted([[0.0], [2.0], [100.0]], rows=[0, 1])
    assert (found.center[0], found.factor[0]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("inputs", "center", "factor"),
    [("standardize", 3.0, 0.5), ("center", 3.0, 1.0), ("minmax", 1.0, 0.25), ("none", 0.0, 1.0)],
)
def test_each_setting(inputs, center, factor):
    found, matrix = fitted([[1.0], [5.0]], inputs=inputs)
    assert (found.center[0], found.factor[0]) == (center, factor)
    assert found.apply(matrix).ravel().tolist() == [(1 - center) * factor, (5 - center) * factor]


@pytest.mark.parametrize(("missing", "fill"), [("mean", 4.0), ("median", 2.5), ("zero", 0.0)])
def test_missing_values_are_filled_before_centering(missing, fill):
    found, matrix = fitted([[1.0], [NAN], [2.0], [3.0], [10.0]], missing=missing)
    assert found.fill[0] == fill
    assert found.center[0] == 4.0
    assert found.apply(matrix)[1, 0] == (fill - 4.0) * found.factor[0]


@pytest.mark.parametrize("inputs", ["standardize", "center", "minmax"])
def test_a_constant_feature_becomes_zero(inputs):
    found, matrix = fitted([[0.1], [0.1], [0.1]], inputs=inputs)
    assert found.apply(matrix).ravel().tolist() == [0, 0, 0]
    assert found.factor[0] == 1


def test_a_feature_without_any_value_becomes_zero():
    found, matrix = fitted([[NAN, 1.0], [NAN, 2.0]])
    assert found.apply(matrix)[:, 0].tolist() == [0, 0]


def test_yes_and_no_stay_zero_and_one():
    data = Dataset.from_arrays([["a", True, 1.0], ["b", False, 3.0]], [0, 1])
    encoding = Encoding.of(data)
    found = Preparation().fit(encoding, encoding.matrix(data), data.target, np.arange(2))
    assert found.apply(encoding.matrix(data)).tolist() == [[1, 0, 1, -1], [0, 1, 0, 1]]


def test_tiny_and_huge_spreads_are_standardized():
    found, matrix = fitted([[1e-200, 1e200], [3e-200, 3e200]])
    np.testing.assert_allclose(found.apply(matrix), [[-1, -1], [1, 1]], rtol=1e-15)


def test_a_regression_target_is_standardized_and_carried_back():
    X, y = [[0.0], [1.0]], np.array([[10.0, 7.0], [14.0, 7.0]])
    found, _ = fitted(X, y)
    assert (found.target_center.tolist(), found.target_factor.tolist()) == ([12, 7], [0.5, 1])
    assert found.target_forward(y).tolist() == [[-1, 0], [1, 0]]
    assert found.target_inverse(found.target_forward(y)).tolist() == y.tolist()
    found, _ = fitted(X, y, target="none")
    assert found.target_forward(y).tolist() == y.tolist()


def test_classes_are_left_as_they_are():
    found, _ = fitted([[0.0], [1.0], [2.0]], np.array([0, 1, 2]))
    assert (found.target_center.tolist(), found.target_factor.tolist()) == ([0, 0, 0], [1, 1, 1])


def test_same_bits_without_vector_instructions():
    code = (
        "import numpy as np\nfrom multilayer.data import *\nfrom multilayer.rng import Stream\n"
        "X = Stream(0, 'data').normal((500, 3)) * np.array([1e-3, 1.0, 1e6])\n"
        "data = Dataset.from_arrays(X, X[:, 0] * X[:, 1])\nencoding = Encoding.of(data)\n"
        "found = Preparation().fit(encoding, encoding.matrix(data), data.target, np.arange(0, 500, 2))\n"
        "arrays = found.to_dict()[1].values()\nshown = [value.hex() for array in arrays for value in array.tolist()]\n"
    )
    names: dict[str, list[str]] = {}
    exec(code, names)
    assert without_simd(code + "print(shown)").strip() == str(names["shown"])


def test_round_trip():
    found, matrix = fitted([[0.1, NAN], [0.7, 3.0], [0.4, 1.0]])
    document, arrays = found.to_dict()
    again = FittedPreparation.from_dict(json.loads(json.dumps(document)), {k: v.copy() for k, v in arrays.items()})
    assert again.encoding == found.encoding
    assert again.apply(matrix).tobytes() == found.apply(matrix).tobytes()
    settings = Preparation(inputs="minmax", target="none", missing="median")
    assert Preparation.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_damaged_parts_are_refused():
    document, arrays = fitted([[0.1], [0.7]])[0].to_dict()
    with pytest.raises(DataError, match=r"^The preparation is incomplete or damaged: KeyError\('center'\)\.$"):
        FittedPreparation.from_dict(document, {name: arrays[name] for name in arrays if name != "center"})
    with pytest.raises(DataError, match=r"^fill of the preparation must be 1 finite numbers, got \(2,\)\.$"):
        FittedPreparation.from_dict(document, arrays | {"fill": np.zeros(2)})
    for damaged in ({}, {"columns": 3}, {"columns": [{}]}, {"columns": ["a"]}):
        with pytest.raises(DataError, match=r"^The preparation is incomplete or damaged: "):
            FittedPreparation.from_dict(damaged, arrays)


def test_sentences():
    with pytest.raises(RecipeError) as caught:
        Preparation(inputs="standardise")
    assert str(caught.value) == (
        "inputs of Preparation must be one of 'standardize', 'center', 'minmax', 'channel', 'none', got 'standardise'. "
        "Did you mean 'standardize'?"
    )
    with pytest.raises(
        DataError, match=r"^There is no setting of Preparation 'input'\. Did you mean 'inputs'\? Known: "
    ):
        Preparation.from_dict({"input": "none"})
    with pytest.raises(DataError, match=r"^A preparation needs at least one training row, got none\.$"):
        fitted([[0.0], [1.0]], rows=np.array([], dtype=np.int64))
    with pytest.raises(DataError, match=r"^A preparation needs a training row of weight greater than 0, got none\.$"):
        fitted([[0.0], [1.0], [2.0]], rows=[0, 1], weight=np.array([0.0, 0.0, 1.0]))


@pytest.mark.parametrize(
    ("values", "inputs", "weight"),
    [
        ([-1.7e308, 1.7e308], "minmax", None),
        ([0.0, 5e-324], "minmax", None),
        ([-1.7e308, 1.7e308, 1.7e308], "standardize", None),
        ([1.6e308, 1.7e308, 1.7e308], "center", None),
        ([1e308, 1.1e308], "standardize", [5.0, 5.0]),
    ],
)
def test_what_float64_cannot_hold_is_refused(values, inputs, weight):
    weight = None if weight is None else np.array(weight)
    with pytest.raises(DataError) as caught:
        fitted([[value] for value in values], inputs=inputs, weight=weight, missing="zero")
    expected = "feature 'x1' cannot be prepared, its values are too far apart or too close for float64."
    assert str(caught.value) == expected
