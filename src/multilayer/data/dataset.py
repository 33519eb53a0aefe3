"""A table with a question: typed input columns, a target, and perhaps weights and groups of rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from multilayer.card import card
from multilayer.data.column import Column, column_of
from multilayer.data.frame import cells_of, frame_of, is_frame, wanted_names
from multilayer.data.stored import ArrayColumns, Columns, TypedColumns
from multilayer.data.target import Label, Target, TargetKind, target_of
from multilayer.errors import DataError, sentence

SHOWN = 12
"""Names listed on a notebook's card."""

__all__ = ["Column", "Dataset", "Label", "Target", "TargetKind", "columns_of_array"]


@final
@dataclass(frozen=True, eq=False)
class Dataset:
    """Typed columns and a target of equally many rows; `weight` (n_samples,) is at least 0, `group` holds codes.

    `columns` may be given as a sequence; those of an array or a large file stay there, read when they are asked for.

    >>> Dataset.from_arrays([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], name="xor")
    Dataset('xor': 4 rows, 2 columns, binary target)
    """

    name: str
    columns: Columns
    target: Target
    weight: npt.NDArray[Any] | None = None
    group: npt.NDArray[Any] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.columns, Sequence):
            object.__setattr__(self, "columns", TypedColumns(self.columns))
        if not len(self.columns):
            raise DataError(f"dataset {self.name!r} must have at least one input column, it has none.")
        if self.n_samples == 0:
            raise DataError(f"dataset {self.name!r} must have at least one row, it has none.")
        names = self.column_names
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"columns of dataset {self.name!r} must have distinct names, {twice!r} occurs twice.")
        if isinstance(self.columns, TypedColumns):
            for column in self.columns:
                self._check_rows(f"column {column.name!r}", len(column.values))
        self._check_rows(f"column {names[0]!r}", self.columns.n_samples)
        if self.weight is not None:
            self._check_weight(np.ascontiguousarray(self.weight, dtype=np.float64))
        if self.group is not None:
            self._check_group(np.asarray(self.group))

    def _check_rows(self, what: str, rows: int) -> None:
        if rows != self.n_samples:
            raise DataError(f"{what} must have as many rows as the target, {self.n_samples}, got {rows}.")

    def _check_weight(self, weight: npt.NDArray[np.float64]) -> None:
        if weight.ndim != 1:
            raise DataError(sentence("weight", "one-dimensional", weight.shape))
        self._check_rows("weight", len(weight))
        wrong = ~(np.isfinite(weight) & (weight >= 0))
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError(f"weight must be finite numbers of at least 0, got {float(weight[row])} in row {row}.")
        if not weight.any():
            raise DataError("weight must be greater than 0 in at least one row, it is 0 everywhere.")
        object.__setattr__(self, "weight", weight)

    def _check_group(self, group: npt.NDArray[Any]) -> None:
        if group.ndim != 1 or group.dtype.kind not in "iu":
            raise DataError(f"group must be whole-number codes (n_samples,), got {group.dtype} of shape {group.shape}.")
        self._check_rows("group", len(group))
        object.__setattr__(self, "group", np.ascontiguousarray(group, dtype=np.int64))

    @property
    def n_samples(self) -> int:
        """The number of rows."""
        return len(self.target.values)

    @property
    def n_out(self) -> int:
        """How many outputs a network for the target has."""
        return self.target.n_out

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the input columns, in order."""
        return tuple(heading.name for heading in self.columns.headings)

    def take(self, rows: npt.ArrayLike) -> Dataset:
        """The dataset over some of its rows; categories and classes stay as they are."""
        rows = np.asarray(rows, dtype=np.int64)
        weight = None if self.weight is None else self.weight[rows]
        group = None if self.group is None else self.group[rows]
        return Dataset(self.name, self.columns.take(rows), self.target.take(rows), weight, group)

    def __repr__(self) -> str:
        extras = "".join([", weights" * (self.weight is not None), ", groups" * (self.group is not None)])
        counts = f"{self.n_samples} rows, {len(self.columns)} column{'s' * (len(self.columns) != 1)}"
        return f"Dataset({self.name!r}: {counts}, {self.target.kind} target{extras})"

    def _repr_html_(self) -> str:
        names, target = self.column_names, self.target
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        shown = ", ".join(names[:SHOWN]) + more
        classes = ", ".join(map(str, target.classes[:SHOWN])) + (", ..." if len(target.classes) > SHOWN else "")
        extras = [
            ("weights", "one a row" * (self.weight is not None)),
            ("groups", "one a row" * (self.group is not None)),
        ]
        rows = [("rows", f"{self.n_samples:,}"), (f"{len(names)} column{'s' * (len(names) != 1)}", shown)]
        what = [(f"target ({target.kind})", ", ".join(target.names[:SHOWN])), ("classes", classes)]
        return card(f"Dataset {self.name}", [*rows, *what, *extras])

    @classmethod
    def from_arrays(
        cls,
        X: object,
        y: object,
        *,
        kind: TargetKind | None = None,
        name: str = "data",
        names: Sequence[str] | None = None,
        weight: object = None,
        group: object = None,
    ) -> Dataset:
        """A dataset from arrays or lists: X (n_samples, n_columns), y (n_samples,) or (n_samples, n_out).

        NaN in X is a missing value. Columns are called `names`, or x1, x2, ...; a frame as X keeps its own names and
        types. What y means is told by `target_of`; `kind` overrules it.

        An array of numbers is shared, so that X may be a `numpy.memmap` larger than memory: do not change it while the
        dataset is in use. Rows of float32 or float64 in C order are trained on where they lie; others are encoded
        first, into memory or a temporary file.
        """
        if is_frame(X):
            table = frame_of(X)
            columns: Columns = typed(table, table.columns)
        else:
            columns = columns_of_array(X, names)
        target = target_of(y, kind=kind)
        rows = columns.n_samples
        if rows != len(target.values):
            raise DataError(f"X and y must have equally many rows, got {rows} and {len(target.values)}.")
        return cls(name, columns, target, _weights(weight), _groups(group))

    @classmethod
    def from_frame(
        cls,
        frame: object,
        target: str | Sequence[str],
        *,
        kind: TargetKind | None = None,
        name: str = "data",
        weight: object = None,
        group: object = None,
        drop: Sequence[str] = (),
    ) -> Dataset:
        """A dataset from a pandas, polars or PyArrow table; `weight` and `group` name columns or are arrays.

        `target` is one column or, for several outputs, a list of columns; all columns that are not target, weight,
        group or in `drop` are inputs.
        """
        table = frame_of(frame)
        targets = [target] if isinstance(target, str) else list(target)
        if not targets:
            raise DataError("target must name at least one column, got none.")
        weights, groups = ([role] if isinstance(role, str) else [] for role in (weight, group))
        inputs = wanted_names(table, {"target": targets, "weight": weights, "group": groups, "drop": list(drop)})
        columns = typed(table, inputs)
        y = [cells_of(table, column) for column in targets]
        weight = cells_of(table, weight) if isinstance(weight, str) else weight
        group = cells_of(table, group) if isinstance(group, str) else group
        values = y[0] if len(y) == 1 else np.stack(y, axis=1)
        return cls(name, columns, target_of(values, kind=kind, names=targets), _weights(weight), _groups(group))

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike[str],
        target: str | Sequence[str] | None = None,
        *,
        kind: TargetKind | None = None,
        name: str | None = None,
        weight: str | None = None,
        group: str | None = None,
        drop: Sequence[str] = (),
    ) -> Dataset:
        """A dataset from a file of a table (`data.tables.read`, which also says what was guessed about it); without
        `target` the last column is the target.

        A Parquet file that would take more memory than data may (`multilayer.room`; 24 bytes a cell) is read a column
        at a time, and its inputs are kept in temporary files.
        """
        from multilayer.data.tables import read  # which makes datasets

        roles = {"weight_column": weight, "group": group, "drop": tuple(drop)}
        given: dict[str, Any] = {"target": target, "kind": kind, **roles}
        dataset = read(path, **given).dataset
        return dataset if name is None else replace(dataset, name=name)


def typed(table: Any, names: Sequence[str]) -> TypedColumns:
    """Some columns of a frame."""
    return TypedColumns(column_of(name, cells_of(table, name)) for name in names)


def columns_of_array(X: object, names: Sequence[str] | None = None) -> Columns:
    """The typed columns of a two-dimensional array or list of rows; NaN is a missing value. Numbers are not copied.

    >>> [column.kind for column in columns_of_array([[1.5, "red"], [2, "blue"]])]
    ['number', 'category']
    """
    array = X if isinstance(X, np.ndarray) else _array_of_rows(X)
    if array.dtype.kind == "c":
        raise DataError("X must be real, it holds complex numbers. Pass real and imaginary parts as columns.")
    if array.ndim != 2:
        do = "For a single column pass X.reshape(-1, 1)." if array.ndim == 1 else ""
        raise DataError(sentence("X", "two-dimensional (n_samples, n_columns)", array.shape, do))
    if 0 in array.shape:
        raise DataError(f"X must have at least one row and one column, got {array.shape}.")
    names = [f"x{place + 1}" for place in range(array.shape[1])] if names is None else list(names)
    if len(names) != array.shape[1]:
        raise DataError(f"names must be as many as the columns of X, {array.shape[1]}, got {len(names)}.")
    if array.dtype.kind in "iuf":
        return ArrayColumns(np.asarray(array), names)
    return TypedColumns(column_of(name, array[:, place]) for place, name in enumerate(names))


def _array_of_rows(X: object) -> npt.NDArray[Any]:
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise DataError("X must be rectangular, its rows differ in length.") from error
    return np.array(X, dtype=object) if array.dtype.kind in "UMO" or _mixes_booleans(X, array) else array


def _mixes_booleans(X: object, array: npt.NDArray[Any]) -> bool:
    return array.ndim == 2 and isinstance(X, Sequence) and any(isinstance(c, bool) for row in X for c in row)


def _weights(weight: object) -> npt.NDArray[np.float64] | None:
    if weight is None:
        return None
    try:
        return np.array(weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(sentence("weight", "numbers, one for each row", weight)) from error


def _groups(group: object) -> npt.NDArray[np.int64] | None:
    """Codes of the sorted distinct group labels."""
    if group is None:
        return None
    column = column_of("group", group)
    if column.missing.any():
        raise DataError(f"group must have no missing values, got one in row {int(column.missing.argmax())}.")
    return np.unique(column.values, return_inverse=True)[1].astype(np.int64)
