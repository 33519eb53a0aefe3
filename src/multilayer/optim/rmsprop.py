"""RMSprop: the gradient divided by its running root mean square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Boolean, Fraction, NonNegative, Positive
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class RMSprop(Optimizer):
    """RMSprop: n <- rho n + (1 - rho) g^2, v <- momentum v + g / (sqrt(n) + eps), w <- w - lr v.

    `centered` subtracts the square of the running mean from n: an estimate of the variance (Graves, arXiv 1308.0850,
    equation 38). By default lr 0.001 and rho 0.9 (Hinton's lecture, and Keras), eps 1e-8 outside the root and
    momentum 0 (PyTorch). Tieleman & Hinton, Coursera, Neural Networks for Machine Learning, lecture 6.5 (2012).

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 3.0
    >>> RMSprop([W], lr=0.1, rho=0.75).step()
    >>> W.value.round(6)  # 1 - 0.1 x 3 / sqrt(0.25 x 9)
    array([[0.8]])
    """

    lr: NonNegative = 0.001
    rho: Fraction = 0.9
    momentum: Fraction = 0.0
    centered: Boolean = False
    eps: Positive = 1e-8

    def start(self, value: Array) -> State:
        names = ["n"] + ["mean"] * self.centered + ["v"] * (self.momentum > 0)
        return {name: np.zeros_like(value) for name in names}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        n = state["n"]
        n += (1 - self.rho) * (grad * grad - n)
        if self.centered:
            mean = state["mean"]
            mean += (1 - self.rho) * (grad - mean)
            n = np.maximum(n - mean * mean, 0)
        direction = grad / (np.sqrt(n) + self.eps)
        if not self.momentum:
            return -lr * direction
        v = state["v"]
        v *= self.momentum
        v += direction
        return -lr * v
