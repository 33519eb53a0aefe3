"""A number as several features: scaled robustly and clipped smoothly, and how far it has come between knots.

    z = (x - median) factor, the first feature is z / sqrt(1 + (z / 3)^2), within (-3, 3)
    min(max((x - knot[t]) / (knot[t + 1] - knot[t]), 0), 1) for each pair of neighboring knots

The first is the preparation of RealMLP (Holzmüller, Grinsztajn & Steinwart, NeurIPS 2024, section 3), the others are
the piecewise linear encoding of Gorishniy, Rubachev & Babenko (NeurIPS 2022, section 3.1), with knots at quantiles.
Only comparisons and IEEE operations, so the same bits everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.errors import DataError

LIMIT = 3.0
LARGEST = float(np.finfo(np.float64).max)
FAR = 1e100
"""Beyond this the first feature is at its limit, and a square would leave float64."""


@final
@dataclass(frozen=True)
class NumberFeatures:
    """How one column of numbers becomes features; `gaps` adds one that says where the number is missing.

    >>> features = NumberFeatures.fitted(np.array([0.0, 1.0, 2.0, 3.0, 100.0]), bins=2)
    >>> features.knots, features.width
    ((0.0, 2.0, 100.0), 3)
    >>> features.of(np.array([2.0, 51.0])).round(2)
    array([[0.  , 1.  , 0.  ],
           [2.98, 1.  , 0.5 ]])
    """

    center: float
    factor: float
    knots: tuple[float, ...] = ()
    gaps: bool = False

    @classmethod
    def fitted(cls, values: Array, bins: int, *, gaps: bool = False) -> NumberFeatures:
        """The features of a column whose training values (n_samples,) these are, with at most so many bins."""
        there = np.sort(values[~np.isnan(values)].astype(np.float64))
        if not len(there):
            return cls(0.0, 0.0, (), gaps)
        low, high = float(there[0]), float(there[-1])
        spread = quantile(there, 0.75) - quantile(there, 0.25)
        factor = 1.0 / spread if spread > 0 else 2.0 / (high - low) if high > low else 0.0
        if not math.isfinite(factor) or not math.isfinite(high - low):
            factor = 0.0  # too narrow or too wide for float64: nothing to learn from
        distinct = np.unique(there)
        few = len(distinct) <= bins + 1
        shares = [bin / max(bins, 1) for bin in range(bins + 1)]
        knots = distinct if few else np.unique([quantile(there, share) for share in shares])
        useful = bins > 1 and len(knots) > 2 and factor > 0
        return cls(quantile(there, 0.5), factor, tuple(knots.tolist()) if useful else (), gaps)

    @property
    def width(self) -> int:
        """The number of features."""
        return 1 + max(len(self.knots) - 1, 0) + self.gaps

    def names(self, column: str) -> tuple[str, ...]:
        """The names of the features."""
        bins = [f"{column} from {low}" for low in _told_apart(self.knots[:-1])]
        return (column, *bins, *[f"{column}=missing"] * self.gaps)

    def of(self, values: Array) -> Array:
        """The features (n_samples, width) of values (n_samples,); NaN stays NaN, but for the gap."""
        with np.errstate(over="ignore"):
            away = np.clip(values - self.center, -LARGEST, LARGEST)
            z = np.clip(away * self.factor, -FAR, FAR)
            third = z / LIMIT
            columns = [z / np.sqrt(1.0 + third * third)]
            for low, high in pairwise(self.knots):
                columns.append(np.clip((values - low) / (high - low), 0.0, 1.0))
        if self.gaps:
            columns.append(np.isnan(values).astype(np.float64))
        return np.stack(columns, axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"center": self.center, "factor": self.factor, "knots": list(self.knots), "gaps": self.gaps}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> NumberFeatures:
        """The features of `to_dict`; raises DataError where the knots do not rise."""
        knots = tuple(map(float, document["knots"]))
        numbers = (float(document["center"]), float(document["factor"]), *knots)
        if not all(map(math.isfinite, numbers)) or any(low >= high for low, high in pairwise(knots)):
            raise DataError("the features of a number must have finite knots that rise")
        return cls(numbers[0], numbers[1], knots, bool(document["gaps"]))


def _told_apart(numbers: Sequence[float]) -> list[str]:
    """Six digits where they tell the numbers apart, else all."""
    short = [f"{number:g}" for number in numbers]
    return short if len(set(short)) == len(short) else [repr(number) for number in numbers]


def quantile(ordered: Array, share: float) -> float:
    """The value that so large a share of ordered values does not exceed: one of them, so that no rounding enters.

    >>> quantile(np.array([1.0, 2.0, 3.0, 4.0]), 0.5)
    2.0
    """
    return float(ordered[max(math.ceil(share * len(ordered)) - 1, 0)])
