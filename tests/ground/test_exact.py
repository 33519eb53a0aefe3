"""The elementary functions against mpmath, over the whole range of their arguments."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from multilayer import exact
from multilayer.errors import UsageError
from multilayer.exact.circle import PI_BITS, scaled_half_pi
from tests.scale import cases

N = cases(normal=250, accept=20_000)
BITS = 160


def spread(low: float, high: float, n: int = N) -> np.ndarray:
    return np.random.default_rng(1).uniform(low, high, n)


def sizes(low: float, high: float, n: int = N) -> np.ndarray:
    """Of either sign, with uniform binary exponents."""
    generator = np.random.default_rng(2)
    signed: np.ndarray = np.exp2(generator.uniform(low, high, n)) * generator.choice([-1.0, 1.0], n)
    return signed


def near_one() -> np.ndarray:
    return 1 + sizes(-52, -1)


def quantile(p: Any) -> Any:
    """SciPy's quantile, made exact by Halley's steps."""
    if p > 0.5:
        return -quantile(1 - p)
    x = mpmath.mpf(float(special.ndtri(float(p))))
    for _ in range(3):
        rest = (mpmath.erfc(-x / mpmath.sqrt(2)) / 2 - p) * mpmath.sqrt(2 * mpmath.pi) * mpmath.exp(x * x / 2)
        x -= rest / (1 + x * rest / 2)
    return x


def tiny(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function, which is x to 300 bits near 0."""
    return lambda x: x if abs(x) < mpmath.mpf(2) ** -300 else function(x)


LOGS = [np.abs(sizes(-1074, 1023.9)), spread(0.5, 2), near_one()]
ANGLES = [
    spread(-10, 10),
    spread(-1e6, 1e6),
    sizes(-1074, 20),
    np.rint(spread(-6e5, 6e5)) * (math.pi / 2),  # next to the zeros
    sizes(19, 1023.9, N // 10),
]
HYPERBOLIC = [spread(-710.4, 710.4), spread(-3, 3), sizes(-1074, 5)]
CURVES = [spread(-745, 40), spread(-3, 3)]

# name: truth, arguments, largest error in float64, in float32
FUNCTIONS: dict[str, tuple[Callable[[Any], Any], list[np.ndarray], float, float]] = {
    "exp": (mpmath.exp, [spread(-745.2, 709.7), spread(-1, 1), spread(-745, -708), sizes(-60, 0)], 0.8, 1.07),
    "expm1": (tiny(mpmath.expm1), [spread(-40, 709.7), spread(-1.5, 1.5), sizes(-1070, 0)], 1.1, 1.15),
    "log": (mpmath.log, LOGS, 0.85, 0.86),
    "log1p": (
        tiny(mpmath.log1p),
        [sizes(-1074, -0.01), spread(-0.99, 1.5), np.abs(sizes(0, 1020)), np.abs(sizes(-52, 0)) - 1],
        0.85,
        0.86,
    ),
    "log2": (lambda x: mpmath.log(x, 2), LOGS, 0.51, 0.51),
    "sin": (tiny(mpmath.sin), ANGLES, 0.8, 0.51),
    "cos": (mpmath.cos, ANGLES, 0.8, 0.51),
    "sinh": (tiny(mpmath.sinh), HYPERBOLIC, 2.0, 0.51),
    "cosh": (mpmath.cosh, HYPERBOLIC, 1.2, 0.51),
    "tanh": (tiny(mpmath.tanh), [spread(-20, 20), spread(-2, 2), sizes(-1074, 2)], 2.0, 1.5),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), CURVES, 2.4, 2.5),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)) if x > -99 else mpmath.exp(x), CURVES, 1.5, 1.7),
    "erf": (mpmath.erf, [spread(-6, 6), spread(-2, 2), sizes(-1070, 1)], 1.2, 1.13),
    "normal_quantile": (
        quantile,
        [spread(0, 1, N // 5), np.abs(sizes(-1060, -1, N // 5)), 1 - np.abs(sizes(-53, -1, N // 5))],
        6.0,
        0.51,
    ),
}


def error(found: float, truth: Any, digits: int, smallest: int) -> float:
    """In units in the last place of the truth."""
    if truth == 0 or math.isinf(found):
        return 0.0 if found == truth else math.inf
    unit = mpmath.mpf(2) ** max(int(mpmath.frexp(truth)[1]) - digits, smallest)
    return float(abs(found - truth) / unit)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float64_is_within_its_stated_error(name: str) -> None:
    truth, arguments, bound, _ = FUNCTIONS[name]
    x = np.concatenate(arguments)
    with mpmath.workprec(BITS):
        for argument, found in zip(x.tolist(), getattr(exact, name)(x).tolist(), strict=True):
            with mpmath.workprec(1300 if abs(argument) > 1e6 and name in ("sin", "cos") else BITS):
                expected = truth(mpmath.mpf(argument))
            assert error(found, expected, 53, -1074) <= bound, argument


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_is_within_its_stated_error(name: str) -> None:
    """Against the float64 function, 2^29 times finer; the arguments are spread over all bit patterns."""
    n = cases(normal=40_000, accept=16_000_000)
    stride = 2**32 // n | 1
    for start in range(0, 2**32, 2**28):
        patterns = np.arange(start, start + 2**28, stride, dtype=np.uint32).view(np.float32)
        x = np.concatenate([patterns[np.abs(patterns) < 1e5], np.linspace(-9, 9, n // 100, dtype=np.float32)])
        found, truth = getattr(exact, name)(x), getattr(exact, name)(x.astype(np.float64))
        assert found.dtype == np.float32
        assert (np.isnan(found) == np.isnan(truth)).all()
        assert np.isinf(found[np.abs(truth) > 3.4028236e38]).all()
        ordinary = np.abs(truth) < 3.4028234e38
        unit = np.ldexp(1.0, np.maximum(np.frexp(truth[ordinary])[1] - 24, -149))
        errors = np.abs(found[ordinary] - truth[ordinary]) / unit
        assert errors.max(initial=0.0) <= FUNCTIONS[name][3], x[ordinary][errors.argmax()]


# Values at the special arguments 0, -0, inf, -inf, NaN, as C's annex F has them.
NAN, INF = math.nan, math.inf
SPECIAL = {
    "exp": (1.0, 1.0, INF, 0.0, NAN),
    "expm1": (0.0, -0.0, INF, -1.0, NAN),
    "log": (-INF, -INF, INF, NAN, NAN),
    "log1p": (0.0, -0.0, INF, NAN, NAN),
    "log2": (-INF, -INF, INF, NAN, NAN),
    "sin": (0.0, -0.0, NAN, NAN, NAN),
    "cos": (1.0, 1.0, NAN, NAN, NAN),
    "sinh": (0.0, -0.0, INF, -INF, NAN),
    "cosh": (1.0, 1.0, INF, INF, NAN),
    "tanh": (0.0, -0.0, 1.0, -1.0, NAN),
    "sigmoid": (0.5, 0.5, 1.0, 0.0, NAN),
    "softplus": (math.log(2), math.log(2), INF, 0.0, NAN),
    "erf": (0.0, -0.0, 1.0, -1.0, NAN),
    "normal_quantile": (-INF, -INF, NAN, NAN, NAN),
}


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_special_values_without_warnings(name: str, precision: type) -> None:
    x: np.ndarray = np.array([0.0, -0.0, INF, -INF, NAN], dtype=precision)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = getattr(exact, name)(x)
    expected: np.ndarray = np.array(SPECIAL[name], dtype=precision)
    assert all(map(same, found.tolist(), expected.tolist())), found


EDGES = [
    ("exp", 709.7827128933841, INF),
    ("exp", 709.782712893384, 1.7976931348622732e308),
    ("exp", -745.1332191019412, 5e-324),
    ("exp", -745.1332191019413, 0.0),
    ("expm1", 709.7827128933841, INF),
    ("sinh", 710.4758600739439, 1.7976931348621744e308),
    ("sinh", -710.4758600739440, -INF),
    ("cosh", 710.4758600739440, INF),
    ("log", 5e-324, -744.4400719213812),
    ("log", -1.0, NAN),
    ("log1p", -1.0, -INF),
    ("log1p", -1.0000000000000002, NAN),
    ("log2", 5e-324, -1074.0),
    ("log2", 2.0**1023, 1023.0),
    ("normal_quantile", 0.5, 0.0),
    ("normal_quantile", 1.0, INF),
    ("normal_quantile", 1.0000000000000002, NAN),
    ("normal_quantile", -5e-324, NAN),
    ("sin", 1.7976931348623157e308, 0.004961954789184062),
    ("cos", 1.7976931348623157e308, -0.9999876894265599),
]


@pytest.mark.parametrize(("name", "x", "value"), EDGES)
def test_edges_of_the_range(name: str, x: float, value: float) -> None:
    found = getattr(exact, name)(x)
    assert same(found, value) or found == pytest.approx(value, rel=4e-16), found


ENDS = [0.0, 1.0, 2.0, 0.5, 3.0, INF, 1e300, 5e-324, 16.0, 17.0, 1e16, 2.5, 2.0**53 + 2, 2.0**53 - 1]
SIGNED_ENDS = [sign * end for end in ENDS for sign in (1.0, -1.0)] + [NAN]


def c_power(x: float, y: float) -> float:
    """The C library's pow, of which Python makes exceptions."""
    negative = math.copysign(1, x) < 0 and math.isfinite(y) and y % 2 == 1
    try:
        return math.pow(x, y)
    except OverflowError:
        return -INF if negative else INF
    except ValueError:
        return NAN if x < 0 else -INF if negative else INF


def test_power_at_the_ends_is_that_of_c() -> None:
    for x, y in itertools.product(SIGNED_ENDS, SIGNED_ENDS):
        expected, found = c_power(x, y), exact.power(x, y)
        assert same(found, expected) or found == pytest.approx(expected, rel=1e-14), (x, y)


def test_power_is_within_its_stated_error() -> None:
    generator = np.random.default_rng(4)
    n = cases(normal=2000, accept=100_000)
    x = np.exp2(generator.uniform(-40, 40, n))
    y = generator.uniform(-1020, 1020, n) / np.maximum(np.abs(np.log2(x)), 1)
    for found, a, b in zip(exact.power(x, y).tolist(), x.tolist(), y.tolist(), strict=True):
        with mpmath.workprec(BITS):
            assert error(found, mpmath.mpf(a) ** mpmath.mpf(b), 53, -1074) <= 0.8, (a, b)


def test_small_integer_powers_are_products() -> None:
    x = np.concatenate([spread(-3, 3), [0.1, -7.0]])
    squares = x * x
    fourth = squares * squares
    for n, product in ((0, np.ones_like(x)), (1, x), (2, squares), (3, squares * x), (5, fourth * x), (4, fourth)):
        assert exact.power(x, float(n)).tolist() == product.tolist()
    assert exact.power(2.0, -1074.0) == 5e-324
    assert exact.power(10.0, -1.0) == 0.1


def test_odd_functions_are_odd_and_the_quantile_is_symmetric() -> None:
    x = np.concatenate([spread(-9, 9), sizes(-1074, 8)])
    for name, narrow in itertools.product(("sin", "sinh", "tanh", "erf"), (False, True)):
        argument = x.astype(np.float32) if narrow else x
        assert (getattr(exact, name)(-argument) == -getattr(exact, name)(argument)).all()
    p = (np.arange(1, 2048) + 0.5) * 2.0**-52  # 1 - p is exact
    assert (exact.normal_quantile(1 - p) == -exact.normal_quantile(p)).all()


def test_quantile_rises() -> None:
    """Over steps of 2^-36 of p, and across the seams at |p - 1/2| = 0.425 and at exp(-25)."""
    for center in (0.075, 0.925, math.exp(-25), 0.5, 1e-4, 0.3, 1e-200, 1e-300):
        p = center * (1 + np.arange(-3000, 3000) * 2.0**-36)
        assert (np.diff(exact.normal_quantile(p)) > 0).all(), center
    drawable = np.concatenate([[0.5], np.exp2(np.arange(52.0)) - 0.5]) * 2.0**-52
    assert (np.diff(exact.normal_quantile(np.unique(drawable))) > 0).all()
    assert stats.norm.cdf(exact.normal_quantile(0.975)) == pytest.approx(0.975, rel=1e-15)


def test_quantile_of_what_streams_draw_is_within_its_stated_error() -> None:
    draws = np.random.default_rng(3).integers(0, 2**52, cases(normal=200, accept=5000))
    p = np.concatenate([draws + 0.5, np.exp2(np.arange(51.0)) - 0.5]) * 2.0**-52
    with mpmath.workprec(BITS):
        for level, found in zip(p.tolist(), exact.normal_quantile(p).tolist(), strict=True):
            assert error(found, quantile(mpmath.mpf(level)), 53, -1074) <= 6.0, level


def test_half_pi_has_all_its_digits() -> None:
    with mpmath.workprec(PI_BITS + 64):
        assert scaled_half_pi() == int(mpmath.floor(mpmath.ldexp(mpmath.pi / 2, PI_BITS)))


def test_what_goes_in_decides_what_comes_out() -> None:
    assert type(exact.exp(1)) is float
    assert type(exact.exp(1.0)) is float
    assert type(exact.exp(np.float64(1.0))) is np.float64
    assert isinstance(exact.exp(np.asarray(1.0, np.float32)[()]), np.float32)
    assert exact.exp(np.array([1, 2])).dtype == np.float64
    assert exact.sin(np.ones((2, 3), dtype=np.float32)).dtype == np.float32
    assert exact.log(np.ones((2, 0, 3))).shape == (2, 0, 3)
    assert exact.power(np.ones((2, 1)), np.ones(3)).shape == (2, 3)
    x = np.linspace(-3, 3, 40_000).reshape(4, -1)
    assert (exact.tanh(x.T)[5] == exact.tanh(x[:, 5])).all()
    with pytest.raises(UsageError, match=r"^x must be a number or an array of numbers, got array\(\['a'\]"):
        exact.exp(np.array(["a"]))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30), st.randoms(use_true_random=False))
@settings(max_examples=cases(normal=100, accept=3000), deadline=None, derandomize=True)
def test_total_is_rounded_once_in_any_order(values: list[float], order: Any) -> None:
    truth = sum(map(Fraction, values), Fraction(0))
    try:
        expected = float(truth)
    except OverflowError:
        expected = INF if truth > 0 else -INF
    assert exact.total(values) == expected
    order.shuffle(values)
    assert exact.total(np.array(values)) == expected


def test_total_and_mean_of_odd_values() -> None:
    assert exact.total([]) == 0.0
    assert exact.total([1e308, 1e308, -1e308]) == 1e308
    assert exact.total([1.0, INF]) == INF
    assert math.isnan(exact.total([INF, -INF]))
    assert math.isnan(exact.total([NAN, 1.0]))
    assert exact.total(value for value in (1, 2)) == 3.0
    assert exact.mean(np.full(10, 0.1)) == 0.1
    with pytest.raises(UsageError) as caught:
        exact.mean([])
    assert str(caught.value) == "The mean of no values is not defined. Pass at least one value."
