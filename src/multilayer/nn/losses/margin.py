"""Losses that ask for a margin and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Positive, check_fields
from multilayer.nn.losses import targets
from multilayer.nn.losses.loss import Reduction, TargetForm, outputs, quiet, reduced


@final
@dataclass(frozen=True)
class Hinge:
    """max(0, m - c x), with c = -1 or 1 and margin m; its derivative is -c where c x < m, else 0.

    >>> Hinge()(np.array([[0.25]]), [1])
    (0.75, array([[-1.]]))
    """

    margin: Positive = 1.0
    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "signs"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        c = targets.signs(target, y.shape, self)  # (n_samples, n_out)
        short = np.maximum(0, self.margin - c * x)
        return reduced(short, -c * (short > 0), self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class SquaredHinge:
    """max(0, m - c x)^2, with c = -1 or 1 and margin m; its derivative is -2 c max(0, m - c x).

    >>> SquaredHinge()(np.array([[0.5]]), [1])
    (0.25, array([[-1.]]))
    """

    margin: Positive = 1.0
    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "signs"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        c = targets.signs(target, y.shape, self)  # (n_samples, n_out)
        short = np.maximum(0, self.margin - c * x)
        return reduced(short * short, -2 * c * short, self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class MaxMargin:
    """max(0, max_k (x_k + m) - x_c) over the classes k other than the true one, c.

    The derivative is 1 at the best wrong class (the first of equals) and -1 at c while the loss is positive, else
    0. Targets are class indices, or rows with a single 1. Crammer & Singer, JMLR 2 (2001), 265.

    >>> MaxMargin()(np.array([[0.5, 0.25, 0.0]]), [0])
    (0.75, array([[-1.,  1.,  0.]]))
    """

    margin: Positive = 1.0
    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "classes"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        c = targets.indices(target, y.shape, self)  # (n_samples,)
        row = np.arange(len(c))
        others = x.copy()
        others[row, c] = -np.inf
        rival = others.argmax(axis=1)  # (n_samples,)
        short = np.maximum(0, (x[row, rival] - x[row, c]) + self.margin)
        slope = np.zeros(y.shape)
        slope[row, rival] = short > 0
        slope[row, c] = -slope[row, rival]
        return reduced(short[:, None], slope, self.reduction, weight, y.dtype)
