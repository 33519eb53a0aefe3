"""The machine, and the versions of everything that was measured on it."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from benchmarks.timing import cores
from multilayer.engines import native

PEERS = ("numpy", "torch", "jax", "jaxlib", "scikit-learn", "onnx", "onnxruntime")


def record() -> dict[str, Any]:
    """Plain data, as it stands in results.json."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "instruction_set": native.instruction_set() or native.why_missing(),
        "built_with": native.built_with(),
        "versions": {name: version(name) for name in ("multilayer", *PEERS)},
        "load": round(os.getloadavg()[0], 2),
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def version(name: str) -> str | None:
    """The installed version of a distribution; None where it is missing."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def busy() -> str | None:
    """A sentence when other programs keep the processors busy, so that times mean little."""
    load = os.getloadavg()[0]
    if load < 0.25 * cores():
        return None
    return f"The load of this machine is {load:.1f} on {cores()} cores: other programs disturb these times."


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
