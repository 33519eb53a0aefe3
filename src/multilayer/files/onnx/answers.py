"""From a network's outputs to what the model says, in ONNX: what `recipe.outputs.answer` and `decided` do.

All is computed in float64, as there, so that a label does not depend on how a probability was rounded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from multilayer.engines.model import Model
from multilayer.files.onnx.graph import Graph, element_type, onnx
from multilayer.files.onnx.table import PREPARED, ROWS, single_serves

DOUBLE = np.dtype(np.float64)
LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"


def add_answers(graph: Graph, model: Model, outputs: str) -> list[Any]:
    """The graph's outputs: `label` and `probabilities`, or `prediction`."""
    y = outputs if graph.dtype == DOUBLE else graph.cast(outputs, DOUBLE)
    if model.target.kind == "regression":
        return [_prediction(graph, model, y)]
    probabilities = _probabilities(graph, model, y)
    label = _label(graph, model, probabilities)
    graph.op("Cast", probabilities, output=PROBABILITIES, to=element_type(graph.dtype))
    width = len(model.target.classes) or model.target.n_out
    return [label, _output(PROBABILITIES, graph.dtype, [ROWS, width])]


def _prediction(graph: Graph, model: Model, y: str) -> Any:
    """In the target's own units; (n_samples,) for one number."""
    how, prepared, k = model.answering, model.preparation, model.target.n_out
    if how == "mean":
        y = graph.op("Gather", y, graph.constant(np.arange(k)), axis=1)
    if how == "exponential":
        y = graph.op("Exp", y)
    factor = graph.constant(prepared.target_factor, PREPARED + "target_factor")
    center = graph.constant(prepared.target_center, PREPARED + "target_center")
    y = graph.op("Add", graph.op("Div", y, factor), center)
    serves = single_serves(prepared.target_center, prepared.target_factor)
    dtype = graph.dtype if serves else DOUBLE
    shape = [ROWS] if k == 1 else [ROWS, k]
    y = graph.op("Reshape", y, graph.constant(np.array([-1] if k == 1 else [-1, k])))
    graph.op("Cast", y, output=PREDICTION, to=element_type(dtype))
    return _output(PREDICTION, dtype, shape)


def _probabilities(graph: Graph, model: Model, y: str) -> str:
    how = model.answering
    if how == "softmax":
        return graph.op("Softmax", y, axis=1)
    if how == "shares":
        return _shares(graph, _lifted(graph, y))
    bits = _clipped(graph, y) if how == "clipped" else graph.op("Sigmoid", y)
    if how == "sigmoid shares":
        return _shares(graph, bits)
    if model.target.kind != "binary" or _width(model) != 1:
        return bits
    return graph.op("Concat", graph.op("Sub", graph.number(1, DOUBLE), bits), bits, axis=1)


def _width(model: Model) -> int:
    """How many outputs the network has; a binary target may have one or two."""
    return int(model.net(np.zeros((1, model.n_in))).shape[1])


def _lifted(graph: Graph, y: str) -> str:
    """Each row lifted so that nothing in it is negative."""
    lowest = graph.op("Min", graph.op("ReduceMin", y, axes=[1]), graph.number(0, DOUBLE))
    return graph.op("Sub", y, lowest)


def _clipped(graph: Graph, y: str) -> str:
    return graph.op("Clip", y, graph.number(0, DOUBLE), graph.number(1, DOUBLE))


def _shares(graph: Graph, bits: str) -> str:
    """Each row divided by its sum; a row of zeros becomes equal shares."""
    one, axes = graph.number(1, DOUBLE), graph.constant(np.array([1]))
    total = graph.op("ReduceSum", bits, axes)
    something = graph.op("Greater", total, graph.number(0, DOUBLE))
    shares = graph.op("Div", bits, graph.op("Where", something, total, one))
    ones = graph.op("Add", graph.op("Mul", bits, graph.number(0, DOUBLE)), one)
    equal = graph.op("Div", ones, graph.op("ReduceSum", ones, axes))
    return graph.op("Where", something, shares, equal)


def _label(graph: Graph, model: Model, probabilities: str) -> Any:
    """The label of the chosen class (n_samples,), or a 0 or 1 for each label (n_samples, k)."""
    target = model.target
    if target.kind == "multilabel":
        chosen = graph.op("GreaterOrEqual", probabilities, graph.number(0.5, DOUBLE))
        graph.op("Cast", chosen, output=LABEL, to=element_type(np.int64))
        return _output(LABEL, np.dtype(np.int64), [ROWS, target.n_out])
    labels = np.asarray(target.classes)
    if len(labels) == 2:
        first, second = (graph.op("Gather", probabilities, graph.constant(np.array(k)), axis=1) for k in (0, 1))
        code = graph.cast(graph.op("GreaterOrEqual", second, first), np.int64)
    else:
        code = graph.op("ArgMax", probabilities, axis=1, keepdims=0)
    graph.op(
        "Gather", graph.constant(labels.astype(object) if labels.dtype.kind == "U" else labels), code, output=LABEL
    )
    return _output(LABEL, labels.dtype, [ROWS])


def _output(name: str, dtype: np.dtype[Any], shape: list[Any]) -> Any:
    return onnx().helper.make_tensor_value_info(name, element_type(dtype), shape)
