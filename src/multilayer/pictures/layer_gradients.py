"""How large the gradient is in every layer, over the training."""

from __future__ import annotations

import numpy as np

from multilayer.arrays import Array
from multilayer.engines.watching import Watched
from multilayer.pictures.depth import depth_legend, depth_lines, looked, untrained, weight_names
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme, figure, logarithmic
from multilayer.pictures.subject import Subject

FAR = 100.0
"""Gradients that differ by more, from layer to layer or from their weights, are called vanishing or exploding."""


@picture(
    "layer-gradients", "how large the gradient is in every layer while it learns", needs="training", why_not=untrained
)
def layer_gradients(subject: Subject, theme: Theme) -> Drawing:
    """The L2 norm of the gradient of the mean training loss by each layer's weights, after every epoch."""
    watched = looked(subject)
    made = figure(3.4)
    axes = made.subplots()
    handles = depth_lines(axes, theme, watched.epoch, np.where(watched.gradient > 0, watched.gradient, np.nan))
    axes.set_ylabel("size of the gradient (L2 norm)")
    if (watched.gradient > 0).any():
        logarithmic(axes, "y")
    depth_legend(made, handles, weight_names(watched))
    return Drawing(made, _caption(watched), _alt(watched))


def _caption(watched: Watched) -> str:
    start, end = watched.gradient[0], watched.gradient[-1]
    said = f"Size of the gradient of the mean loss on {watched.n_rows} training rows, by layer."
    if len(start) == 1:
        return f"{said} It is {start[0]:.3g} before training and {end[0]:.3g} after {watched.epoch[-1]} epochs."
    said += (
        f" Before training it is {start[0]:.3g} in the first layer and {start[-1]:.3g} in the last; after "
        f"{watched.epoch[-1]} epochs {end[0]:.3g} and {end[-1]:.3g}."
    )
    return f"{said} {_verdict(start, watched.size[0])}"


def _verdict(gradient: Array, size: Array) -> str:
    """On the gradients and the sizes of the weights before training."""
    first, last = gradient[0], gradient[-1]
    if not (np.isfinite(gradient).all() and last > 0):
        return "There is no gradient to compare."
    if first < last / FAR:
        return "The gradient vanishes on its way back to the input: the first layers hardly learn at the start."
    if first > last * FAR:
        return "The gradient explodes on its way back to the input: the first layers take the largest steps."
    if (gradient > FAR * size).any():
        return f"The gradient explodes: it starts over {FAR:g} times as large as the weights that it is to change."
    return "It neither vanishes nor explodes on its way back to the input."


def _alt(watched: Watched) -> str:
    return (
        f"Line chart on a logarithmic axis: {len(watched.arrays)} lines, one for each layer's weights, over "
        f"{watched.epoch[-1]} epochs."
    )
