"""What the README and the tasks promise a person who trains with the defaults: scores on rows never trained on."""

from __future__ import annotations

import numpy as np
import pytest

import multilayer as ml
from tests.scale import cases


def share(runs, part="train"):
    """The share of runs whose every row of that part is right."""
    return np.mean([run.scores[part]["accuracy"] == 1 for run in runs])


def test_digits(figure):
    runs = ml.train_seeds("digits", seeds=range(cases(normal=1, accept=5)))
    accuracies = [run.scores["test"]["accuracy"] for run in runs]
    figure("digits, test accuracy, mean over the seeds", f"{np.mean(accuracies):.4f} ({len(runs)} seeds)")
    figure("digits, test accuracy of the linear model", f"{runs[0].baselines['linear']['test']['accuracy']:.4f}")
    assert np.mean(accuracies) >= 0.97


def test_moons_are_learned_nearly_as_well_as_can_be(figure):
    task = ml.tasks.get("moons(noise=0.2, samples=500)")
    fresh = task.fresh(100_000, seed=0)
    runs = ml.train_seeds(task, seeds=range(cases(normal=2, accept=10)), hidden=[40], activation="relu")
    accuracy = np.mean([run.score(fresh)["accuracy"] for run in runs])
    figure("moons, 2-40-1, accuracy on 100,000 fresh points", f"{accuracy:.4f} ({len(runs)} seeds)")
    figure("moons, best possible accuracy", f"{task.ceiling():.4f}")
    assert accuracy >= task.ceiling() - 0.006


def test_two_spirals_are_solved(figure):
    runs = ml.train_seeds("two_spirals", seeds=range(cases(normal=1, accept=10)))
    figure("two spirals, seeds with all 194 points right", f"{share(runs):.0%} of {len(runs)}")
    assert runs[0].rows["train"] == 194
    assert share(runs) >= 0.8


@pytest.mark.parametrize(("hidden", "at_least"), [(2, 0.2), (4, 0.95)])
def test_xor(hidden, at_least, figure):
    runs = ml.train_seeds("xor", seeds=range(cases(normal=20, accept=100)), hidden=[hidden])
    figure(f"XOR by 2-{hidden}-1, seeds solved", f"{share(runs):.0%} of {len(runs)}")
    assert share(runs) >= at_least


@pytest.mark.parametrize("function", ["sin(x)", "x", "x^2", "sinh(x)"])
def test_functions(function, figure):
    task = ml.tasks.get(function)
    assert (task.low, task.high) == (-3, 3)
    fresh = task.fresh(10_000, seed=0)
    runs = ml.train_seeds(task, seeds=range(cases(normal=1, accept=5)))
    worst = min(run.score(fresh)["r2"] for run in runs)
    figure(f"{function} on [-3, 3], R^2 on fresh points, worst seed", f"{worst:.5f} ({len(runs)} seeds)")
    assert worst > 0.999


def test_a_linear_network_fails_where_relu_succeeds(figure):
    task = ml.tasks.get("x^2")
    linear = ml.train(task, hidden=[]).score(task.fresh(10_000, seed=0))["r2"]
    identity = ml.train(task, hidden=[40], activation="identity").score(task.fresh(10_000, seed=0))["r2"]
    figure("x^2 by a linear network, R^2 on fresh points", f"{linear:.3f}")
    figure("x^2 by two linear layers, R^2 on fresh points", f"{identity:.3f}")
    assert max(linear, identity) < 0.1
