"""New rows for a trained network, read as the rows of its training were."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from multilayer.data.encoding import Encoding
from multilayer.data.parquet import ParquetTable
from multilayer.data.tables.arrays import flat, idx_files, npz_arrays
from multilayer.data.tables.guess import counted
from multilayer.data.tables.idx import idx_array
from multilayer.data.tables.images import PICTURES, class_folders, pictures_in, pixels, size_of
from multilayer.data.tables.loading import existing, form_of, load
from multilayer.data.tables.options import TableOptions
from multilayer.data.tables.text_file import unpacked
from multilayer.errors import DataError


def read_rows(path: Path, encoding: Encoding, options: TableOptions | None = None) -> Any:
    """The rows of a file as `Encoding.encode` takes them; columns are told by name, or by place where there are none.

    A file of pictures, a folder of them (or of folders of them), .npz and IDX files go with a network of images.
    Raises DataError where a column is missing or of another kind than in training.
    """
    place = existing(path)
    names = [column.name for column in encoding.columns]
    kinds = {column.name: column.kind for column in encoding.columns}
    with tempfile.TemporaryDirectory(prefix="multilayer-") as scratch:
        if place.is_dir() or place.suffix.lower() in PICTURES:
            return _pictures(place, names)
        inner = unpacked(place, Path(scratch))
        form = form_of(inner, place)
        if form == "npz":
            return _fitting(npz_arrays(inner, place, answers=False).X, names, place)
        if form == "idx":
            return _fitting(flat([idx_array(inner, place)], place)[0], names, place)
        frame = load(place, Path(scratch), options or TableOptions(), names=names, kinds=kinds).frame
        return encoding.columns_of_table(frame) if isinstance(frame, ParquetTable) else frame


def _pictures(place: Path, names: list[str]) -> Any:
    if place.is_dir() and idx_files(place):
        raise DataError(f"{str(place)!r} is a folder of IDX files. Name the one with the images.")
    size = size_of(names)
    if size is None:
        raise DataError(
            f"{str(place)!r} holds pictures, but the network was trained on {counted(len(names), 'column')} of a table."
        )
    files = [place]
    if place.is_dir():
        files = pictures_in(place) or [file for each in class_folders(place) for file in pictures_in(each)]
    if not files:
        raise DataError(f"{str(place)!r} holds no pictures.")
    return pixels(files, *size)


def _fitting(rows: Any, names: list[str], place: Path) -> Any:
    if rows.shape[1] != len(names):
        raise DataError(
            f"The rows of {str(place)!r} must have {len(names)} numbers as in training, got {rows.shape[1]}."
        )
    return rows
