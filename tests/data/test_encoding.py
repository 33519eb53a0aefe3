from __future__ import annotations

import datetime
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from multilayer.data import Dataset, Encoding
from multilayer.data.column import REST
from multilayer.data.encoding import ColumnEncoding
from multilayer.data.number_features import NumberFeatures
from multilayer.errors import DataError

TABLE = pl.DataFrame(
    {"age": [1.5, None, 3], "color": ["red", None, "blue"], "own": [True, False, None], "y": [0, 1, 0]}
)
ENCODING = Encoding.of(Dataset.from_frame(TABLE, "y"))
ROWS = [[1.5, "red", True], [None, None, False], [3, "blue", None]]
NAN = np.nan
MATRIX = [[1.5, 0, 1, 0, 1], [NAN, 0, 0, 1, 0], [3, 1, 0, 0, NAN]]


def test_features():
    assert ENCODING.feature_names == ("age", "color=blue", "color=red", "color=missing", "own")
    assert ENCODING.indicators.tolist() == [False, True, True, True, True]
    assert ENCODING.n_features == 5


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        TABLE.to_pandas(),
        TABLE.to_arrow(),
        TABLE.select("own", "y", "color", "age"),
        ROWS,
        np.array(ROWS, dtype=object),
    ],
    ids=["polars", "pandas", "pyarrow", "reordered", "lists", "objects"],
)
def test_every_form_of_a_table_has_the_same_features(table):
    np.testing.assert_array_equal(ENCODING.encode(table), MATRIX)


def test_a_dataset_is_encoded_like_its_frame():
    data = Dataset.from_frame(TABLE, "y")
    np.testing.assert_array_equal(ENCODING.matrix(data), MATRIX)
    np.testing.assert_array_equal(ENCODING.encode(data), MATRIX)


def test_rows_do_not_depend_on_each_other():
    for row, expected in zip(ROWS, MATRIX, strict=True):
        np.testing.assert_array_equal(ENCODING.encode([row]), [expected])


def test_an_unknown_category_is_zero_everywhere():
    np.testing.assert_array_equal(ENCODING.encode([[1, "green", True]]), [[1, 0, 0, 0, 1]])


def test_a_missing_category_that_training_never_saw_is_zero_everywhere():
    encoding = Encoding.of(Dataset.from_arrays([["a"], ["b"]], [0, 1]))
    assert encoding.feature_names == ("x1=a", "x1=b")
    np.testing.assert_array_equal(encoding.encode([["b"], [None]]), [[0, 1], [0, 0]])


def test_zero_and_one_are_read_as_booleans_and_booleans_as_numbers():
    encoding = Encoding.of(Dataset.from_arrays(np.array([[True], [False]]), [0, 1]))
    np.testing.assert_array_equal(encoding.encode([[0.0], [1.0]]), [[0], [1]])
    encoding = Encoding.of(Dataset.from_arrays(np.array([[2.5], [1.0]]), [0, 1]))
    np.testing.assert_array_equal(encoding.encode(np.array([[True], [False]])), [[1], [0]])


def test_dates_are_days():
    frame = pd.DataFrame({"when": pd.to_datetime(["1970-01-02", "1969-12-31"]), "y": [0, 1]})
    np.testing.assert_array_equal(Encoding.of(Dataset.from_frame(frame, "y")).encode(frame), [[1], [-1]])


def test_round_trip_through_json():
    assert Encoding.from_list(json.loads(json.dumps(ENCODING.to_list()))) == ENCODING


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[1, "red"]], "X must have 3 columns as in training (age, color, own), got 2."),
        ([["old", "red", True]], "column 'age' must be numbers as in training, got text."),
        ([[1, 2, True]], "column 'color' must be text as in training, got numbers."),
        ([[1, "red", 2]], "column 'own' must be booleans as in training, got numbers."),
        (
            [1, "red", True],
            "X must be two-dimensional (n_samples, n_columns), got (3,). For a single column pass X.reshape(-1, 1).",
        ),
        (
            pa.table({"agee": [1], "color": ["red"], "own": [True]}),
            "X: there is no column 'age'. Did you mean 'agee'? Columns: agee, color, own.",
        ),
    ],
)
def test_sentences(table, expected):
    with pytest.raises(DataError) as caught:
        ENCODING.encode(table)
    assert str(caught.value) == expected


SPLIT = Encoding(
    (
        ColumnEncoding("age", "number", numbers=NumberFeatures(2.0, 0.5, (0.0, 2.0, 4.0), gaps=True)),
        ColumnEncoding("color", "category", (REST, "red")),
        ColumnEncoding("when", "date", numbers=NumberFeatures(0.0, 1.0)),
    )
)
SPLIT_ROWS = [[2.0, "red", datetime.date(1970, 1, 1)], [None, "green", None], [1.0, None, datetime.date(1970, 1, 1)]]


def test_a_number_as_several_features():
    assert SPLIT.feature_names == (
        *("age", "age from 0", "age from 2", "age=missing"),
        *(f"color={REST}", "color=red", "when"),
    )
    assert SPLIT.indicators.tolist() == [False, False, False, True, True, True, False]
    assert SPLIT.n_features == 7
    bent = -0.5 / np.sqrt(1 + (0.5 / 3) ** 2)
    expected = [[0, 1, 0, 0, 0, 1, 0], [NAN, NAN, NAN, 1, 1, 0, NAN], [bent, 0.5, 0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(SPLIT.encode(SPLIT_ROWS), expected)
    for row, alone in zip(SPLIT_ROWS, expected, strict=True):
        assert SPLIT.encode([row]).tobytes() == np.array([alone], dtype=float).tobytes()


def test_numbers_of_an_array_are_not_shared_where_they_become_others():
    encoding = Encoding((ColumnEncoding("x1", "number", numbers=NumberFeatures(1.0, 1.0)),))
    rows = np.array([[1.0], [2.0]])
    found = encoding.encode(rows)
    assert not np.shares_memory(found, rows)
    np.testing.assert_array_equal(found, [[0.0], [1 / np.sqrt(1 + (1 / 3) ** 2)]])


def test_several_features_go_through_json():
    assert Encoding.from_list(json.loads(json.dumps(SPLIT.to_list()))) == SPLIT
    document = SPLIT.to_list()
    document[0]["numbers"]["knots"] = [1.0, 0.0]
    with pytest.raises(DataError, match="the features of a number must have finite knots that rise"):
        Encoding.from_list(document)


def test_text_in_a_number_of_several_features_is_refused():
    with pytest.raises(DataError) as caught:
        SPLIT.encode([["old", "red", None]])
    assert str(caught.value) == "column 'age' must be numbers as in training, got text."
