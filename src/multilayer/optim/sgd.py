"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent: w <- w - lr g.

    lr is 0.01 by default. Robbins & Monro, Annals of Mathematical Statistics 22 (1951), 400; for networks Rumelhart,
    Hinton & Williams, Nature 323 (1986), 533.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 2.0
    >>> SGD([W], lr=0.1).step()
    >>> W.value
    array([[0.8]])
    """

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        return -lr * grad


@final
@dataclass(eq=False)
class Momentum(Optimizer):
    """Gradient descent with a heavy ball: v <- momentum v + g, w <- w - lr v.

    The learning rate multiplies the velocity (as in PyTorch), not what enters it, so a schedule acts at once; with a
    constant lr both are the same. lr is 0.01 and momentum 0.9 by default. Polyak, USSR Computational Mathematics and
    Mathematical Physics 4 (1964), 1.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> optimizer = Momentum([W], lr=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     W.grad += 1.0
    ...     optimizer.step()
    >>> W.value  # 1 - 0.1 x 1 - 0.1 x 1.5
    array([[0.75]])
    """

    momentum: Fraction = 0.9

    def start(self, value: Array) -> State:
        return {"v": np.zeros_like(value)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        v = state["v"]
        v *= self.momentum
        v += grad
        return -lr * v


@final
@dataclass(eq=False)
class Nesterov(Optimizer):
    """Nesterov's momentum: v <- momentum v + g, w <- w - lr (g + momentum v).

    The form of Sutskever et al. (ICML 2013) in the looked-ahead weights, as PyTorch and Keras have it: the gradient is
    asked for where the weights are. lr is 0.01 and momentum 0.9 by default. Nesterov, Doklady AN SSSR 269 (1983), 543.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 1.0
    >>> Nesterov([W], lr=0.1, momentum=0.5).step()
    >>> W.value  # 1 - 0.1 x (1 + 0.5)
    array([[0.85]])
    """

    momentum: Fraction = 0.9

    def start(self, value: Array) -> State:
        return {"v": np.zeros_like(value)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        v = state["v"]
        v *= self.momentum
        v += grad
        return -lr * (grad + self.momentum * v)
