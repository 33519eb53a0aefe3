"""The plane that is drawn is the plane that is stated, and the lines on it are the hidden units'."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from sklearn.decomposition import PCA

from multilayer.data import Dataset
from multilayer.lab import train
from multilayer.lab.again import Again
from multilayer.pictures.boundary import Scene, _across, chosen_epochs
from multilayer.pictures.plane import plane_of
from multilayer.pictures.style import LIGHT
from tests.pictures.runs import picture_of, run_of


def planes():
    for name, inputs in (("moons", None), ("iris", None), ("iris", ("petal length (cm)", "sepal width (cm)"))):
        subject = Again(run_of(name))
        yield subject, plane_of(subject.run, subject.rows, inputs)


@pytest.mark.parametrize("place", range(3))
def test_points_of_the_plane_are_projected_where_they_are(place):
    _, plane = list(planes())[place]
    ab = np.random.default_rng(0).normal(size=(20, 2))
    assert np.allclose(plane.project(plane.points(ab)), ab)


def test_two_inputs_are_themselves():
    subject, plane = next(planes())
    assert (plane.project(subject.rows.x) == subject.rows.x).all()
    assert plane.stated == ""


def test_the_principal_plane_is_scikit_learns():
    subject = Again(run_of("iris"))
    plane = plane_of(subject.run, subject.rows, None)
    train_rows = subject.rows.x[subject.rows.split.train]
    mean, std = train_rows.mean(axis=0), train_rows.std(axis=0)
    pca = PCA(2).fit((train_rows - mean) / std)
    ours = plane.project(subject.rows.x)
    assert np.allclose(np.abs(ours), np.abs(pca.transform((subject.rows.x - mean) / std)), atol=1e-8)
    first, second = pca.explained_variance_ratio_
    assert f"({first:.0%} and {second:.0%} of their variance)" in plane.stated


def test_a_slice_says_where_the_other_inputs_are():
    subject, plane = list(planes())[2]
    assert plane.names == ("petal length (cm)", "sepal width (cm)")
    assert "(sepal length (cm) = 5.9, petal width (cm) = 1.5)" in plane.stated
    rows = subject.rows.x[subject.rows.split.train]
    assert (rows[:, [0, 3]] == plane.points(np.zeros((1, 2)))[0, [0, 3]]).all(axis=1).any()


def test_what_is_drawn_is_what_is_answered():
    """The color under a point is that of the class the run answers there."""
    picture = picture_of("moons", "boundary")
    image = picture.figure.axes[0].images[0]
    left, right, bottom, top = image.get_extent()
    colors = np.asarray(image.get_array())
    rows, columns = colors.shape[:2]
    for row, column in ((10, 10), (150, 40), (60, 190), (190, 190)):
        x = [left + (right - left) * column / (columns - 1), bottom + (top - bottom) * row / (rows - 1)]
        probs = run_of("moons").predict_proba([x])[0]
        redder = colors[row, column, 0] > colors[row, column, 2]
        assert redder == (probs[1] > 0.5)


def test_lines_are_where_the_units_have_net_input_zero():
    run = run_of("moons")
    scene = Scene.of(Again(run), LIGHT, None)
    for unit, (c, u, v) in enumerate(zip(*scene._net_inputs(run.net), strict=True)):
        ends = _across(c, u, v, scene.limits)
        if ends is None:
            continue
        for point in np.transpose(ends):
            z, _ = run.net.layers[0].forward(run.preparation.apply(point[None]))
            assert z[0, unit] == pytest.approx(0, abs=1e-5)


def test_where_a_line_crosses():
    limits = ((0.0, 1.0), (0.0, 2.0))
    assert _across(-0.5, 1.0, 0.0, limits) == ([0.5, 0.5], [0.0, 2.0])
    assert _across(-1.0, 0.0, 1.0, limits) == ([0.0, 1.0], [1.0, 1.0])
    assert _across(5.0, 1.0, 1.0, limits) is None
    assert _across(1.0, 0.0, 0.0, limits) is None


def test_rows_with_missing_values_are_left_out_and_counted():
    x = np.random.default_rng(0).normal(size=(60, 2))
    y = np.where(x[:, 0] > 0, "a", "b")
    x[[3, 7], 1] = np.nan
    dataset = Dataset.from_arrays(x, y)
    run = train(dataset, hidden=[3], epochs=5)
    assert "2 rows with a missing value are not drawn." in run.plot("boundary", data=dataset).caption


def test_columns_of_text_have_a_plane_too():
    rng = np.random.default_rng(0)
    rows = [[float(a), float(b), "red" if a > b else "blue"] for a, b in rng.normal(size=(60, 2))]
    y = ["yes" if row[2] == "red" else "no" for row in rows]
    run = train(rows, y, hidden=[3], epochs=5)
    assert "of the 4 standardized inputs" in run.plot("boundary", data=(rows, y)).caption
    assert "x3=blue = " in run.plot("boundary", data=(rows, y), inputs=("x1", "x2")).caption


def test_epochs_of_an_animation():
    assert chosen_epochs(3, 24) == [0, 1, 3] or chosen_epochs(3, 24) == [0, 1, 2, 3]
    for epochs, frames in ((1, 2), (5, 200), (1000, 24), (100, 2)):
        chosen = chosen_epochs(epochs, frames)
        assert chosen[0] == 0
        assert chosen[-1] == epochs
        assert len(chosen) <= frames
        assert chosen == sorted(set(chosen))


def test_lines_of_many_hidden_units_are_left_out():
    """They would hide the rows."""
    few, many = (train("moons", hidden=[units], epochs=1).plot("boundary") for units in (20, 21))
    assert "each of the 20 units" in few.caption
    assert "Dashed" not in many.caption
    assert len(few.figure.axes[0].lines) > 0
    assert len(many.figure.axes[0].lines) == 0


def dated():
    days = np.datetime64("2023-04-01") + np.arange(120)
    numbers = np.linspace(-1, 1, 120) ** 2
    return Dataset.from_frame(pl.DataFrame({"day": days, "pH": numbers, "y": np.sin(numbers)}), "y")


def test_dates_are_shown_as_dates():
    data = dated()
    run = train(data, hidden=[4], epochs=2)
    axes = run.plot("surface", data=data, inputs=("day", "pH")).figure.axes[0]
    axes.figure.canvas.draw()
    shown = [text.get_text() for text in axes.get_xticklabels()]
    assert len(shown) >= 2
    assert all(re.fullmatch(r"2023-\d\d-\d\d", text) for text in shown), shown
    assert not any("-" in text and len(text) == 10 for text in (t.get_text() for t in axes.get_yticklabels()))
    kept = plane_of(run, Again(run, data).rows, None)
    assert kept.names == ("day", "pH")
