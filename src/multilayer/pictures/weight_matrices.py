"""The weights of a run's linear layers, with names for their inputs and units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.nn import Linear
from multilayer.pictures.lettering import label
from multilayer.pictures.subject import Trained


@final
@dataclass(frozen=True, eq=False)
class Matrix:
    """One linear layer: W (n_in, n_out) and b (n_out,), which is 0 where the layer has none."""

    name: str
    W: Array
    b: Array
    inputs: tuple[str, ...]
    units: tuple[str, ...]

    @property
    def with_bias(self) -> Array:
        """A row for each unit, its bias last: (n_out, n_in + 1)."""
        return np.column_stack([self.W.T, self.b])

    def take(self, inputs: Any, units: Any) -> Matrix:
        """Some of its inputs and units."""
        return replace(
            self,
            W=self.W[np.ix_(inputs, units)],
            b=self.b[units],
            inputs=tuple(self.inputs[i] for i in inputs),
            units=tuple(self.units[i] for i in units),
        )


def matrices(run: Trained) -> list[Matrix]:
    """The linear layers from the input on; the inputs are those that were prepared."""
    layers = [layer for layer in run.net.leaves() if isinstance(layer, Linear)]
    found = []
    for number, layer in enumerate(layers, start=1):
        last = number == len(layers)
        inputs = _input_names(run, layer.n_in) if number == 1 else _numbers(layer.n_in)
        units = _output_names(run, layer.n_out) if last else _numbers(layer.n_out)
        name = "output layer" if last else f"hidden layer {number}"
        found.append(Matrix(name, layer.W.value, layer.b.value, inputs, units))
    return found


def no_matrices(run: Trained) -> str | None:
    """Why a run has no weights to draw, in a sentence."""
    return None if any(isinstance(layer, Linear) for layer in run.net.leaves()) else "it has no linear layer."


def _input_names(run: Trained, n_in: int) -> tuple[str, ...]:
    names = tuple(label(name, 12) for name in run.preparation.encoding.feature_names)
    return names if len(names) == n_in else _numbers(n_in)


def _output_names(run: Trained, n_out: int) -> tuple[str, ...]:
    names = run.target.classes if len(run.target.classes) == n_out else run.target.names
    return tuple(label(name, 12) for name in names) if len(names) == n_out else _numbers(n_out)


def _numbers(n: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, n + 1))
