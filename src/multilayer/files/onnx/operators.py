"""What the operators of an ONNX graph stand for, where they are those of a multilayer perceptron.

Each function takes a node and returns what it stands for with the name of the value it is applied to, or None where it
is written as no layer is. Several nodes together may be one activation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np

from multilayer.arrays import Array
from multilayer.errors import RefusedError
from multilayer.files.onnx.graph import onnx
from multilayer.nn import Activation, BatchNorm, Layer, LayerNorm, Linear
from multilayer.nn.activations import SELU_ALPHA, SELU_SCALE

MOST_FACTORS = 16
"""A product of more factors is no activation."""


@final
@dataclass(frozen=True, eq=False)
class Affine:
    """(filled - center) * factor, feature by feature."""

    center: Array
    factor: Array
    fill: Array | None = None


Form: TypeAlias = Affine | Callable[[int], Layer]
"""What a node stands for: an affine map, or the layer for inputs of a width."""
Found: TypeAlias = "tuple[Form | None, str] | None"


@final
class Reading:
    """A graph by name: who makes a value, and which values are constant."""

    def __init__(self, graph: Any, source: str) -> None:
        self.source = source
        self.makers = {name: node for node in graph.node for name in node.output}
        read = onnx().numpy_helper.to_array
        try:
            self.constants: dict[str, Array] = {tensor.name: read(tensor) for tensor in graph.initializer}
            for node in graph.node:
                self._fold(node)
        except (ValueError, TypeError, IndexError, KeyError) as error:
            raise RefusedError(f"{source} has a constant that cannot be read: {str(error).rstrip('.')}.") from None

    def _fold(self, node: Any) -> None:
        """Constants made of constants, as exporters leave them behind."""
        options = self.options(node)
        if node.op_type == "Constant" and "value" in options:
            self.constants[node.output[0]] = onnx().numpy_helper.to_array(options["value"])
        elif node.op_type == "Constant" and "value_float" in options:
            self.constants[node.output[0]] = np.array(options["value_float"], dtype=np.float32)
        elif node.op_type in ("Identity", "Transpose") and node.input[0] in self.constants:
            value = self.constants[node.input[0]]
            order = options.get("perm")
            self.constants[node.output[0]] = value if node.op_type == "Identity" else value.transpose(order)

    def options(self, node: Any) -> dict[str, Any]:
        """The attributes of a node."""
        return {attribute.name: onnx().helper.get_attribute_value(attribute) for attribute in node.attribute}

    def constant(self, node: Any, place: int) -> Array | None:
        """The constant that a node takes there, if it does."""
        return self.constants.get(node.input[place]) if place < len(node.input) else None

    def number(self, node: Any, place: int) -> float | None:
        """The same as a single number."""
        value = self.constant(node, place)
        return None if value is None or value.size != 1 else float(value.reshape(()))

    def made_by(self, name: str, operator: str) -> Any:
        """The node that gives this value, where it is of that operator."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type == operator else None

    def found(self, operator: Callable[[Reading, Any], Found], node: Any) -> tuple[Form | None, str]:
        """What the node stands for; raises RefusedError where that is no layer."""
        try:
            found = operator(self, node)
        except (IndexError, ValueError, TypeError, KeyError):  # inputs or options that such an operator has not
            found = None
        if found is None:
            name = f" (node {node.name!r})" if node.name else ""
            raise RefusedError(f"{self.source} has the operator {node.op_type}{name} in a form that no layer has.")
        return found


def _short(value: float) -> float:
    """A float32 option as it was meant: 0.1, not 0.10000000149011612."""
    return float(str(np.float32(value)))


def _activation(name: str, **options: Any) -> Form:
    return lambda width: Activation(name, **options)


def _matmul(graph: Reading, node: Any) -> Found:
    W = graph.constant(node, 1)
    return None if W is None or W.ndim != 2 else (_linear(W, None), node.input[0])


def _gemm(graph: Reading, node: Any) -> Found:
    options = graph.options(node)
    W, b = graph.constant(node, 1), graph.constant(node, 2)
    with_bias = len(node.input) > 2 and bool(node.input[2])
    if W is None or W.ndim != 2 or options.get("transA") or (with_bias and b is None):
        return None
    W = W.T if options.get("transB") else W
    b = None if b is None else b * np.asarray(options.get("beta", 1.0), dtype=b.dtype)
    return _linear(W * np.asarray(options.get("alpha", 1.0), dtype=W.dtype), b), node.input[0]


def _linear(W: Array, b: Array | None) -> Form:
    def made(width: int) -> Layer:
        layer = Linear(W.shape[0], W.shape[1], bias=b is not None)
        layer.W.assign(np.array(W))
        if b is not None:
            layer.b.assign(np.array(np.broadcast_to(b.ravel(), (W.shape[1],)), dtype=W.dtype))
        return layer

    return made


def _add(graph: Reading, node: Any) -> Found:
    for place in (0, 1):
        constant = graph.constant(node, place)
        if constant is not None:
            return Affine(-constant.ravel(), np.ones(1, constant.dtype)), node.input[1 - place]
    return None


def _sub(graph: Reading, node: Any) -> Found:
    constant = graph.constant(node, 1)
    return None if constant is None else (Affine(constant.ravel(), np.ones(1, constant.dtype)), node.input[0])


def _mul(graph: Reading, node: Any) -> Found:
    gated = _gated(graph, node.output[0])
    if gated is not None:
        return gated
    for place in (0, 1):
        constant = graph.constant(node, place)
        if constant is not None:
            return Affine(np.zeros(1, constant.dtype), constant.ravel()), node.input[1 - place]
    return None


def _div(graph: Reading, node: Any) -> Found:
    x, divisor = node.input
    constant = graph.constant(node, 1)
    if constant is not None and constant.all():
        return Affine(np.zeros(1, constant.dtype), 1 / constant.ravel()), x
    summed = graph.made_by(divisor, "Add")
    if summed is not None:
        size, one = summed.input if graph.number(summed, 1) is not None else reversed(summed.input)
        absolute = graph.made_by(size, "Abs")
        if absolute is not None and absolute.input[0] == x and graph.constants[one].ravel().tolist() == [1]:
            return _activation("softsign"), x
    return None


def _gated(graph: Reading, y: str) -> Found:
    """x times a gate of x: SiLU, Mish or GELU, its factors in any order."""
    for leaf in _factors(graph, y, "")[0]:
        for kind, gate, constant in (("silu", _sigmoid_of, 1.0), ("mish", _mish_of, 1.0), ("gelu", _normal_of, 0.5)):
            x = gate(graph, leaf)
            if x is None:
                continue
            leaves, product = _factors(graph, y, x)
            if sorted(leaves) == sorted([x, leaf]) and math.isclose(product, constant, rel_tol=1e-6):
                return _activation(kind), x
    return None


def _factors(graph: Reading, y: str, stop: str) -> tuple[list[str], float]:
    """The values that are multiplied to y, `stop` not taken apart, and the product of the numbers among them."""
    leaves: list[str] = []
    product, left = 1.0, [y]
    for _ in range(MOST_FACTORS):
        if not left:
            return leaves, product
        name = left.pop()
        node = graph.made_by(name, "Mul") if name != stop else None
        constant = graph.constants.get(name)
        if node is not None:
            left += node.input
        elif constant is not None and constant.size == 1:
            product *= float(constant.reshape(()))
        else:
            leaves.append(name)
    return [], 0.0


def _sigmoid_of(graph: Reading, y: str) -> str | None:
    node = graph.made_by(y, "Sigmoid")
    return node.input[0] if node is not None else None


def _mish_of(graph: Reading, y: str) -> str | None:
    tanh = graph.made_by(y, "Tanh")
    softplus = graph.made_by(tanh.input[0], "Softplus") if tanh is not None else None
    return softplus.input[0] if softplus is not None else None


def _normal_of(graph: Reading, y: str) -> str | None:
    """x, where y is 1 + erf(x / sqrt 2)."""
    summed = graph.made_by(y, "Add")
    place = next((place for place in (0, 1) if summed is not None and graph.number(summed, place) == 1), None)
    erf = graph.made_by(summed.input[1 - place], "Erf") if place is not None else None
    scaled = graph.makers.get(erf.input[0]) if erf is not None else None
    if scaled is None or scaled.op_type not in ("Mul", "Div"):
        return None
    wanted = math.sqrt(0.5) if scaled.op_type == "Mul" else math.sqrt(2.0)
    for place in (1, 0) if scaled.op_type == "Mul" else (1,):
        constant = graph.number(scaled, place)
        if constant is not None and math.isclose(constant, wanted, rel_tol=1e-6):
            return str(scaled.input[1 - place])
    return None


def _where(graph: Reading, node: Any) -> Found:
    """x where it is large, else softplus(x), as one exporter writes a softplus."""
    condition, x, other = node.input
    softplus, greater = graph.made_by(other, "Softplus"), graph.made_by(condition, "Greater")
    if softplus is None or greater is None or softplus.input[0] != x or greater.input[0] != x:
        return None
    threshold = graph.number(greater, 1)
    return (_activation("softplus"), x) if threshold is not None and threshold >= 20 else None


def _clip(graph: Reading, node: Any) -> Found:
    options = graph.options(node)
    low, high = (
        graph.number(node, place) if place < len(node.input) and node.input[place] else options.get(name)
        for place, name in ((1, "min"), (2, "max"))
    )
    if (low, high) == (-1, 1):
        return _activation("ramp"), node.input[0]
    return (_activation("relu"), node.input[0]) if low == 0 and high in (None, math.inf) else None


def _with_alpha(name: str, option: str, default: float) -> Callable[[Reading, Any], Found]:
    """An activation whose one option is ONNX's alpha."""

    def found(graph: Reading, node: Any) -> Found:
        return _activation(name, **{option: _short(graph.options(node).get("alpha", default))}), node.input[0]

    return found


def _prelu(graph: Reading, node: Any) -> Found:
    slopes = graph.constant(node, 1)
    if slopes is None:
        return None

    def made(width: int) -> Layer:
        layer: Any = Activation("prelu", n=width)
        layer.slopes.assign(np.array(np.broadcast_to(slopes.ravel(), (width,))))
        return layer  # type: ignore[no-any-return]

    return made, node.input[0]


def _selu(graph: Reading, node: Any) -> Found:
    options = graph.options(node)
    close = [
        math.isclose(options.get(name, value), value, rel_tol=1e-6)
        for name, value in (("alpha", SELU_ALPHA), ("gamma", SELU_SCALE))
    ]
    return (_activation("selu"), node.input[0]) if all(close) else None


def _gelu(graph: Reading, node: Any) -> Found:
    exact = graph.options(node).get("approximate", b"none") == b"none"
    return (_activation("gelu"), node.input[0]) if exact else None


def _softmax(graph: Reading, node: Any) -> Found:
    return (_activation("softmax"), node.input[0]) if graph.options(node).get("axis", -1) in (-1, 1) else None


def _batch_norm(graph: Reading, node: Any) -> Found:
    options = graph.options(node)
    found = [graph.constant(node, place) for place in range(1, 5)]
    if any(array is None for array in found) or options.get("training_mode"):
        return None

    def made(width: int) -> Layer:
        momentum = _short(1 - options.get("momentum", 0.9))
        layer = BatchNorm(width, momentum=round(momentum, 6), epsilon=_short(options.get("epsilon", 1e-5)))
        _assign((layer.gain, layer.shift, layer.running_mean, layer.running_var), found)
        return layer

    return made, node.input[0]


def _layer_norm(graph: Reading, node: Any) -> Found:
    options = graph.options(node)
    gain = graph.constant(node, 1)
    if gain is None or options.get("axis", -1) not in (-1, 1):
        return None
    shift = np.zeros_like(gain) if graph.constant(node, 2) is None else graph.constant(node, 2)

    def made(width: int) -> Layer:
        layer = LayerNorm(width, epsilon=_short(options.get("epsilon", 1e-5)))
        _assign((layer.gain, layer.shift), (gain, shift))
        return layer

    return made, node.input[0]


def _assign(parameters: Any, arrays: Any) -> None:
    for parameter, array in zip(parameters, arrays, strict=True):
        parameter.assign(np.array(array).reshape(parameter.value.shape))


def _scaler(graph: Reading, node: Any) -> Found:
    options = graph.options(node)
    arrays = [
        np.array(options.get(name, default), dtype=np.float64) for name, default in (("offset", [0]), ("scale", [1]))
    ]
    return Affine(*arrays), node.input[0]


def _imputer(graph: Reading, node: Any) -> Found:
    options = graph.options(node)
    if "imputed_value_floats" not in options or not math.isnan(options.get("replaced_value_float", 0.0)):
        return None
    fill = np.array(options["imputed_value_floats"], dtype=np.float64)
    return Affine(np.zeros(1), np.ones(1), fill), node.input[0]


def _nothing(graph: Reading, node: Any) -> Found:
    """What changes nothing in prediction."""
    return None, node.input[0]


def _cast(graph: Reading, node: Any) -> Found:
    """From one precision to another; whole numbers, truth values and texts are others."""
    floats = (onnx().TensorProto.FLOAT, onnx().TensorProto.DOUBLE)
    return (None, node.input[0]) if graph.options(node)["to"] in floats else None


def _dropout(graph: Reading, node: Any) -> Found:
    """Nothing, unless it goes on in prediction."""
    training = graph.constant(node, 2)
    told = len(node.input) > 2 and bool(node.input[2])
    goes_on = told and (training is None or bool(training.any()))
    return None if goes_on else (None, node.input[0])


def _reshape(graph: Reading, node: Any) -> Found:
    """Rows stay rows: (-1, width) or (0, width); the width is looked at when the layers are made."""
    shape = graph.constant(node, 1)
    rows = shape is not None and shape.ravel()[:1].tolist() in ([-1], [0]) and shape.size == 2
    return (None, node.input[0]) if rows else None


def _named(name: str) -> Callable[[Reading, Any], Found]:
    return lambda graph, node: (_activation(name), node.input[0])


KNOWN: dict[str, Callable[[Reading, Any], Found]] = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Add": _add,
    "Sub": _sub,
    "Mul": _mul,
    "Div": _div,
    "Where": _where,
    "Clip": _clip,
    "LeakyRelu": _with_alpha("leaky_relu", "slope", 0.01),
    "Elu": _with_alpha("elu", "alpha", 1.0),
    "PRelu": _prelu,
    "Selu": _selu,
    "Gelu": _gelu,
    "Softmax": _softmax,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "Scaler": _scaler,
    "Imputer": _imputer,
    "Reshape": _reshape,
    "Cast": _cast,
    "Dropout": _dropout,
    **dict.fromkeys(("Identity", "Flatten"), _nothing),
    **{operator: _named(operator.lower()) for operator in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Mish")},
    "Sin": _named("sine"),
}
"""Every operator that is understood."""
