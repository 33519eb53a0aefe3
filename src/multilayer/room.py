"""How much memory data may take, the blocks of rows it is worked through in, and the disk for what needs more.

Data may take half of the machine's memory. MULTILAYER_MEMORY, a number of bytes such as 2e9, sets another bound: what
is larger stays in its file, or goes to a temporary one. No result depends on it.
"""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.errors import RefusedError, UsageError, sentence

BLOCK = 2**22
"""Numbers in a block of rows: 32 MiB in float64."""

CACHED = 2**16
"""Numbers in a block that stays in a processor's cache, for what is done number by number."""


def memory() -> int:
    """The bytes of memory that data may take.

    Raises UsageError where MULTILAYER_MEMORY is no number of bytes.
    """
    told = os.environ.get("MULTILAYER_MEMORY")
    if told is None:
        return machine_memory() // 2
    try:
        return int(float(told))
    except (ValueError, OverflowError):
        raise UsageError(sentence("MULTILAYER_MEMORY", "a number of bytes such as 2e9", told)) from None


@functools.cache
def machine_memory() -> int:
    """The bytes of memory that this process may have: the machine's, or its container's where that has less."""
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        available = 2**63 - 1
    try:
        return min(available, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no container, or one without a bound
        return available


def blocks(n_samples: int, width: int = 1, numbers: int = BLOCK) -> Iterator[slice]:
    """Consecutive rows, so many of this width that a block has about so many numbers.

    >>> list(blocks(3_000_000, 2))
    [slice(0, 2097152, None), slice(2097152, 3000000, None)]
    """
    size = max(1, numbers // max(width, 1))
    for start in range(0, n_samples, size):
        yield slice(start, min(start + size, n_samples))


def matrix(n_samples: int, width: int, dtype: npt.DTypeLike = np.float64) -> Array:
    """An array to write, in memory where data may take so much, else in a temporary file (see `on_disk`)."""
    needed = n_samples * width * np.dtype(dtype).itemsize
    return np.empty((n_samples, width), dtype) if needed <= memory() else on_disk(n_samples, width, dtype)


def on_disk(n_samples: int, width: int, dtype: npt.DTypeLike) -> Array:
    """An array to write in a temporary file that is gone with the array, or with the process however that ends.

    Raises RefusedError, with the sizes, before anything is written, where the disk has less room.
    """
    needed, folder = n_samples * width * np.dtype(dtype).itemsize, tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise RefusedError(
            f"The data needs {in_words(needed)} of disk in {folder}, which has {in_words(free)} free. "
            "Name a folder with more room in TMPDIR, or leave columns out."
        )
    with tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):  # so that a disk filled by others is an error here, not a crash later
            os.posix_fallocate(file.fileno(), 0, needed)
        mapped = np.memmap(file, np.dtype(dtype), "w+", shape=(n_samples, width))
    return np.asarray(mapped)


def in_words(count: float) -> str:
    """A number of bytes as people say it.

    >>> in_words(3 * 2**29), in_words(700_000)
    ('1.5 GiB', '684 KiB')
    """
    power = min(max(int(count).bit_length() - 1, 10) // 10, 6)
    return f"{count / 2 ** (10 * power):.3g} {' KMGTPE'[power]}iB"
