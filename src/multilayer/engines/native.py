"""The native engine's presence: was it built, and which instruction set does it use on this machine?

The environment variable MULTILAYER_ISA forces an instruction set ('avx512', 'avx2' or 'neon'; 'none' switches the
native engine off). Results are the same bits with each of them.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from multilayer.errors import RefusedError, unknown

INSTRUCTION_SETS = ("avx512", "avx2", "neon", "none")


def instruction_set() -> str | None:
    """The instruction set that the native engine uses here, or None where there is no native engine to use."""
    if _native() is None:
        return None
    supported = [*instruction_sets(), "none"]
    name = _asked(supported) or supported[0]
    return None if name == "none" else name


def instruction_sets() -> list[str]:
    """The instruction sets that the native engine was built for and this machine has, the best first."""
    module = _native()
    return [] if module is None else list(module.supported_instruction_sets())


def extension(name: str) -> ModuleType:
    """The engine's compiled module for one of `instruction_sets()`."""
    return importlib.import_module(f"multilayer._native_{name}")


def why_missing() -> str | None:
    """The reason why there is no native engine to use, in a sentence; None when there is one."""
    if _native() is None:
        return (
            "multilayer was installed without its native engine, because no C++ compiler (GCC or Clang) or no Python "
            "header files were found. Install what is missing and reinstall multilayer to have it."
        )
    if instruction_set() is not None:
        return None
    if os.environ.get("MULTILAYER_ISA") == "none":
        return "The native engine is switched off by MULTILAYER_ISA=none."
    return "The native engine needs a processor with AVX2 and FMA, or a 64-bit ARM; this one is neither."


def built_with() -> str | None:
    """The compiler and the flags that built the native engine, as they stand in a run's record."""
    module = _native()
    return None if module is None else f"{module.compiler} {module.flags}"


def _native() -> ModuleType | None:
    """The module that knows the machine; None when the native engine was left out of the build. One that is there and
    broken raises ImportError."""
    try:
        return importlib.import_module("multilayer._native")
    except ModuleNotFoundError:
        return None


def _asked(supported: list[str]) -> str | None:
    """The value of MULTILAYER_ISA, checked; None when it is not set."""
    name = os.environ.get("MULTILAYER_ISA")
    if not name:
        return None
    if name not in INSTRUCTION_SETS:
        raise RefusedError(f"MULTILAYER_ISA: {unknown('instruction set', name, INSTRUCTION_SETS)}")
    if name not in supported:
        raise RefusedError(
            f"MULTILAYER_ISA asks for '{name}', which this machine does not have. It has: {', '.join(supported)}."
        )
    return name
