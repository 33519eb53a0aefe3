"""ONNX files as models: those that multilayer wrote, exactly; those of others, where they are perceptrons."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multilayer.data import FittedPreparation
from multilayer.data.target import Label, TargetKind
from multilayer.engines.model import Model
from multilayer.errors import ModelFileError, UsageError
from multilayer.files.atomic import reason_of
from multilayer.files.model_parts import checked_model, encoding_from, in_one_sentence, network_from
from multilayer.files.onnx.graph import onnx
from multilayer.files.onnx.perceptron import perceptron
from multilayer.files.onnx.table import PREPARED
from multilayer.files.onnx.writing import FORMAT, KEY, digest


def import_onnx(
    path: str | os.PathLike[str], *, kind: TargetKind | None = None, classes: Sequence[Label] | None = None
) -> Model:
    """The model in an ONNX file.

    A file that `export_onnx` wrote gives the model that was written: preparation, target, recipe and weights to the
    last bit. Any other must be a multilayer perceptron: a chain of linear layers (MatMul, Gemm, Add), activations and
    normalizations behind one float input (n_samples, n_in), as PyTorch and skl2onnx write it; what scales or fills
    the inputs becomes the preparation. There `kind` and `classes` say what the outputs mean, as for `as_model`,
    where the graph does not.

    Nothing in the file is executed, and no other file is opened. Raises RefusedError naming the operator that is not
    understood, ModelFileError for a file that cannot be read, is damaged or was changed after multilayer wrote it, and
    UsageError where the package onnx is missing.
    """
    path = Path(path)
    found = _read(path)
    external = onnx().TensorProto.EXTERNAL
    constants = (option.t for node in found.graph.node for option in node.attribute)
    if any(tensor.data_location == external for tensor in (*found.graph.initializer, *constants)):
        raise ModelFileError(
            f"The ONNX file {path} keeps weights in another file, which is not opened. Write it whole: in PyTorch by "
            "torch.onnx.export(..., external_data=False)."
        )
    envelope = next((entry.value for entry in found.metadata_props if entry.key == KEY), None)
    if envelope is None:
        return perceptron(found.graph, f"The ONNX file {path}", kind, classes)
    if kind is not None or classes is not None:
        raise UsageError(f"The ONNX file {path} says itself what its outputs are: leave kind and classes out.")
    unreadable = f"The ONNX file {path} holds no model that this version can read"
    with in_one_sentence(unreadable):
        document = json.loads(envelope)
        version, said = document["format"], document.pop("digest")
        changed = said != digest(document, found.graph)
    if type(version) is int and version > FORMAT:
        raise ModelFileError(
            f"The ONNX file {path} has format {version}, newer than format {FORMAT} of this version. "
            "Upgrade multilayer to read it."
        )
    if changed:
        raise ModelFileError(
            f"The ONNX file {path} was changed after multilayer wrote it. Export the model again, and do not change it."
        )
    with in_one_sentence(unreadable):
        return _own(found.graph, document)


def _read(path: Path) -> Any:
    if path.exists() and not path.is_file():
        raise ModelFileError(f"The ONNX file {path} could not be read: it is not a file.")
    library = onnx()
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ModelFileError(f"The ONNX file {path} could not be read: {reason_of(error)}.") from None
    try:
        found = library.load_model_from_string(content)
    except Exception:  # the parser's own exceptions differ between versions of protobuf
        found = None
    if found is None or not found.graph.node:
        raise ModelFileError(f"The file {path} is not an ONNX model, or it is damaged.")
    return found


def _own(graph: Any, document: dict[str, Any]) -> Model:
    arrays = {tensor.name: onnx().numpy_helper.to_array(tensor) for tensor in graph.initializer}
    width = encoding_from(document["columns"]).n_features
    target, recipe, names = network_from(document, width, sum(array.size for array in arrays.values()))
    preparation = _preparation(document["columns"], arrays, target.n_out)
    weights = {name: arrays[name] for name in names}
    return checked_model(Model(recipe, preparation, target, weights, str(document["arithmetic"])))


def _preparation(columns: Any, arrays: dict[str, Any], n_out: int) -> FittedPreparation:
    """The target's preparation is in the graph where it changes something."""
    plain = {"target_center": np.zeros(n_out), "target_factor": np.ones(n_out)}
    found = {name: arrays.get(PREPARED + name, plain.get(name)) for name in FittedPreparation.ARRAYS}
    return FittedPreparation.from_dict({"columns": columns}, {k: v for k, v in found.items() if v is not None})
