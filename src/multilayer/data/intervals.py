"""How sure a score is: intervals of 95 % for scores on the test rows, and for how much better one model is there.

Rows count as independent draws. Rows with weights count as Kish's effective number of rows, (sum w)² / sum w².

- accuracy: Wilson's score interval (1927).
- accuracy of one model minus that of another on the same rows: Agresti and Min (2005), who add half a row to each of
  the two counts that differ.
- r2, rmse, mae: the delta method, which is the bootstrap without the draws (Efron's infinitesimal jackknife, 1981):
  each score is a smooth function of means over rows, and its derivative by each row gives its standard error. 1 - r2,
  rmse and mae are taken on a logarithmic scale, where they are nearer to a normal distribution, with Student's t.
- a mean over seeds: Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from multilayer.arrays import Array
from multilayer.data.class_scores import predicted
from multilayer.data.target import Target

Interval: TypeAlias = tuple[float, float]
Z = 1.959963984540054
LEVEL = 0.95
FEWEST = 3
"""Fewer rows than these have no interval for a score of numbers."""


def intervals(target: Target, answers: Array, weight: Array | None) -> dict[str, Interval]:
    """The interval of each score that has one; `target` holds the same rows as answers (n_samples, k)."""
    if not np.isfinite(answers).all() or not len(answers) or (weight is not None and not weight.any()):
        return {}
    if target.kind != "regression":
        right = rightly(target, answers)
        return {"accuracy": wilson(float(np.average(right, weights=weight)), effective(len(right), weight))}
    found = {}
    for name, (value, slope) in _numbers(target, answers, weight).items():
        low, high = _logarithmic(1 - value if name == "r2" else value, slope, weight)
        found[name] = (1 - high, 1 - low) if name == "r2" else (low, high)
    return found


def difference(target: Target, answers: Array, others: Array, weight: Array | None) -> Interval | None:
    """The interval of the headline score of `answers` minus that of `others`; None where it has none."""
    sound = np.isfinite(answers).all() and np.isfinite(others).all()
    if not sound or not len(answers) or (weight is not None and not weight.any()):
        return None
    if target.kind != "regression":
        ours, theirs = rightly(target, answers), rightly(target, others)
        gained, lost = (
            float(np.average(one & ~other, weights=weight)) for one, other in ((ours, theirs), (theirs, ours))
        )
        return paired(gained, lost, effective(len(ours), weight))
    found = [_numbers(target, numbers, weight).get("r2") for numbers in (answers, others)]
    if found[0] is None or found[1] is None:
        return None
    (value, slope), (other, other_slope) = found[0], found[1]
    half = _half_width(slope - other_slope, weight)
    return value - other - half, value - other + half


def rightly(target: Target, probs: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each row is answered rightly, every label of it where it has several."""
    right = predicted(target.values, probs) == target.values
    return np.asarray(right if right.ndim == 1 else right.all(axis=1))


def effective(rows: int, weight: Array | None) -> float:
    """Kish's effective number of rows.

    >>> effective(4, np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    return float(rows) if weight is None else float(weight.sum() ** 2 / np.square(weight).sum())


def wilson(share: float, n: float) -> Interval:
    """Wilson's interval for a share of n rows.

    >>> low, high = wilson(0.5, 100)
    >>> round(low, 4), round(high, 4)
    (0.4038, 0.5962)
    """
    center = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, min(center - half, share)), min(1.0, max(center + half, share))


def paired(gained: float, lost: float, n: float) -> Interval:
    """The interval of a difference of two shares on the same n rows; `gained` and `lost` are the shares of the rows
    that only the one, and only the other, has right.

    >>> low, high = paired(0.10, 0.02, 100)
    >>> low > 0, high < 0.16
    (True, True)
    """
    more = n + 2
    gained, lost = (gained * n + 0.5) / more, (lost * n + 0.5) / more
    half = Z * math.sqrt(max(0.0, gained + lost - (gained - lost) ** 2) / more)
    return max(-1.0, gained - lost - half), min(1.0, gained - lost + half)


def over_seeds(values: Sequence[float]) -> tuple[float, Interval | None]:
    """The mean, and Student's interval for it; None for a single value.

    >>> mean, interval = over_seeds([0.96, 0.98])
    >>> round(mean, 2), [round(end, 2) for end in interval]
    (0.97, [0.84, 1.1])
    """
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, None
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    half = student(len(values) - 1) * deviation / math.sqrt(len(values))
    return mean, (mean - half, mean + half)


def student(freedom: float) -> float:
    """The 97.5 % quantile of Student's t.

    >>> round(student(10), 4)
    2.2281
    """
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + LEVEL / 2))


def _numbers(target: Target, y: Array, weight: Array | None) -> Mapping[str, tuple[float, Array]]:
    """r2, rmse and mae with their derivative by each row's weight, (n_samples,), as means over the outputs."""
    t, w = target.values, np.ones(len(y)) if weight is None else weight
    if effective(len(w), weight) < FEWEST:
        return {}
    share = (w / w.sum())[:, None]
    squares, spread = (y - t) ** 2, (t - (share * t).sum(axis=0)) ** 2
    mse, variance = (share * squares).sum(axis=0), (share * spread).sum(axis=0)
    away = np.abs(y - t)
    mae = (share * away).sum(axis=0)
    found = {"mae": (float(mae.mean()), (away - mae).mean(axis=1))}
    if (mse > 0).all():
        found["rmse"] = (float(np.sqrt(mse).mean()), ((squares - mse) / (2 * np.sqrt(mse))).mean(axis=1))
    if (variance > 0).all():
        ratio = mse / variance
        found["r2"] = (float(1 - ratio.mean()), -((squares - ratio * spread) / variance).mean(axis=1))
    return found


def _half_width(slope: Array, weight: Array | None) -> float:
    """Half the interval of a score whose derivatives by the rows are these."""
    w = np.ones(len(slope)) if weight is None else weight
    n = effective(len(slope), weight)
    deviation = math.sqrt(float(np.square(w * slope).sum()) / float(w.sum()) ** 2 * n / (n - 1))
    return student(n - 1) * deviation


def _logarithmic(value: float, slope: Array, weight: Array | None) -> Interval:
    """The interval of a value above 0, equally wide by its logarithm on both sides."""
    if value <= 0:
        return value, value
    factor = math.exp(min(_half_width(slope, weight) / value, 700.0))
    return value / factor, value * factor
