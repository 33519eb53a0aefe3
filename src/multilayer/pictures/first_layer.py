"""The first layer's weights as images, for inputs that are images."""

from __future__ import annotations

import math

import numpy as np

from multilayer.arrays import Array
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import SMALL, WIDTH, Theme, figure
from multilayer.pictures.subject import Subject, Trained
from multilayer.pictures.weight_matrices import matrices, no_matrices

MOST = 36
"""Of more units, those with the largest weights are drawn."""

SMALLEST = 5
"""Images of fewer pixels a side are taken for tables whose number of columns happens to be a square."""


def not_images(run: Trained) -> str | None:
    if no_matrices(run):
        return no_matrices(run)
    n_in = matrices(run)[0].W.shape[0]
    side = math.isqrt(n_in)
    if side * side == n_in and side >= SMALLEST:
        return None
    return (
        f"its first layer has {n_in} inputs, which are not the pixels of a square image of {SMALLEST} or more a side."
    )


@picture("first-layer", "the weights of each first-layer unit as an image", why_not=not_images)
def first_layer(subject: Subject, theme: Theme) -> Drawing:
    """An image of the weights of each unit of the first layer, for inputs that are the pixels of a square image."""
    matrix = matrices(subject.run)[0]
    side, n_units = math.isqrt(matrix.W.shape[0]), matrix.W.shape[1]
    sizes = np.linalg.norm(matrix.W, axis=0)
    chosen = np.sort(np.argsort(-sizes, kind="stable")[:MOST])
    n_columns = min(6, len(chosen))
    n_rows = math.ceil(len(chosen) / n_columns)
    made = figure(n_rows * (WIDTH - 0.6) / n_columns * 1.2 + 0.9)
    axes = made.subplots(n_rows, n_columns, squeeze=False).ravel()
    largest = float(np.abs(matrix.W[:, chosen]).max()) or 1.0
    for place, unit in zip(axes, chosen, strict=False):
        image: Array = matrix.W[:, unit].reshape(side, side)
        shown = place.imshow(image, cmap=theme.diverging(), vmin=-largest, vmax=largest, interpolation="nearest")
        place.set(xticks=[], yticks=[])
        place.spines[:].set(visible=True, color=theme.grid)
        place.set_title(matrix.units[unit], fontsize=SMALL, pad=2, loc="center")
    for place in axes[len(chosen) :]:
        place.set_axis_off()
    made.colorbar(shown, ax=axes.tolist(), orientation="horizontal", shrink=0.6, aspect=40, pad=0.02, label="weight")
    part = "" if len(chosen) == n_units else f" Of {n_units} units, the {len(chosen)} with the largest weights."
    caption = (
        f"What each unit of the first layer looks for: its {side} × {side} weights, blue where a bright pixel excites "
        f"it and orange where it inhibits it; the largest is {largest:.3g}.{part}"
    )
    alt = f"{len(chosen)} small images of {side} by {side} pixels in blue and orange, one for each unit."
    return Drawing(made, caption, alt)
