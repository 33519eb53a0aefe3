"""The engine's parts by themselves: compiled modules that stand beside the engine where it is installed in place."""

from __future__ import annotations

import importlib
from types import ModuleType


def probes(isa: str) -> ModuleType:
    """Those for an instruction set."""
    return importlib.import_module(f"multilayer._probes_{isa}")
