"""The linear layer, y = x W + b."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Boolean, Count, check_fields
from multilayer.nn.layer import Backward, check_width


@final
@dataclass(eq=False)
class Linear:
    """y = x W + b, with x (n_samples, n_in), W (n_in, n_out), b (n_out,).

    Weights and biases stay zero until a `Sequential` draws them, or they are set by hand (`W.value[:] = ...`, or
    `Sequential.set_weights`). A new Sequential draws them anew: set them after making it, or pass it `seed=None`.
    `weight_init="auto"` follows the activation that comes after.
    Derivation 1 in docs/derivations.md; Rumelhart, Hinton & Williams, Nature 323 (1986), 533.

    >>> layer = Linear(2, 1)
    >>> layer.W.value[:] = [[1.0], [1.0]]
    >>> layer.b.value[:] = -1.5
    >>> layer.forward(np.array([[1.0, 1.0]]))[0]
    array([[0.5]])
    """

    n_in: Count
    n_out: Count
    bias: Boolean = True
    weight_init: Any = "auto"
    bias_init: Any = "zeros"
    frozen: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        common: dict[str, Any] = {"n_in": self.n_in, "n_out": self.n_out, "frozen": self.frozen}
        self.W = Parameter("W", np.zeros((self.n_in, self.n_out)), initializer=self.weight_init, **common)
        self.b = Parameter("b", np.zeros(self.n_out), kind="bias", initializer=self.bias_init, **common)
        self.params = (self.W, self.b) if self.bias else (self.W,)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        """y = x W + b, and the function from dL/dy to dL/dx that adds to W.grad and b.grad."""
        check_width(self, x, n_in=self.n_in)
        W, b = self.W, self.b
        y = x @ W.value  # (n_samples, n_out)
        if self.bias:
            y += b.value

        def backward(dy: Array) -> Array:
            W.grad += x.T @ dy  # (n_in, n_out)
            if self.bias:
                b.grad += dy.sum(axis=0)  # (n_out,)
            return dy @ W.value.T  # (n_samples, n_in)

        return y, backward
