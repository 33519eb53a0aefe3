"""One table out of one file, told by what the file begins with rather than by its name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from multilayer.data.column import ColumnKind
from multilayer.data.parquet import ParquetTable
from multilayer.data.tables.arff import arff_table, looks_like_arff
from multilayer.data.tables.cells import typed
from multilayer.data.tables.delimited import frame_of_text
from multilayer.data.tables.guess import Guess
from multilayer.data.tables.layout import layout_of
from multilayer.data.tables.options import TableOptions
from multilayer.data.tables.text_file import as_text, beginning, refuse, unpacked
from multilayer.errors import DataError

MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"FEA1": "feather 1"}
ENDINGS = {".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow", ".npz": "npz", ".ipc": "arrow"}
BEGINNINGS = {"parquet": "PAR1", "arrow": "ARROW1", "npz": "PK"}
FOREIGN = {
    b"%PDF": "a PDF file",
    b"\x89PNG": "an image; name the folder with one folder of images for each class",
    b"\xff\xd8\xff": "an image; name the folder with one folder of images for each class",
    b"SQLite": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"\xfd7zXZ": "packed with xz; unpack it first",
    b"BZh": "packed with bzip2; unpack it first",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it first",
    b"\x80\x04": "a pickle, which could run anything; save it as .npz or CSV",
    b"\x80\x05": "a pickle, which could run anything; save it as .npz or CSV",
}
NAMED_LIKE_TABLES = (".csv", ".tsv", ".parquet", ".txt", ".data", ".arff", ".arrow", ".feather", ".npz", ".gz")


@final
@dataclass(frozen=True)
class Loaded:
    """A table as a polars frame, or a ParquetTable where that is too large."""

    frame: Any
    guesses: tuple[Guess, ...]
    header: bool = True
    forms: Mapping[str, str] = field(default_factory=dict)
    """How the numbers and dates of columns are written, where that is not the common way."""


def existing(place: Path) -> Path:
    """The path; raises DataError where nothing is there, naming what is near."""
    try:
        there = place.exists()
    except (OSError, ValueError) as error:
        raise DataError(f"{str(place)!r} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if there:
        return place
    try:
        beside = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        beside = []
    near = difflib.get_close_matches(place.name, beside, n=3, cutoff=0.6)
    if near:
        raise DataError(f"There is no file {str(place)!r}. Near it: {', '.join(sorted(near))}.")
    files = sorted(name for name in beside if Path(name).suffix.lower() in NAMED_LIKE_TABLES)[:5]
    raise DataError(f"There is no file {str(place)!r}." + (f" Beside it: {', '.join(files)}." if files else ""))


def form_of(place: Path, name: Path) -> str:
    """ "parquet", "arrow", "npz", "idx", "tar", "arff" or "csv"; raises DataError for what is no table.

    `place` is unpacked; `name` is what the file is called.
    """
    start = beginning(place)
    ending = ENDINGS.get(Path(name.name.removesuffix(".gz")).suffix.lower())
    form = next((form for magic, form in MAGIC.items() if start.startswith(magic)), None)
    if form == "zip" and (ending == "npz" or b".npy" in start[:128]):
        return "npz"
    if form == "zip":
        raise DataError(f"{str(name)!r} is a zip archive or a spreadsheet. Unpack it, or save the table in it as CSV.")
    if form == "feather 1":
        raise DataError(f"{str(name)!r} is a Feather file of version 1. Save it as Feather 2 or Parquet.")
    if form is not None:
        return form
    if ending is not None:
        what = "it is empty" if not start else f"it does not begin with {BEGINNINGS[ending]}"
        raise refuse(name, what, ending)
    if start[:2] == b"\0\0" and len(start) >= 8 and start[2] in (8, 9, 11, 12, 13, 14) and 1 <= start[3] <= 4:
        return "idx"
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise DataError(f"{str(name)!r} is no table but {what}.")
    if start[257:262] == b"ustar":
        return "tar"
    return "arff" if looks_like_arff(start, name) else "csv"


def load(
    place: Path,
    folder: Path,
    options: TableOptions,
    *,
    names: Sequence[str] = (),
    kinds: Mapping[str, ColumnKind] | None = None,
    forms: Mapping[str, str] | None = None,
    of: str = "",
) -> Loaded:
    """The table in a file, each column of one type; temporary files go to `folder`.

    `names`, `kinds` and `forms` are those of another table that this one has to be like: names decide whether there is
    a header, kinds what cells are, forms how they are written.
    """
    text = [name for name, word in options.types.items() if word in ("text", "date") or "%" in word]
    text += [name for name, kind in (kinds or {}).items() if kind in ("category", "date")]
    loaded = loaded_as_it_is(place, folder, options, names=names, text=text)
    frame, guesses, written = typed(loaded.frame, options, kinds, forms, of=of)
    return replace(loaded, frame=frame, guesses=(*loaded.guesses, *guesses), forms=written)


def loaded_as_it_is(
    place: Path, folder: Path, options: TableOptions, *, names: Sequence[str] = (), text: Sequence[str] = ()
) -> Loaded:
    """The table in a file as polars reads it, the columns in `text` as text."""
    inner = unpacked(place, folder)
    form = form_of(inner, place)
    if form in ("npz", "idx", "tar"):
        raise DataError(f"{str(place)!r} holds arrays, where a table with columns is needed.")
    if form in ("parquet", "arrow"):
        return Loaded(_binary(inner, place, form, options), ())
    found = as_text(inner, folder, options.encoding, place)
    if form == "arff":
        frame, said = arff_table(found.path, folder, place)
        return Loaded(frame, (*found.guesses, *said))
    layout = layout_of(found.path, options, place, names)
    named = layout.names if layout.header or len(layout.names) != len(names) else tuple(names)
    layout = layout.called(named)
    decimal = options.decimal or "."
    frame = frame_of_text(found.path, layout, folder, place, missing=options.missing, decimal=decimal, text=text)
    return Loaded(frame, (*found.guesses, *layout.guesses), layout.header)


def _binary(inner: Path, place: Path, form: str, options: TableOptions) -> Any:
    import polars as pl

    try:
        if form == "parquet":
            table = ParquetTable(inner)
            frame = table if table.too_large else pl.read_parquet(inner)
        else:
            frame = pl.read_ipc(inner)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0].rstrip(".")
        raise refuse(place, f"it is damaged or cut short ({first})", form) from None
    except BaseException as error:  # polars panics where a damaged file leads it astray
        if type(error).__name__ != "PanicException":
            raise
        raise refuse(place, "it is damaged or cut short", form) from None
    odd = [
        name
        for name, dtype in zip(frame.columns, frame.dtypes, strict=True)
        if dtype.is_nested() and name not in options.drop
    ]
    if odd:
        raise DataError(f"column {odd[0]!r} of {str(place)!r} holds lists or structures. Unfold it, or --drop it.")
    return frame
