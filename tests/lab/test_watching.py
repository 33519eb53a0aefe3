"""A run asked again: its own training, and refusals where that cannot be had."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer.data import Dataset
from multilayer.errors import DataError, RefusedError
from multilayer.lab import fit, session_of, train, watch_run
from multilayer.nn import Linear, Sequential

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_the_training_is_the_runs_own(engine):
    run = train("moons(samples=100)", hidden=[5], epochs=6, patience=3, seed=7, split_seed=2, engine=engine)
    session = session_of(run)
    session.training.advance()
    np.testing.assert_array_equal(session.training.history.of(0).values, run.history.values)
    seen = watch_run(run)
    assert seen.epoch.tolist() == list(range(run.epochs + 1))
    assert seen.step[-1] == run.steps


@pytest.mark.parametrize("again", [(X, Y), Dataset.from_arrays(X, Y)], ids=["arrays", "dataset"])
def test_data_is_passed_again(again):
    run = train((X, Y), hidden=[4], epochs=2)
    assert watch_run(run, again).epoch.tolist() == [0, 1, 2]


def test_a_table_is_read_again(tmp_path):
    rows = "\n".join(",".join(map(str, [*row, label])) for row, label in zip(X, Y, strict=True))
    (tmp_path / "t.csv").write_text(f"a,b,c,answer\n{rows}\n")
    run = train(tmp_path / "t.csv", "answer", hidden=[4], epochs=2)
    assert watch_run(run).epoch.tolist() == [0, 1, 2]


def test_starting_weights_are_passed_again():
    start = {"0.W": [[1.0], [0.0], [0.0]], "0.b": [0.5]}
    run = train((X, Y), hidden=[], weights=start, epochs=2)
    assert watch_run(run, (X, Y), weights=start).size[0, 0] == 1
    for given, said in (
        (None, "This run started from weights set by hand, which a run does not keep. Pass them as weights=."),
        ({**start, "0.b": [0.0]}, "These are not the weights that the run started from: their digest is another."),
    ):
        with pytest.raises(DataError) as error:
            watch_run(run, (X, Y), weights=given)
        assert str(error.value) == said


def test_what_cannot_be_asked_again_is_refused():
    run = train((X, Y), hidden=[4], epochs=1)
    with pytest.raises(DataError) as missing:
        watch_run(run)
    assert str(missing.value) == ("This run was trained on arrays, which a run does not keep. Pass that data again.")
    with pytest.raises(DataError) as other:
        watch_run(run, (X + 1, Y))
    assert str(other.value) == "This is not the data the run was trained on: its fingerprint is another."

    def half_cubed(y, target, weight=None):
        error = y - target
        return float(np.mean(abs(error) ** 3)), 3 * error * abs(error) / error.size

    own = fit(Sequential(Linear(3, 1), seed=0), X, X[:, 1], loss=half_cubed, epochs=1)
    with pytest.raises(RefusedError) as code:
        watch_run(own, (X, X[:, 1]))
    assert str(code.value) == (
        "A run with layers or a loss of your own cannot be asked again, since they are code. Watch it while it "
        "trains: multilayer.engines.watch."
    )
