"""Scores of predicted probabilities.

target is codes (n_samples,) with probs (n_samples, k), or 0 and 1 (n_samples, k) with one probability each; weight is
(n_samples,). The predicted class is the one of the highest probability, the first of equal ones; a label of a
multilabel target is predicted above 1/2. A ratio without denominator counts 0 (precision without a predicted row).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from multilayer import exact

Values: TypeAlias = npt.NDArray[Any]
Score: TypeAlias = Callable[[Values, Values, Values], float]
Counts: TypeAlias = tuple[float, float, float]  # weight of the rows rightly predicted, predicted, and of the class

EPS = 2.0**-52
"""log_loss keeps probabilities in [EPS, 1 - EPS], as scikit-learn does for float64."""


def weighted_mean(values: Values, weight: Values) -> float:
    """sum of weight times value, over the sum of the weights."""
    return exact.total(values * weight) / exact.total(weight)


def predicted(target: Values, probs: Values) -> Values:
    """Codes (n_samples,), or 0 and 1 (n_samples, k) for a multilabel target."""
    return chosen_class(probs) if target.ndim == 1 else chosen_labels(probs)


def chosen_class(probs: Values) -> Values:
    """The code of the most probable class: the first of equals, but of two classes the second, as a threshold neuron
    fires at its threshold."""
    return (probs[:, 1] >= probs[:, 0]).astype(np.int64) if probs.shape[1] == 2 else probs.argmax(axis=1)


def chosen_labels(probs: Values) -> Values:
    """1 for each label of probability one half or more."""
    return (probs >= 0.5).astype(np.int64)


def accuracy(target: Values, probs: Values, weight: Values) -> float:
    """The share of rows predicted rightly; for a multilabel target, rightly in every label."""
    right = predicted(target, probs) == target
    return weighted_mean(right if target.ndim == 1 else right.all(axis=1), weight)


def balanced_accuracy(target: Values, probs: Values, weight: Values) -> float:
    """The mean recall of the classes that occur."""
    counts = [_counts(target, probs, weight, code) for code in np.unique(target).tolist()]
    recalls = [right / actual for right, _, actual in counts if actual > 0]
    return exact.total(recalls) / len(recalls)


def precision(target: Values, probs: Values, weight: Values) -> float:
    """Rightly predicted over predicted: of class 1 for two classes, else the mean over classes or labels."""
    return _averaged(target, probs, weight, lambda right, said, actual: _ratio(right, said))


def recall(target: Values, probs: Values, weight: Values) -> float:
    """Rightly predicted over actual: of class 1 for two classes, else the mean over classes or labels."""
    return _averaged(target, probs, weight, lambda right, said, actual: _ratio(right, actual))


def f1(target: Values, probs: Values, weight: Values) -> float:
    """2 right / (predicted + actual): of class 1 for two classes, else the mean over classes or labels."""
    return _averaged(target, probs, weight, lambda right, said, actual: _ratio(2 * right, said + actual))


def _averaged(target: Values, probs: Values, weight: Values, score: Callable[[float, float, float], float]) -> float:
    """The score of class 1 for two classes; else the mean over all labels, or all classes that occur anywhere."""
    if target.ndim == 2:
        codes = list(range(target.shape[1]))
    else:
        codes = [1] if probs.shape[1] == 2 else np.union1d(target, predicted(target, probs)).tolist()
    scores = [score(*_counts(target, probs, weight, code)) for code in codes]
    return exact.total(scores) / len(scores)


def _counts(target: Values, probs: Values, weight: Values, code: int) -> Counts:
    if target.ndim == 1:
        actual, said = target == code, predicted(target, probs) == code
    else:
        actual, said = target[:, code] == 1, predicted(target, probs)[:, code] == 1
    return exact.total(weight[actual & said]), exact.total(weight[said]), exact.total(weight[actual])


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def matthews_corrcoef(target: Values, probs: Values, weight: Values) -> float:
    """The correlation of predicted and actual classes (Gorodkin 2004); 0 when one of them is constant."""
    counts = [_counts(target, probs, weight, code) for code in range(probs.shape[1])]
    whole = exact.total(weight)
    right = exact.total([right for right, _, _ in counts])
    said_actual = exact.total([said * actual for _, said, actual in counts])
    said_said = whole * whole - exact.total([said * said for _, said, _ in counts])
    actual_actual = whole * whole - exact.total([actual * actual for _, _, actual in counts])
    if said_said <= 0 or actual_actual <= 0:
        return 0.0
    return (right * whole - said_actual) / (math.sqrt(said_said) * math.sqrt(actual_actual))


def log_loss(target: Values, probs: Values, weight: Values) -> float:
    """mean -log of the probability given to the actual class; for a multilabel target the mean over the labels too."""
    if target.ndim == 1:
        chosen = probs[np.arange(len(target)), target]
        return weighted_mean(-exact.log(np.clip(chosen, EPS, 1 - EPS)), weight)
    chosen = np.clip(np.where(target == 1, probs, 1 - probs), EPS, 1 - EPS)
    return weighted_mean(-exact.log(chosen), np.repeat(weight[:, None], target.shape[1], axis=1))


def brier(target: Values, probs: Values, weight: Values) -> float:
    """mean (p - t)² of class 1 for two classes, else the mean over rows of the sum over classes.

    These are scikit-learn's brier_score_loss with scale_by_half="auto".
    """
    if probs.shape[1] == 2:
        return weighted_mean((probs[:, 1] - target) ** 2, weight)
    squares = (probs - (target[:, None] == np.arange(probs.shape[1]))) ** 2
    return exact.total(squares * weight[:, None]) / exact.total(weight)


def roc_auc(target: Values, probs: Values, weight: Values) -> float:
    """How often a row of the class gets a higher score than one outside it, ties counting half.

    Of class 1 for two classes; else each class against the rest, or each label, and the mean of them. NaN when a
    class or label has no row, or no row outside it.
    """
    if target.ndim == 1 and probs.shape[1] == 2:
        return _area(target == 1, probs[:, 1], weight)
    areas = [_area(_is(target, code), probs[:, code], weight) for code in range(probs.shape[1])]
    return exact.total(areas) / len(areas)


def average_precision(target: Values, probs: Values, weight: Values) -> float:
    """sum over thresholds of (gain in recall) times precision; the mean over labels. NaN without a row of a class."""
    if target.ndim == 1:
        return _average_precision(target == 1, probs[:, 1], weight)
    scores = [_average_precision(_is(target, code), probs[:, code], weight) for code in range(probs.shape[1])]
    return exact.total(scores) / len(scores)


def _is(target: Values, code: int) -> Values:
    return np.asarray(target == code if target.ndim == 1 else target[:, code] == 1)


def _by_score(actual: Values, score: Values, weight: Values) -> tuple[Values, Values]:
    """For each distinct score, highest first: the weights of the class at or above it, and of the rest."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    inside, outside = np.where(actual, weight, 0.0)[order], np.where(actual, 0.0, weight)[order]
    return np.add.accumulate(inside)[last], np.add.accumulate(outside)[last]  # in order, one after the other


def _area(actual: Values, score: Values, weight: Values) -> float:
    inside, outside = _by_score(actual, score, weight)
    whole = inside[-1] * outside[-1]
    if whole == 0:
        return math.nan
    return exact.total(np.diff(outside, prepend=0.0) * (inside + np.append(0.0, inside[:-1])) * 0.5) / float(whole)


def _average_precision(actual: Values, score: Values, weight: Values) -> float:
    inside, outside = _by_score(actual, score, weight)
    if inside[-1] == 0:
        return math.nan
    said = inside + outside
    precisions = np.divide(inside, said, out=np.zeros_like(said), where=said > 0)
    return exact.total(np.diff(inside, prepend=0.0) * precisions) / float(inside[-1])
