"""A training that leaves the finite numbers stops alone, says when, and keeps its last good weights."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from multilayer.data import Dataset, Preparation, Splitting
from tests.engines.contract import ENGINES, RECIPES, Table, member_or_refusal, outcome, same_weights, tables
from tests.scale import cases

TABLES = tables()
pytestmark = pytest.mark.parametrize("engine", [make() for make in ENGINES], ids=lambda engine: engine.name)

BLOW_UPS = [
    {"kind": kind, "optimizer": optimizer, "lr": lr, "activation": activation, "dtype": dtype}
    for kind, optimizer, lr, activation, dtype in itertools.product(
        ["numbers", "weighted"],
        ["sgd", "momentum(momentum=0.9)", "nesterov"],
        [1e6, 1e12],
        ["relu", "softplus"],
        ["float32", "float64"],
    )
]
BLOW_UPS = [*BLOW_UPS[::2], *({**one, "reduction": "sum", "lr": 1e4} for one in BLOW_UPS[1::3])]


@pytest.mark.parametrize("case", BLOW_UPS[:: cases(normal=3, accept=1)], ids=str)
def test_blow_ups_are_reported(engine, case):
    settings = dict(case)
    table = TABLES[settings.pop("kind")]
    training = table.start(engine, [table.member(epochs=40, schedule="constant", keep="last", **settings)])
    training.advance()
    assert training.status() == "diverged"
    match = re.search(r"at step (\d+); the (starting weights|weights of epoch (\d+)) are kept", training.why())
    assert match, training.why()
    assert int(match[1]) == training.steps()
    weights = training.weights()
    assert all(np.isfinite(value).all() for value in weights.values())
    kept = table.start(engine, [table.member(epochs=40, schedule="constant", keep="last", **settings)])
    kept.advance(epochs=int(match[3] or 0))
    assert same_weights(weights, kept.weights())
    assert training.history.values.shape[1] == int(match[3] or 0)


def test_as_many_blow_ups_as_promised(engine, figure):
    figure(f"trainings that blow up, all reported with the step ({engine.name})", len(BLOW_UPS))
    figure(f"healthy trainings without an alarm ({engine.name})", len(HEALTHY))
    assert len(BLOW_UPS) >= 40


HEALTHY = [
    {"kind": kind, "name": name}
    for kind, name in itertools.product(["binary", "classes", "labels", "numbers", "weighted", "gaps"], RECIPES)
]


@pytest.mark.parametrize("case", HEALTHY[:: cases(normal=7, accept=1)], ids=str)
def test_healthy_trainings_raise_no_alarm(engine, case):
    table = TABLES[case["kind"]]
    member = member_or_refusal(table, engine, case["name"], epochs=25)
    if member is None:
        return
    training = table.start(engine, [member])
    training.advance()
    assert training.status() in ("complete", "stopped")


def test_large_numbers_are_no_alarm(engine):
    x = np.linspace(-1, 1, 60)[:, None]
    table = Table(Dataset.from_arrays(x, 1e7 * x[:, 0]), Preparation(target="none"))
    training = table.start(engine, [table.member(epochs=5)])
    training.advance()
    assert training.status() == "complete"


def test_neighbours_are_untouched(engine):
    table = TABLES["numbers"]
    healthy = [table.member(seed=seed, **RECIPES[name]) for seed, name in enumerate(["sgd", "dropout", "batch_norm"])]
    wild = table.member(lr=1e12, optimizer="sgd", epochs=30)
    crowd = table.start(engine, [healthy[0], wild, *healthy[1:], wild])
    crowd.advance()
    assert [crowd.status(place) for place in (1, 4)] == ["diverged", "diverged"]
    for place, member in zip((0, 2, 3), healthy, strict=True):
        alone = table.start(engine, [member])
        alone.advance()
        assert outcome(alone) == outcome(crowd, place)


def test_the_best_weights_are_kept_where_there_are_some(engine):
    table = TABLES["numbers"]
    given = {"optimizer": "sgd", "schedule": "warm_up(epochs=30, start=1e-3)", "lr": 60, "epochs": 30}
    training = table.start(engine, [table.member(**given)])
    training.advance()
    assert training.status() == "diverged"
    best = int(np.argmin(training.history["val_loss"][0])) + 1
    assert f"the best weights, of epoch {best}, are kept" in training.why()
    again = table.start(engine, [table.member(**{**given, "keep": "last"})])
    again.advance(epochs=best)
    assert same_weights(training.weights(), again.weights())


def test_a_diverged_training_stays_where_it_is(engine):
    table = TABLES["numbers"]
    training = table.start(engine, [table.member(lr=1e12, optimizer="sgd")])
    training.advance()
    before = outcome(training)
    training.advance(epochs=3)
    training.restore(training.state())
    training.advance()
    assert outcome(training) == before


def test_inputs_too_large_for_the_precision_are_reported(engine):
    x = np.array([[1e30], [-1e30], [2e30], [3e30], [1e29]] * 4)
    table = Table(
        Dataset.from_arrays(x, x[:, 0] > 0), Preparation(inputs="none"), Splitting(train=0.9, val=0.0, test=0.1)
    )
    training = table.start(engine, [table.member(norm="batch", val=False, dtype="float32", epochs=2)])
    training.advance()
    assert all(np.isfinite(value).all() for value in training.weights().values())
