"""A curve fitted to points of one input: its residuals, what each neuron adds to it, and how it grew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Real, check
from multilayer.errors import DataError, UsageError
from multilayer.nn import Linear, Sequential
from multilayer.pictures import style
from multilayer.pictures.boundary import moments, untrained
from multilayer.pictures.lettering import label
from multilayer.pictures.line import span
from multilayer.pictures.picture import Drawing
from multilayer.pictures.plane import name_axes
from multilayer.pictures.predicted import numbers, points
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, Trained, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NAMED = 8
ROOM = 0.35
"""How far the vertical axis goes beyond the rows and the curve in the fitted range, as a share of their height."""


def of_one_input(run: Trained) -> str | None:
    """Why a run is not a curve."""
    inputs = len(run.preparation.encoding.feature_names)
    if run.target.kind == "regression" and inputs > 1:
        return f"it has {inputs} inputs, and this is a curve over one."
    if run.target.kind == "regression" and len(run.preparation.target_center) > 1:
        return f"it predicts {len(run.preparation.target_center)} numbers, and this is the curve of one."
    return numbers(run)


def of_added_neurons(run: Trained) -> str | None:
    """Why the output is no sum of what the last hidden neurons add."""
    reason = of_one_input(run)
    if reason:
        return reason
    last = run.net.layers[-1]
    if run.question.recipe.loss["name"] in ("poisson", "gaussian_nll") or not isinstance(last, Linear):
        return "its output is no sum of what its neurons add."
    return "it has no hidden layer." if len(run.net.layers) == 1 else None


def _why_no_film(run: Trained) -> str | None:
    return of_one_input(run) or untrained(run)


Beyond = Real(0, 10)


@picture(
    "fit",
    "the fitted curve with its residuals, beyond the fitted range too",
    needs="rows",
    why_not=of_one_input,
)
def fit(subject: Subject, theme: Theme, *, beyond: float = 0.5) -> Drawing:
    """The curve over its rows, and beneath it the residuals: the row's number less the curve's.

    `beyond` is how far it is drawn outside the range of the training rows, which is shaded, as a share of its length.
    """
    scene = Scene.of(subject, theme, beyond)
    figure = style.figure(5.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    scene.curve(upper, subject.run.answer_encoded)
    rows = subject.rows
    residuals = rows.dataset.target.values[:, 0] - subject.run.answer_encoded(rows.x)[:, 0]
    for part, places in rows.parts.items():
        lower.scatter(rows.x[places, 0], residuals[places], **points(theme, part, len(rows.x)))
    lower.axhline(0, color=theme.faint, linewidth=1)
    scene.shade(lower)
    name_axes(lower, subject.run, subject.run.preparation.encoding.feature_names[0])
    lower.set_ylabel("residual")
    lower.grid(axis="y")
    rms = {part: float(np.sqrt(np.mean(residuals[places] ** 2))) for part, places in rows.parts.items()}
    sizes = ", ".join(f"{style.PART_WORDS[part]} {value:.3g}" for part, value in rms.items())
    caption = f"The curve fitted to {told(subject.run)}, and its residuals, whose root mean squares are: {sizes}. "
    return Drawing(figure, caption + scene.stated, "A curve through points, over a strip of residuals.")


@picture(
    "neurons",
    "what each last hidden neuron adds to the fitted curve",
    needs="rows",
    why_not=of_added_neurons,
)
def neurons(subject: Subject, theme: Theme, *, beyond: float = 0.5) -> Drawing:
    """The curve over its rows, and beneath it the terms whose sum it is: each neuron's output times its weight, in the
    target's units. `beyond` as for fit.
    """
    scene = Scene.of(subject, theme, beyond)
    figure = scene.side_by_side(subject.run.answer_encoded, subject.run.net, "", True)
    count = added(subject.run, subject.run.net, scene.x)[0].shape[1]
    caption = f"The curve fitted to {told(subject.run)}, and what each of its {count} last hidden neurons adds to it; "
    caption += f"with the constant {added(subject.run, subject.run.net, scene.x)[1]:.4g} their sum is the curve. "
    return Drawing(figure, caption + scene.stated, "A curve through points, over the curves of its neurons.")


@picture(
    "fit-training",
    "the fitted curve and its neurons as they grew, an animation",
    needs="training",
    why_not=_why_no_film,
)
def fit_training(subject: Subject, theme: Theme, *, beyond: float = 0.5, frames: int = 24) -> Iterator[Drawing]:
    """A frame after each of some epochs, by training again; the last one shows the weights that the run has kept.
    `beyond` as for fit, `frames` from 2 to 200.
    """
    scene = Scene.of(subject, theme, beyond)
    with_neurons = of_added_neurons(subject.run) is None
    for answer, net, title in moments(subject, frames):
        figure = scene.side_by_side(answer, net, title, with_neurons)
        caption = f"The curve fitted to {told(subject.run)} as it grew"
        caption += ", over what each neuron of its last hidden layer adds. " if with_neurons else ". "
        yield Drawing(figure, caption + scene.stated, "A curve through points, as training bends it.")


def added(run: Trained, net: Sequential, x: Array) -> tuple[Array, float]:
    """What each unit before the last layer adds to the output, (n_samples, units), and the constant, both in the
    target's own units: they sum to the prediction."""
    last = net.layers[-1]
    assert isinstance(last, Linear)
    inputs = run.preparation.apply(x[:, None]).astype(last.W.value.dtype)
    hidden = net.hidden(inputs)[-2].astype(np.float64)
    factor, center = float(run.preparation.target_factor[0]), float(run.preparation.target_center[0])
    bias = float(last.b.value[0]) if last.bias else 0.0
    return hidden * last.W.value[:, 0].astype(np.float64) / factor, bias / factor + center


@final
@dataclass(frozen=True, eq=False)
class Scene:
    """What does not change while a curve is fitted: where it is drawn, and what it is fitted to."""

    subject: Subject
    theme: Theme
    x: Array  # (n,)
    fitted: tuple[float, float]
    limits: tuple[float, float]
    names: tuple[str, str]

    @staticmethod
    def of(subject: Subject, theme: Theme, beyond: float) -> Scene:
        beyond = check(Beyond, beyond, "beyond", UsageError)
        run, rows = subject.run, subject.rows
        train = rows.x[rows.split.train, 0]
        fitted = float(np.nanmin(train)), float(np.nanmax(train))
        x = span(train, beyond)
        inside = x[(x >= fitted[0]) & (x <= fitted[1])]
        heights = [run.answer_encoded(inside[:, None])[:, 0], rows.dataset.target.values[:, 0]]
        low, high = min(map(np.min, heights)), max(map(np.max, heights))
        room = ROOM * (high - low) or 1.0
        names = label(run.preparation.encoding.feature_names[0], 40), label(run.target.names[0], 40)
        return Scene(subject, theme, x, fitted, (float(low - room), float(high + room)), names)

    @property
    def stated(self) -> str:
        """The last sentence of the caption."""
        low, high = self.fitted
        return f"Shaded: the range of the training rows, {low:.4g} to {high:.4g}; outside it nothing was learned."

    def shade(self, axes: Axes) -> None:
        axes.axvspan(*self.fitted, color=self.theme.grid, alpha=0.45, linewidth=0, zorder=0)
        axes.set_xlim(self.x[0], self.x[-1])

    def curve(self, axes: Axes, answer: Callable[[Array], Array]) -> None:
        """The rows, the law where it is known, and the curve."""
        theme, rows = self.theme, self.subject.rows
        self.shade(axes)
        for part, places in rows.parts.items():
            y = rows.dataset.target.values[places, 0]
            axes.scatter(rows.x[places, 0], y, label=style.PART_WORDS[part], **points(theme, part, len(rows.x)))
        law = law_of(self.subject, self.x)
        if law is not None:
            axes.plot(*law, color=theme.faint, linewidth=1.2, linestyle="--", label="law without noise")
        axes.plot(self.x, answer(self.x[:, None])[:, 0], color=theme.ink, label="network", zorder=3)
        axes.set(ylim=self.limits, ylabel=self.names[1])
        axes.grid(axis="y")
        assert axes.figure is not None
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)

    def side_by_side(self, answer: Callable[[Array], Array], net: Sequential, title: str, with_neurons: bool) -> Figure:
        """The curve, and beneath it what each neuron adds."""
        figure = style.figure(5.6 if with_neurons else 3.8)
        panels = figure.subplots(2 if with_neurons else 1, 1, sharex=True, squeeze=False)[:, 0]
        self.curve(panels[0], answer)
        panels[0].set_title(title)
        name_axes(panels[-1], self.subject.run, self.subject.run.preparation.encoding.feature_names[0])
        if with_neurons:
            self._neurons(panels[1], net)
        return figure

    def _neurons(self, axes: Axes, net: Sequential) -> None:
        terms, _ = added(self.subject.run, net, self.x)
        final, _ = added(self.subject.run, self.subject.run.net, self.x)
        inside = (self.x >= self.fitted[0]) & (self.x <= self.fitted[1])
        order = np.argsort(-np.ptp(final[inside], axis=0), kind="stable")
        for rank, unit in enumerate(order):
            large = rank < MOST_NAMED
            how: dict[str, Any] = {"color": self.theme.faint, "alpha": 0.6, "linewidth": 0.8, "zorder": 2}
            if large:
                how = {"color": self.theme.color(rank), "linewidth": 1.5, "zorder": 3}
            axes.plot(self.x, terms[:, unit], **how)
        height = float(np.abs(final[inside]).max()) * 1.25 or 1.0
        self.shade(axes)
        axes.axhline(0, color=self.theme.faint, linewidth=0.8)
        axes.set(ylim=(-height, height), ylabel=f"added to {label(self.names[1], 20)}")
        axes.grid(axis="y")


def law_of(subject: Subject, x: Array) -> tuple[Array, Array] | None:
    """The law at those of the points where it has a value; None where it is not known."""
    law = subject.rows.law
    if law is None:
        return None
    return x, _values(law, x)


def _values(law: Callable[[Array], Array], x: Array) -> Array:
    """The law at the points, NaN where it has no value: halves are tried where the whole is refused."""
    try:
        return law(x[:, None])
    except DataError:
        half = len(x) // 2
        return np.concatenate([_values(law, x[:half]), _values(law, x[half:])]) if half else np.array([np.nan])
