"""LAMB: Adam's direction, each array moved in proportion to its own norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction, NonNegative, Positive
from multilayer.optim.adam import adam_direction, zero_moments
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class LAMB(Optimizer):
    """LAMB, for large batches: w <- w - lr |w| / |r + weight_decay w| (r + weight_decay w), r = m' / (sqrt(v') + eps).

    r is Adam's direction; the ratio is 1 when either norm is zero (an array that starts at zero must be able to leave
    it). The decay is the base's, so it stands inside the ratio, as in the paper. By default lr 0.001, beta1 0.9,
    beta2 0.999, eps 1e-6. You et al., arXiv 1904.00962 (ICLR 2020), algorithm 2 with phi(z) = z.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[3.0, 4.0]]))
    >>> W.grad += [[0.01, 0.0]]
    >>> LAMB([W], lr=0.1).step()
    >>> W.value.round(6)  # 3 - 0.1 x |(3, 4)|
    array([[2.5, 4. ]])
    """

    lr: NonNegative = 0.001
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-6

    def start(self, value: Array) -> State:
        return zero_moments(value)

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        return -lr * adam_direction(grad, state, t, self.beta1, self.beta2, self.eps)

    def rescale(self, change: Array, value: Array, lr: float) -> Array:
        size, length = _norm(value), _norm(change)
        return change * (lr * size / length) if size > 0 and length > 0 else change


def _norm(array: Array) -> float:
    return float(np.sqrt(np.square(array).sum()))
