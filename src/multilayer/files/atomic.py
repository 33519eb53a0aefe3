"""Writing a file so that a reader finds the old one or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def reason_of(error: OSError | ValueError) -> str:
    """Why the system could not read or write a file, in its own words."""
    return getattr(error, "strerror", None) or str(error)


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the file, flush to the disk, rename over it, and flush the folder.

    Raises OSError as the system gives it; then nothing is left beside the file, and the one that stood there still
    stands, unless the last flush was what failed.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
