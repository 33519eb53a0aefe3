"""A Gaussian process beside the network, on the same rows, both with their uncertainty."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Integer, check
from multilayer.errors import UsageError
from multilayer.pictures import style
from multilayer.pictures.fit import Scene, law_of, of_one_input
from multilayer.pictures.picture import Drawing
from multilayer.pictures.predicted import points
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, Trained, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 400
"""A Gaussian process takes time with the third power of its rows; of more than these, evenly spaced ones are taken."""


def _why_not(run: Trained) -> str | None:
    reason = of_one_input(run)
    if reason:
        return reason
    if run.question.own is not None:
        return "it has layers or a loss of your own, which are code, so that other seeds cannot be trained."
    if run.question.start is not None:
        return "its weights were set by hand, so that other seeds say nothing."
    return None


@picture(
    "gaussian-process",
    "the network beside a Gaussian process, both with their uncertainty",
    needs="training",
    why_not=_why_not,
)
def gaussian_process(subject: Subject, theme: Theme, *, seeds: int = 8, beyond: float = 0.5) -> Drawing:
    """The mean of networks that differ in their seed alone, trained as one population, over the process's mean.

    The network's band is two standard deviations of the networks about their mean: what training leaves open. The
    process's is two of its predictive distribution, noise included: constant times radial basis kernel plus white
    noise, fitted by scikit-learn to the same training rows. `seeds` from 2 to 64; `beyond` as for fit.
    """
    run, rows = subject.run, subject.rows
    seeds = check(Integer(2, 64), seeds, "seeds", UsageError)
    scene = Scene.of(subject, theme, beyond)
    first = run.question.seed
    members = subject.siblings([(first + k) % 2**64 for k in range(seeds)])
    test_part, test = rows.part(None)
    wanted = np.concatenate([scene.x, rows.x[test, 0]])[:, None]
    answers = np.stack([member.answer_encoded(wanted)[:, 0] for member in members])
    network = answers.mean(axis=0), answers.std(axis=0, ddof=1)
    train = rows.split.train
    used = train[:: -(-len(train) // MOST_ROWS)]
    kernel, process = fitted_process(rows.x[used, 0], rows.dataset.target.values[used, 0], wanted[:, 0])
    figure = style.figure(6.0)
    panels = figure.subplots(2, 1, sharex=True, sharey=True)
    n = len(scene.x)
    titles = f"{seeds} networks: mean and 2 standard deviations", "Gaussian process: mean and 2 standard deviations"
    for axes, (mean, deviation), title, color in zip(panels, (network, process), titles, theme.colors, strict=False):
        _band(axes, scene, theme, mean[:n], deviation[:n], color)
        axes.set_title(title)
    panels[1].set_xlabel(scene.names[0])
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    true = rows.dataset.target.values[test, 0]
    said = [_told(mean[n:], deviation[n:], true) for mean, deviation in (network, process)]
    caption = (
        f"{told(run)} by {seeds} networks (seeds {first} to {members[-1].question.seed}) and by a Gaussian process "
        f"({kernel}, fitted to {len(used)} rows). On the {len(test)} {style.PART_WORDS[test_part]} rows the networks' "
        f"mean has {said[0]}, the process's {said[1]}. The networks' band is what the seed decides and holds no noise; "
        f"the process's holds the noise it found. {scene.stated}"
    )
    return Drawing(figure, caption, "Two curves with bands, the network's over the Gaussian process's.")


def fitted_process(x: Array, y: Array, at: Array) -> tuple[str, tuple[Array, Array]]:
    """The kernel found, in words, and mean and standard deviation at the points; x, y and at are (n,)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    center, scale = float(x.mean()), float(x.std()) or 1.0
    kernel = ConstantKernel(1.0, (1e-3, 1e4)) * RBF(1.0, (1e-2, 1e2)) + WhiteKernel(1e-2, (1e-6, 10.0))
    process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # no noise at all: the white kernel stops at its bound
        process.fit((x[:, None] - center) / scale, y)
        mean, deviation = process.predict((at[:, None] - center) / scale, return_std=True)
    found: Any = process.kernel_
    length, noise = float(found.k1.k2.length_scale) * scale, float(found.k2.noise_level) ** 0.5 * float(y.std())
    return f"length scale {length:.3g}, noise {noise:.2g}", (np.asarray(mean), np.asarray(deviation))


def _band(axes: Axes, scene: Scene, theme: Theme, mean: Array, deviation: Array, color: str) -> None:
    rows = scene.subject.rows
    scene.shade(axes)
    train = rows.split.train
    y = rows.dataset.target.values[train, 0]
    how = points(theme, "train", len(train)) | {"color": theme.ink}
    axes.scatter(rows.x[train, 0], y, label="training rows", zorder=3, **how)
    law = law_of(scene.subject, scene.x)
    if law is not None:
        axes.plot(*law, color=theme.faint, linewidth=1.2, linestyle="--", label="law without noise")
    axes.plot(scene.x, mean, color=color, zorder=4)
    axes.fill_between(scene.x, mean - 2 * deviation, mean + 2 * deviation, color=color, alpha=0.3, linewidth=0)
    axes.set(ylim=scene.limits, ylabel=scene.names[1])
    axes.grid(axis="y")


def _told(mean: Array, deviation: Array, true: Array) -> str:
    rmse = float(np.sqrt(np.mean((mean - true) ** 2)))
    inside = float(np.mean(np.abs(mean - true) <= 2 * deviation))
    return f"rmse {rmse:.3g} and {inside:.0%} of them in its band"
