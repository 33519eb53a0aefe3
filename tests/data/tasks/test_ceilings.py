"""The best possible accuracies, against closed forms and against classifying fresh points by the true densities."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from multilayer.data import tasks
from multilayer.data.tasks import ceilings
from multilayer.data.tasks.logic import Gate
from tests.data.tasks.tables import rows
from tests.scale import cases

Array = Any
SIDES = (np.array([0]), np.array([1]))


def _blurred(curves: list[Array], noise: float, shares: tuple[float, ...] | None = None) -> Callable[[Array], Array]:
    """Joint densities (n, classes) of laws that are centers (m, 2) under round noise, up to a common factor."""
    shares = shares or (1.0,) * len(curves)

    def densities(x: Array) -> Array:
        distances = (((x[:, None, :] - centers) ** 2).sum(axis=2) for centers in curves)
        parts = (np.exp(-d / (2 * noise**2)).mean(axis=1) for d in distances)
        return np.stack([share * part for share, part in zip(shares, parts, strict=True)], axis=1)

    return densities


def _moons(noise: float) -> Callable[[Array], Array]:
    t = np.pi * (np.arange(250) + 0.5) / 250
    outer = np.stack([np.cos(t), np.sin(t)], axis=1)
    return _blurred([outer, np.array([1.0, 0.5]) - outer], noise)


def _circles(noise: float, factor: float) -> Callable[[Array], Array]:
    t = 2 * np.pi * np.arange(250) / 250
    circle = np.stack([np.cos(t), np.sin(t)], axis=1)
    return _blurred([circle, factor * circle], noise)


def _spiral(noise: float) -> Callable[[Array], Array]:
    u = (np.arange(300) + 0.5) / 300
    arm = 5 * u[:, None] * np.stack([np.sin(3.5 * np.pi * u), np.cos(3.5 * np.pi * u)], axis=1)
    return _blurred([arm, -arm], noise)


def _gate(name: str, noise: float) -> Callable[[Array], Array]:
    task = tasks.get(name)
    assert isinstance(task, Gate)
    corners, truth = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array(task.truth())
    sides = [corners[truth == code] for code in (0, 1)]
    return _blurred(sides, noise, (len(sides[0]), len(sides[1])))


def _gaussians(text: str) -> Callable[[Array], Array]:
    task: Any = tasks.get(text)
    laws = [stats.multivariate_normal(m, s**2) for m, s in zip(task.means(), task.deviations(), strict=True)]
    return lambda x: np.stack([law.pdf(x) for law in laws], axis=1)


def _board(cells: int, noise: float) -> Callable[[Array], Array]:
    edges = np.arange(cells + 1) - cells / 2

    def densities(x: Array) -> Array:
        along = [-np.diff(stats.norm.cdf((x[:, k, None] - edges) / noise), axis=1) for k in (0, 1)]
        squares = along[0][:, :, None] * along[1][:, None, :]
        color = np.add.outer(np.arange(cells), np.arange(cells)) % 2
        return np.stack([squares[:, color == code].sum(axis=1) for code in (0, 1)], axis=1)

    return densities


LAWS = {
    **{f"moons(noise={noise})": _moons(noise) for noise in (0.1, 0.2, 0.3, 0.4, 1.0)},
    "circles(noise=0.1)": _circles(0.1, 0.5),
    "circles(noise=0.2, factor=0.8)": _circles(0.2, 0.8),
    "circles(noise=0.5, factor=0)": _circles(0.5, 0.0),
    "spiral(noise=0.2)": _spiral(0.2),
    "spiral(noise=0.6)": _spiral(0.6),
    **{f"{name}(noise=0.3)": _gate(name, 0.3) for name in ("and", "or", "xor")},
    **{
        text: _gaussians(text)
        for text in (
            *("gaussians", "gaussians(equal=true)", "gaussians(classes=3)", "gaussians(classes=4, spread=2)"),
            *("gaussians(dimensions=1)", "gaussians(dimensions=3)", "gaussians(classes=5, dimensions=8, spread=1.5)"),
        )
    },
    "checkerboard(noise=0.1)": _board(4, 0.1),
    "checkerboard(cells=3, noise=0.2)": _board(3, 0.2),
}


@pytest.mark.parametrize("text", LAWS)
def test_the_true_densities_reach_the_ceiling_on_fresh_points(text):
    """Two estimates: the mean of the likeliest class's probability, and how often that class is the right one."""
    task, found, probability = tasks.get(text), [], []
    for seed in range(cases(normal=2, accept=60)):
        fresh = task.fresh(5000, seed)
        joint = LAWS[text](rows(fresh))
        probability.append(joint.max(axis=1) / joint.sum(axis=1))
        found.append(joint.argmax(axis=1) == fresh.target.values)
    for estimate in (np.concatenate(probability), np.concatenate(found)):
        error = 4 * estimate.std() / len(estimate) ** 0.5 + 2e-4
        assert estimate.mean() == pytest.approx(task.ceiling(), abs=error)


@pytest.mark.parametrize(("noise", "percent"), [(0.1, 99.94), (0.2, 97.10), (0.3, 91.46), (0.4, 86.30)])
def test_moons(noise, percent):
    assert 100 * tasks.get(f"moons(noise={noise})").ceiling() == pytest.approx(percent, abs=0.01)


def test_moons_by_simpsons_rule():
    """The moons are symmetric about (1/2, 1/4), so the right half of the plane holds half of the integral."""
    densities = _moons(0.4)
    factor = 1 / (2 * np.pi * 0.4**2)

    def strip(x1: float) -> float:
        x2 = np.linspace(-3.5, 4.0, 400)
        return float(integrate.simpson(densities(np.stack([np.full(400, x1), x2], axis=1)).max(axis=1), x=x2))

    right = integrate.simpson([strip(x1) for x1 in np.linspace(0.5, 4.5, 101)], x=np.linspace(0.5, 4.5, 101))
    assert tasks.get("moons(noise=0.4)").ceiling() == pytest.approx(right * factor, abs=2e-4)


def test_two_equal_gaussians_have_the_closed_form():
    for spread in (0.3, 1.0, 5.0):
        expected = stats.norm.cdf(1 / spread)
        assert tasks.get(f"gaussians(equal=true, spread={spread})").ceiling() == pytest.approx(expected, rel=1e-12)
        by_grid = ceilings.gaussians(np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([spread, spread]))
        assert by_grid == pytest.approx(expected, abs=1e-4)


def test_noisy_xor_has_the_closed_form():
    for noise in (0.1, 0.3, 1.0):
        side = 2 * stats.norm.cdf(0.5 / noise) - 1
        assert tasks.get(f"xor(noise={noise})").ceiling() == pytest.approx((1 + side**2) / 2, abs=1e-4)


def test_further_dimensions_without_news_change_nothing():
    plane, space = (tasks.get(f"gaussians(classes=4, equal=true, dimensions={d})").ceiling() for d in (2, 9))
    assert plane == pytest.approx(space, abs=1e-9)


def test_tables_that_can_be_learned_without_error():
    texts = (
        "and",
        "or",
        "xor",
        "parity",
        "encoder",
        "two_spirals",
        "checkerboard",
        "moons(noise=0)",
        "circles(noise=0)",
    )
    assert [tasks.get(text).ceiling() for text in (*texts, "spiral(noise=0)", "gaussians(spread=0.01)")] == [1.0] * 11


def test_tables_without_a_known_best():
    assert tasks.get("spiral(noise=0.01)").ceiling() is None
    assert tasks.get("sin(x)").ceiling() is tasks.get("iris").ceiling() is None


@pytest.mark.parametrize("name", ["moons", "circles", "spiral", "checkerboard", "xor"])
def test_more_noise_is_harder(name):
    noises = [0.0, 0.05, 0.06, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 3.0, 100.0]
    best = [tasks.get(f"{name}(noise={noise})").ceiling() for noise in noises]
    assert all(more <= less + 1e-9 for less, more in itertools.pairwise(best))
    assert best[0] == 1.0
    assert 0.5 <= best[-1] < 0.55


def test_ceilings_are_remembered(monkeypatch):
    first = tasks.get("moons(noise=0.217)").ceiling()
    monkeypatch.setattr(ceilings, "best_accuracy", None)
    assert tasks.get("moons(noise=0.217, samples=9)").ceiling() == first
