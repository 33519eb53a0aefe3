"""How the lines of a text become rows: what is skipped, what separates cells, quotes them, and names the columns.

The rules, in the order they are tried, are those of docs/tables.md.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import mode
from typing import final

from multilayer.data.column import MISSING_TEXTS
from multilayer.data.tables.guess import Guess, counted
from multilayer.data.tables.options import BLANKS, TableOptions
from multilayer.data.tables.text_file import LONGEST_LINE, refuse
from multilayer.errors import shown

SAMPLE_LINES = 1000
SAMPLE_CHARACTERS = LONGEST_LINE
DELIMITERS = ("\t", ";", "|", ",", BLANKS)
"""Tried in this order; the first that gives nearly all lines equally many cells, at least two, is taken."""

AGREEING = 0.9
SPOKEN = {"\t": "tabs", ";": "semicolons", "|": "pipes", ",": "commas", BLANKS: "blanks"}
COMMENTS = ("#", "%", "|", "@", "//")
NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)*|[.,]\d+)([eE][-+]?\d+)?%?")
MISSING_WORDS = frozenset({*MISSING_TEXTS, "?", "NULL", "n/a", "#N/A", "<NA>", "NaT", "-nan", "-NaN", "#NA", "na"})
"""What a missing cell may read like, in every column."""

BY_PLACE = re.compile(r"x\d+")
"""What columns without a name are called."""

csv.field_size_limit(LONGEST_LINE)


@final
@dataclass(frozen=True)
class Layout:
    """The form of a text table. `names` are one for each cell of a row."""

    delimiter: str
    quote: str
    skipped: int  # lines before the rows, that of the names included
    names: tuple[str, ...]
    header: bool
    padded: bool  # cells stand between blanks
    row_names: bool = False
    guesses: tuple[Guess, ...] = ()

    def called(self, names: Sequence[str]) -> Layout:
        """The same layout with other names for the columns."""
        return replace(self, names=tuple(names))


def layout_of(path: Path, options: TableOptions, name: Path, known: Sequence[str] = ()) -> Layout:
    """The layout of a UTF-8 text; `known` are the names that its columns have if it is like another table."""
    with path.open("r", encoding="utf-8-sig", newline=None) as file:
        taken = file.read(SAMPLE_CHARACTERS)
    lines = list(islice((line.rstrip("\n") for line in taken.splitlines()), SAMPLE_LINES))
    if len(taken) == SAMPLE_CHARACTERS and len(lines) < SAMPLE_LINES:
        lines = lines[:-1]  # it is cut
    filled = [line for line in lines if line.strip() and not line.lstrip().startswith(COMMENTS)]
    filled = filled or [line for line in lines if line.strip()]
    if not filled:
        raise refuse(name, "it has no rows")
    quote = "'" if _quoted(filled, "'") and not _quoted(filled, '"') else '"'
    delimiter = options.delimiter or _delimiter(filled, quote, name)
    if options.delimiter is not None:
        _refuse_other_delimiter(filled, options.delimiter, quote, name)
    cells = _cells(filled, delimiter, quote)
    width = mode(len(row) for row in cells[1:] or cells)
    skipped = _before(lines, delimiter, quote, width)
    rows = _cells([line for line in lines[skipped:] if line.strip()], delimiter, quote)
    row_names = len(rows) > 2 and len(rows[0]) == width - 1 and not any(map(_is_value, rows[0]))
    row_names = row_names and any(len(row) == width and row[-1].strip() for row in rows[1:])
    if options.header is not False:
        _refuse_title(lines[skipped:], rows, width, skipped, name)
    header = _has_header(rows, options, known)
    first = [cell.strip() for cell in rows[0]]
    first[0] = first[0].lstrip("#").strip() if header else first[0]
    names = _names(["row name"] * row_names + first if header else [""] * len(first), header, name)
    blank = delimiter == BLANKS
    padded = blank or any(cell != cell.strip() for row in rows[:SAMPLE_LINES] for cell in row)
    guesses = _guesses(options, delimiter, quote, skipped, lines, header)
    after = skipped + _first_filled(lines[skipped:]) + header
    return Layout(delimiter, quote, after, names, header, padded, row_names, guesses)


def _refuse_other_delimiter(lines: Sequence[str], delimiter: str, quote: str, name: Path) -> None:
    """Refuse a delimiter that does not divide the lines where another one does."""
    found = _delimiter(lines, quote, name)
    given, other = (_agreement(lines, each, quote) for each in (delimiter, found))
    fits = given is not None and given[0] >= AGREEING and len(_cells(lines[:1], delimiter, quote)[0]) > 1
    if not fits and found not in (delimiter, BLANKS) and other is not None and other[0] >= AGREEING:
        said = SPOKEN.get(delimiter, repr(delimiter))
        raise refuse(name, f"its cells are separated by {SPOKEN[found]}, not by {said}. Leave --delimiter out")


def _refuse_title(lines: Sequence[str], rows: Sequence[Sequence[str]], width: int, skipped: int, name: Path) -> None:
    """Refuse a first line with text in its first cell alone above one that looks like the names."""
    filled = [place for place, line in enumerate(lines, start=skipped + 1) if line.strip()]
    title = [cell.strip() for cell in rows[0]]
    if len(rows) < 2 or width < 3 or not title[0] or any(title[1:]):
        return
    if len(rows[1]) == width and all(cell.strip() and not _is_value(cell) for cell in rows[1]):
        raise refuse(
            name,
            f"the names of its columns seem to be in line {filled[1]}, below {shown(title[0], 40)}. Take out the lines "
            "above them",
        )


def _cells(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """The cells of every line; blanks at its ends belong to none of them where blanks separate."""
    if delimiter == BLANKS:
        lines = [line.replace("\t", " ").strip() for line in lines]
    try:
        return list(csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=delimiter == BLANKS))
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _quoted(lines: Sequence[str], quote: str) -> bool:
    """Whether cells stand between these quotes: two of them behind a delimiter or at a line's end."""
    cell = re.compile(rf"(?:^|[,;\t|]|\s)\s*{quote}[^{quote}]*{quote}\s*(?=$|[,;\t|]|\s)")
    return sum(len(cell.findall(line)) for line in lines[:50]) >= 2


def _delimiter(lines: Sequence[str], quote: str, name: Path) -> str:
    order = DELIMITERS if name.suffix.lower() != ".csv" else (",", *(d for d in DELIMITERS if d != ","))
    best = [found for delimiter in order if (found := _agreement(lines, delimiter, quote)) is not None]
    if not best:
        return ","
    clear = [delimiter for share, width, delimiter in best if share >= AGREEING and width > 1]
    if "," in clear and ";" in clear:  # 1,5;2,5: each comma stands between digits
        return ";" if all(re.search(r"\d,\d", line) or "," not in line for line in lines[1:]) else ","
    clear = [delimiter for delimiter in clear if delimiter != BLANKS] or clear
    return clear[0] if clear else max(best, key=lambda found: found[0] * (found[1] > 1) * (found[2] != BLANKS))[2]


def _agreement(lines: Sequence[str], delimiter: str, quote: str) -> tuple[float, int, str] | None:
    """The share of lines with the most frequent number of cells, and that number."""
    try:
        widths = [len(row) for row in _cells(lines, delimiter, quote)]
    except ValueError:
        return None
    common = mode(widths)
    return (widths.count(common) / len(widths), common, delimiter) if common > 1 else None


def _before(lines: Sequence[str], delimiter: str, quote: str, width: int) -> int:
    """How many lines to leave out: blank ones, and comments that have not a row's number of cells."""
    for place, line in enumerate(lines):
        comment = line.lstrip().startswith(COMMENTS)
        if line.strip() and not (comment and len(_cells([line], delimiter, quote)[0]) != width):
            return place
    return 0


def _first_filled(lines: Sequence[str]) -> int:
    return next((place for place, line in enumerate(lines) if line.strip()), 0)


def _is_value(cell: str) -> bool:
    """Whether a cell reads like a number or a missing one rather than a name."""
    return bool(NUMBER.fullmatch(cell.strip())) or cell.strip() in MISSING_WORDS - {""}


def _has_header(rows: Sequence[Sequence[str]], options: TableOptions, known: Sequence[str]) -> bool:
    first = [cell.strip() for cell in rows[0]]
    if options.header is not None:
        return options.header
    if set(known) & set(first):
        return True
    if known and all(BY_PLACE.fullmatch(name) for name in known):
        return False
    below = [[row[place].strip() for row in rows[1:] if place < len(row)] for place in range(len(first))]
    if _counts_up(first, below[-1]):
        return True
    if any(map(_is_value, first)):
        return False
    if any(column and any(map(_is_value, column)) for column in below):
        return True
    again = sum(cell in column for cell, column in zip(first, below, strict=True))
    return again * 2 < len(first)


def _counts_up(first: Sequence[str], last: Sequence[str]) -> bool:
    """Whether the cells are 0, 1, 2, ... as pandas names columns that have no names, behind an empty one or not.

    A name may end them, such as `target`, that does not occur again in the last column.
    """
    numbers = list(first[1:] if first[0] == "" else first)
    named = bool(numbers) and not _is_value(numbers[-1]) and numbers[-1] not in ("", *last)
    numbers = numbers[:-1] if named else numbers
    return len(numbers) > 1 + named and numbers == [str(place) for place in range(len(numbers))]


def _names(cells: Sequence[str], header: bool, place: Path) -> tuple[str, ...]:
    """The columns' names; those without one are x1, x2, ... by their place."""
    names = [cell or f"x{number}" for number, cell in enumerate(cells, start=1)]
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        do = "Rename one of them." if header else ""
        raise refuse(place, f"the column {twice[0]!r} occurs twice. {do}".rstrip(". "))
    return tuple(names)


def _guesses(
    options: TableOptions, delimiter: str, quote: str, skipped: int, lines: Sequence[str], header: bool
) -> tuple[Guess, ...]:
    found = []
    if skipped and any(line.strip() for line in lines[:skipped]):
        found.append(Guess(f"{counted(skipped, 'line')} before the table {'is' if skipped == 1 else 'are'} left out."))
    if options.delimiter is None:
        quotes = ", and single quotes stand around text" if quote == "'" else ""
        found.append(Guess(f"Cells are separated by {SPOKEN.get(delimiter, delimiter)}{quotes}.", "--delimiter"))
    if options.header is None and header:
        found.append(Guess("The first line holds the names of the columns.", "--no-header"))
    elif options.header is None:
        found.append(Guess("There is no line of names: the columns are x1, x2, ... by their place.", "--header"))
    return tuple(found)
