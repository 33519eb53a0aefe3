"""The scale layer: a learned factor for each feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Boolean, Count, check_fields
from multilayer.nn.layer import Backward, check_width


@final
@dataclass(eq=False)
class Scale:
    """y = x s, feature by feature, with x (n_samples, n) and s (n,), which starts at 1: a diagonal linear layer.

    >>> Scale(2).forward(np.array([[3.0, 4.0]]))[0]
    array([[3., 4.]])
    """

    n: Count
    frozen: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        one = {"name": "constant", "value": 1.0}
        self.s = Parameter("s", np.ones(self.n), kind="gain", initializer=one, frozen=self.frozen)
        self.params = (self.s,)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        check_width(self, x, n=self.n)
        s = self.s

        def backward(dy: Array) -> Array:
            s.grad += (dy * x).sum(axis=0)  # (n,)
            return dy * s.value

        return x * s.value, backward
