"""Temperature scaling: one number that makes probabilities honest (Guo et al., ICML 2017)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from multilayer import exact
from multilayer.arrays import Array
from multilayer.data import METRICS

LEAST, MOST = 0.05, 20.0
SECTIONS = 40
GOLDEN = (math.sqrt(5) - 1) / 2
LEAST_PROBABILITY = 2.0**-60


def tempered(probs: Array, temperature: float, several: bool) -> Array:
    """Probabilities whose logits are divided by `temperature`: of classes (n, k) that exclude each other, or of
    `several` labels a row, each by itself."""
    logs = exact.log(np.maximum(probs, LEAST_PROBABILITY)) / temperature
    powers = exact.exp(logs - logs.max(axis=1, keepdims=True)) if not several else exact.exp(logs)
    if several:
        others = exact.exp(exact.log(np.maximum(1 - probs, LEAST_PROBABILITY)) / temperature)
        return np.asarray(powers / (powers + others))
    total = powers[:, :1].copy()
    for column in powers.T[1:]:
        total += column[:, None]
    return np.asarray(powers / total)


def best_temperature(probs: Array, target: npt.NDArray[np.generic], weight: Array | None) -> float:
    """The temperature of least log loss, by golden sections of its logarithm.

    >>> round(best_temperature(np.array([[0.99, 0.01]] * 4), np.array([0, 0, 0, 1]), None), 2)
    4.18
    """
    several = target.ndim == 2

    def cost(log_temperature: float) -> float:
        temperature = float(exact.exp(np.float64(log_temperature)))
        return METRICS["log_loss"](target, tempered(probs, temperature, several), weight)

    low, high = math.log(LEAST), math.log(MOST)
    for _ in range(SECTIONS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        low, high = (low, right) if cost(left) <= cost(right) else (left, high)
    return float(exact.exp(np.float64((low + high) / 2)))
