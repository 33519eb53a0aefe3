"""From typed columns to numbers, row by row: no row's encoding depends on another row.

    number, date    as they are (dates in days), NaN where missing
    boolean         0 or 1, NaN where missing
    category        one feature for each category, 1 where it holds and 0 elsewhere; an unknown category counts as
                    "(rest)" where the column has that, and is 0 in all features elsewhere;
                    "name=missing" is a feature too when the dataset had missing cells in that column

A number or a date may become several features instead: `number_features`.

What is missing stays missing here; a preparation fills it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from multilayer import room
from multilayer.arrays import Array
from multilayer.data.column import REST, WORDS, Column, ColumnKind
from multilayer.data.dataset import Dataset, columns_of_array, typed
from multilayer.data.frame import frame_of, is_frame, no_column
from multilayer.data.number_features import NumberFeatures
from multilayer.data.parquet import DiskColumns, ParquetTable
from multilayer.data.stored import ArrayColumns, Columns, TypedColumns
from multilayer.errors import DataError


@final
@dataclass(frozen=True)
class ColumnEncoding:
    """How one column becomes features."""

    name: str
    kind: ColumnKind
    categories: tuple[str, ...] = ()
    missing: bool = False
    numbers: NumberFeatures | None = None  # where a number or date becomes several features

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        if self.numbers is not None:
            return self.numbers.names(self.name)
        if self.kind != "category":
            return (self.name,)
        return tuple(f"{self.name}={category}" for category in (*self.categories, *["missing"] * self.missing))

    @property
    def yes_no(self) -> tuple[bool, ...]:
        """Which features only say yes or no."""
        if self.numbers is not None:
            return (False,) * (self.numbers.width - self.numbers.gaps) + (True,) * self.numbers.gaps
        return (self.kind in ("boolean", "category"),) * len(self.feature_names)

    @property
    def as_it_is(self) -> bool:
        """Whether a number is its own and only feature."""
        return self.kind == "number" and self.numbers is None

    def fill(self, matrix: Array, column: Column) -> None:
        """Write the column's features into matrix (n_samples, features)."""
        if self.numbers is not None:
            matrix[:] = self.numbers.of(column.values)
            return
        if self.kind != "category":
            matrix[:, 0] = column.values
            return
        place = {category: code for code, category in enumerate(self.categories)}
        rest = place.get(REST, -1)
        known = np.array([*(place.get(category, rest) for category in column.categories), -1], dtype=np.int64)
        codes = known[column.values] if column.kind == "category" else np.full(len(column.values), -1)
        matrix[:, : len(self.categories)] = codes[:, None] == np.arange(len(self.categories))
        if self.missing:
            matrix[:, -1] = column.missing

    def accept(self, column: Column) -> Column:
        """The column, refused when its kind cannot be read as this one."""
        if column.kind != self.kind and not column.missing.all():
            zero_one = self.kind == "boolean" and np.isin(column.values[~column.missing], (0, 1)).all()
            if {column.kind, self.kind} != {"number", "boolean"} or (self.kind == "boolean" and not zero_one):
                expected, got = WORDS[self.kind], WORDS[column.kind]
                raise DataError(f"column {self.name!r} must be {expected} as in training, got {got}.")
        return column


@final
@dataclass(frozen=True)
class Encoding:
    """The columns of a dataset and the features they become.

    >>> encoding = Encoding.of(Dataset.from_arrays([[1.5, "red"], [2.0, "blue"]], [0, 1]))
    >>> encoding.feature_names
    ('x1', 'x2=blue', 'x2=red')
    >>> encoding.encode([[3.0, "green"], [None, "blue"]])
    array([[ 3.,  0.,  0.],
           [nan,  1.,  0.]])
    """

    columns: tuple[ColumnEncoding, ...]

    @classmethod
    def of(cls, dataset: Dataset) -> Encoding:
        """The encoding of a dataset's columns."""
        return cls(tuple(ColumnEncoding(*heading) for heading in dataset.columns.headings))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def n_features(self) -> int:
        """How many features the columns become: the n_in of a network."""
        return sum(len(column.feature_names) for column in self.columns)

    @property
    def indicators(self) -> npt.NDArray[np.bool_]:
        """Which features only say yes or no (booleans, categories, gaps), (n_features,)."""
        yes_no = [whether for column in self.columns for whether in column.yes_no]
        return np.array(yes_no, dtype=np.bool_)

    def matrix(self, table: Dataset | Columns) -> Array:
        """The features (n_samples, n_features), NaN where a number, boolean or date is missing.

        Rows of numbers that a dataset shares are the features, float32 or float64; all else is written to an array in
        memory or, where that is too much, in a temporary file.
        """
        columns = table.columns if isinstance(table, Dataset) else table
        self._check_width(len(columns))
        only_numbers = all(column.as_it_is for column in self.columns)
        if isinstance(columns, ArrayColumns) and only_numbers and columns.shared is not None:
            return columns.shared
        exact = isinstance(columns, DiskColumns) and columns.values.dtype == np.float32
        matrix = room.matrix(columns.n_samples, self.n_features, np.float32 if exact else np.float64)
        for part, cells in self._accepted(columns).in_blocks():
            for (start, end), encoding, column in zip(self._places(), self.columns, cells, strict=True):
                encoding.fill(matrix[part, start:end], column)
        return matrix

    def _accepted(self, columns: Columns) -> Columns:
        """The columns, of the kinds of training; those of another kind are read whole, to see what they hold."""
        known = all(heading.kind == column.kind for heading, column in zip(columns.headings, self.columns, strict=True))
        if known:
            return columns
        return TypedColumns(own.accept(column) for own, column in zip(self.columns, columns, strict=True))

    def encode(self, X: object) -> Array:
        """The features of new rows: an array or list of rows, columns in training's order, or a frame, by name.

        A frame's columns may come in any order, and those that training did not have are left aside.
        """
        if isinstance(X, Dataset):
            return self.matrix(X)
        if isinstance(X, DiskColumns):
            return self.matrix(X)
        return self.matrix(self.columns_of_table(frame_of(X)) if is_frame(X) else self._columns_of_rows(X))

    def columns_of_table(self, table: Any) -> Columns:
        """The columns of training in a table, which may have others too; those of a large file are kept on disk."""
        names, known = [column.name for column in self.columns], list(table.columns)
        for name in names:
            if name not in known:
                raise DataError(no_column(name, known, "X"))
        if not len(table):
            raise DataError("X must have at least one row, got none.")
        return DiskColumns(table, names) if isinstance(table, ParquetTable) else typed(table, names)

    def to_list(self) -> list[dict[str, Any]]:
        """The encoding as plain data for JSON."""
        return [
            {
                **{"name": column.name, "kind": column.kind},
                **{"categories": list(column.categories), "missing": column.missing},
                **({} if column.numbers is None else {"numbers": column.numbers.to_dict()}),
            }
            for column in self.columns
        ]

    @classmethod
    def from_list(cls, document: Sequence[Mapping[str, Any]]) -> Encoding:
        """The encoding of `to_list`."""
        return cls(
            tuple(
                ColumnEncoding(
                    *(entry["name"], entry["kind"], tuple(entry["categories"]), entry["missing"]),
                    NumberFeatures.from_dict(entry["numbers"]) if "numbers" in entry else None,
                )
                for entry in document
            )
        )

    def _places(self) -> Iterator[tuple[int, int]]:
        """Where each column's features start and end."""
        start = 0
        for column in self.columns:
            yield start, start + len(column.feature_names)
            start += len(column.feature_names)

    def _check_width(self, width: int) -> None:
        if width != len(self.columns):
            names = ", ".join(column.name for column in self.columns[:12])
            more = ", ..." if len(self.columns) > 12 else ""
            raise DataError(f"X must have {len(self.columns)} columns as in training ({names}{more}), got {width}.")

    def _columns_of_rows(self, X: object) -> Columns:
        columns = columns_of_array(X)
        self._check_width(len(columns))
        return columns
