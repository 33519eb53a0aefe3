"""Adagrad: each weight its own learning rate, from the sum of its squared gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import NonNegative, Positive
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class Adagrad(Optimizer):
    """Adagrad: n <- n + g^2, w <- w - lr g / (sqrt(n) + eps), n starting at `initial`.

    By default (as in PyTorch) lr 0.01, initial 0, eps 1e-10. Duchi, Hazan & Singer, JMLR 12 (2011), 2121.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 3.0
    >>> Adagrad([W], lr=0.25, initial=16.0).step()
    >>> W.value.round(6)  # 1 - 0.25 x 3 / 5
    array([[0.85]])
    """

    initial: NonNegative = 0.0
    eps: Positive = 1e-10

    def start(self, value: Array) -> State:
        return {"n": np.full_like(value, self.initial)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        n = state["n"]
        n += grad * grad
        return -lr * grad / (np.sqrt(n) + self.eps)
