"""A table's rows as arrays, and their digest."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from multilayer.data.dataset import Dataset


def rows(dataset: Dataset) -> npt.NDArray[np.float64]:
    """The input columns side by side, (n_samples, n_columns)."""
    return np.stack([column.values for column in dataset.columns], axis=1)


def digest(dataset: Dataset) -> str:
    """SHA-256 of the columns' and the target's values as little-endian bytes."""
    arrays: list[npt.NDArray[Any]] = [*(column.values for column in dataset.columns), dataset.target.values]
    data = b"".join(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays)
    return hashlib.sha256(data).hexdigest()
