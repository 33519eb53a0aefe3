"""A finished picture: a figure with a caption and a text that stands for it, saved as the same bytes twice."""

from __future__ import annotations

import base64
import html
import io
import os
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, final

from multilayer.errors import UsageError
from multilayer.files.atomic import write_atomically
from multilayer.pictures.lettering import set_fonts
from multilayer.pictures.style import DPI, Theme, applied

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image


@final
@dataclass(frozen=True, eq=False)
class Drawing:
    """What a picture's function returns: the figure, what it shows with its numbers, and what it looks like.

    `caption` is for everyone and states the numbers; `alt` tells somebody who cannot see the picture what is in it.
    """

    figure: Figure
    caption: str
    alt: str


@final
@dataclass(frozen=True, eq=False)
class Picture:
    """A finished picture. In Jupyter it shows itself with its caption; `figure` is Matplotlib's, to be added to."""

    name: str
    theme: Theme
    figure: Figure
    caption: str
    alt: str

    @staticmethod
    def of(name: str, theme: Theme, drawing: Drawing) -> Picture:
        """The picture, its layout settled: drawing it again moves nothing. Called inside `style.applied`."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "constrained_layout not applied")
            set_fonts(drawing.figure)
            drawing.figure.draw_without_rendering()
        drawing.figure.set_layout_engine("none")
        return Picture(name, theme, drawing.figure, drawing.caption, drawing.alt)

    def png(self, dpi: float = DPI) -> bytes:
        """The picture as PNG, the same bytes every time."""
        return self._written("png", dpi=dpi, metadata={"Software": None, "Description": self.alt})

    def svg(self) -> bytes:
        """The picture as SVG, letters as outlines, the same bytes every time."""
        return self._written("svg", metadata={"Date": None, "Creator": None, "Title": self.alt})

    def _written(self, kind: str, **how: object) -> bytes:
        written = io.BytesIO()
        with applied(self.theme):
            self.figure.savefig(written, format=kind, **how)  # type: ignore[arg-type]
        return written.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture as .png or .svg, replacing what was there as a whole; returns the path.

        Raises UsageError for another ending.
        """
        return _saved(path, {".png": self.png, ".svg": self.svg}, "A picture")

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_html_(self) -> str:
        return _shown(self.png(), "png", self.caption, self.alt)

    def __repr__(self) -> str:
        return f"Picture({self.name}, {self.theme.name}: {textwrap.shorten(self.caption, 80, placeholder=' ...')})"


@final
@dataclass(frozen=True, eq=False)
class Animation:
    """Pictures of one size in a row; the last one stays longest. `caption` and `alt` speak of them all."""

    name: str
    theme: Theme
    frames: tuple[bytes, ...]  # PNG
    caption: str
    alt: str
    milliseconds: int = 150

    @property
    def still(self) -> bytes:
        """The last frame as PNG, for paper and for readers who do not want motion."""
        return self.frames[-1]

    @cached_property
    def _durations(self) -> list[int]:
        return [self.milliseconds] * (len(self.frames) - 1) + [max(2500, self.milliseconds)]

    def gif(self) -> bytes:
        """The animation as GIF, without end, the same bytes every time."""
        from PIL import Image

        images = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in self.frames]
        # one table of colors for all, from the last frame, or the colors would flicker
        table = _with_paper(images[-1].quantize(256), self.theme.paper)
        images = [image.quantize(palette=table, dither=Image.Dither.NONE) for image in images]
        return self._written(images, "GIF", optimize=False, disposal=1)

    def apng(self) -> bytes:
        """The animation as animated PNG, in all its colors, the same bytes every time."""
        from PIL import Image

        return self._written([Image.open(io.BytesIO(frame)).convert("RGB") for frame in self.frames], "PNG")

    def _written(self, images: Sequence[Image.Image], kind: str, **how: object) -> bytes:
        written = io.BytesIO()
        first, *others = images
        more = {"save_all": True, "append_images": others, "duration": self._durations, "loop": 0}
        first.save(written, format=kind, **more, **how)
        return written.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the animation as .gif or as animated .png; returns the path. Raises UsageError for another ending."""
        return _saved(path, {".gif": self.gif, ".png": self.apng}, "An animation")

    def _repr_html_(self) -> str:
        return _shown(self.gif(), "gif", self.caption, self.alt)

    def __repr__(self) -> str:
        return f"Animation({self.name}, {self.theme.name}, {len(self.frames)} frames)"


def _with_paper(image: Image.Image, paper: str) -> Image.Image:
    """The image with all colors of its table that are nearly paper made paper, or the frame would show on a page."""
    exact = [int(paper[place : place + 2], 16) for place in (1, 3, 5)]
    colors = image.getpalette() or []
    triples = [colors[place : place + 3] for place in range(0, len(colors), 3)]
    near = [max(abs(a - b) for a, b in zip(color, exact, strict=True)) <= 6 for color in triples]
    image.putpalette(
        [part for color, is_near in zip(triples, near, strict=True) for part in (exact if is_near else color)]
    )
    return image


def _saved(path: str | os.PathLike[str], writers: dict[str, Callable[[], bytes]], what: str) -> Path:
    place = Path(path)
    if place.suffix.lower() not in writers:
        raise UsageError(f"{what} is saved as {' or '.join(writers)}, got {os.fspath(path)!r}.")
    if not place.parent.is_dir():
        raise UsageError(f"There is no folder {os.fspath(place.parent)!r} to save a picture in.")
    write_atomically(place, writers[place.suffix.lower()]())
    return place


def _shown(content: bytes, kind: str, caption: str, alt: str) -> str:
    source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    image = f'<img src="{source}" alt="{html.escape(alt)}" style="max-width: 100%; width: 520px">'
    return f"<figure>{image}<figcaption>{html.escape(caption)}</figcaption></figure>"
