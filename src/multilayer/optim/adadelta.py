"""Adadelta: steps measured in the units of earlier steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction, NonNegative, Positive
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class Adadelta(Optimizer):
    """Adadelta: n <- rho n + (1 - rho) g^2, d = sqrt(u + eps) / sqrt(n + eps) g, u <- rho u + (1 - rho) d^2.

    The weights take w <- w - lr d. By default (as in PyTorch) lr 1, which is the paper's rule; rho 0.9; eps 1e-6.
    Zeiler, arXiv 1212.5701 (2012), algorithm 1.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 3.0
    >>> Adadelta([W], rho=0.75, eps=0.25).step()
    >>> W.value.round(6)  # 1 - 3 x sqrt(0.25) / sqrt(0.25 x 9 + 0.25)
    array([[0.051317]])
    """

    lr: NonNegative = 1.0
    rho: Fraction = 0.9
    eps: Positive = 1e-6

    def start(self, value: Array) -> State:
        return {"n": np.zeros_like(value), "u": np.zeros_like(value)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        n, u = state["n"], state["u"]
        n += (1 - self.rho) * (grad * grad - n)
        d = np.sqrt((u + self.eps) / (n + self.eps)) * grad
        u += (1 - self.rho) * (d * d - u)
        return -lr * d
