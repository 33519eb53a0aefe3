"""Names made from contents: the digest of a JSON document and of a set of weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import rfc8785


def canonical(document: Any) -> bytes:
    """The one JSON text of a document: RFC 8785 (sorted keys, shortest numbers, no spaces).

    A whole number beyond 2^53 - 1, which not every reader of JSON can hold, stands as text.

    >>> canonical({"b": 1.0, "a": [True, None]})
    b'{"a":[true,null],"b":1}'
    """
    return rfc8785.dumps(_portable(document))


def digest(document: Any) -> str:
    """SHA-256 of the canonical JSON text, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def weights_digest(weights: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """SHA-256 over the arrays in name order: for each its canonical JSON header
    {"dtype", "name", "shape"}, a line feed, and its little-endian values in C order.

    >>> weights_digest({"0.W": np.zeros((2, 1))})[:16]
    '0979221b5d0af554'
    """
    hasher = hashlib.sha256()
    for name in sorted(weights):
        value = np.ascontiguousarray(weights[name])
        header = {"dtype": value.dtype.name, "name": name, "shape": list(value.shape)}
        hasher.update(canonical(header) + b"\n")
        hasher.update(value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes())
    return hasher.hexdigest()


def _portable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _portable(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_portable(inner) for inner in value]
    return str(value) if isinstance(value, int) and abs(value) >= 2**53 else value
