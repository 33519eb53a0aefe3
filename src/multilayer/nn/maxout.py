"""The maxout layer: the largest of several linear pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Boolean, Count, check_fields
from multilayer.nn.layer import Backward, check_width


@final
@dataclass(eq=False)
class Maxout:
    """y = max_k (x W_k + b_k), with x (n_samples, n_in), W (pieces, n_in, n_out), b (pieces, n_out).

    It is its own activation. Only the piece that gave the maximum learns; a tie goes to the first.
    Goodfellow, Warde-Farley, Mirza, Courville & Bengio, ICML (2013), section 3.

    >>> layer = Maxout(1, 1)
    >>> layer.W.value[:] = [[[1.0]], [[-1.0]]]
    >>> layer.forward(np.array([[-3.0], [2.0]]))[0]
    array([[3.],
           [2.]])
    """

    activation: ClassVar[str] = "maxout"
    n_in: Count
    n_out: Count
    pieces: Count = 2
    weight_init: Any = "auto"
    bias_init: Any = "zeros"
    frozen: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        n_in, n_out, pieces = self.n_in, self.n_out, self.pieces
        fans: dict[str, Any] = {"n_in": n_in, "n_out": n_out, "frozen": self.frozen}
        self.W = Parameter("W", np.zeros((pieces, n_in, n_out)), initializer=self.weight_init, **fans)
        self.b = Parameter("b", np.zeros((pieces, n_out)), kind="bias", initializer=self.bias_init, **fans)
        self.params = (self.W, self.b)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        check_width(self, x, n_in=self.n_in)
        W, b = self.W, self.b
        z = x @ W.value + b.value[:, None, :]  # (pieces, n_samples, n_out)
        first = np.argmax(z, axis=0)  # (n_samples, n_out)
        wins = first == np.arange(self.pieces)[:, None, None]  # (pieces, n_samples, n_out)

        def backward(dy: Array) -> Array:
            dz = np.where(wins, dy, 0)  # (pieces, n_samples, n_out)
            W.grad += x.T @ dz  # (pieces, n_in, n_out)
            b.grad += dz.sum(axis=1)  # (pieces, n_out)
            dx: Array = (dz @ W.value.swapaxes(1, 2)).sum(axis=0)  # (n_samples, n_in)
            return dx

        return z.max(axis=0), backward
