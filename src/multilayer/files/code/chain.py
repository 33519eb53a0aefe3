"""The network as a chain of links, each with the names that its values and weights have in a program.

Values are called by what made them, and numbered by the linear layer they follow: x, z1 (linear), n1 (normalized), h1
(activated), d1 (dropped out), z2, ... and y at the end.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.recipe.layers import dense
from multilayer.recipe.named import Entry

LETTERS = {"linear": "z", "layer_norm": "n", "batch_norm": "n", "dropout": "d", "scale": "s"}
"""What a layer's output is called; those of activations are h."""
ROLES = {"s": "factor", "running_mean": "mean", "running_var": "variance"}
"""What weights are called in a program, where a recipe has another name."""
KINDS = {"W": "weight", "b": "bias", "shift": "bias"}
"""The kinds of parameters, as penalties tell them apart; gains and slopes are of a kind of their own."""
BUFFERS = ("running_mean", "running_var")


@final
@dataclass(frozen=True, eq=False)
class Link:
    """One layer: what it takes, what it gives, and its weights by their role ("W", "b", "gain", ...)."""

    entry: Entry
    x: str
    y: str
    n_in: int
    n_out: int
    names: Mapping[str, str]
    weights: Mapping[str, Array]

    @property
    def kind(self) -> str:
        return str(self.entry["layer"])

    @property
    def frozen(self) -> bool:
        return bool(self.entry.get("frozen", False))

    @property
    def trained(self) -> dict[str, str]:
        """The names of the parameters that training changes, by role."""
        return {} if self.frozen else {role: name for role, name in self.names.items() if role not in BUFFERS}


def chain(layers: Sequence[Entry], n_in: int, weights: Mapping[str, Array], *, training: bool = False) -> list[Link]:
    """The links of resolved layers with these weights, which are named as in `Model.weights`; layers that do nothing
    (dropout too, but while training) are none."""
    links: list[Link] = []
    number, x, width, taken = 0, "x", n_in, {"x", "y"}
    idle = ("identity",) if training else ("identity", "dropout")
    said = [(place, entry) for place, entry in enumerate(layers) if entry["layer"] not in idle]
    for place, entry in said:
        number += dense(entry["layer"])
        y = "y" if place == said[-1][0] else _free(f"{LETTERS.get(entry['layer'], 'h')}{number}", taken)
        prefix = f"{place}."
        own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        names = {role: _free(f"{ROLES.get(role, role)}{number}", taken) for role in own}
        after = int(entry.get("units", width))
        links.append(Link(entry, x, y, width, after, names, own))
        x, width = y, after
    return links


def _free(name: str, taken: set[str]) -> str:
    """The name, numbered on where another value has it already."""
    found = next(
        one for one in itertools.chain([name], (f"{name}_{n}" for n in itertools.count(2))) if one not in taken
    )
    taken.add(found)
    return found


def n_weights(links: Sequence[Link]) -> int:
    """The number of all entries of all weights."""
    return int(sum(np.size(value) for link in links for value in link.weights.values()))
