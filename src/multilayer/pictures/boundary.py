"""Decision regions with the rows, the probabilities' contours and the line of each hidden unit; and how they grew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Integer, check
from multilayer.data.class_scores import chosen_class
from multilayer.errors import UsageError
from multilayer.nn import Linear, Sequential
from multilayer.pictures import style
from multilayer.pictures.confusion import one_of_classes
from multilayer.pictures.curves import kept_epoch
from multilayer.pictures.lettering import label
from multilayer.pictures.line import line_boundary
from multilayer.pictures.picture import Drawing
from multilayer.pictures.plane import Plane, grid, name_axes, plane_of
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, Trained, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRID = 201
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
MOST_LINES = 20  # the lines of more hidden units would hide the rows
MOST_CLASSES = 26
MANY_ROWS = 2000


def _why_not(run: Trained) -> str | None:
    if len(run.target.classes) > MOST_CLASSES:
        return f"it has {len(run.target.classes)} classes, and more than {MOST_CLASSES} cannot be told apart."
    return one_of_classes(run)


def _why_not_training(run: Trained) -> str | None:
    return _why_not(run) or untrained(run)


def untrained(run: Trained) -> str | None:
    """Why a run's training cannot be run again for its animation."""
    if run.question.own is not None:
        return "it has layers or a loss of your own, which are code, so that it cannot be trained again."
    return "it was trained for no epoch." if run.epochs == 0 else None


@picture(
    "boundary",
    f"decision regions with the rows, and the line of each hidden unit, up to {MOST_LINES} of them",
    needs="rows",
    why_not=_why_not,
)
def boundary(subject: Subject, theme: Theme, *, inputs: Sequence[str] | None = None) -> Drawing:
    """The class chosen at every point, the stronger the surer, with the rows in the shapes of their parts.

    One input gives the probability's curve. With more than two it is the principal plane of the training rows, or,
    with `inputs=("a", "b")`, the plane of these two through the training row nearest to the medians.
    """
    run = subject.run
    if subject.rows.x.shape[1] == 1:
        return line_boundary(subject, theme, run.answer_encoded, run.net, "")
    scene = Scene.of(subject, theme, inputs)
    figure = scene.drawn(run.answer_encoded, run.net, "")
    return Drawing(figure, _caption(scene, ""), _alt(run))


@picture(
    "boundary-training",
    "the decision regions as they grew, an animation",
    needs="training",
    why_not=_why_not_training,
)
def boundary_training(
    subject: Subject, theme: Theme, *, inputs: Sequence[str] | None = None, frames: int = 24
) -> Iterator[Drawing]:
    """A frame after each of some epochs, closer together where more happens, by training again; the last one shows
    the weights that the run has kept. `frames` from 2 to 200.
    """
    run = subject.run
    scene = None if subject.rows.x.shape[1] == 1 else Scene.of(subject, theme, inputs)
    for answer, net, title in moments(subject, frames):
        if scene is None:
            yield line_boundary(subject, theme, answer, net, title)
        else:
            yield Drawing(scene.drawn(answer, net, title), _caption(scene, " as they grew"), _alt(run))


def moments(subject: Subject, frames: int) -> Iterator[tuple[Callable[[Array], Array], Sequential, str]]:
    """What the run answered, its network and a title, after each epoch to be drawn; the last as it was kept."""
    run = subject.run
    best = kept_epoch(run)
    for stage in subject.stages(chosen_epochs(run.epochs, frames)):
        loss = "" if np.isnan(stage.loss) else f", training loss {stage.loss:.3g}"
        last = stage.epoch == run.epochs
        if not last or best not in (None, run.epochs):
            yield stage.answer, stage.net, f"epoch {stage.epoch}{loss}"
    loss = f", training loss {run.history['loss'][(best or run.epochs) - 1]:.3g}"
    yield run.answer_encoded, run.net, f"epoch {best or run.epochs}{loss}" + (": the best, kept" if best else "")


def chosen_epochs(epochs: int, frames: int) -> list[int]:
    """Epochs from 0 to the last, denser at the start, where most changes.

    >>> chosen_epochs(100, 6)
    [0, 4, 16, 36, 64, 100]
    """
    frames = check(Integer(2, 200), frames, "frames", UsageError)
    places = np.linspace(0, 1, min(frames, epochs + 1))
    return sorted({int(epoch) for epoch in np.round(epochs * places**2)})


@final
@dataclass(frozen=True, eq=False)
class Scene:
    """What does not change while a network learns: the plane, its part that is drawn, and the rows."""

    subject: Subject
    theme: Theme
    plane: Plane
    limits: tuple[tuple[float, float], tuple[float, float]]

    @staticmethod
    def of(subject: Subject, theme: Theme, inputs: Sequence[str] | None) -> Scene:
        plane = plane_of(subject.run, subject.rows, inputs)
        return Scene(subject, theme, plane, plane.frame(subject.rows.x))

    def drawn(self, answer: Callable[[Array], Array], net: Sequential, title: str) -> Figure:
        theme, classes = self.theme, self.subject.run.target.classes
        longest = 18 if len(classes) <= 2 else 14
        names = [label(name, longest) for name in classes]
        columns = 4 if max(map(len, names)) <= 6 else 3 if max(map(len, names)) <= 14 else 2
        figure = style.figure(4.4 + 0.19 * -(-len(names) // columns))
        axes = figure.subplots()
        a, b, points = grid(self.limits, GRID)
        probs = answer(self.plane.points(points))
        regions(axes, theme, probs, self.limits)
        contours(axes, theme, a, b, probs)
        hidden = self.lines(axes, net)
        self.points(axes)
        axes.set(xlim=self.limits[0], ylim=self.limits[1])
        name_axes(axes, self.subject.run, *self.plane.names)
        axes.set_title(title)
        handles, words = _keys(theme, names, list(self.subject.rows.parts), hidden)
        style.legend(figure, handles, words, loc="outside lower center", ncols=columns)
        return figure

    def lines(self, axes: Axes, net: Sequential) -> int:
        """Draw where each unit of the first hidden layer has input 0; returns how many lines that are."""
        if not has_lines(net):
            return 0
        zero, along_a, along_b = self._net_inputs(net)
        for c, u, v in zip(zero, along_a, along_b, strict=True):
            ends = _across(c, u, v, self.limits)
            if ends is not None:
                axes.plot(*ends, color=self.theme.ink, linewidth=0.8, alpha=0.55, linestyle=(0, (5, 3)))
        return len(zero)

    def _net_inputs(self, net: Sequential) -> tuple[Array, Array, Array]:
        """The first layer's net inputs are zero + a along_a + b along_b, each (units,)."""
        corners = self.plane.points(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        z, _ = net.layers[0].forward(self.subject.run.preparation.apply(corners))
        return z[0], z[1] - z[0], z[2] - z[0]

    def points(self, axes: Axes) -> None:
        rows, theme = self.subject.rows, self.theme
        ab, codes = self.plane.project(rows.x), rows.dataset.target.values
        size = 30 if len(ab) <= 150 else 18 if len(ab) <= 800 else 6
        for part, places in rows.parts.items():
            axes.scatter(
                ab[places, 0],
                ab[places, 1],
                s=size,
                c=[theme.color(code) for code in codes[places]],
                marker=style.PART_MARKERS[part],
                edgecolors=theme.paper,
                linewidths=0.6 if size > 6 else 0.2,
                rasterized=len(ab) > MANY_ROWS,
                zorder=3,
            )


def has_lines(net: Sequential) -> bool:
    """Whether the units of the first layer are hidden ones with a line each."""
    first = net.layers[0]
    dense = sum(isinstance(layer, Linear) for layer in net.leaves())
    return isinstance(first, Linear) and dense > 1 and first.W.value.shape[1] <= MOST_LINES


def regions(axes: Axes, theme: Theme, probs: Array, limits: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """The color of the class chosen, the stronger the surer."""
    from matplotlib.colors import to_rgb

    k = probs.shape[1]
    colors = np.array([to_rgb(theme.color(place)) for place in range(k)])
    sure = np.clip((probs.max(axis=1) - 1 / k) / (1 - 1 / k), 0, 1)
    share = (0.1 + 0.35 * sure)[:, None]
    image = colors[chosen_class(probs)] * share + np.array(to_rgb(theme.paper)) * (1 - share)
    side = round(len(image) ** 0.5)
    extent = (*limits[0], *limits[1])
    axes.imshow(image.reshape(side, side, 3), extent=extent, origin="lower", aspect="auto", interpolation="bilinear")


def contours(axes: Axes, theme: Theme, a: Array, b: Array, probs: Array) -> None:
    """Of two classes the lines of equal probability, of more the lines where the choice changes."""
    shape = (len(b), len(a))
    if probs.shape[1] == 2:
        p = probs[:, 1].reshape(shape)
        for level in LEVELS:
            if p.min() < level < p.max():
                width = 2.0 if level == 0.5 else 0.7
                axes.contour(a, b, p, levels=[level], colors=[theme.ink], linewidths=width)
        return
    for place in range(probs.shape[1]):
        others = np.delete(probs, place, axis=1).max(axis=1)
        ahead = (probs[:, place] - others).reshape(shape)
        if ahead.min() < 0 < ahead.max():
            axes.contour(a, b, ahead, levels=[0.0], colors=[theme.ink], linewidths=1.4)


def _across(c: float, u: float, v: float, limits: Any) -> tuple[list[float], list[float]] | None:
    """The ends of the line c + a u + b v = 0 within the limits, as ([a, a], [b, b])."""
    (a0, a1), (b0, b1) = limits
    found = []
    if v:
        found += [(a, -(c + u * a) / v) for a in (a0, a1)]
    if u:
        found += [(-(c + v * b) / u, b) for b in (b0, b1)]
    slack = 1e-9 * max(a1 - a0, b1 - b0)
    inside = sorted({(a, b) for a, b in found if a0 - slack <= a <= a1 + slack and b0 - slack <= b <= b1 + slack})
    if len(inside) < 2:
        return None
    (a, b), (a_end, b_end) = inside[0], inside[-1]
    return [a, a_end], [b, b_end]


def _keys(theme: Theme, names: Sequence[str], parts: Sequence[str], hidden: int) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(color=theme.color(place)) for place in range(len(names))]
    words = list(names)
    for part in parts:
        handles.append(Line2D([], [], color=theme.faint, marker=style.PART_MARKERS[part], linestyle="none"))
        words.append(style.PART_WORDS[part])
    if hidden:
        handles.append(Line2D([], [], color=theme.ink, linewidth=0.8, alpha=0.55, linestyle=(0, (5, 3))))
        words.append("hidden unit")
    return handles, words


def _caption(scene: Scene, grown: str) -> str:
    run, rows = scene.subject.run, scene.subject.rows
    net = run.net
    parts = [
        f"Decision regions of {told(run)}{grown} with its {len(rows.x)} rows: "
        "each point has the color of the class chosen."
    ]
    if len(run.target.classes) == 2:
        levels = ", ".join(f"{level:g}" for level in LEVELS if level != 0.5)
        parts.append(f"Bold: probability 0.5; thin: {levels}.")
    if has_lines(net):
        units = net.layers[0].W.value.shape[1]  # type: ignore[attr-defined]
        parts.append(f"Dashed: where each of the {units} units of the first hidden layer has net input 0.")
    lost = int(np.isnan(scene.plane.project(rows.x)).any(axis=1).sum())
    if lost:
        parts.append(f"{lost} rows with a missing value are not drawn.")
    return " ".join([*parts, scene.plane.stated]).strip()


def _alt(run: Trained) -> str:
    return f"A plane in the colors of {len(run.target.classes)} classes, with the rows as points."
