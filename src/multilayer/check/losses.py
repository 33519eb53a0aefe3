"""The contract of a loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.check.differences import loss_gradients
from multilayer.check.errors import require
from multilayer.nn.losses.loss import Loss


def loss_contract(loss: Loss, y: Any, target: Any) -> None:
    """Check all that the library relies on in a loss, at y (n_samples, n_out) with at least two rows.

    The value is a float and dy has the shape and precision of y; nothing that is passed in is changed; no weights
    are weights of one; a weight of zero removes a row, a whole weight repeats it; the value is the mean (or the sum,
    if the loss has reduction="sum") of the values of single rows; the derivative is right, with and without weights.
    Raises ContractError or GradientError with the first broken promise.
    """
    y, target = np.array(y, dtype=np.float64), np.asarray(target)
    for dtype in (np.float64, np.float32):
        _gives_value_and_slope(loss, y.astype(dtype), target)
    for promise in (_changes_no_input, _weighs, _is_made_of_rows):
        promise(loss, y, target)
    for weight in (None, _weights(len(y))):
        loss_gradients(loss, y, target, weight)


def _weights(n_samples: int) -> Array:
    return np.arange(n_samples) * 0.75  # the first row has none


def _gives_value_and_slope(loss: Loss, y: Array, target: Any) -> None:
    value, dy = loss(y, target)
    require(type(value) is float, loss, "must give its value as a float", f"got {type(value).__name__}")
    require(dy.shape == y.shape, loss, "must give dy the shape of y", f"{y.shape} became {dy.shape}")
    require(dy.dtype == y.dtype, loss, "must give dy the precision of y", f"{y.dtype} became {dy.dtype}")


def _changes_no_input(loss: Loss, y: Array, target: Any) -> None:
    given = (y.copy(), target.copy(), _weights(len(y)))
    loss(*given)
    for name, now, before in zip(("y", "target", "weight"), given, (y, target, _weights(len(y))), strict=True):
        require(np.array_equal(now, before), loss, f"must not change the {name} it is given")


def _weighs(loss: Loss, y: Array, target: Any) -> None:
    rows = np.arange(len(y))
    none, zero = loss(y, target), loss(y, target, np.zeros(len(y)))
    require(_same(none, loss(y, target, np.ones(len(y)))), loss, "must take no weights as weights of one")
    require(zero[0] == 0 and not zero[1].any(), loss, "must give 0 with derivative 0 when all weights are 0")
    value, dy = loss(y, target, _weights(len(y)))
    require(not dy[0].any(), loss, "must give a row of weight 0 no derivative")
    kept = loss(y[1:], target[1:], _weights(len(y))[1:])
    require(_same((value, dy[1:]), kept), loss, "must take a weight of 0 as the row's removal")
    times = rows % 3 + 1
    value, dy = loss(y, target, times)
    again, slopes = loss(y.repeat(times, axis=0), target.repeat(times, axis=0))
    summed = np.stack([slopes[rows.repeat(times) == row].sum(axis=0) for row in rows])
    require(_same((value, dy), (again, summed)), loss, "must take a whole weight as the row's repetition")


def _is_made_of_rows(loss: Loss, y: Array, target: Any) -> None:
    singles = [loss(y[row : row + 1], target[row : row + 1]) for row in range(len(y))]
    summed = getattr(loss, "reduction", "mean") == "sum"
    share = 1.0 if summed else 1 / len(y)
    rows = sum(value for value, _ in singles) * share, np.concatenate([dy for _, dy in singles]) * share
    word = "sum" if summed else "mean"
    require(_same(loss(y, target), rows), loss, f"must be the {word} of its values for single rows")


def _same(a: tuple[float, Array], b: tuple[float, Array]) -> bool:
    return bool(np.isclose(a[0], b[0], rtol=1e-12, atol=1e-14) and np.allclose(a[1], b[1], rtol=1e-12, atol=1e-14))
