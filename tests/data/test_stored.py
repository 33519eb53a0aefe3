from __future__ import annotations

import os
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from multilayer import exact, room
from multilayer.data import Dataset, Encoding, Preparation, fingerprint
from multilayer.data.stored import ArrayColumns, by_column
from multilayer.errors import DataError, RefusedError, UsageError
from multilayer.rng import Stream

LITTLE = ("1", "2000", "40000")
"""Bytes of memory: a temporary file, many readings, a few."""


def numbers(n_samples=500, width=6):
    x = Stream(1, "data").normal((n_samples, width)) * 10.0 ** np.arange(width)
    x[::9, 1] = np.nan
    x[0, 2] = -0.0
    return x.astype(np.float32)


def mapped(path, x):
    np.save(path, x)
    return np.load(path, mmap_mode="r")


@pytest.mark.parametrize("memory", [*LITTLE, "1e9"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int16", "uint8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_columns_are_read_in_turn_whatever_the_memory(monkeypatch, memory, dtype, order):
    monkeypatch.setenv("MULTILAYER_MEMORY", memory)
    x = np.array(Stream(2, "data").integers(100, 30 * 20).reshape(30, 20), dtype=dtype, order=order)
    found = list(by_column(x))
    assert len(found) == 20
    for column, values in zip(x.T, found, strict=True):
        assert values.flags.c_contiguous
        assert values.dtype == x.dtype
        assert values.tolist() == column.tolist()


def everything(data):
    """What a question takes of a dataset, in bits."""
    encoding = Encoding.of(data)
    matrix = encoding.matrix(data)
    rows = np.arange(0, data.n_samples, 2)
    said = [fingerprint(data), encoding.to_list(), matrix.astype(np.float64).tobytes()]
    for settings in ({}, {"inputs": "minmax", "missing": "median"}, {"inputs": "center", "missing": "zero"}):
        fitted = Preparation(**settings).fit(encoding, matrix, data.target, rows, data.weight)
        said += [value.tobytes() for value in fitted.to_dict()[1].values()]
        said += [fitted.apply(matrix, dtype).tobytes() for dtype in (np.float32, np.float64)]
    return said


@pytest.mark.parametrize("memory", LITTLE)
@pytest.mark.parametrize("weighted", [False, True])
def test_one_table_has_one_set_of_bits(monkeypatch, tmp_path, memory, weighted):
    x, y = numbers(), np.arange(500) % 7
    weight = (y + 1.0) if weighted else None
    wanted = everything(Dataset.from_arrays(x.astype(np.float64).tolist(), y, weight=weight))
    monkeypatch.setenv("MULTILAYER_MEMORY", memory)
    monkeypatch.setattr(room, "CACHED", 64)
    forms = {
        "float32": x,
        "float64": x.astype(np.float64),
        "other order": np.asfortranarray(x),
        "every second row": np.repeat(x, 2, axis=0)[::2],
        "other end first": x.astype(">f8"),
        "mapped float32": mapped(tmp_path / "single.npy", x),
        "mapped float64": mapped(tmp_path / "double.npy", x.astype(np.float64)),
        "mapped in the other order": mapped(tmp_path / "other.npy", np.asfortranarray(x)),
    }
    assert {
        name: everything(Dataset.from_arrays(form, y, weight=weight)) == wanted for name, form in forms.items()
    } == (dict.fromkeys(forms, True))
    whole = mapped(tmp_path / "whole.npy", np.nan_to_num(x).astype(np.int64) % 1000)
    same = everything(Dataset.from_arrays(np.array(whole, dtype=np.float64), y, weight=weight))
    assert everything(Dataset.from_arrays(whole, y, weight=weight)) == same


def test_statistics_in_single_precision_would_be_noticed():
    x = numbers()[:, :1]
    single = float(x.mean(dtype=np.float32))
    data = Dataset.from_arrays(x, np.arange(500) * 0.5)
    center = Preparation().fit(Encoding.of(data), x, data.target, np.arange(500)).center[0]
    assert center == exact.mean(x[:, 0].astype(np.float64)) != single


def test_rows_of_numbers_are_shared(tmp_path):
    x = numbers()
    for rows in (x, x.astype(np.float64), mapped(tmp_path / "x.npy", x)):
        data = Dataset.from_arrays(rows, np.arange(500) % 2)
        matrix = Encoding.of(data).matrix(data)
        assert np.shares_memory(matrix, rows)
        assert np.shares_memory(Encoding.of(data).encode(rows), rows)
        assert matrix.dtype == rows.dtype
    other = np.asfortranarray(x)
    data = Dataset.from_arrays(other, np.arange(500) % 2)
    assert np.shares_memory(data.columns.rows, other)
    assert not np.shares_memory(Encoding.of(data).matrix(data), other)


def test_some_of_the_rows(tmp_path):
    x, y = numbers(), np.arange(500) % 3
    rows = [7, 3, 400]
    some = Dataset.from_arrays(mapped(tmp_path / "x.npy", x), y).take(rows)
    assert fingerprint(some) == fingerprint(Dataset.from_arrays(x.tolist(), y).take(rows))
    assert isinstance(some.columns, ArrayColumns)


def test_an_infinite_number_is_found_by_column_and_row(monkeypatch, tmp_path):
    x = numbers()
    x[3, 5], x[400, 4] = np.inf, -np.inf
    monkeypatch.setattr(room, "CACHED", 64)
    expected = "column 'x5' must be finite or missing (NaN), got -inf in row 400. Replace or remove it."
    with pytest.raises(DataError) as caught:
        Dataset.from_arrays(mapped(tmp_path / "x.npy", x), np.arange(500))
    assert str(caught.value) == expected


def test_what_no_disk_has_room_for_is_refused_before_it_is_written(monkeypatch, tmp_path):
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(0, 0, 3 * 2**30))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("MULTILAYER_MEMORY", "1e9")
    with pytest.raises(RefusedError) as caught:
        room.matrix(2**30, 6)
    assert str(caught.value) == (
        f"The data needs 48 GiB of disk in {tmp_path}, which has 3 GiB free. "
        "Name a folder with more room in TMPDIR, or leave columns out."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs a /proc to see open files in")
def test_a_temporary_file_is_gone_with_its_array(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("MULTILAYER_MEMORY", "1000")

    def mapped_there():
        return str(tmp_path) in Path("/proc/self/maps").read_text()

    array = room.matrix(1000, 3)
    array[:] = 7
    assert array.sum() == 21_000
    assert mapped_there()
    assert list(tmp_path.iterdir()) == []
    opened = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and _open(fd)]
    assert sum(str(tmp_path) in path for path in opened) <= 1  # the mapping's own
    del array
    assert not mapped_there()


def _open(fd):
    return os.path.islink(f"/proc/self/fd/{fd}")


def test_a_bound_that_is_no_number(monkeypatch):
    for told in ("2 GB", "inf", "nan"):
        monkeypatch.setenv("MULTILAYER_MEMORY", told)
        with pytest.raises(UsageError) as caught:
            room.memory()
        assert str(caught.value) == f"MULTILAYER_MEMORY must be a number of bytes such as 2e9, got {told!r}."


def test_half_the_machine_is_the_bound(monkeypatch):
    monkeypatch.delenv("MULTILAYER_MEMORY", raising=False)
    assert room.memory() == room.machine_memory() // 2 > 0
