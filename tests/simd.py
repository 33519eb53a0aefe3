"""NumPy without its vector instructions, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from numpy._core import _multiarray_umath as umath  # type: ignore[attr-defined]

CHECK = "from numpy._core import _multiarray_umath as u; assert not any(u.__cpu_features__[n] for n in {names!r})\n"


def dispatched() -> list[str]:
    """The vector instructions that NumPy chose at run time, and would use here."""
    return [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]


def without_simd(code: str) -> str:
    """What `code` prints when NumPy may use none of them."""
    names = dispatched()
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(names), "PYTHONPATH": path}
    command = [sys.executable, "-c", CHECK.format(names=names) + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
