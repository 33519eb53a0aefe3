"""The ways in which numbers and dates are written as text."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias, final

Series: TypeAlias = Any

MONTH_FIRST, DAY_FIRST = ("%m/%d/%Y", "%m-%d-%Y"), ("%d/%m/%Y", "%d-%m-%Y")
ISO_DAY = "%Y-%m-%d"
LATE_YEAR = ("%d.%m.%Y", *DAY_FIRST, *MONTH_FIRST, "%d-%b-%Y", "%d %b %Y", "%b %d, %Y")
DATES = (ISO_DAY, "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", *LATE_YEAR, *(form.replace("%Y", "%y") for form in LATE_YEAR))
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S%.f", " %I:%M %p")
ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")
FORMS = (*(f"{date}{time}" for date, time in product(DATES, TIMES)), *ZONED)
"""Dates in the order they are tried."""

ISO = tuple(form for form in FORMS if form.startswith(ISO_DAY))
"""The forms that can mean one date only."""

LIKE_A_DATE = re.compile(r"(?=.*\d.*\d)[\w:./+, -]{6,40}")
DECIMAL_COMMA = r"^[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][-+]?\d+)?$"
WITH_THOUSANDS = r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$|^[-+]?\d+(\.\d+)?$"
SPOKEN = {
    **{"%d": "dd", "%m": "mm", "%Y": "yyyy", "%y": "yy", "%b": "mmm", "%H": "hh", "%I": "hh", "%M": "mm", "%S": "ss"},
    **{"%.f": "", "%p": "AM", "%#z": "+hh:mm"},
}
SAMPLE = 100
"""So many different cells tell in which form most dates of a column are."""


@final
@dataclass(frozen=True)
class Notation:
    """One way of writing: what a record calls it, what a sentence calls such cells, and how a column is read.

    `read` gives null where a cell is written otherwise.
    """

    name: str
    words: str
    read: Callable[[Series], Series]

    def whole(self, series: Series) -> Series | None:
        """The column as it is read, None where a cell is written otherwise."""
        found = self.read(series)
        return found if found.null_count() == series.null_count() else None

    def first_other(self, series: Series) -> int:
        """The place of the first cell that is written otherwise, 0 where there is none."""
        return int((self.read(series).is_null() & series.is_not_null()).arg_max() or 0)

    def count(self, series: Series) -> int:
        """How many cells are written so."""
        return len(series) - int(self.read(series).null_count())


def _numbers(series: Series) -> Series:
    import polars as pl

    whole = series.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == series.null_count() else series.cast(pl.Float64, strict=False)


def _decimal_commas(series: Series) -> Series:
    import polars as pl

    fitting = series.set(~series.str.contains(DECIMAL_COMMA), None)
    points = fitting.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return points.cast(pl.Float64, strict=False)


def _thousands(series: Series) -> Series:
    fitting = series.set(~series.str.contains(WITH_THOUSANDS), None)
    return _numbers(fitting.str.replace_all(",", "", literal=True))


def _dates(series: Series, form: str) -> Series:
    """Dates; a year of four digits has four, one of two is from 1969 to 2068, as C's strptime takes it."""
    import polars as pl

    timed = "%H" in form or "%I" in form
    if "%Y" in form:
        series = series.set(~series.str.contains(r"^\d{4}" if form.startswith("%Y") else r"\d{4}"), None)
    try:
        dates = series.str.strptime(pl.Datetime("us") if timed else pl.Date, form, strict=False)
    except pl.exceptions.PolarsError:
        return pl.Series(series.name, [None] * len(series), dtype=pl.Date)
    if dates.dtype == pl.Datetime and dates.dtype.time_zone:
        dates = dates.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if "%y" in form:  # polars goes from 1970 to 2069
        dates = dates.zip_with((dates.dt.year() != 2069).fill_null(True), dates.dt.offset_by("-100y"))
    return dates


NUMBERS = Notation("number", "numbers", _numbers)
DECIMAL_COMMAS = Notation("decimal comma", "numbers with decimal commas", _decimal_commas)
THOUSANDS = Notation("thousands", "numbers with commas between thousands", _thousands)


@functools.cache
def dates(form: str) -> Notation:
    """Dates of this form, such as "%d.%m.%Y".

    >>> dates("%d.%m.%Y %H:%M").words
    'dates (dd.mm.yyyy hh:mm)'
    """
    spoken = re.sub(r"%(#|\.)?\w", lambda code: SPOKEN.get(code[0], code[0]), form)
    return Notation(form, f"dates ({spoken})", functools.partial(_dates, form=form))


def fitting(series: Series, forms: Sequence[str] = FORMS) -> list[str]:
    """The forms in which every cell is a date; none for an empty column."""
    filled = series.drop_nulls().unique(maintain_order=True)
    if not len(filled) or not all(LIKE_A_DATE.fullmatch(cell) for cell in filled.head(20)):
        return []
    found = [form for form in forms if dates(form).whole(filled.head(20)) is not None]
    return [form for form in found if dates(form).whole(filled) is not None]


def nearest(series: Series, notations: Sequence[Notation]) -> Notation:
    """The one in which most cells are written, the first of several."""
    return max(notations, key=lambda notation: notation.count(series))


def nearest_dates(series: Series, forms: Sequence[str] = FORMS) -> Notation:
    """The form in which most dates are written."""
    return nearest(series.drop_nulls().unique(maintain_order=True).head(SAMPLE), [dates(form) for form in forms])


def may_be_dates(series: Series) -> bool:
    """Whether half of the cells at the beginning look as dates do."""
    cells = series.drop_nulls().unique(maintain_order=True).head(SAMPLE)
    return sum(bool(LIKE_A_DATE.fullmatch(cell)) for cell in cells) * 2 > len(cells)
