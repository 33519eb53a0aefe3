"""The first weights of native members: those of the reference to the bit, drawn by the compiled module."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any, final

from multilayer.arrays import Array
from multilayer.engines.contract import Member
from multilayer.engines.native_data import pairs
from multilayer.engines.parts import make_network
from multilayer.nn import Sequential
from multilayer.recipe.layers import network


@final
class NativeStream:
    """What initializers need of `rng.Stream`, use "weights"."""

    def __init__(self, module: ModuleType, seed: int, _use: str, *, place: int) -> None:
        self._module, self._of, self._position = module, (seed, place), 0

    def uniform(self, size: int) -> Array:
        """As `rng.Stream.uniform`."""
        return self._drawn(self._module.uniform_weights, size)

    def normal(self, size: int) -> Array:
        """As `rng.Stream.normal`."""
        return self._drawn(self._module.normal_weights, size)

    def _drawn(self, draw: Any, size: int) -> Array:
        numbers: Array = draw(*self._of, self._position, size)
        self._position += 2 * size  # words
        return numbers


def starting_weights(members: Sequence[Member], n_in: int, module: ModuleType) -> list[Any]:
    """The members' first weights: drawn once for those who differ in their rows or their training only."""
    networks: dict[str, Sequential] = {}
    drawn: dict[tuple[str, int, str], Any] = {}
    weights = []
    for member in members:
        recipe, layers = member.recipe, repr(member.recipe.layers)
        key = (layers, member.seed, recipe.dtype)
        if member.weights is not None:
            weights.append(pairs(make_network(member, n_in).get_weights()))
            continue
        if key not in drawn:
            if layers not in networks:
                networks[layers] = network(recipe.layers, n_in, seed=None)
            dtype: Any = recipe.dtype
            networks[layers].initialize(member.seed, dtype, partial(NativeStream, module))
            drawn[key] = pairs(networks[layers].get_weights())
        weights.append(drawn[key])
    return weights
