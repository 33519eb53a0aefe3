"""Adam: every entry moves by about lr, against the sign of its mean gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction, NonNegative, Positive
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class Adam(Optimizer):
    """Adam: w <- w - lr m_hat / (sqrt(v_hat) + eps).

    m <- m + (1 - beta1) (g - m) and v <- v + (1 - beta2) (g^2 - v) are running means of the gradient g and of its
    square. They start from zero, which m_hat = m / (1 - beta1^t) and v_hat = v / (1 - beta2^t) undo at step t. By
    default lr 0.001, beta1 0.9, beta2 0.999, eps 1e-8. Kingma & Ba, arXiv 1412.6980 (ICLR 2015), algorithm 1.

    The first step is about lr in size, whatever the gradient:

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0, 1.0]]))
    >>> W.grad += [[5.0, -0.01]]
    >>> Adam([W], lr=0.1).step()
    >>> W.value.round(6)
    array([[0.9, 1.1]])
    """

    lr: NonNegative = 0.001
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8

    def start(self, value: Array) -> State:
        return zero_moments(value)

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        return -lr * adam_direction(grad, state, t, self.beta1, self.beta2, self.eps)


def zero_moments(value: Array) -> State:
    """The two running means, m of the gradient and v of its square, before the first step."""
    return {"m": np.zeros_like(value), "v": np.zeros_like(value)}


def adam_direction(grad: Array, state: State, t: int, beta1: float, beta2: float, eps: float) -> Array:
    """m_hat / (sqrt(v_hat) + eps), where the two running means have first moved towards grad and grad^2."""
    m, v = state["m"], state["v"]
    running_mean(m, grad, beta1)
    running_mean(v, grad * grad, beta2)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    direction: Array = m_hat / (np.sqrt(v_hat) + eps)
    return direction


def running_mean(mean: Array, new: Array, beta: float) -> None:
    """mean <- mean + (1 - beta) (new - mean), in place."""
    mean += (1 - beta) * (new - mean)
