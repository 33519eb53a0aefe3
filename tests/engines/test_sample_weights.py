"""What a sample's weight means: so many rows; none at all."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer.data import Dataset, Encoding, Preparation
from multilayer.engines import Data, Member
from multilayer.recipe import Recipe
from tests.engines.contract import ENGINES

RNG = np.random.default_rng(11)
X = RNG.normal(size=(40, 3))
COUNTS = RNG.integers(0, 4, 40)
TARGETS = {
    "binary": X[:, 0] + X[:, 1] > 0,
    "classes": np.digitize(X[:, 0], [-0.5, 0.5]),
    "labels": (X[:, :2] > 0).astype(np.int64),
    "numbers": X[:, 0] * X[:, 1],
}

pytestmark = [
    pytest.mark.parametrize("engine", [make() for make in ENGINES], ids=lambda engine: engine.name),
    pytest.mark.parametrize("kind", TARGETS),
    pytest.mark.parametrize("reduction", ["mean", "sum"]),
]


def trained(engine, x, y, weight, reduction, val):
    """The weights and the history of full batches in float64."""
    kinds = {1: None, 2: "multilabel"}
    dataset = Dataset.from_arrays(x, y, weight=weight, kind=kinds[y.ndim]) if y.ndim == 2 else arrays(x, y, weight)
    encoding = Encoding.of(dataset)
    data = Data.of(dataset, encoding)
    every = np.arange(len(x))
    fitted = Preparation().fit(encoding, data.x, dataset.target, every, dataset.weight)
    recipe = Recipe.of(
        hidden=[6], activation="tanh", optimizer="momentum", lr=0.05 if reduction == "mean" else 0.001, l2=1e-3,
        batch_size="full", shuffle="none", dtype="float64", epochs=20, keep="last",
    ).resolve(dataset.target)  # fmt: skip
    training = engine.start([Member(recipe, fitted, every, every if val else every[:0])], data)
    training.advance()
    assert training.status() == "complete"
    return training.weights(), training.history.values


def arrays(x, y, weight):
    return Dataset.from_arrays(x, y, weight=weight)


def close(one, other):
    (weights, history), (others, other_history) = one, other
    assert all(np.allclose(weights[name], others[name], rtol=1e-12, atol=1e-12) for name in weights)
    assert np.allclose(history, other_history, rtol=1e-11, atol=1e-12)


def test_a_whole_weight_is_so_many_rows(engine, kind, reduction):
    y = TARGETS[kind]
    repeated = np.repeat(np.arange(40), COUNTS)
    weighted = trained(engine, X, y, COUNTS.astype(float), reduction, val=True)
    close(weighted, trained(engine, X[repeated], y[repeated], None, reduction, val=True))


def test_a_weight_of_zero_is_no_row(engine, kind, reduction):
    y = TARGETS[kind]
    weight = np.where(COUNTS > 0, RNG.uniform(0.5, 2, 40), 0.0)
    there = weight > 0
    close(
        trained(engine, X, y, weight, reduction, val=True),
        trained(engine, X[there], y[there], weight[there], reduction, val=True),
    )
