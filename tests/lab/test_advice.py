"""Advice: the planted fault is named, and a healthy training is left in peace."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from typer.main import get_command

import multilayer as ml
from multilayer.cli.app import app
from multilayer.lab.advice import RULES, Advice, advise
from multilayer.lab.advice.remedies import held_back
from tests.lab.trainings import ASIS, FAULTS, HEALTHY, table
from tests.scale import cases

TABLES = ("wave", "groups", "rare", "rarer", "money", "years", "noise", "coins", "prices")


def trained(data, settings, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ml.train(table(data) if data in TABLES else data, seed=seed, **settings)


def test_planted_faults_are_named(figure):
    chosen = FAULTS[:: cases(normal=5, accept=1)]
    named, first = 0, 0
    for place, (fault, data, settings) in enumerate(chosen):
        names = [advice.name for advice in trained(data, settings, 3000 + place).advice]
        named += fault in names
        first += names[:1] == [fault]
    figure("planted faults, named by the advice", f"{named} of {len(chosen)}")
    figure("planted faults, named first", f"{first} of {len(chosen)}")
    assert len(FAULTS) == 30
    assert named >= 0.9 * len(chosen)


def test_healthy_trainings_are_left_in_peace(figure):
    chosen = HEALTHY[:: cases(normal=5, accept=1)]
    alarmed = [data for place, (data, settings) in enumerate(chosen) if trained(data, settings, 4000 + place).advice]
    figure("healthy trainings with a false alarm", f"{len(alarmed)} of {len(chosen)}")
    assert len(HEALTHY) == 30
    assert len(alarmed) <= 1, alarmed


def test_every_rule_has_a_planted_fault():
    """Saturation alone has none: what saturates units shows as a wild scale or as an explosion first."""
    assert {rule.__name__ for rule in RULES} - {fault for fault, _, _ in FAULTS} == {"flat_units", "silent_start"}


def test_saturated_units_are_named():
    run = trained("circles", {"hidden": [30], "activation": "tanh", "epochs": 20, "lr": 1e-4}, 5)
    spoiled = replace(run, observed={**run.observed, "flat": 0.9, "flat_layer": "1.tanh", "moved": 1.0})
    (advice,) = [advice for advice in advise(spoiled) if advice.name == "flat_units"]
    assert str(advice) == (
        "In the layer 1.tanh, 90% of the activations are saturated, where their slope is below 0.01. Try --norm layer, "
        'in Python norm="layer".'
    )


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        ("moons", {"hidden": [20], "lr": 1e-5, "epochs": 20}),
        ("prices", {"prepare": ASIS, "epochs": 3}),
        ("moons", {"hidden": [], "epochs": 50}),
        ("wave", {"hidden": [20], "l2": 3.0, "epochs": 50}),
        ("moons", {"weight_init": "zeros", "epochs": 3}),
    ],
)
def test_what_is_advised_can_be_typed(data, settings):
    """The option in Python is understood by train, and helps: its run has better scores."""
    run = trained(data, settings, 1)
    advice = run.advice[0]
    option = eval(f"dict({advice.python})", {"ml": ml})
    better = trained(data, {**settings, **option}, 1)
    assert better.scores["val"][run.headline] > run.scores["val"][run.headline]


@pytest.mark.parametrize("seed", [1, 2])
def test_numbers_learned_by_heart_are_named_though_the_best_epoch_is_kept(seed):
    """A wide network on few noisy rows: its best epoch is good, and it could be better."""
    draws = np.random.default_rng(seed)
    X = draws.normal(size=(300, 15))
    y = X[:, 0] + np.sin(2 * X[:, 1]) + 0.5 * X[:, 2] * X[:, 3] + 0.3 * draws.normal(size=300)
    run = ml.train((X, y), hidden=[100], seed=seed)
    (advice,) = [one for one in run.advice if one.name == "overfitting"]
    loss, val = run.history["loss"], run.history["val_loss"]
    best = int(val.argmin())
    assert val[-1] < val[best] + 0.4  # neither the rise alone nor the gap alone shows it
    assert str(advice) == (
        f"From epoch {best + 1} on it learned the training rows by heart: the validation loss rose from "
        f"{val[best]:.3g} to {val[-1]:.3g}, the training loss went from {loss[best]:.3g} to {loss[-1]:.3g}; the "
        f"weights of epoch {best + 1} are kept. Try --l2 0.01 --dropout 0.2, in Python l2=0.01, dropout=0.2."
    )
    option = eval(f"dict({advice.python})")
    better = ml.train((X, y), hidden=[100], seed=seed, **option)
    assert better.scores["test"]["r2"] > run.scores["test"]["r2"]


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, ("--l2 0.01 --dropout 0.2", "l2=0.01, dropout=0.2")),
        ({"patience": 5}, ("--l2 0.01 --dropout 0.2", "l2=0.01, dropout=0.2")),
        ({"keep": "last", "l2": 0.01}, ("--keep best --dropout 0.2", 'keep="best", dropout=0.2')),
        ({"optimizer": "lbfgs"}, ("--l2 0.01", "l2=0.01")),
        ({"l2": 0.01, "dropout": 0.2}, ("--hidden 20", "hidden=[20]")),
        ({"l2": 0.01, "hidden": []}, ("--l2 0.1", "l2=0.1")),
    ],
)
def test_what_holds_a_network_back_is_not_advised_twice(settings, options):
    assert held_back(ml.Recipe.of(**{"hidden": [40], **settings})) == options


def test_the_command_knows_every_option_advised():
    known = {name for parameter in get_command(app).commands["train"].params for name in parameter.opts}
    advised = {
        word
        for fault, data, settings in FAULTS[::2]
        for advice in trained(data, {**settings, "epochs": min(settings.get("epochs", 3), 3)}, 1).advice
        for word in advice.command.split()
        if word.startswith("--")
    }
    assert advised <= known
    assert len(advised) > 3


def test_nothing_is_said_where_nothing_was_trained():
    run = ml.train("and", hidden=[], weights={"0.W": [[1], [1]], "0.b": [-1.5]}, epochs=0)
    assert run.advice == ()
    assert str(Advice("x", "It is so.", "--l2 1", "l2=1")) == "It is so. Try --l2 1, in Python l2=1."
    assert str(Advice("x", "It is so.", "", "l2=1")) == "It is so. Try l2=1 in Python."


def test_a_record_without_observations_gives_what_its_curves_show():
    run = trained("moons", {"hidden": [20], "lr": 1e-5, "epochs": 20}, 1)
    assert advise(replace(run, observed={})) == ()
    diverged = trained("iris", {"optimizer": "sgd", "lr": 1e4, "epochs": 5}, 1)
    assert [advice.name for advice in advise(replace(diverged, observed={}))] == ["lr_too_large"]


def test_code_of_ones_own_is_not_looked_into():
    net = ml.nn.Sequential(ml.nn.Linear(2, 3), Doubled(), ml.nn.Linear(3, 1), seed=0)
    run = ml.fit(net, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=2)
    assert run.observed == {}
    assert run.advice == ()


class Doubled:
    """A layer of one's own."""

    params = ()
    buffers = ()

    def forward(self, x, *, training=False):
        return 2 * x, lambda dy: 2 * dy
