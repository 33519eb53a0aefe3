from __future__ import annotations

import datetime
import gzip
import itertools
import shutil

import numpy as np
import polars as pl
import pytest

from multilayer.data import Dataset, Encoding, fingerprint
from multilayer.data.parquet import ParquetTable
from multilayer.data.stored import ArrayColumns, TypedColumns
from multilayer.data.tables import TableOptions, read, read_rows
from multilayer.errors import DataError, UsageError
from multilayer.rng import Stream
from tests.data.test_stored import everything

ROWS = 300
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(days=i) for i in range(ROWS)]
MOMENTS = [datetime.datetime(1969, 12, 31, 23, 59, 59, i) for i in range(ROWS)]


def some(values, every):
    return [None if i % every == 0 else value for i, value in zip(range(ROWS), itertools.cycle(values))]


def table():
    """A column of every kind that a Parquet file may hold, and of every thing that is guessed about one."""
    x = Stream(1, "data").normal((ROWS, 3))
    return pl.DataFrame(
        {
            "id": [1000 + 7 * i for i in range(ROWS)],
            "single": pl.Series(x[:, 0], dtype=pl.Float32),
            "double": some(x[:, 1].tolist(), 11),
            "nan": np.where(np.arange(ROWS) % 9 == 0, np.nan, x[:, 2]),
            "whole": [i % 13 for i in range(ROWS)],
            "gaps": some([1, 2**40, -5], 7),
            "small": pl.Series([i % 200 for i in range(ROWS)], dtype=pl.UInt8),
            "price": pl.Series([f"{i % 17}.25" for i in range(ROWS)]).cast(pl.Decimal(10, 2)),
            "color": some(["red", "blue", " green", "NA", ""], 10),
            "level": pl.Series(some(["low", "high"], 6), dtype=pl.Enum(["low", "high"])),
            "late": ["common"] * (ROWS - 1) + ["once"],
            "rare": [f"word {i % 150 if i % 3 else 0}" for i in range(ROWS)],
            "written": [f"{i % 21},5" for i in range(ROWS)],
            "sold": [i % 4 == 0 for i in range(ROWS)],
            "maybe": some([True, False], 5),
            "day": DAYS,
            "moment": pl.Series(some(MOMENTS, 4), dtype=pl.Datetime("ns")),
            "said": [f"{i % 28 + 1}/02/2021" for i in range(ROWS)],
            "nothing": pl.Series([None] * ROWS, dtype=pl.String),
            "empty": pl.Series([None] * ROWS, dtype=pl.Null),
            "same": [3] * ROWS,
            "w": [i % 5 + 0.5 for i in range(ROWS)],
            "who": [f"g{i % 30}" for i in range(ROWS)],
            "y": some(["p", "q", "r"], 50),
        }
    )


ROLES = {
    "plain": {"target": "y"},
    "numbers": {"target": "double", "drop": ("who",)},
    "yes or no": {"target": "sold"},
    "several numbers": {"target": ("single", "price")},
    "weights and groups": {"target": "y", "weight_column": "w", "group": "who"},
    "kept": {"target": "y", "keep_columns": ("id",), "drop": ("rare", "day")},
}


@pytest.fixture
def large(monkeypatch):
    """Everything is larger than memory."""

    def now():
        monkeypatch.setenv("MULTILAYER_MEMORY", "5000")

    return now


@pytest.mark.parametrize("roles", ROLES)
def test_a_file_larger_than_memory_is_the_table_it_would_be_in_memory(large, tmp_path, roles):
    path = tmp_path / "t.parquet"
    table().write_parquet(path, row_group_size=70)
    wanted = read(path, **ROLES[roles])
    large()
    found = read(path, **ROLES[roles])
    assert not isinstance(found.dataset.columns, (ArrayColumns, TypedColumns))
    assert found.guesses == wanted.guesses
    assert found.dataset.columns.headings == wanted.dataset.columns.headings
    assert repr(found.dataset) == repr(wanted.dataset)
    assert everything(found.dataset) == everything(wanted.dataset)
    half = np.arange(0, found.dataset.n_samples, 2)
    assert fingerprint(found.dataset.take(half)) == fingerprint(wanted.dataset.take(half))


def test_new_rows_are_read_as_those_of_training(large, tmp_path):
    path = tmp_path / "t.parquet"
    table().write_parquet(path)
    encoding = Encoding.of(read(path, target="y").dataset)
    new = tmp_path / "new.parquet"
    table().drop("y").reverse().select(pl.all().reverse()).with_columns(color=pl.lit("never seen")).write_parquet(new)
    wanted = encoding.encode(read_rows(new, encoding).cells)
    large()
    assert encoding.encode(read_rows(new, encoding).cells).tobytes() == wanted.tobytes()
    table().drop("whole").write_parquet(new)
    with pytest.raises(DataError) as caught:
        read_rows(new, encoding)
    assert str(caught.value).startswith(f"{str(new)!r}: there is no column 'whole'. ")


def test_a_compressed_file(large, tmp_path):
    path = tmp_path / "t.parquet"
    table().write_parquet(path)
    with path.open("rb") as plain, gzip.open(tmp_path / "t.parquet.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    encoding = Encoding.of(read(path, target="y").dataset)
    wanted = encoding.encode(read_rows(path, encoding).cells)
    large()
    packed = tmp_path / "t.parquet.gz"
    assert fingerprint(read(packed, target="y").dataset) == fingerprint(read(path, target="y").dataset)
    assert encoding.encode(read_rows(packed, encoding).cells).tobytes() == wanted.tobytes()


def test_numbers_of_single_precision_stay_so_on_disk(large, tmp_path):
    path = tmp_path / "t.parquet"
    table().select("single", "small", "sold", "y").write_parquet(path)
    wanted = everything(Dataset.from_path(path))
    large()
    data = Dataset.from_path(path)
    assert Encoding.of(data).matrix(data).dtype == np.float32
    assert everything(data) == wanted


def test_what_is_too_large_follows_from_rows_and_columns(monkeypatch, tmp_path):
    pl.DataFrame({"a": range(100), "y": range(100)}).write_parquet(tmp_path / "t.parquet")
    for memory, too_large in (("4800", False), ("4799", True)):
        monkeypatch.setenv("MULTILAYER_MEMORY", memory)
        assert ParquetTable(tmp_path / "t.parquet").too_large is too_large


def test_sentences(large, tmp_path):
    path = tmp_path / "t.parquet"
    table().write_parquet(path)
    large()
    with pytest.raises(UsageError) as caught:
        read(path, options=None, target="y", test=path)
    expected = f"{str(path)!r} is larger than memory: put the test rows into it, and leave test out."
    assert str(caught.value) == expected
    held = ParquetTable(path)
    path.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(DataError) as caught:
        held["whole"]
    assert str(caught.value).startswith(f"{str(path)!r} cannot be read as a parquet table: ")
    assert isinstance(TableOptions(), TableOptions)
