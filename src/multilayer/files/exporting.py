"""A model as a file for another system, chosen by its suffix."""

from __future__ import annotations

import os
from pathlib import Path

from multilayer.engines.model import Model
from multilayer.errors import RefusedError, UsageError
from multilayer.files.keras_model import save_keras
from multilayer.files.onnx import export_onnx
from multilayer.files.state_dict import save_state_dict

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".joblib", ".bin")


def export(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write the model for another system and return the path: `.onnx` the whole model, `.safetensors` the weights as
    PyTorch names them, `.keras` the network for Keras 3.

    Raises RefusedError for suffixes of pickles, UsageError for any other, and what the writers raise.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise RefusedError(
            f"A {suffix} file is a pickle, which can run code when it is read, so none is written. Export to "
            f"{path.with_suffix('.safetensors').name} and read it in PyTorch with safetensors.torch.load_file."
        )
    writers = {".onnx": export_onnx, ".safetensors": save_state_dict, ".keras": save_keras}
    if suffix not in writers:
        raise UsageError(f"An export is an .onnx, .safetensors or .keras file, got '{path.name}'.")
    return writers[suffix](model, path)
