"""The machine's peak of float32 matrix products: the best that NumPy and PyTorch reach, at their best size."""

from __future__ import annotations

import functools
import importlib
import time
from typing import Any

import numpy as np

from benchmarks.timing import limited, thread_choices, timed


def measured(*, quick: bool) -> dict[str, Any]:
    """GFLOP/s by number of threads, library and size."""
    return {str(threads): sgemm_peak(threads, quick=quick) for threads in thread_choices()}


@functools.cache
def sgemm_peak(threads: int, *, quick: bool) -> dict[str, float]:
    """GFLOP/s of square products, as 'NumPy 1024'; the best of several repetitions, since this is to be a peak."""
    torch = _torch()
    sizes, seconds = ((1024, 2048), 0.3) if quick else ((512, 1024, 2048, 4096), 2.0)
    found = {}
    with limited(threads):
        for size in sizes:
            for name, product in _products(size, torch).items():
                found[f"{name} {size}"] = 2e-9 * size**3 / _fastest(product, seconds)
    return found


def _products(size: int, torch: Any) -> dict[str, Any]:
    """By library: a function that multiplies two matrices into a third."""
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, size, size)).astype(np.float32)
    out = np.empty_like(a)
    found: dict[str, Any] = {"NumPy": lambda: np.matmul(a, b, out=out)}
    if torch:
        tensors = [torch.from_numpy(array) for array in (a, b, out)]
        found["PyTorch"] = lambda: torch.mm(tensors[0], tensors[1], out=tensors[2])
    return found


def _torch() -> Any:
    """PyTorch, imported before threads are limited; None where it is missing."""
    try:
        return importlib.import_module("torch")
    except ModuleNotFoundError:
        return None


def _fastest(product: Any, seconds: float) -> float:
    product()
    best, started = np.inf, time.perf_counter()
    while time.perf_counter() - started < seconds:
        best = min(best, timed(product))
    return float(best)
