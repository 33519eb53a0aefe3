"""Each layer as ONNX operators.

In float32 an activation is the operator of its name where there is one. ONNX Runtime has several of them in float32
alone, and their options are float32 numbers: in float64 these are composed of operators that it has in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multilayer.errors import RefusedError
from multilayer.exact import normal
from multilayer.files.onnx.graph import Graph
from multilayer.nn import ACTIVATIONS, BatchNorm, Dropout, LayerNorm, Linear, Maxout, Scale
from multilayer.nn.activations import SELU_ALPHA, SELU_SCALE


def add_layer(graph: Graph, layer: Any, x: str) -> str:
    """The layer's output for x; raises RefusedError for a layer of a user's own."""
    if type(layer) in LAYERS:
        return LAYERS[type(layer)](graph, layer, x)
    if ACTIVATIONS.get(getattr(layer, "activation", "")) is not type(layer):
        raise RefusedError(f"The layer {type(layer).__name__} is code of your own, which ONNX has no operator for.")
    if graph.dtype == np.float32 and layer.activation in OPERATORS:
        operator, options = OPERATORS[layer.activation]
        return graph.op(operator, x, **{name: getattr(layer, option) for name, option in options.items()})
    return COMPOSED[layer.activation](graph, layer, x)


OPERATORS: dict[str, tuple[str, dict[str, str]]] = {
    "leaky_relu": ("LeakyRelu", {"alpha": "slope"}),
    "elu": ("Elu", {"alpha": "alpha"}),
    "selu": ("Selu", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
}


def _linear(graph: Graph, layer: Linear, x: str) -> str:
    """Gemm also without biases: ONNX Runtime rounds a single factor before a float64 MatMul to float32."""
    return graph.op("Gemm", x, *(graph.weight(array) for array in layer.params))


def _maxout(graph: Graph, layer: Maxout, x: str) -> str:
    """The largest of the pieces, each a linear layer."""
    arrays = [graph.weight(array) for array in layer.params]
    pieces = []
    for place in range(layer.pieces):
        piece = graph.constant(np.array(place))
        pieces.append(graph.op("Gemm", x, *(graph.op("Gather", array, piece, axis=0) for array in arrays)))
    return graph.op("Max", *pieces)


def _scale(graph: Graph, layer: Scale, x: str) -> str:
    return graph.op("Mul", x, graph.weight(layer.s))


def _layer_norm(graph: Graph, layer: LayerNorm, x: str) -> str:
    gain, shift = graph.weight(layer.gain), graph.weight(layer.shift)
    if graph.dtype == np.float32:
        return graph.op("LayerNormalization", x, gain, shift, axis=-1, epsilon=layer.epsilon)
    away = graph.op("Sub", x, graph.op("ReduceMean", x, axes=[1]))
    variance = graph.op("ReduceMean", graph.op("Mul", away, away), axes=[1])
    return _normalized(graph, layer, away, variance)


def _batch_norm(graph: Graph, layer: BatchNorm, x: str) -> str:
    arrays = (layer.gain, layer.shift, layer.running_mean, layer.running_var)
    names = [graph.weight(array) for array in arrays]
    if graph.dtype == np.float32:
        return graph.op("BatchNormalization", x, *names, epsilon=layer.epsilon)
    return _normalized(graph, layer, graph.op("Sub", x, names[2]), names[3])


def _normalized(graph: Graph, layer: Any, away: str, variance: str) -> str:
    """gain * away / sqrt(variance + epsilon) + shift."""
    deviation = graph.op("Sqrt", graph.op("Add", variance, graph.number(layer.epsilon)))
    scaled = graph.op("Mul", graph.op("Div", away, deviation), graph.weight(layer.gain))
    return graph.op("Add", scaled, graph.weight(layer.shift))


def _dropout(graph: Graph, layer: Dropout, x: str) -> str:
    """In prediction nothing is dropped."""
    return x


LAYERS: dict[type, Callable[[Graph, Any, str], str]] = {
    Linear: _linear,
    Maxout: _maxout,
    Scale: _scale,
    LayerNorm: _layer_norm,
    BatchNorm: _batch_norm,
    Dropout: _dropout,
}


def _plain(operator: str) -> Callable[[Graph, Any, str], str]:
    return lambda graph, layer, x: graph.op(operator, x)


def _step(graph: Graph, layer: Any, x: str) -> str:
    return graph.cast(graph.op("GreaterOrEqual", x, graph.number(0)), graph.dtype)


def _leaky_relu(graph: Graph, layer: Any, x: str) -> str:
    return graph.op("PRelu", x, graph.constant(np.array([layer.slope], dtype=graph.dtype)))


def _prelu(graph: Graph, layer: Any, x: str) -> str:
    return graph.op("PRelu", x, graph.weight(layer.slopes))


def _exponential_below(graph: Graph, x: str, above: float, depth: float) -> str:
    """above * x where x > 0, else depth * (exp(x) - 1)."""
    power = graph.op("Exp", graph.op("Min", x, graph.number(0)))
    below = graph.op("Mul", graph.op("Sub", power, graph.number(1)), graph.number(depth))
    straight = graph.op("Mul", x, graph.number(above))
    return graph.op("Where", graph.op("Greater", x, graph.number(0)), straight, below)


def _elu(graph: Graph, layer: Any, x: str) -> str:
    return _exponential_below(graph, x, 1.0, layer.alpha)


def _selu(graph: Graph, layer: Any, x: str) -> str:
    return _exponential_below(graph, x, SELU_SCALE, SELU_SCALE * SELU_ALPHA)


def _gelu(graph: Graph, layer: Any, x: str) -> str:
    """x (1 + erf(x / sqrt 2)) / 2."""
    scaled = graph.op("Mul", x, graph.number(math.sqrt(0.5)))
    erf = graph.op("Erf", scaled) if graph.dtype == np.float32 else _erf(graph, scaled)
    half = graph.op("Mul", graph.op("Add", erf, graph.number(1)), graph.number(0.5))
    return graph.op("Mul", x, half)


def _erf(graph: Graph, x: str) -> str:
    """The error function in float64, by the polynomials of `exact.normal`."""
    size = graph.op("Min", graph.op("Abs", x), graph.number(6))
    square = graph.op("Mul", size, size)
    series = _horner(graph, normal.ERF_NEAR, graph.op("Min", square, graph.number(1)))
    near = graph.op("Add", size, graph.op("Mul", size, series))
    u = graph.op("Div", graph.op("Sub", size, graph.number(2)), graph.op("Add", size, graph.number(2)))
    tail = graph.op("Mul", graph.op("Exp", graph.op("Neg", square)), _horner(graph, normal.ERF_FAR, u))
    far = graph.op("Sub", graph.number(1), tail)
    value = graph.op("Where", graph.op("Less", size, graph.number(1)), near, far)
    return graph.op("Mul", value, graph.op("Sign", x))


def _horner(graph: Graph, coefficients: Sequence[float], z: str) -> str:
    """coefficients[0] + coefficients[1] z + ..."""
    value = graph.number(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = graph.op("Add", graph.op("Mul", value, z), graph.number(coefficient))
    return value


def _silu(graph: Graph, layer: Any, x: str) -> str:
    return graph.op("Mul", x, graph.op("Sigmoid", x))


def _softplus(graph: Graph, layer: Any, x: str) -> str:
    """max(x, 0) + log(1 + exp(-|x|))."""
    power = graph.op("Exp", graph.op("Neg", graph.op("Abs", x)))
    return graph.op("Add", graph.op("Relu", x), graph.op("Log", graph.op("Add", power, graph.number(1))))


def _mish(graph: Graph, layer: Any, x: str) -> str:
    softplus = graph.op("Softplus", x) if graph.dtype == np.float32 else _softplus(graph, layer, x)
    return graph.op("Mul", x, graph.op("Tanh", softplus))


def _softsign(graph: Graph, layer: Any, x: str) -> str:
    return graph.op("Div", x, graph.op("Add", graph.op("Abs", x), graph.number(1)))


def _ramp(graph: Graph, layer: Any, x: str) -> str:
    return graph.op("Clip", x, graph.number(-1), graph.number(1))


def _softmax(graph: Graph, layer: Any, x: str) -> str:
    return graph.op("Softmax", x, axis=1)


COMPOSED: dict[str, Callable[[Graph, Any, str], str]] = {
    "identity": lambda graph, layer, x: x,
    "step": _step,
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "relu": _plain("Relu"),
    "leaky_relu": _leaky_relu,
    "prelu": _prelu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": _silu,
    "mish": _mish,
    "softplus": _softplus,
    "softsign": _softsign,
    "ramp": _ramp,
    "sine": _plain("Sin"),
    "softmax": _softmax,
}
