"""A text table as a polars frame: checked to be rectangular, rewritten where its form is none that polars reads."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multilayer.data.tables.guess import counted
from multilayer.data.tables.layout import MISSING_WORDS, Layout
from multilayer.data.tables.options import BLANKS
from multilayer.data.tables.text_file import BLOCK, refuse

INFERRED = 1000
"""Rows that polars looks at to tell the types of columns."""

UNFIT = re.compile(r"could not parse `.*?` as dtype `(?P<type>\w+)` at column '(?P<column>.*?)' \(", re.DOTALL)


def frame_of_text(
    path: Path,
    layout: Layout,
    folder: Path,
    name: Path,
    *,
    missing: Sequence[str] = (),
    decimal: str = ".",
    text: Sequence[str] = (),
) -> Any:
    """The rows of a UTF-8 text, each column of one type; the columns in `text` stay text.

    Raises DataError where a row has more or fewer cells than the others, with its line.
    """
    import polars as pl

    clean = not layout.padded and _is_rectangular(path, layout, name)
    if not clean:
        path, layout = _rewritten(path, layout, folder, name), _plain(layout)
    types = {column: pl.String for column in layout.names if column in text}
    options: dict[str, Any] = {
        "has_header": False,
        "skip_lines": layout.skipped,
        "separator": layout.delimiter,
        "quote_char": layout.quote,
        "null_values": sorted({*MISSING_WORDS, *missing}),
        "new_columns": list(layout.names),
        "decimal_comma": decimal == "," and layout.delimiter != ",",
        "infer_schema_length": INFERRED,
    }
    try:
        return _read(path, options, types)
    except pl.exceptions.NoDataError:
        return pl.DataFrame({column: [] for column in layout.names})
    except (pl.exceptions.PolarsError, OSError) as error:
        raise refuse(name, str(error).strip().splitlines()[0].rstrip(".")) from None


def _read(path: Path, options: Mapping[str, Any], types: dict[str, Any]) -> Any:
    """The frame. What the first rows do not tell of a column is tried: small and large whole numbers, numbers, text."""
    import polars as pl

    first = pl.scan_csv(path, schema_overrides=types, **options).collect_schema()
    types = {**{name: pl.Int32 for name, dtype in first.items() if dtype == pl.Int64}, **types}
    while True:
        try:
            return pl.read_csv(path, schema_overrides=types, **options)
        except pl.exceptions.ComputeError as error:
            found = UNFIT.search(str(error))
            if found is None or types.get(found["column"]) == pl.String:
                raise
            wider = {"i32": pl.Int64, "i64": pl.Float64}.get(found["type"], pl.String)
            types = {**types, found["column"]: wider}


def _plain(layout: Layout) -> Layout:
    """The layout of what `_rewritten` writes."""
    return Layout(",", '"', 0, layout.names, False, False)


def _is_rectangular(path: Path, layout: Layout, name: Path) -> bool:
    """Whether every line behind the header has as many cells as there are names, so that polars can read it."""
    rest, quote, delimiter = b"", layout.quote.encode(), layout.delimiter.encode()
    with path.open("rb") as file:
        for _ in range(layout.skipped):
            file.readline()
        while block := file.read(BLOCK):
            if quote in block:
                return _quotes_agree(path, layout, name)
            block = rest + block
            end = block.rfind(b"\n") + 1
            if not _all_agree(np.frombuffer(block[:end], dtype=np.uint8), delimiter, len(layout.names)):
                return False
            rest = block[end:]
    return not rest or rest.count(delimiter) == len(layout.names) - 1


def _all_agree(block: np.ndarray[Any, np.dtype[np.uint8]], delimiter: bytes, width: int) -> bool:
    """Whether all lines of a block have `width` cells, and none is empty."""
    ends = np.flatnonzero(block == 10)
    delimiters = np.flatnonzero(block == delimiter[0])
    each = np.diff(np.searchsorted(delimiters, ends), prepend=0)
    lengths = np.diff(ends, prepend=-1) - 1
    empty = (lengths == 0) | ((lengths == 1) & (block[ends - 1] == 13))
    return not ((each != width - 1) | empty).any()


def _quotes_agree(path: Path, layout: Layout, name: Path) -> bool:
    """Whether every row has its cells, quotes heeded, and none is empty."""
    return all(len(row) == len(layout.names) for row in _rows(path, layout, name, strict=False))


def _rows(path: Path, layout: Layout, name: Path, *, strict: bool = True) -> Iterator[list[str]]:
    """The rows behind the header; where `strict`, empty ones left out and odd ones refused."""
    width = len(layout.names)
    with path.open("r", encoding="utf-8-sig", newline="") as file:
        for _ in range(layout.skipped):
            file.readline()
        lines = (_without_blanks(line) for line in file) if layout.delimiter == BLANKS else file
        reader = csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote, skipinitialspace=layout.padded)
        try:
            for row in reader:
                cells = [cell.strip() for cell in row] if layout.padded else row
                if not strict:
                    yield cells
                elif any(cells) or len(cells) == width:
                    yield _fitting(cells, width, layout, reader.line_num, name)
        except csv.Error as error:
            raise refuse(name, f"line {layout.skipped + reader.line_num}: {error}") from None


def _without_blanks(line: str) -> str:
    return line.replace("\t", " ").strip() + "\n"


def _fitting(cells: list[str], width: int, layout: Layout, number: int, name: Path) -> list[str]:
    """The cells of a row, without an empty one too many at its end."""
    if len(cells) == width + 1 and cells[-1] == "":
        return cells[:-1]
    if len(cells) != width:
        where = "the line of names" if layout.header else "the first line"
        line = layout.skipped + number
        raise refuse(name, f"line {line} has {counted(len(cells), 'cell')}, but {where} has {width}")
    return cells


def _rewritten(path: Path, layout: Layout, folder: Path, name: Path) -> Path:
    """The rows with commas between cells, and nothing else but them."""
    target = folder / f"rows-{name.name}"
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(_rows(path, layout, name))
    return target
