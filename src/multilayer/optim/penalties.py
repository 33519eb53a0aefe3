"""The penalties l1 and l2: their value, and their share of the gradient."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from multilayer.arrays import Parameter


def penalized(params: Iterable[Parameter], biases: bool) -> tuple[Parameter, ...]:
    """The parameters that penalties and decay apply to: the weights; all of them when `biases`."""
    return tuple(parameter for parameter in params if biases or parameter.kind == "weight")


def penalty_value(params: Iterable[Parameter], l1: float, l2: float) -> float:
    """l1 x sum |w| + l2/2 x sum w^2, in float64.

    >>> penalty_value([Parameter("W", np.array([[3.0, -4.0]]))], l1=1.0, l2=0.1)
    8.25
    """
    if not (l1 or l2):
        return 0.0
    values = [parameter.value.astype(np.float64) for parameter in params]
    return sum(l1 * float(np.abs(value).sum()) + 0.5 * l2 * float(np.square(value).sum()) for value in values)


def add_penalty_gradient(params: Iterable[Parameter], l1: float, l2: float) -> None:
    """Add l1 x sign(w) + l2 x w to the gradients (0 at the kink of |w|)."""
    for parameter in params:
        if l1:
            parameter.grad += l1 * np.sign(parameter.value)
        if l2:
            parameter.grad += l2 * parameter.value
