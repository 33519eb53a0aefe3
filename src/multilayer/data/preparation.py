"""Filling, centering and scaling: an affine map of each feature, fitted on a member's training rows.

    prepared = (filled - center) * factor

Statistics are taken over the values present in the training rows, with exactly rounded sums, so that they have the
same bits everywhere. Features that only say yes or no (booleans, categories) keep their 0 and 1, or
are 0 throughout when no training row says yes. A feature that is
constant in training becomes 0 there: center is its value and factor 1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, ClassVar, TypeAlias, final

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.constraints import Choice, check_fields
from multilayer.data.encoding import Encoding
from multilayer.data.stored import by_column
from multilayer.data.target import Target
from multilayer.errors import DataError, unknown
from multilayer.exact import total
from multilayer.room import CACHED, blocks

Vector: TypeAlias = npt.NDArray[np.float64]


@final
@dataclass(frozen=True)
class Preparation:
    """What is done to features and regression targets before training.

    inputs     standardize  subtract the mean, divide by the population standard deviation
               center       subtract the mean
               minmax       to [0, 1] over the training rows
               channel      subtract the mean of the feature's channel and divide by its standard deviation; features
                            whose names begin with the same word ("red 1,1", "red 1,2") are a channel
               none         as they are
    target     standardize or none; only a regression target is touched, and predictions are carried back
    missing    mean, median or zero: what a missing value becomes, before centering

    Sample weights count in means and standard deviations, not in the median, the minimum and the maximum.
    """

    inputs: Annotated[str, Choice("standardize", "center", "minmax", "channel", "none")] = "standardize"
    target: Annotated[str, Choice("standardize", "none")] = "standardize"
    missing: Annotated[str, Choice("mean", "median", "zero")] = "mean"

    def __post_init__(self) -> None:
        check_fields(self)

    def fit(
        self,
        encoding: Encoding,
        matrix: Array,
        target: Target,
        rows: npt.NDArray[np.int64],
        weight: Array | None = None,
    ) -> FittedPreparation:
        """The preparation of a member that trains on `rows` of matrix (n_samples, n_features).

        `weight` (n_samples,) are the sample weights of all rows.
        """
        if len(rows) == 0:
            raise DataError("A preparation needs at least one training row, got none.")
        if weight is not None and not weight[rows].any():
            raise DataError("A preparation needs a training row of weight greater than 0, got none.")
        center, factor, fill = np.zeros((3, matrix.shape[1]))
        yes_no, names = encoding.indicators, encoding.feature_names
        for place, values in enumerate(by_column(matrix)):
            feature = _Present.of(values[rows], weight, rows, f"feature {names[place]!r}")
            fill[place] = feature.fill(self.missing)
            if self.inputs == "channel" and not yes_no[place]:
                center[place], factor[place] = feature.moments
            else:
                center[place], factor[place] = feature.affine("none" if yes_no[place] else self.inputs)
            if yes_no[place] and self.inputs != "none" and not feature.values.any():
                factor[place] = 0.0  # never yes in training: what was not learned about must not count
        if self.inputs == "channel":
            _share_channels(names, ~yes_no, center, factor)
        return FittedPreparation(encoding, center, factor, fill, *self._fit_target(target, rows, weight))

    def _fit_target(self, target: Target, rows: npt.NDArray[np.int64], weight: Array | None) -> tuple[Vector, Vector]:
        if target.kind != "regression":
            return np.zeros(target.n_out), np.ones(target.n_out)
        numbers = [
            _Present.of(target.values[rows, place], weight, rows, f"target {place + 1}").affine(self.target)
            for place in range(target.n_out)
        ]
        return np.array([center for center, _ in numbers]), np.array([factor for _, factor in numbers])

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Preparation:
        """The settings of `to_dict`; left out entries have their defaults."""
        for name in document:
            if name not in SETTINGS:
                raise DataError(unknown("setting of Preparation", name, SETTINGS))
        return cls(**document)


SETTINGS = tuple(field.name for field in fields(Preparation))


def _share_channels(names: Sequence[str], numbers: npt.NDArray[np.bool_], center: Vector, factor: Vector) -> None:
    """From each feature's mean and deviation to center and factor of its channel, in place."""
    channels: dict[str, list[int]] = {}
    for place in np.flatnonzero(numbers).tolist():
        channels.setdefault(names[place].partition(" ")[0], []).append(place)
    for channel, places in channels.items():
        means, deviations = center[places], factor[places]
        mean = total(means) / len(places)
        away = means - mean
        scale = math.sqrt(total(deviations * deviations + away * away) / len(places))
        if not (math.isfinite(mean) and math.isfinite(scale)):
            raise DataError(f"channel {channel!r} cannot be prepared, its values are too far apart for float64.")
        center[places], factor[places] = mean, 1.0 / scale if scale > 0 else 1.0


@final
@dataclass(frozen=True, eq=False)
class FittedPreparation:
    """Plain data and arrays: all that a prediction needs before the network, and after it."""

    encoding: Encoding
    center: Vector  # (n_features,)
    factor: Vector  # (n_features,)
    fill: Vector  # (n_features,)
    target_center: Vector  # (n_out,)
    target_factor: Vector  # (n_out,)

    ARRAYS: ClassVar = ("center", "factor", "fill", "target_center", "target_factor")

    def apply(self, matrix: Array, dtype: npt.DTypeLike = np.float64) -> Array:
        """The prepared features of encoded ones, (n_samples, n_features): (filled - center) * factor, in float64,
        then of this type."""
        prepared = np.empty(matrix.shape, dtype)
        for part in blocks(len(matrix), matrix.shape[1], CACHED):
            filled = np.where(np.isnan(matrix[part]), self.fill, matrix[part])
            prepared[part] = (filled - self.center) * self.factor
        return prepared

    def target_forward(self, values: Array) -> Vector:
        """Targets as the network is trained on them, (n_samples, n_out)."""
        return (values - self.target_center) * self.target_factor

    def target_inverse(self, y: Array) -> Vector:
        """The network's outputs in the target's own units, (n_samples, n_out)."""
        return y / self.target_factor + self.target_center

    def to_dict(self) -> tuple[dict[str, Any], dict[str, Vector]]:
        """A document for JSON and the float64 arrays beside it."""
        return {"columns": self.encoding.to_list()}, {name: getattr(self, name) for name in self.ARRAYS}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], arrays: Mapping[str, Array]) -> FittedPreparation:
        """The preparation of `to_dict`; raises DataError when the parts do not belong together."""
        try:
            encoding = Encoding.from_list(document["columns"])
            width, n_out = encoding.n_features, len(arrays["target_center"])
            found = {name: np.array(arrays[name], dtype=np.float64) for name in cls.ARRAYS}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"The preparation is incomplete or damaged: {error!r}.") from error
        for name, array in found.items():
            expected = (n_out,) if name.startswith("target") else (width,)
            if array.shape != expected or not np.isfinite(array).all():
                raise DataError(f"{name} of the preparation must be {expected[0]} finite numbers, got {array.shape}.")
        return cls(encoding, **found)


@final
@dataclass(frozen=True, eq=False)
class _Present:
    """The values of one feature that are there in the training rows and have a weight."""

    values: Array
    weight: Array | None
    what: str

    @classmethod
    def of(cls, values: Array, weight: Array | None, rows: npt.NDArray[np.int64], what: str) -> _Present:
        values = values.astype(np.float64, copy=False)
        there = ~np.isnan(values)
        if weight is None:
            return cls(values if there.all() else values[there], None, what)
        there &= weight[rows] > 0
        return cls(values[there], weight[rows][there], what)

    def fill(self, missing: str) -> float:
        """What a missing value becomes; 0 when no value is there."""
        if missing == "zero" or len(self.values) == 0:
            return 0.0
        return self.mean if missing == "mean" else self.median

    def affine(self, how: str) -> tuple[float, float]:
        """Center and factor."""
        if how == "none" or len(self.values) == 0:
            return 0.0, 1.0
        low, high = float(self.values.min()), float(self.values.max())
        if low == high:
            return low, 1.0
        if how == "minmax":
            center, scale = low, high - low
        else:
            center, scale = self.mean, self.deviation if how == "standardize" else 1.0
        factor = 1.0 / scale if scale > 0 else math.inf
        if not (math.isfinite(center) and math.isfinite(scale) and math.isfinite(factor)):
            raise DataError(f"{self.what} cannot be prepared, its values are too far apart or too close for float64.")
        return center, factor

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and deviation; 0 and 0 without values."""
        if len(self.values) == 0:
            return 0.0, 0.0
        return self.mean, 0.0 if self.values.min() == self.values.max() else self.deviation

    @functools.cached_property
    def mean(self) -> float:
        """The sum of the values times their weights, over the sum of the weights."""
        return self._average(self.values)

    @property
    def median(self) -> float:
        """The middle value, or half the two middle ones each; weights do not count."""
        ordered = np.sort(self.values)
        return 0.5 * float(ordered[(len(ordered) - 1) // 2]) + 0.5 * float(ordered[len(ordered) // 2])

    @property
    def deviation(self) -> float:
        """The population standard deviation; a power of two keeps the squares in range and changes no bit else."""
        with np.errstate(over="ignore", invalid="ignore"):  # `affine` refuses what is not finite
            away = self.values - self.mean
            exponent = math.frexp(max(abs(float(away.min())), abs(float(away.max()))))[1]
            np.ldexp(away, -exponent, out=away)
            np.multiply(away, away, out=away)
            return math.ldexp(math.sqrt(self._average(away)), exponent)

    def _average(self, numbers: Array) -> float:
        if self.weight is None:
            return total(numbers) / len(numbers)
        with np.errstate(over="ignore"):
            return total(numbers * self.weight) / total(self.weight)
