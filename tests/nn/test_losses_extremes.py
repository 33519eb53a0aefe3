"""Losses on logits far out, against 60-digit arithmetic: every digit counts, and nothing overflows."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from multilayer.nn import losses

SIZES = [1e-30, 1.0, 40.0, 88.8, 1e4, 1e30]
LOGITS = [0.0, *SIZES, *(-size for size in SIZES)]
ULPS = 8


def softplus(x: mpf) -> mpf:
    return x + mpmath.log1p(mpmath.exp(-x)) if x > 0 else mpmath.log1p(mpmath.exp(x))


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


def close(got: float, exact: mpf, dtype: Any, ulps: float = ULPS, at_least: float = 0.0) -> bool:
    """Within some units of the last place of `exact` or `at_least`; below the least normal number, below it."""
    limits = np.finfo(dtype)
    size = max(abs(exact), mpf(at_least))
    if size < limits.tiny:
        return abs(float(got)) <= limits.tiny
    unit = mpmath.ldexp(1, int(mpmath.floor(mpmath.log(size, 2))) - limits.nmant)
    return bool(abs(mpf(float(got)) - exact) <= ulps * unit)


def by_hand(name: str, x: mpf, t: mpf) -> tuple[mpf, mpf]:
    c = t
    short = max(mpf(0), 1 - c * x)
    return {
        "log": lambda: (softplus(-c * x), -c * sigmoid(-c * x)),
        "sigmoid_cross_entropy": lambda: (
            t * softplus(-x) + (1 - t) * softplus(x),
            (1 - t) * sigmoid(x) - t * sigmoid(-x),
        ),
        "hinge": lambda: (short, -c if short else mpf(0)),
        "squared_hinge": lambda: (short**2, -2 * c * short),
    }[name]()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("log", [-1.0, 1.0]),
        ("sigmoid_cross_entropy", [0.0, 0.3, 1.0]),
        ("hinge", [-1.0, 1.0]),
        ("squared_hinge", [-1.0, 1.0]),
    ],
)
def test_losses_on_one_logit(name: str, targets: list[float], dtype: Any) -> None:
    with mpmath.workdps(60):
        for logit, target in itertools.product(LOGITS, targets):
            y = np.array([[logit]], dtype=dtype)
            value, dy = losses.get(name)(y, [target])
            exact, slope = by_hand(name, mpf(float(y[0, 0])), mpf(target))
            assert close(value, exact, np.float64), (logit, target, value, exact)
            share = target if 0 < target < 1 else 0.0  # p - t cancels between shares
            assert close(dy[0, 0], slope, dtype, at_least=share), (logit, target, dy, slope)


def triples() -> list[tuple[float, ...]]:
    rng = np.random.default_rng(0)
    return [*itertools.product(LOGITS, repeat=2), *(tuple(rng.choice(LOGITS, size=3)) for _ in range(60))]


def rounded_differences(x: Any) -> float:
    """Float64 units that exp loses when x_a - x_k is not a float64 number: the difference's absolute rounding."""
    differences = [(mpf(float(max(x) - logit)), mpf(float(max(x))) - mpf(float(logit))) for logit in x]
    return max(float(min(abs(got - exact) * 2**53, 750)) for got, exact in differences)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy(dtype: Any) -> None:
    scale = float(np.finfo(np.float64).eps / np.finfo(dtype).eps)
    with mpmath.workdps(60):
        for row in triples():
            y = np.array([row], dtype=dtype)
            x = [mpf(float(logit)) for logit in y[0]]
            top = max(x)
            e = [mpmath.exp(logit - top) for logit in x]
            a = x.index(top)
            rest = sum((e[k] for k in range(len(x)) if k != a), mpf(0))
            lost = rounded_differences(y[0].astype(float))
            for c in range(len(row)):
                value, dy = losses.get("cross_entropy")(y, [c])
                assert close(value, (top - x[c]) + mpmath.log1p(rest), np.float64, ULPS + lost), (row, c, value)
                others = sum((e[k] for k in range(len(x)) if k != c), mpf(0))
                for k in range(len(row)):
                    slope = -others / (1 + rest) if k == c else e[k] / (1 + rest)
                    assert close(dy[0, k], slope, dtype, ULPS + lost * scale), (row, c, k, dy, slope)


@pytest.mark.parametrize("name", ["cross_entropy", "max_margin"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_batches_of_extreme_logits_stay_finite(name: str, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    y = rng.choice(LOGITS, size=(2000, 5)).astype(dtype)
    for loss in (losses.get(name), losses.get({"name": name, "reduction": "sum"})):
        value, dy = loss(y, rng.integers(0, 5, size=2000), rng.uniform(0, 2, size=2000))
        assert np.isfinite(value)
        assert np.isfinite(dy).all()
