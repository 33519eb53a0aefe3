"""Muon: a momentum made orthogonal."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Final, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Boolean, Choice, Count, Fraction, NonNegative, Positive
from multilayer.optim.adam import adam_direction, running_mean, zero_moments
from multilayer.optim.optimizer import Optimizer, State

QUINTIC: Final = (3.4445, -4.7750, 2.0315)
"""Coefficients of the odd polynomial a s + b s^3 + c s^5 that drives singular values s towards 1 (Jordan 2024)."""

TINY: Final = 1e-7
"""The least norm that a matrix is divided by before the iteration."""


def orthogonalized(matrix: Array, iterations: int) -> Array:
    """The matrix with its singular values driven to between 0.7 and 1.2: X <- a X + (b A + c A^2) X, A = X X^T.

    Newton-Schulz in the precision of the matrix (PyTorch iterates in bfloat16).

    >>> Q = orthogonalized(np.array([[3.0, 0.0], [0.0, 1.0]]), 5)
    >>> np.linalg.svd(Q, compute_uv=False).round(2)
    array([1.13, 0.75])
    """
    a, b, c = QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    X = matrix.T if tall else matrix
    X = X / max(float(np.sqrt(np.square(X).sum())), TINY)
    for _ in range(iterations):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X.T if tall else X


@final
@dataclass(eq=False)
class Muon(Optimizer):
    """Muon on arrays of two axes, Adam on the others.

    M <- momentum M + (1 - momentum) g, W <- W - lr s orthogonalized(momentum M + (1 - momentum) g), or of M itself
    without `nesterov`. `adjust` gives s: "original" is sqrt(max(1, n_out / n_in)); "match_rms_adamw" is
    0.2 sqrt(max(n_in, n_out)), with which the lr and weight_decay of Adam serve both kinds of arrays (Liu et al.,
    arXiv 2502.16982). Weights decay by lr x weight_decay, without s.

    By default (as in PyTorch) lr 0.001, momentum 0.95, nesterov, 5 iterations, original, weight_decay 0.1; Adam's
    beta1 0.9, beta2 0.999, eps 1e-8. Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024).

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.eye(2))
    >>> W.grad += [[3.0, 0.0], [0.0, 1.0]]
    >>> Muon([W], lr=0.1, weight_decay=0.0).step()
    >>> W.value.round(2)
    array([[0.92, 0.  ],
           [0.  , 0.89]])
    """

    lr: NonNegative = 0.001
    momentum: Fraction = 0.95
    nesterov: Boolean = True
    iterations: Count = 5
    adjust: Annotated[str, Choice("original", "match_rms_adamw")] = "original"
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8
    _: KW_ONLY
    weight_decay: NonNegative = 0.1

    def start(self, value: Array) -> State:
        return {"momentum": np.zeros_like(value)} if value.ndim == 2 else zero_moments(value)

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        if value.ndim != 2:
            return -lr * adam_direction(grad, state, t, self.beta1, self.beta2, self.eps)
        mean = state["momentum"]
        running_mean(mean, grad, self.momentum)
        ahead = grad + self.momentum * (mean - grad) if self.nesterov else mean
        return -lr * self._scale(*value.shape) * orthogonalized(ahead, self.iterations)

    def _scale(self, n_in: int, n_out: int) -> float:
        return math.sqrt(max(1, n_out / n_in)) if self.adjust == "original" else 0.2 * math.sqrt(max(n_in, n_out))
