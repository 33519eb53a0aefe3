"""A function and its derivative in one small panel, side by side with others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from multilayer.arrays import Array
from multilayer.pictures.style import SMALL, Theme, figure, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

JUMP = 0.2
"""Neighboring points of a curve that differ by more are not joined: the function jumps there."""


@final
@dataclass(frozen=True, eq=False)
class Curve:
    """A function y of x and its derivative, at the same x."""

    title: str
    x: Array
    y: Array
    slope: Array
    xlabel: str = ""
    note: str = ""


def gallery(curves: Sequence[Curve], theme: Theme, names: tuple[str, str], *, ylim: tuple[float, float]) -> Figure:
    """The curves in two columns, all on one scale; `names` are those of the function and of its derivative."""
    rows, alike = math.ceil(len(curves) / 2), not any(curve.xlabel for curve in curves)
    made = figure(rows * (1.3 if alike else 1.6) + 0.5)
    axes = made.subplots(rows, 2, sharex=alike, sharey=True, squeeze=False).ravel()
    for place, curve in zip(axes, curves, strict=False):
        handles = _panel(place, curve, theme, ylim)
    for place in axes[len(curves) :]:
        place.set_axis_off()
    for place in axes[len(curves) - 2 : len(curves)]:
        place.tick_params(labelbottom=True)
    legend(made, handles, names, loc="outside upper center", ncols=2, frameon=False)
    return made


def _panel(axes: Axes, curve: Curve, theme: Theme, ylim: tuple[float, float]) -> list[object]:
    axes.axhline(0, color=theme.faint, linewidth=0.8)
    axes.axvline(0, color=theme.faint, linewidth=0.8)
    axes.grid(True)
    (line,) = axes.plot(*broken(curve.x, curve.y), color=theme.color(0))
    (slope,) = axes.plot(*broken(curve.x, curve.slope), color=theme.color(1), linestyle=(0, (3, 1.2)))
    axes.set(xlim=(curve.x[0], curve.x[-1]), ylim=ylim, yticks=range(math.ceil(ylim[0]), math.floor(ylim[1]) + 1))
    axes.set_title(curve.title)
    axes.set_title(curve.note, loc="right", color=theme.faint, fontsize=SMALL)
    axes.set_xlabel(curve.xlabel, fontsize=SMALL)
    return [line, slope]


def broken(x: Array, y: Array) -> tuple[Array, Array]:
    """The curve with a gap wherever it jumps.

    >>> broken(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0]))[1]
    array([ 0.,  0., nan,  1.])
    """
    jumps = np.flatnonzero(np.abs(np.diff(y)) > JUMP) + 1
    return np.insert(x, jumps, x[jumps]), np.insert(y, jumps, np.nan)
