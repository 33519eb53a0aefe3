"""The loss around a trained network's weights, along two directions."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Choice, Integer, Real, check
from multilayer.engines.parts import make_loss
from multilayer.errors import UsageError
from multilayer.nn import Sequential
from multilayer.pictures.depth import untrained
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import SMALL, Theme, figure
from multilayer.pictures.subject import Subject
from multilayer.recipe.outputs import training_target
from multilayer.rng import Stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS, MOST_STAGES = 500, 40
PLACE = 1 << 20
"""Directions are drawn from the streams of the weights, at places that no parameter has."""


@picture("loss-surface", "the loss around the trained weights", needs="training", why_not=untrained)
def loss_surface(
    subject: Subject, theme: Theme, *, directions: str = "random", n: int = 31, span: float = 1.0, seed: int = 0
) -> Drawing:
    """The mean loss of the training rows (at most 500) on a plane through the trained weights, at n x n points.

    `directions`: "random" are two filter-normalized directions drawn from `seed` (Li, Xu, Taylor, Studer & Goldstein,
    NeurIPS 2018, section 4): each unit's weights of a direction have the norm of that unit's own, biases and gains
    stay; the plane reaches `span` such lengths to each side. "path" are the two principal directions of the weights
    after the training's epochs (their section 7), with the path drawn on them, `span` times as wide as the path.
    """
    check(Choice("random", "path"), directions, "directions", UsageError)
    n = check(Integer(5, 201), n, "n", UsageError)
    span = check(Real(0, open_low=True), span, "span", UsageError)
    place = Plane(subject)
    if directions == "random":
        u, v = (place.random(check(Integer(0), seed, "seed", UsageError), number) for number in (0, 1))
        path, shares = None, None
        reach = ((-span, span), (-span, span))
    else:
        u, v, path, shares = place.principal(subject)
        reach = tuple(_reach(path[:, axis], span) for axis in (0, 1))  # type: ignore[assignment]
    x, y = (np.linspace(low, high, n) for low, high in reach)
    losses = np.array([[place.loss(place.center + a * u + b * v) for a in x] for b in y])
    made = figure(4.6)
    axes = made.subplots()
    _map(axes, x, y, losses, theme)
    _marks(axes, path, theme)
    told = ["", ""] if shares is None else [f" ({100 * share:.3g}% of the path)" for share in shares]
    word = "direction" if shares is None else "principal direction"
    axes.set(xlabel=f"{word} 1{told[0]}", ylabel=f"{word} 2{told[1]}")
    return Drawing(made, _caption(place, losses, shares), _alt(directions))


class Plane:
    """A trained network whose loss can be asked for at any weights, as one vector of its trainable parameters."""

    def __init__(self, subject: Subject) -> None:
        run, rows = subject.run, subject.rows
        train = rows.split.train
        train = train[np.linspace(0, len(train) - 1, min(len(train), MOST_ROWS)).astype(np.int64)]
        self.n_rows = len(train)
        self.net: Sequential = copy.deepcopy(run.net)
        self.params = self.net.params
        dtype = self.params[0].value.dtype
        self.x = run.preparation.apply(rows.x[train]).astype(dtype)
        name = run.question.recipe.loss["name"]
        self.target = training_target(name, rows.dataset.target, run.preparation, dtype)[train]
        self.weight = None if rows.dataset.weight is None else rows.dataset.weight[train]
        self.mean_loss: Any = make_loss(run.question.recipe, reduction="mean")
        self.center = _vector(self.net)

    def loss(self, weights: Array) -> float:
        """The mean loss where the parameters, in order, have these values."""
        at = 0
        for parameter in self.params:
            size = parameter.value.size
            parameter.value[...] = weights[at : at + size].reshape(parameter.value.shape)
            at += size
        with np.errstate(over="ignore", invalid="ignore"):
            return float(self.mean_loss(self.net.forward(self.x)[0], self.target, self.weight)[0])

    def random(self, seed: int, number: int) -> Array:
        """A filter-normalized direction: 0 for what is no weight."""
        parts, at = [], 0
        for place, parameter in enumerate(self.params):
            shape, size = parameter.value.shape, parameter.value.size
            own = self.center[at : at + size].reshape(shape)
            at += size
            drawn = np.zeros(shape)
            if parameter.kind == "weight" and not parameter.frozen:
                drawn = Stream(seed, "weights", step=number + 1, place=PLACE + place).normal(shape)
                drawn *= np.linalg.norm(own, axis=-2, keepdims=True) / np.linalg.norm(drawn, axis=-2, keepdims=True)
            parts.append(drawn.ravel())
        return np.concatenate(parts)

    def principal(self, subject: Subject) -> tuple[Array, Array, Array, Array]:
        """Two unit vectors, the path of the training along them from the trained weights, and the shares of the
        path's variance that they explain."""
        epochs = subject.run.epochs
        stops = sorted({round(stop) for stop in np.linspace(0, epochs, min(epochs, MOST_STAGES) + 1)})
        way = np.array([_vector(stage.net) for stage in subject.stages(stops)])  # (n_stops, n_weights)
        moved = way - self.center
        _, sizes, rows = np.linalg.svd(moved, full_matrices=False)
        if len(rows) < 2:
            rows, sizes = np.vstack([rows, np.zeros_like(rows)]), np.append(sizes, 0)
        total = float(np.square(sizes).sum()) or 1.0
        for row in rows[:2]:
            row *= np.sign(row[np.argmax(np.abs(row))]) or 1  # whichever sign the machine's library gave
        return rows[0], rows[1], moved @ rows[:2].T, np.square(sizes[:2]) / total


def _vector(net: Sequential) -> Array:
    return np.concatenate([parameter.value.ravel() for parameter in net.params]).astype(np.float64)


def _reach(path: Array, span: float) -> tuple[float, float]:
    """An interval around a path and 0, its margins a quarter of its length."""
    low, high = float(min(path.min(), 0)), float(max(path.max(), 0))
    room = 0.25 * (high - low) or 1.0
    middle, half = (low + high) / 2, ((high - low) / 2 + room) * span
    return middle - half, middle + half


def _map(axes: Axes, x: Array, y: Array, losses: Array, theme: Theme) -> None:
    """Contour lines, each with its loss, closer where the loss is low."""
    seen = np.where(np.isfinite(losses), losses, np.nan)
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    levels = low + (high - low) * np.linspace(0, 1, 13)[1:-1] ** 2
    axes.contourf(x, y, seen, 24, cmap=theme.sequential(theme.grid), zorder=0)
    lines = axes.contour(x, y, seen, levels, colors=[theme.color(0)], linewidths=0.9, linestyles="solid", zorder=1)
    axes.clabel(lines, levels[::2], fmt="%.2g", fontsize=SMALL - 1)


def _marks(axes: Axes, path: Array | None, theme: Theme) -> None:
    if path is not None:
        axes.plot(*path.T, "-o", color=theme.color(1), markersize=3, linewidth=1.4, zorder=3)
        axes.plot(*path[0], "s", color=theme.color(1), markersize=8, markeredgecolor=theme.ink, zorder=4)
        axes.annotate("start", path[0], (8, 6), textcoords="offset points", zorder=5)
    axes.plot(0, 0, "*", color=theme.ink, markersize=13, markeredgecolor=theme.paper, zorder=4)
    axes.annotate("trained", (0, 0), (9, -12), textcoords="offset points", zorder=5)


def _caption(place: Plane, losses: Array, shares: Array | None) -> str:
    here = place.loss(place.center)
    said = (
        f"Mean loss of {place.n_rows} training rows, without penalties, on a plane through the trained weights, where "
        f"it is {here:.3g}; on the plane it goes from {np.nanmin(losses):.3g} to {np.nanmax(losses):.3g}."
    )
    if shares is None:
        return (
            f"{said} The two directions are random, each unit's part as long as the unit's own weights: at 1 the "
            "weights have changed by as much as they are large."
        )
    return (
        f"{said} The two principal directions of the training's path hold {100 * shares.sum():.3g}% of its "
        "variance; of the rest the plane shows nothing, so a path may seem to climb."
    )


def _alt(directions: str) -> str:
    return (
        f"Contour map of the loss around the trained weights{', with the path of training' * (directions == 'path')}."
    )
