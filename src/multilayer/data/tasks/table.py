"""Datasets made of generated points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from multilayer.data.dataset import Column, Dataset, Label, Target, TargetKind
from multilayer.data.stored import TypedColumns

Points = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def classified(
    name: str, x: Points, codes: Codes, classes: Sequence[Label], columns: Sequence[str] | None = None
) -> Dataset:
    """A classification table of the columns of x, called x1, x2, ... unless they have names of their own."""
    kind: TargetKind = "binary" if len(classes) == 2 else "classes"
    return Dataset(name, _columns(x, columns), Target(kind, codes, ("class",), tuple(classes)))


def measured(name: str, x: Points, y: Points, columns: Sequence[str] | None = None, target: str = "y") -> Dataset:
    """A regression table with one number to predict."""
    return Dataset(name, _columns(x, columns), Target("regression", y.reshape(-1, 1), (target,)))


def alternating(n: int, n_classes: int) -> Codes:
    """The classes 0, 1, ..., 0, 1, ... of n rows: counts that differ by one at most."""
    return np.arange(n, dtype=np.int64) % n_classes


def _columns(x: Points, names: Sequence[str] | None) -> TypedColumns:
    names = [f"x{k + 1}" for k in range(x.shape[1])] if names is None else names
    return TypedColumns(Column(name, "number", x[:, k]) for k, name in enumerate(names))
