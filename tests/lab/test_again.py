"""A run asked again: its rows, its training epoch by epoch, its siblings."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer.errors import DataError, RefusedError
from multilayer.lab import train
from multilayer.lab.again import Again
from multilayer.pictures.boundary import moments


def test_stages_are_the_run_at_each_epoch():
    run = train("moons", hidden=[5], epochs=6, keep="last")
    again = Again(run)
    stages = list(again.stages([0, 2, 6]))
    assert [stage.epoch for stage in stages] == [0, 2, 6]
    assert np.isnan(stages[0].loss)
    assert [stage.loss for stage in stages[1:]] == [run.history["loss"][1], run.history["loss"][5]]
    assert all((stages[-1].net.get_weights()[name] == value).all() for name, value in run.weights.items())
    short = train("moons", hidden=[5], epochs=6, keep="last", schedule="constant")
    other = train("moons", hidden=[5], epochs=2, keep="last", schedule="constant")
    (stage,) = Again(short).stages([2])
    assert all((stage.net.get_weights()[name] == value).all() for name, value in other.weights.items())


def test_a_stage_answers_as_it_was_while_it_is_the_present_one():
    run = train("moons", hidden=[5], epochs=4, keep="last")
    again = Again(run)
    x = again.rows.x[:20]
    answers = [stage.answer(x) for stage in again.stages([0, 4])]
    assert (answers[1] == run.answer(x)).all()
    assert not np.allclose(answers[0], answers[1])


def test_the_last_moment_is_the_run_as_it_was_kept():
    run = train("moons", hidden=[20], lr=0.2, epochs=12)
    best = int(run.history["val_loss"].argmin()) + 1
    assert best < 12  # or this shows nothing
    *earlier, (answer, net, title) = moments(Again(run), 4)
    assert title == f"epoch {best}, training loss {run.history['loss'][best - 1]:.3g}: the best, kept"
    assert net is run.net
    x = Again(run).rows.x
    assert (answer(x) == run.answer(x)).all()
    assert earlier[-1][2] == f"epoch 12, training loss {run.history['loss'][11]:.3g}"
    assert earlier[0][2] == "epoch 0"


def test_siblings_are_trained_as_if_alone():
    run = train("moons", hidden=[5], epochs=5)
    first, second = Again(run).siblings([0, 3])
    assert first.digest == run.digest
    assert second.digest == train("moons", hidden=[5], epochs=5, seed=3).digest


def test_a_run_from_weights_set_by_hand_has_no_siblings():
    run = train("moons", weights={"0.W": [[0.0], [-1.0]], "0.b": [0.25]}, hidden=[], epochs=1)
    with pytest.raises(RefusedError) as error:
        Again(run).siblings([1])
    told = "This run started from weights set by hand, so that other seeds say nothing new."
    assert str(error.value) == told


def test_the_rows_of_a_file_are_read_again(tmp_path):
    table = tmp_path / "t.csv"
    lines = ["a,b,c", *(f"{k},{k * k % 7},{'yes' if k % 2 else 'no'}" for k in range(40))]
    table.write_text("\n".join(lines))
    run = train(str(table), "c", hidden=[3], epochs=2)
    rows = Again(run).rows
    assert rows.x.tolist() == [[k, k * k % 7] for k in range(40)]
    assert sorted(np.concatenate(list(rows.parts.values()))) == list(range(40))
    table.write_text("\n".join([*lines[:-1], "39,0,no"]))
    with pytest.raises(DataError) as error:
        _ = Again(run).rows
    told = f"{table} no longer holds the data the run was trained on: its fingerprint is another."
    assert str(error.value) == told
    table.unlink()
    with pytest.raises(DataError, match="There is no file"):
        _ = Again(run).rows


def test_the_law_of_a_task_is_known():
    rows = Again(train("x^2", hidden=[3], epochs=1)).rows
    assert rows.law(np.array([[3.0]])) == pytest.approx(9.0)
    assert Again(train("xor", hidden=[3], epochs=1)).rows.law is None
