"""IDX, the format that MNIST came in: a type, the sizes, and the numbers, big end first.

    2 bytes 0, a byte for the type, a byte for the number of dimensions, each size as uint32, the numbers

Source: http://yann.lecun.com/exdb/mnist/ (LeCun, Cortes & Burges 1998)
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from multilayer.data.tables.text_file import opened, refuse

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def idx_array(place: Path, name: Path) -> npt.NDArray[Any]:
    """The array of an unpacked IDX file; refused before anything is read where its size is not what it says."""
    with opened(place) as file:
        start = file.read(4)
        if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES or start[3] == 0:
            raise refuse(name, "it does not begin as one", "idx")
        sizes = file.read(4 * start[3])
        if len(sizes) < 4 * start[3]:
            raise refuse(name, "it ends too early", "idx")
        shape = struct.unpack(f">{start[3]}I", sizes)
        dtype = np.dtype(TYPES[start[2]])
        needed, found = math.prod(shape) * dtype.itemsize, place.stat().st_size - 4 - len(sizes)
        if needed != found:
            told = f"it says {' x '.join(map(str, shape))} numbers, which are {needed:,} bytes, and has {found:,}"
            raise refuse(name, told, "idx")
        numbers = np.fromfile(file, dtype=dtype)
    return numbers.reshape(shape).astype(dtype.newbyteorder("="), copy=False)
