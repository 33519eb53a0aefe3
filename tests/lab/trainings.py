"""Thirty trainings with a planted fault and thirty healthy ones, small and seeded.

None of these tasks, tables and seeds was used to choose the thresholds of the rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from multilayer.data import Dataset, Preparation

ASIS = Preparation(inputs="none", target="none")


def table(name: str) -> Dataset:
    """Tables of their own kind: a wave over one of five columns, three groups, a rare class, a steep law."""
    draws = np.random.default_rng(2027)
    if name == "wave":
        X = draws.uniform(-2, 2, size=(400, 5))
        return Dataset.from_arrays(X, np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] + 0.1 * draws.normal(size=400))
    if name == "groups":
        codes = draws.integers(0, 3, size=450)
        return Dataset.from_arrays(
            draws.normal(size=(450, 4)) + 2.5 * np.eye(4)[codes], np.array(["a", "b", "c"])[codes]
        )
    if name == "rare":
        rare = draws.random(700) < 0.04
        return Dataset.from_arrays(draws.normal(size=(700, 3)) + 0.8 * rare[:, None], np.where(rare, "yes", "no"))
    if name == "rarer":
        codes = np.where(draws.random(900) < 0.03, 2, draws.integers(0, 2, size=900))
        return Dataset.from_arrays(draws.normal(size=(900, 2)) + 1.2 * np.eye(3)[codes][:, :2], codes)
    if name == "money":
        X = np.stack([draws.normal(size=300), draws.uniform(1e4, 9e4, size=300), draws.normal(size=300)], axis=1)
        return Dataset.from_arrays(X, np.where(X[:, 0] + X[:, 2] > 0, "buys", "leaves"))
    if name == "years":
        X = np.stack([draws.integers(1950, 2020, size=300), draws.normal(size=300)], axis=1)
        return Dataset.from_arrays(X, 0.05 * (X[:, 0] - 1985) + X[:, 1])
    if name == "noise":
        return Dataset.from_arrays(draws.normal(size=(120, 20)), draws.normal(size=120))
    if name == "coins":
        return Dataset.from_arrays(draws.normal(size=(150, 10)), draws.integers(0, 2, size=150))
    if name == "prices":
        X = draws.normal(size=(300, 3))
        return Dataset.from_arrays(X, 250_000 + 60_000 * X[:, 0] - 30_000 * X[:, 1])
    raise KeyError(name)


FAULTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("lr_too_large", "moons", {"lr": 2.0}),
    ("lr_too_large", "iris", {"optimizer": "sgd", "lr": 80.0}),
    ("lr_too_large", "sin(x)", {"lr": 1.5, "schedule": "constant"}),
    ("lr_too_large", "breast_cancer", {"lr": 1.0, "epochs": 50}),
    ("not_converged", "moons", {"lr": 2e-5}),
    ("not_converged", "iris", {"optimizer": "sgd", "lr": 1e-4, "epochs": 50}),
    ("not_converged", "sin(3*x)", {"epochs": 4}),
    ("not_converged", "wave", {"optimizer": "sgd", "lr": 1e-4}),
    ("batch_too_large", "moons", {"batch_size": "full", "optimizer": "sgd", "lr": 0.05, "epochs": 60}),
    ("batch_too_large", "wave", {"batch_size": "full", "epochs": 25, "lr": 0.002}),
    ("overfitting", "noise", {"hidden": [200], "epochs": 300, "keep": "last"}),
    ("overfitting", "moons(noise=0.6, samples=200)", {"hidden": [200, 200], "epochs": 400, "keep": "last"}),
    ("overfitting", "coins", {"hidden": [100, 100], "epochs": 200, "keep": "last"}),
    ("underfitting", "moons(noise=0.1)", {"hidden": []}),
    ("underfitting", "cos(x) on [-6, 6]", {"hidden": []}),
    ("underfitting", "wave", {"hidden": [20], "l2": 3.0}),
    ("dead_units", "moons", {"hidden": [30], "bias_init": {"name": "constant", "value": -9.0}, "epochs": 60}),
    ("dead_units", "wave", {"hidden": [25], "bias_init": {"name": "constant", "value": -12.0}, "epochs": 60}),
    ("vanishing", "moons", {"hidden": [15] * 8, "activation": "sigmoid"}),
    ("vanishing", "sin(x)", {"hidden": [12] * 9, "activation": "sigmoid", "epochs": 100}),
    ("exploding", "iris", {"hidden": [60] * 3, "weight_init": "normal(std=1.5)", "epochs": 60}),
    ("exploding", "wave", {"hidden": [40] * 4, "weight_init": "normal(std=1)", "epochs": 60}),
    ("equal_weights", "moons", {"weight_init": "zeros", "epochs": 60}),
    ("inputs_scale", "money", {"prepare": "none"}),
    ("inputs_scale", "years", {"prepare": "none", "epochs": 100}),
    ("target_scale", "prices", {"prepare": ASIS, "epochs": 100}),
    ("out_of_reach", "x^3 on [-2, 2]", {"output_activation": "tanh", "epochs": 100}),
    ("imbalance", "rare", {"hidden": [10], "epochs": 60}),
    ("imbalance", "rarer", {"hidden": [20], "epochs": 60}),
    ("few_rows", "moons(samples=24)", {"hidden": [10], "epochs": 60}),
]
"""The fault, the task or table, the settings."""

HEALTHY: list[tuple[Any, dict[str, Any]]] = [
    ("moons", {}),
    ("moons(noise=0.3)", {"hidden": [40]}),
    ("moons(samples=2000)", {"hidden": [20, 20], "epochs": 60}),
    ("moons", {"hidden": [16], "activation": "tanh", "lr": 0.03}),
    ("moons", {"optimizer": "momentum", "lr": 0.05}),
    ("moons", {"hidden": [30], "patience": 30}),
    ("iris", {}),
    ("iris", {"hidden": [10], "activation": "tanh"}),
    ("iris", {"hidden": [], "epochs": 300}),
    ("iris", {"hidden": [20], "activation": "sigmoid"}),
    ("breast_cancer", {"hidden": [20], "epochs": 60}),
    ("breast_cancer", {"hidden": [30], "l2": 0.001, "epochs": 60}),
    ("breast_cancer", {"hidden": [], "epochs": 100}),
    ("breast_cancer", {"hidden": [16], "dropout": 0.3, "epochs": 60}),
    ("sin(x)", {}),
    ("sin(x)", {"hidden": [20, 20], "activation": "tanh"}),
    ("sin(x)", {"hidden": [10], "optimizer": "lbfgs", "epochs": 200}),
    ("cos(x) on [-6, 6]", {"hidden": [40, 40]}),
    ("x^3 on [-2, 2]", {"hidden": [40]}),
    ("wave", {}),
    ("wave", {"hidden": [30], "norm": "layer", "epochs": 100}),
    ("wave", {"hidden": [40, 20], "activation": "gelu", "epochs": 100}),
    ("groups", {"hidden": [20], "epochs": 60}),
    ("groups", {"hidden": [40], "batch_size": 64, "epochs": 60}),
    ("groups", {"hidden": [], "epochs": 100}),
    ("money", {"hidden": [20]}),
    ("years", {"hidden": [20]}),
    ("prices", {"hidden": [20]}),
    ("and", {"hidden": [], "lr": 0.1}),
    ("encoder", {"hidden": [3], "activation": "tanh", "lr": 0.05, "epochs": 500}),
]
