"""Pictures of the layers while they learn: the numbers of their captions, from the weights by another route."""

from __future__ import annotations

import re

import numpy as np
import pytest

import multilayer as ml
from multilayer.errors import RefusedError
from multilayer.lab.again import Again
from multilayer.lab.watching import session_of
from multilayer.nn import Linear, Sequential
from multilayer.nn.losses import SigmoidCrossEntropy
from multilayer.pictures import drawn
from tests.pictures.test_layout import cut_off, overlapping


@pytest.fixture(scope="module")
def run():
    return ml.train("moons(samples=200)", hidden=[8, 8], epochs=6)


@pytest.fixture(scope="module")
def again(run):
    return Again(run)


def numbers(text):
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def gradients(net, again):
    """The L2 norms of the gradients of the weights by nn itself, in float64."""
    rows = again.rows
    x = again.run.preparation.apply(rows.x[rows.split.train])
    exact = Sequential(*net.layers, seed=None)
    for parameter in exact.params:
        parameter.assign(parameter.value.astype(np.float64))
    y, backward = exact.forward(x, training=True)
    backward(SigmoidCrossEntropy()(y, rows.dataset.target.values[rows.split.train][:, None])[1])
    return [float(np.linalg.norm(parameter.grad)) for parameter in exact.params if parameter.kind == "weight"]


def test_the_gradients_of_the_caption(again):
    caption = drawn("layer-gradients", again).caption
    start, end = (gradients(stage.net, again) for stage in again.stages([0, 6]))
    shown = numbers(caption.partition(". Before")[2])
    assert shown == pytest.approx([start[0], start[-1], 6, end[0], end[-1]], rel=6e-3)
    assert caption.endswith("It neither vanishes nor explodes on its way back to the input.")


def test_a_vanishing_gradient_is_told():
    deep = ml.train("moons(samples=200)", hidden=[8] * 7, activation="sigmoid", epochs=1)
    assert "The gradient vanishes on its way back to the input" in drawn("layer-gradients", Again(deep)).caption


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        ("tanh", "The gradient explodes on its way back to the input: the first layers take the largest steps."),
        ("identity", "The gradient explodes: it starts over 100 times as large as the weights that it is to change."),
    ],
)
def test_an_exploding_gradient_is_told(activation, said):
    """Where tanh saturates, the outputs stay as they are and the gradient alone grows."""
    wide = {"name": "normal", "std": 3.0}
    deep = ml.train("moons(samples=200)", hidden=[30] * 8, activation=activation, weight_init=wide, epochs=1, lr=1e-9)
    assert drawn("layer-gradients", Again(deep)).caption.endswith(said)


def test_the_activations_of_the_caption(again):
    caption = drawn("layer-activations", again).caption
    rows = again.rows
    x = again.run.preparation.apply(rows.x[rows.split.train]).astype(np.float32)
    expected = []
    for stage in again.stages([0, 6]):
        for place in (1, 3):
            h = stage.net.hidden(x)[place].astype(np.float64)
            expected += [h.mean(), np.sqrt(np.mean([np.var(unit) for unit in h.T]))]
    shown = numbers(caption.partition("row to row):")[2].partition(". Where")[0])
    shown.remove(6)
    assert shown == pytest.approx(expected, rel=6e-3)


def test_the_updates_of_the_caption(run, again):
    caption = drawn("layer-updates", again).caption
    session = session_of(run)
    ratios = []
    for _ in range(6):
        before = session.training.weights()
        session.training.advance(steps=1)
        after = session.training.weights()
        names = [name for name in before if name.endswith("W")]
        ratios.append([np.linalg.norm(after[n] - before[n]) / np.linalg.norm(before[n]) for n in names])
        session.training.advance(epochs=1)
    middle = np.median(ratios, axis=0)
    assert f"from {middle.min():.2g} to {middle.max():.2g} in the middle of training" in caption


def test_planted_dead_units_are_counted():
    run = ml.train("moons(samples=200)", hidden=[10], epochs=3)
    start = {name: value.copy() for name, value in next(iter(Again(run).stages([0]))).net.get_weights().items()}
    start["0.W"][:, :3], start["0.b"][:3] = 0, -5
    planted = ml.train("moons(samples=200)", hidden=[10], epochs=3, weights=start)
    picture = drawn("dead-units", Again(planted, weights=start))
    assert "in the one ReLU layer: 30% before training, 30% after 3 epochs. No gradient reaches" in picture.caption
    line = picture.figure.axes[0].get_lines()[0]
    np.testing.assert_allclose(line.get_ydata(), [30, 30, 30, 30])


def test_the_lines_are_what_was_watched(again):
    watched = again.watched()
    for name, values in (("layer-gradients", watched.gradient), ("layer-updates", watched.update[:-1])):
        lines = [line for line in drawn(name, again).figure.axes[0].get_lines() if len(line.get_xdata()) > 2]
        np.testing.assert_array_equal([line.get_ydata() for line in lines], values.T)


@pytest.mark.parametrize(
    ("name", "theme"),
    [("layer-gradients", "dark"), ("layer-activations", "light"), ("layer-updates", "dark"), ("dead-units", "light")],
)
def test_the_same_bytes_twice(again, name, theme):
    first, second = drawn(name, again, theme), drawn(name, again, theme)
    assert first.png(dpi=60) == second.png(dpi=60)


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        ({"hidden": []}, "layer-activations", "it has no hidden layer."),
        (
            {"hidden": [3], "activation": "tanh"},
            "dead-units",
            "only relu units can be silent on every row, and it has none.",
        ),
    ],
)
def test_what_does_not_suit_is_refused(settings, name, said):
    with pytest.raises(RefusedError) as error:
        drawn(name, Again(ml.train("xor", epochs=2, **settings)))
    assert str(error.value).startswith(f"The picture {name} does not suit this run: {said} These do: ")


def test_a_network_of_your_own_is_refused():
    class Half:
        def forward(self, x, *, training=False):
            return x / 2, lambda dy: dy / 2

    run = ml.fit(Sequential(Linear(2, 1), Half(), seed=0), [[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=1)
    with pytest.raises(RefusedError) as error:
        drawn("layer-gradients", Again(run))
    assert "it has layers or a loss of your own, so it cannot be trained again." in str(error.value)


def test_a_run_that_was_not_trained_is_refused():
    run = ml.train("and", hidden=[], epochs=0, weights={"0.W": [[1.0], [1.0]], "0.b": [-1.5]})
    with pytest.raises(RefusedError) as error:
        drawn("layer-updates", Again(run))
    assert "does not suit this run: it was not trained." in str(error.value)


@pytest.mark.parametrize("name", ["layer-gradients", "layer-activations", "layer-updates", "dead-units"])
def test_nothing_overlaps_and_nothing_is_cut_off(name):
    picture = ml.train("moons(samples=100)", hidden=[4] * 9, epochs=2).plot(name)
    assert overlapping(picture) == []
    assert cut_off(picture) == []
