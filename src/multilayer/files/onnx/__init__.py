"""ONNX, the exchange format that most runtimes read: whole models out, multilayer perceptrons in."""

from multilayer.files.onnx.reading import import_onnx
from multilayer.files.onnx.writing import export_onnx

__all__ = ["export_onnx", "import_onnx"]
