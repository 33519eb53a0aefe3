"""Losses for numbers: squares, absolute values and likelihoods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Positive, Real, check_fields
from multilayer.errors import ShapeError
from multilayer.nn.losses import targets
from multilayer.nn.losses.loss import Reduction, TargetForm, outputs, quiet, reduced


@final
@dataclass(frozen=True)
class SquaredError:
    """Half the squared error, (y - t)^2 / 2, whose derivative is y - t.

    Half of what others call the mean squared error.

    >>> SquaredError()(np.array([[3.0]]), [1.0])
    (2.0, array([[2.]]))
    """

    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "numbers"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        error = x - targets.numbers(target, y.shape, self)  # (n_samples, n_out)
        return reduced(0.5 * error * error, error, self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class AbsoluteError:
    """The absolute error, |y - t|, whose derivative is the sign of y - t, and 0 where they are equal.

    >>> AbsoluteError()(np.array([[3.0]]), [1.0])
    (2.0, array([[1.]]))
    """

    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "numbers"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        error = x - targets.numbers(target, y.shape, self)  # (n_samples, n_out)
        return reduced(np.abs(error), np.sign(error), self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class Huber:
    """Half the squared error up to `delta`, a straight line beyond: delta (|e| - delta / 2), with e = y - t.

    Huber, Annals of Mathematical Statistics 35 (1964), 73.

    >>> Huber(delta=1)(np.array([[3.0]]), [1.0])
    (1.5, array([[1.]]))
    """

    delta: Positive = 1.0
    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "numbers"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        error = x - targets.numbers(target, y.shape, self)  # (n_samples, n_out)
        slope = np.clip(error, -self.delta, self.delta)
        return reduced(slope * (error - 0.5 * slope), slope, self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class Quantile:
    """The pinball loss, max(q e, (q - 1) e) with e = t - y, which is least at the q-quantile of the target.

    The derivative is -q below the target, 1 - q above it, and 0 where they are equal. At q = 0.5 it is half the
    absolute error. Koenker & Bassett, Econometrica 46 (1978), 33.

    >>> Quantile(q=0.9)(np.array([[1.0]]), [3.0])
    (1.8, array([[-0.9]]))
    """

    q: Annotated[float, Real(0, 1, open_low=True, open_high=True)] = 0.5
    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "numbers"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        error = targets.numbers(target, y.shape, self) - x  # (n_samples, n_out)
        slope = np.where(error > 0, -self.q, 1 - self.q) * (error != 0)
        return reduced(-slope * error, slope, self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class Poisson:
    """The negative log-likelihood of counts, exp(y) - t y, y being the logarithm of their mean.

    The part that depends on t alone, log t!, is left out.

    >>> Poisson()(np.array([[0.0]]), [2.0])
    (1.0, array([[-1.]]))
    """

    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "numbers"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        t = targets.counts(target, y.shape, self)  # (n_samples, n_out)
        mean = np.exp(x)
        return reduced(mean - t * x, mean - t, self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class GaussianNLL:
    """The negative log-likelihood of a normal distribution, (s + (t - m)^2 exp(-s)) / 2.

    The network gives two outputs per target number: y (n_samples, 2 k) holds the k means m in its first half and
    the k log variances s in its second. The constant log(2 pi) / 2 is left out.
    Nix & Weigend, IEEE International Conference on Neural Networks (1994), 55.

    >>> GaussianNLL()(np.array([[3.0, 0.0]]), [1.0])
    (2.0, array([[ 2. , -1.5]]))
    """

    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "numbers"
    outputs_per_target: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        n_samples, width = y.shape
        if width % 2:
            raise ShapeError(
                f"GaussianNLL expected an even number of outputs, means and then log variances, got {width}. "
                "The last layer's n_out must be twice the number of targets per sample."
            )
        mean, log_variance = x[:, : width // 2], x[:, width // 2 :]  # (n_samples, k) each
        error = mean - targets.numbers(target, (n_samples, width // 2), self)
        precision = np.exp(-log_variance)
        square = error * error * precision
        slope = np.hstack([error * precision, 0.5 * (1 - square)])  # (n_samples, 2 k)
        return reduced(0.5 * (log_variance + square), slope, self.reduction, weight, y.dtype)
