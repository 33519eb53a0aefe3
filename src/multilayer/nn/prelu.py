"""The parametric ReLU: a leak that is learned, one per unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Boolean, Count, Finite, check_fields
from multilayer.nn.layer import Backward, check_width


@final
@dataclass(eq=False)
class PReLU:
    """y = x where x > 0, else slopes * x; the derivative at 0 is the slope. x is (n_samples, n), slopes (n,).

    The slopes start at `slope`. He, Zhang, Ren & Sun, ICCV (2015), equation 1.

    >>> PReLU(2).forward(np.array([[-4.0, 4.0]]))[0]
    array([[-1.,  4.]])
    """

    activation: ClassVar[str] = "prelu"
    n: Count
    slope: Finite = 0.25
    frozen: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        start = {"name": "constant", "value": self.slope}
        value = np.full(self.n, self.slope)
        self.slopes = Parameter("slopes", value, kind="gain", initializer=start, frozen=self.frozen)
        self.params = (self.slopes,)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        check_width(self, x, n=self.n)
        slopes = self.slopes
        y = np.where(x > 0, x, slopes.value * x)  # (n_samples, n)

        def backward(dy: Array) -> Array:
            slopes.grad += np.where(x > 0, 0, x * dy).sum(axis=0)  # (n,)
            return np.where(x > 0, dy, slopes.value * dy)

        return y, backward
