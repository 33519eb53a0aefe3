"""Layers and losses with a planted error, each in the words of the mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from multilayer import check, nn

X = np.random.default_rng(3).normal(size=(6, 3))
Y = np.random.default_rng(4).normal(size=(6, 3))
NUMBERS = np.random.default_rng(5).normal(size=(6, 3))
CLASSES = np.array([0, 2, 1, 1, 0, 2])

Wrong = Callable[[Any, Any, Any, Any, Any], Any]


class Planted:
    """A layer whose backward is replaced: wrong(layer, backward, x, y, dy) gives dx."""

    def __init__(self, layer: Any, wrong: Wrong) -> None:
        self.layer, self.wrong = layer, wrong

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)

    def forward(self, x: Any, *, training: bool = False) -> tuple[Any, Any]:
        y, backward = self.layer.forward(x, training=training)
        return y, lambda dy: self.wrong(self.layer, backward, x, y, dy) if training else backward(dy)


class PlantedLoss:
    """A loss whose derivative is replaced: wrong(dy, y, target, w) gives dy."""

    def __init__(self, loss: Any, wrong: Callable[[Any, Any, Any, Any], Any]) -> None:
        self.loss, self.wrong = loss, wrong
        self.reduction = loss.reduction

    def __call__(self, y: Any, target: Any, weight: Any = None) -> tuple[float, Any]:
        value, dy = self.loss(y, target, weight)
        w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
        return value, np.asarray(self.wrong(dy, y, np.asarray(target), w[:, None])).astype(y.dtype)


class KeepsOnSelf:
    """Linear without a bias, which remembers x on itself and not in the closure."""

    def __init__(self) -> None:
        self.layer = nn.Linear(3, 3, bias=False)
        self.params = self.layer.params

    def forward(self, x: Any, *, training: bool = False) -> tuple[Any, Any]:
        self.x, W = x, self.layer.W

        def backward(dy: Any) -> Any:
            W.grad += self.x.T @ dy
            return dy @ W.value.T

        return x @ W.value, backward


def scaled_weights(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    before = layer.W.grad.copy()
    dx = backward(dy)
    layer.W.grad += 0.001 * (layer.W.grad - before)
    return dx


def no_bias(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    before = layer.b.grad.copy()
    dx = backward(dy)
    layer.b.grad[...] = before
    return dx


def mean_bias(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    layer.W.grad += x.T @ dy
    layer.b.grad += dy.mean(axis=0)
    return dy @ layer.W.value.T


def transposed(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    backward(dy)
    return dy @ layer.W.value


def weights_transposed(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    before = layer.W.grad.copy()
    dx = backward(dy)
    layer.W.grad[...] = before + dy.T @ x
    return dx


def assigned(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    layer.W.grad[...] = 0
    layer.b.grad[...] = 0
    return backward(dy)


def times_activation(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    return backward(dy * y)


def every_piece(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    dx = backward(dy)
    layer.W.grad[...] = x.T @ dy
    return dx


def without_mean_path(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    scale = 1 / np.sqrt(x.var(axis=0) + layer.epsilon)
    h, dh = (x - x.mean(axis=0)) * scale, dy * layer.gain.value
    backward(dy)
    return (dh - h * (dh * h).mean(axis=0)) * scale


def without_variance_path(layer: Any, backward: Any, x: Any, y: Any, dy: Any) -> Any:
    scale = 1 / np.sqrt(x.var(axis=1, keepdims=True) + layer.epsilon)
    dh = dy * layer.gain.value
    backward(dy)
    return (dh - dh.mean(axis=1, keepdims=True)) * scale


def second_best(dy: Any, y: Any, c: Any, w: Any) -> Any:
    """The least of the wrong classes moves in place of the best."""
    rows, wrong = np.arange(len(y)), np.zeros_like(dy)
    others = y.copy()
    others[rows, c] = np.inf
    wrong[rows, c] = dy[rows, c]
    wrong[rows, others.argmin(axis=1)] = -dy[rows, c]
    return wrong


@dataclass
class Case:
    """An error, and the check that must find it; `sound` is the same without the error."""

    name: str
    run: Callable[[], Any]
    sound: Callable[[], Any]


def layer_case(name: str, make: Callable[[], Any], wrong: Wrong) -> Case:
    return Case(
        name, lambda: check.layer_contract(lambda: Planted(make(), wrong), X), lambda: check.layer_contract(make, X)
    )


def loss_case(name: str, loss: Any, target: Any, wrong: Callable[[Any, Any, Any, Any], Any]) -> Case:
    return Case(
        name,
        lambda: check.loss_contract(PlantedLoss(loss, wrong), Y, target),
        lambda: check.loss_contract(PlantedLoss(loss, lambda dy, y, t, w: dy), Y, target),
    )


def linear() -> Any:
    return nn.Linear(3, 3)


PLANTED = [
    layer_case("sign", linear, lambda layer, back, x, y, dy: -back(dy)),
    layer_case("0.1 % in dx", linear, lambda layer, back, x, y, dy: 1.001 * back(dy)),
    layer_case("0.1 % in the weights", linear, scaled_weights),
    layer_case("bias dropped", linear, no_bias),
    layer_case("bias as a mean", linear, mean_bias),
    layer_case("W not transposed", linear, transposed),
    layer_case("weight gradient transposed", linear, weights_transposed),
    layer_case("activation's derivative on a linear layer", linear, times_activation),
    layer_case("= for +=", linear, assigned),
    Case("state on self", lambda: check.layer_contract(KeepsOnSelf, X), lambda: check.layer_contract(linear, X)),
    layer_case("every piece of maxout", lambda: nn.Maxout(3, 2), every_piece),
    layer_case("softmax's diagonal only", nn.Softmax, lambda layer, back, x, y, dy: y * (1 - y) * dy),
    layer_case("slope on the wrong side", nn.ReLU, lambda layer, back, x, y, dy: np.where(x < 0, dy, 0)),
    layer_case("tanh's square", nn.Tanh, lambda layer, back, x, y, dy: (1 - y) * dy),
    layer_case("ELU's alpha", lambda: nn.ELU(0.5), lambda layer, back, x, y, dy: dy * np.where(x > 0, 1, y + 1)),
    layer_case("dropout's mask", lambda: nn.Dropout(0.5), lambda layer, back, x, y, dy: dy / 0.5),
    layer_case("dropout's scale", lambda: nn.Dropout(0.5), lambda layer, back, x, y, dy: dy * (y != 0)),
    layer_case("batch norm's mean", lambda: nn.BatchNorm(3), without_mean_path),
    layer_case("layer norm's variance", lambda: nn.LayerNorm(3), without_variance_path),
    loss_case("1/n", nn.SquaredError(), NUMBERS, lambda dy, y, t, w: w * (y - t) / y.shape[1]),
    loss_case("sample weights", nn.SquaredError("sum"), NUMBERS, lambda dy, y, t, w: nn.SquaredError("sum")(y, t)[1]),
    loss_case("smoothing", nn.CrossEntropy(0.1), CLASSES, lambda dy, y, t, w: nn.CrossEntropy()(y, t, w[:, 0])[1]),
    loss_case("max-margin's rival", nn.MaxMargin(4.0), CLASSES, second_best),
    loss_case("quantile's sides", nn.Quantile(0.9), NUMBERS, lambda dy, y, t, w: nn.Quantile(0.1)(y, t, w[:, 0])[1]),
    loss_case("huber's clip", nn.Huber(0.5), NUMBERS, lambda dy, y, t, w: nn.SquaredError()(y, t, w[:, 0])[1]),
]
