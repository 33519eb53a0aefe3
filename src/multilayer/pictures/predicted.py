"""predicted numbers against true ones"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from multilayer.arrays import Array
from multilayer.data import METRICS
from multilayer.pictures import style
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, Trained, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TARGETS = 6
MANY_ROWS = 2000
"""More points than this are drawn as pixels, also in SVG."""


def numbers(run: Trained) -> str | None:
    """Why a run does not predict numbers."""
    return None if run.target.kind == "regression" else "it chooses classes, and this is of numbers."


@picture("predicted", "predicted numbers against true ones", needs="rows", why_not=numbers)
def predicted(subject: Subject, theme: Theme) -> Drawing:
    """A panel for each target (six at most): every row as a point of its part; on the diagonal it would be right."""
    run, rows = subject.run, subject.rows
    said, true = run.answer_encoded(rows.x), rows.dataset.target.values
    k = min(said.shape[1], MOST_TARGETS)
    columns = 1 if k == 1 else 2
    figure = style.figure(4.6 if k == 1 else 0.9 + 2.2 * ((k + 1) // 2))
    panels = figure.subplots(-(-k // columns), columns, squeeze=False).ravel()
    for place, axes in enumerate(panels):
        if place >= k:
            axes.set_visible(False)
            continue
        _panel(axes, subject, theme, said[:, place], true[:, place])
        name = label(run.target.names[place] if len(run.target.names) == said.shape[1] else "target", 24)
        axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    more = f" The first {k} of {said.shape[1]} targets." if k < said.shape[1] else ""
    caption = f"Predicted against true values of {told(run)}: {_scores(subject, said, true)}.{more}"
    return Drawing(figure, caption, "Points about a diagonal line; each is a row, shaped by its part.")


def _panel(axes: Axes, subject: Subject, theme: Theme, said: Array, true: Array) -> None:
    for part, rows in subject.rows.parts.items():
        axes.scatter(true[rows], said[rows], label=style.PART_WORDS[part], **points(theme, part, len(true)))
    low, high = min(true.min(), said.min()), max(true.max(), said.max())
    margin = 0.04 * (high - low) or 1.0
    axes.plot([low, high], [low, high], color=theme.faint, linewidth=1, linestyle="--")
    axes.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin), aspect="equal")
    axes.grid()


def points(theme: Theme, part: str, rows: int) -> dict[str, Any]:
    """How the points of a part look; the more rows the smaller."""
    size = 26 if rows <= 100 else 16 if rows <= 600 else 7
    return {
        "s": size,
        "color": theme.part(part),
        "marker": style.PART_MARKERS[part],
        "linewidth": 0,
        "alpha": 0.85 if rows <= 600 else 0.6,
        "rasterized": rows > MANY_ROWS,
    }


def _scores(subject: Subject, said: Array, true: Array) -> str:
    weight = subject.rows.dataset.weight
    told = []
    for part, rows in subject.rows.parts.items():
        weights = None if weight is None else weight[rows]
        if weights is not None and not weights.any():
            continue
        r2, rmse = (METRICS[name](true[rows], said[rows], weights) for name in ("r2", "rmse"))
        told.append(f"{style.PART_WORDS[part]} r2 {r2:.4g} and rmse {rmse:.4g} on {len(rows)} rows")
    return "; ".join(told)
