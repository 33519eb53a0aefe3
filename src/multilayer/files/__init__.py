"""Files: the model file, written whole or not at all."""

from multilayer.files.atomic import write_atomically
from multilayer.files.model_file import ModelFile

__all__ = ["ModelFile", "write_atomically"]
