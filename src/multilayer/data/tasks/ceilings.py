"""The best possible accuracy of a generated task: the integral, over the plane, of the likeliest class's density.

These are figures to compare scores with, good to about 1e-4; no training rests on their last bits, so they use NumPy
freely. Every class is a law of centers blurred by round Gaussian noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from multilayer.data.tasks.table import Points

REACH = 7.0  # standard deviations beyond which a Gaussian is nothing
FINENESS = 3.0  # points of a grid in one standard deviation


def best_accuracy(classes: Sequence[tuple[float, Points]], noise: float) -> float:
    """The ceiling for classes given as (share, centers (m, 2)), each center blurred by `noise` in both directions.

    The midpoint rule on a grid: the sum over a class's centers of a product of two Gaussians is a matrix product.

    >>> corners = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> round(best_accuracy([(0.5, corners[:1]), (0.5, corners[1:])], 1.0), 4)
    0.7602
    """
    everything = np.concatenate([centers for _, centers in classes])
    ranges = _ranges(everything - REACH * noise, everything + REACH * noise)
    axes = [_midpoints(low, high, _count(high - low, noise / FINENESS)) for low, high in ranges]
    likeliest = np.zeros((len(axes[0]), len(axes[1])))
    for share, centers in classes:
        along = [np.exp(-(((axis[:, None] - centers[:, k]) / noise) ** 2) / 2) for k, axis in enumerate(axes)]
        density = along[0] @ along[1].T * (share / (len(centers) * 2 * math.pi * noise**2))
        likeliest = np.maximum(likeliest, density)
    cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    return min(1.0, float(likeliest.sum() * cell))


def _ranges(low: Points, high: Points) -> list[tuple[float, float]]:
    """The smallest of the low and the largest of the high numbers, in each place."""
    return list(zip(low.min(axis=0).tolist(), high.max(axis=0).tolist(), strict=True))


def _count(length: float, step: float) -> int:
    """How many steps make a length, within reason."""
    return min(max(math.ceil(length / step), 200), 800)


def _midpoints(low: float, high: float, n: int) -> Points:
    return low + (high - low) * (np.arange(n) + 0.5) / n


def along(length: float, noise: float) -> Points:
    """Midpoints of [0, 1], close enough together for a curve of this length under this noise."""
    return _midpoints(0.0, 1.0, min(max(math.ceil(1.5 * length / noise), 400), 1500))


def rings(inner: float, outer: float, noise: float) -> float:
    """The ceiling of two circles about one center: an integral over the radius alone (Rice's density)."""
    r = _midpoints(max(0.0, inner - 2 * REACH * noise), outer + 2 * REACH * noise, 20_000)
    likeliest = np.maximum(_rice(r, inner, noise), _rice(r, outer, noise)) / 2
    return min(1.0, float(likeliest.sum() * (r[1] - r[0])))


def _rice(r: Points, radius: float, noise: float) -> Points:
    z = r * (radius / noise**2)
    near, far = np.minimum(z, 500.0), np.maximum(z, 500.0)
    series = (1 + 1 / (8 * far) + 9 / (128 * far**2)) / np.sqrt(2 * math.pi * far)  # Abramowitz & Stegun 9.7.1
    bessel = np.where(z <= 500.0, np.i0(near) * np.exp(-near), series)  # I0(z) exp(-z)
    return np.asarray(r / noise**2 * np.exp(-(((r - radius) / noise) ** 2) / 2) * bessel, dtype=np.float64)


def board(cells: int, noise: float) -> float:
    """The ceiling of a checkerboard with unit cells whose points were moved by noise after they got their class.

    The joint densities of the two classes differ by D(x) D(y) / cells^2, D being the blurred sign of the columns;
    so the ceiling is (1 + (integral of |D| / cells)^2) / 2.
    """
    if noise == 0:
        return 1.0
    x = _midpoints(-REACH * noise, cells + REACH * noise, 20_000)
    edges = (_normal_cdf((x[:, None] - np.arange(cells + 1)) / noise)).T
    signs = np.where(np.arange(cells) % 2 == 0, 1.0, -1.0)
    mass = np.abs(signs @ (edges[:-1] - edges[1:])).sum() * (x[1] - x[0])
    return (1 + (float(mass) / cells) ** 2) / 2


def gaussians(means: Points, deviations: Points) -> float:
    """The ceiling of round Gaussians with equal shares, means (k, d) that differ only in the first two places.

    What a point says in the further places is its distance from their origin alone, a chi-distributed number; it
    tells classes apart by their deviations only, so first the likeliest class of each deviation is found.
    """
    plane, further = means[:, :2], means.shape[1] - 2
    reach = REACH * deviations[:, None]
    step = deviations.min() / (FINENESS if further >= 0 else 10 * FINENESS)
    axes = [_midpoints(low, high, _count(high - low, step)) for low, high in _ranges(plane - reach, plane + reach)]
    kinds = np.unique(deviations)
    likeliest = [_likeliest(axes, plane[deviations == kind], kind) for kind in kinds]
    cell = math.prod(float(axis[1] - axis[0]) for axis in axes) / len(means)
    if further <= 0 or len(kinds) == 1:
        return min(1.0, float(np.max(likeliest, axis=0).sum() * cell))
    mean = math.sqrt(further)
    r = _midpoints(max(0.0, mean - REACH) * kinds[0], (mean + REACH) * kinds[-1], 200)
    narrow, wide = (_chi(r, kind, further) * (r[1] - r[0]) for kind in kinds)
    sums = (np.maximum(likeliest[0] * a, likeliest[1] * b).sum() for a, b in zip(narrow, wide, strict=True))
    return min(1.0, float(sum(sums) * cell))


def _likeliest(axes: Sequence[Points], means: Points, deviation: float) -> Points:
    """The largest density of the Gaussians with these means on the grid."""
    likeliest = np.zeros([len(axis) for axis in axes])
    for mean in means:
        densities = [_gaussian(axis, center, deviation) for axis, center in zip(axes, mean, strict=True)]
        likeliest = np.maximum(likeliest, densities[0] if len(axes) == 1 else np.multiply.outer(*densities))
    return likeliest


def _gaussian(x: Points, mean: float, deviation: float) -> Points:
    density = np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))
    return np.asarray(density, dtype=np.float64)


def _chi(r: Points, deviation: float, degrees: int) -> Points:
    """The density of the distance from the origin in `degrees` places."""
    log_norm = (1 - degrees / 2) * math.log(2) - math.lgamma(degrees / 2) - math.log(deviation)
    z = r / deviation
    return np.asarray(np.exp((degrees - 1) * np.log(z) - z**2 / 2 + log_norm), dtype=np.float64)


def _normal_cdf(z: Points) -> Points:
    erf = np.vectorize(math.erf, otypes=[float])
    return np.asarray(erf(z / math.sqrt(2)) / 2 + 0.5, dtype=np.float64)
