"""Early stopping, and which epoch's weights are kept, by recomputation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from multilayer.data import METRICS
from multilayer.recipe.outputs import answer
from tests.engines.contract import ENGINES, same_weights, tables

TABLES = tables()
pytestmark = pytest.mark.parametrize("engine", [make() for make in ENGINES], ids=lambda engine: engine.name)


def watched(table, engine, **given):
    """A training, and its weights after each epoch."""
    settings = {"optimizer": "adam", "schedule": "constant", "lr": 0.1, "epochs": 40, **given}
    training = table.start(engine, [table.member(**{**settings, "patience": None, "keep": "last"})])
    weights = []
    while training.status() == "training":
        training.advance(epochs=1)
        weights.append(training.weights())
    stopping = table.start(engine, [table.member(**settings)])
    stopping.advance()
    return weights, training.history, stopping


def expected_end(values, patience, min_delta):
    """(last epoch, best epoch), counted from 1, of smaller-is-better values."""
    mark, stale = math.inf, 0
    for epoch, value in enumerate(values, start=1):
        mark, stale = (value, 0) if value < mark - min_delta else (mark, stale + 1)
        if stale >= patience:
            return epoch, int(np.argmin(values[:epoch])) + 1
    return len(values), int(np.argmin(values)) + 1


@pytest.mark.parametrize("kind", ["binary", "classes", "labels", "numbers", "weighted"])
@pytest.mark.parametrize("min_delta", [0.0, 0.02])
def test_the_best_epoch_is_kept(engine, kind, min_delta):
    weights, history, stopping = watched(TABLES[kind], engine, patience=4, min_delta=min_delta)
    last, best = expected_end(history["val_loss"][0], 4, min_delta)
    assert stopping.history["loss"].shape == (1, last)
    assert stopping.status() == ("stopped" if last < 40 else "complete")
    assert same_weights(stopping.weights(), weights[best - 1])


def test_some_of_these_stop_early(engine):
    lengths = [watched(TABLES[kind], engine, patience=4)[2].history.values.shape[1] for kind in ("classes", "labels")]
    assert max(lengths) < 40


@pytest.mark.parametrize("monitor", ["accuracy", "log_loss", "roc_auc"])
def test_a_metric_is_watched_in_its_direction(engine, monitor):
    table = TABLES["binary"]
    weights, history, stopping = watched(table, engine, patience=6, monitor=monitor, epochs=20)
    values = history[f"val_{monitor}"][0]
    assert values[0] != values.max() or values[0] != values.min()
    last, best = expected_end(-values if METRICS[monitor].greater_is_better else values, 6, 0.0)
    assert stopping.history["loss"].shape == (1, last)
    assert same_weights(stopping.weights(), weights[best - 1])
    rows = table.split.val
    recipe = table.member().recipe
    probs = answer(
        stopping.predict(table.data.x[rows]), recipe.loss["name"], "identity", table.data.target, table.fitted
    )
    assert METRICS[monitor](table.data.target.values[rows], probs) == values[best - 1]


def test_the_last_epoch_is_kept_when_asked(engine):
    weights, _, stopping = watched(TABLES["binary"], engine, patience=4, keep="last")
    last = stopping.history.values.shape[1]
    assert stopping.status() == "stopped"
    assert same_weights(stopping.weights(), weights[last - 1])


def test_without_validation_rows_the_training_loss_is_watched(engine):
    table = TABLES["numbers"]
    member = table.member(val=False, patience=3, epochs=60, lr=0.3, schedule="constant", min_delta=0.01)
    training = table.start(engine, [member])
    training.advance()
    last, _ = expected_end(training.history["loss"][0], 3, 0.01)
    assert training.history.series == ("loss", "lr")
    assert training.history["loss"].shape == (1, last)
    assert last < 60
    plain = table.start(engine, [table.member(val=False, epochs=last, lr=0.3, schedule="constant")])
    plain.advance()
    assert same_weights(training.weights(), plain.weights())  # of the last epoch


def test_no_patience_trains_to_the_end_and_keeps_the_best(engine):
    weights, history, stopping = watched(TABLES["binary"], engine, lr=0.5)
    best = int(np.argmin(history["val_loss"][0]))
    assert stopping.history.values.shape[1] == 40
    assert best < 39
    assert same_weights(stopping.weights(), weights[best])


@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_a_plateau_lowers_the_learning_rate(engine, monitor):
    table = TABLES["binary"]
    given = {"schedule": "reduce_on_plateau(patience=1, factor=0.5)", "monitor": monitor, "lr": 0.5, "epochs": 15}
    training = table.start(engine, [table.member(optimizer="sgd", **given)])
    training.advance()
    values = training.history[f"val_{monitor}"][0] * (-1 if monitor == "accuracy" else 1)
    lr, best, bad, expected = 0.5, math.inf, 0, []
    for value in values:
        expected.append(lr)
        better = value < best if math.isinf(best) else value < best - 1e-4 * abs(best)
        best, bad = (value, 0) if better else (best, bad + 1)
        if bad > 1:
            lr, bad = lr / 2, 0
    assert training.history["lr"][0].tolist() == expected
    assert lr < 0.5


def test_a_monitored_value_that_is_no_number_is_never_the_best(engine):
    table = TABLES["binary"]
    one_class = table.split.val[table.data.target.values[table.split.val] == 0]
    member = table.member(monitor="roc_auc", patience=3, epochs=10)
    member = type(member)(member.recipe, member.preparation, member.train, one_class, seed=0)
    training = table.start(engine, [member])
    training.advance()
    assert training.status() == "stopped"
    assert training.history.values.shape[1] == 3
    assert "nan" not in training.why()
