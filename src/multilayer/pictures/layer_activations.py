"""How large the activations are in every layer, over the training."""

from __future__ import annotations

from multilayer.engines.watching import Watched
from multilayer.pictures.depth import depth_legend, depth_lines, layer_names, looked, without_activations
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme, figure
from multilayer.pictures.subject import Subject


@picture(
    "layer-activations",
    "mean and spread of the activations in every layer while it learns",
    needs="training",
    why_not=without_activations,
)
def layer_activations(subject: Subject, theme: Theme) -> Drawing:
    """Mean of each hidden layer's outputs and their standard deviation from row to row, after every epoch."""
    watched = looked(subject)
    hidden = list(watched.hidden)
    made = figure(4.8)
    upper, lower = made.subplots(2, 1, sharex=True)
    handles = depth_lines(upper, theme, watched.epoch, watched.std[:, hidden])
    depth_lines(lower, theme, watched.epoch, watched.mean[:, hidden])
    upper.set(ylabel="spread from row to row", xlabel="", ylim=(0, None))
    lower.set_ylabel("mean")
    lower.axhline(0, color=theme.faint, linewidth=0.8, zorder=0.5)
    depth_legend(made, handles, layer_names([watched.layers[place] for place in hidden]))
    alt = f"Two line charts over {watched.epoch[-1]} epochs with a line for each hidden layer, {len(hidden)} in all."
    return Drawing(made, _caption(watched, hidden), alt)


def _caption(watched: Watched, hidden: list[int]) -> str:
    def said(row: int) -> str:
        spread, mean = watched.std[row, hidden], watched.mean[row, hidden]
        both = f"{mean[0]:.3g} ± {spread[0]:.3g}"
        return (
            both
            if len(hidden) == 1
            else f"{both} in the first hidden layer and {mean[-1]:.3g} ± {spread[-1]:.3g} in the last"
        )

    return (
        f"Outputs of the hidden layers on {watched.n_rows} training rows, mean ± spread (standard "
        f"deviation from row to row): {said(0)} before training; {said(-1)} after {watched.epoch[-1]} epochs. "
        "Where the spread is near 0, a layer says the same of every row."
    )
