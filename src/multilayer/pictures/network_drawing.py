"""The network as it is drawn on a blackboard: units as circles, weights as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import SMALL, Theme, figure, legend
from multilayer.pictures.subject import Subject
from multilayer.pictures.weight_matrices import Matrix, matrices, no_matrices

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Places = npt.NDArray[np.int64]

MOST_UNITS, FEWER_UNITS, MOST_LINES = 40, 20, 120
"""Of a layer with more units than the first the second are drawn, and so many lines between two layers: the largest."""

WIDEST, FAINTEST = 3.0, 0.15
"""Line width of the largest weight in points, and of the smallest that is drawn."""


@picture("network", "units and weights: sign by color and line, size by width", why_not=no_matrices)
def network_drawing(subject: Subject, theme: Theme) -> Drawing:
    """The units from left to right, joined by the weights of the linear layers; biases are not drawn."""
    found = matrices(subject.run)
    shown = _shown_units(found)
    tallest = max(map(len, shown))
    made = figure(min(7.0, max(2.6, 0.16 * tallest + 1.2)))
    axes = made.subplots()
    axes.set_axis_off()
    spots = [_heights(len(units)) for units in shown]
    drawn = [
        _lines(axes, matrix, number, shown[number : number + 2], spots[number : number + 2], theme)
        for number, matrix in enumerate(found)
    ]
    _units(axes, found, shown, spots, theme)
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=theme.color(0), linewidth=2),
        Line2D([], [], color=theme.color(1), linewidth=2, linestyle=NEGATIVE),
    ]
    legend(made, handles, ("positive weight", "negative weight"), loc="outside upper center", ncols=2, frameon=False)
    return Drawing(made, _caption(found, shown, drawn), _alt(found))


NEGATIVE = (0, (2.2, 1.1))


def _shown_units(found: list[Matrix]) -> list[Places]:
    """For every layer of units, the input first, which are drawn."""
    sizes = [np.linalg.norm(found[0].W, axis=1)]
    for matrix, following in zip(found, [*found[1:], None], strict=True):
        outgoing = 1.0 if following is None else np.linalg.norm(following.W, axis=1)
        sizes.append(np.linalg.norm(matrix.W, axis=0) * outgoing)
    return [np.sort(np.argsort(-size, kind="stable")[: _most(len(size))]) for size in sizes]


def _most(n: int) -> int:
    return n if n <= MOST_UNITS else FEWER_UNITS


def _heights(n: int) -> Array:
    """Where n units stand, the first on top."""
    gap = min(1 / max(n - 1, 1), 0.25)
    return 0.5 + gap * ((n - 1) / 2 - np.arange(n))


def _lines(axes: Axes, matrix: Matrix, number: int, units: list[Places], spots: list[Array], theme: Theme) -> int:
    """The lines between two layers of units, the thinnest first; returns how many."""
    from matplotlib.collections import LineCollection

    W = matrix.W[np.ix_(*units)]
    size = np.abs(W)
    largest = float(np.abs(matrix.W).max()) or 1.0
    order = np.argsort(-size, axis=None, kind="stable")[:MOST_LINES][::-1]
    order = order[size.ravel()[order] > 0]
    starts, ends = np.unravel_index(order, W.shape)
    segments = [[(number, spots[0][i]), (number + 1, spots[1][j])] for i, j in zip(starts, ends, strict=True)]
    widths = np.maximum(FAINTEST, WIDEST * size.ravel()[order] / largest)
    negative = W.ravel()[order] < 0
    colors = [theme.color(1) if below else theme.color(0) for below in negative]
    styles = [NEGATIVE if below else "-" for below in negative]
    lines = LineCollection(segments, colors=colors, linewidths=widths, linestyles=styles, alpha=0.8, zorder=1)
    axes.add_collection(lines)
    return len(segments)


def _units(axes: Axes, found: list[Matrix], shown: list[Places], spots: list[Array], theme: Theme) -> None:
    side = 9.0 if max(map(len, shown)) <= 12 else 5.5
    for number, (units, heights) in enumerate(zip(shown, spots, strict=True)):
        axes.plot(
            *([number] * len(units), heights), "o", markersize=side, markeredgewidth=1.1, zorder=3,
            markerfacecolor=theme.paper, markeredgecolor=theme.ink,
        )  # fmt: skip
        whole = found[0].W.shape[0] if number == 0 else found[number - 1].W.shape[1]
        word = "inputs" if number == 0 else "outputs" if number == len(found) else f"hidden {number}"
        count = f"{whole}" if whole == len(units) else f"{len(units)} of {whole}"
        axes.annotate(f"{word}\n{count}", (number, -0.06), ha="center", va="top", annotation_clip=False)
    _names(axes, 0, [found[0].inputs[i] for i in shown[0]], spots[0], "right", side)
    _names(axes, len(found), [found[-1].units[i] for i in shown[-1]], spots[-1], "left", side)
    room = 0.28 * len(found)
    axes.set(xlim=(-room, len(found) + room), ylim=(-0.16, 1.05))


def _names(axes: Axes, x: int, names: list[str], heights: Array, side: str, radius: float) -> None:
    """The names of inputs or outputs beside them, as many as have room."""
    every = max(1, -(-len(names) // 20))
    shift = -radius if side == "right" else radius
    for name, height in list(zip(names, heights, strict=True))[::every]:
        axes.annotate(
            name, (x, height), (shift, 0), textcoords="offset points", ha=side, va="center", fontsize=SMALL
        )  # fmt: skip


def _caption(found: list[Matrix], shown: list[Places], drawn: list[int]) -> str:
    n, negative = sum(m.W.size for m in found), sum(int((m.W < 0).sum()) for m in found)
    largest = ", ".join(f"{float(np.abs(m.W).max()):.3g}" for m in found)
    said = (
        f"A network of {' - '.join(map(str, _widths(found)))} units with {n} weights, {negative} of them negative. The "
        f"width of a line is its weight's size beside the largest between the same two layers ({largest})."
    )
    if sum(drawn) < sum(int((m.W != 0).sum()) for m in found):
        said += (
            f" Drawn are the {sum(drawn)} largest: between two layers at most {MOST_LINES}, and of a layer with "
            f"more than {MOST_UNITS} units the {FEWER_UNITS} with the largest weights in and out."
        )
    return said


def _widths(found: list[Matrix]) -> list[int]:
    return [found[0].W.shape[0], *(matrix.W.shape[1] for matrix in found)]


def _alt(found: list[Matrix]) -> str:
    columns = " - ".join(map(str, _widths(found)))
    return f"Diagram of a network: columns of {columns} circles, joined by solid and dashed lines."
