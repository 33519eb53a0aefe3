"""An ONNX graph while it is written: nodes in order, constants by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from multilayer.files.libraries import library

WITHIN = "multilayer/"
"""What the names of a graph's own values begin with; those of weights and inputs do not."""


def onnx() -> Any:
    """The package onnx; raises UsageError where it is missing."""
    return library("onnx", "ONNX")


@final
class Graph:
    """What is written so far. Each method adds nodes and returns the name of their output.

    `dtype` is the precision of the network; `weights` has the names of its arrays, by the identity of each parameter.
    """

    def __init__(self, dtype: np.dtype[Any], weights: Mapping[int, str]) -> None:
        self.dtype, self.weights = dtype, weights
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray[Any, Any]] = {}

    def op(self, kind: str, *inputs: str, domain: str = "", output: str = "", **attributes: Any) -> str:
        """One node with one output."""
        output = output or f"{WITHIN}{len(self.nodes)}"
        self.nodes.append(onnx().helper.make_node(kind, inputs, [output], domain=domain or None, **attributes))
        return output

    def constant(self, value: Any, name: str = "") -> str:
        """An array that stands in the file; a single number without a name stands there once."""
        value = np.asarray(value)
        if not name:
            single = value.size == 1 and value.dtype.kind not in "OU"
            said = f"{value.dtype}{list(value.shape)}({value.item()!r})" if single else f"array {len(self.constants)}"
            name = WITHIN + said
        self.constants[name] = value
        return name

    def number(self, value: float, dtype: Any = None) -> str:
        """A single number, of the network's precision unless said otherwise."""
        return self.constant(np.array(value, dtype=dtype or self.dtype))

    def weight(self, parameter: Any) -> str:
        """A parameter or buffer of the network."""
        return self.constant(parameter.value, self.weights[id(parameter)])

    def cast(self, x: str, dtype: Any) -> str:
        """The same numbers in another type."""
        return self.op("Cast", x, to=element_type(dtype))


def element_type(dtype: Any) -> int:
    """ONNX's number for a NumPy type; texts are strings."""
    dtype = np.dtype(dtype)
    if dtype.kind in "OU":
        return int(onnx().TensorProto.STRING)
    return int(onnx().helper.np_dtype_to_tensor_dtype(dtype))
