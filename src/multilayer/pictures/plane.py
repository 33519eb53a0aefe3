"""A plane in the space of the inputs, on which a network of any number of inputs can be drawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, final

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.errors import UsageError, sentence, unknown
from multilayer.pictures.lettering import label
from multilayer.pictures.subject import Rows, Trained

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.12


@final
@dataclass(frozen=True, eq=False)
class Plane:
    """The points origin + a u + b v for a, b the two coordinates; `stated` says in a sentence which plane it is.

    Rows are laid on it by `project`: exactly where there are two inputs, along the others where there are more.
    """

    origin: Array  # (n_features,)
    axes: Array  # (2, n_features), u and v
    onto: Array  # (n_features, 2): coordinates are (x - origin) @ onto
    fill: Array  # (n_features,): what a missing value counts as, NaN where its row cannot be laid on the plane
    names: tuple[str, str]
    stated: str

    def points(self, ab: Array) -> Array:
        """The encoded points (n, n_features) of coordinates (n, 2)."""
        return self.origin + ab @ self.axes

    def project(self, x: Array) -> Array:
        """The coordinates (n, 2) of encoded rows, NaN of those that lack one of the two."""
        return np.asarray((np.where(np.isnan(x), self.fill, x) - self.origin) @ self.onto)

    def frame(self, x: Array) -> tuple[tuple[float, float], tuple[float, float]]:
        """The part of the plane that holds the rows, with a margin: the limits of a and of b."""
        ab = self.project(x)
        low, high = np.nanmin(ab, axis=0), np.nanmax(ab, axis=0)
        span = np.where(high > low, high - low, 1.0)
        low, high = low - MARGIN * span, high + MARGIN * span
        return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def plane_of(run: Trained, rows: Rows, inputs: Sequence[str] | None) -> Plane:
    """The plane to draw on: the inputs themselves where there are two, the two that are named, else the principal
    plane of the training rows.
    """
    names = run.preparation.encoding.feature_names
    train = rows.x[rows.split.train]
    if inputs is None and len(names) > 2:
        return _principal(train)
    chosen = _places(names, inputs if inputs is not None else names)
    origin = _middle(train)
    axes = np.zeros((2, len(names)))
    axes[[0, 1], chosen] = 1.0
    origin = np.where(axes.any(axis=0), 0.0, origin)
    others = [k for k in range(len(names)) if k not in chosen]
    fill = np.where(axes.any(axis=0), np.nan, origin)
    both = (names[chosen[0]], names[chosen[1]])
    return Plane(origin, axes, axes.T, fill, both, _slice(origin, names, others, dates_of(run)))


def dates_of(run: Trained) -> frozenset[str]:
    """The names of the inputs that are dates: they stand as days since 1970."""
    return frozenset(column.name for column in run.preparation.encoding.columns if column.kind == "date")


def day(value: float, _: object = None) -> str:
    """A date from its days since 1970; empty where no calendar has it.

    >>> day(19675.0), day(1e9)
    ('2023-11-14', '')
    """
    try:
        return str(date(1970, 1, 1) + timedelta(days=round(value)))
    except OverflowError:
        return ""


def name_axes(axes: Axes, run: Trained, *names: str) -> None:
    """Name the axis of each input, x first; that of dates counts in dates."""
    from matplotlib.dates import AutoDateLocator
    from matplotlib.ticker import FuncFormatter

    dates = dates_of(run)
    for axis, name in zip((axes.xaxis, axes.yaxis), names, strict=False):
        axis.set_label_text(label(name, 40))
        if name in dates:
            axis.set_major_locator(AutoDateLocator(minticks=2, maxticks=4))  # type: ignore[no-untyped-call]
            axis.set_major_formatter(FuncFormatter(day))


def grid(limits: tuple[tuple[float, float], tuple[float, float]], n: int) -> tuple[Array, Array, Array]:
    """The coordinates a (n,) and b (n,) of n by n points, and the points (n * n, 2) row after row."""
    a, b = (np.linspace(*ends, n) for ends in limits)
    return a, b, np.stack([axis.ravel() for axis in np.meshgrid(a, b)], axis=1)


def _places(names: Sequence[str], inputs: Any) -> list[int]:
    expected = f"two of the inputs, such as ({names[0]!r}, {names[1]!r})"
    if isinstance(inputs, str) or not isinstance(inputs, Sequence) or len(inputs) != 2 or inputs[0] == inputs[1]:
        raise UsageError(sentence("inputs", expected, inputs))
    for name in inputs:
        if name not in names:
            raise UsageError(unknown("input", name, names))
    return [names.index(name) for name in inputs]


def _middle(train: Array) -> Array:
    """The training row nearest to the medians, each input in units of its standard deviation; missing values become
    the median."""
    filled, scale = _filled(train)
    median = np.median(filled, axis=0)
    distance: npt.NDArray[np.float64] = (((filled - median) / scale) ** 2).sum(axis=1)
    return np.asarray(filled[int(distance.argmin())])


def _filled(train: Array) -> tuple[Array, Array]:
    """The rows with medians in place of what is missing, and each input's standard deviation (1 where constant)."""
    medians = [float(np.median(column[~np.isnan(column)])) if not np.isnan(column).all() else 0.0 for column in train.T]
    filled = np.where(np.isnan(train), medians, train)
    scale = filled.std(axis=0)
    return filled, np.where(scale > 0, scale, 1.0)


def _principal(train: Array) -> Plane:
    """The plane through the mean along the two directions in which the standardized rows vary most."""
    filled, scale = _filled(train)
    mean = filled.mean(axis=0)
    z = (filled - mean) / scale
    _, size, directions = np.linalg.svd(z, full_matrices=False)
    directions = directions[:2] if len(directions) > 1 else np.vstack([directions, np.zeros_like(directions)])
    turned = directions * np.sign(directions[np.arange(2), np.abs(directions).argmax(axis=1)])[:, None]
    shares = (size**2 / max(float(np.sum(size**2)), 1e-300))[:2]
    told = " and ".join(f"{share:.0%}" for share in shares)
    stated = (
        f"The plane is the principal one of the {train.shape[1]} standardized inputs ({told} of their variance); "
        "rows are laid on it from where they are, so that a row may stand in a region that is not its own."
    )
    onto = (turned / scale).T
    return Plane(mean, turned * scale, onto, mean, ("first principal component", "second principal component"), stated)


def _slice(origin: Array, names: Sequence[str], others: Sequence[int], dates: Collection[str]) -> str:
    if not others:
        return ""
    said = {k: day(float(origin[k])) if names[k] in dates else f"{origin[k]:.4g}" for k in others[:6]}
    fixed = ", ".join(f"{label(names[k], 30)} = {value}" for k, value in said.items())
    more = f" and {len(others) - 6} more" if len(others) > 6 else ""
    return (
        f"The other inputs are those of the training row nearest to the medians ({fixed}{more}); rows are laid on this "
        "plane from where they are, so that a row may stand in a region that is not its own."
    )
