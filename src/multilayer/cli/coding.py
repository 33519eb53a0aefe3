"""`multilayer code`: a run as a program in another language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from multilayer import lab
from multilayer.cli import screen
from multilayer.cli.saying import say


def code(name: str, language: Any, what: Any, output: Path | None, folder: Path) -> None:
    """Print the program, or save it and print its path."""
    program = lab.load_run(name, folder).code(language, what)
    if output is not None:
        screen.put(f"{program.save(output)}\n")
        return
    screen.put(program.text)
    if program.arrays:
        say("The program reads arrays from a .arrays.npz file beside it. Write --to FILE to have both.")
