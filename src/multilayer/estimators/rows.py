"""Rows as scikit-learn's users pass them, checked: whatever cannot be meant is one sentence with the column's name."""

from __future__ import annotations

import datetime
import warnings
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.validation import _check_sample_weight, validate_data

from multilayer import room
from multilayer.arrays import Array
from multilayer.data import Target
from multilayer.errors import DataError, UsageError, sentence, shown

Numbers: TypeAlias = npt.NDArray[Any]
PRECISIONS = (np.float64, np.float32)
FAR_SPREAD, FAR_MEAN = 30.0, 500.0
"""A standard deviation, and a distance of the mean from 0, beyond which a column counts as not scaled."""


def checked_rows(estimator: BaseEstimator, X: Any, *, reset: bool) -> Array:
    """X (n_samples, n_features) as float64, or float32 where that was passed, in C order; NaN is a missing value.

    Sparse rows are made dense. Raises DataError naming the column of what is no finite number.
    """
    if X is None or isinstance(X, (str, bytes)):
        raise DataError(sentence("X", "rows of numbers (n_samples, n_features)", X))
    try:
        if getattr(getattr(X, "dtype", None), "kind", "") in ("m", "M"):  # or it would count as a number of nanoseconds
            raise TypeError("dates")
        rows = validate_data(
            estimator, X, accept_sparse="csr", dtype=PRECISIONS, ensure_all_finite=False, order="C", reset=reset
        )
    except (ValueError, TypeError) as error:
        found = _not_a_number(X)
        if found is None and isinstance(error, np.exceptions.DTypePromotionError):  # of a frame
            who = _who_handles(estimator)
            raise DataError(f"X must be numbers, and its columns are of several kinds. {who}") from error
        if found is None:
            raise
        raise DataError(f"X must be numbers, got {found}. {_who_handles(estimator)}") from error
    if not isinstance(rows, np.ndarray):
        rows = rows.toarray(out=room.matrix(rows.shape[0], rows.shape[1], rows.dtype))
    infinite = np.isinf(rows)
    if infinite.any():
        row, place = np.argwhere(infinite)[0]
        raise DataError(
            f"X must hold no infinity and nothing too large for {rows.dtype}, got {rows[row, place]} in row {row} of "
            f"{column_name(X, int(place))}."
        )
    return np.asarray(rows)


def column_name(X: Any, place: int) -> str:
    """The column's name where X is a frame, else its number."""
    return named(getattr(X, "columns", None), place)


def named(names: Any, place: int) -> str:
    """A column by its name where there are names, else by its number."""
    return f"column {place}" if names is None else f"column {list(names)[place]!r}"


def _not_a_number(X: Any) -> str | None:
    """The first cell that is text or a date, in words; None where there is none, or X is no table of cells."""
    try:
        cells = np.asarray(X, dtype=object)
    except ValueError:
        return None
    if cells.ndim != 2:
        return None
    for place in range(cells.shape[1]):
        for row, cell in enumerate(cells[:, place].tolist()):
            if isinstance(cell, (str, bytes, datetime.date)) and not reads_as_number(cell):
                return f"{shown(cell)} in row {row} of {column_name(X, place)}"
    return None


def reads_as_number(cell: Any) -> bool:
    """Whether a cell is a number, or a text of one."""
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _who_handles(estimator: BaseEstimator) -> str:
    kind = "Classifier" if is_classifier(estimator) else "Regressor"
    return f"TabularMLP{kind} takes text, categories and dates as they are."


def same_rows(rows: int, target: Target, what: str = "X and y") -> None:
    """Raise DataError where so many rows have another number of targets."""
    if rows != len(target.values):
        raise DataError(f"{what} must have equally many rows, got {rows} and {len(target.values)}.")


def both_or_none(X_val: Any, y_val: Any) -> None:
    """Raise UsageError where validation rows have no target, or a target no rows."""
    if (X_val is None) != (y_val is None):
        raise UsageError("X_val and y_val go together, got one without the other.")


def checked_weights(sample_weight: Any, X: Array) -> Array | None:
    """Weights (n_samples,) in float64, finite and not below 0; None where none were given."""
    if sample_weight is None:
        return None
    try:
        weight = np.asarray(_check_sample_weight(sample_weight, X, dtype=np.float64))
    except ValueError as error:
        if "convert" not in str(error):
            raise
        raise DataError(sentence("sample_weight", "numbers", sample_weight)) from error
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"sample_weight must be finite numbers of at least 0, got {weight[row]} in row {row}.")
    if not weight.any():
        raise DataError("sample_weight must be greater than 0 in at least one row, it is 0 everywhere.")
    return weight


def checked_groups(groups: Any, rows: int) -> npt.NDArray[np.int64] | None:
    """Codes (n_samples,) of the groups; None where none were given."""
    if groups is None:
        return None
    try:
        codes = np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)
    except TypeError as error:
        raise DataError("groups must be all numbers or all text, and none may be missing.") from error
    if codes.shape != (rows,):
        raise DataError(f"groups must have one value for each of the {rows} rows of X, got shape {codes.shape}.")
    return codes


class UnscaledWarning(UserWarning):
    """Columns of very different size: gradient descent sees little but the largest."""


def warn_unscaled(estimator: BaseEstimator, X: Array) -> None:
    """Warn where a column lies far from the range in which networks learn well, naming it and what helps."""
    if estimator.input_scaling != "none":
        return
    with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any value
        center, spread = (np.asarray(of(X, axis=0, dtype=np.float64)) for of in (np.nanmean, np.nanstd))
    off = (spread > 0) & ((spread > FAR_SPREAD) | (np.abs(center) > FAR_MEAN))
    if not off.any():
        return
    place = int(np.nanargmax(np.where(off, np.maximum(spread, np.abs(center)), -1)))
    name = named(getattr(estimator, "feature_names_in_", None), place)
    kind = "Classifier" if is_classifier(estimator) else "Regressor"
    warnings.warn(
        f"X is not scaled: {name} has mean {center[place]:.3g} and standard deviation {spread[place]:.3g}. Write "
        f"input_scaling='standardize', put StandardScaler before, or use TabularMLP{kind}, which scales by itself.",
        UnscaledWarning,
        stacklevel=3,
    )
