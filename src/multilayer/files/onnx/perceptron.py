"""An ONNX graph that others wrote, as a multilayer perceptron: walked from its output back to its input."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.data.target import Label, TargetKind
from multilayer.engines.model import Model
from multilayer.errors import RefusedError, UsageError
from multilayer.files.foreign import as_model, widths
from multilayer.files.onnx.graph import onnx
from multilayer.files.onnx.operators import KNOWN, Affine, Form, Reading
from multilayer.nn import Linear, Scale, Sequential

LABELS = ("classlabels_strings", "classlabels_int64s")


def perceptron(graph: Any, source: str, kind: TargetKind | None, classes: Sequence[Label] | None) -> Model:
    """The model that predicts what the graph does; raises RefusedError naming the operator that no layer stands for."""
    reading = Reading(graph, source)
    x, n_in = _input(graph, reading)
    y, both = _network_output(graph, reading)
    forms = _forms(reading, x, y)
    preparation, forms = _leading(forms, source)
    n_in = n_in or len(next(iter(preparation.values()), ()))
    if n_in > sum(array.size for array in reading.constants.values()):
        raise RefusedError(f"{source} has {n_in} inputs and fewer weights, so it is no multilayer perceptron.")
    try:
        net = _network(forms, n_in, reading)
        n_in, width = widths(net)
        arrays: dict[str, Any] = {name: _for_each(value, n_in) for name, value in preparation.items()}
    except RefusedError:
        raise
    except (ValueError, UsageError) as error:
        raise RefusedError(f"{source} has arrays that do not fit each other: {str(error).rstrip('.')}.") from None
    if kind is None and both:
        kind = "binary" if width == 1 else "multilabel"
    if classes is None and kind not in ("multilabel", "regression"):
        classes = _classes(graph, reading)
    model = as_model(net, kind=kind, classes=classes)
    return dataclasses.replace(model, preparation=dataclasses.replace(model.preparation, **arrays))


def _for_each(value: Array, n: int) -> Array:
    """One number for each of n features."""
    return np.array(np.broadcast_to(value, (n,)), dtype=np.float64)


def _input(graph: Any, reading: Reading) -> tuple[str, int]:
    """The name and the width of the one input."""
    inputs = [value for value in graph.input if value.name not in reading.constants]
    shapes = [[size.dim_value for size in value.type.tensor_type.shape.dim] for value in inputs]
    floats = (onnx().TensorProto.FLOAT, onnx().TensorProto.DOUBLE)
    if len(inputs) != 1 or inputs[0].type.tensor_type.elem_type not in floats or len(shapes[0]) != 2:
        raise RefusedError(
            f"{reading.source} must have one input of floats (n_samples, n_in) to be a multilayer perceptron, got "
            f"{', '.join(value.name for value in inputs) or 'none'}."
        )
    return inputs[0].name, shapes[0][1]


def _network_output(graph: Any, reading: Reading) -> tuple[str, bool]:
    """The value that holds probabilities or numbers, and whether 1 - p was written beside it, which is left aside."""
    floats = (0, onnx().TensorProto.FLOAT, onnx().TensorProto.DOUBLE)  # 0: not a tensor, as ZipMap gives
    outputs = [value.name for value in graph.output if value.type.tensor_type.elem_type in floats]
    if len(outputs) != 1:
        raise RefusedError(
            f"{reading.source} must have one output of floats to be a multilayer perceptron, got "
            f"{len(outputs)}: {', '.join(outputs) or 'none'}."
        )
    y = outputs[0]
    node = reading.makers.get(y)
    while node is not None and node.op_type in ("ZipMap", "Identity"):
        y = node.input[0]
        node = reading.makers.get(y)
    if node is not None and node.op_type == "Concat" and len(node.input) == 2:
        maker = reading.makers.get(node.input[0])
        rest = maker is not None and maker.op_type == "Sub" and maker.input[1] == node.input[1]
        if rest and reading.number(maker, 0) == 1:
            return node.input[1], True
    return y, False


def _classes(graph: Any, reading: Reading) -> list[Label] | None:
    """The labels, where the graph has them."""
    for node in graph.node:
        options = reading.options(node)
        for name in LABELS:
            if node.op_type == "ZipMap" and name in options:
                return [label.decode() if isinstance(label, bytes) else label for label in options[name]]
        if node.op_type == "ArrayFeatureExtractor" and node.input[0] in reading.constants:
            found = reading.constants[node.input[0]].ravel().tolist()
            return [label.decode() if isinstance(label, bytes) else label for label in found]
    return None


def _forms(reading: Reading, x: str, y: str) -> list[Form]:
    """What the operators between x and y stand for, in order."""
    forms: list[Form] = []
    for _ in range(len(reading.makers) + 1):  # a damaged graph may run in a circle
        if y == x:
            return forms[::-1]
        node = reading.makers.get(y)
        if node is None:
            raise RefusedError(f"{reading.source} is no chain from its input to its output: nothing gives {y!r}.")
        if node.op_type not in KNOWN:
            raise RefusedError(
                f"{reading.source} has the operator {node.op_type}, which is not understood: a multilayer perceptron "
                f"is a chain of {', '.join(sorted(KNOWN))}."
            )
        form, y = reading.found(KNOWN[node.op_type], node)
        forms += [form] if form is not None else []
    raise RefusedError(f"{reading.source} is no chain from its input to its output: it runs in a circle.")


def _leading(forms: list[Form], source: str) -> tuple[dict[str, Array], list[Form]]:
    """What is done to the inputs before the network, as arrays of a preparation, and the rest."""
    leading = list(itertools.takewhile(lambda form: isinstance(form, Affine), forms))
    center, factor, fill = np.zeros(1), np.ones(1), None
    for form in leading:
        assert isinstance(form, Affine)
        if (form.fill is not None and fill is not None) or not np.all(factor):
            raise RefusedError(f"{source} fills gaps twice, or multiplies inputs by 0, which no preparation does.")
        if form.fill is not None:
            fill = form.fill / factor + center
        center = center + form.center / factor
        factor = factor * form.factor
    arrays: dict[str, Array] = {"center": center, "factor": factor}
    if fill is not None:
        arrays["fill"] = fill
    return (arrays if leading else {}), forms[len(leading) :]


def _network(forms: list[Form], n_in: int, reading: Reading) -> Sequential:
    """The layers of these forms; a sum behind a product is its biases."""
    layers: list[Any] = []
    width = n_in
    for form in forms:
        last = layers[-1] if layers else None
        if not isinstance(form, Affine):
            layers.append(form(width))
            width = getattr(layers[-1], "n_out", width)
        elif isinstance(last, Linear) and not last.bias and (form.factor == 1).all() and form.fill is None:
            layers[-1] = _biased(last, -form.center)
        elif not form.center.any() and form.fill is None:
            layers.append(_scale(form.factor, width))
        else:
            raise RefusedError(f"{reading.source} adds a constant behind an activation, which no layer does.")
    if not any(isinstance(layer, Linear) for layer in layers):
        raise RefusedError(
            f"{reading.source} has no product of its input with a matrix, so it is no multilayer perceptron."
        )
    return Sequential(*layers, seed=None)


def _biased(layer: Linear, b: Array) -> Linear:
    biased = Linear(layer.n_in, layer.n_out)
    biased.W.assign(layer.W.value)
    biased.b.assign(np.array(np.broadcast_to(b, (layer.n_out,)), dtype=layer.W.value.dtype))
    return biased


def _scale(factor: Array, width: int) -> Scale:
    layer = Scale(width)
    layer.s.assign(np.array(np.broadcast_to(factor, (width,))))
    return layer
