"""Random documents and arrays."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

LETTERS = 'aZ09_.-/ "\\\n\t\r\b\f\x00\x1f\x7f\u2028éüß中文\U0001f600'
FLOATS = [0.0, -0.0, 1.0, 0.1, 1e20, 1e21, 1.5e300, 5e-324, 2.0**53, -(2.0**60), 123456789012345680.0, 3.14]
DTYPES = ("float32", "float64", "int64", ">f4", ">f8", ">i8")


def text(draw: random.Random) -> str:
    return "".join(draw.choices(LETTERS, k=draw.randrange(12)))


def value(draw: random.Random, depth: int = 3) -> Any:
    """A JSON value."""
    kind = draw.randrange(8 if depth else 6)
    if kind == 6:
        return [value(draw, depth - 1) for _ in range(draw.randrange(4))]
    if kind == 7:
        return document(draw, depth - 1)
    whole = draw.choice((0, -1, 2**53 - 1, -(2**53) + 1, draw.getrandbits(40)))
    return (None, draw.random() < 0.5, whole, draw.choice(FLOATS), draw.uniform(-1e9, 1e9), text(draw))[kind]


def document(draw: random.Random, depth: int = 3) -> dict[str, Any]:
    return {text(draw): value(draw, depth) for _ in range(draw.randrange(5))}


def array(draw: random.Random) -> np.ndarray[Any, Any]:
    """Any bits at all, so zeros of both signs, subnormal numbers and every NaN; empty arrays and single numbers too."""
    shape = tuple(draw.choice((0, 1, 1, 2, 3, 5)) for _ in range(draw.randrange(5)))
    dtype = np.dtype(draw.choice(DTYPES))
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    special = (bytes(size), b"\x80" + bytes(max(size - 1, 0)), b"\x01\x00\x00\x00" * (size // 4), b"\xff" * size)
    raw = draw.choice((draw.randbytes(size), draw.randbytes(size), *special))[:size]
    found = np.frombuffer(raw, dtype=dtype).reshape(shape)
    return np.asfortranarray(found) if draw.random() < 0.3 and shape else found


def arrays(draw: random.Random) -> dict[str, np.ndarray[Any, Any]]:
    return {text(draw): array(draw) for _ in range(draw.randrange(6))}
