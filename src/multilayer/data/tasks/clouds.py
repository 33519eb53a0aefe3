"""Clouds of points in the plane (and beyond) whose law is known: moons, circles, Gaussians, spiral, checkerboard."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, final

import numpy as np

from multilayer import exact
from multilayer.constraints import Boolean, Fraction, Integer, NonNegative, Positive
from multilayer.data.dataset import Dataset
from multilayer.data.tasks import ceilings
from multilayer.data.tasks.table import Codes, Points, alternating, classified
from multilayer.data.tasks.task import Generated, Samples, Seed, Streams

POSITION, NOISE = 0, 1
"""The places of the two random streams of a table."""

LABELS = (0, 1)
MOONS_APART = 0.03  # below this noise fewer than one point in 10^16 crosses the gap of 1/2 between the moons
GAUSSIANS_APART = 0.07  # below this spread neighbors are nine of their standard deviations apart, and the best is 1
SPIRAL_BLURRED = 0.05  # below this noise the grid of the ceiling would be too coarse near the spiral's center


@final
@dataclass(frozen=True)
class Moons(Generated):
    """Two half circles of radius 1 that reach into each other, blurred by Gaussian noise.

    Class 0 lies at (cos t, sin t), class 1 at (1 - cos t, 1/2 - sin t), t uniform on [0, pi]: the geometry of
    scikit-learn's make_moons, with t drawn instead of evenly spaced so that all points are independent.

    >>> Moons(noise=0.2).dataset().n_samples
    500
    """

    name = "moons"
    about = "Two half moons that reach into each other, blurred by noise."
    kind = "classes"
    source = "Geometry of scikit-learn's make_moons."

    noise: NonNegative = 0.2
    samples: Samples = 500
    data_seed: Seed = 0

    def draw(self, n: int, streams: Streams) -> Dataset:
        codes = alternating(n, 2)
        x = _moon(math.pi * streams(POSITION).uniform(n), codes)
        return classified(self.name, x + self.noise * streams(NOISE).normal((n, 2)), codes, LABELS)

    def ceiling(self) -> float:
        return _moons_ceiling(self.noise)


def _moon(t: Points, codes: Codes) -> Points:
    cos, sin = exact.cos(t), exact.sin(t)
    lower = codes == 1
    return np.stack([np.where(lower, 1.0 - cos, cos), np.where(lower, 0.5 - sin, sin)], axis=1)


@cache
def _moons_ceiling(noise: float) -> float:
    if noise < MOONS_APART:
        return 1.0
    t = math.pi * ceilings.along(math.pi, noise)
    moons = [(0.5, _moon(t, np.full(len(t), code, dtype=np.int64))) for code in LABELS]
    return ceilings.best_accuracy(moons, noise)


@final
@dataclass(frozen=True)
class Circles(Generated):
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1), blurred by Gaussian noise."""

    name = "circles"
    about = "A small circle inside a large one, blurred by noise."
    kind = "classes"
    source = "Geometry of scikit-learn's make_circles."

    noise: NonNegative = 0.1
    factor: Fraction = 0.5
    samples: Samples = 500
    data_seed: Seed = 0

    def draw(self, n: int, streams: Streams) -> Dataset:
        codes = alternating(n, 2)
        t = 2.0 * math.pi * streams(POSITION).uniform(n)
        radius = np.where(codes == 1, self.factor, 1.0)
        x = np.stack([radius * exact.cos(t), radius * exact.sin(t)], axis=1)
        return classified(self.name, x + self.noise * streams(NOISE).normal((n, 2)), codes, LABELS)

    def ceiling(self) -> float:
        return _circles_ceiling(self.factor, self.noise)


@cache
def _circles_ceiling(factor: float, noise: float) -> float:
    apart = noise * 16 < 1.0 - factor
    return 1.0 if apart else ceilings.rings(factor, 1.0, noise)


@final
@dataclass(frozen=True)
class Gaussians(Generated):
    """Round Gaussian clouds, one for each class, two apart from their neighbors.

    Two means stand at -1 and 1 on the first axis, more of them on a circle in the first two dimensions (on a line
    when there is only one). With `equal` every cloud has the standard deviation `spread`, and straight boundaries
    are optimal; otherwise the clouds of odd classes are twice as wide and the best boundaries are curved.
    """

    name = "gaussians"
    about = "Overlapping Gaussian clouds, one for each class, of two different widths unless equal=true."
    kind = "classes"
    source = "Gaussian discriminant analysis, e.g. Hastie, Tibshirani & Friedman, section 4.3."

    classes: Annotated[int, Integer(2, 20)] = 2
    spread: Positive = 1.0
    equal: Boolean = False
    dimensions: Annotated[int, Integer(1, 100)] = 2
    samples: Samples = 500
    data_seed: Seed = 0

    def draw(self, n: int, streams: Streams) -> Dataset:
        codes = alternating(n, self.classes)
        noise = streams(NOISE).normal((n, self.dimensions))
        x = self.means()[codes] + self.deviations()[codes, None] * noise
        return classified(self.name, x, codes, tuple(range(self.classes)))

    def means(self) -> Points:
        """(classes, dimensions)"""
        k = np.arange(self.classes, dtype=np.float64)
        means = np.zeros((self.classes, self.dimensions))
        if self.dimensions == 1 or self.classes == 2:
            means[:, 0] = 2.0 * k - (self.classes - 1.0)
            return means
        radius = 1.0 / exact.sin(np.float64(math.pi / self.classes))
        angle = 2.0 * math.pi * k / self.classes
        means[:, 0], means[:, 1] = radius * exact.cos(angle), radius * exact.sin(angle)
        return means

    def deviations(self) -> Points:
        """(classes,)"""
        odd = np.arange(self.classes) % 2 == 1
        return np.where(odd & (not self.equal), 2.0 * self.spread, self.spread)

    def ceiling(self) -> float:
        return _gaussians_ceiling(self.classes, self.spread, self.equal, self.dimensions)


@cache
def _gaussians_ceiling(classes: int, spread: float, equal: bool, dimensions: int) -> float:
    if classes == 2 and equal:
        return (1.0 + math.erf(1.0 / (spread * math.sqrt(2.0)))) / 2.0
    if spread < GAUSSIANS_APART:
        return 1.0
    task = Gaussians(classes=classes, spread=spread, equal=equal, dimensions=dimensions)
    return ceilings.gaussians(task.means(), task.deviations())


@final
@dataclass(frozen=True)
class Spiral(Generated):
    """Two arms of one and three quarter turns about the origin, out to radius 5, blurred by Gaussian noise.

    At u uniform on [0, 1] class 0 lies at 5u (sin t, cos t), t = 3.5 pi u, and class 1 opposite.
    """

    name = "spiral"
    about = "Two spiral arms of one and three quarter turns, blurred by noise."
    kind = "classes"
    source = "After the spiral of the TensorFlow Playground, with Gaussian noise."

    noise: NonNegative = 0.2
    samples: Samples = 500
    data_seed: Seed = 0

    def draw(self, n: int, streams: Streams) -> Dataset:
        codes = alternating(n, 2)
        x = _arm(streams(POSITION).uniform(n), np.where(codes == 1, -1.0, 1.0))
        return classified(self.name, x + self.noise * streams(NOISE).normal((n, 2)), codes, LABELS)

    def ceiling(self) -> float | None:
        return _spiral_ceiling(self.noise)


def _arm(u: Points, side: Points) -> Points:
    radius, t = 5.0 * u * side, 3.5 * math.pi * u
    return np.stack([radius * exact.sin(t), radius * exact.cos(t)], axis=1)


@cache
def _spiral_ceiling(noise: float) -> float | None:
    if noise < SPIRAL_BLURRED:
        return 1.0 if noise == 0 else None
    u = ceilings.along(30.0, noise)
    return ceilings.best_accuracy([(0.5, _arm(u, np.full(len(u), side))) for side in (1.0, -1.0)], noise)


@final
@dataclass(frozen=True)
class Checkerboard(Generated):
    """Points uniform on a board of cells x cells unit squares about the origin; the class is the square's color.

    Gaussian noise moves a point after it got its class.
    """

    name = "checkerboard"
    about = "Points on a board whose class is the color of their square."
    kind = "classes"
    source = "A classic of the kernel literature (Ho & Kleinberg 1996)."

    cells: Annotated[int, Integer(2, 16)] = 4
    noise: NonNegative = 0.0
    samples: Samples = 1000
    data_seed: Seed = 0

    def draw(self, n: int, streams: Streams) -> Dataset:
        on_board = self.cells * streams(POSITION).uniform((n, 2))
        column, row = np.minimum(np.floor(on_board), self.cells - 1.0).T
        codes = ((column + row) % 2.0).astype(np.int64)
        x = on_board - self.cells / 2.0 + self.noise * streams(NOISE).normal((n, 2))
        return classified(self.name, x, codes, LABELS)

    def ceiling(self) -> float:
        return _board_ceiling(self.cells, self.noise)


_board_ceiling = cache(ceilings.board)
