"""What a network is to answer: one of two, one of several, any of several, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final, get_args

import numpy as np
import numpy.typing as npt

from multilayer.data.column import WORDS, is_missing, kind_of_cell, objects_of
from multilayer.errors import DataError, sentence, shown, unknown

TargetKind: TypeAlias = Literal["binary", "classes", "multilabel", "regression"]
Label: TypeAlias = str | int | float | bool

MOST_CLASSES = 20
"""Whole-number targets with at most this many distinct values are classes, with more a regression."""

LARGEST_LABEL = 2**53 - 1
"""Whole-number labels stay exact in float64 up to here."""


@final
@dataclass(frozen=True, eq=False)
class Target:
    """The target column or columns.

    kind          values                              n_out
    binary        int64 codes (n_samples,), 0 or 1    1
    classes       int64 codes (n_samples,)            number of classes
    multilabel    float64 0 or 1, (n_samples, n_out)  number of labels
    regression    float64 (n_samples, n_out)          number of numbers

    `classes` are the original labels that codes point into, sorted: numbers numerically, text by code point.

    >>> Target("binary", np.array([0, 1, 1]), classes=("no", "yes"))
    Target(binary 'target': no, yes; 3 rows)
    """

    kind: TargetKind
    values: npt.NDArray[Any]
    names: tuple[str, ...] = ("target",)
    classes: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(TargetKind):
            raise DataError(unknown("target kind", self.kind, get_args(TargetKind)))
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "classes", tuple(self.classes))
        _check_codes(self) if self.kind in ("binary", "classes") else _check_values(self)

    @property
    def n_out(self) -> int:
        """How many outputs a network for this target has; a binary target needs one."""
        if self.kind == "binary":
            return 1
        return len(self.classes) if self.kind == "classes" else int(self.values.shape[1])

    def take(self, rows: npt.ArrayLike) -> Target:
        """The same target over some of its rows; the classes stay."""
        return Target(self.kind, self.values[np.asarray(rows, dtype=np.int64)], self.names, self.classes)

    def __repr__(self) -> str:
        labels = f": {', '.join(map(str, self.classes[:10]))}" if self.classes else ""
        more = ", ..." if len(self.classes) > 10 else ""
        return f"Target({self.kind} {', '.join(map(repr, self.names))}{labels}{more}; {len(self.values)} rows)"


def _check_codes(target: Target) -> None:
    values = np.asarray(target.values)
    if values.ndim != 1 or values.dtype.kind not in "iub":
        got = f"{values.dtype} of shape {values.shape}"
        raise DataError(f"values of a {target.kind} target must be whole-number codes (n_samples,), got {got}.")
    object.__setattr__(target, "values", np.ascontiguousarray(values, dtype=np.int64))
    if target.kind == "binary" and len(target.classes) != 2:
        raise DataError(sentence("classes of a binary target", "two labels", target.classes))
    if len(target.classes) < 2:
        raise DataError(sentence("classes of the target", "at least two labels", target.classes))
    if list(target.classes) != sorted_labels(target.classes):
        raise DataError(sentence("classes of the target", "sorted and distinct", target.classes))
    wrong = (target.values < 0) | (target.values >= len(target.classes))
    if wrong.any():
        expected = f"codes from 0 to {len(target.classes) - 1}"
        raise DataError(sentence("values of the target", expected, int(target.values[wrong.argmax()])))


def _check_values(target: Target) -> None:
    values = np.ascontiguousarray(target.values, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        expected = "of shape (n_samples, n_out)"
        raise DataError(sentence(f"values of a {target.kind} target", expected, values.shape))
    object.__setattr__(target, "values", values)
    finite = np.isfinite(values)
    if not finite.all():
        row, place = np.argwhere(~finite)[0]
        name = target.names[place] if len(target.names) == values.shape[1] else target.names[0]
        got = f"{float(values[row, place])} in row {row}"
        raise DataError(f"target {name!r} must be finite, got {got}. Remove the rows without a target.")
    if target.kind == "multilabel" and not np.isin(values, (0.0, 1.0)).all():
        raise DataError(sentence("values of a multilabel target", "0 or 1", float(values[~np.isin(values, (0, 1))][0])))
    if target.classes:
        raise DataError(sentence(f"classes of a {target.kind} target", "empty", target.classes))


def sorted_labels(labels: Sequence[Label]) -> list[Label]:
    """Distinct labels, numbers numerically and text by code point; labels of one kind only."""
    distinct = {(isinstance(label, str), label) for label in labels}
    if len({text for text, _ in distinct}) > 1:
        raise DataError(sentence("class labels", "all numbers or all text", tuple(labels)))
    return sorted(label for _, label in distinct)


def target_of(y: object, *, kind: TargetKind | None = None, names: Sequence[str] | None = None) -> Target:
    """The target that an array or list amounts to; `kind` overrules the rule.

    The rule: text and booleans are classes; numbers with just two distinct values are classes; whole numbers (of an
    integer type) with at most 20 distinct values are classes, with more a regression; other floats are a regression.
    Two classes make a binary target. Two-dimensional whole
    numbers or booleans that are all 0 or 1 are a multilabel target, other two-dimensional targets a regression with
    several outputs. A single column (n_samples, 1) counts as one-dimensional.

    >>> target_of(["no", "yes", "no"])
    Target(binary 'target': no, yes; 3 rows)
    >>> target_of([0.5, 1.0, 2.0]).kind
    'regression'
    """
    if kind is not None and kind not in get_args(TargetKind):
        raise DataError(unknown("target kind", kind, get_args(TargetKind)))
    array = _array_of(y, "y" if names is None else f"target {names[0]!r}")
    if array.ndim == 2 and array.shape[1] == 1 and kind != "multilabel":
        array = array[:, 0]
    names = tuple(names) if names is not None else _names_of(array)
    kind = kind or _kind_by_rule(array)
    if kind in ("binary", "classes"):
        return _labeled(array, kind, names)
    numbers = _numbers(array, names)
    return Target(kind, numbers.reshape(len(numbers), -1), names)


def _array_of(y: object, what: str) -> npt.NDArray[Any]:
    if not isinstance(y, np.ndarray):
        try:
            array = np.asarray(y)
        except ValueError as error:
            raise DataError(f"{what} must be rectangular, its rows differ in length.") from error
        y = objects_of(y) if array.dtype.kind in "UO" and array.ndim == 1 and isinstance(y, Sequence) else array
    if y.size == 0:
        raise DataError(f"{what} must have at least one row, got none.")
    if y.dtype.kind == "O":
        y = _from_objects(y, what)
    if y.ndim not in (1, 2):
        raise DataError(sentence(what, "an array of one or two dimensions", y.shape))
    if y.dtype.kind not in "biufUT":
        held = "dates" if y.dtype.kind == "M" else f"cells of type {y.dtype}"
        raise DataError(f"{what} must be numbers, text or booleans, it holds {held}.")
    return y


def _from_objects(y: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    cells = y.ravel().tolist()
    missing = [place for place, cell in enumerate(cells) if is_missing(cell)]
    if missing:
        row = missing[0] // (y.shape[1] if y.ndim == 2 else 1)
        got = f"{len(missing)}, the first in row {row}"
        raise DataError(f"{what} must have no missing values, got {got}. Remove the rows without a target.")
    kinds = sorted({kind_of_cell(cell) for cell in cells})
    if len(kinds) > 1 or kinds[0] not in ("number", "boolean", "category"):
        held = " and ".join(WORDS.get(kind, kind) for kind in kinds)
        raise DataError(f"{what} must be all numbers, all text or all booleans, it holds {held}.")
    wanted = np.array(cells)
    if wanted.dtype.kind == "O":
        wanted = wanted.astype(np.float64)
    return wanted.reshape(y.shape)


def _names_of(array: npt.NDArray[Any]) -> tuple[str, ...]:
    if array.ndim == 1:
        return ("target",)
    return tuple(f"target{place + 1}" for place in range(array.shape[1]))


def _kind_by_rule(array: npt.NDArray[Any]) -> TargetKind:
    if array.ndim == 2:
        return "multilabel" if array.dtype.kind in "biu" and np.isin(array, (0, 1)).all() else "regression"
    distinct = len(np.unique(array))
    if distinct == 2:
        return "binary"
    if array.dtype.kind == "f" or (array.dtype.kind in "iu" and distinct > MOST_CLASSES):
        return "regression"
    return "classes"


def _labeled(array: npt.NDArray[Any], kind: TargetKind, names: tuple[str, ...]) -> Target:
    if array.ndim != 1:
        do = "For one-hot rows pass y.argmax(axis=1)."
        raise DataError(sentence(f"y of a {kind} target", "one-dimensional", array.shape, do))
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.isfinite(array).argmin())
        got = f"{float(array[row])} in row {row}"
        raise DataError(f"target {names[0]!r} must be finite, got {got}. Remove the rows without a target.")
    if array.dtype.kind in "iu" and (np.abs(array.astype(np.float64)) > LARGEST_LABEL).any():
        raise DataError(f"class labels must be whole numbers below 2**53, got {shown(array.max().item())}.")
    distinct = np.unique(array)
    labels = distinct.tolist()
    if len(labels) < 2 or (kind == "binary" and len(labels) > 2):
        expected = "two distinct labels" if kind == "binary" else "at least two distinct labels"
        raise DataError(f"y of a {kind} target must have {expected}, got {len(labels)}: {shown(labels)}.")
    return Target(kind, np.searchsorted(distinct, array), names, tuple(labels))


def _numbers(array: npt.NDArray[Any], names: tuple[str, ...]) -> npt.NDArray[np.float64]:
    if array.dtype.kind in "UT":
        raise DataError(f"target {names[0]!r} must be numbers, got text ({shown(str(array.ravel()[0]), 30)}).")
    return array.astype(np.float64)
