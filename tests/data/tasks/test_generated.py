"""Generated tables: geometry, counts, laws of fresh rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from multilayer.data import tasks
from multilayer.data.preparation import Preparation
from multilayer.data.split import Splitting
from multilayer.data.tasks import Generated
from multilayer.data.tasks.function import Function, Polynomial
from multilayer.errors import DataError, RefusedError
from tests.data.tasks.tables import digest, rows

LAWS = [
    *("moons", "circles", "gaussians", "gaussians(classes=3, dimensions=4)", "spiral", "checkerboard(noise=0.1)"),
    *("and(noise=0.2)", "or(noise=0.2)", "xor(noise=0.2, samples=40)", "sin(x)", "function(noise=0.1)", "polynomial"),
    "x1*x2",
]
FINITE = {
    "xor": "is a table of four rows unless it has noise",
    "parity": "is a fixed table",
    "encoder": "is a fixed table",
    "two_spirals": "is a fixed set of 194 points",
    "iris": "is a table of measurements",
}


def classes(text: str) -> list[int]:
    return np.bincount(tasks.get(text).dataset().target.values).tolist()


def test_moons_without_noise_are_half_circles():
    dataset = tasks.get("moons(noise=0)").dataset()
    x, code = rows(dataset), dataset.target.values
    outer, inner = x[code == 0], x[code == 1]
    assert np.allclose(np.hypot(*outer.T), 1, rtol=0, atol=1e-15)
    assert outer[:, 1].min() >= 0
    assert np.allclose(np.hypot(inner[:, 0] - 1, inner[:, 1] - 0.5), 1, rtol=0, atol=1e-15)
    assert inner[:, 1].max() <= 0.5
    angle = np.arccos(outer[:, 0]) / math.pi
    assert abs(angle.mean() - 0.5) < 4 / math.sqrt(12 * 250)
    assert dataset.column_names == ("x1", "x2")
    assert (dataset.target.kind, dataset.target.classes) == ("binary", (0, 1))


def test_moons_noise_has_its_standard_deviation():
    still, moved = (rows(tasks.get(f"moons(noise={noise}, samples=5000)").dataset()) for noise in (0, 0.3))
    assert np.std(moved - still) == pytest.approx(0.3, rel=0.03)
    assert abs(np.mean(moved - still)) < 0.02


def test_circles_without_noise_have_their_radii():
    dataset = tasks.get("circles(noise=0, factor=0.25)").dataset()
    radius = np.hypot(*rows(dataset).T)
    assert np.allclose(radius, np.where(dataset.target.values == 1, 0.25, 1.0), rtol=0, atol=1e-15)


def test_gaussians_have_their_means_and_deviations():
    dataset = tasks.get("gaussians(classes=4, spread=0.5, samples=40000, dimensions=3)").dataset()
    x, code = rows(dataset), dataset.target.values
    clouds = [x[code == k] for k in range(4)]
    means = np.array([cloud.mean(axis=0) for cloud in clouds])
    corner = math.sqrt(2)
    assert np.allclose(means, [[corner, 0, 0], [0, corner, 0], [-corner, 0, 0], [0, -corner, 0]], atol=0.04)
    assert np.allclose([cloud.std(axis=0) for cloud in clouds], np.array([[0.5], [1], [0.5], [1]]), rtol=0.03)
    assert np.linalg.norm(means[0] - means[1]) == pytest.approx(2, abs=0.04)


def test_gaussians_of_two_classes_and_on_a_line():
    assert tasks.get("gaussians(dimensions=2)").means().tolist() == [[-1, 0], [1, 0]]
    assert tasks.get("gaussians(classes=3, dimensions=1)").means().tolist() == [[-2], [0], [2]]
    assert tasks.get("gaussians(equal=true, spread=0.5, classes=3)").deviations().tolist() == [0.5, 0.5, 0.5]


def test_the_spiral_without_noise_lies_on_its_arms():
    dataset = tasks.get("spiral(noise=0)").dataset()
    x1, x2 = (rows(dataset) * np.where(dataset.target.values == 1, -1, 1)[:, None]).T
    u = np.hypot(x1, x2) / 5
    assert np.allclose(x1, 5 * u * np.sin(3.5 * np.pi * u), atol=1e-12)
    assert np.allclose(x2, 5 * u * np.cos(3.5 * np.pi * u), atol=1e-12)
    assert 0.95 < u.max() < 1


def test_the_checkerboard_alternates():
    dataset = tasks.get("checkerboard(cells=5)").dataset()
    x = rows(dataset)
    assert np.array_equal((np.floor(x + 2.5).sum(axis=1) % 2).astype(int), dataset.target.values)
    assert np.abs(x).max() <= 2.5
    assert 430 < np.count_nonzero(dataset.target.values) < 530


def test_classes_have_equal_counts():
    assert classes("moons") == classes("circles") == classes("gaussians") == classes("spiral") == [250, 250]
    assert classes("gaussians(classes=3, samples=100)") == [34, 33, 33]
    assert classes("two_spirals") == [97, 97]
    assert classes("xor(noise=0.1, samples=40)") == [20, 20]
    assert classes("parity(bits=5)") == [16, 16]
    assert classes("encoder(bits=5)") == [1] * 5


def test_the_logical_tables():
    corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
    for name, answers in {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}.items():
        dataset = tasks.get(name).dataset()
        assert rows(dataset).tolist() == corners
        assert dataset.target.values.tolist() == answers


def test_parity_counts_ones():
    dataset = tasks.get("parity").dataset()
    assert rows(dataset).tolist() == [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    assert dataset.target.values.tolist() == [0, 1, 1, 0, 1, 0, 0, 1]


def test_the_encoder_is_the_identity():
    dataset = tasks.get("encoder").dataset()
    assert np.array_equal(rows(dataset), np.eye(8))
    assert dataset.target.values.tolist() == list(range(8))
    assert tasks.get("encoder").recipe()["hidden"] == [3]


def test_two_spirals_are_the_published_points():
    """The CMU benchmark's points as printed with five decimals, by row."""
    dataset = tasks.get("two_spirals").dataset()
    x = rows(dataset)
    published = {0: (0.0, 6.5), 2: (1.25589, 6.31381), 4: (2.43961, 5.88973), 6: (3.50704, 5.24865)}
    published |= {58: (-2.60424, 3.89751), 118: (-2.33851, 1.56254), 192: (0.0, 0.5), 193: (0.0, -0.5)}
    for row, point in published.items():
        assert np.allclose(x[row], point, rtol=0, atol=5.1e-6)
    assert np.array_equal(x[1::2], -x[::2])
    assert dataset.target.values[:4].tolist() == [1, 0, 1, 0]


def test_functions_have_their_values():
    for text, function in {"sin(x)": np.sin, "x": np.positive, "x^2": np.square, "sinh(x)": np.sinh}.items():
        dataset = tasks.get(text).dataset()
        x = rows(dataset)[:, 0]
        assert np.allclose(dataset.target.values[:, 0], function(x), rtol=1e-15, atol=0)
        assert dataset.n_samples == 200
        assert -3 <= x.min() < -2.8
        assert 2.8 < x.max() < 3
        assert (dataset.target.kind, dataset.target.names, dataset.column_names) == ("regression", ("y",), ("x",))


def test_polynomials_agree_with_numpy():
    task = Polynomial((1.0, -2.0, 0.5, 0.0, 3.0))
    x = rows(task.dataset())
    assert np.allclose(task.values(x), np.polynomial.polynomial.polyval(x[:, 0], task.coefficients), rtol=1e-13)


def test_noise_of_a_function_is_added_to_its_values():
    still, moved = (tasks.get(f"function(noise={noise}, samples=5000)").dataset() for noise in (0, 0.5))
    assert np.array_equal(rows(still), rows(moved))
    assert np.std(moved.target.values - still.target.values) == pytest.approx(0.5, rel=0.03)


def test_functions_of_several_inputs():
    dataset = tasks.get("x1*x2 on [0, 1]").dataset()
    assert dataset.column_names == ("x1", "x2")
    assert np.array_equal(dataset.target.values[:, 0], rows(dataset).prod(axis=1))


def test_a_polynomial_beyond_the_numbers_is_refused():
    sentence = "The polynomial leaves the finite numbers on its range. Choose another range."
    with pytest.raises(DataError, match=f"^{sentence}$"):
        Polynomial((1e9,) * 20).values(np.full((1, 1), 1e30))


@pytest.mark.parametrize("text", LAWS)
def test_fresh_rows_are_others_of_the_same_law(text):
    task = tasks.get(text)
    own, fresh, again, other = task.dataset(), task.fresh(3000, 1), task.fresh(3000, 1), task.fresh(3000, 2)
    assert digest(fresh) == digest(again) != digest(other)
    assert fresh.n_samples == 3000
    known = {row.tobytes() for row in np.concatenate([rows(own), rows(other)])}
    assert not any(row.tobytes() in known for row in rows(fresh))
    assert np.allclose(rows(fresh).mean(axis=0), rows(other).mean(axis=0), atol=6 * rows(other).std() / 3000**0.5)
    assert np.allclose(rows(fresh).std(axis=0), rows(other).std(axis=0), rtol=0.1)
    assert (fresh.column_names, fresh.target.classes) == (own.column_names, own.target.classes)


@pytest.mark.parametrize("text", LAWS)
def test_a_smaller_table_begins_a_larger_one(text):
    task = tasks.get(text)
    assert isinstance(task, Generated)
    small, large = task.fresh(50), task.fresh(400)
    assert np.array_equal(rows(small), rows(large)[:50])
    assert np.array_equal(small.target.values, large.target.values[:50])


def test_data_seed_makes_another_table():
    digests = {digest(tasks.get(f"moons(data_seed={seed})").dataset()) for seed in range(10)}
    assert len(digests) == 10


@pytest.mark.parametrize("name", FINITE)
def test_finite_tables_have_no_fresh_rows(name):
    with pytest.raises(RefusedError) as refused:
        tasks.get(name).fresh(10)
    assert (
        str(refused.value) == f"There are no fresh points of {name}: it {FINITE[name]}. Use the rows of its own table."
    )


def test_fresh_rows_are_counted_and_seeded():
    with pytest.raises(DataError) as refused:
        tasks.get("moons").fresh(0)
    assert str(refused.value) == "the number of fresh rows of moons must be a whole number from 1 to 10000000, got 0."
    with pytest.raises(DataError) as refused:
        tasks.get("moons").fresh(1, -1)
    assert str(refused.value) == "the seed of fresh rows of moons must be a whole number from 0 to 4294967294, got -1."


def test_a_function_is_checked_on_its_whole_range():
    with pytest.raises(DataError, match=r"^1/x has no value at x = 0: it divides by zero\."):
        Function("1/x", samples=1)
    Function("1/x", low=0.5)


def test_defaults_of_split_and_preparation():
    for name in ("and", "or", "xor", "parity", "encoder"):
        assert tasks.get(name).splitting() == Splitting(train=1.0, val=0.0, test=0.0)
        assert tasks.get(name).preparation() == Preparation(inputs="none")
    assert tasks.get("two_spirals").splitting() == Splitting(train=1.0, val=0.0, test=0.0)
    for name in ("two_spirals", "moons", "digits", "function"):
        assert tasks.get(name).preparation() == Preparation()
    assert tasks.get("moons").splitting() == tasks.get("iris").splitting() == Splitting()
