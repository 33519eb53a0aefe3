"""Lines for the layers of a network, from the input to the output, over the epochs of its training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.engines.watching import Watched
from multilayer.pictures.style import SMALL, Theme, legend
from multilayer.pictures.subject import Subject, Trained

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1, 1.2)))
MOST_LOOKS = 100


def shades(theme: Theme, n: int) -> list[str]:
    """Colors in an order that readers who do not see all colors see too: by lightness, each far from the paper."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    low, high = (0.0, 0.66) if theme.name == "light" else (0.42, 1.0)
    return [to_hex(colormaps["viridis"](place)) for place in np.linspace(low, high, n)]


def depth_lines(axes: Axes, theme: Theme, epochs: npt.NDArray[np.int64], values: Array) -> list[object]:
    """A line for each column of values (n_looks, n_layers), the first layer's first."""
    handles: list[object] = []
    few: dict[str, Any] = {"marker": "o", "markersize": 3} if len(epochs) < 12 else {}
    for column, color in enumerate(shades(theme, values.shape[1])):
        style = STYLES[column % len(STYLES)]
        handles += axes.plot(epochs, values[:, column], color=color, linestyle=style, linewidth=1.6, **few)
    axes.set(xlim=(epochs[0], max(epochs[-1], epochs[0] + 1)), xlabel="epochs")
    axes.grid(True)
    return handles


def depth_legend(figure: Figure, handles: Sequence[object], names: Sequence[str]) -> None:
    """The names of the layers above the panels, the one nearest the input first."""
    columns = min(len(names), 3 if max(map(len, names)) > 12 else 4)
    legend(figure, handles, names, loc="outside upper left", ncols=columns, frameon=False, fontsize=SMALL)


def layer_names(names: Sequence[str]) -> list[str]:
    """'3.relu' as 'relu 2': the kind and which of the lines it is.

    >>> layer_names(["1.relu", "3.relu"])
    ['relu 1', 'relu 2']
    """
    return [f"{name.partition('.')[2]} {number}" for number, name in enumerate(names, start=1)]


def weight_names(watched: Watched) -> list[str]:
    """'weights 1', ... , 'weights 3 (output)'."""
    last = len(watched.arrays)
    return [f"weights {number}{' (output)' * (number == last)}" for number in range(1, last + 1)]


def looked(subject: Subject) -> Watched:
    """What the layers did, at no more than a hundred epochs or so."""
    return subject.watched(every=max(1, subject.run.question.recipe.epochs // MOST_LOOKS))


def untrained(run: Trained) -> str | None:
    """Why a run's training cannot be looked into, in a sentence."""
    if run.question.own is not None:
        return "it has layers or a loss of your own, so it cannot be trained again."
    if not run.epochs:
        return "it was not trained."
    return None


def without_activations(run: Trained) -> str | None:
    """The same, where the outputs of hidden layers are wanted."""
    dense = [place for place, entry in enumerate(run.question.recipe.layers) if entry["layer"] in ("linear", "maxout")]
    return untrained(run) or ("it has no hidden layer." if len(dense) < 2 else None)
