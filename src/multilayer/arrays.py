"""Arrays and the trainable parameter: the only things that `nn` and `optim` share."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
"""A float32 or float64 array; shapes are written beside it in comments."""

Kind: TypeAlias = Literal["weight", "bias", "gain"]


@final
class Parameter:
    """An array that training changes, and the gradient that backward adds to.

    `kind` says what penalties apply: "weight" takes l1, l2, decay and max-norm; "bias" and "gain" (the scales of
    normalization layers, learned slopes) only when asked. `n_in` and `n_out` are the fans an initializer reads.
    `initializer` is what a network draws the value from; None leaves the value as it is. A frozen parameter
    collects its gradient but no optimizer moves it.

    >>> W = Parameter("W", np.zeros((2, 3)), n_in=2, n_out=3)
    >>> W.grad.shape
    (2, 3)
    """

    def __init__(
        self,
        name: str,
        value: Array,
        *,
        kind: Kind = "weight",
        n_in: int = 1,
        n_out: int = 1,
        initializer: Any = None,
        frozen: bool = False,
    ) -> None:
        self.name = name
        self.value = value
        self.grad = np.zeros_like(value)
        self.kind: Kind = kind
        self.n_in, self.n_out = n_in, n_out
        self.initializer = initializer
        self.frozen = frozen

    def assign(self, value: Array) -> None:
        """Replace the value (and its precision) and forget the gradient."""
        self.value = value
        self.grad = np.zeros_like(value)

    def __repr__(self) -> str:
        frozen = ", frozen" if self.frozen else ""
        return f"Parameter({self.name}: {' x '.join(map(str, self.value.shape))} {self.value.dtype}{frozen})"
