"""One input column: numbers, categories, booleans or dates, each in one plain array.

However a table arrives (array, list, frame, file), the same cells become the same column:

    number     float64, NaN where missing; integers are taken as float64 too
    boolean    float64 0 or 1, NaN where missing
    date       float64 days since 1970-01-01 (UTC), times as fractions of a day, NaN where missing
    category   int64 codes into the sorted categories, -1 where missing

The texts in `MISSING_TEXTS` mean a missing cell everywhere, and a column without any cell filled is a number column.
"""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, final, get_args

import numpy as np
import numpy.typing as npt

from multilayer.errors import DataError, sentence, shown, unknown

ColumnKind: TypeAlias = Literal["number", "category", "boolean", "date"]

MISSING_TEXTS = frozenset({"", "NA", "N/A", "NaN", "nan", "null"})
"""Texts that mean a missing cell."""

REST = "(rest)"
"""The category that stands for all rare ones of a column, and then for those that training did not have."""

WORDS = {"number": "numbers", "category": "text", "boolean": "booleans", "date": "dates"}
"""The column kinds as they appear in sentences."""

MICROSECONDS_A_DAY = 86_400_000_000.0
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Heading(NamedTuple):
    """What a column is, without its cells; `missing` is whether a category column has missing cells."""

    name: str
    kind: ColumnKind
    categories: tuple[str, ...] = ()
    missing: bool = False


@final
@dataclass(frozen=True, eq=False)
class Column:
    """One typed input column; `categories` belong to kind "category" alone, sorted by code point.

    >>> Column("color", "category", np.array([1, 0, -1]), ("blue", "red"))
    Column('color': category of 2, 3 rows, 1 missing)
    """

    name: str
    kind: ColumnKind
    values: npt.NDArray[Any]  # (n_samples,)
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(ColumnKind):
            raise DataError(unknown("column kind", self.kind, get_args(ColumnKind)))
        wanted = np.int64 if self.kind == "category" else np.float64
        values = np.ascontiguousarray(self.values, dtype=wanted)
        if values.ndim != 1:
            raise DataError(sentence(f"column {self.name!r}", "one-dimensional", np.shape(self.values)))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "categories", tuple(self.categories))
        _check_categories(self) if self.kind == "category" else _check_numbers(self)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which rows are missing, (n_samples,)."""
        return np.asarray(self.values < 0 if self.kind == "category" else np.isnan(self.values))

    @property
    def heading(self) -> Heading:
        """The column without its cells."""
        missing = self.kind == "category" and bool(self.missing.any())
        return Heading(self.name, self.kind, self.categories, missing)

    def take(self, rows: npt.ArrayLike) -> Column:
        """The same column over some of its rows."""
        return Column(self.name, self.kind, self.values[np.asarray(rows, dtype=np.int64)], self.categories)

    def __repr__(self) -> str:
        kind = f"category of {len(self.categories)}" if self.kind == "category" else self.kind
        missing = int(np.count_nonzero(self.missing))
        return f"Column({self.name!r}: {kind}, {len(self.values)} rows" + (f", {missing} missing)" if missing else ")")


def _check_categories(column: Column) -> None:
    if list(column.categories) != sorted(set(column.categories)):
        raise DataError(sentence(f"categories of column {column.name!r}", "sorted and distinct", column.categories))
    wrong = (column.values < -1) | (column.values >= len(column.categories))
    if wrong.any():
        expected = f"codes from -1 (missing) to {len(column.categories) - 1}"
        raise DataError(sentence(f"column {column.name!r}", expected, int(column.values[wrong.argmax()])))


def _check_numbers(column: Column) -> None:
    infinite = np.isinf(column.values)
    if infinite.any():
        row = int(infinite.argmax())
        got = f"{float(column.values[row])} in row {row}"
        raise DataError(f"column {column.name!r} must be finite or missing (NaN), got {got}. Replace or remove it.")
    if column.kind == "boolean":
        wrong = ~(np.isnan(column.values) | (column.values == 0) | (column.values == 1))
        if wrong.any():
            raise DataError(sentence(f"column {column.name!r}", "0, 1 or NaN", float(column.values[wrong.argmax()])))


def column_of(name: str, cells: object) -> Column:
    """The typed column that one-dimensional cells (an array or a list) amount to.

    >>> column_of("married", [True, None, False])
    Column('married': boolean, 3 rows, 1 missing)
    >>> column_of("color", ["red", "blue", ""]).categories
    ('blue', 'red')
    """
    array = cells if isinstance(cells, np.ndarray) else objects_of(cells)
    if array.dtype.kind in "iuf":
        return Column(name, "number", array)
    if array.dtype.kind == "b":
        return Column(name, "boolean", array)
    if array.dtype.kind == "M":
        return Column(name, "date", days_of(array))
    if array.dtype.kind in "UT":
        return text_column(name, [str(cell) for cell in array])
    if array.dtype.kind == "O":
        return _column_of_objects(name, array.tolist())
    kind = "complex numbers" if array.dtype.kind == "c" else f"of type {array.dtype}"
    raise DataError(f"column {name!r} must be numbers, text, booleans or dates, it is {kind}.")


def objects_of(cells: object) -> npt.NDArray[Any]:
    """The cells as a one-dimensional array of Python objects, so that nothing is converted unseen."""
    if not isinstance(cells, Iterable) or isinstance(cells, str):
        raise DataError(sentence("a column", "an array or a list", cells))
    cells = list(cells)
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def days_of(dates: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """datetime64 as float64 days since 1970-01-01, NaT as NaN; the finest step is a microsecond."""
    micros = dates.astype("datetime64[us]").astype(np.int64).astype(np.float64)
    return np.where(np.isnat(dates), np.nan, micros / MICROSECONDS_A_DAY)


def text_column(name: str, cells: Sequence[str | None]) -> Column:
    """A category column from texts; None and `MISSING_TEXTS` are missing."""
    texts = [None if cell is None or cell in MISSING_TEXTS else cell for cell in cells]
    categories = sorted({text for text in texts if text is not None})
    if not categories:
        return Column(name, "number", np.full(len(texts), np.nan))
    code = {text: place for place, text in enumerate(categories)}
    codes = np.array([-1 if text is None else code[text] for text in texts], dtype=np.int64)
    return Column(name, "category", codes, tuple(categories))


def is_missing(cell: object) -> bool:
    """Whether an object stands for a missing cell: None, NaN, a missing text, pandas' NA and NaT.

    >>> [is_missing(cell) for cell in (None, float("nan"), "", 0)]
    [True, True, True, False]
    """
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(cell, str):
        return cell in MISSING_TEXTS
    return isinstance(cell, (float, np.floating, np.datetime64)) and bool(cell != cell)


def kind_of_cell(cell: object) -> str:
    """What one filled cell is: a column kind, or the name of its type when it is none of them."""
    if isinstance(cell, (bool, np.bool_)):
        return "boolean"
    if isinstance(cell, numbers.Real) or type(cell).__name__ == "Decimal":
        return "number"
    if isinstance(cell, str):
        return "category"
    return "date" if isinstance(cell, (datetime.date, np.datetime64)) else type(cell).__name__


def _column_of_objects(name: str, cells: list[Any]) -> Column:
    kinds = sorted({kind_of_cell(cell) for cell in cells if not is_missing(cell)})
    if len(kinds) > 1:
        first = {kind: next(c for c in cells if not is_missing(c) and kind_of_cell(c) == kind) for kind in kinds}
        mixed = " and ".join(f"{WORDS.get(kind, kind)} ({shown(cell, 30)})" for kind, cell in first.items())
        raise DataError(f"column {name!r} must be of one kind, it mixes {mixed}. Clean it or drop it.")
    kind = kinds[0] if kinds else "number"
    if kind == "category":
        return text_column(name, [None if is_missing(cell) else cell for cell in cells])
    if kind == "date":
        return Column(name, "date", np.array([np.nan if is_missing(cell) else _days(cell) for cell in cells]))
    if kind in ("number", "boolean"):
        values = [np.nan if is_missing(cell) else _number(name, cell) for cell in cells]
        return Column(name, "boolean" if kind == "boolean" else "number", np.array(values, dtype=np.float64))
    raise DataError(f"column {name!r} must be numbers, text, booleans or dates, it holds cells of type {kind}.")


def _number(name: str, cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError as error:
        raise DataError(f"column {name!r} must fit float64, got {shown(cell, 30)}.") from error


def _days(cell: Any) -> float:
    if isinstance(cell, np.datetime64):
        return float(days_of(np.array([cell]))[0])
    if not isinstance(cell, datetime.datetime):
        return float((cell - EPOCH.date()).days)
    moment = cell if cell.tzinfo is not None else cell.replace(tzinfo=datetime.UTC)
    return float((moment - EPOCH) // datetime.timedelta(microseconds=1)) / MICROSECONDS_A_DAY
