"""Targets in the form a loss wants, or the sentence why they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from multilayer.errors import DataError, ShapeError, shown
from multilayer.nn.losses.loss import Float64


def numbers(target: Any, shape: tuple[int, ...], loss: object) -> Float64:
    """Finite numbers (n_samples, n_out); a flat array stands for one column."""
    t = _numeric(target, loss)
    if t.ndim == 1 and shape[1] == 1:
        t = t[:, None]
    if t.shape != shape:
        raise ShapeError(
            f"{type(loss).__name__} expected a target of shape {shape}, got {np.shape(target)}. "
            "The last layer's n_out must be the number of targets per sample."
        )
    _refuse(~np.isfinite(t), t, loss, "finite numbers", "Drop or fill missing targets first.")
    return t.astype(np.float64)


def signs(target: Any, shape: tuple[int, ...], loss: object) -> Float64:
    """-1 or 1 (n_samples, n_out)."""
    t = numbers(target, shape, loss)
    _refuse(np.abs(t) != 1, t, loss, "-1 or 1", "Targets of 0 and 1 become signs by 2 * target - 1.")
    return t


def bits(target: Any, shape: tuple[int, ...], loss: object) -> Float64:
    """Numbers from 0 to 1 (n_samples, n_out)."""
    t = numbers(target, shape, loss)
    _refuse((t < 0) | (t > 1), t, loss, "from 0 to 1", "Signs become targets of 0 and 1 by (target + 1) / 2.")
    return t


def counts(target: Any, shape: tuple[int, ...], loss: object) -> Float64:
    """Numbers of at least 0 (n_samples, n_out)."""
    t = numbers(target, shape, loss)
    _refuse(t < 0, t, loss, "at least 0", "A Poisson mean cannot be negative.")
    return t


def indices(target: Any, shape: tuple[int, ...], loss: object) -> npt.NDArray[np.intp]:
    """Class indices (n_samples,) below the number of logits; rows with a single 1 are read as their index."""
    t = _numeric(target, loss)
    n_samples, n_classes = shape[0], _logits(shape, loss)
    if t.shape == shape:
        _refuse(~(((t == 0) | (t == 1)).all(1) & (t.sum(1) == 1)), t, loss, "rows with a single 1 or class indices")
        t = np.argmax(t, axis=1)
    elif t.shape not in ((n_samples,), (n_samples, 1)):
        raise ShapeError(
            f"{type(loss).__name__} expected class indices of shape ({n_samples},) or a target of shape {shape}, "
            f"got {np.shape(target)}. The last layer's n_out must be the number of classes."
        )
    t = t.reshape(-1)
    inside = (t >= 0) & (t < n_classes) & (t == np.floor(t))
    _refuse(~inside, t, loss, f"whole numbers from 0 to {n_classes - 1}", "Classes are counted from 0.")
    return t.astype(np.intp)


def shares(target: Any, shape: tuple[int, ...], loss: object) -> Float64:
    """A share of each class (n_samples, n_classes), rows summing to 1; class indices become a single 1."""
    n_classes = _logits(shape, loss)
    t = _numeric(target, loss)
    if t.shape != shape:
        return np.eye(n_classes)[indices(target, shape, loss)]
    _refuse(~((t >= 0) & (t <= 1)), t, loss, "from 0 to 1")
    t = t.astype(np.float64)
    off = np.abs(t.sum(axis=1) - 1) > 1e-4  # float32 shares of a thousand classes still pass
    if off.any():
        row = int(off.argmax())
        raise DataError(
            f"{type(loss).__name__} expected target rows that sum to 1, got {t[row].sum():g} in row {row}. "
            "For classes that do not exclude each other use sigmoid_cross_entropy."
        )
    return t


def _logits(shape: tuple[int, ...], loss: object) -> int:
    if shape[1] < 2:
        raise ShapeError(
            f"{type(loss).__name__} expected at least 2 outputs, one per class, got {shape[1]}. "
            "For two classes on one output use sigmoid_cross_entropy, log or hinge."
        )
    return shape[1]


def _numeric(target: Any, loss: object) -> npt.NDArray[Any]:
    t = np.asarray(target)
    if t.size and t.dtype.kind not in "fiub":
        first = t.ravel()[:1].tolist()
        raise DataError(
            f"{type(loss).__name__} expected numbers as target, got values such as {shown(*first)}. "
            "Turn labels into class indices first: numpy.unique(labels, return_inverse=True)[1]."
        )
    return t


def _refuse(wrong: npt.NDArray[np.bool_], t: npt.NDArray[Any], loss: object, expected: str, do: str = "") -> None:
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        got = f"{t[wrong][0]:g}" if wrong.shape == t.shape else t[row]
        raise DataError(
            f"{type(loss).__name__} expected targets that are {expected}, got {got} in row {row}."
            + (f" {do}" if do else "")
        )
