"""Partial dependence: what an estimator answers when one column has another value and all others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from multilayer.arrays import Array
from multilayer.errors import UsageError
from multilayer.pictures import style
from multilayer.pictures.explained import Asked, Dependence, of_estimators
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.plane import day
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_OUTPUTS = 5
LINES = 30
"""Rows with a line of their own, where there is one output."""
BOOLEANS = ("false", "true")


@picture(
    "dependence",
    "the mean answer when one column has another value and all others stay",
    needs="estimator",
    why_not=of_estimators,
)
def dependence(subject: Asked, theme: Theme, *, column: str = "", points: int = 40) -> Drawing:
    """The mean answer over the rows against the values of `column`: of a number with single rows as thin lines, of a
    category with the middle half of the rows. Of two classes it is the probability of the second; of more, that of
    each, five at most."""
    if not column:
        raise UsageError("The picture dependence needs a column: model.plot('dependence', X, column='age').")
    found = subject.model.dependence(subject.X, column, points=points)
    outputs, names = _outputs(subject.model, found.answers)
    lines = found.kind in ("number", "date")
    figure = style.figure(3.6 if lines else 1.5 + (0.26 + 0.09 * len(outputs)) * len(found.at))
    axes = figure.subplots()
    draw = _lines if lines else _dots
    handles = draw(axes, theme, found, outputs)
    what = _what(subject.model, names)
    axes.set_xlabel(label(column, 40)) if lines else axes.set_xlabel(what)
    axes.set_ylabel(what) if lines else axes.set_title(label(column, 40))
    axes.grid(axis="both" if lines else "x")
    if len(outputs) > 1:
        style.legend(
            figure, handles, [label(n, 16) for n in names], loc="outside upper center", ncols=min(len(names), 3)
        )
    return Drawing(figure, _caption(found, outputs, what), _alt(found, outputs))


def _outputs(model: Any, answers: Array) -> tuple[list[int], list[str]]:
    """The columns of the answers that are drawn, and their names."""
    k = answers.shape[2]
    classes = getattr(model, "classes_", None)
    several = classes is not None and model.models_[0].target.kind == "multilabel"
    if classes is not None and k == 2 and not several:
        return [1], [str(classes[1])]
    names = [str(one) for one in classes] if classes is not None else [f"output {place + 1}" for place in range(k)]
    if k <= MOST_OUTPUTS:
        return list(range(k)), names
    spread = np.ptp(answers.mean(axis=1), axis=0)
    chosen = sorted(np.argsort(-spread, kind="stable")[:MOST_OUTPUTS].tolist())
    return chosen, [names[place] for place in chosen]


def _what(model: Any, names: list[str]) -> str:
    if not hasattr(model, "classes_"):
        return "prediction"
    return f"probability of {label(names[0])}" if len(names) == 1 else "probability"


def _lines(axes: Axes, theme: Theme, found: Dependence, outputs: list[int]) -> list[Any]:
    handles = []
    for number, output in enumerate(outputs):
        answers, color = found.answers[:, :, output], theme.color(number)
        if len(outputs) == 1:
            some = np.unique(np.linspace(0, answers.shape[1] - 1, LINES).round().astype(int))
            axes.plot(found.at, answers[:, some], color=color, linewidth=0.5, alpha=0.35)
        style_of: dict[str, Any] = {"linestyle": ("-", "--", "-.", ":", (0, (5, 1, 1, 1)))[number], "linewidth": 2.2}
        handles += axes.plot(found.at, answers.mean(axis=1), color=color, **style_of)
    low, high = axes.get_ylim()
    deciles = np.quantile(found.own, np.linspace(0.1, 0.9, 9))
    axes.vlines(deciles, low, low + 0.04 * (high - low), color=theme.ink, linewidth=1)
    axes.set_ylim(low, high)
    margin = 0.02 * float(np.ptp(found.at)) or 1.0
    axes.set_xlim(found.at[0] - margin, found.at[-1] + margin)
    if found.kind == "date":
        from matplotlib.dates import AutoDateLocator
        from matplotlib.ticker import FuncFormatter

        axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=5))  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(FuncFormatter(day))
    return handles


def _dots(axes: Axes, theme: Theme, found: Dependence, outputs: list[int]) -> list[Any]:
    handles = []
    places = np.arange(len(found.at), dtype=float)
    for number, output in enumerate(outputs):
        answers, color = found.answers[:, :, output], theme.color(number)
        at = places + (number - (len(outputs) - 1) / 2) * 0.62 / len(outputs)
        axes.hlines(at, *np.quantile(answers, [0.25, 0.75], axis=1), color=color, linewidth=3, alpha=0.35)
        marks: dict[str, Any] = {"linestyle": "none", "marker": theme.marker(number), "markersize": 6, "color": color}
        handles += axes.plot(answers.mean(axis=1), at, **marks)
    words = found.words or tuple(BOOLEANS[int(value)] for value in found.at)
    axes.set_yticks(places, [label(word, 28) for word in words])
    axes.set_ylim(len(places) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.06)
    return handles


def _caption(found: Dependence, outputs: list[int], what: str) -> str:
    rows = found.answers.shape[1]
    of = f"{rows} of {found.of_rows} rows" if rows < found.of_rows else f"{rows} rows"
    means = found.answers.mean(axis=1)[:, outputs]
    how = "the mean" if len(outputs) > 1 else f"the mean {what}"
    from_to = "" if len(outputs) > 1 else f", from {means.min():.3g} to {means.max():.3g}"
    if found.kind in ("number", "date"):
        drawn = "thin lines are single rows, " if len(outputs) == 1 else ""
        drawn += "marks at the bottom are the deciles of the column"
    else:
        drawn = "bars hold the middle half of the rows"
        more = len(np.unique(found.own)) - len(found.at)
        drawn += f"; {more} rarer values are left out" if more else ""
    left = found.answers.shape[2] - len(outputs)
    left_out = f" The {len(outputs)} outputs that change most are drawn." if left and len(outputs) > 1 else ""
    return (
        f"Partial dependence on {label(found.column, 60)}: {how} over {of} whose {label(found.column, 60)} alone is "
        f"changed{from_to}; {drawn}.{left_out}"
    )


def _alt(found: Dependence, outputs: list[int]) -> str:
    form = "Lines over" if found.kind in ("number", "date") else "Points for"
    return f"{form} {len(found.at)} values of {found.column}, {len(outputs)} for each output."
