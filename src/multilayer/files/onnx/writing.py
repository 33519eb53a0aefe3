"""A whole model as an ONNX file: its preparation, its network and its answers, with a document to read it back by."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from multilayer.engines.model import Model
from multilayer.errors import ModelFileError, RefusedError, UsageError
from multilayer.files.atomic import reason_of, write_atomically
from multilayer.files.model_parts import target_document
from multilayer.files.onnx.answers import LABEL, PREDICTION, PROBABILITIES, add_answers
from multilayer.files.onnx.graph import Graph, onnx
from multilayer.files.onnx.layers import add_layer
from multilayer.files.onnx.table import add_table
from multilayer.recipe import canonical
from multilayer.version import __version__

OPSET, ML_OPSET, IR_VERSION = 17, 3, 8
"""Old enough for runtimes since 2022 (ONNX Runtime 1.12), and with all that is needed."""

KEY, FORMAT = "multilayer", 1
MOST_BYTES = 2**31 - 1
"""The format's own limit for one file."""


def export_onnx(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write a model with its preparation and its answers as an ONNX file (opset 17); returns its path.

    Inputs: `X` (n_samples, n_columns) where all columns are numbers, else one (n_samples, 1) for each column, by its
    name: text for categories, numbers for all else, dates in days since 1970-01-01 (UTC). Missing is NaN or an empty
    text. Numbers are of the model's precision, or float64 where float32 would round a column too much
    (docs/exports.md). Outputs: `label` and `probabilities`, or `prediction`, as `predict` and `answer` give them.

    Raises RefusedError for layers of a user's own and for a model of more than 2 GB, UsageError where the package
    onnx is missing or the file cannot be written.
    """
    path = Path(path)
    written = to_onnx(model)
    if written.ByteSize() > MOST_BYTES:
        raise RefusedError(f"An ONNX file holds at most 2 GB, and this model takes {written.ByteSize()} bytes.")
    try:
        write_atomically(path, written.SerializeToString())
    except (OSError, ValueError) as error:
        raise UsageError(f"The ONNX file {path} could not be written: {reason_of(error)}.") from None
    return path


def to_onnx(model: Model) -> Any:
    """The same as an `onnx.ModelProto`."""
    helper = onnx().helper
    graph = Graph(_dtype(model), {id(array): name for name, array in model.net.named_weights().items()})
    taken = {*model.net.named_weights(), LABEL, PROBABILITIES, PREDICTION}
    inputs, x = add_table(graph, model.preparation, taken)
    for layer in model.net.leaves():
        x = add_layer(graph, layer, x)
    outputs = add_answers(graph, model, x)
    arrays = [_tensor(name, value) for name, value in graph.constants.items()]
    network = helper.make_graph(graph.nodes, "multilayer", inputs, outputs, arrays)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    versions = {"ir_version": IR_VERSION, "producer_name": "multilayer", "producer_version": __version__}
    written = helper.make_model(network, opset_imports=opsets, **versions)
    if model.own is None:
        helper.set_model_props(written, {KEY: _envelope(model, network)})
    return written


def _dtype(model: Model) -> np.dtype[Any]:
    found = {parameter.value.dtype for parameter in model.net.named_weights().values()}
    if len(found) != 1:
        raise RefusedError("The weights of a network must be of one precision, float32 or float64, to be exported.")
    return found.pop()


def _tensor(name: str, value: np.ndarray[Any, Any]) -> Any:
    return onnx().numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name)


def _envelope(model: Model, network: Any) -> str:
    """What the graph does not say, in canonical JSON, with the digest of both."""
    document = {
        "format": FORMAT,
        "recipe": model.recipe.to_dict(),
        "columns": model.preparation.encoding.to_list(),
        "target": target_document(model.target),
        "arithmetic": model.arithmetic,
    }
    try:
        text: bytes = canonical({**document, "digest": digest(document, network)})
    except ValueError as error:
        raise ModelFileError(f"The model cannot be written: {str(error).rstrip('.')}.") from None
    return text.decode("utf-8")


def digest(document: dict[str, Any], network: Any) -> str:
    """SHA-256 over the document and the graph: a graph that was changed since is not what the document describes."""
    content: bytes = network.SerializeToString(deterministic=True)
    return hashlib.sha256(canonical(document) + b"\n" + content).hexdigest()
