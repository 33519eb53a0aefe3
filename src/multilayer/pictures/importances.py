"""Permutation importance: what an estimator's score loses with each column."""

from __future__ import annotations

from typing import Any

import numpy as np

from multilayer.constraints import Integer, check
from multilayer.errors import UsageError
from multilayer.pictures import style
from multilayer.pictures.explained import Asked, of_estimators
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme

LONGEST = 30


@picture(
    "importances",
    "by how much the score falls when a column is shuffled",
    needs="estimator",
    why_not=of_estimators,
)
def importances(subject: Asked, theme: Theme, *, repeats: int = 10, most: int = 20) -> Drawing:
    """A line for each column, the most important first, `most` of them: the mean fall of the score as a bar, and each
    of the `repeats` shufflings as a point."""
    most = check(Integer(1), most, "most", UsageError)
    if subject.y is None:
        raise UsageError("The picture importances needs y: model.plot('importances', X, y).")
    falls = subject.model.falls(subject.X, subject.y, repeats=repeats)
    order = sorted(falls, key=lambda name: -float(falls[name].mean()))
    shown = order[:most]
    figure = style.figure(1.1 + 0.27 * len(shown))
    axes = figure.subplots()
    places = np.arange(len(shown))
    axes.barh(places, [falls[name].mean() for name in shown], 0.62, color=theme.color(0), alpha=0.75)
    for place, name in enumerate(shown):
        marks: dict[str, Any] = {"s": 9, "color": theme.ink, "linewidth": 0, "alpha": 0.8, "zorder": 3}
        axes.scatter(falls[name], np.full(len(falls[name]), place), **marks)
    axes.axvline(0, color=theme.faint, linewidth=1)
    axes.set_yticks(places, [label(name, LONGEST) for name in shown])
    axes.set(xlabel=f"fall of {_metric(subject)}", ylim=(len(shown) - 0.4, -0.6))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.locator_params(axis="x", nbins=6)
    first = f"{label(order[0], LONGEST)} ({falls[order[0]].mean():.3g})"
    more = f" The {len(shown)} most important of {len(order)} columns are drawn." if len(shown) < len(order) else ""
    caption = (
        f"By how much {_metric(subject)} falls when one column is shuffled: a bar is the mean of {repeats} shufflings, "
        f"a point is one of them. It falls most with {first}.{more} Columns that say the same stand in for each other, "
        "and then each seems to matter less."
    )
    return Drawing(figure, caption, f"Horizontal bars, one for each of {len(shown)} columns, longest first.")


def _metric(subject: Asked) -> str:
    return "accuracy" if hasattr(subject.model, "classes_") else "r2"
