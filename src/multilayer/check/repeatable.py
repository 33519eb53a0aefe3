"""A layer held still: every forward sees the same weights, running statistics and random draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np

from multilayer.arrays import Array
from multilayer.nn.layer import Backward, Layer, buffers_of, params_of
from multilayer.nn.sequential import Sequential

Forward: TypeAlias = Callable[[Array, bool], tuple[Array, Backward]]


@contextmanager
def repeatable(layer: Layer, dtype: Any) -> Iterator[Forward]:
    """forward(x, training) in this precision, which gives the same output for the same weights and x every time.

    Buffers are put back before each call and random draws start over. On leaving, weights, gradients and buffers are
    again the arrays they were; a layer that draws stays reseeded.
    """
    arrays = (*params_of(layer), *buffers_of(layer))
    kept = [(parameter, parameter.value, parameter.grad) for parameter in arrays]
    for parameter in arrays:
        parameter.assign(np.array(parameter.value, dtype=dtype))
    starts = [(buffer, buffer.value.copy()) for buffer in buffers_of(layer)]
    reseed = _reseed_of(layer)

    def forward(x: Array, training: bool) -> tuple[Array, Backward]:
        for buffer, start in starts:
            buffer.value[...] = start
        reseed()
        return layer.forward(x, training=training)

    try:
        yield forward
    finally:
        for parameter, value, grad in kept:
            parameter.value, parameter.grad = value, grad


def _reseed_of(layer: Any) -> Callable[[], object]:
    """What makes the layer's draws start over."""
    if isinstance(layer, Sequential):
        return lambda: layer.reseed(0)
    if hasattr(layer, "reseed"):
        return lambda: layer.reseed(0, place=0, step=0)
    return lambda: None
