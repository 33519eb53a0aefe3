"""Softmax: positive outputs that sum to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from multilayer.arrays import Array
from multilayer.nn.layer import Backward


@final
@dataclass(frozen=True)
class Softmax:
    """y_k = exp(x_k) / sum_j exp(x_j) over the last axis; dx = y (dy - sum_j dy_j y_j).

    A network trained with `CrossEntropy` ends in logits instead: that loss contains the softmax.

    >>> Softmax().forward(np.array([[0.0, 0.0], [1e30, 0.0]]))[0]
    array([[0.5, 0.5],
           [1. , 0. ]])
    """

    activation: ClassVar[str] = "softmax"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        powers: Array = np.exp(x - x.max(axis=-1, keepdims=True))  # at most 1, and 1 somewhere
        y: Array = powers / powers.sum(axis=-1, keepdims=True)

        def backward(dy: Array) -> Array:
            dx: Array = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
            return dx

        return y, backward
