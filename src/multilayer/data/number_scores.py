"""Scores of predicted numbers: target and y (n_samples, n_out), weight (n_samples,); the mean over the outputs."""

from __future__ import annotations

import math

import numpy as np

from multilayer import exact
from multilayer.data.class_scores import Values, weighted_mean


def _over_outputs(scores: list[float]) -> float:
    return exact.total(scores) / len(scores)


def _means(values: Values, weight: Values) -> list[float]:
    """The weighted mean of every column."""
    return [weighted_mean(column, weight) for column in values.T]


def mse(target: Values, y: Values, weight: Values) -> float:
    """mean (y - target)²."""
    return _over_outputs(_means((y - target) ** 2, weight))


def rmse(target: Values, y: Values, weight: Values) -> float:
    """The root of mse, taken for each output."""
    return _over_outputs([math.sqrt(square) for square in _means((y - target) ** 2, weight)])


def mae(target: Values, y: Values, weight: Values) -> float:
    """mean |y - target|."""
    return _over_outputs(_means(np.abs(y - target), weight))


def pinball(target: Values, y: Values, weight: Values, quantile: float = 0.5) -> float:
    """mean max(q (target - y), (q - 1) (target - y)), the loss of a predicted quantile q; at 1/2 it is mae / 2."""
    away = target - y
    return _over_outputs(_means(np.maximum(quantile * away, (quantile - 1) * away), weight))


def r2(target: Values, y: Values, weight: Values) -> float:
    """1 - sum (target - y)² / sum (target - its mean)²."""
    return _explained((target - y) ** 2, target, weight)


def explained_variance(target: Values, y: Values, weight: Values) -> float:
    """1 - variance of (target - y) / variance of the target: r2 that forgives a constant error."""
    away = target - y
    return _explained((away - _means(away, weight)) ** 2, target, weight)


def _explained(unexplained: Values, target: Values, weight: Values) -> float:
    """1 - a ratio for each output; a constant target counts 1 when nothing is unexplained and else 0."""
    variances = _means((target - _means(target, weight)) ** 2, weight)
    constant = target.max(axis=0) == target.min(axis=0)
    scores = []
    for left, variance, flat in zip(_means(unexplained, weight), variances, constant.tolist(), strict=True):
        scores.append(1 - left / variance if variance > 0 and not flat else float(left == 0))
    return _over_outputs(scores)
