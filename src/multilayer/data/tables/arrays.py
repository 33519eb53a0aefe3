"""Tables that come as arrays: .npz files, pairs of IDX files, folders with fixed splits."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from multilayer import room
from multilayer.arrays import Array
from multilayer.data.tables.guess import Guess, counted, listed
from multilayer.data.tables.idx import idx_array
from multilayer.data.tables.text_file import MOST_RATIO, MOST_UNPACKED, refuse, unpacked
from multilayer.errors import DataError

TRAIN_NAMES = (("X", "y"), ("x", "y"), ("X_train", "y_train"), ("x_train", "y_train"), ("images", "labels"),
               ("train_images", "train_labels"), ("data", "target"), ("data", "labels"))  # fmt: skip
TEST_NAMES = (("X_test", "y_test"), ("x_test", "y_test"), ("test_images", "test_labels"))
IDX_NAME = re.compile(r"(train|t10k|test)-(images|labels)[-.]idx(\d)-ubyte(\.gz)?")
COLORS = {1: ("gray",), 2: ("gray", "alpha"), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}


@final
@dataclass(frozen=True, eq=False)
class Arrays:
    """Rows of numbers and their answers, those of the test part last; y is None where none are known."""

    X: Array  # (n_samples, n_columns)
    y: npt.NDArray[Any] | None
    names: tuple[str, ...]
    n_test: int = 0
    guesses: tuple[Guess, ...] = ()
    target: str = "target"
    images: bool = False


def flat(parts: Sequence[npt.NDArray[Any]], name: Path) -> tuple[Array, tuple[str, ...], bool]:
    """The rows of one or two arrays below each other, (n_samples, n_columns), their names, and whether they are images.

    Images are (n, height, width) or (n, height, width, channels); anything else of more dimensions is laid flat.
    """
    shape = parts[0].shape[1:]
    if any(part.ndim == 1 for part in parts):
        parts, shape = [part.reshape(-1, 1) for part in parts], (1,)
    if any(part.shape[1:] != shape for part in parts):
        raise refuse(name, f"its test rows are {parts[1].shape[1:]} large and its other rows {shape}", "npz")
    if any(part.dtype.kind not in "biuf" for part in parts):
        raise refuse(name, f"its rows are of type {parts[0].dtype}, not numbers", "npz")
    exact = all((part.dtype.kind in "biu" and part.dtype.itemsize <= 2) or part.dtype == np.float32 for part in parts)
    width = math.prod(shape)
    rows = room.matrix(sum(map(len, parts)), width, np.float32 if exact else np.float64)
    start = 0
    for part in parts:
        rows[start : start + len(part)] = part.reshape(len(part), width)
        start += len(part)
    images = len(shape) == 2 or (len(shape) == 3 and shape[2] in COLORS)
    names = pixel_names(*shape) if images else tuple(f"x{place + 1}" for place in range(width))
    return rows, names, images


def pixel_names(height: int, width: int, channels: int = 1) -> tuple[str, ...]:
    """A name for each number of an image, row by row.

    >>> pixel_names(1, 2), pixel_names(1, 1, 3)
    (('gray 1,1', 'gray 1,2'), ('red 1,1', 'green 1,1', 'blue 1,1'))
    """
    colors = COLORS[channels]
    return tuple(f"{c} {i + 1},{j + 1}" for i in range(height) for j in range(width) for c in colors)


def npz_arrays(place: Path, name: Path, *, answers: bool = True) -> Arrays:
    """The arrays of an .npz file; raises DataError where they are pickled, damaged, or larger than they can be."""
    try:
        _refuse_bomb(place, name)
        with np.load(place, allow_pickle=False) as found:
            keys = [key for key in found.files if not key.startswith("allow")]
            pair = next((pair for pair in TRAIN_NAMES if set(pair) <= set(keys)), None)
            if pair is None and not answers:
                pair = next(((x, y) for x, y in TRAIN_NAMES if x in keys), None)
            if pair is None:
                raise refuse(
                    name, f"it holds {listed(keys) if keys else 'nothing'}, not X and y or images and labels", "npz"
                )
            test = next((pair for pair in TEST_NAMES if set(pair) <= set(keys)), None) if answers else None
            parts = [found[pair[0]], *([found[test[0]]] if test else [])]
            y = [found[pair[1]], *([found[test[1]]] if test else [])] if answers else []
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, MemoryError) as error:
        if isinstance(error, DataError):
            raise
        why = "it holds Python objects, which are not loaded" if "pickle" in str(error).lower() else "it is damaged"
        raise refuse(name, why, "npz") from None
    X, names, images = flat(parts, name)
    said = [Guess(f"The rows are {pair[0]!r} and the answers {pair[1]!r}.")]
    said += [Guess(f"{test[0]!r} and {test[1]!r} are the test part.")] if test else []
    return Arrays(X, _answers(y, parts, name), names, len(parts[1]) if test else 0, tuple(said), "target", images)


def _answers(y: Sequence[npt.NDArray[Any]], parts: Sequence[npt.NDArray[Any]], name: Path) -> npt.NDArray[Any] | None:
    if not y:
        return None
    if any(len(some) != len(part) for some, part in zip(y, parts, strict=True)):
        raise refuse(name, f"it has {len(parts[0]):,} rows and {len(y[0]):,} answers", "npz")
    return np.concatenate(y)


def _refuse_bomb(place: Path, name: Path) -> None:
    """Refuse an archive whose members say that they unpack to far more than they are."""
    with zipfile.ZipFile(place) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > max(MOST_UNPACKED, MOST_RATIO * place.stat().st_size):
        raise DataError(f"{str(name)!r} unpacks to more than {MOST_RATIO} times its size: it is a trap, not a table.")


def idx_files(folder: Path) -> dict[tuple[str, str], Path]:
    """The IDX files of a folder under the names of MNIST, by part and content."""
    found = {}
    for place in sorted(folder.iterdir()):
        match = IDX_NAME.fullmatch(place.name.lower())
        if match:
            found["test" if match[1] == "t10k" else match[1], match[2]] = place
    return found


def idx_arrays(folder: Path, scratch: Path) -> Arrays:
    """The images and labels of a folder of IDX files, the test part last."""
    found = idx_files(folder)
    wanted = [("train", "images"), ("train", "labels")]
    if any(part == "test" for part, _ in found):
        wanted += [("test", "images"), ("test", "labels")]
    missing = [f"{part}-{content}" for part, content in wanted if (part, content) not in found]
    if missing:
        raise DataError(f"{str(folder)!r} lacks the file {missing[0].replace('test', 't10k')}-... of its IDX files.")
    arrays = {key: idx_array(unpacked(found[key], scratch), found[key]) for key in wanted}
    for part in dict.fromkeys(part for part, _ in wanted):
        images, labels = arrays[part, "images"], arrays[part, "labels"]
        if len(images) != len(labels):
            raise refuse(folder, f"its {part} part has {len(images):,} images and {len(labels):,} labels", "idx")
    parts = [arrays[key] for key in wanted if key[1] == "images"]
    X, names, images_ = flat(parts, folder)
    n_test = len(parts[1]) if len(parts) == 2 else 0
    said = [
        Guess(
            f"IDX files: {counted(len(X), 'image')}" + (f", the last {n_test:,} are the test part." if n_test else ".")
        )
    ]
    y = np.concatenate([arrays[key] for key in wanted if key[1] == "labels"]).astype(np.int64)
    return Arrays(X, y, names, n_test, tuple(said), "label", images_)


def has_fixed_splits(folder: Path) -> bool:
    """Whether a folder holds data.txt beside the rows of fixed splits (Hernández-Lobato & Adams 2015)."""
    return (folder / "data.txt").is_file() and (folder / "index_target.txt").is_file()


def fixed_split(folder: Path, fold: int | None) -> Arrays:
    """One of the fixed splits of a folder: the rows that train, then the rows of the test part.

    data.txt holds the numbers; index_features.txt and index_target.txt name columns, index_train_K.txt and
    index_test_K.txt rows, all counted from 0. Source: https://arxiv.org/abs/1502.05336
    """
    number = fold or 0
    splits = sum(1 for _ in folder.glob("index_train_*.txt"))
    if number >= splits:
        raise DataError(
            f"{str(folder)!r} has {counted(splits, 'fixed split')}, counted from 0; there is no fold {number}."
        )
    data = _numbers(folder / "data.txt")
    train, test = (_places(folder / f"index_{part}_{number}.txt", len(data)) for part in ("train", "test"))
    inputs = _places(folder / "index_features.txt", data.shape[1])
    target = _places(folder / "index_target.txt", data.shape[1])
    if np.intersect1d(train, test).size:
        raise refuse(folder, f"split {number} has rows both in train and in test", "fixed split")
    rows = np.concatenate([train, test])
    said = Guess(
        f"Fixed split {number} of {splits}: {len(train):,} rows train, {len(test):,} are the test part.", "--fold"
    )
    names = tuple(f"x{place + 1}" for place in inputs)
    y = data[np.ix_(rows, target)]
    return Arrays(data[np.ix_(rows, inputs)], y[:, 0] if y.shape[1] == 1 else y, names, len(test), (said,))


def _numbers(place: Path) -> Array:
    try:
        return np.loadtxt(place, ndmin=2)
    except (OSError, ValueError) as error:
        raise refuse(place, str(error).splitlines()[0].rstrip("."), "txt") from None


def _places(place: Path, count: int) -> npt.NDArray[np.int64]:
    """Distinct row or column numbers from 0 to count - 1."""
    found = _numbers(place).ravel()
    whole = found.astype(np.int64)
    if not (len(whole) and (whole == found).all() and whole.min() >= 0 and whole.max() < count):
        raise refuse(place, f"it must hold whole numbers from 0 to {count - 1}", "txt")
    return whole
