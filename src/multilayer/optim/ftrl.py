"""FTRL-Proximal: Adagrad's steps, with weights that are exactly zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import NonNegative, Positive
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class Ftrl(Optimizer):
    """Follow the regularized leader, proximal and per coordinate.

    n <- n + g^2, eta = lr / (beta + sqrt(n)), z <- z + g - (1/eta - 1/eta_before) w, and then w = 0 where
    |z| <= lambda1, else -(z - sign(z) lambda1) / (1/eta + lambda2). z starts from 0 with 1/eta_before = 0, so the
    first leader is the starting weights less one gradient step; without lambda1 and lambda2 this is Adagrad with beta
    in the place of eps. lambda1 and lambda2 weigh |w| and w^2/2 against the sum of all gradients so far; l1 and l2, as
    everywhere, against each. Weights moved from outside (decay, max_norm, by hand) move z with them.

    By default lr 0.1 (a customary alpha), beta 1 (the paper's), initial 0 for n, lambda1 and lambda2 0. McMahan et
    al., Ad Click Prediction (KDD 2013), algorithm 1.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[0.0, 0.0]]))
    >>> W.grad += [[3.0, 0.5]]
    >>> Ftrl([W], lr=1.0, lambda1=1.0).step()
    >>> W.value  # -(3 - 1) / (1 + 3), and |0.5| <= 1
    array([[-0.5,  0. ]])
    """

    lr: NonNegative = 0.1
    beta: Positive = 1.0
    lambda1: NonNegative = 0.0
    lambda2: NonNegative = 0.0
    initial: NonNegative = 0.0

    def start(self, value: Array) -> State:
        return {
            "n": np.full_like(value, self.initial),
            "z": np.zeros_like(value),
            "inverse": np.zeros_like(value),  # 1/eta of the step before
            "leader": value.copy(),
        }

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        n, z = state["n"], state["z"]
        n += grad * grad
        if lr == 0:
            return np.zeros_like(value)
        inverse = (self.beta + np.sqrt(n)) / lr
        z -= state["inverse"] * (value - state["leader"])  # what moved the weights since the last step
        z += grad - (inverse - state["inverse"]) * value
        leader = -(z - np.clip(z, -self.lambda1, self.lambda1)) / (inverse + self.lambda2)
        change: Array = leader - value
        state["inverse"], state["leader"] = inverse, value + change
        return change
