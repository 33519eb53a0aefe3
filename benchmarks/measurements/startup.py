"""How long it takes to import multilayer and to show the help of its command, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import median_seconds

LIMITS = {"import multilayer": 0.3, "multilayer --help": 0.4}
"""What the package promises, in seconds."""


def measured(*, quick: bool) -> dict[str, float]:
    """Median seconds; 'python' is the interpreter alone, which the others include."""
    commands = {
        "python": ["-c", "pass"],
        "import multilayer": ["-c", "import multilayer"],
        "import multilayer, the engines too": ["-c", "import multilayer.engines"],
        "multilayer --help": ["-m", "multilayer", "--help"],
        "import numpy": ["-c", "import numpy"],
    }
    if not quick:
        commands["import sklearn.neural_network"] = ["-c", "import sklearn.neural_network"]
        commands["import torch"] = ["-c", "import torch"]
    return {name: _seconds(command, 3 if quick else 15) for name, command in commands.items()}


def _seconds(arguments: list[str], repetitions: int) -> float:
    def call() -> None:
        subprocess.run([sys.executable, *arguments], check=False, capture_output=True)

    return median_seconds(call, repetitions)
