"""The libraries of other systems: imported when first used, and missed in one sentence."""

from __future__ import annotations

import importlib
from typing import Any

from multilayer.errors import UsageError


def library(name: str, what: str) -> Any:
    """The module of that name; raises UsageError, saying what is to be installed, where it is missing.

    >>> library("numpy", "Arithmetic").__name__
    'numpy'
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] in ("multilayer", name):
            raise UsageError(
                f"{what} needs the package {name}, which is not installed. "
                f"Install it with: pip install 'multilayer[{name}]'"
            ) from None
        raise UsageError(
            f"{what} needs the package {name}, and that needs {error.name}, which is not installed. Install it"
            + (", or choose another backend, as in KERAS_BACKEND=torch." if name == "keras" else ".")
        ) from None
