"""The name of a table's content: one SHA-256 over typed columns and values.

File bytes and column names do not enter: CSV, Parquet, frames and arrays of the same table agree, and so do two tables
that differ only in what their columns are called. The layout, all numbers little-endian:

    table     uint64 format (1), uint64 n_samples, uint64 number of columns, the columns, the target, weight, group
    column    b"n" number, b"b" boolean or b"d" date: floats
              b"c" category: texts (the categories in code point order), codes (-1 missing)
    target    b"B" binary or b"C" classes: labels, codes
              b"M" multilabel or b"R" regression: uint64 n_out, floats row by row
    weight    b"0" without weights; b"1", floats
    group     b"0" without groups; b"1", codes
    floats    float64 each, -0.0 as 0.0, every NaN as 0x7ff8000000000000
    codes     int64 each
    texts     uint64 how many, each as uint64 number of bytes and UTF-8 bytes
    labels    uint64 how many, each as b"s" and a text, b"n" and a float (integers too), or b"t" and the byte 0 or 1
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from multilayer.data.column import Column
from multilayer.data.dataset import Dataset
from multilayer.data.target import Label, Target
from multilayer.room import CACHED, blocks

FORMAT = 1
COLUMN_TAGS = {"number": b"n", "boolean": b"b", "date": b"d", "category": b"c"}
TARGET_TAGS = {"binary": b"B", "classes": b"C", "multilabel": b"M", "regression": b"R"}


def fingerprint(dataset: Dataset) -> str:
    """The SHA-256 of the dataset's content as 64 hexadecimal digits.

    >>> one = Dataset.from_arrays([[1, 2], [3, 4]], ["a", "b"])
    >>> other = Dataset.from_arrays([[1.0, 2.0], [3.0, 4.0]], ["a", "b"], names=["width", "height"])
    >>> fingerprint(one) == fingerprint(other)
    True
    """
    digest = hashlib.sha256()
    for piece in _table(dataset):
        digest.update(piece)
    return digest.hexdigest()


def _table(dataset: Dataset) -> Iterator[bytes]:
    yield _integer(FORMAT)
    yield _integer(dataset.n_samples)
    yield _integer(len(dataset.columns))
    for column in dataset.columns:
        yield from _column(column)
    yield from _target(dataset.target)
    yield b"0" if dataset.weight is None else b"1" + _floats(dataset.weight)
    yield b"0" if dataset.group is None else b"1" + _codes(dataset.group)


def _column(column: Column) -> Iterator[bytes]:
    yield COLUMN_TAGS[column.kind]
    if column.kind != "category":
        yield from (_floats(column.values[part]) for part in blocks(len(column.values), numbers=CACHED))
        return
    yield _integer(len(column.categories))
    for category in column.categories:
        yield _text(category)
    yield _codes(column.values)


def _target(target: Target) -> Iterator[bytes]:
    yield TARGET_TAGS[target.kind]
    if target.kind in ("multilabel", "regression"):
        yield _integer(target.values.shape[1])
        yield _floats(target.values)
        return
    yield _integer(len(target.classes))
    for label in target.classes:
        yield _label(label)
    yield _codes(target.values)


def _integer(number: int) -> bytes:
    return struct.pack("<Q", number)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    return _integer(len(encoded)) + encoded


def _label(label: Label) -> bytes:
    if isinstance(label, str):
        return b"s" + _text(label)
    return b"t" + bytes([label]) if isinstance(label, bool) else b"n" + struct.pack("<d", label + 0.0)


def _floats(values: npt.NDArray[Any]) -> bytes:
    canonical = np.where(np.isnan(values), np.nan, values + 0.0)  # -0.0 + 0.0 is 0.0
    return canonical.astype("<f8").tobytes()


def _codes(codes: npt.NDArray[Any]) -> bytes:
    return codes.astype("<i8").tobytes()
