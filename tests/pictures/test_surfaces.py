"""Surfaces and the ways over them."""

from __future__ import annotations

import numpy as np
import pytest

import multilayer as ml
from multilayer.errors import UsageError
from multilayer.lab.again import Again
from multilayer.optim import OPTIMIZERS
from multilayer.pictures import drawn
from multilayer.pictures.loss_surface import Plane
from multilayer.pictures.optimizer_paths import way
from multilayer.pictures.surfaces import SURFACES


@pytest.fixture(scope="module")
def run():
    return ml.train("moons(samples=100)", hidden=[5], epochs=8)


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda surface: surface.name)
def test_a_gradient_is_that_of_its_surface(surface):
    for x, y in np.random.default_rng(0).uniform(-2, 2, (20, 2)):
        h = 1e-6
        by_x = (surface.value(x + h, y) - surface.value(x - h, y)) / (2 * h)
        by_y = (surface.value(x, y + h) - surface.value(x, y - h)) / (2 * h)
        assert surface.gradient(x, y) == pytest.approx((by_x, by_y), rel=1e-5, abs=1e-5)
    (low_x, high_x), (low_y, high_y) = surface.window
    for x, y in (*surface.minima, surface.start):
        assert low_x < x < high_x
        assert low_y < y < high_y
    for x, y in surface.minima:
        assert surface.gradient(x, y) == pytest.approx((0, 0), abs=1e-9)
        around = [surface.value(x + 0.05 * np.cos(angle), y + 0.05 * np.sin(angle)) for angle in np.arange(8)]
        assert min(around) > surface.value(x, y)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_can_be_sent(name):
    found = way(SURFACES["valley"], name, 60)
    assert found.points.shape == (61, 2)
    assert found.values[-1] < found.values[0]
    np.testing.assert_allclose(found.values, SURFACES["valley"].value(*found.points.T))


def test_the_way_of_gradient_descent_is_its_formula():
    """On a quadratic every step multiplies each coordinate."""
    points = way(SURFACES["valley"], "sgd", 30, lr=0.03).points
    steps = np.arange(31)
    np.testing.assert_allclose(points[:, 0], -4.5 * 0.97**steps)
    np.testing.assert_allclose(points[:, 1], 0.6 * (1 - 1.5) ** steps, atol=1e-15)


def test_the_caption_has_the_values_where_the_ways_end():
    picture = drawn("optimizer-paths", surface="rosenbrock", optimizers=["sgd", "lbfgs"], steps=50, lr=0.001)
    ends = {name: way(SURFACES["rosenbrock"], name, 50, lr=0.001).values[-1] for name in ("sgd", "lbfgs")}
    order = sorted(ends, key=ends.__getitem__)
    assert f"the lowest first: {', '.join(f'{name} {ends[name]:.2g}' for name in order)}." in picture.caption
    assert "Each has the learning rate" not in picture.caption


def test_a_way_that_leaves_the_numbers_is_told():
    picture = drawn("optimizer-paths", surface="rosenbrock", optimizers=["sgd"], lr=3.0, steps=20)
    assert picture.caption.endswith("sgd left the finite numbers.")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"surface": "beal"}, "There is no surface 'beal'. Did you mean 'beale'?"),
        ({"optimizers": ["adem"]}, "There is no optimizer 'adem'. Did you mean 'adam'?"),
        ({"optimizers": "adam"}, "optimizers must be a list of names such as ['sgd', 'adam'], got 'adam'."),
        ({"optimizers": []}, "optimizers must be a list of names such as ['sgd', 'adam'], got []."),
        ({"steps": 0}, "steps must be a whole number from 1 to 10000, got 0."),
        ({"lr": -1}, "lr must be a number greater than 0, or none, got -1."),
    ],
)
def test_what_no_way_can_be_drawn_of(options, said):
    with pytest.raises(UsageError) as error:
        drawn("optimizer-paths", **options)
    assert str(error.value).startswith(said)


def loss_by_hand(run, again, weights):
    x = run.preparation.apply(again.rows.x[again.rows.split.train])
    bits = again.rows.dataset.target.values[again.rows.split.train][:, None]
    h = np.maximum(0, x @ weights["0.W"] + weights["0.b"])
    z = h @ weights["2.W"] + weights["2.b"]
    return float(np.mean(np.logaddexp(0, z) - bits * z))


def test_the_loss_in_the_middle_is_that_of_the_run(run):
    again = Again(run)
    here = loss_by_hand(run, again, {name: value.astype(float) for name, value in run.weights.items()})
    caption = drawn("loss-surface", again, n=5).caption
    assert caption.startswith(
        "Mean loss of 60 training rows, without penalties, on a plane through the trained weights, "
    )
    assert f"where it is {here:.3g};" in caption


def test_a_random_direction_is_as_long_as_each_unit(run):
    place = Plane(Again(run))
    parts = np.split(place.random(0, 0), np.cumsum([10, 5, 5]))
    np.testing.assert_allclose(
        np.linalg.norm(parts[0].reshape(2, 5), axis=0), np.linalg.norm(run.weights["0.W"], axis=0)
    )
    np.testing.assert_allclose(np.linalg.norm(parts[2]), np.linalg.norm(run.weights["2.W"]))
    assert not parts[1].any()
    assert not parts[3].any()
    assert not np.array_equal(place.random(0, 0), place.random(0, 1))
    assert not np.array_equal(place.random(0, 0), place.random(1, 0))


def test_the_path_begins_and_ends_where_the_training_did(run):
    again = Again(run)
    place = Plane(again)
    u, v, path, shares = place.principal(again)
    assert [u @ u, v @ v, u @ v] == pytest.approx([1, 1, 0], abs=1e-12)
    first, *_, last = again.stages(range(9))
    start = np.concatenate([value.ravel() for value in first.net.get_weights().values()]).astype(float)
    end = np.concatenate([value.ravel() for value in last.net.get_weights().values()]).astype(float)
    np.testing.assert_allclose(path[0], [(start - place.center) @ u, (start - place.center) @ v])
    np.testing.assert_allclose(path[-1], [(end - place.center) @ u, (end - place.center) @ v])
    far = np.array([np.concatenate([a.ravel() for a in s.net.get_weights().values()]) for s in again.stages(range(9))])
    moved = far.astype(float) - place.center
    variance = np.sort(np.linalg.eigvalsh(moved.T @ moved))[::-1]
    np.testing.assert_allclose(shares, variance[:2] / variance.sum(), rtol=1e-9)


def test_the_surface_is_drawn_of_the_losses(run):
    again = Again(run)
    picture = drawn("loss-surface", again, n=5, span=0.5, seed=3)
    place = Plane(again)
    u, v = place.random(3, 0), place.random(3, 1)
    ends = [
        place.loss(place.center + a * u + b * v) for a in np.linspace(-0.5, 0.5, 5) for b in np.linspace(-0.5, 0.5, 5)
    ]
    assert f"it goes from {min(ends):.3g} to {max(ends):.3g}." in picture.caption


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"directions": "up"}, "directions must be one of 'random', 'path', got 'up'."),
        ({"n": 2}, "n must be a whole number from 5 to 201, got 2."),
        ({"span": 0}, "span must be a number greater than 0, got 0."),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1."),
    ],
)
def test_what_no_surface_can_be_drawn_of(run, options, said):
    with pytest.raises(UsageError) as error:
        run.plot("loss-surface", **options)
    assert str(error.value) == said


def test_the_same_bytes_twice(run):
    for options in ({"directions": "path"}, {}):
        first, second = (run.plot("loss-surface", theme="dark", n=9, **options).png(dpi=50) for _ in range(2))
        assert first == second
    first, second = (drawn("optimizer-paths", surface="saddle", steps=40).png(dpi=50) for _ in range(2))
    assert first == second
