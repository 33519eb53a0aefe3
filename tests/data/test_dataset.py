from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from multilayer.data import Column, Dataset, Target
from multilayer.errors import DataError

NUMBERS = pl.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "y": ["u", "v"]})
BAD = np.inf


def refused(make):
    with pytest.raises(DataError) as caught:
        make()
    return str(caught.value)


def arrays(X=((1,), (2,)), y=(0, 1), **more):
    return lambda: Dataset.from_arrays(X if isinstance(X, np.ndarray) else [list(row) for row in X], y, **more)


SENTENCES = {
    "X and y must have equally many rows, got 3 and 2.": arrays(np.ones((3, 2))),
    "X must be two-dimensional (n_samples, n_columns), got (3,). For a single column pass X.reshape(-1, 1).": arrays(
        np.ones(3)
    ),
    "X must have at least one row and one column, got (0, 2).": arrays(np.ones((0, 2))),
    "X must be rectangular, its rows differ in length.": arrays([(1, 2), (3,)]),
    "X must be real, it holds complex numbers. Pass real and imaginary parts as columns.": arrays([(1j,), (2,)]),
    "column 'x1' must be finite or missing (NaN), got inf in row 1. Replace or remove it.": arrays([(1,), (BAD,)]),
    "column 'x1' must be of one kind, it mixes text ('a') and numbers (2). Clean it or drop it.": arrays(
        [("a",), (2,)]
    ),
    "column 'x1' must be numbers, text, booleans or dates, it holds cells of type dict.": arrays([({},), ({},)]),
    "column 'x1' must fit float64, got 100000000000000000000000000....": arrays([(10**400,), (2,)]),
    "names must be as many as the columns of X, 1, got 2.": arrays(names=["a", "b"]),
    "columns of dataset 'data' must have distinct names, 'a' occurs twice.": arrays(np.ones((2, 2)), names=["a", "a"]),
    "y must have no missing values, got 1, the first in row 1. Remove the rows without a target.": arrays(
        y=["a", None]
    ),
    "y must be all numbers, all text or all booleans, it holds text and numbers.": arrays(y=["a", 1]),
    "target 'target' must be finite, got nan in row 0. Remove the rows without a target.": arrays(y=[np.nan, 1]),
    "y of a classes target must have at least two distinct labels, got 1: [1].": arrays(y=[1, 1]),
    "y of a binary target must have two distinct labels, got 3: [1, 2, 3].": arrays(
        [(1,), (2,), (3,)], [1, 2, 3], kind="binary"
    ),
    "y of a classes target must be one-dimensional, got (2, 2). For one-hot rows pass y.argmax(axis=1).": arrays(
        y=[[1, 0], [0, 1]], kind="classes"
    ),
    "y must be an array of one or two dimensions, got (2, 1, 1).": arrays(y=np.ones((2, 1, 1))),
    "target 'target' must be numbers, got text ('a').": arrays(y=["a", "b"], kind="regression"),
    "There is no target kind 'regresion'. Did you mean 'regression'? "
    "Known: binary, classes, multilabel, regression.": arrays(kind="regresion"),
    "values of a multilabel target must be 0 or 1, got 2.0.": arrays(y=[[1, 0], [2, 1]], kind="multilabel"),
    "weight must have as many rows as the target, 2, got 1.": arrays(weight=[1.0]),
    "weight must be finite numbers of at least 0, got -1.0 in row 1.": arrays(weight=[1, -1]),
    "weight must be greater than 0 in at least one row, it is 0 everywhere.": arrays(weight=[0, 0]),
    "weight must be numbers, one for each row, got ['a', 'b'].": arrays(weight=["a", "b"]),
    "group must have no missing values, got one in row 1.": arrays(group=["a", None]),
    "class labels must be whole numbers below 2**53, got 9007199254740994.": arrays(y=[0, 2**53 + 2]),
    "There is no column kind 'text'. Known: boolean, category, date, number.": lambda: Column("a", "text", np.ones(2)),
    "categories of column 'a' must be sorted and distinct, got ('b', 'a').": lambda: Column(
        "a", "category", np.zeros(2), ("b", "a")
    ),
    "column 'a' must be codes from -1 (missing) to 0, got 1.": lambda: Column("a", "category", np.ones(2), ("b",)),
    "column 'a' must be 0, 1 or NaN, got 2.0.": lambda: Column("a", "boolean", np.array([0, 2])),
    "values of the target must be codes from 0 to 1, got 2.": lambda: Target(
        "binary", np.array([0, 2]), classes=("a", "b")
    ),
    "classes of the target must be sorted and distinct, got ('b', 'a').": lambda: Target(
        "binary", np.array([0, 1]), classes=("b", "a")
    ),
    "classes of a binary target must be two labels, got (1, 2, 3).": lambda: Target(
        "binary", np.array([0, 1]), classes=(1, 2, 3)
    ),
    "class labels must be all numbers or all text, got (1, 'a').": lambda: Target(
        "classes", np.array([0, 1]), classes=(1, "a")
    ),
    "target: there is no column 'Z'. Columns: a, b, y.": lambda: Dataset.from_frame(NUMBERS, "Z"),
    "target: there is no column 'Y'. Did you mean 'y'? Columns: a, b, y.": lambda: Dataset.from_frame(NUMBERS, "Y"),
    "target 'y' must have at least one row, got none.": lambda: Dataset.from_frame(NUMBERS.head(0), "y"),
    "group: there is no column 'bb'. Did you mean 'b'? Columns: a, b, y.": lambda: Dataset.from_frame(
        NUMBERS, "y", group="bb"
    ),
    "dataset 'data' must have at least one input column, it has none.": lambda: Dataset.from_frame(
        NUMBERS, "y", drop=["a", "b"]
    ),
    "target must name at least one column, got none.": lambda: Dataset.from_frame(NUMBERS, []),
    "target 'y' must be all numbers, all text or all booleans, it holds text and numbers.": lambda: Dataset.from_frame(
        NUMBERS, ["y", "b"]
    ),
    "frame must be a pandas, polars or PyArrow table, got polars.LazyFrame. "
    "Collect a lazy frame first; pass arrays to Dataset.from_arrays.": lambda: Dataset.from_frame(NUMBERS.lazy(), "y"),
    "the column names of a frame must be text, got [0, 1]. "
    "Rename them first, in pandas with frame.rename(columns=str).": lambda: Dataset.from_frame(
        pd.DataFrame([[1, 2]]), "y"
    ),
    "the column names of a frame must be distinct, one occurs twice. Rename it.": lambda: Dataset.from_frame(
        pd.DataFrame([[1, 2]], columns=["a", "a"]), "a"
    ),
}


@pytest.mark.parametrize("expected", SENTENCES)
def test_sentences(expected):
    assert refused(SENTENCES[expected]) == expected


def test_files_that_are_not_there_or_not_tables(tmp_path):
    (tmp_path / "flowers.csv").write_text("a,y\n1,u\n2,v\n")
    (tmp_path / "notes.txt").write_text("a")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    path = tmp_path / "flower.csv"
    assert refused(lambda: Dataset.from_path(path)) == f"There is no file {str(path)!r}. Near it: flowers.csv."
    path = tmp_path / "x"
    expected = f"There is no file {str(path)!r}. Beside it: broken.parquet, flowers.csv, notes.txt."
    assert refused(lambda: Dataset.from_path(path)) == expected
    path = tmp_path / "broken.parquet"
    assert refused(lambda: Dataset.from_path(path)).startswith(f"{str(path)!r} cannot be read as a parquet table: ")


@pytest.mark.parametrize(
    ("y", "kind", "classes"),
    [
        ([0, 1, 1, 0], "binary", (0, 1)),
        ([3, 1, 2, 2], "classes", (1, 2, 3)),
        ([10, 9, 100, 9], "classes", (9, 10, 100)),
        (["b", "a", "B", "a"], "classes", ("B", "a", "b")),
        ([True, False, True, True], "binary", (False, True)),
        ([0.0, 1.0, 1.0, 0.0], "binary", (0.0, 1.0)),
        ([-1.0, 1.0, 1.0, -1.0], "binary", (-1.0, 1.0)),
        ([0.0, 1.0, 2.0, 0.0], "regression", ()),
        ([[0, 1]] * 4, "multilabel", ()),
        ([[0, 2]] * 4, "regression", ()),
        ([[0.0, 1.0]] * 4, "regression", ()),
        ([[0], [1], [1], [0]], "binary", (0, 1)),
    ],
)
def test_what_y_means(y, kind, classes):
    target = Dataset.from_arrays(np.ones((4, 1)), y).target
    assert (target.kind, target.classes) == (kind, classes)


def test_whole_numbers_with_more_than_twenty_values_are_a_regression():
    X = np.ones((42, 1))
    assert Dataset.from_arrays(X, np.arange(42) % 20).target.kind == "classes"
    assert Dataset.from_arrays(X, np.arange(42) % 21).target.kind == "regression"
    assert Dataset.from_arrays(X, np.arange(42) % 21, kind="classes").n_out == 21
    assert Dataset.from_arrays(X, np.arange(42) % 2, kind="regression").target.values.shape == (42, 1)


def test_n_out():
    X = np.ones((4, 1))
    assert Dataset.from_arrays(X, [0, 1, 0, 1]).n_out == 1
    assert Dataset.from_arrays(X, [0, 1, 2, 1]).n_out == 3
    assert Dataset.from_arrays(X, [[0, 1, 1]] * 4).n_out == 3
    assert Dataset.from_arrays(X, [[0.5, 1]] * 4).n_out == 2


def test_take_keeps_categories_and_classes():
    data = Dataset.from_arrays([["a"], ["b"], ["c"]], ["u", "v", "w"], weight=[1, 2, 3], group=["g", "h", "g"])
    some = data.take([2, 0])
    assert some.columns[0].categories == ("a", "b", "c")
    assert some.columns[0].values.tolist() == [2, 0]
    assert some.target.classes == ("u", "v", "w")
    assert (some.weight.tolist(), some.group.tolist(), some.n_samples) == ([3, 1], [0, 0], 2)


def test_cells_become_typed_columns():
    noon = datetime.datetime(1970, 1, 2, 12)
    rows = [
        [1, "red", True, datetime.date(1970, 1, 11), None],
        [None, "NA", None, noon, ""],
        [2.5, "é", False, None, None],
    ]
    columns = Dataset.from_arrays(rows, [0, 1, 1]).columns
    assert [column.kind for column in columns] == ["number", "category", "boolean", "date", "number"]
    np.testing.assert_array_equal(columns[0].values, [1, np.nan, 2.5])
    assert (columns[1].values.tolist(), columns[1].categories) == ([0, -1, 1], ("red", "é"))
    np.testing.assert_array_equal(columns[2].values, [1, np.nan, 0])
    np.testing.assert_array_equal(columns[3].values, [10, 1.5, np.nan])


def test_the_given_target_and_weights_are_not_kept():
    y, weight = np.array([0.5, 1, 2]), np.ones(3)
    data = Dataset.from_arrays([[1], [2], [3]], y, weight=weight)
    y[0] = weight[0] = 7
    assert (data.target.values[0].tolist(), data.weight[0]) == ([0.5], 1)


def test_frames_with_several_targets_weights_and_groups():
    table = {
        "a": [1, 2, 3],
        "u": [0.5, 1.5, 2.5],
        "v": [1, 2, 3],
        "w": [1, 0, 2],
        "who": ["x", "y", "x"],
        "no": [1, 1, 1],
    }
    for frame in (pd.DataFrame(table), pl.DataFrame(table), pa.table(table)):
        data = Dataset.from_frame(frame, ["u", "v"], weight="w", group="who", drop=["no"])
        assert (data.column_names, data.target.names, data.n_out) == (("a",), ("u", "v"), 2)
        assert (data.weight.tolist(), data.group.tolist()) == ([1, 0, 2], [0, 1, 0])


def test_representations():
    data = Dataset.from_arrays([[1], [2]], [0, 1], weight=[1, 1], group=[4, 5])
    assert repr(data) == "Dataset('data': 2 rows, 1 column, binary target, weights, groups)"
    assert repr(data.target) == "Target(binary 'target': 0, 1; 2 rows)"
    assert repr(data.columns[0]) == "Column('x1': number, 2 rows)"


def test_awkward_files(tmp_path):
    path = tmp_path / "t.csv"

    def read(text):
        path.write_bytes(text)
        return Dataset.from_path(path)

    assert read(b"\xef\xbb\xbfa,y\n1,1\n2,0\n").column_names == ("a",)
    assert read(b"a,y\n99999999999999999999,0\n1,1\n").columns[0].values.tolist() == [1e20, 1]
    assert read(b"d,y\n2020-01-01 12:00:00,TRUE\n,FALSE\n").target.classes == (False, True)
    expected = f"{str(path)!r} cannot be read as a csv table: "
    for text in (b"", b"a,y\n1,2,3\n", b"a,y\n\x00,1\n"):
        assert refused(lambda text=text: read(text)).startswith(expected)
    assert refused(lambda: read(b"a,y\n")) == "target 'y' must have at least one row, got none."
