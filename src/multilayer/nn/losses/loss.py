"""What a loss is: a callable that returns its value and its derivative.

    class Cubed:
        def __call__(self, y, target, weight=None):
            error = y - target
            return float(np.mean(abs(error) ** 3)), 3 * error * abs(error) / error.size

Conventions of the losses here, l_ij being the loss of output j of sample i and w_i the sample's weight:

    mean    sum_i w_i mean_j l_ij / sum_i w_i     (0, with derivative 0, when the weights sum to 0)
    sum     sum_i w_i  sum_j l_ij

so without weights each is a mean or a sum over all elements, as PyTorch's. Everything is computed and summed in
float64; the derivative then takes y's precision.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.constraints import Choice
from multilayer.errors import DataError, ShapeError

Float64: TypeAlias = npt.NDArray[np.float64]
Reduction = Annotated[str, Choice("mean", "sum")]
TargetForm: TypeAlias = Literal["numbers", "signs", "bits", "classes"]
"""What a loss wants as target: numbers like y; -1 or 1; 0 to 1; class indices (or a row of shares per sample)."""


@runtime_checkable
class Loss(Protocol):
    """How far y (n_samples, n_out) is from the target, as one number, with dL/dy.

    The losses of this package also say which target they take, `takes`, and how many outputs of the network one
    target number needs, `outputs_per_target`; a loss without these is taken to mean "numbers" and 1.
    """

    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        """The value, and its derivative by y."""
        ...


quiet = np.errstate(over="ignore", invalid="ignore")
"""Overflow gives an infinity and no warning: whoever trains looks at the value and reports the divergence."""


def outputs(y: Any, loss: object) -> Float64:
    """y (n_samples, n_out) as float64, or the sentence why it cannot be a network's output."""
    if not isinstance(y, np.ndarray) or y.dtype.kind != "f":
        raise DataError(f"{type(loss).__name__} expected y as a float32 or float64 array, got {_described(y)}.")
    if y.ndim != 2:
        raise ShapeError(
            f"{type(loss).__name__} expected y of shape (n_samples, n_out), got {y.shape}. "
            "One output is a column: y.reshape(-1, 1)."
        )
    return y.astype(np.float64)


def reduced(each: Float64, slope: Float64, reduction: str, weight: Any, dtype: Any) -> tuple[float, Array]:
    """The value and dL/dy from the loss of each element (n_samples, m) and its derivative (n_samples, n_out)."""
    n_samples, m = each.shape
    w = weights(weight, n_samples)  # (n_samples,)
    total = w.sum()
    if reduction == "mean":
        w = w / (total * m) if total > 0 else np.zeros(n_samples)
    w = w[:, None]
    value = np.where(w > 0, w * each, 0.0).sum()  # a sample of weight zero counts for nothing, even at infinity
    dy = np.where(w > 0, w * slope, 0.0)  # (n_samples, n_out)
    return float(value), dy.astype(dtype)


def weights(weight: Any, n_samples: int) -> Float64:
    """One non-negative weight per sample; ones by default."""
    if weight is None:
        return np.ones(n_samples)
    w = np.asarray(weight)
    if w.dtype.kind not in "fiub":
        raise DataError(f"Sample weights must be numbers, got {_described(weight)}.")
    if w.shape != (n_samples,):
        raise ShapeError(f"Sample weights must have shape ({n_samples},), one per row of y, got {w.shape}.")
    if not (np.isfinite(w) & (w >= 0)).all():
        worst = int(np.argmin(np.isfinite(w) & (w >= 0)))
        raise DataError(f"Sample weights must be finite and at least 0, got {w[worst]} in row {worst}.")
    return w.astype(np.float64)


def _described(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
