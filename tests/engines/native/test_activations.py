"""The native activations have the bits of docs/arithmetic.md, section 5.9, and are close to nn and to PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multilayer import exact, nn
from multilayer.arrays import Array
from multilayer.engines.native import instruction_sets
from tests.engines.native.optimizer_page import fma, larger, smaller
from tests.engines.native.probes import probes
from tests.scale import cases

PRECISIONS = (np.float32, np.float64)
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 2.0**-149, -(2.0**-149), 2.0**-1074, -(2.0**-1074)]
FAR = [1e-30, -1e-30, 20.0, -20.0, 40.5, -40.5, 100.0, -104.5, 745.0, -745.5, 1e30, -1e30]
COUNT = cases(normal=300, accept=20000)

SCALE = float.fromhex("0x1.0cfabd6a91132p+0")
DEPTH = float.fromhex("0x1.c212cc640f030p+0")
ROOT = float.fromhex("0x1.6a09e667f3bcdp-1")
DENSITY = float.fromhex("0x1.9884533d43651p-2")

OPTIONS: dict[str, dict[str, float]] = {"leaky_relu": {"slope": 0.1}, "elu": {"alpha": 0.7}}
NAMES = (
    *("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus"),
    *("softsign", "ramp", "sine"),
)


@pytest.fixture(params=instruction_sets(), scope="module")
def native(request):
    return probes(request.param)


def page(name: str, x: Array, dy: Array) -> tuple[Array, Array]:
    """y and dx, row by row of the table."""
    t: Any = x.dtype.type
    zero, one, half = t(0), t(1), t(0.5)
    option = t(*OPTIONS.get(name, {"": 0.0}).values())
    match name:
        case "identity":
            return x, dy
        case "sigmoid":
            y = exact.sigmoid(x)
            return y, dy * (y * (one - y))
        case "tanh":
            y = exact.tanh(x)
            return y, dy * fma(-y, y, one)
        case "relu":
            return np.where(np.isnan(x), x, np.where(x > 0, x, zero)), np.where(x > 0, dy, zero)
        case "leaky_relu":
            return np.where(x > 0, x, option * x), np.where(x > 0, dy, option * dy)
        case "elu":
            below = option * exact.expm1(smaller(x, zero))
            return np.where(x > 0, x, below), np.where(x > 0, dy, dy * (below + option))
        case "selu":
            below = t(DEPTH) * exact.expm1(smaller(x, zero))
            return np.where(x > 0, t(SCALE) * x, below), dy * np.where(x > 0, t(SCALE), below + t(DEPTH))
        case "gelu":
            share = half * (one + exact.erf(x * t(ROOT)))
            c = smaller(larger(x, t(-40)), t(40))
            return x * share, dy * fma(x, exact.exp((-half * c) * c) * t(DENSITY), share)
        case "silu":
            s = exact.sigmoid(x)
            return x * s, dy * (s * fma(x, one - s, one))
        case "mish":
            s = exact.tanh(exact.softplus(x))
            return x * s, dy * fma(x * fma(-s, s, one), exact.sigmoid(x), s)
        case "softplus":
            return exact.softplus(x), dy * exact.sigmoid(x)
        case "softsign":
            s = one / (one + np.abs(x))
            return x / (one + np.abs(x)), dy * (s * s)
        case "ramp":
            return smaller(larger(x, -one), one), np.where(np.abs(x) < 1, dy, zero)
        case "sine":
            return exact.sin(x), dy * exact.cos(x)
    raise AssertionError(name)


def numbers(precision: Any, count: int = COUNT) -> tuple[Array, Array]:
    """Inputs of every kind, and as many derivatives."""
    rng = np.random.default_rng(5)
    x = np.concatenate([SPECIAL, FAR, rng.normal(size=count), 6 * rng.normal(size=count)])
    with np.errstate(under="ignore"):
        return x.astype(precision), rng.normal(size=x.size).astype(precision)


def same_bits(found: Array, expected: Array) -> None:
    """The same numbers, zeros with the same sign, and NaN in the same places."""
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[number], np.signbit(expected)[number])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_bits_of_the_page(native, name, precision):
    x, dy = numbers(precision)
    y, dx = native.activation({"name": name, **OPTIONS.get(name, {})}, x, dy)
    with np.errstate(all="ignore"):
        expected = page(name, x, dy)
    same_bits(y, expected[0])
    same_bits(dx, expected[1])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_step_predicts_and_does_not_train(native, precision):
    x = np.array([-1.0, -0.0, 0.0, 2.0, np.inf, -np.inf, np.nan], precision)
    y, dx = native.activation({"name": "step"}, x, x)
    same_bits(y, np.array([0, 1, 1, 1, 1, 0, np.nan], precision))
    assert dx is None


def test_an_unknown_name_is_refused(native):
    with pytest.raises(ValueError, match="There is no activation 'relo'"):
        native.activation({"name": "relo"}, np.zeros(1), np.zeros(1))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_close_to_the_reference(native, name, precision):
    x = np.linspace(-6, 6, 301).astype(precision)
    dy = np.linspace(1, -2, 301).astype(precision)
    entry = {"name": name, **OPTIONS.get(name, {})}
    y, backward = nn.Activation(**entry).forward(x, training=True)
    found = native.activation(entry, x, dy)
    close = 1e-6 if precision is np.float32 else 1e-14
    np.testing.assert_allclose(found[0], y, rtol=close, atol=close)
    np.testing.assert_allclose(found[1], backward(dy), rtol=close, atol=4 * close)


TORCH = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "mish": "mish",
    "softplus": "softplus",
    "softsign": "softsign",
}


@pytest.mark.parametrize("name", TORCH)
def test_close_to_torch(native, name):
    torch = pytest.importorskip("torch")
    x = torch.linspace(-5, 5, 201, dtype=torch.float64, requires_grad=True)
    y = getattr(torch.nn.functional, TORCH[name])(x)
    (dx,) = torch.autograd.grad(y, x, torch.ones_like(y))
    found = native.activation({"name": name}, x.detach().numpy(), np.ones(201))
    np.testing.assert_allclose(found[0], y.detach().numpy(), rtol=1e-12, atol=1e-8 if name == "softplus" else 1e-14)
    np.testing.assert_allclose(found[1], dx.numpy(), rtol=1e-12, atol=1e-8 if name == "softplus" else 1e-14)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_prelu(native, precision):
    rng = np.random.default_rng(3)
    x, dy = (rng.normal(size=(37, 21)).astype(precision) for _ in range(2))
    x[:3, 0] = 0.0, -0.0, np.nan
    x[0, 1], x[1, 2] = np.inf, -np.inf
    slopes = rng.normal(size=21).astype(precision)
    y, dx, gradient = native.prelu(x, slopes, dy)
    same_bits(y.reshape(x.shape), np.where(x > 0, x, slopes * x))
    same_bits(dx.reshape(x.shape), np.where(x > 0, dy, slopes * dy))
    expected = np.zeros(21, precision)
    for row, derivative in zip(x, dy, strict=True):
        expected = fma(np.where(row > 0, precision(0), row), derivative, expected)
    same_bits(gradient, expected)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("n", [1, 2, 10])
def test_softmax(native, n, precision):
    rng = np.random.default_rng(n)
    x = (3 * rng.normal(size=(43, n))).astype(precision)
    x[0], x[1], x[2, -1], x[3, 0], x[4, -1], x[5, -1], x[6] = 0.0, 1e30, 1e30, np.nan, np.nan, -np.inf, np.inf
    dy = rng.normal(size=x.shape).astype(precision)
    y, dx = native.softmax(x, dy)
    with np.errstate(all="ignore"):
        powers = exact.exp(x - x.max(axis=1, keepdims=True))
        total = along(powers, lambda term, s: s + term)
        expected = powers / total[:, None]
        s = along(np.stack([dy, expected], axis=2), lambda term, s: fma(term[..., 0], term[..., 1], s))
        same_bits(y.reshape(x.shape), expected)
        same_bits(dx.reshape(x.shape), expected * (dy - s[:, None]))


def along(terms: Array, add: Any) -> Array:
    """The chain over axis 1, from 0."""
    value = np.zeros(len(terms), terms.dtype)
    for j in range(terms.shape[1]):
        value = add(terms[:, j], value)
    return value
