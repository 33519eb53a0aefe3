"""The native engine's elementary functions have the bits of `exact`; in float32 they are near, and rise, everywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import mpmath
import numpy as np
import pytest

from multilayer import exact
from multilayer.engines.native import instruction_sets
from tests.engines.native.probes import probes
from tests.ground.digests import arguments
from tests.scale import ACCEPT, cases

N = cases(normal=1000, accept=200_000)
CHUNK = 2**16

IN_BOTH = ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus", "erf", "sin", "cos")
IN_DOUBLE = (*IN_BOTH, "log2", "normal_quantile")
ALL = [(name, np.float32) for name in IN_BOTH] + [(name, np.float64) for name in IN_DOUBLE]
EVERY = pytest.mark.parametrize(("name", "precision"), ALL, ids=lambda value: getattr(value, "__name__", value))

PAGE = Path(__file__).parents[3] / "docs" / "arithmetic.md"
ROW = re.compile(r"^\| (\w+) \| (\d\.\d{3}) \| (\S+) \|$", re.MULTILINE)


class Stated(NamedTuple):
    """The largest error, in units in the last place, and where it is."""

    error: float
    at: float


# What 3.9 of the page states of the functions that have float32 rules of their own.
IN_SINGLE = {
    name: Stated(float(error), float.fromhex(at))
    for name, error, at in ROW.findall(PAGE.read_text(encoding="utf-8").split("### 3.9")[1].split("\n## ")[0])
}
LEAST = {"log": 0.0, "log1p": -1.0}

TRUTHS = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "erf": mpmath.erf,
}

# Where a rule changes: ends of the range, the reductions' halves of ln 2 and pi, sqrt(2), the seams of tanh and erf.
SEAMS = [
    0.0, 2.0**-149, 2.0**-126, 2.0**-64, 2.0**-24, 2.0**-12, 0.05, 0.34657359, 0.425, 0.5, 0.5625, 0.5776227,
    0.70710677, 0.75, 0.96875, 0.9857, 1.0, 1.0397208, 1.4142135, 2.0, 3.0, 4.0, 5.0, 6.0, 9.999, 16.0, 17.0, 19.999,
    24.6, 87.33655, 88.72284, 103.97208, 1e3, 2.0**24, 3e38,
]  # fmt: skip


@pytest.fixture(scope="module")
def modules() -> list[ModuleType]:
    if not instruction_sets():
        pytest.skip("built without the native engine")
    return [probes(name) for name in instruction_sets()]


def assert_same(found: np.ndarray, expected: np.ndarray, x: np.ndarray) -> None:
    """Every bit, one NaN being as good as another."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if found.tobytes() == expected.tobytes():
        return
    integer = np.int64 if found.dtype == np.float64 else np.int32
    different = (found.view(integer) != expected.view(integer)) & ~(np.isnan(found) & np.isnan(expected))
    assert not different.any(), (x[different][:3], found[different][:3], expected[different][:3])


def wide_range(precision: type) -> np.ndarray:
    """Bit patterns, ordinary and special values, and the neighbors of every seam."""
    with np.errstate(all="ignore"):
        x: np.ndarray = arguments(N).astype(precision)
        bits = np.random.default_rng(5).integers(0, 2**32, N, dtype=np.uint32)
        patterns: np.ndarray = bits.view(np.float32).astype(precision)
    integer = np.int32 if precision == np.float32 else np.int64
    seams = np.array(SEAMS, dtype=precision).view(integer)
    around = np.concatenate([(np.maximum(seams + step, 0)).view(precision) for step in range(-6, 7)])
    return np.concatenate([x, patterns, around, -around])


@EVERY
def test_bits_are_those_of_numpy(modules: list[ModuleType], name: str, precision: type) -> None:
    x = wide_range(precision)
    with np.errstate(invalid="ignore"):  # of signaling NaN
        expected = getattr(exact, name)(x)
    for module in modules:
        assert_same(module.evaluate(name, x), expected, x)
        assert_same(module.evaluate(name, x, one_by_one=True), expected, x)


@EVERY
def test_a_lane_does_not_see_its_neighbors(modules: list[ModuleType], name: str, precision: type) -> None:
    """Every length, and so every tail; infinities, NaN and angles beyond 10^6 among ordinary numbers."""
    x: np.ndarray = np.random.default_rng(6).uniform(-4, 4, 40).astype(precision)
    x[[3, 9, 10, 20, 31]] = [math.nan, math.inf, 1e7, -1e30, -math.inf]
    expected = getattr(exact, name)(x)
    for module in modules:
        for length in range(len(x) + 1):
            assert_same(module.evaluate(name, x[:length]), expected[:length], x)


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_far_angles(modules: list[ModuleType], name: str) -> None:
    """Of every exponent from 10^6 on, and those next to a multiple of pi/2."""
    generator = np.random.default_rng(7)
    sizes = np.exp2(generator.uniform(19.9, 1024, cases(normal=300, accept=20_000)))
    multiples = np.rint(generator.uniform(1e6, 1e15, 100)) * (math.pi / 2)
    nearest = [math.ldexp(6381956970095103, 797), math.ldexp(5319372648326541, 791), 1e6, np.nextafter(1e6, 2e6)]
    x = np.concatenate([sizes, multiples, nearest, [np.finfo(np.float64).max]])
    x *= generator.choice([-1.0, 1.0], len(x))
    narrow = x[np.abs(x) < 3e38].astype(np.float32)
    for argument in (x, narrow):
        expected = getattr(exact, name)(argument)
        for module in modules:
            assert_same(module.evaluate(name, argument), expected, argument)


def test_powers(modules: list[ModuleType]) -> None:
    ends = [0.0, 1.0, 2.0, 0.5, 3.0, math.inf, 1e300, 5e-324, 16.0, 17.0, 1e16, 2.5, 2.0**53 + 2, 2.0**53 - 1, 1e-320]
    a, b = np.meshgrid([*ends, *np.negative(ends), math.nan], [*ends, *np.negative(ends), math.nan])
    generator = np.random.default_rng(8)
    sizes = np.exp2(generator.uniform(-300, 300, N))
    exponents = generator.uniform(-1080, 1080, N) / np.maximum(np.abs(np.log2(sizes)), 1e-3)
    near_one = 1 + np.exp2(generator.uniform(-53, -1, N))
    x = np.concatenate([a.ravel(), sizes, -sizes, near_one, wide_range(np.float64)])
    y = np.concatenate([b.ravel(), exponents, np.rint(exponents), exponents * 1e3, wide_range(np.float64)[::-1]])
    for module in modules:
        assert_same(module.power(x, y), exact.power(x, y), x)


def units(truth: np.ndarray) -> np.ndarray:
    """The float32's unit in the last place at each float64, whose exponent is read from its bits."""
    exponents = ((truth.view(np.int64) >> 52) & 0x7FF) - 1023
    scaled: np.ndarray = ((np.maximum(exponents - 23, -149) + 1023) << 52).view(np.float64)
    return scaled


def assert_near(name: str, x: np.ndarray, found: np.ndarray, truth: np.ndarray) -> None:
    """Within the stated error; where the truth is beyond the greatest float32, that or infinite."""
    with np.errstate(over="ignore"):
        inexact = found != truth.astype(np.float32)  # nearly all are equal, which is near enough
    x, found, truth = x[inexact], found[inexact], truth[inexact]
    assert (np.isnan(found) == np.isnan(truth)).all()
    ordinary = np.abs(truth) < 3.4028236e38
    assert (ordinary | np.isnan(truth)).all(), x
    errors = np.abs(found[ordinary] - truth[ordinary]) / units(truth[ordinary])
    assert errors.max(initial=0.0) <= IN_SINGLE[name].error, x[ordinary][errors.argmax()]


def test_the_page_states_every_float32_rule() -> None:
    assert set(IN_SINGLE) == set(TRUTHS)


@pytest.mark.parametrize("name", IN_SINGLE)
def test_float32_is_near_the_truth(modules: list[ModuleType], name: str) -> None:
    """Against mpmath on a few, and against the float64 function, 2^29 times finer, on patterns of the whole range."""
    generator = np.random.default_rng(9)
    patterns = generator.integers(0, 2**32, cases(normal=20_000, accept=2_000_000), dtype=np.uint32)
    x = np.concatenate([patterns.view(np.float32), generator.uniform(-9, 9, 4000).astype(np.float32)])
    few = generator.uniform(-9, 9, 200).astype(np.float32)
    few = few[few > LEAST.get(name, -math.inf)]
    with mpmath.workprec(100):
        truth = np.array([float(TRUTHS[name](mpmath.mpf(float(value)))) for value in few])
    with np.errstate(invalid="ignore"):  # of signaling NaN
        wide = x.astype(np.float64)
    for module in modules:
        assert_near(name, x, module.evaluate(name, x), getattr(exact, name)(wide))
        assert_near(name, few, module.evaluate(name, few), truth)


def stretches(name: str) -> Iterator[np.ndarray]:
    """The function's float32 arguments, rising, none left out: around every seam and the largest error; in accept all
    that there are, each stretch from the last number of the one before."""
    first, infinity = places(np.array([LEAST.get(name, -math.inf), math.inf], dtype=np.float32)).tolist()
    if ACCEPT:
        for start in range(first, infinity, CHUNK):
            yield numbers_at(start, min(start + CHUNK, infinity) + 1)
    else:
        for seam in places(np.array([*SEAMS, math.inf, IN_SINGLE[name].at], dtype=np.float32)).tolist():
            for center in (seam, -seam):
                yield numbers_at(max(center - 1000, first), min(center + 1000, infinity) + 1)


def places(x: np.ndarray) -> np.ndarray:
    """How many float32 numbers lie between 0 and x, with the sign of x."""
    bits = x.view(np.int32).astype(np.int64)
    counts: np.ndarray = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return counts


def numbers_at(first: int, end: int) -> np.ndarray:
    """The float32 numbers at these places."""
    counts = np.arange(first, end, dtype=np.int32)
    patterns = np.where(counts < 0, np.int32(-(2**31)) - counts, counts)
    return patterns.view(np.float32)


@pytest.mark.parametrize("name", IN_SINGLE)
def test_float32_is_near_and_never_falls(modules: list[ModuleType], name: str) -> None:
    for x in stretches(name):
        found = modules[0].evaluate(name, x)
        assert_near(name, x, found, modules[0].evaluate(name, x.astype(np.float64)))
        assert not falls(found).size, x[falls(found)]
        for module in modules[1:]:
            assert_same(module.evaluate(name, x), found, x)


def falls(values: np.ndarray) -> np.ndarray:
    """Where a value lies below the one before."""
    return np.flatnonzero(values[1:] < values[:-1]) + 1


def test_a_quotient_that_uses_x_twice_falls() -> None:
    """tanh and sigmoid as they are written in float64 would be caught here."""
    x = numbers_at(*places(np.array([0.7, 0.71], dtype=np.float32)).tolist())
    grown, power = exact.expm1(x + x), exact.exp(-x)
    assert falls(grown / (grown + np.float32(2.0))).size
    assert falls(-power / (np.float32(1.0) + power)).size
    assert not falls(exact.tanh(x)).size
    assert not falls(exact.sigmoid(-x)[::-1]).size
