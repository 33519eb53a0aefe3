from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("jinja2", "keras", "matplotlib", "onnx", "pandas", "polars", "pyarrow", "scipy", "sklearn", "torch")

IMPORT = "import multilayer"
HELP = """
import contextlib, io, runpy
sys.argv = ["multilayer", "--help"]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    runpy.run_module("multilayer", run_name="__main__")
"""


@pytest.mark.parametrize("start", [IMPORT, HELP], ids=["import", "help"])
def test_heavy_packages_wait_until_they_are_used(start):
    """What makes `import multilayer` and `multilayer --help` quick."""
    report = f"\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    program = [sys.executable, "-c", f"import sys\n{start}{report}"]
    answer = subprocess.run(program, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
