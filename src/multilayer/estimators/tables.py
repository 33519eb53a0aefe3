"""Tables as people have them: what their columns are, and what features a network sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from multilayer.data import Dataset, Encoding
from multilayer.data.column import REST, Column
from multilayer.data.dataset import columns_of_array, typed
from multilayer.data.encoding import ColumnEncoding
from multilayer.data.frame import frame_of, is_frame
from multilayer.data.number_features import NumberFeatures
from multilayer.data.stored import Columns, TypedColumns
from multilayer.errors import DataError

MOST_CATEGORIES = 64
LEAST_ROWS = 3
"""A column's categories beyond the 64 most frequent ones, and those of fewer rows, are one: the rest."""


def table_columns(estimator: BaseEstimator, X: Any, *, reset: bool) -> Columns:
    """The typed columns of a frame, an array or a list of rows; remembers, or checks, their number and names. Columns
    that were made here are taken as they are."""
    if isinstance(X, TypedColumns):
        return X
    if is_frame(X):
        table = frame_of(_named_by_text(X))
        if not len(table):
            raise DataError("X must have at least one row, got none.")
        validate_data(estimator, X, skip_check_array=True, reset=reset)
        return typed(table, table.columns)
    if hasattr(X, "toarray"):
        X = X.toarray()
    array = X if isinstance(X, np.ndarray) else np.asarray(X) if _plain(X) else X
    if isinstance(array, np.ndarray) and array.dtype.kind in "iufbc":
        rows = validate_data(estimator, array, dtype=(np.float64, np.float32), ensure_all_finite=False, reset=reset)
        return columns_of_array(rows)
    columns = columns_of_array(array if isinstance(array, np.ndarray) else np.array(X, dtype=object))
    validate_data(estimator, np.empty((columns.n_samples, len(columns))), skip_check_array=True, reset=reset)
    return columns


def _named_by_text(X: Any) -> Any:
    """A frame of pandas whose column names are numbers, as 0, 1, 2 are without names, with these as text."""
    if not hasattr(X, "set_axis") or getattr(X, "ndim", 2) != 2:
        return X
    return X if all(isinstance(name, str) for name in X.columns) else X.set_axis([str(n) for n in X.columns], axis=1)


def _plain(X: Any) -> bool:
    """Whether a list of rows, or what can be made an array, holds numbers alone."""
    try:
        return np.asarray(X).dtype.kind in "iufbc"
    except (ValueError, TypeError):
        return False


def features_of(dataset: Dataset, rows: npt.NDArray[np.int64], bins: int) -> Encoding:
    """How each column becomes features, by the values that these rows have of it.

    Numbers and dates become `NumberFeatures`; categories one feature each, rare ones together.
    """
    return Encoding(tuple(_features(column, rows, bins) for column in dataset.columns))


def _features(column: Column, rows: npt.NDArray[np.int64], bins: int) -> ColumnEncoding:
    missing = bool(column.missing[rows].any())
    if column.kind == "category":
        return ColumnEncoding(column.name, "category", _frequent(column, rows), missing)
    if column.kind == "boolean":
        return ColumnEncoding(column.name, "boolean")
    return ColumnEncoding(
        column.name, column.kind, numbers=NumberFeatures.fitted(column.values[rows], bins, gaps=missing)
    )


def _frequent(column: Column, rows: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """The categories with a feature of their own, and the rest where there is one."""
    counts = np.bincount(column.values[rows][column.values[rows] >= 0], minlength=len(column.categories))
    order = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    kept = [column.categories[code] for code in order.tolist() if counts[code] >= LEAST_ROWS]
    rest = [REST] if len(kept) < np.count_nonzero(counts) or REST in kept else []
    return tuple(sorted({*kept, *rest}))


def joined(parts: Sequence[Columns]) -> Columns:
    """The rows of several tables of the same columns, one after the other; the first one's kinds count."""
    whole = []
    for first, *others in zip(*parts, strict=True):
        several = [first, *(ColumnEncoding(first.name, first.kind).accept(column) for column in others)]
        categories = tuple(sorted({category for column in several for category in column.categories}))
        place = {category: code for code, category in enumerate(categories)}
        values = [
            np.array([place[column.categories[code]] if code >= 0 else -1 for code in column.values], dtype=np.int64)
            if first.kind == "category"
            else column.values
            for column in several
        ]
        whole.append(Column(first.name, first.kind, np.concatenate(values), categories))
    return TypedColumns(whole)
