"""The share of units that never answer, in every layer, over the training."""

from __future__ import annotations

from multilayer.engines.watching import Watched
from multilayer.pictures.depth import depth_legend, depth_lines, layer_names, looked, without_activations
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme, figure
from multilayer.pictures.subject import Subject, Trained


def no_relu(run: Trained) -> str | None:
    if not any(entry["layer"] == "relu" for entry in run.question.recipe.layers):
        return "only relu units can be silent on every row, and it has none."
    return without_activations(run)


@picture("dead-units", "the share of units that are 0 on every row, by layer", needs="training", why_not=no_relu)
def dead_units(subject: Subject, theme: Theme) -> Drawing:
    """The share of each ReLU layer's units that are 0 on every training row, after every epoch."""
    watched = looked(subject)
    hidden = [place for place in watched.hidden if watched.layers[place].endswith(".relu")]
    made = figure(3.2)
    axes = made.subplots()
    dead = 100 * watched.dead[:, hidden]
    handles = depth_lines(axes, theme, watched.epoch, dead)
    axes.set(ylabel="dead units (%)", ylim=(-1, max(10.0, 1.05 * float(dead.max()))))
    depth_legend(made, handles, layer_names([watched.layers[place] for place in hidden]))
    alt = f"Line chart over {watched.epoch[-1]} epochs with a line for each ReLU layer, {len(hidden)} in all."
    return Drawing(made, _caption(watched, hidden), alt)


def _caption(watched: Watched, hidden: list[int]) -> str:
    def said(row: int) -> str:
        return ", ".join(f"{share:.0%}" for share in watched.dead[row, hidden])

    by = "in the one ReLU layer" if len(hidden) == 1 else "by ReLU layer from the input on"
    worst = watched.dead[-1, hidden].max()
    moral = (
        "No gradient reaches a dead unit, so it seldom comes back: try a smaller learning rate or leaky_relu."
        if worst > 0
        else "Every unit answers to some row."
    )
    return (
        f"Units that are 0 on each of {watched.n_rows} training rows, {by}: {said(0)} before training, {said(-1)} "
        f"after {watched.epoch[-1]} epochs. {moral}"
    )
