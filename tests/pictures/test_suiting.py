"""Which pictures suit which run, why not otherwise, and what else is refused."""

from __future__ import annotations

import pytest

from multilayer.errors import DataError, RefusedError, UsageError
from multilayer.lab import train
from multilayer.nn import Linear, Sequential
from multilayer.pictures import PICTURES, suiting
from tests.pictures.runs import picture_of, rows_of, run_of

OWN = (
    *("boundary", "boundary-training", "learning-curves", "confusion", "calibration", "sample"),
    *("predicted", "surface", "fit", "neurons", "fit-training", "gaussian-process"),
)
FITTING = {
    "moons": "boundary boundary-training learning-curves confusion calibration sample",
    "iris": "boundary boundary-training learning-curves confusion calibration sample",
    "line": "boundary boundary-training learning-curves confusion calibration sample",
    "neuron": "boundary boundary-training learning-curves confusion calibration sample",
    "labels": "learning-curves",
    "sine": "learning-curves predicted fit neurons fit-training gaussian-process",
    "plane": "learning-curves predicted surface",
    "two_numbers": "learning-curves predicted surface",
}


@pytest.mark.parametrize("name", FITTING)
def test_a_run_has_the_pictures_that_suit_it(name):
    assert sorted(set(suiting(run_of(name))) & set(OWN)) == sorted(FITTING[name].split())


DRAWN = {"moons": FITTING["moons"], "sine": FITTING["sine"], "iris": "boundary sample", "line": "boundary-training"}
DRAWN |= {"neuron": "boundary", "plane": "surface", "two_numbers": "predicted surface"}


@pytest.mark.parametrize("name", DRAWN)
def test_pictures_that_suit_are_drawn(name):
    for kind in DRAWN[name].split():
        made = picture_of(name, kind)
        assert made.caption.endswith(".")
        assert made.alt.endswith(".")


WHY_NOT = {
    ("sine", "boundary"): "it predicts numbers, and this is of classes.",
    ("labels", "confusion"): "its rows have several labels at once, and this is of one class a row.",
    ("moons", "predicted"): "it chooses classes, and this is of numbers.",
    ("moons", "fit"): "it chooses classes, and this is of numbers.",
    ("plane", "fit"): "it has 2 inputs, and this is a curve over one.",
    ("sine", "surface"): "it has one input, and this is a surface over two or more. Its curve is the picture fit.",
}


@pytest.mark.parametrize(("name", "kind"), WHY_NOT)
def test_a_picture_that_does_not_suit_says_why(name, kind):
    with pytest.raises(RefusedError) as error:
        run_of(name).plot(kind)
    told = f"The picture {kind} does not suit this run: {WHY_NOT[name, kind]} These do: "
    assert str(error.value) == f"{told}{', '.join(suiting(run_of(name)))}."


def reason(run, kind):
    return PICTURES[kind].why_not(run)


def test_reasons_of_rarer_runs():
    by_hand = train("moons", weights={"0.W": [[1.0], [1.0]], "0.b": [0.0]}, hidden=[], epochs=0)
    assert reason(by_hand, "learning-curves") == "it was trained for no epoch."
    assert reason(by_hand, "boundary-training") == "it was trained for no epoch."
    line = train("sin(x)", hidden=[], epochs=2)
    assert reason(line, "neurons") == "it has no hidden layer."
    assert reason(train("x^2", loss="poisson", epochs=1), "neurons") == "its output is no sum of what its neurons add."
    start = train("sin(x)", weights={"0.W": [[1.0]], "0.b": [0.0]}, hidden=[], epochs=1)
    told = "its weights were set by hand, so that other seeds say nothing."
    assert reason(start, "gaussian-process") == told
    two = train([[0.0], [1.0], [2.0]] * 9, [[0.1, 1.0], [2.0, 3.0], [1.0, 7.5]] * 9, hidden=[2], epochs=1)
    assert reason(two, "fit") == "it predicts 2 numbers, and this is the curve of one."
    many = train([[float(k)] for k in range(60)] * 4, [f"c{k % 30}" for k in range(60)] * 4, epochs=1)
    assert reason(many, "confusion") == "it has 30 classes, and more than 26 cannot be read."
    assert reason(many, "boundary") == "it has 30 classes, and more than 26 cannot be told apart."


def test_weights_set_by_hand_have_a_boundary():
    run = train("moons", weights={"0.W": [[0.0], [-1.0]], "0.b": [0.25]}, hidden=[], epochs=0)
    assert run.plot("boundary").caption.startswith("Decision regions of moons with its 500 rows")


def test_a_network_of_your_own_cannot_be_trained_again():
    class Double:
        def forward(self, x, *, training=False):
            return 2 * x, lambda dy: 2 * dy

    net = Sequential(Linear(2, 3), Double(), Linear(3, 1), seed=0)
    run = train("moons", network=net, epochs=2)
    assert run.plot("boundary").caption
    told = "it has layers or a loss of your own, which are code, so that it cannot be trained again."
    assert reason(run, "boundary-training") == told


SENTENCES = {
    ("bondary", ""): "There is no picture 'bondary'. Did you mean 'boundary'? Known: ",
    (
        "boundary",
        "input=1",
    ): "There is no option of the picture boundary 'input'. Did you mean 'inputs'? Known: inputs.",
    ("boundary", "inputs=('x1', 'x3')"): "There is no input 'x3'. Known: x1, x2.",
    ("boundary", "inputs='x1'"): "inputs must be two of the inputs, such as ('x1', 'x2'), got 'x1'.",
    ("boundary-training", "frames=1"): "frames must be a whole number from 2 to 200, got 1.",
    ("confusion", "part='tset'"): "There is no part 'tset'. Did you mean 'test'? Known: test, train, val.",
    ("calibration", "bins=1"): "bins must be a whole number from 2 to 50, got 1.",
    ("sample", "row=100"): "row must be a whole number from 0 to 99, got 100.",
}


@pytest.mark.parametrize(("kind", "options"), SENTENCES)
def test_what_cannot_be_meant_is_refused(kind, options):
    with pytest.raises(UsageError) as error:
        run_of("moons").plot(kind, **eval(f"dict({options})"))
    assert str(error.value).startswith(SENTENCES[kind, options])


def test_underscores_name_a_picture_too():
    assert run_of("moons").plot("learning_curves").name == "learning-curves"


def test_a_part_without_rows_is_refused():
    with pytest.raises(UsageError) as error:
        train("xor", hidden=[2], epochs=2).plot("confusion", part="test")
    assert str(error.value) == "This run has no test rows. It has: train."


def test_rows_that_a_run_does_not_keep_are_asked_for():
    with pytest.raises(DataError) as error:
        run_of("two_numbers").plot("predicted")
    told = "This run was trained on arrays, which a run does not keep. Pass the same rows as data=."
    assert str(error.value) == told
    with pytest.raises(DataError) as error:
        run_of("two_numbers").plot("predicted", data=rows_of("labels"))
    assert str(error.value) == "This is not the data the run was trained on: its fingerprint is another."
