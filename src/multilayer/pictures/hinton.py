"""The weights of every layer as a Hinton diagram: one square a weight, its area the weight's size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from multilayer.arrays import Array
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import SMALL, WIDTH, Theme, figure, legend
from multilayer.pictures.subject import Subject
from multilayer.pictures.weight_matrices import Matrix, matrices, no_matrices

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 40
"""So many rows and columns can be told apart at this width; of more, the largest are drawn."""


@picture("hinton", "every weight as a square: its size, and its sign by color and filling", why_not=no_matrices)
def hinton(subject: Subject, theme: Theme) -> Drawing:
    """The weights and biases of every linear layer, a row for each unit. Rumelhart, McClelland et al., Parallel
    Distributed Processing (1986), chapter 8, draws them so, after Hinton."""
    found = matrices(subject.run)
    shown = [_most(matrix) for matrix in found]
    heights = [_height(matrix) for matrix in shown]
    made = figure(sum(heights) + 0.5)
    axes = made.subplots(len(shown), 1, height_ratios=heights, squeeze=False).ravel()
    largest = max(float(np.abs(matrix.with_bias).max()) for matrix in shown) or 1.0
    for place, matrix, whole in zip(axes, shown, found, strict=True):
        _squares(place, matrix, theme, largest)
        place.set_title(_title(matrix, whole))
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=theme.color(0)), Patch(facecolor=theme.paper, edgecolor=theme.color(1), linewidth=1.4)]
    legend(made, handles, ("positive", "negative"), loc="outside upper right", ncols=2, frameon=False)
    counts = [matrix.with_bias for matrix in found]
    n = sum(weights.size for weights in counts)
    negative = sum(int((weights < 0).sum()) for weights in counts) / n
    caption = (
        f"The {n} weights and biases, one square each: area by size, the largest drawn being {largest:.3g}; filled "
        f"where positive, hollow where negative ({negative:.0%}). {_left_out(found, shown)}"
    ).rstrip()
    alt = f"{len(found)} grids of squares, one for each layer: {', '.join(_title(m, m) for m in found)}."
    return Drawing(made, caption, alt)


def _most(matrix: Matrix) -> Matrix:
    """The matrix with the largest rows and columns alone, in their own order."""
    inputs = _largest(np.linalg.norm(matrix.W, axis=1))
    units = _largest(np.linalg.norm(matrix.W, axis=0))
    return matrix.take(inputs, units)


def _largest(sizes: Array) -> Array:
    chosen: Array = np.sort(np.argsort(-sizes, kind="stable")[:MOST])
    return chosen


def _lying(matrix: Matrix) -> bool:
    """Whether units are columns and inputs rows: so that the longer side lies."""
    n_in, n_out = matrix.W.shape
    return bool(n_out > n_in)


def _side(matrix: Matrix) -> float:
    """Inches between two squares: no more than a third of an inch."""
    return float(min(0.32, (WIDTH - 0.9) / max(matrix.with_bias.shape)))


def _height(matrix: Matrix) -> float:
    """Inches, squares being square."""
    short = min(matrix.with_bias.shape)
    named = 0.55 if any(len(name) > 3 for name in matrix.inputs) and not _lying(matrix) else 0
    return float(short) * _side(matrix) + 0.75 + named


def _squares(axes: Axes, matrix: Matrix, theme: Theme, largest: float) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    lying = _lying(matrix)
    values = matrix.with_bias.T if lying else matrix.with_bias
    sides = 0.94 * np.sqrt(np.abs(values) / largest)
    for sign, face, edge in ((1, theme.color(0), "none"), (-1, theme.paper, theme.color(1))):
        squares = [
            Rectangle((column - sides[row, column] / 2, row - sides[row, column] / 2), *[sides[row, column]] * 2)
            for row, column in np.argwhere(sign * values > 0)
        ]
        axes.add_collection(PatchCollection(squares, facecolor=face, edgecolor=edge, linewidth=0.9))
    n_rows, n_columns = values.shape
    axes.set(xlim=(-0.6, n_columns - 0.4), ylim=(n_rows - 0.4, -0.6), aspect="equal", anchor="W")
    inputs = (*matrix.inputs, "bias")
    _name(axes, "x", matrix.units if lying else inputs, "unit" if lying else "input", _side(matrix))
    _name(axes, "y", inputs if lying else matrix.units, "input" if lying else "unit", _side(matrix))
    between = axes.axhline if lying else axes.axvline
    between((n_rows if lying else n_columns) - 1.5, color=theme.faint, linewidth=0.8)


def _name(axes: Axes, which: str, names: tuple[str, ...], what: str, side: float) -> None:
    """Name as many rows or columns as have room, the bias among them."""
    has_bias = names[-1] == "bias"
    plain = len(names) - has_bias
    lines = math.ceil(1.25 * SMALL / 72 / side)
    step = max(lines, -(-plain // (12 if which == "x" else 15)))
    places = list(range(0, plain, step))
    if has_bias:
        places = [place for place in places if place <= plain - (lines if len(names) < 15 else max(lines, 3))] + [plain]
    shown = [names[place] for place in places]
    getattr(axes, f"set_{which}ticks")(places, shown, fontsize=SMALL)
    rotated = which == "x" and sum(map(len, shown)) > 44
    axes.tick_params(axis=which, length=2, **({"rotation": 90} if rotated else {}))  # type: ignore[arg-type]
    if names[0].isdecimal():
        axes.set(**{f"{which}label": what})


def _title(matrix: Matrix, whole: Matrix) -> str:
    n_in, n_out = whole.W.shape
    part = "" if matrix.W.shape == whole.W.shape else f"\n(the largest {matrix.W.shape[0]} × {matrix.W.shape[1]})"
    return f"{matrix.name}: {n_in} inputs × {n_out} unit{'s' * (n_out > 1)}{part}"


def _left_out(found: list[Matrix], shown: list[Matrix]) -> str:
    if all(a.W.shape == b.W.shape for a, b in zip(found, shown, strict=True)):
        return ""
    return f"Of a layer with more than {MOST} inputs or units, those with the largest weights (L2 norm) are drawn."
