"""The native losses have the bits of docs/arithmetic.md, section 5.10, and are close to nn and to PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from multilayer import exact
from multilayer.arrays import Array
from multilayer.engines.native import instruction_sets
from multilayer.nn import losses
from tests.engines.native.optimizer_page import fma, larger, smaller
from tests.engines.native.probes import probes
from tests.engines.native.test_activations import PRECISIONS, along, same_bits
from tests.scale import cases

ROWS = cases(normal=53, accept=2000)
OPTIONS: dict[str, dict[str, float]] = {
    "squared_error": {},
    "absolute_error": {},
    "huber": {"delta": 0.7},
    "quantile": {"q": 0.3},
    "log": {},
    "sigmoid_cross_entropy": {},
    "hinge": {"margin": 1.1},
    "squared_hinge": {"margin": 0.9},
    "poisson": {},
    "gaussian_nll": {},
    "cross_entropy": {"label_smoothing": 0.0},
    "max_margin": {"margin": 1.3},
}
OF_CLASSES = ("cross_entropy", "max_margin")
PAIRS = (*OF_CLASSES, "gaussian_nll")  # take two outputs or more
OF_OUTPUTS = tuple(name for name in OPTIONS if name not in OF_CLASSES)


@pytest.fixture(params=instruction_sets(), scope="module")
def native(request):
    return probes(request.param)


def evaluated(native: Any, entry: dict[str, Any], x: Array, target: Array, stride: int = 1) -> tuple[Array, Array]:
    """The rows' sums and the slopes; the sums are the same without slopes."""
    sums, slopes, alone = native.loss(entry, x, target, stride)
    same_bits(alone, sums)
    return sums, slopes.reshape(x.shape)


def targets(name: str, rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    if name in ("log", "hinge", "squared_hinge"):
        return rng.choice([-1.0, 1.0], size=shape)
    if name == "sigmoid_cross_entropy":
        return rng.integers(0, 2, size=shape).astype(np.float64)
    if name == "poisson":
        return rng.poisson(2.0, size=shape).astype(np.float64)
    if name in OF_CLASSES:
        return rng.integers(0, shape[1], size=(shape[0], 1)).astype(np.float64)
    return rng.normal(size=(shape[0], shape[1] // 2 if name == "gaussian_nll" else shape[1]))


def problem(name: str, precision: Any, k: int, special: bool = True) -> tuple[Array, Array]:
    """Outputs and targets, with ties, zeros, infinities and NaN among the outputs."""
    rng = np.random.default_rng([k, *name.encode()])
    x = 3 * rng.normal(size=(ROWS, k))
    target = targets(name, rng, x.shape)
    if special:
        x[0], x[1, 0], x[2, -1], x[3, 0], x[4, -1], x[5], x[6] = 0.0, np.nan, np.nan, np.inf, -np.inf, 2.0, -0.0
        x[7], x[8], x[9], x[10, 0], x[11, -1] = np.inf, -np.inf, 1.0, 1e38, -1e30
        x[12, 0], x[12, -1] = 3e38, -3e38
        if target.shape == x.shape:
            x[13:20] = target[13:20]  # no error at all
            x[20:24] = target[20:24] * 1.1  # near the margins
    return x.astype(precision), target.astype(precision)


def sign(e: Array) -> Array:
    return np.where(e == 0, e.dtype.type(0), np.sign(e))


def page_of_outputs(name: str, x: Array, target: Array) -> tuple[Array, Array]:
    """l and slope of every output, row by row of the table."""
    t: Any = x.dtype.type
    zero, half = t(0), t(0.5)
    number = next(iter(OPTIONS[name].values()), 0.0)
    option = t(number)
    match name:
        case "squared_error":
            e = x - target
            return (half * e) * e, e
        case "absolute_error":
            e = x - target
            return np.abs(e), sign(e)
        case "huber":
            e = x - target
            s = smaller(larger(e, -option), option)
            return s * (e - half * s), s
        case "quantile":
            e = target - x
            s = np.where(e == 0, zero, np.where(e > 0, -option, t(1 - number)))
            return -s * e, s
        case "log" | "sigmoid_cross_entropy":
            c = target if name == "log" else t(2) * target - t(1)
            u = -c * x
            return exact.softplus(u), -c * exact.sigmoid(u)
        case "hinge":
            s = larger(np.zeros_like(x), option - target * x)
            return s, np.where(s > 0, -target, zero)
        case "squared_hinge":
            s = larger(np.zeros_like(x), option - target * x)
            return s * s, (t(-2) * target) * s
        case "poisson":
            p = exact.exp(x)
            return fma(-target, x, p), p - target
        case "gaussian_nll":
            mean, v = np.hsplit(x, 2)
            e = mean - target
            p = exact.exp(-v)
            z = (e * e) * p
            return half * (v + z), np.hstack([e * p, half * (t(1) - z)])
    raise AssertionError(name)


def cross_entropy(x: Array, code: int, a: float) -> tuple[Any, Array]:
    """l and the slopes of one row."""
    t: Any = x.dtype.type
    k = len(x)
    low = a / k
    own = np.arange(k) == code
    share = np.where(own, t((1 - a) + low), t(low))
    complement = np.where(own, t(a - low), t(1 - low))
    i = int(np.argmax(x))
    below = x[i] - x
    powers = exact.exp(-below)
    rest = t(0)
    for j in range(k):
        rest = rest if j == i else rest + powers[j]
    total, g, loss = t(1) + rest, exact.log1p(rest), t(0)
    for j in range(k):
        loss = fma(share[j], below[j] + g, loss)[()]
    others = np.where(below > 0, t(1) + (rest - powers), rest)
    return loss, (powers / total) * complement - share * (others / total)


def max_margin(x: Array, code: int, margin: float) -> tuple[Any, Array]:
    t: Any = x.dtype.type
    rivals = np.delete(np.arange(len(x)), code)
    i = rivals[np.argmax(x[rivals])]
    s = larger(t(0), (x[i] - x[code]) + t(margin))
    slope = np.zeros_like(x)
    if s > 0:
        slope[i], slope[code] = 1, -1
    return s, slope


def page(name: str, x: Array, target: Array, options: dict[str, float]) -> tuple[Array, Array]:
    """R of every row, and the slopes."""
    if name in OF_OUTPUTS:
        loss, slope = page_of_outputs(name, x, target)
        return along(loss.astype(np.float64), lambda term, s: s + term), slope
    of_row: Callable[..., tuple[Any, Array]] = cross_entropy if name == "cross_entropy" else max_margin
    (option,) = options.values()
    sums, slope = np.zeros(len(x)), np.zeros_like(x)
    for i, row in enumerate(x):
        if np.isnan(row).any():
            sums[i] = slope[i] = np.nan
        else:
            loss, slope[i] = of_row(row, int(target[i, 0]), option)
            sums[i] = 0.0 + np.float64(loss)
    return sums, slope


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("name", "k"), [(name, k) for name in OPTIONS for k in (1, 2, 10) if k > 1 or name not in PAIRS]
)
def test_bits_of_the_page(native, name, k, precision):
    x, target = problem(name, precision, k)
    sums, slopes = evaluated(native, {"name": name, **OPTIONS[name]}, x, target)
    with np.errstate(all="ignore"):
        expected = page(name, x, target, OPTIONS[name])
    same_bits(sums, expected[0])
    same_bits(slopes, expected[1])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("smoothing", [0.1, 0.9, 1e-60])
def test_label_smoothing_has_the_bits_of_the_page(native, smoothing, precision):
    options = {"label_smoothing": smoothing}
    x, target = problem("cross_entropy", precision, 5)
    sums, slopes = evaluated(native, {"name": "cross_entropy", **options}, x, target)
    with np.errstate(all="ignore"):
        expected = page("cross_entropy", x, target, options)
    same_bits(sums, expected[0])
    same_bits(slopes, expected[1])


@pytest.mark.parametrize("name", OF_CLASSES)
def test_ties_of_every_kind(native, name):
    """Every row of three logits out of a few values, with every class."""
    values = [-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf]
    rows = np.stack(np.meshgrid(values, values, values), axis=-1).reshape(-1, 3).astype(np.float32)
    x, target = np.tile(rows, (3, 1)), np.repeat([[0], [1], [2]], len(rows), axis=0).astype(np.float32)
    sums, slopes = evaluated(native, {"name": name, **OPTIONS[name]}, x, target)
    with np.errstate(all="ignore"):
        expected = page(name, x, target, OPTIONS[name])
    same_bits(sums, expected[0])
    same_bits(slopes, expected[1])


@pytest.mark.parametrize("name", OPTIONS)
def test_outputs_may_lie_apart(native, name):
    x, target = problem(name, np.float32, 4)
    entry = {"name": name, **OPTIONS[name]}
    together, apart = evaluated(native, entry, x, target), evaluated(native, entry, x, target, stride=3)
    same_bits(apart[0], together[0])
    same_bits(apart[1], together[1])


def test_an_unknown_name_is_refused(native):
    with pytest.raises(ValueError, match="There is no loss 'mse'"):
        native.loss({"name": "mse"}, np.zeros((1, 1)), np.zeros((1, 1)))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("k", [2, 10])
@pytest.mark.parametrize("name", OPTIONS)
def test_close_to_the_reference(native, name, k, precision):
    x, target = problem(name, precision, k, special=False)
    entry = {"name": name, **OPTIONS[name]}
    sums, slopes = evaluated(native, entry, x, target)
    value, dy = losses.get({**entry, "reduction": "sum"})(x, target)
    close = 1e-5 if precision is np.float32 else 1e-12
    np.testing.assert_allclose(sums.sum(), value, rtol=close)
    np.testing.assert_allclose(slopes, dy, rtol=close, atol=close)


TORCH: dict[str, tuple[str, dict[str, Any]]] = {
    "squared_error": ("mse_loss", {}),
    "absolute_error": ("l1_loss", {}),
    "huber": ("huber_loss", {"delta": 0.7}),
    "sigmoid_cross_entropy": ("binary_cross_entropy_with_logits", {}),
    "poisson": ("poisson_nll_loss", {}),
    "cross_entropy": ("cross_entropy", {"label_smoothing": 0.1}),
}


@pytest.mark.parametrize("name", TORCH)
def test_close_to_torch(native, name):
    torch = pytest.importorskip("torch")
    x, target = problem(name, np.float64, 10, special=False)
    function, options = TORCH[name]
    entry = {"name": name, **(options if name == "cross_entropy" else OPTIONS[name])}
    sums, slopes = evaluated(native, entry, x, target)
    of = torch.tensor(x, requires_grad=True)
    wanted = torch.tensor(target[:, 0].astype(np.int64) if name == "cross_entropy" else target)
    value = getattr(torch.nn.functional, function)(of, wanted, reduction="sum", **options)
    (slope,) = torch.autograd.grad(value, of)
    factor = 0.5 if name == "squared_error" else 1.0  # ours is half of theirs
    np.testing.assert_allclose(sums.sum(), factor * value.item(), rtol=1e-12)
    np.testing.assert_allclose(slopes, factor * slope.numpy(), rtol=1e-10, atol=1e-13)
