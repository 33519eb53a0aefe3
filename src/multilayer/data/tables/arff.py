"""ARFF, the format of Weka and OpenML: declared columns, then rows with commas or blanks, or sparse ones in braces.

Source: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, final

from multilayer.data.tables.guess import Guess, counted
from multilayer.data.tables.text_file import refuse

ATTRIBUTE = re.compile(
    r"""@attribute\s+(?P<name>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s{]+)\s*(?P<type>\{.*\}|\S+.*)$""", re.IGNORECASE
)
NUMBERS = ("numeric", "real", "integer")
QUOTED = re.compile(r"^(['\"])(.*)\1$", re.DOTALL)


@final
@dataclass(frozen=True)
class _Attribute:
    name: str
    kind: str  # "number", "text" or "date"
    first: str  # what a sparse row leaves out: 0, or the first of the listed texts


def looks_like_arff(start: bytes, name: Path) -> bool:
    """Whether a file is ARFF: by its ending, or by the word it begins with."""
    lines = [line.strip().lower() for line in start.splitlines() if line.strip() and not line.strip().startswith(b"%")]
    return name.name.lower().removesuffix(".gz").endswith(".arff") or (
        bool(lines) and lines[0].startswith((b"@relation", b"\xef\xbb\xbf@relation"))
    )


def arff_table(path: Path, folder: Path, name: Path) -> tuple[Any, list[Guess]]:
    """The rows as a polars frame, numbers as numbers and all else as text, and what is to be said."""
    import polars as pl

    with path.open("r", encoding="utf-8-sig") as file:
        attributes, line = _declared(file, name)
        target = folder / f"rows-{name.name}.csv"
        with target.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(_rows(file, attributes, line, name))
    names = [attribute.name for attribute in attributes]
    twice = [each for place, each in enumerate(names) if each in names[:place]]
    if twice:
        raise refuse(name, f"the column {twice[0]!r} occurs twice", "arff")
    kinds = {a.name: pl.Float64 if a.kind == "number" else pl.String for a in attributes}
    if target.stat().st_size == 0:
        return pl.DataFrame(schema=kinds), []
    try:
        frame = pl.read_csv(target, has_header=False, new_columns=names, schema_overrides=kinds, null_values=["?", ""])
    except pl.exceptions.PolarsError as error:
        raise refuse(name, _wrong_number(str(error)), "arff") from None
    whole = [a.name for a in attributes if a.kind == "number" and _is_whole(frame[a.name])]
    frame = frame.with_columns(pl.col(whole).cast(pl.Int64)) if whole else frame
    return frame, [Guess(f"The file declares {counted(len(names), 'column')} (ARFF).")]


def _is_whole(series: Any) -> bool:
    """Whether a column of numbers has whole ones only, none too large to be one."""
    filled = series.drop_nulls()
    return bool(len(filled)) and bool(((filled == filled.round()) & (filled.abs() < 2**53)).all())


def _wrong_number(message: str) -> str:
    found = re.search(r"could not parse `(.*?)` as dtype `f64` at column '(.*?)'", message)
    return f"column {found[2]!r} is declared numeric, but holds {found[1]!r}" if found else message.splitlines()[0]


def _declared(file: TextIO, name: Path) -> tuple[list[_Attribute], int]:
    """The columns that the head of the file declares, and the line of @data."""
    attributes: list[_Attribute] = []
    for number, line in enumerate(file, start=1):
        text = line.strip()
        word = text.split(None, 1)[0].lower() if text else ""
        if word == "@data":
            if not attributes:
                break
            return attributes, number
        if word == "@attribute":
            attributes.append(_attribute(text, number, name))
        elif (
            text
            and not text.startswith("%")
            and word not in ("@relation", "@ignore", "@inputs", "@outputs", "@input", "@output")
        ):
            raise refuse(name, f"line {number} is no declaration", "arff")
    raise refuse(name, "it declares no columns" if not attributes else "it has no line @data", "arff")


def _attribute(text: str, number: int, name: Path) -> _Attribute:
    found = ATTRIBUTE.match(text)
    if not found:
        raise refuse(name, f"line {number} is no declaration of a column", "arff")
    kind, column = found["type"].strip(), _plain(found["name"])
    if kind.startswith("{"):
        listed = _cells(kind[1 : kind.rindex("}")], ",")
        return _Attribute(column, "text", listed[0] if listed else "")
    word = kind.split()[0].lower()
    if word == "relational":
        raise refuse(name, f"column {column!r} is relational, which no row of numbers can hold", "arff")
    return _Attribute(column, "number", "0") if word in NUMBERS else _Attribute(column, word, "")


def _plain(cell: str) -> str:
    """A cell without the quotes around it and the backslashes in it."""
    found = QUOTED.match(cell.strip())
    return re.sub(r"\\(.)", r"\1", found[2]) if found else cell.strip()


CELL = re.compile(r"""\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,]*?)\s*(?:,|$)""")
BLANK_CELL = re.compile(r"""\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\S+)""")


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a row."""
    if delimiter != ",":
        return [_plain(cell) for cell in BLANK_CELL.findall(line)]
    if "'" not in line and '"' not in line:
        return [cell.strip() for cell in line.split(",")]
    cells: list[str] = []
    place = 0
    while place <= len(line):
        found = CELL.match(line, place)
        if not found or (found.end() == place and place == len(line) and cells and line[-1:] != ","):
            break
        cells.append(_plain(found[1]))
        if found.end() == len(line) and line[-1:] != ",":
            break
        place = found.end() if found.end() > place else place + 1
    return cells


def _rows(file: TextIO, attributes: Sequence[_Attribute], line: int, name: Path) -> Iterator[list[str]]:
    width = len(attributes)
    for number, text in enumerate(file, start=line + 1):
        text = text.strip()
        if not text or text.startswith("%"):
            continue
        if text.startswith("{"):
            yield _sparse(text, attributes, number, name)
            continue
        text = re.sub(r",\s*\{\d+(\.\d+)?\}$", "", text)  # a weight of the row
        cells = _cells(text, "," if "," in text else " ")
        if len(cells) == width + 1 and cells[-1] == "":
            cells.pop()
        if len(cells) != width:
            raise refuse(name, f"line {number} has {counted(len(cells), 'cell')}, but {width} are declared", "arff")
        yield cells


def _sparse(text: str, attributes: Sequence[_Attribute], number: int, name: Path) -> list[str]:
    cells = [attribute.first for attribute in attributes]
    for entry in _cells(text.strip("{} \t"), ",") if text.strip("{} \t") else []:
        place, _, cell = entry.partition(" ")
        if not place.isdecimal() or int(place) >= len(cells):
            raise refuse(name, f"line {number} names a column {place!r}, of which there are {len(cells)}", "arff")
        cells[int(place)] = _plain(cell)
    return cells
