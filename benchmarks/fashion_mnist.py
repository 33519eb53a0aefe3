"""Fashion-MNIST from the folder that the environment variable MULTILAYER_DATA names; without it, random rows."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

PIXELS, CLASSES = 784, 10
TRAIN, VAL = slice(0, 50_000), slice(50_000, 60_000)
HIDDEN, BATCH = (256, 128), 128
Bytes = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]


def fashion_folder() -> Path | None:
    """Where the files of Fashion-MNIST are; None where MULTILAYER_DATA does not name such a folder."""
    folder = Path(os.environ.get("MULTILAYER_DATA", "")) / "fashion-mnist"
    return folder if "MULTILAYER_DATA" in os.environ and folder.is_dir() else None


def fashion_rows(part: str) -> tuple[Bytes, Bytes]:
    """The pixels (n_samples, 784) and labels of "train" or "t10k", read from disk; random ones where there are none."""
    folder = fashion_folder()
    if folder is None:
        generator, rows = np.random.default_rng(0), 60_000 if part == "train" else 10_000
        y = generator.integers(0, CLASSES, rows, dtype=np.uint8)
        return generator.integers(0, 256, (rows, PIXELS), dtype=np.uint8), y
    images = _idx(folder / f"{part}-images-idx3-ubyte.gz", header=16)
    return images.reshape(-1, PIXELS), _idx(folder / f"{part}-labels-idx1-ubyte.gz", header=8)


def _idx(path: Path, header: int) -> Bytes:
    return np.frombuffer(gzip.decompress(path.read_bytes()), dtype=np.uint8, offset=header)


@dataclass(frozen=True)
class Epoch:
    """The validation accuracy after an epoch, and how to score the test rows."""

    val: float
    test: Callable[[], float]


def fashion_arrays() -> tuple[Pixels, Codes, Pixels, Codes]:
    """Pixels in [0, 1] by the smallest and the largest value of each in the training rows, and codes; then for test."""
    x, y = fashion_rows("train")
    x_test, y_test = fashion_rows("t10k")
    low, high = x[TRAIN].min(axis=0).astype(np.float32), x[TRAIN].max(axis=0).astype(np.float32)
    factor = 1 / np.where(high > low, high - low, np.float32(1))
    both = [(pixels.astype(np.float32) - low) * factor for pixels in (x, x_test)]
    return both[0], y.astype(np.int64), both[1], y_test.astype(np.int64)
