"""Pictures of weights: every one there, its size and sign right, and the summary of many told."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import multilayer as ml
from multilayer.data import Dataset
from multilayer.errors import RefusedError
from multilayer.lab.again import Again
from multilayer.pictures import DARK, LIGHT, drawn
from multilayer.pictures.network_drawing import MOST_LINES, WIDEST
from tests.pictures.runs import rows_of, run_of
from tests.pictures.test_layout import cut_off, overlapping


@pytest.fixture(scope="module")
def wide():
    return ml.train("digits", hidden=[64, 48], epochs=1)


def by_hand(W, b):
    """A run with these weights of one linear layer of two inputs."""
    start = {"0.W": W, "0.b": b}
    return ml.train("and", hidden=[], epochs=0, weights=start)


def squares(picture):
    """(x, y, side, face) of every square."""
    found = []
    for axes in picture.figure.axes:
        for collection in axes.collections:
            for path in collection.get_paths():
                box = path.get_extents()
                found.append(
                    (box.x0 + box.width / 2, box.y0 + box.height / 2, box.width, collection.get_facecolor()[0])
                )
    return found


def test_a_squares_area_is_its_weight():
    picture = by_hand([[2.0], [-0.5]], [-1.0]).plot("hinton")
    area = {round(x): side**2 for x, _, side, _ in squares(picture)}
    assert [area[1] / area[0], area[2] / area[0]] == pytest.approx([0.25, 0.5])
    assert picture.caption == (
        "The 3 weights and biases, one square each: area by size, the largest drawn being 2; filled where positive, "
        "hollow where negative (67%)."
    )


def test_a_weight_of_zero_has_no_square():
    assert len(squares(by_hand([[2.0], [0.0]], [-1.0]).plot("hinton"))) == 2


def test_every_weight_has_its_square():
    run = run_of("iris")
    assert len(squares(run.plot("hinton"))) == sum(value.size for value in run.weights.values() if value.all())


def test_many_weights_are_summarized(wide):
    picture = wide.plot("hinton")
    titles = [axes.get_title(loc="left") for axes in picture.figure.axes]
    assert titles == [
        "hidden layer 1: 64 inputs × 64 units\n(the largest 40 × 40)",
        "hidden layer 2: 64 inputs × 48 units\n(the largest 40 × 40)",
        "output layer: 48 inputs × 10 units\n(the largest 40 × 10)",
    ]
    assert "Of a layer with more than 40 inputs or units, those with the largest weights (L2 norm)" in picture.caption


def lines(picture):
    (axes,) = picture.figure.axes
    return [
        (segment, width, color)
        for found in axes.collections
        for segment, width, color in zip(found.get_segments(), found.get_linewidths(), found.get_colors(), strict=True)
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_lines_width_is_its_weight(theme):
    from matplotlib.colors import to_rgba

    thin, thick = lines(by_hand([[2.0], [-0.5]], [-1.0]).plot("network", theme=theme))
    assert thick[1] == WIDEST
    assert thin[1] == pytest.approx(WIDEST / 4)
    assert tuple(thick[2]) == pytest.approx(to_rgba(theme.color(0), 0.8))
    assert tuple(thin[2]) == pytest.approx(to_rgba(theme.color(1), 0.8))


def test_the_drawing_of_a_network_counts_its_weights():
    run = ml.train("moons", hidden=[40], epochs=1)
    picture = run.plot("network")
    negative = sum(int((run.weights[name] < 0).sum()) for name in ("0.W", "2.W"))
    assert len(lines(picture)) == 2 * 40 + 40
    assert picture.caption.startswith(
        f"A network of 2 - 40 - 1 units with 120 weights, {negative} of them negative. The width of a line is its "
    )
    assert "Drawn are" not in picture.caption


def test_a_large_network_is_drawn_by_its_largest_weights(wide):
    picture = wide.plot("network")
    assert len(lines(picture)) == 3 * MOST_LINES
    words = {text.get_text() for text in picture.figure.axes[0].texts}
    assert {"inputs\n20 of 64", "hidden 1\n20 of 64", "hidden 2\n20 of 48", "outputs\n10"} <= words
    assert (
        "Drawn are the 360 largest: between two layers at most 120, and of a layer with more than 40" in picture.caption
    )


def test_hostile_names_stand_in_the_drawings():
    for kind in ("network", "hinton"):
        assert run_of("hostile").plot(kind, data=rows_of("hostile")).png(dpi=40)


def test_an_image_is_a_units_weights(wide):
    picture = wide.plot("first-layer")
    W = wide.weights["0.W"]
    images = {
        int(axes.get_title(loc="center")): np.asarray(axes.images[0].get_array())
        for axes in picture.figure.axes
        if axes.images
    }
    largest = set(np.argsort(-np.linalg.norm(W, axis=0), kind="stable")[:36] + 1)
    assert set(images) == largest
    for unit, image in images.items():
        np.testing.assert_array_equal(image.ravel(), W[:, unit - 1])
    assert "its 8 × 8 weights" in picture.caption


def test_images_of_28_by_28():
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(30, 784)), np.arange(30) % 2)
    run = ml.train(data, hidden=[3], epochs=1)
    assert "its 28 × 28 weights" in run.plot("first-layer", data=data).caption


@pytest.mark.parametrize(("name", "n_in"), [("moons", 2), ("iris", 4)])
def test_inputs_that_are_no_images_are_refused(name, n_in):
    with pytest.raises(RefusedError) as error:
        run_of(name).plot("first-layer")
    assert str(error.value).startswith(
        f"The picture first-layer does not suit this run: its first layer has {n_in} inputs, which are not the pixels "
        "of a square image of 5 or more a side. These do: "
    )


@pytest.mark.parametrize(("kind", "theme"), [("hinton", "dark"), ("network", "light"), ("first-layer", "dark")])
def test_the_same_bytes_twice(kind, theme):
    run = run_of("digits")
    assert run.plot(kind, theme=theme).png(dpi=50) == run.plot(kind, theme=theme).png(dpi=50)


def test_the_paths_are_those_of_trainings_of_their_own():
    """The population's members against trainings one by one, with the penalty in the recipe."""
    run = ml.train("moons(samples=100)", hidden=[4], epochs=5)
    picture = drawn("weight-paths", Again(run), l1=0.01, l2=0.1, weight_decay=0.5)
    kinds = ({}, {"l1": 0.01}, {"l2": 0.1}, {"weight_decay": 0.5})
    for axes, kind in zip(picture.figure.axes, kinds, strict=True):
        settings = {"weight_decay": 0.0, **kind}
        alone = ml.train("moons(samples=100)", hidden=[4], epochs=5, keep="last", **settings).weights["0.W"]
        ends = [line.get_ydata()[-1] for line in axes.get_lines() if len(line.get_xdata()) == 6]
        np.testing.assert_array_equal(np.float32(ends), alone.ravel())
        assert (
            f"L2 norm {np.linalg.norm(alone.astype(float)):.3g}, {np.mean(np.abs(alone) < 0.01):.0%}" in picture.caption
        )


def test_weight_paths_refuse_what_has_no_penalties():
    with pytest.raises(RefusedError, match=r"L-BFGS takes neither l1 nor weight decay\."):
        ml.train("xor", hidden=[2], optimizer="lbfgs", epochs=2).plot("weight-paths")
    with pytest.raises(ml.errors.RecipeError, match=r"^l1 of Penalties must be a number greater than 0, got 0\.$"):
        run_of("moons").plot("weight-paths", l1=0)


@pytest.mark.parametrize("name", ["hostile", "digits"])
@pytest.mark.parametrize("kind", ["network", "hinton", "weight-paths"])
def test_nothing_overlaps_and_nothing_is_cut_off(name, kind):
    picture = run_of(name).plot(kind, data=rows_of(name))
    assert overlapping(picture) == []
    assert cut_off(picture) == []
    edge = picture.figure.bbox.padded(1)
    assert all(edge.contains(*text.get_window_extent().max) for axes in picture.figure.axes for text in axes.texts)


def test_names_of_rows_do_not_overlap():
    draws = np.random.default_rng(0)
    columns = {f"column number {n}": draws.normal(size=60) for n in range(14)}
    data = Dataset.from_frame(pl.DataFrame({**columns, "y": draws.normal(size=60)}), "y")
    figure = ml.train(data, hidden=[100], epochs=1).plot("hinton").figure
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        boxes = sorted((text.get_window_extent(renderer) for text in axes.get_yticklabels()), key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 + 1 for low, high in itertools.pairwise(boxes))
        assert axes._left_title.get_window_extent(renderer).x1 <= figure.bbox.x1
