"""The loop that anybody can write with the parts gives the weights of `train`, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

import multilayer as ml
from multilayer.data import Encoding, Preparation, Splitting, tasks
from multilayer.engines import batches
from multilayer.nn import SquaredError, losses  # type: ignore[attr-defined]
from multilayer.optim import Adam, Cosine, Momentum
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_classes(dtype):
    run = ml.train(
        "moons", engine="reference", seed=3, hidden=[8, 8], activation="tanh", dropout=0.2, l2=1e-3, lr=0.02,
        batch_size=25, epochs=4, dtype=dtype, schedule="cosine", keep="last",
    )  # fmt: skip

    dataset = tasks.get("moons").dataset()
    train = Splitting().apply(dataset).train
    encoding = Encoding.of(dataset)
    matrix = encoding.matrix(dataset)
    x = Preparation().fit(encoding, matrix, dataset.target, train).apply(matrix)[train].astype(dtype)
    target = dataset.target.values[train][:, None].astype(dtype)

    recipe = Recipe.of(hidden=[8, 8], activation="tanh", dropout=0.2).resolve(dataset.target)
    net = network(recipe.layers, n_in=2, seed=3, dtype=dtype)
    loss = losses.get("sigmoid_cross_entropy")
    steps = -(-len(x) // 25)
    optimizer = Adam(net.params, lr=0.02, l2=1e-3, schedule=Cosine(epochs=4), steps_per_epoch=steps)
    for epoch in range(4):
        for batch in batches(len(x), 25, seed=3, epoch=epoch):
            y, backward = net.forward(x[batch], training=True)
            _, dy = loss(y, target[batch])
            backward(dy)
            optimizer.step()

    weights = net.get_weights()
    assert set(weights) == set(run.weights)
    assert all(weights[name].tobytes() == run.weights[name].tobytes() for name in weights)
    assert ml.recipe.weights_digest(weights) == run.digest


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers(dtype):
    x = np.random.default_rng(0).normal(size=(60, 3))
    y = x[:, 0] - 2 * x[:, 1] * x[:, 2]
    run = ml.train(
        (x, y), engine="reference", hidden=[6], norm="batch", optimizer="momentum", lr=0.05, epochs=5, prepare="none",
        dtype=dtype, schedule="constant", shuffle="blocks:10", splitting=Splitting(train=1.0, val=0.0, test=0.0),
    )  # fmt: skip

    t = ((y - run.preparation.target_center) * run.preparation.target_factor)[:, None].astype(dtype)
    net = network(run.question.recipe.layers, n_in=3, seed=0, dtype=dtype)
    loss, optimizer = SquaredError(), Momentum(net.params, lr=0.05)
    for epoch in range(5):
        for batch in batches(60, 32, seed=0, epoch=epoch, shuffle="blocks:10"):
            outputs, backward = net.forward(x[batch].astype(dtype), training=True)
            value, dy = loss(outputs, t[batch])
            backward(dy)
            optimizer.step()

    assert ml.recipe.weights_digest(net.get_weights()) == run.digest
    assert np.isfinite(value)
