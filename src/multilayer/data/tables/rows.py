"""New rows for a trained network, read as the rows of its training were."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from multilayer.data.column import REST
from multilayer.data.encoding import Encoding
from multilayer.data.frame import no_column
from multilayer.data.parquet import ParquetTable
from multilayer.data.tables.arrays import flat, idx_files, npz_arrays
from multilayer.data.tables.cells import typed
from multilayer.data.tables.guess import counted, listed
from multilayer.data.tables.idx import idx_array
from multilayer.data.tables.images import PICTURES, class_folders, pictures_in, pixels, size_of
from multilayer.data.tables.loading import existing, form_of, loaded_as_it_is
from multilayer.data.tables.options import TableOptions
from multilayer.data.tables.text_file import unpacked
from multilayer.errors import DataError, UsageError


@final
@dataclass(frozen=True)
class Rows:
    """Rows to predict: `cells` as `Encoding.encode` takes them, and columns to carry along as they are, by name."""

    cells: Any
    carried: Mapping[str, list[Any]] = field(default_factory=dict)


def read_rows(
    path: Path,
    encoding: Encoding,
    options: TableOptions | None = None,
    *,
    reading: Mapping[str, Any] | None = None,
    carry: Sequence[str] = (),
) -> Rows:
    """The rows of a file; columns are told by name, or by place where there are none.

    A file of pictures, a folder of them (or of folders of them), .npz and IDX files go with a network of images.
    `reading` is the one of the training, as a run's record has it: missing words and the way in which numbers and dates
    are written are the same. `carry` names columns to be kept as they are beside.
    Raises DataError where a column is missing or of another kind than in training, and where there is no row.
    """
    place = existing(path)
    names = [column.name for column in encoding.columns]
    with tempfile.TemporaryDirectory(prefix="multilayer-") as scratch:
        if place.is_dir() or place.suffix.lower() in PICTURES:
            return _without_names(_pictures(place, names), place, carry)
        inner = unpacked(place, Path(scratch))
        form = form_of(inner, place)
        if form == "npz":
            found = npz_arrays(inner, place, answers=False).X
            return _without_names(_fitting(found, names, place), place, carry)
        if form == "idx":
            return _without_names(_fitting(flat([idx_array(inner, place)], place)[0], names, place), place, carry)
        return _of_table(place, Path(scratch), encoding, _as_trained(options, reading or {}), reading or {}, carry)


def _as_trained(options: TableOptions | None, reading: Mapping[str, Any]) -> TableOptions:
    """The options with what the training said of missing cells and decimals."""
    options, trained = options or TableOptions(), reading.get("options", {})
    missing = dict.fromkeys((*options.missing, *trained.get("missing", ())))
    return replace(options, missing=tuple(missing), decimal=options.decimal or trained.get("decimal"))


def _of_table(
    place: Path,
    scratch: Path,
    encoding: Encoding,
    options: TableOptions,
    reading: Mapping[str, Any],
    carry: Sequence[str],
) -> Rows:
    kinds = {column.name: column.kind for column in encoding.columns}
    text = [name for name, kind in kinds.items() if kind in ("category", "date")]
    table = loaded_as_it_is(place, scratch, options, names=list(kinds), text=[*text, *carry]).frame
    for name in (*kinds, *carry):
        if name not in table.columns:
            raise DataError(no_column(name, list(table.columns), f"{str(place)!r}"))
    if not len(table):
        raise DataError(f"{str(place)!r} has no rows to predict, only the names of its columns.")
    carried = {name: table[name].to_list() for name in carry}
    of, forms = f" of {str(place)!r}", reading.get("forms", {})
    table, _, _ = typed(table, options, kinds, forms, of=of, only=list(kinds))
    return Rows(encoding.columns_of_table(table) if isinstance(table, ParquetTable) else table, carried)


def strangers(table: Any, encoding: Encoding) -> list[str]:
    """A sentence for each column with texts that the training did not have, or with missing cells; none for rows
    without names, and for those of a file that is larger than memory."""
    import polars as pl

    if not isinstance(table, pl.DataFrame):
        return []
    said = []
    for column in encoding.columns:
        series = table[column.name]
        if column.kind == "category" and REST not in column.categories and series.dtype == pl.String:
            new = series.is_not_null() & ~series.is_in(list(column.categories))
            if new.any():
                cells = list(dict.fromkeys(series.filter(new)))
                was = "was" if len(cells) == 1 else "were"
                told = listed([repr(cell) for cell in cells], most=3)
                said.append(f"{_rows(new)}: {told} of {column.name!r} {was} not in the training.")
        missing = series.is_null() | series.is_nan() if series.dtype.is_float() else series.is_null()
        if missing.any():
            said.append(f"{_rows(missing)}: {column.name!r} is missing.")
    return said


def _rows(mask: Any) -> str:
    """The numbers of the rows, counted from 1."""
    numbers = [str(place + 1) for place in mask.arg_true()]
    return f"Row{'s' * (len(numbers) > 1)} {listed(numbers, most=3)}"


def _without_names(rows: Any, place: Path, carry: Sequence[str]) -> Rows:
    if carry:
        raise UsageError(f"{str(place)!r} has no columns with names, so {carry[0]!r} cannot be carried along.")
    if not len(rows):
        raise DataError(f"{str(place)!r} has no rows to predict.")
    return Rows(rows)


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
