"""`multilayer export`: a run's model as a file for other systems."""

from __future__ import annotations

from pathlib import Path

from multilayer import lab
from multilayer.cli import screen


def export(name: str, file: Path, folder: Path) -> None:
    """Write the file and print its path."""
    screen.put(f"{lab.load_run(name, folder).export(file)}\n")
