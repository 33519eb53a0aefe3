"""What the optimizers are tried on: the parameters of a small network and gradients for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from multilayer.arrays import Array, Parameter

SHAPES = {"W": (3, 5), "b": (5,), "V": (5, 2), "c": (2,)}


def small_network(dtype: type[np.floating] = np.float64, seed: int = 0) -> list[Parameter]:
    """Two layers' weights and biases, drawn at random."""
    draw = np.random.default_rng(seed)
    return [
        Parameter(name, draw.normal(size=shape).astype(dtype), kind="weight" if len(shape) > 1 else "bias")
        for name, shape in SHAPES.items()
    ]


def noisy_slopes(steps: int, seed: int = 1) -> Iterator[Callable[[Array], Array]]:
    """For each step the gradient of a noisy bowl as a function of one array; a column is silent for a while."""
    for step in range(steps):

        def slope(value: Array, step: int = step) -> Array:
            noise = np.random.default_rng((seed, step, value.size)).normal(size=value.shape)
            gradient = noise + 0.5 * value
            if 10 <= step < 20:
                gradient[..., 0] = 0.0
            return gradient.astype(value.dtype)

        yield slope


def values(params: list[Parameter]) -> list[Array]:
    """Copies of the values."""
    return [parameter.value.copy() for parameter in params]
