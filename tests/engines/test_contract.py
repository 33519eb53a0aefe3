from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from multilayer.engines import batches
from tests.engines.contract import (
    ENGINES,
    RECIPES,
    member_or_refusal,
    outcome,
    packed,
    same_weights,
    tables,
    trainable,
    unpacked,
)
from tests.scale import cases

ROOT = Path(__file__).parents[2]
TABLES = tables()

pytestmark = pytest.mark.parametrize("engine", [make() for make in ENGINES], ids=lambda engine: engine.name)


def members(table, engine, **given):
    recipes = trainable(engine).values()
    return [table.member(seed=i % 3, **{**settings, **given}) for i, settings in enumerate(recipes)]


@pytest.mark.parametrize("kind", [*TABLES][:: cases(normal=2, accept=1)])
def test_a_member_alone_is_the_member_in_a_crowd(engine, kind, figure):
    table = TABLES[kind]
    everyone = members(table, engine)
    figure(f"members of a population, each with the bits it has alone: {kind}", len(everyone))
    assert len(everyone) >= 14
    crowd = table.start(engine, everyone)
    crowd.advance()
    for place, member in enumerate(everyone):
        alone = table.start(engine, [member])
        alone.advance()
        assert outcome(alone) == outcome(crowd, place), list(trainable(engine))[place]
        assert all(np.isfinite(value).all() for value in alone.weights().values())


def test_members_do_not_share_their_draws(engine):
    table = TABLES["binary"]
    training = table.start(engine, [table.member(seed=seed, dropout=0.3) for seed in (0, 1, 0)])
    training.advance()
    assert outcome(training, 0) == outcome(training, 2)
    assert outcome(training, 0) != outcome(training, 1)


@pytest.mark.parametrize("name", RECIPES)
def test_stopping_and_going_on_changes_nothing(engine, name, figure):
    table = TABLES["classes"]
    member = member_or_refusal(table, engine, name, seed=4)
    if member is None:
        return
    whole = table.start(engine, [member])
    whole.advance()
    points = np.random.default_rng(len(name)).integers(0, whole.steps() + 1, cases(normal=2, accept=25))
    figure(f"stopped at random steps and resumed to the same bits: {name}", len(points))
    for point in points.tolist():
        first = table.start(engine, [member])
        first.advance(steps=point)
        saved = first.state()
        text = packed(saved)
        first.advance()  # what was saved must not move with it
        assert packed(saved) == text
        fresh = table.start(engine, [member])
        for later in (first, fresh):
            later.restore(unpacked(text))
            assert packed(later.state()) == text
            later.advance()
            assert outcome(later) == outcome(whole), f"stopped after step {point} of {whole.steps()}"


def test_a_population_goes_on_in_another_process(engine, tmp_path):
    table = TABLES["classes"]
    training = table.start(engine, members(table, engine))
    training.advance(steps=7)
    (tmp_path / "state.json").write_text(packed(training.state()))
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.engines.contract import ENGINES, unpacked, packed, tables\n"
        "from tests.engines.test_contract import members\n"
        "table = tables()['classes']\n"
        f"engine = next(made for made in (make() for make in ENGINES) if made.name == {engine.name!r})\n"
        "training = table.start(engine, members(table, engine))\n"
        "path = Path(sys.argv[1])\n"
        "training.restore(unpacked(path.read_text()))\n"
        "training.advance()\n"
        "path.write_text(packed(training.state()))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "state.json")]
    subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}, check=True)
    training.advance()
    assert (tmp_path / "state.json").read_text() == packed(training.state())


@pytest.mark.parametrize("name", RECIPES)
def test_in_pieces_is_at_once(engine, name):
    table = TABLES["numbers"]
    member = member_or_refusal(table, engine, name)
    if member is None:
        return
    whole, by_epochs, by_steps = (table.start(engine, [member]) for _ in range(3))
    whole.advance()
    while by_epochs.status() == "training":
        by_epochs.advance(epochs=2)
    while by_steps.status() == "training":
        by_steps.advance(steps=3)
    assert outcome(by_epochs) == outcome(by_steps) == outcome(whole)


def test_steps_and_epochs_are_counted(engine):
    table = TABLES["binary"]
    assert len(table.split.train) == 36
    training = table.start(engine, [table.member(epochs=4, batch_size=8), table.member(epochs=2, batch_size="full")])
    training.advance(steps=3)
    assert [training.steps(0), training.steps(1)] == [3, 2]
    assert len(training.history.of(0)) == 0
    training.advance(epochs=1)  # what is left of the first
    assert [training.steps(0), training.steps(1)] == [5, 2]
    training.advance(epochs=0)
    training.advance(steps=0)
    assert training.steps(0) == 5
    training.advance()
    assert [training.steps(0), training.steps(1)] == [20, 2]
    assert [training.status(0), training.status(1)] == ["complete", "complete"]
    assert training.why(0).startswith("all 4 epochs done")
    training.advance()
    assert training.steps(0) == 20


def test_histories_are_filled_with_nothing_after_the_end(engine):
    table = TABLES["binary"]
    training = table.start(engine, [table.member(epochs=2), table.member(epochs=4), table.member(epochs=3, val=False)])
    history = training.advance()
    assert history.series == ("loss", "lr", "val_loss", "val_accuracy")
    assert history.values.shape == (3, 4, 4)
    assert np.isnan(history["loss"]).sum(axis=1).tolist() == [2, 0, 1]
    assert np.isnan(history["val_loss"]).sum(axis=1).tolist() == [2, 0, 4]
    assert [len(history.of(member)) for member in range(3)] == [2, 4, 3]
    assert [epoch.number for epoch in history.of(2)] == [1, 2, 3]


def test_no_epochs_leave_the_starting_weights(engine):
    table = TABLES["binary"]
    weights = {"0.W": np.ones((2, 5)), "0.b": np.zeros(5), "2.W": np.ones((5, 1)), "2.b": [1.0]}
    training = table.start(engine, [table.member(epochs=0, weights=weights), table.member(epochs=0)])
    training.advance()
    assert training.status() == "complete"
    assert training.why() == "no training asked for"
    assert all((training.weights()[name] == weights[name]).all() for name in weights)
    assert training.history.values.shape[:2] == (2, 0)


def test_weights_are_copies_and_can_be_set_between_steps(engine):
    table = TABLES["numbers"]
    member = table.member(optimizer="sgd", batch_size="full", dtype="float64", epochs=2)
    training = table.start(engine, [member])
    training.advance(epochs=1)
    training.weights()["0.W"][...] = 99
    assert not (training.weights()["0.W"] == 99).any()
    training.set_weights({"2.W": np.zeros((5, 1)), "2.b": [0.0]})
    assert (training.predict(table.data.x) == 0).all()
    training.advance()
    target = table.fitted.target_forward(table.dataset.target.values[table.split.train])
    assert np.isclose(training.history["loss"][0, 1], 0.5 * np.mean(target**2), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_set_are_the_weights(engine, dtype):
    training = TABLES["numbers"].start(engine, [TABLES["numbers"].member(dtype=dtype)])
    before = training.weights()
    training.set_weights(before)
    assert same_weights(before, training.weights())
    training.set_weights({"2.b": [0.5]})
    assert training.weights()["2.b"].dtype == dtype
    assert (training.weights()["2.b"] == 0.5).all()


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_outputs_hidden_layers_and_derivatives_agree(engine, norm):
    table = TABLES["gaps"]
    training = table.start(engine, [table.member(dtype="float64", norm=norm, activation="tanh", hidden=[4, 3])])
    training.advance()
    x = table.data.x[1:6]
    assert (training.hidden(x)[-1] == training.predict(x)).all()
    before = training.weights()
    gradient = training.input_gradient(x)
    assert same_weights(before, training.weights())
    for feature in range(x.shape[1]):
        step = np.zeros(x.shape[1])
        step[feature] = 1e-6 / table.fitted.factor[feature]
        slope = (training.predict(x + step) - training.predict(x - step))[:, 0] / 2e-6
        assert np.allclose(gradient[:, feature], slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shuffle", ["none", "full", "blocks:1", "blocks:5", "blocks:36", "blocks:1000"])
def test_an_epoch_visits_every_row_once(engine, shuffle):
    orders = [np.concatenate(list(batches(36, 8, seed=3, epoch=epoch, shuffle=shuffle))) for epoch in range(3)]
    assert all(sorted(order.tolist()) == list(range(36)) for order in orders)
    assert [len(batch) for batch in batches(36, 8, seed=3, epoch=0, shuffle=shuffle)] == [8, 8, 8, 8, 4]
    if shuffle == "none":
        assert (orders[0] == np.arange(36)).all()
    else:
        assert not (orders[0] == orders[1]).all()
    if shuffle == "blocks:5":
        starts = [order[::1] // 5 for order in orders]
        assert all((np.diff(blocks) != 0).sum() == 7 for blocks in starts)


@pytest.mark.parametrize("shuffle", ["none", "full", "blocks:5"])
def test_the_engine_takes_its_rows_from_batches(engine, shuffle):
    table = TABLES["numbers"]
    settings = {"hidden": [], "optimizer": "sgd", "lr": 0.125, "dtype": "float64", "shuffle": shuffle, "keep": "last"}
    start = {"0.W": [[0.0]], "0.b": [0.0]}
    training = table.start(engine, [table.member(seed=5, weights=start, val=False, **settings)])
    training.advance()
    x = table.fitted.apply(table.data.x)[table.split.train]
    t = table.fitted.target_forward(table.dataset.target.values)[table.split.train]
    w = b = 0.0
    for epoch in range(3):
        for batch in batches(len(x), 8, seed=5, epoch=epoch, shuffle=shuffle):
            error = x[batch] * w + b - t[batch]
            w, b = w - 0.125 * np.mean(error * x[batch]), b - 0.125 * np.mean(error)
    assert np.isclose(training.weights()["0.W"][0, 0], w, rtol=1e-12)
    assert np.isclose(training.weights()["0.b"][0], b, rtol=1e-12)
