"""The optimizers that PyTorch lacks, against the formulas of their papers written out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from multilayer.arrays import Array, Parameter
from multilayer.optim import LAMB, Adagrad, Adam, Ftrl, Lion, Nesterov, Optimizer, WarmUp
from tests.optim.arena import noisy_slopes, small_network

Formula = Callable[[Array, Array, dict[str, Any], int], Array]


def follow(optimizer: Optimizer, params: list[Parameter], formula: Formula, steps: int = 60) -> None:
    """Every step of the optimizer is the formula's, which takes w, g, its memory and t and returns w."""
    twins = [parameter.value.copy() for parameter in params]
    memories: list[dict[str, Any]] = [{} for _ in params]
    for t, slope in enumerate(noisy_slopes(steps), 1):
        for parameter in params:
            parameter.grad += slope(parameter.value)
        optimizer.step()
        for i, parameter in enumerate(params):
            twins[i] = formula(twins[i], slope(twins[i]), memories[i], t)
            np.testing.assert_allclose(parameter.value, twins[i], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("lr", "b1", "b2", "decay"), [(1e-4, 0.9, 0.99, 0.0), (0.01, 0.95, 0.98, 0.3)])
def test_lion(lr: float, b1: float, b2: float, decay: float) -> None:
    def formula(w: Array, g: Array, memory: dict[str, Any], t: int) -> Array:
        m = memory.get("m", 0.0)
        update = np.sign(b1 * m + (1 - b1) * g)
        memory["m"] = b2 * m + (1 - b2) * g
        return w - lr * (update + decay * w)

    params = small_network()
    follow(Lion(params, lr, b1, b2, weight_decay=decay, penalize_biases=True), params, formula)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_lamb(decay: float) -> None:
    def formula(w: Array, g: Array, memory: dict[str, Any], t: int) -> Array:
        memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * g
        memory["v"] = 0.999 * memory.get("v", 0.0) + 0.001 * g**2
        r = memory["m"] / (1 - 0.9**t) / (np.sqrt(memory["v"] / (1 - 0.999**t)) + 1e-6)
        u = r + decay * w
        return w - 0.01 * np.linalg.norm(w) / np.linalg.norm(u) * u

    params = small_network()
    follow(LAMB(params, 0.01, weight_decay=decay, penalize_biases=True), params, formula)


def test_lamb_leaves_zero_by_adams_step() -> None:
    ours, adams = (Parameter("b", np.zeros(3), kind="bias") for _ in range(2))
    for parameter, optimizer in ((ours, LAMB([ours], lr=0.1)), (adams, Adam([adams], lr=0.1, eps=1e-6))):
        parameter.grad += [1.0, -2.0, 3.0]
        optimizer.step()
    np.testing.assert_array_equal(ours.value, adams.value)


@pytest.mark.parametrize(("lr", "beta", "l1", "l2"), [(0.1, 1.0, 0.0, 0.0), (0.5, 0.3, 3.0, 0.7)])
def test_ftrl(lr: float, beta: float, l1: float, l2: float) -> None:
    def formula(w: Array, g: Array, memory: dict[str, Any], t: int) -> Array:
        n = memory.get("n", np.zeros_like(w))
        sigma = (np.sqrt(n + g**2) - np.sqrt(n)) / lr
        z = memory.get("z", np.zeros_like(w)) + g - sigma * w
        memory["n"], memory["z"] = n + g**2, z
        rate = 1 / ((beta + np.sqrt(n + g**2)) / lr + l2)
        return np.where(np.abs(z) <= l1, 0.0, -rate * (z - np.sign(z) * l1))

    params = small_network()
    for parameter in params:  # the paper starts from zero weights
        parameter.value[...] = 0.0
    follow(Ftrl(params, lr, beta, l1, l2), params, formula)
    zeros = [int((parameter.value == 0).sum()) for parameter in params]
    assert (sum(zeros) > 0) == (l1 > 0)


def test_ftrl_without_its_lambdas_is_adagrad_from_any_start() -> None:
    """McMahan (AISTATS 2011), theorem 1: the proximal leader is adaptive gradient descent."""
    params, twins = small_network(), small_network()
    ftrl = Ftrl(params, lr=0.1, beta=0.5, initial=0.2, weight_decay=0.1, max_norm=1.5)
    adagrad = Adagrad(twins, lr=0.1, eps=0.5, initial=0.2, weight_decay=0.1, max_norm=1.5)
    for slope in noisy_slopes(60):
        for parameter in (*params, *twins):
            parameter.grad += slope(parameter.value)
        ftrl.step()
        adagrad.step()
    for parameter, twin in zip(params, twins, strict=True):
        np.testing.assert_allclose(parameter.value, twin.value, rtol=1e-10)


def test_ftrl_rests_while_the_schedule_is_zero() -> None:
    params = small_network()
    before = [parameter.value.copy() for parameter in params]
    optimizer = Ftrl(params, schedule=WarmUp(epochs=1, start=0.0))
    for parameter in params:
        parameter.grad += 1.0
    optimizer.step()
    for parameter, value in zip(params, before, strict=True):
        np.testing.assert_array_equal(parameter.value, value)
        parameter.grad += 1.0
    optimizer.step()
    for parameter, value in zip(params, before, strict=True):
        np.testing.assert_allclose(parameter.value, value - 0.1 / (1 + np.sqrt(2)), atol=1e-15)


def test_nesterov_is_sutskevers_form_in_the_looked_ahead_weights() -> None:
    """v <- mu v - lr g(w + mu v), w <- w + v, with ours standing at w + mu v."""
    lr, mu = 0.05, 0.8
    parameter = Parameter("W", np.array([[1.0, -2.0]]))
    optimizer = Nesterov([parameter], lr=lr, momentum=mu)
    bowl = np.array([[1.0, 3.0]])
    w, v = parameter.value.copy(), np.zeros((1, 2))
    for _ in range(60):
        parameter.grad += bowl * parameter.value
        optimizer.step()
        v = mu * v - lr * bowl * (w + mu * v)
        w = w + v
        np.testing.assert_allclose(parameter.value, w + mu * v, rtol=1e-10, atol=1e-12)
