"""The network: gradients through shared and nested layers, names, weights in and out, a user's own layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from multilayer.errors import ShapeError, UsageError
from multilayer.nn import BatchNorm, Dropout, Layer, Linear, Maxout, ReLU, Sequential, Tanh
from multilayer.optim.optimizer import Optimizer

X = np.random.default_rng(0).normal(size=(6, 3))


def refused(error: type[Exception], call: Any, *arguments: Any) -> str:
    with pytest.raises(error) as raised:
        call(*arguments)
    return str(raised.value)


def test_a_linear_used_twice_collects_both_gradients() -> None:
    tied = Linear(3, 3)
    net = Sequential(tied, Tanh(), tied, seed=1)
    assert list(net.named_params()) == ["0.W", "0.b"]
    W, b = (torch.tensor(p.value.copy(), requires_grad=True) for p in net.params)
    their_y = torch.tanh(torch.tensor(X) @ W + b) @ W + b
    their_y.square().sum().backward()
    y, backward = net.forward(X, training=True)
    backward(2 * y)
    np.testing.assert_allclose(tied.W.grad, W.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(tied.b.grad, b.grad.numpy(), rtol=1e-12)


def test_a_network_in_a_network() -> None:
    inner = Sequential(Linear(3, 4), BatchNorm(4), ReLU())
    outer = Sequential(inner, Linear(4, 2), seed=5)
    assert list(outer.named_params()) == ["0.0.W", "0.0.b", "0.1.gain", "0.1.shift", "1.W", "1.b"]
    assert list(outer.named_buffers()) == ["0.1.running_mean", "0.1.running_var"]
    flat = Sequential(Linear(3, 4), BatchNorm(4), ReLU(), Linear(4, 2), seed=5)
    for (y, backward), net in ((outer.forward(X, training=True), outer), (flat.forward(X, training=True), flat)):
        net.dx = backward(np.ones_like(y))
    np.testing.assert_array_equal(outer.dx, flat.dx)
    for ours, theirs in zip(outer.params, flat.params, strict=True):
        np.testing.assert_array_equal(ours.value, theirs.value)
        np.testing.assert_array_equal(ours.grad, theirs.grad)


def test_dropouts_of_one_network_differ_and_repeat_themselves() -> None:
    inner = Sequential(Dropout(0.5))
    net = Sequential(inner, Dropout(0.5), seed=3)
    first, second = inner.layers[0], net.layers[1]
    assert (first.seed, first.place) != (second.seed, second.place)
    once = net.forward(np.ones((4, 9)), training=True)[0]
    net.reseed(3)
    np.testing.assert_array_equal(net.forward(np.ones((4, 9)), training=True)[0], once)


class Shift(Optimizer):
    def rule(self, grad: Any, value: Any, state: Any, lr: float, t: int) -> Any:
        return -lr * grad


def test_a_frozen_layer_passes_the_gradient_on_and_stays() -> None:
    net = Sequential(Linear(3, 4), Linear(4, 4, frozen=True), Linear(4, 1))
    before = net.get_weights()
    y, backward = net.forward(X, training=True)
    backward(np.ones_like(y))
    Shift(net.params, lr=0.1).step()
    moved = [name for name, value in net.get_weights().items() if (value != before[name]).any()]
    assert moved == ["0.W", "0.b", "2.W", "2.b"]


def test_weights_make_a_round_trip() -> None:
    one = Sequential(Linear(3, 4), BatchNorm(4), Maxout(4, 2), seed=1)
    other = Sequential(Linear(3, 4), BatchNorm(4), Maxout(4, 2), seed=2)
    one.forward(X, training=True)
    weights = one.get_weights()
    assert list(weights) == [*one.named_params(), *one.named_buffers()]
    other.set_weights(weights)
    np.testing.assert_array_equal(other(X), one(X))
    weights["0.W"][:] = 0  # a copy: nothing else changes
    np.testing.assert_array_equal(other(X), one(X))


def test_weights_that_do_not_fit_are_refused_before_anything_changes() -> None:
    net = Sequential(Linear(2, 1), seed=0)
    before = net.get_weights()

    def setting(error: type[Exception], name: str, value: Any) -> str:
        return refused(error, net.set_weights, {"0.b": [7.0], name: value})

    assert setting(UsageError, "0.w", 1) == "There is no array of weights '0.w'. Did you mean '0.W'? Known: 0.W, 0.b."
    assert setting(UsageError, "bias", 1) == "There is no array of weights 'bias'. Known: 0.W, 0.b."
    assert setting(ShapeError, "0.W", [1, 1]) == "Weights '0.W' must have shape (2, 1), got (2,)."
    assert setting(UsageError, "0.W", [[1], [np.nan]]) == (
        "Weights '0.W' must be finite in float64, got a NaN, an infinity or a larger number."
    )
    assert setting(UsageError, "0.W", [[1], [1, 2]]) == (
        "Weights '0.W' must be numbers in rows of one length, got [[1], [1, 2]]."
    )
    for name, value in before.items():
        np.testing.assert_array_equal(net.get_weights()[name], value)


def test_a_number_too_large_for_float32_is_refused() -> None:
    net = Sequential(Linear(1, 1), dtype="float32")
    assert refused(UsageError, net.set_weights, {"0.W": np.array([[1e300]])}) == (
        "Weights '0.W' must be finite in float32, got a NaN, an infinity or a larger number."
    )


def test_no_seed_keeps_the_values() -> None:
    layer = Linear(2, 1)
    layer.W.value[:] = [[3.0], [4.0]]
    assert Sequential(layer, seed=None)(np.array([[1.0, 1.0]])).tolist() == [[7.0]]


def test_a_seed_repeats_itself_and_starts_afresh() -> None:
    net = Sequential(Linear(3, 4), BatchNorm(4), seed=1)
    before = net.get_weights()
    net.forward(X, training=True)
    net.layers[0].W.value[:] = 0
    net.initialize(1)
    for name, value in net.get_weights().items():  # the running statistics too
        np.testing.assert_array_equal(value, before[name])
    net.initialize(2)
    assert (net.get_weights()["0.W"] != before["0.W"]).all()


def test_float32_all_the_way() -> None:
    net = Sequential(Linear(3, 4), BatchNorm(4), Maxout(4, 4), Dropout(0.5), ReLU(), Linear(4, 1), dtype="float32")
    y, backward = net.forward(X.astype(np.float32), training=True)
    assert y.dtype == backward(y).dtype == np.float32
    arrays = (*net.params, *net.buffers)
    assert {array.dtype for p in arrays for array in (p.value, p.grad)} == {np.dtype(np.float32)}


class Square:
    def forward(self, x: Any, *, training: bool = False) -> Any:
        return x * x, lambda dy: 2 * x * dy


def test_a_plain_class_is_a_layer() -> None:
    assert isinstance(Square(), Layer)
    net = Sequential(Square(), Linear(3, 1), Square(), seed=1)
    W, b = (torch.tensor(p.value.copy(), requires_grad=True) for p in net.params)
    their_x = torch.tensor(X, requires_grad=True)
    their_y = (their_x**2 @ W + b) ** 2
    their_y.sum().backward()
    y, backward = net.forward(X, training=True)
    np.testing.assert_allclose(y, their_y.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(backward(np.ones_like(y)), their_x.grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(net.params[0].grad, W.grad.numpy(), rtol=1e-10)


def test_what_is_not_a_layer_is_refused() -> None:
    assert refused(UsageError, Sequential, Linear(1, 1), "relu") == (
        "Layer 1 of Sequential must have a forward method, got 'relu'."
    )
    assert refused(UsageError, Sequential, ReLU) == "Layer 0 of Sequential is the class ReLU itself. Write ReLU(...)."


@pytest.mark.parametrize("kind", [list, tuple])
def test_layers_in_a_list_are_asked_for_one_by_one(kind: type[Any]) -> None:
    assert refused(UsageError, Sequential, kind([Linear(1, 1), ReLU()])) == (
        f"Layer 0 of Sequential is a {kind.__name__}. Pass the layers one by one: Sequential(Linear(2, 3), ReLU())."
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_of_whole_numbers_are_an_input(dtype: Any) -> None:
    net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1), dtype=dtype)
    expected = net(np.array([[1.0, 2.0]], dtype=dtype))
    for rows in ([[1, 2]], ((1, 2),), np.array([[1, 2]])):
        y = net(rows)
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, expected)
    assert Sequential(ReLU())([[1, -2]]).tolist() == [[1.0, 0.0]]


def test_leaves_are_the_layers_in_the_order_x_passes_them() -> None:
    one, two, three = Linear(3, 3), Tanh(), Dropout(0.5)
    net = Sequential(one, Sequential(two, Sequential(three)), one)
    assert list(net.leaves()) == [one, two, three, one]


def test_a_dropout_that_stands_twice_is_taken_up_again_where_it_was() -> None:
    def network() -> Sequential:
        dropout = Dropout(0.5)
        return Sequential(Linear(3, 8), dropout, Sequential(Tanh(), dropout), Linear(8, 2), Dropout(0.5), seed=4)

    whole, resumed = network(), network()
    outputs = [whole.forward(X, training=True)[0] for _ in range(6)]
    for step in (0, 1, 4):
        resumed.reseed(4, step=step)
        again = [resumed.forward(X, training=True)[0] for _ in range(6 - step)]
        np.testing.assert_array_equal(again, outputs[step:])
    first, *_, last = [layer for layer in whole.leaves() if isinstance(layer, Dropout)]
    assert (first.place, first.step, last.place, last.step) == (1, 12, 5, 6)


def test_hidden_shows_every_layer() -> None:
    net = Sequential(Linear(3, 4), ReLU(), Linear(4, 1))
    assert [h.shape for h in net.hidden(X)] == [(6, 4), (6, 4), (6, 1)]
    np.testing.assert_array_equal(net.hidden(X)[-1], net(X))


def test_repr_shows_the_layers() -> None:
    assert repr(Sequential(ReLU(), Dropout(0.5))) == "Sequential(\n  ReLU(),\n  Dropout(p_drop=0.5)\n)"
