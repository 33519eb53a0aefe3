"""Losses for classes as likelihoods, on logits: they contain the sigmoid or the softmax and never overflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction, check_fields
from multilayer.nn.losses import targets
from multilayer.nn.losses.loss import Float64, Reduction, TargetForm, outputs, quiet, reduced


@final
@dataclass(frozen=True)
class Log:
    """log(1 + exp(-c x)), with c = -1 or 1 and a logit x; its derivative is -c / (1 + exp(c x)).

    >>> Log()(np.array([[0.0]]), [1])
    (0.6931471805599453, array([[-0.5]]))
    """

    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "signs"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        c = targets.signs(target, y.shape, self)  # (n_samples, n_out)
        return reduced(_softplus(-c * x), -c * _sigmoid(-c * x), self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class SigmoidCrossEntropy:
    """-t log p - (1 - t) log(1 - p), with p = 1 / (1 + exp(-x)) of a logit x and t from 0 to 1.

    The derivative is p - t. For t = 0 and 1 it is `Log` with c = 2 t - 1. It is written as
    t log(1 + exp(-x)) + (1 - t) log(1 + exp(x)), which loses no digit where p is all but t.

    >>> SigmoidCrossEntropy()(np.array([[0.0]]), [1])
    (0.6931471805599453, array([[-0.5]]))
    """

    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "bits"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        t = targets.bits(target, y.shape, self)  # (n_samples, n_out)
        each = t * _softplus(-x) + (1 - t) * _softplus(x)
        slope = (1 - t) * _sigmoid(x) - t * _sigmoid(-x)
        return reduced(each, slope, self.reduction, weight, y.dtype)


@final
@dataclass(frozen=True)
class CrossEntropy:
    """-sum_k t_k log p_k, with p = softmax(x) of the logits x; its derivative is p - t.

    Targets are class indices (n_samples,), or a share t_k per class (n_samples, n_classes). Label smoothing s
    replaces t by (1 - s) t + s / n_classes. With the highest logit x_a taken out, and r = sum_{k != a} exp(x_k - x_a),

        -log p_k = (x_a - x_k) + log(1 + r)

    has no cancellation; nor has p_k - t_k as p_k (1 - t_k) - t_k (1 - p_k).

    >>> value, dy = CrossEntropy()(np.log([[0.775, 0.225]]), [0])
    >>> round(value, 4), dy.round(3)
    (0.2549, array([[-0.225,  0.225]]))
    """

    label_smoothing: Fraction = 0.0
    reduction: Reduction = "mean"
    takes: ClassVar[TargetForm] = "classes"
    outputs_per_target: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_fields(self)

    @quiet
    def __call__(self, y: Array, target: Any, weight: Any = None) -> tuple[float, Array]:
        x = outputs(y, self)
        t = targets.shares(target, y.shape, self)  # (n_samples, n_classes)
        t = (1 - self.label_smoothing) * t + self.label_smoothing / y.shape[1]
        below, rest, e = _from_highest(x)
        each = (t * (below + np.log1p(rest))).sum(axis=1, keepdims=True)  # (n_samples, 1)
        p = e / (1 + rest)
        others = np.where(below > 0, 1 + (rest - e), rest) / (1 + rest)  # 1 - p, where a tie counts as the highest
        slope = p * (t.sum(axis=1, keepdims=True) - t) - t * others
        return reduced(each, slope, self.reduction, weight, y.dtype)


def _from_highest(x: Float64) -> tuple[Float64, Float64, Float64]:
    """Of each row: x_a - x_k, sum_{k != a} exp(x_k - x_a) as a column, and exp(x_k - x_a); a is the highest."""
    row, a = np.arange(len(x)), x.argmax(axis=1)
    below = x[row, a][:, None] - x  # (n_samples, n_classes)
    e = np.exp(-below)
    rest = e.copy()
    rest[row, a] = 0
    return below, rest.sum(axis=1, keepdims=True), e


def _softplus(x: Float64) -> Float64:
    """log(1 + exp(x)) without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _sigmoid(x: Float64) -> Float64:
    """1 / (1 + exp(-x)) without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)
