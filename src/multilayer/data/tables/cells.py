"""What the cells of a text column are: booleans, numbers with odd signs, dates in many forms, or text.

polars has already made numbers and true/false of the columns in which every cell is one. What is left as text is tried
in the order of `_found`; the first that takes every filled cell counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from multilayer.data.column import MISSING_TEXTS, WORDS, ColumnKind
from multilayer.data.frame import TRUE_FALSE
from multilayer.data.tables.guess import Guess, listed
from multilayer.data.tables.layout import MISSING_WORDS
from multilayer.data.tables.notation import (
    DAY_FIRST,
    DECIMAL_COMMAS,
    FORMS,
    ISO,
    MONTH_FIRST,
    NUMBERS,
    THOUSANDS,
    Notation,
    dates,
    fitting,
    may_be_dates,
    nearest,
    nearest_dates,
)
from multilayer.data.tables.options import TYPE_WORDS, TableOptions
from multilayer.errors import DataError, shown

Series: TypeAlias = Any

LOOSE_MISSING = ("-", "--", ".", "*", "none", "None", "NONE", "unknown", "Unknown", "missing", "Missing")
"""Words that mean a missing cell only where every other cell is a number or a date."""

MOSTLY, FEW = 0.95, 20
"""A column of more than 20 different cells, 95 in 100 of them numbers, is taken for numbers with mistakes in it; so are
dates."""


def typed(
    table: Any,
    options: TableOptions,
    known: Mapping[str, ColumnKind] | None = None,
    forms: Mapping[str, str] | None = None,
    *,
    of: str = "",
    only: Sequence[str] | None = None,
) -> tuple[Any, list[Guess], dict[str, str]]:
    """The frame with every column of one type, what was guessed, and how numbers and dates are written by column.

    `known` are the kinds that columns must have and `forms` how they are written, as in training; `of` names the file
    where it is not the first. `only` these columns are looked at.
    Raises DataError for a column that cannot be what it was said to be, and for numbers or dates with mistakes among
    them.
    """
    guesses: list[Guess] = []
    written: dict[str, str] = {}
    known, forms = known or {}, forms or {}
    for name in table.columns if only is None else only:
        given = table[name]
        series = _without_missing(given, options)
        said = options.types.get(name)
        if said is not None and "%" in said:
            series, written[name] = _dated(series, said, of), said
        elif said is not None or name in known:
            kind = TYPE_WORDS[said] if said is not None else known[name]
            series = _as_kind(series, kind, of, options, written, forms.get(name))
        elif series.dtype == _pl().String:
            series = _found(series, guesses, options, written)
        if series is not given:
            table = table.with_columns(series.alias(name))
    return table, guesses, written


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


def _found(series: Series, guesses: list[Guess], options: TableOptions, written: dict[str, str]) -> Series:
    """The first of booleans, numbers and dates that takes all cells; the text itself where none does."""
    if series.null_count() == len(series):
        return series.cast(_pl().Float64)
    distinct = series.drop_nulls().unique(maintain_order=True)
    if set(distinct.head(5)) <= set(TRUE_FALSE) and set(distinct) <= set(TRUE_FALSE):
        return series.replace_strict(TRUE_FALSE, default=None, return_dtype=_pl().Boolean)
    loose = [word for word in LOOSE_MISSING if word in distinct]
    filled = distinct.filter(~distinct.is_in(loose)) if loose else distinct
    forms: list[str] = []
    notation = next((each for each in _numbers(filled, options) if each.whole(filled) is not None), None)
    if notation is None and (forms := fitting(filled)):
        notation = dates(forms[0])
    if notation is None or not len(filled):
        if series.name not in options.drop:
            _refuse_mistakes(series, distinct, options)
        return series
    if loose:
        said = f"{listed([repr(word) for word in loose])} in {series.name!r} {'is' if len(loose) == 1 else 'are'}"
        guesses.append(Guess(f"{said} taken for missing cells.", f'--types "{series.name}=text"'))
        series = series.set(series.is_in(loose), None)
    guesses += _said(notation, forms, series.name, filled[0])
    if notation is not NUMBERS:
        written[series.name] = notation.name
    return notation.read(series)


def _numbers(series: Series, options: TableOptions) -> list[Notation]:
    """How numbers may be written, in the order they are tried; 1,234 is thousands unless said otherwise."""
    if options.decimal is not None:
        return [NUMBERS, THOUSANDS if options.decimal == "." else DECIMAL_COMMAS]
    return [NUMBERS, THOUSANDS, DECIMAL_COMMAS]


def _said(notation: Notation, forms: Sequence[str], name: str, example: str) -> list[Guess]:
    """What is said of a column that is written so; `forms` are all in which its dates could be."""
    if notation is DECIMAL_COMMAS:
        return [Guess(f"Commas in {name!r} are decimal points.", "--decimal .")]
    if notation is THOUSANDS:
        return [Guess(f"Commas in {name!r} separate thousands.", "--decimal ,")]
    if not forms:
        return []
    form, long = forms[0], [form.replace("%y", "%Y") for form in forms]
    years = " Years of two digits are from 1969 to 2068." if "%y" in form else ""
    if long[0].startswith(DAY_FIRST) and any(other.startswith(MONTH_FIRST) for other in long):
        month = form.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
        return [Guess(f"Dates in {name!r} are taken as day, month, year.{years}", f'--types "{name}={month}"')]
    if form.startswith("%Y-"):
        return []
    return [Guess(f"{name!r} holds dates such as {example}.{years}", f'--types "{name}=text"')]


def _dated(series: Series, form: str, of: str) -> Series:
    """The column as dates of this form."""
    if series.dtype != _pl().String:
        return series
    found = dates(form).whole(series)
    return found if found is not None else _refuse(series, dates(form), of)


def _as_kind(
    series: Series, kind: ColumnKind, of: str, options: TableOptions, written: dict[str, str], form: str | None
) -> Series:
    """The column as the kind it must be, written as `form` says where that is known; left as it is where the encoding
    will say what is wrong."""
    pl = _pl()
    if kind == "category":
        return series if series.dtype == pl.String else series.cast(pl.String, strict=False)
    if series.dtype != pl.String:
        return series
    if series.null_count() == len(series):
        return series.cast(pl.Float64)
    if kind == "boolean":
        if set(series.drop_nulls().unique()) <= set(TRUE_FALSE):
            return series.replace_strict(TRUE_FALSE, default=None, return_dtype=pl.Boolean)
        numbers = NUMBERS.whole(series)
        return numbers if numbers is not None else _refuse(series, None, of)
    loose = series.set(series.is_in(LOOSE_MISSING), None)
    if kind == "date":
        forms = FORMS if form is None else (form, *(iso for iso in ISO if iso != form))
        fit = fitting(loose, forms)
        notation = dates(fit[0]) if fit else dates(form) if form else nearest_dates(loose, forms)
    else:
        own = {DECIMAL_COMMAS.name: [NUMBERS, DECIMAL_COMMAS], THOUSANDS.name: [NUMBERS, THOUSANDS]}.get(form or "")
        notation = nearest(loose, own or _numbers(loose, options))
    found = notation.whole(loose)
    if found is None:
        return _refuse(loose, notation, of)
    if notation is not NUMBERS:
        written[series.name] = notation.name
    return found


def _refuse(series: Series, notation: Notation | None, of: str) -> Series:
    """Raise the error that names the first cell that is not written so; without a notation, no boolean."""
    if notation is None:
        other = series.is_not_null() & ~series.is_in(list(TRUE_FALSE))
        row, words = int(other.arg_max() or 0), WORDS["boolean"]
    else:
        row = notation.first_other(series)
        words = WORDS["number"] if notation in (DECIMAL_COMMAS, THOUSANDS) else notation.words
    raise DataError(f"column {series.name!r}{of} must be {words}, got {shown(series[row], 40)} in row {row + 1}.")


def _refuse_mistakes(series: Series, distinct: Series, options: TableOptions) -> None:
    """Refuse a column that is numbers, or dates of one form, but for a few cells."""
    if len(distinct) <= FEW:
        return
    notation = nearest(series, _numbers(series, options))
    if notation.count(series) == 0 and may_be_dates(distinct):
        notation = nearest_dates(distinct)
    filled = len(series) - series.null_count()
    wrong = filled - notation.count(series)
    if wrong > (1 - MOSTLY) * filled:
        return
    row = notation.first_other(series)
    cell = series[row]
    raise DataError(
        f"column {series.name!r} looks like {notation.words}, but {shown(cell, 40)} in row {row + 1} is none "
        f'({wrong:,} of {filled:,} cells). Correct it, or say --missing "{cell}" or --types "{series.name}=text".'
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
