"""Adafactor: Adam's second moment in the memory of one row and one column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import NonNegative, Positive, Real
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class Adafactor(Optimizer):
    """Adafactor without momentum: steps relative to the size of the weights, from a factored second moment.

    With b = t^-beta2_decay: r <- (1 - b) r + b mean_j g^2, c <- (1 - b) c + b mean_i g^2, v = r c / mean(r) (arrays of
    one axis keep v itself); u = g / sqrt(v); w <- w - max(eps, rms(w)) min(lr, 1/sqrt(t)) u / max(1, rms(u) / clip).
    By default (as in PyTorch) lr 0.01, beta2_decay 0.8, clip 1, eps 0.001; v is at least the square of the type's
    rounding unit. Shazeer & Stern, arXiv 1804.04235 (2018), algorithms 4 and 5.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[2.0, 2.0]]))
    >>> W.grad += [[5.0, -0.01]]
    >>> Adafactor([W], lr=0.1).step()
    >>> W.value.round(6)
    array([[1.8, 2.2]])
    """

    lr: NonNegative = 0.01
    beta2_decay: Positive = 0.8
    clip: Annotated[float, Real(1)] = 1.0
    eps: NonNegative = 0.001

    def start(self, value: Array) -> State:
        if value.ndim < 2:
            return {"v": np.zeros_like(value)}
        rows, columns = value[..., :1], value[..., :1, :]
        return {"rows": np.zeros_like(rows), "columns": np.zeros_like(columns)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        unit = float(np.finfo(value.dtype).eps)
        v = self._second_moment(grad * grad, state, t**-self.beta2_decay, unit)
        u: Array = grad / np.sqrt(np.maximum(v, unit * unit))
        size = max(self.eps, _rms(value)) * min(lr, 1 / math.sqrt(t))
        return -size / max(1.0, _rms(u) / self.clip) * u

    @staticmethod
    def _second_moment(square: Array, state: State, share: float, unit: float) -> Array:
        if "v" in state:
            state["v"] += share * (square - state["v"])
            return np.asarray(state["v"])
        rows, columns = state["rows"], state["columns"]
        rows += share * (square.mean(axis=-1, keepdims=True) - rows)  # (n_in, 1)
        columns += share * (square.mean(axis=-2, keepdims=True) - columns)  # (1, n_out)
        return np.asarray(rows * columns / np.maximum(rows.mean(axis=-2, keepdims=True), unit))


def _rms(array: Array) -> float:
    return float(np.sqrt(np.square(array).mean()))
