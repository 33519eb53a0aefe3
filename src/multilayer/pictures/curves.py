"""Learning curves: loss and metric by epoch, the epoch marked whose weights are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from multilayer.arrays import Array
from multilayer.data import METRICS
from multilayer.data.metrics import metric_label, metric_named
from multilayer.pictures import style
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, Trained, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPREAD = 30
"""A loss whose largest value is so many times its smallest is drawn on a logarithmic axis."""

MOST_POINTS = 100
"""At so many epochs at most the metric is measured on the training rows."""


def _why_not(run: Trained) -> str | None:
    if run.epochs == 0:
        return "it was trained for no epoch." if not run.question.recipe.epochs else "it ended before its first epoch."
    return None


@picture("learning-curves", "loss and metric by epoch", why_not=_why_not)
def learning_curves(subject: Subject, theme: Theme, *, train_metric: bool = False) -> Drawing:
    """The loss of training and validation rows by epoch, and beneath it the metric of the validation rows.

    The history has no metric of the training rows; `train_metric=True` trains again and measures it, which takes as
    long as training did.
    """
    run = subject.run
    panels = ["loss", "metric", "lr"]
    metric = _metric(run)
    measured = _measured(subject, metric) if metric and train_metric else None
    shown = [p for p in panels if p == "loss" or (p == "metric" and metric) or (p == "lr" and _varies(run))]
    figure = style.figure(0.7 + sum(1.1 if p == "lr" else 2.2 for p in shown))
    ratios = [1 if p == "lr" else 2 for p in shown]
    rows = figure.subplots(len(shown), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    best = kept_epoch(run)
    for panel, axes in zip(shown, rows, strict=True):
        if panel == "loss":
            _loss(axes, run, theme)
        elif panel == "metric":
            _metric_panel(axes, run, theme, str(metric), measured)
        else:
            axes.plot(_epochs(run), run.history["lr"], color=theme.ink)
            axes.ticklabel_format(axis="y", useOffset=False)
            axes.set_ylabel("lr")
        axes.grid(axis="y")
        if best:
            axes.axvline(best, color=theme.faint, linewidth=1, linestyle=":")
    rows[-1].set_xlabel("epoch")
    if best:
        rows[0].set_title(f"dotted: epoch {best}, whose weights are kept", color=theme.faint, fontsize=style.SMALL)
    return Drawing(
        figure, _caption(run, best, metric), f"Learning curves over {run.epochs} epochs: {', '.join(shown)}."
    )


def kept_epoch(run: Trained) -> int | None:
    """The epoch, counted from 1, whose weights the run has kept, where those are the best: the first of equal ones."""
    recipe, series = run.question.recipe, run.history.series
    monitored = f"val_{recipe.monitor}" if f"val_{recipe.monitor}" in series else "loss"
    values = run.history[monitored]
    if recipe.keep != "best" or "val" not in run.rows or not np.isfinite(values).any():
        return None
    greater = recipe.monitor != "loss" and metric_named(recipe.monitor).greater_is_better
    return int(np.nanargmax(values) if greater else np.nanargmin(values)) + 1


def standardized(run: Trained) -> bool:
    """Whether the loss is measured on standardized numbers, and not in the target's own unit."""
    return run.target.kind == "regression" and run.question.preparation.target == "standardize"


def _metric(run: Trained) -> str | None:
    """The monitored metric, else the first in the history."""
    monitor = run.question.recipe.monitor
    if monitor != "loss" and f"val_{monitor}" in run.history.series:
        return monitor
    return next((s.removeprefix("val_") for s in run.history.series if s.startswith("val_") and s != "val_loss"), None)


def _varies(run: Trained) -> bool:
    return "lr" in run.history.series and len(set(run.history["lr"].tolist())) > 1


def _epochs(run: Trained) -> Array:
    return np.arange(1, run.epochs + 1, dtype=np.float64)


def _line(axes: Axes, x: Array, y: Array, **how: Any) -> None:
    """A line; a single epoch is a point."""
    axes.plot(x, y, marker="o" if len(x) == 1 else None, **how)


def _loss(axes: Axes, run: Trained, theme: Theme) -> None:
    drawn = []
    for name, part in (("loss", "train"), ("val_loss", "val")):
        if name in run.history.series:
            values = run.history[name]
            drawn.append(values[np.isfinite(values)])
            how = "-" if part == "train" else "--"
            _line(axes, _epochs(run), values, color=theme.part(part), linestyle=how, label=style.PART_WORDS[part])
    values = np.concatenate(drawn)
    scale = ""
    if len(values) and values.min() > 0 and values.max() > SPREAD * values.min():
        style.logarithmic(axes, "y")
        scale = ", logarithmic"
    of = "\nof the standardized target" if standardized(run) else ""
    axes.set_ylabel(f"loss{scale}{of}")
    axes.legend(loc="best")


def _metric_panel(axes: Axes, run: Trained, theme: Theme, metric: str, measured: tuple[Array, Array] | None) -> None:
    values = run.history[f"val_{metric}"]
    shown = [values]
    if measured:
        _line(axes, *measured, color=theme.part("train"), label="training")
        shown.append(measured[1])
    _line(axes, _epochs(run), values, color=theme.part("val"), linestyle="--", label="validation")
    linear = run.baselines.get("linear", {}).get("val", {}).get(metric)
    _limits(axes, np.concatenate(shown), metric)
    if linear is not None and _in_sight(axes, linear):
        axes.axhline(linear, color=theme.faint, linewidth=1.2, linestyle="-.", label="linear model, validation")
    axes.set_ylabel(label(metric_label(metric, run.target).replace("_", " "), 30))
    axes.legend(loc="best")


def _in_sight(axes: Axes, value: float) -> bool:
    """Whether a value stands on the axis, which is made up to twice as long for it."""
    low, high = axes.get_ylim()
    span = high - low
    if not low - span <= value <= high + span:
        return False
    axes.set_ylim(min(low, value - 0.05 * span), max(high, value + 0.05 * span))
    return True


def _limits(axes: Axes, values: Array, metric: str) -> None:
    """A first epoch may be so bad (r2 of -40) that nothing else could be seen: the axis begins at the worst tenth."""
    values = values[np.isfinite(values)]
    name = metric.partition("(")[0]
    if len(values) < 10 or name not in METRICS:
        return
    up = METRICS[name].greater_is_better
    tenth, best = np.quantile(values, 0.1 if up else 0.9), values.max() if up else values.min()
    worst = values.min() if up else values.max()
    if abs(worst - best) > 4 * abs(tenth - best) > 0:
        low, high = sorted((best, tenth - 1.5 * (best - tenth)))
        margin = 0.05 * (high - low)
        axes.set_ylim(low - margin, high + margin)


def _measured(subject: Subject, metric: str) -> tuple[Array, Array]:
    """The metric on the training rows, at epochs evenly spaced."""
    run, rows = subject.run, subject.rows
    epochs = np.unique(np.linspace(1, run.epochs, min(run.epochs, MOST_POINTS)).round().astype(int))
    x, target = rows.x[rows.split.train], rows.dataset.target.take(rows.split.train)
    weight = None if rows.dataset.weight is None else rows.dataset.weight[rows.split.train]
    score = metric_named(metric)
    values = [score(target.values, stage.answer(x), weight) for stage in subject.stages(epochs.tolist())]
    return epochs.astype(np.float64), np.array(values)


def _caption(run: Trained, best: int | None, metric: str | None) -> str:
    of = best or run.epochs
    history = run.history
    parts = [f"training {history['loss'][of - 1]:.4g}"]
    if "val_loss" in history.series:
        parts.append(f"validation {history['val_loss'][of - 1]:.4g}")
    which = f"epoch {best}, the best, whose weights are kept" if best else f"epoch {of}, the last"
    end = f"; validation {metric_label(metric, run.target)} {history[f'val_{metric}'][of - 1]:.4g}" if metric else ""
    scale = " of the standardized target" if standardized(run) else ""
    return f"Training loss{scale} by epoch of {told(run)}. At {which}: loss {', '.join(parts)}{end}."
