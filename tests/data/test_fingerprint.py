from __future__ import annotations

import hashlib
import struct

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from multilayer.data import Column, Dataset, Target, fingerprint

TABLE = pd.DataFrame(
    {
        "count": [3, 1, 2, 1],
        "size": [0.1, np.nan, -0.0, 1e-300],
        "color": ["red", None, "blue", "é"],
        "sold": [True, False, True, True],
        "maybe": [True, None, False, None],
        "day": pd.to_datetime(["2020-01-01", "2021-05-05 12:00:00.123456", "1960-01-01", None], format="ISO8601"),
        "nothing": [np.nan] * 4,
        "few": pd.array([1, None, 3, 4], dtype="Int64"),
        "level": pd.Categorical(["u", "v", "u", None]),
        "y": ["p", "q", "p", "q"],
    }
)


def test_files_frames_and_arrays_of_one_table_agree(tmp_path):
    polars = pl.from_pandas(TABLE)
    TABLE.to_csv(tmp_path / "pandas.csv", index=False)
    polars.write_csv(tmp_path / "polars.csv")
    polars.write_csv(tmp_path / "polars.tsv", separator="\t")
    polars.write_parquet(tmp_path / "polars.parquet")
    TABLE.to_parquet(tmp_path / "pandas.parquet")
    found = {name: fingerprint(Dataset.from_frame(frame, "y")) for name, frame in _frames(polars).items()}
    found |= {path.name: fingerprint(Dataset.from_path(path)) for path in sorted(tmp_path.iterdir())}
    inputs = TABLE.drop(columns="y")
    found["arrays"] = fingerprint(Dataset.from_arrays(inputs.to_numpy(), TABLE["y"].to_numpy()))
    found["lists"] = fingerprint(Dataset.from_arrays(polars.drop("y").rows(), list(TABLE["y"])))
    assert len(found) == 10
    assert set(found.values()) == {found["pandas"]}


def _frames(polars):
    return {"pandas": TABLE, "polars": polars, "pyarrow": polars.to_arrow()}


def test_the_layout_byte_by_byte():
    columns = (
        Column("a", "number", np.array([-0.0, np.nan])),
        Column("b", "category", np.array([1, -1]), ("x", "é")),
        Column("c", "boolean", np.array([1.0, 0.0])),
    )
    data = Dataset("any", columns, Target("binary", np.array([1, 0]), classes=("n", "y")), weight=np.array([1.0, 2.0]))
    nan = bytes.fromhex("000000000000f87f")
    expected = struct.pack("<QQQ", 1, 2, 3)
    expected += b"n" + struct.pack("<d", 0.0) + nan
    expected += b"c" + struct.pack("<QQ", 2, 1) + b"x" + struct.pack("<Q", 2) + b"\xc3\xa9" + struct.pack("<qq", 1, -1)
    expected += b"b" + struct.pack("<dd", 1.0, 0.0)
    expected += b"B" + struct.pack("<Q", 2)
    expected += b"s" + struct.pack("<Q", 1) + b"n" + b"s" + struct.pack("<Q", 1) + b"y" + struct.pack("<qq", 1, 0)
    expected += b"1" + struct.pack("<dd", 1.0, 2.0) + b"0"
    assert fingerprint(data) == hashlib.sha256(expected).hexdigest()


BASE = {"X": [[1.0, "a"], [2.0, "b"], [3.0, "a"]], "y": [0, 1, 0]}


@pytest.mark.parametrize(
    "change",
    [
        {"X": [[1.0, "a"], [2.0, "b"], [3.0000000000000004, "a"]]},
        {"X": [[1.0, "a"], [2.0, "b"], [None, "a"]]},
        {"X": [[1.0, "a"], [2.0, "b"], [3.0, "b"]]},
        {"X": [[1.0, "a"], [2.0, "c"], [3.0, "a"]]},
        {"X": [[2.0, "b"], [1.0, "a"], [3.0, "a"]]},
        {"X": [["a", 1.0], ["b", 2.0], ["a", 3.0]]},
        {"X": [[1.0], [2.0], [3.0]]},
        {"y": [0, 1, 1]},
        {"y": [0, 2, 0]},
        {"y": [False, True, False]},
        {"y": ["0", "1", "0"]},
        {"kind": "regression"},
        {"kind": "classes"},
        {"weight": [1.0, 1.0, 1.0]},
        {"weight": [1.0, 1.0, 2.0]},
        {"group": [0, 1, 2]},
    ],
)
def test_any_change_of_content_shows(change):
    assert fingerprint(Dataset.from_arrays(**BASE)) != fingerprint(Dataset.from_arrays(**{**BASE, **change}))


def test_names_number_types_and_the_weight_of_a_zero_do_not_show():
    base = fingerprint(Dataset.from_arrays([[0, 1], [1, 0]], [0, 1]))
    assert base == fingerprint(Dataset.from_arrays([[-0.0, 1], [1, 0]], [0, 1], name="other", names=["u", "v"]))
    assert base == fingerprint(
        Dataset.from_arrays(np.array([[0, 1], [1, 0]], dtype=np.uint8), np.array([0, 1], np.int8))
    )
    assert base == fingerprint(Dataset.from_arrays(np.array([[0, 1], [1, 0]], dtype=np.float32), [0, 1]))


def test_tables_of_one_row_order_of_categories_first_seen_agree():
    frame = pa.table({"c": pa.array(["b", "a", "b"]).dictionary_encode(), "y": [0, 1, 0]})
    assert fingerprint(Dataset.from_frame(frame, "y")) == fingerprint(
        Dataset.from_arrays([["b"], ["a"], ["b"]], [0, 1, 0])
    )
