"""A digest of every exact function and every draw, to compare two machines, or one with some instructions off.

`python -m tests.ground.digests 20000` prints them as JSON, with the processor features that NumPy then uses.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator

import numpy as np
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from multilayer import exact
from multilayer.rng import USES, Stream

FUNCTIONS = (
    "exp", "expm1", "log", "log1p", "log2", "sin", "cos", "sinh", "cosh", "tanh", "sigmoid", "softplus", "erf",
    "normal_quantile",
)  # fmt: skip
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-320, -1e-320, 1e308, np.inf, -np.inf, np.nan, 709.8, -745.2, 88.8, -104.0]


def arguments(n: int) -> np.ndarray:
    """Bit patterns of every exponent, ordinary sizes, probabilities, and the special values."""
    stream = Stream(2024, "data")
    words = stream.words(2 * n).astype(np.uint64)
    patterns = (words[0::2] | (words[1::2] << np.uint64(32))).view(np.float64)
    patterns[np.abs(patterns) > 1e6] *= 2.0**-900  # a few huge ones are enough for sin and cos
    huge = np.ldexp(1.0 + stream.uniform(50), np.arange(20, 1020, 20))
    ordinary = (stream.uniform(n) - 0.5) * 80.0
    return np.concatenate([patterns, ordinary, stream.uniform(n), huge, SPECIAL])


def digest(*arrays: np.ndarray) -> str:
    """SHA-256 of the arrays' bits, every NaN being one."""
    seen = hashlib.sha256()
    for array in arrays:
        plain = np.where(np.isnan(array), np.full((), np.nan, array.dtype), array) if array.dtype.kind == "f" else array
        seen.update(np.ascontiguousarray(plain).astype(plain.dtype.newbyteorder("<"), copy=False).tobytes())
    return seen.hexdigest()


def digests(n: int) -> Iterator[tuple[str, str]]:
    """By name, over samples of about 3 n numbers."""
    x = arguments(n)
    with np.errstate(all="ignore"):
        narrow = x.astype(np.float32)
    for name in FUNCTIONS:
        yield name, digest(getattr(exact, name)(x))
        yield f"{name}, float32", digest(getattr(exact, name)(narrow))
    yield "power", digest(exact.power(np.abs(x), np.roll(x, n)), exact.power(x, 3.0), exact.power(x[n:], -2.5))
    yield "fma32", digest(exact.fma32(narrow, np.roll(narrow, 1), np.roll(narrow, 2)))
    sums = x[np.abs(x) < 1e300]
    yield "total", digest(np.array([exact.total(sums), exact.mean(sums), exact.total(narrow[n : 3 * n])]))
    for use in USES:
        stream = Stream(0x123456789ABCDEF, use, step=7, place=3)
        draws: list[np.ndarray] = [stream.words(n), stream.integers(1000, n), stream.uniform(n), stream.normal(n)]
        yield f"stream {use}", digest(*draws, stream.permutation(n), stream.keep(n, 0.3))


if __name__ == "__main__":
    features = [name for name, on in _multiarray_umath.__cpu_features__.items() if on]
    print(json.dumps({"features": features, "digests": dict(digests(int(sys.argv[1])))}, indent=1))
