"""The same network from the same starting weights, in scikit-learn and here: an outside reference."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from sklearn import neural_network

from multilayer.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 4))
THREE = np.digitize(X[:, 0] + 0.5 * RNG.normal(size=60), [-0.5, 0.5])
TARGETS = {"two classes": (THREE > 0).astype(int), "three classes": THREE, "numbers": X[:, :2] @ [1.0, -2.0]}
EPOCHS = 15

SETTINGS = {
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0.0},
    "momentum": {"solver": "sgd", "learning_rate_init": 0.05, "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.05},
    "invscaling": {
        "solver": "sgd",
        "learning_rate_init": 0.2,
        "learning_rate": "invscaling",
        "momentum": 0.0,  # here a momentum is of gradients, and a falling rate acts on all of it at once
        "batch_size": 60,  # the rate falls from step to step here, from epoch to epoch there
    },
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "other betas": {"solver": "adam", "learning_rate_init": 0.01, "beta_1": 0.8, "beta_2": 0.99},
    "tanh": {"solver": "adam", "learning_rate_init": 0.01, "activation": "tanh"},
    "logistic": {"solver": "adam", "learning_rate_init": 0.01, "activation": "logistic"},
    "two layers": {"solver": "adam", "learning_rate_init": 0.01, "hidden_layer_sizes": (6, 5)},
}


def pair(kind, **settings):
    """scikit-learn's estimator and ours, with the same settings."""
    given = {"hidden_layer_sizes": (6,), "max_iter": EPOCHS, "shuffle": False, "tol": 0.0, **settings}
    given = {"epsilon": 1e-14, **given}  # theirs divides it by a factor, ours is as in the paper
    given = {"learning_rate": "constant", "n_iter_no_change": 1000, "random_state": 0, **given}
    if kind == "numbers":
        return (
            neural_network.MLPRegressor(**given),
            MLPRegressor(**given, weight_decay=0.0, target_scaling="none"),
        )
    return neural_network.MLPClassifier(**given), MLPClassifier(**given, weight_decay=0.0)


def from_the_same_weights(theirs, ours, y, **more):
    """Both fitted from the weights that one epoch of scikit-learn's gave."""
    target = copy.deepcopy(theirs).set_params(warm_start=True, max_iter=1).fit(X, y, **more)
    start = [array.copy() for layer in zip(target.coefs_, target.intercepts_, strict=True) for array in layer]
    target.set_params(max_iter=EPOCHS).t_ = 0
    target.fit(X, y, **more)
    hand_made = copy.deepcopy(ours).set_params(max_iter=1).fit(X, y)
    (model,) = hand_made.models_
    hand_made.models_ = (replace(model, weights=dict(zip(model.weights, start, strict=True))),)
    return target, ours.fit(X, y, initial=hand_made, **more)


def differ(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("batch_size", [60, 20])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("kind", TARGETS)
def test_weights_and_loss_follow_scikit_learn(kind, settings, batch_size, alpha):
    y = TARGETS[kind]
    pairs = pair(kind, **{"batch_size": batch_size, "alpha": alpha, **SETTINGS[settings]})
    theirs, ours = from_the_same_weights(*pairs, y)
    assert differ(theirs.coefs_, ours.coefs_) < 1e-6
    assert differ(theirs.intercepts_, ours.intercepts_) < 1e-6
    if not alpha:  # theirs counts the penalty in
        assert np.allclose(theirs.loss_curve_[1:], ours.loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("kind", TARGETS)
def test_weighted_rows_follow_scikit_learn(kind):
    weight = RNG.uniform(0.2, 3, size=60)
    pairs = pair(kind, batch_size=60, alpha=0.5, **SETTINGS["adam"])
    theirs, ours = from_the_same_weights(*pairs, TARGETS[kind], sample_weight=weight)
    assert differ(theirs.coefs_, ours.coefs_) < 1e-6


@pytest.mark.parametrize("kind", TARGETS)
def test_lbfgs_finds_the_only_minimum(kind):
    """Without hidden layers, and with a penalty, there is one."""
    how = {"hidden_layer_sizes": (), "solver": "lbfgs", "alpha": 2.0, "tol": 1e-9, "max_iter": 2000}
    theirs, ours = pair(kind, **how)
    theirs.fit(X, TARGETS[kind])
    ours.fit(X, TARGETS[kind])
    assert differ(theirs.coefs_, ours.coefs_) < 1e-4


def test_another_rate_does_not_follow():
    """What the comparison would not miss: a rate that is a hundredth off."""
    pairs = pair("three classes", batch_size=60, **SETTINGS["adam"])
    pairs[1].learning_rate_init *= 1.01
    theirs, ours = from_the_same_weights(*pairs, THREE)
    assert differ(theirs.coefs_, ours.coefs_) > 1e-5
