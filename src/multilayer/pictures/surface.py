"""A fitted surface: the number predicted at every point of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from multilayer.constraints import Integer, check
from multilayer.errors import UsageError
from multilayer.pictures import style
from multilayer.pictures.boundary import GRID, MANY_ROWS, Scene
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.plane import grid, name_axes
from multilayer.pictures.predicted import numbers
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, Trained, told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVELS = 12


def _why_not(run: Trained) -> str | None:
    if run.target.kind == "regression" and len(run.preparation.encoding.feature_names) == 1:
        return "it has one input, and this is a surface over two or more. Its curve is the picture fit."
    return numbers(run)


@picture("surface", "the number predicted over a plane, with the rows", needs="rows", why_not=_why_not)
def surface(subject: Subject, theme: Theme, *, inputs: Sequence[str] | None = None, output: int = 0) -> Drawing:
    """The predicted number as a color, with lines of equal height; each row is filled with its own true number, so
    that a row that stands out from its surroundings is predicted badly. `inputs` as for boundary; `output` counts the
    numbers predicted from 0.
    """
    run, rows = subject.run, subject.rows
    n_out = rows.dataset.target.values.shape[1]
    output = check(Integer(0, n_out - 1), output, "output", UsageError)
    scene = Scene.of(subject, theme, inputs)
    a, b, points = grid(scene.limits, GRID)
    height = run.answer_encoded(scene.plane.points(points))[:, output].reshape(GRID, GRID)
    true = rows.dataset.target.values[:, output]
    low, high = min(height.min(), true.min()), max(height.max(), true.max())
    figure = style.figure(4.7)
    axes = figure.subplots()
    colors: dict[str, Any] = {"cmap": "cividis", "vmin": low, "vmax": high}
    extent = (*scene.limits[0], *scene.limits[1])
    image = axes.imshow(height, extent=extent, origin="lower", aspect="auto", interpolation="bilinear", **colors)
    if height.max() > height.min():
        axes.contour(
            a, b, height, levels=LEVELS, colors=[style.LIGHT.paper], linewidths=0.6, linestyles="solid", alpha=0.7
        )
    ab = scene.plane.project(rows.x)
    for part, places in rows.parts.items():
        how: dict[str, Any] = {"edgecolors": style.LIGHT.paper, "linewidths": 0.7, "rasterized": len(ab) > MANY_ROWS}
        marker = style.PART_MARKERS[part]
        size = 26 if len(ab) <= 800 else 8
        axes.scatter(ab[places, 0], ab[places, 1], s=size, c=true[places], marker=marker, zorder=3, **how, **colors)
    name = run.target.names[output] if len(run.target.names) == n_out else run.target.names[0]
    figure.colorbar(image, ax=axes, label=label(name, 40), pad=0.02)
    axes.set(xlim=scene.limits[0], ylim=scene.limits[1])
    name_axes(axes, run, *scene.plane.names)
    _legend(figure, scene, theme)
    off = np.sqrt(np.mean((run.answer_encoded(rows.x)[:, output] - true) ** 2))
    caption = (
        f"{name} as predicted for {told(run)} from {height.min():.4g} to {height.max():.4g} on the plane drawn, with "
        f"{len(rows.x)} rows, each filled with its true number; rmse {off:.4g} over all rows. {scene.plane.stated}"
    )
    return Drawing(figure, caption.strip(), "A plane shaded by the predicted number, with the rows as points.")


def _legend(figure: Figure, scene: Scene, theme: Theme) -> None:
    from matplotlib.lines import Line2D

    parts = list(scene.subject.rows.parts)
    markers = [Line2D([], [], color=theme.faint, marker=style.PART_MARKERS[part], linestyle="none") for part in parts]
    style.legend(figure, markers, [style.PART_WORDS[p] for p in parts], loc="outside lower center", ncols=len(parts))
