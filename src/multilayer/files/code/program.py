"""A program: its text, and the arrays that would make the text too long."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from multilayer.errors import UsageError
from multilayer.files.atomic import reason_of, write_atomically

ENDINGS = {"numpy": ".py", "pytorch": ".py", "keras": ".py", "c": ".c"}
"""The ending of a program's file, by its language."""
ARRAYS = ".arrays.npz"
"""In its place, the ending of the file beside it: none that a user's own data is likely to have."""


@final
@dataclass(frozen=True, eq=False)
class Program:
    """Source code to read, to run and to change. `print(program)` shows it.

    Where `arrays` is not empty the program reads them from the file .arrays.npz that `save` writes beside it.
    """

    language: str
    text: str
    arrays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the program, and beside it the arrays it reads; returns its path.

        Raises UsageError where the name does not end as programs of the language do, or cannot be written.
        """
        place, ending = Path(path), ENDINGS[self.language]
        if place.suffix != ending:
            raise UsageError(f"This program is saved as {ending}, got '{place}'.")
        try:
            write_atomically(place, self.text.encode("utf-8"))
            if self.arrays:
                write_atomically(place.with_suffix(ARRAYS), self._npz())
        except (OSError, ValueError) as error:
            raise UsageError(f"The program could not be saved as {place}: {reason_of(error)}.") from None
        return place

    def _npz(self) -> bytes:
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **dict(self.arrays))
        return file.getvalue()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        lines, beside = self.text.count("\n"), f", {len(self.arrays)} arrays beside it" * bool(self.arrays)
        return f"Program({self.language}, {lines} lines{beside})"
