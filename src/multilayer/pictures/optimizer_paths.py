"""The ways of optimizers over a surface, from one start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Integer, MaybePositive, check, options_of
from multilayer.errors import UsageError, sentence, unknown
from multilayer.optim import LBFGS, OPTIMIZERS
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import SMALL, Theme, figure, legend
from multilayer.pictures.surfaces import SURFACES, Surface, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

USUAL = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "lbfgs")
RATES = tuple(float(f"{10**power:.1g}") for power in np.arange(-4, 1, 0.5))
"""Learning rates to choose from, 0.0001, 0.0003, ..., 3."""

CHOSEN = (
    "Each has the learning rate, of 0.0001, 0.0003 and so on to 3, whose way never rises above the start and is lowest "
    "in its second half."
)

STYLES = ("-", (0, (4, 1.2)), (0, (4, 1.2, 1, 1.2)), (0, (1, 1)), (0, (7, 1.5)), (0, (2, 1)))


@final
@dataclass(frozen=True, eq=False)
class Way:
    """Where an optimizer went: points (n_steps + 1, 2) and the surface's values there, up to the last finite one."""

    name: str
    lr: float
    points: Array
    values: Array


@picture("optimizer-paths", "the ways of optimizers over a surface", needs="nothing")
def optimizer_paths(
    theme: Theme,
    *,
    surface: str = "beale",
    optimizers: Sequence[str] = USUAL,
    steps: int = 200,
    lr: float | None = None,
) -> Drawing:
    """So many steps of each optimizer over a surface: beale, rosenbrock, saddle, valley or himmelblau.

    Without `lr`, each takes the learning rate of the list `RATES` whose way never rises above the start and is lowest
    in the mean of its second half; L-BFGS chooses its steps by a line search, from its own 1.
    """
    if surface not in SURFACES:
        raise UsageError(unknown("surface", surface, SURFACES))
    if isinstance(optimizers, str) or not isinstance(optimizers, Sequence) or not optimizers:
        raise UsageError(sentence("optimizers", "a list of names such as ['sgd', 'adam']", optimizers))
    for name in optimizers:
        if name not in OPTIMIZERS:
            raise UsageError(unknown("optimizer", name, OPTIMIZERS))
    steps = check(Integer(1, 10_000), steps, "steps", UsageError)
    lr = check(options_of(_Rate)["lr"].constraint, lr, "lr", UsageError)
    there = SURFACES[surface]
    ways = [way(there, name, steps, lr) for name in optimizers]
    return Drawing(_drawn(there, ways, theme), _caption(there, ways, steps, lr), _alt(there, ways))


@dataclass(frozen=True)
class _Rate:
    lr: MaybePositive = None


def way(surface: Surface, name: str, steps: int, lr: float | None = None) -> Way:
    """An optimizer's way from the surface's start, at a learning rate or at the best of `RATES`."""
    if lr is not None or OPTIMIZERS[name] is LBFGS:
        return _walk(surface, name, steps, lr or 1.0)
    ways = [_walk(surface, name, steps, rate) for rate in RATES]
    tame = [found for found in ways if len(found.values) > steps and found.values.max() <= found.values[0]]
    return min(tame or ways, key=lambda found: float(found.values[len(found.values) // 2 :].mean()))


def _walk(surface: Surface, name: str, steps: int, lr: float) -> Way:
    place = Parameter("W", np.array([surface.start]))
    make: Any = OPTIMIZERS[name]
    optimizer = make([place], lr=lr)

    def closure() -> float:
        place.grad[...] = surface.gradient(*place.value[0])
        return float(surface.value(*place.value[0]))

    points, values = [place.value[0].copy()], [closure()]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            if isinstance(optimizer, LBFGS):
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            value = float(surface.value(*place.value[0]))
            if not np.isfinite(value):
                break
            points.append(place.value[0].copy())
            values.append(value)
    return Way(name, lr, np.array(points), np.array(values))


def _drawn(surface: Surface, ways: list[Way], theme: Theme) -> Any:
    made = figure(4.0 + 0.2 * len(ways))
    axes = made.subplots()
    ground(axes, *grid(surface), theme)
    handles = []
    for number, found in enumerate(ways):
        color, style = theme.color(number), STYLES[number % len(STYLES)]
        x, y = found.points.T
        handles += axes.plot(x, y, color=color, linestyle=style, linewidth=1.8, marker=theme.marker(number),
                             markersize=6, markevery=[len(x) - 1], markeredgecolor=theme.paper, zorder=4)  # fmt: skip
    axes.plot(*surface.start, "o", color=theme.ink, markersize=7, zorder=5)
    axes.annotate("start", surface.start, (6, 6), textcoords="offset points", zorder=6)
    for x, y in surface.minima:
        axes.plot(x, y, "+", color=theme.ink, markersize=11, markeredgewidth=2, zorder=5)
    (low_x, high_x), (low_y, high_y) = surface.window
    axes.set(xlim=(low_x, high_x), ylim=(low_y, high_y), xlabel="x", ylabel="y")
    names = [f"{found.name}, lr {found.lr:g}: f = {found.values[-1]:.2g}" for found in ways]
    legend(
        made, handles, names, loc="outside lower left", ncols=1 if len(ways) < 4 else 2, fontsize=SMALL, frameon=False
    )
    return made


def ground(axes: Axes, x: Array, y: Array, values: Array, theme: Theme) -> None:
    """Contour lines under a picture, dense where the values are low."""
    lowest, highest = float(values.min()), float(values.max())
    levels = lowest + (highest - lowest) * np.linspace(0, 1, 22)[1:] ** 3
    axes.contourf(x, y, values, [lowest - 1e-12, *levels], cmap=theme.sequential(theme.grid), zorder=0)
    axes.contour(x, y, values, levels, colors=[theme.faint], linewidths=0.5, linestyles="solid", alpha=0.7, zorder=1)


def _caption(surface: Surface, ways: list[Way], steps: int, lr: float | None) -> str:
    told = ", ".join(f"{found.name} {found.values[-1]:.2g}" for found in sorted(ways, key=lambda w: w.values[-1]))
    rates = "" if lr is not None else f" {CHOSEN}"
    lost = [found.name for found in ways if len(found.values) <= steps]
    gone = f" {', '.join(lost)} left the finite numbers." if lost else ""
    return f"{surface.about} Values after {steps} steps, the lowest first: {told}.{rates}{gone}"


def _alt(surface: Surface, ways: list[Way]) -> str:
    names = ", ".join(found.name for found in ways)
    return f"Contour map of the surface {surface.name} with the paths of {names} from one start; crosses mark minima."
