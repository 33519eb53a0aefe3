"""A folder with one folder of pictures for each class."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multilayer import room
from multilayer.arrays import Array
from multilayer.data.tables.arrays import COLORS, Arrays, pixel_names
from multilayer.data.tables.guess import Guess, counted, listed
from multilayer.errors import DataError

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
SIZE, LARGEST_AS_IT_IS = 32, 64
"""Images become 32 x 32 pixels unless all are of one size of at most 64 x 64, or another size is asked for."""


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, by name; hidden files left aside."""
    files = (place for place in folder.iterdir() if place.is_file() and not place.name.startswith("."))
    return sorted(place for place in files if place.suffix.lower() in PICTURES)


def class_folders(folder: Path) -> list[Path]:
    """The folders that hold pictures, each a class."""
    folders = (place for place in folder.iterdir() if place.is_dir() and not place.name.startswith("."))
    return sorted(place for place in folders if pictures_in(place))


def image_arrays(folder: Path, size: int | None = None) -> Arrays:
    """The pictures of a folder of folders as rows of numbers from 0 to 255, a class for each folder.

    Raises DataError where there are fewer than two classes, or a picture cannot be read.
    """
    classes = class_folders(folder)
    if len(classes) < 2:
        raise DataError(
            f"{str(folder)!r} must hold a folder of pictures for each class, at least two; it has {len(classes)}."
        )
    places = [place for each in classes for place in pictures_in(each)]
    labels = np.array([place.parent.name for place in places])
    sizes, gray = _looked_at(places)
    height, width, said = _common_size(sizes, size)
    channels = 1 if gray else 3
    rows = pixels(places, height, width, channels)
    kind = "gray" if gray else "color"
    guesses = (
        Guess(
            f"{counted(len(places), f'{kind} picture')} in {len(classes)} folders: {listed([c.name for c in classes])}."
        ),
        Guess(said, "--image-size"),
        Guess("Each channel is centered and scaled as a whole.", "--prepare"),
    )
    return Arrays(rows, labels, pixel_names(height, width, channels), 0, guesses, "class", True)


def pixels(places: Sequence[Path], height: int, width: int, channels: int) -> Array:
    """Pictures as rows (n, height * width * channels) of float32 from 0 to 255, resized where they need it."""
    mode = {1: "L", 3: "RGB"}[channels]
    rows = room.matrix(len(places), height * width * channels, np.float32)
    for number, place in enumerate(places):
        with _opened(place) as image:
            try:
                plain = _on_white(image).convert(mode)
                plain = plain if plain.size == (width, height) else plain.resize((width, height))
            except (OSError, ValueError, SyntaxError) as error:
                raise _unreadable(place, error) from None
            rows[number] = np.asarray(plain, dtype=np.float32).reshape(-1)
    return rows


def size_of(names: Sequence[str]) -> tuple[int, int, int] | None:
    """Height, width and channels of images whose numbers have these names; None where they are no images'.

    >>> size_of(pixel_names(2, 3, 3))
    (2, 3, 3)
    """
    place = names[-1].partition(" ")[2]
    row, _, column = place.partition(",")
    if not (row.isdecimal() and column.isdecimal()):
        return None
    found = int(row), int(column), len({name.partition(" ")[0] for name in names})
    return found if found[2] in COLORS and tuple(names) == pixel_names(*found) else None


def _on_white(image: Any) -> Any:
    """A picture with transparent parts laid on white."""
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _opened(place: Path) -> Any:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(place)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DataError(
            f"The picture {str(place)!r} has more pixels than any picture of a table should. Make it smaller."
        ) from None
    except (OSError, ValueError, SyntaxError) as error:
        raise _unreadable(place, error) from None


def _unreadable(place: Path, error: Exception) -> DataError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged or no picture"
    return DataError(f"The picture {str(place)!r} cannot be read: {why}.")


def _looked_at(places: Sequence[Path]) -> tuple[set[tuple[int, int]], bool]:
    """The sizes (width, height) of the pictures, and whether all are gray."""
    sizes, gray = set(), True
    for place in places:
        with _opened(place) as image:
            sizes.add(image.size)
            gray = gray and image.mode in ("1", "L", "I", "I;16", "LA", "F")
    return sizes, gray


def _common_size(sizes: set[tuple[int, int]], asked: int | None) -> tuple[int, int, str]:
    """Height and width for all, and what to say of it."""
    width, height = next(iter(sizes))
    if asked is None and len(sizes) == 1 and max(width, height) <= LARGEST_AS_IT_IS:
        return height, width, f"All pictures have {width} x {height} pixels, and keep them."
    size = asked or SIZE
    return size, size, f"Pictures are resized to {size} x {size} pixels."
