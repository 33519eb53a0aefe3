"""How large a step is beside the weights it changes, in every layer, over the training."""

from __future__ import annotations

import numpy as np

from multilayer.engines.watching import Watched
from multilayer.pictures.depth import depth_legend, depth_lines, looked, untrained, weight_names
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import SMALL, Theme, figure, logarithmic
from multilayer.pictures.subject import Subject

USUAL = 1e-3
"""About right, by a rule of thumb: Karpathy, CS231n (2016), "Ratio of weights:updates"."""


@picture("layer-updates", "how large each step is beside the weights, by layer", needs="training", why_not=untrained)
def layer_updates(subject: Subject, theme: Theme) -> Drawing:
    """The L2 norm of one step's change of each layer's weights, divided by that of the weights."""
    watched = looked(subject)
    seen = np.isfinite(watched.update).any(axis=1)
    made = figure(3.4)
    axes = made.subplots()
    axes.axhline(USUAL, color=theme.faint, linewidth=1, linestyle=(0, (1, 2)))
    values = np.where(watched.update > 0, watched.update, np.nan)[seen]
    handles = depth_lines(axes, theme, watched.epoch[seen], values)
    axes.set_ylabel("change in one step / weights")
    logarithmic(axes, "y")
    axes.annotate(
        "rule of thumb",
        (1, USUAL),
        xycoords=axes.get_yaxis_transform(),
        xytext=(-3, 3),
        textcoords="offset points",
        ha="right",
        color=theme.faint,
        fontsize=SMALL,
    )
    depth_legend(made, handles, weight_names(watched))
    alt = f"Line chart on a logarithmic axis with a line for each layer's weights, {len(watched.arrays)} in all."
    return Drawing(made, _caption(watched), alt)


def _caption(watched: Watched) -> str:
    middle = np.nanmedian(watched.update, axis=0)
    layers = f"from {middle.min():.2g} to {middle.max():.2g} in the middle of training, by layer"
    layers = f"{middle[0]:.2g} in the middle of training" if len(middle) == 1 else layers
    return (
        f"One step's change of the weights beside their size (L2 norms): {layers} (medians over the looks). By a rule "
        "of thumb about 0.001 is right: much more is restless, much less learns slowly."
    )
