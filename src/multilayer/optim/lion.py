"""Lion: the sign of an interpolated momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction, NonNegative
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class Lion(Optimizer):
    """Lion: w <- w - lr sign(beta1 m + (1 - beta1) g), then m <- beta2 m + (1 - beta2) g.

    Every weight moves by lr, so lr wants to be 3 to 10 times smaller than Adam's (and weight_decay larger). By default
    lr 1e-4, beta1 0.9, beta2 0.99. Chen et al., arXiv 2302.06675 (2023), algorithm 2.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0, 1.0]]))
    >>> W.grad += [[5.0, -0.01]]
    >>> Lion([W], lr=0.1).step()
    >>> W.value
    array([[0.9, 1.1]])
    """

    lr: NonNegative = 1e-4
    beta1: Fraction = 0.9
    beta2: Fraction = 0.99

    def start(self, value: Array) -> State:
        return {"m": np.zeros_like(value)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        m = state["m"]
        change = -lr * np.sign(m + (1 - self.beta1) * (grad - m))
        m += (1 - self.beta2) * (grad - m)
        return change
