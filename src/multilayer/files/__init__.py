"""Files: the model file, written whole or not at all; models for other systems, and from them."""

from multilayer.files.atomic import write_atomically
from multilayer.files.exporting import export
from multilayer.files.foreign import as_model
from multilayer.files.keras_model import from_keras, to_keras
from multilayer.files.model_file import ModelFile
from multilayer.files.onnx import export_onnx, import_onnx
from multilayer.files.state_dict import load_state_dict, save_state_dict
from multilayer.files.torch_model import from_torch, to_torch

__all__ = [
    "ModelFile",
    "as_model",
    "export",
    "export_onnx",
    "from_keras",
    "from_torch",
    "import_onnx",
    "load_state_dict",
    "save_state_dict",
    "to_keras",
    "to_torch",
    "write_atomically",
]
