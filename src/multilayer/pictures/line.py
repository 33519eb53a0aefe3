"""Decision regions of a single input: the probability's curve over a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from multilayer.arrays import Array
from multilayer.data.class_scores import chosen_class
from multilayer.nn import Linear, Sequential
from multilayer.pictures import style
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.plane import name_axes
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 1001


def line_boundary(
    subject: Subject, theme: Theme, answer: Callable[[Array], Array], net: Sequential, title: str
) -> Drawing:
    """The probability of each class by the one input (of two classes that of the second), with the rows above and
    below, and the places where the choice changes."""
    run, rows = subject.run, subject.rows
    x = span(rows.x[:, 0], 0.12)
    probs = answer(x[:, None])
    chosen = chosen_class(probs)
    changes = (x[1:] + x[:-1])[chosen[1:] != chosen[:-1]] / 2
    two = probs.shape[1] == 2
    names = [label(name, 18 if two else 14) for name in run.target.classes]
    figure = style.figure(3.9 + 0.19 * -(-len(names) // 3))
    axes = figure.subplots()
    for place in [1] if two else range(probs.shape[1]):
        axes.plot(x, probs[:, place], color=theme.ink if two else theme.color(place), zorder=3)
    _regions(axes, theme, x, chosen)
    for place in changes:
        axes.axvline(place, color=theme.ink, linewidth=1)
    _rows(axes, subject, theme)
    _kinks(axes, subject, theme, net)
    axes.set(xlim=(x[0], x[-1]), ylim=(-0.12, 1.12))
    name_axes(axes, run, run.preparation.encoding.feature_names[0])
    axes.set_ylabel(f"probability of {label(run.target.classes[1])}" if two else "probability")
    axes.set_title(title)
    _legend(axes, subject, theme, names)
    where = ", ".join(f"{place:.4g}" for place in changes[:6]) + (" ..." if len(changes) > 6 else "")
    caption = f"Probability by the one input of {told(run)} with its {len(rows.x)} rows. " + (
        f"The class chosen changes at {where}." if len(changes) else "The same class is chosen everywhere."
    )
    return Drawing(figure, caption, "A curve of probability over a line in the colors of the classes chosen.")


def span(values: Array, margin: float, n: int = POINTS) -> Array:
    """n evenly spaced points over the values, and a share of their range beyond on either side."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    beyond = margin * (high - low) if high > low else 1.0
    return np.linspace(low - beyond, high + beyond, n)


def _regions(axes: Axes, theme: Theme, x: Array, chosen: Array) -> None:
    edges = np.flatnonzero(np.diff(chosen)) + 1
    for run in np.split(np.arange(len(x)), edges):
        ends = x[run[0]], x[min(run[-1] + 1, len(x) - 1)]
        axes.axvspan(*ends, color=theme.color(int(chosen[run[0]])), alpha=0.2, linewidth=0)


def _rows(axes: Axes, subject: Subject, theme: Theme) -> None:
    """Each row at the height of its class: of two below and above, of more beneath the axis."""
    rows = subject.rows
    codes = rows.dataset.target.values
    two = len(subject.run.target.classes) == 2
    for part, places in rows.parts.items():
        height = np.where(codes[places] == 1, 1.06, -0.06) if two else np.full(len(places), -0.06)
        colors = [theme.color(code) for code in codes[places]]
        how: dict[str, Any] = {
            "edgecolors": theme.paper,
            "linewidths": 0.5,
            "zorder": 4,
            "rasterized": len(codes) > 2000,
        }
        axes.scatter(rows.x[places, 0], height, s=22, c=colors, marker=style.PART_MARKERS[part], **how)


def _kinks(axes: Axes, subject: Subject, theme: Theme, net: Sequential) -> None:
    """A tick at the foot where a unit of the first hidden layer has net input 0."""
    for place in kinks(subject, net):
        axes.axvline(place, 0, 0.05, color=theme.ink, linewidth=1.2)


def kinks(subject: Subject, net: Sequential) -> Array:
    """Where the units of the first of several linear layers have net input 0, in the input's own units."""
    first = net.layers[0]
    if not isinstance(first, Linear) or sum(isinstance(layer, Linear) for layer in net.leaves()) < 2:
        return np.empty(0)
    z, _ = first.forward(subject.run.preparation.apply(np.array([[0.0], [1.0]])))
    slope = z[1] - z[0]
    return np.asarray(-z[0][slope != 0] / slope[slope != 0])


def _legend(axes: Axes, subject: Subject, theme: Theme, names: list[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    parts = list(subject.rows.parts)
    handles: list[object] = [Patch(color=theme.color(place)) for place in range(len(names))]
    handles += [Line2D([], [], color=theme.faint, marker=style.PART_MARKERS[part], linestyle="none") for part in parts]
    words = [*names, *(style.PART_WORDS[part] for part in parts)]
    assert axes.figure is not None
    style.legend(axes.figure, handles, words, loc="outside lower center", ncols=3)  # type: ignore[arg-type]
