"""The base: what is done to every parameter, and in which order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.arrays import Array, Parameter
from multilayer.errors import RecipeError, UsageError
from multilayer.optim import (
    LBFGS,
    SGD,
    Adam,
    AdamW,
    Momentum,
    Optimizer,
    ReduceOnPlateau,
    Schedule,
    State,
    StepDecay,
)
from multilayer.optim.penalties import penalty_value
from tests.optim.arena import noisy_slopes, small_network, values


def weight(*rows: list[float], grad: float = 0.0) -> Parameter:
    parameter = Parameter("W", np.array(rows))
    parameter.grad += grad
    return parameter


def bias(*entries: float, grad: float = 0.0) -> Parameter:
    parameter = Parameter("b", np.array(entries), kind="bias")
    parameter.grad += grad
    return parameter


def test_a_step_clears_the_gradients() -> None:
    W, b = weight([1.0], grad=1.0), bias(1.0, grad=1.0)
    SGD([W, b]).step()
    assert not W.grad.any()
    assert not b.grad.any()


def test_params_may_be_any_iterable() -> None:
    params = small_network()
    optimizer = SGD(parameter for parameter in params)
    assert optimizer.params == tuple(params)


@pytest.mark.parametrize("optimizer", [SGD, Adam, LBFGS])
@pytest.mark.parametrize(
    ("params", "shown"),
    [
        (weight([1.0]), "Parameter(W: 1 x 1 float64)"),
        ([weight([1.0]), np.ones(2)], "[Parameter(W: 1 x 1 float64), array([1., 1.])]"),
        ({"0.W": weight([1.0])}, "{'0.W': Parameter(W: 1 x 1 float64)}"),
        (0.1, "0.1"),
        (None, "None"),
    ],
)
def test_what_is_not_parameters_is_refused(optimizer: type[Optimizer], params: Any, shown: str) -> None:
    with pytest.raises(UsageError) as caught:
        optimizer(params)
    assert str(caught.value) == f"params must be the parameters of a network, such as net.params, got {shown}."


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_network_without_parameters_has_nothing_to_train(optimizer: type[Optimizer]) -> None:
    idle = optimizer(())
    idle.step()
    assert (idle.params, idle.steps) == ((), 1)


def test_l1_and_l2_are_added_to_the_gradients_of_weights_alone() -> None:
    W, b = weight([2.0, -4.0, 0.0]), bias(2.0)
    SGD([W, b], lr=1.0, l1=0.5, l2=0.25).step()
    np.testing.assert_array_equal(W.value, [[2 - 0.5 - 0.5, -4 + 0.5 + 1, 0.0]])
    np.testing.assert_array_equal(b.value, [2.0])


def test_biases_and_gains_are_penalized_when_asked() -> None:
    b = bias(2.0)
    gain = Parameter("g", np.array([4.0]), kind="gain")
    optimizer = SGD([b, gain], lr=1.0, l2=0.25, weight_decay=0.125, penalize_biases=True)
    assert optimizer.penalty() == 0.125 * 4 + 0.125 * 16
    optimizer.step()
    np.testing.assert_array_equal(b.value, [2 - 0.5 - 0.25])
    np.testing.assert_array_equal(gain.value, [4 - 1 - 0.5])


def test_the_penalty_is_what_its_gradient_says() -> None:
    """Central differences of penalty() agree with what step() adds."""
    params = small_network()
    optimizer = SGD(params, lr=1.0, l1=0.3, l2=0.7)
    before = values(params)
    optimizer.step()
    for parameter, value in zip(params, before, strict=True):
        parameter.value[...] = value
    after = [value - 0.3 * np.sign(value) - 0.7 * value for value in before]
    for parameter, start, end in zip(params, before, after, strict=True):
        for at in np.ndindex(start.shape):
            parameter.value[at] = start[at] + 1e-6
            high = optimizer.penalty()
            parameter.value[at] = start[at] - 1e-6
            slope = (high - optimizer.penalty()) / 2e-6
            parameter.value[at] = start[at]
            expected = start[at] - end[at] if parameter.kind == "weight" else 0.0
            assert slope == pytest.approx(expected, abs=1e-8)


def test_the_penalty_of_float32_weights_is_summed_in_float64() -> None:
    W = Parameter("W", np.full((1000, 1), 0.1, dtype=np.float32))
    exact = 1000 * float(np.float32(0.1))
    assert penalty_value([W], 1.0, 0.0) == pytest.approx(exact, rel=1e-14)


def test_clipping_by_value_is_torchs() -> None:
    params = small_network()
    tensors = [torch.tensor(parameter.value) for parameter in params]
    for parameter, tensor in zip(params, tensors, strict=True):
        parameter.grad += parameter.value
        tensor.grad = tensor.clone()
    torch.nn.utils.clip_grad_value_(tensors, 0.4)
    before = values(params)
    SGD(params, lr=1.0, clip_value=0.4).step()
    for parameter, value, tensor in zip(params, before, tensors, strict=True):
        assert tensor.grad is not None
        np.testing.assert_array_equal(parameter.value, value - tensor.grad.numpy())


@pytest.mark.parametrize("clip_norm", [0.7, 100.0])
def test_clipping_by_norm_is_torchs(clip_norm: float) -> None:
    """PyTorch adds 1e-6 to the norm."""
    params = small_network()
    tensors = [torch.tensor(parameter.value) for parameter in params]
    for parameter, tensor in zip(params, tensors, strict=True):
        parameter.grad += parameter.value
        tensor.grad = tensor.clone()
    torch.nn.utils.clip_grad_norm_(tensors, clip_norm)
    before = values(params)
    SGD(params, lr=1.0, clip_norm=clip_norm).step()
    for parameter, value, tensor in zip(params, before, tensors, strict=True):
        assert tensor.grad is not None
        np.testing.assert_allclose(value - parameter.value, tensor.grad.numpy(), rtol=1e-6, atol=1e-15)


def test_the_order_is_penalty_value_norm_rule_decay_max_norm() -> None:
    W = weight([3.0], [4.0], grad=10.0)  # one unit with two inputs
    optimizer = SGD([W], lr=0.5, l2=1.0, clip_value=6.0, clip_norm=3.0, weight_decay=0.1, max_norm=2.0)
    optimizer.step()
    penalized = np.array([[13.0], [14.0]])
    clipped = np.minimum(penalized, 6.0)
    scaled = clipped * (3.0 / np.sqrt(72.0))
    moved = np.array([[3.0], [4.0]]) - 0.5 * scaled - 0.5 * 0.1 * np.array([[3.0], [4.0]])
    limited = moved * 2.0 / np.linalg.norm(moved)
    np.testing.assert_allclose(W.value, limited, rtol=1e-14)


def test_weight_decay_is_decoupled_from_the_rule() -> None:
    """Adam divides what enters its rule by its size; the decay does not enter it."""
    W, plain = weight([8.0], grad=1.0), weight([8.0], grad=1.0)
    Adam([W], lr=0.5, weight_decay=0.25).step()
    Adam([plain], lr=0.5).step()
    assert (plain.value - W.value).item() == pytest.approx(0.5 * 0.25 * 8.0, rel=1e-14)


def test_adamw_is_adam_with_decay() -> None:
    params, twins = small_network(), small_network()
    optimizers = AdamW(params), Adam(twins, weight_decay=0.01)
    for slope in noisy_slopes(5):
        for parameter in (*params, *twins):
            parameter.grad += slope(parameter.value)
        for optimizer in optimizers:
            optimizer.step()
    for parameter, twin in zip(params, twins, strict=True):
        np.testing.assert_array_equal(parameter.value, twin.value)


@given(st.floats(0.01, 10), st.integers(0, 100))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_max_norm_bounds_every_unit_and_turns_none(max_norm: float, seed: int) -> None:
    params = small_network(seed=seed)
    before = values(params)
    SGD(params, max_norm=max_norm).step()
    for parameter, value in zip(params, before, strict=True):
        if parameter.kind != "weight":
            np.testing.assert_array_equal(parameter.value, value)
            continue
        norms, old = np.linalg.norm(parameter.value, axis=0), np.linalg.norm(value, axis=0)
        np.testing.assert_allclose(norms, np.minimum(old, max_norm), rtol=1e-12)
        np.testing.assert_allclose(parameter.value / norms, value / old, rtol=1e-10)


def test_max_norm_leaves_a_unit_of_zeros() -> None:
    W = weight([0.0], [0.0])
    SGD([W], max_norm=1.0).step()
    assert not W.value.any()


def test_frozen_parameters_do_not_move_or_weigh_in_the_norm() -> None:
    frozen, free = weight([1.0], grad=1e6), weight([1.0], grad=0.5)
    frozen.frozen = True
    SGD([frozen, free], lr=1.0, clip_norm=1.0, weight_decay=0.5, max_norm=0.1, l2=0.0).step()
    assert frozen.value.item() == 1.0
    assert frozen.grad.item() == 0.0
    assert free.value.item() == pytest.approx(0.0, abs=0.11)


def test_the_schedule_is_asked_for_the_time_before_each_step_in_epochs() -> None:
    asked = []

    class Half(Schedule):
        def __call__(self, time: float) -> float:
            asked.append(time)
            return 0.5

    W = weight([1.0])
    optimizer = SGD([W], lr=0.5, schedule=Half(), steps_per_epoch=4)
    for _ in range(6):
        W.grad += 1.0
        optimizer.step()
    assert asked == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]
    assert W.value.item() == 1 - 6 * 0.25
    assert optimizer.lr_now() == 0.25


def test_the_schedule_scales_the_decay_too() -> None:
    W = weight([1.0])
    SGD([W], lr=0.5, weight_decay=0.5, schedule=StepDecay(every=1, factor=0.5)).step()
    assert W.value.item() == 0.75


def test_the_schedules_memory_is_part_of_the_state() -> None:
    optimizer = SGD([weight([1.0])], lr=1.0, schedule=ReduceOnPlateau(factor=0.5, patience=0))
    assert optimizer.schedule is not None
    for value in (1.0, 2.0):
        optimizer.schedule.observe(value)
    resumed = SGD([weight([1.0])], lr=1.0, schedule=ReduceOnPlateau(factor=0.5, patience=0))
    resumed.restore(optimizer.state())
    assert resumed.lr_now() == 0.5


def test_state_is_a_copy() -> None:
    W = weight([1.0], grad=1.0)
    optimizer = Momentum([W])
    saved = optimizer.state()
    optimizer.step()
    assert not saved["states"][0]["v"].any()
    optimizer.restore(saved)
    W.grad += 1.0
    optimizer.step()
    assert not saved["states"][0]["v"].any()


def test_a_users_rule_is_one_formula() -> None:
    class SignDescent(Optimizer):
        def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
            return -lr * np.sign(grad)

    W = weight([1.0, 1.0], grad=3.0)
    SignDescent([W], lr=0.25).step()
    np.testing.assert_array_equal(W.value, [[0.75, 0.75]])


def test_the_base_itself_is_no_optimizer() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Optimizer([])  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"lr": -0.1}, "lr of SGD must be a number of at least 0, got -0.1."),
        ({"l2": float("nan")}, "l2 of SGD must be a number of at least 0, got nan."),
        ({"clip_norm": 0}, "clip_norm of SGD must be a number greater than 0, or none, got 0."),
        ({"steps_per_epoch": 0}, "steps_per_epoch of SGD must be a whole number of at least 1, got 0."),
        ({"schedule": 0.5}, "schedule of SGD must be a multilayer.optim.Schedule, or none, got 0.5."),
        ({"penalize_biases": 1}, "penalize_biases of SGD must be true or false, got 1."),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, float], text: str) -> None:
    with pytest.raises(RecipeError) as error:
        SGD([], **options)  # type: ignore[arg-type]
    assert str(error.value) == text
