"""Classic surfaces of two variables, on which optimizers are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from multilayer.arrays import Array

Point: TypeAlias = tuple[float, float]


@final
@dataclass(frozen=True)
class Surface:
    """A function of (x, y) with its gradient, where to start, its minima and the window to look at."""

    name: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[float, float], Point]
    start: Point
    minima: tuple[Point, ...]
    window: tuple[Point, Point]  # (low, high) of x and of y
    about: str


def _beale(x: Array, y: Array) -> Array:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _beale_gradient(x: float, y: float) -> Point:
    errors = (1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3)
    by_x = sum(2 * error * (y**power - 1) for power, error in enumerate(errors, start=1))
    by_y = sum(2 * error * power * x * y ** (power - 1) for power, error in enumerate(errors, start=1))
    return by_x, by_y


def _rosenbrock(x: Array, y: Array) -> Array:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_gradient(x: float, y: float) -> Point:
    return -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)


def _saddle(x: Array, y: Array) -> Array:
    value: Array = 0.5 * x**2 - 0.5 * y**2 + 0.25 * y**4
    return value


def _saddle_gradient(x: float, y: float) -> Point:
    return x, y**3 - y


def _valley(x: Array, y: Array) -> Array:
    return 0.5 * (x**2 + 50 * y**2)


def _valley_gradient(x: float, y: float) -> Point:
    return x, 50 * y


def _himmelblau(x: Array, y: Array) -> Array:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _himmelblau_gradient(x: float, y: float) -> Point:
    one, other = x**2 + y - 11, x + y**2 - 7
    return 4 * x * one + 2 * other, 2 * one + 4 * y * other


HOLLOWS = ((3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286170))

SURFACES = {
    surface.name: surface
    for surface in (
        Surface(
            "beale", _beale, _beale_gradient, (0.7, 1.4), ((3.0, 0.5),), ((-1.4, 4.4), (-2.2, 2.2)),
            "Beale's function (1958): plains that end in steep walls.",
        ),
        Surface(
            "rosenbrock", _rosenbrock, _rosenbrock_gradient, (-1.2, 1.0), ((1.0, 1.0),), ((-1.8, 1.8), (-0.8, 2.2)),
            "Rosenbrock's function (Computer Journal 3, 1960, 175): a bent valley, easily found and slowly followed.",
        ),
        Surface(
            "saddle", _saddle, _saddle_gradient, (-1.4, 0.001), ((0.0, 1.0), (0.0, -1.0)), ((-1.8, 1.8), (-1.5, 1.5)),
            "x²/2 - y²/2 + y⁴/4: a saddle at the origin, flat where the start leads to, with a minimum on each side.",
        ),
        Surface(
            "valley", _valley, _valley_gradient, (-4.5, 0.6), ((0.0, 0.0),), ((-5.5, 2.5), (-1.1, 1.1)),
            "(x² + 50 y²)/2: a long valley, fifty times as steep across as along.",
        ),
        Surface(
            "himmelblau", _himmelblau, _himmelblau_gradient, (-0.5, -1.0),
            (*HOLLOWS, (3.584428340330492, -1.848126526964404)), ((-5.5, 5.5), (-5.5, 5.5)),
            "Himmelblau's function (1972): four minima of value 0.",
        ),
    )
}  # fmt: skip
"""The surfaces by name."""


def grid(surface: Surface, n: int = 121) -> tuple[Array, Array, Array]:
    """x (n,), y (n,) and the values (n, n), a row for each y."""
    x, y = (np.linspace(low, high, n) for low, high in surface.window)
    return x, y, surface.value(*np.meshgrid(x, y))
