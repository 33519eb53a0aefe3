"""What the cells of a text column are: booleans, numbers with odd signs, dates in many forms, or text.

polars has already made numbers, ISO dates and true/false of the columns in which every cell is one. What is left as
text is tried in the order of `_found`; the first that takes every filled cell counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

from multilayer.data.column import MISSING_TEXTS, WORDS, ColumnKind
from multilayer.data.frame import TRUE_FALSE
from multilayer.data.tables.guess import Guess, listed
from multilayer.data.tables.layout import MISSING_WORDS
from multilayer.data.tables.options import TYPE_WORDS, TableOptions
from multilayer.errors import DataError, shown

Series: TypeAlias = Any

LOOSE_MISSING = ("-", "--", ".", "*", "none", "None", "NONE", "unknown", "Unknown", "missing", "Missing")
"""Words that mean a missing cell only where every other cell is a number or a date."""

DAY_FIRST, MONTH_FIRST = ("%d/%m/%Y", "%d-%m-%Y"), ("%m/%d/%Y", "%m-%d-%Y")
DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%Y",
    *DAY_FIRST,
    *MONTH_FIRST,
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S%.f", " %I:%M %p")
ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")
LIKE_A_DATE = re.compile(r"(?=.*\d.*\d)[\w:./+, -]{6,40}")
DECIMAL_COMMA = r"^[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][-+]?\d+)?$"
THOUSANDS = r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$|^[-+]?\d+(\.\d+)?$"
MOSTLY, FEW = 0.95, 20
"""A column of more than 20 different cells, 95 in 100 of them numbers, is taken for numbers with mistakes in it."""


def typed(
    table: Any, options: TableOptions, known: Mapping[str, ColumnKind] | None = None, *, of: str = ""
) -> tuple[Any, list[Guess]]:
    """The frame with every column of one type, and what was guessed.

    `known` are the kinds that columns must have, as in training; `of` names the file where it is not the first.
    Raises DataError for a column that cannot be what it was said to be, and for numbers with mistakes among them.
    """
    guesses: list[Guess] = []
    for name in table.columns:
        given = table[name]
        series = _without_missing(given, options)
        said = options.types.get(name)
        if said is not None and "%" in said:
            series = _dated(series, said, of)
        elif said is not None or (known and name in known):
            kind = TYPE_WORDS[said] if said is not None else (known or {})[name]
            series = _as_kind(series, kind, of)
        elif series.dtype == _pl().String:
            series = _found(series, guesses, options)
        if series is not given:
            table = table.with_columns(series.alias(name))
    return table, guesses


def _pl() -> Any:
    import polars

    return polars


def _without_missing(series: Series, options: TableOptions) -> Series:
    """Text cells without blanks around them, those that mean a missing one null."""
    pl = _pl()
    if series.dtype in (pl.Int128, pl.UInt128) or series.dtype.is_decimal():
        return series.cast(pl.Float64)
    if series.dtype in (pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    if series.dtype != pl.String:
        return series
    series = series.str.strip_chars()
    words = [*MISSING_WORDS, *MISSING_TEXTS, *options.missing]
    return series.set(series.is_in(words), None)


def _found(series: Series, guesses: list[Guess], options: TableOptions) -> Series:
    """The first of booleans, numbers and dates that takes all cells; the text itself where none does."""
    if series.null_count() == len(series):
        return series.cast(_pl().Float64)
    distinct = series.drop_nulls().unique(maintain_order=True)
    if set(distinct.head(5)) <= set(TRUE_FALSE) and set(distinct) <= set(TRUE_FALSE):
        return series.replace_strict(TRUE_FALSE, default=None, return_dtype=_pl().Boolean)
    loose = [word for word in LOOSE_MISSING if word in distinct]
    filled = distinct.filter(~distinct.is_in(loose)) if loose else distinct
    for attempt in (_numbers, _decimal_commas, _thousands, _dates):
        if not len(filled) or attempt(filled, series.name, [], options) is None:
            continue
        if loose:
            said = f"{listed([repr(word) for word in loose])} in {series.name!r} {'is' if len(loose) == 1 else 'are'}"
            guesses.append(Guess(f"{said} taken for missing cells.", f'--types "{series.name}=text"'))
            series = series.set(series.is_in(loose), None)
        return attempt(series, series.name, guesses, options)
    _refuse_mistakes(series, distinct)
    return series


def _whole(numbers: Series, texts: Series) -> Series | None:
    return numbers if numbers.null_count() == texts.null_count() else None


def _numbers(series: Series, name: str, guesses: list[Guess], options: TableOptions) -> Series | None:
    pl = _pl()
    whole = _whole(series.cast(pl.Int64, strict=False), series)
    return whole if whole is not None else _whole(series.cast(pl.Float64, strict=False), series)


def _decimal_commas(series: Series, name: str, guesses: list[Guess], options: TableOptions) -> Series | None:
    if options.decimal == "." or not series.drop_nulls().str.contains(DECIMAL_COMMA).all():
        return None
    if options.decimal is None and series.drop_nulls().str.contains(THOUSANDS).all():
        return None  # 1,234: thousands unless said otherwise
    guesses.append(Guess(f"Commas in {name!r} are decimal points.", "--decimal ."))
    return _whole(
        series.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True).cast(_pl().Float64), series
    )


def _thousands(series: Series, name: str, guesses: list[Guess], options: TableOptions) -> Series | None:
    if options.decimal == "," or not series.drop_nulls().str.contains(THOUSANDS).all():
        return None
    guesses.append(Guess(f"Commas in {name!r} separate thousands.", "--decimal ,"))
    return _numbers(series.str.replace_all(",", "", literal=True), name, guesses, options)


def _dates(series: Series, name: str, guesses: list[Guess], options: TableOptions) -> Series | None:
    filled = series.drop_nulls().unique(maintain_order=True)
    if not all(LIKE_A_DATE.fullmatch(cell) for cell in filled.head(20)):
        return None
    forms = [f"{date}{time}" for date, time in product(DATES, TIMES)] + list(ZONED)
    fitting = [form for form in forms if _parsed(filled.head(20), form) is not None]
    fitting = [form for form in fitting if _parsed(filled, form) is not None]
    if not fitting:
        return None
    dates = _parsed(series, fitting[0])
    if fitting[0].startswith(DAY_FIRST) and any(form.startswith(MONTH_FIRST) for form in fitting):
        month = fitting[0].replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
        guesses.append(Guess(f"Dates in {name!r} are taken as day, month, year.", f'--types "{name}={month}"'))
    elif not fitting[0].startswith("%Y-"):
        guesses.append(Guess(f"{name!r} holds dates such as {filled[0]}.", f'--types "{name}=text"'))
    return dates


def _parsed(series: Series, form: str) -> Series | None:
    """The dates, or None where a cell is none of this form."""
    pl = _pl()
    timed = "%H" in form or "%I" in form
    try:
        dates = series.str.strptime(pl.Datetime("us") if timed else pl.Date, form, strict=False)
    except pl.exceptions.PolarsError:
        return None
    if dates.dtype == pl.Datetime and dates.dtype.time_zone:
        dates = dates.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return _whole(dates, series)


def _dated(series: Series, form: str, of: str) -> Series:
    dates = _parsed(series, form) if series.dtype == _pl().String else series
    if dates is None:
        raise DataError(f"column {series.name!r}{of} must be dates of the form {form}, got {_first_text(series)}.")
    return dates


def _as_kind(series: Series, kind: ColumnKind, of: str) -> Series:
    """The column as the kind it must be; left as it is where the encoding will say what is wrong."""
    pl = _pl()
    if kind == "category":
        return series if series.dtype == pl.String else series.cast(pl.String, strict=False)
    if series.dtype != pl.String:
        return series
    options, guesses = TableOptions(), list[Guess]()
    if kind == "boolean" and set(series.drop_nulls().unique()) <= set(TRUE_FALSE):
        return series.replace_strict(TRUE_FALSE, default=None, return_dtype=pl.Boolean)
    attempts = {"number": (_numbers, _decimal_commas, _thousands), "date": (_dates,)}.get(kind, ())
    loose = series.set(series.is_in(LOOSE_MISSING), None)
    for attempt in attempts:
        found = attempt(loose, series.name, guesses, options)
        if found is not None:
            return found
    if series.null_count() == len(series):
        return series.cast(pl.Float64)
    wrong, row = _first_wrong(loose, kind)
    raise DataError(f"column {series.name!r}{of} must be {WORDS[kind]}, got {shown(wrong, 40)} in row {row}.")


def _first_wrong(series: Series, kind: ColumnKind) -> tuple[str, int]:
    """The first cell that is none of the kind, and its row, counted from 1."""
    pl = _pl()
    right = series.cast(pl.Float64, strict=False) if kind == "number" else series.cast(pl.Date, strict=False)
    place = int((right.is_null() & series.is_not_null()).arg_max() or 0)
    return str(series[place]), place + 1


def _first_text(series: Series) -> str:
    return shown(next(iter(series.drop_nulls()), ""), 40)


def _refuse_mistakes(series: Series, distinct: Series) -> None:
    numbers = series.cast(_pl().Float64, strict=False)
    filled = len(series) - series.null_count()
    wrong = filled - (len(numbers) - numbers.null_count())
    if len(distinct) <= FEW or wrong > (1 - MOSTLY) * filled:
        return
    cell, row = _first_wrong(series, "number")
    raise DataError(
        f"column {series.name!r} looks like numbers, but {shown(cell, 40)} in row {row} is none ({wrong} of {filled:,} "
        f'cells). Correct it, or say --missing "{cell}" or --types "{series.name}=text".'
    )


def kinds_of(table: Any) -> dict[str, ColumnKind]:
    """The kinds of a frame's columns, those of a column without any cell filled left open."""
    pl = _pl()
    found: dict[str, ColumnKind] = {}
    for name, dtype in zip(table.columns, table.dtypes, strict=True):
        if table[name].null_count() == len(table):
            continue
        if dtype.is_numeric():
            found[name] = "number"
        elif dtype in (pl.Date, pl.Datetime):
            found[name] = "date"
        elif dtype == pl.Boolean:
            found[name] = "boolean"
        elif dtype == pl.String:
            found[name] = "category"
    return found


def words_of(names: Sequence[str]) -> str:
    """Names as they are given to an option."""
    joined = ",".join(names)
    return f'"{joined}"' if re.search(r"[\s\"']", joined) else joined
