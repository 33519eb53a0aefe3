"""The pictures of a report, as data inside the page, for a light and a dark screen."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from multilayer.errors import UsageError
from multilayer.pictures import DARK, LIGHT, PICTURES, Picture, Subject, Theme, drawn, suiting

if TYPE_CHECKING:
    from multilayer.report.reported import Reported

FEW = ("boundary", "fit", "surface", "confusion", "predicted")
"""Of these the first that suits stands in a short report, behind the learning curves."""
LONG = (
    *("learning-curves", "boundary", "fit", "surface", "predicted", "confusion", "calibration", "neurons"),
    *("first-layer", "network", "hinton"),
)
"""Pictures of a full report, in its order; a report shows those that suit."""
LARGE = 250_000
"""Bytes from which on a picture of dots is tried in place of one of lines."""
MOST = 1_700_000
"""Bytes of pictures in a report, as they stand in the page."""
COLOR = re.compile(rb"#[0-9a-fA-F]{6}\b")


@final
@dataclass(frozen=True)
class Figure:
    """A picture as it stands in the page: its source for light screens and paper, and for dark ones where that is
    another; `caption` and `alt` as in `pictures.Picture`."""

    name: str
    source: str
    dark: str | None
    caption: str
    alt: str

    @property
    def size(self) -> int:
        """The bytes in the page."""
        return len(self.source) + len(self.dark or "")


def figures(run: Reported, subject: Subject, wanted: Sequence[str] | str) -> tuple[list[Figure], list[str]]:
    """The pictures, and a sentence for each that had to be left out.

    `wanted` are names of pictures, or "few" (two, drawn quickly), "all" or "none". Raises UsageError for a name that
    is not known.
    """
    names, left = _names(run, wanted), []
    found: list[Figure] = []
    why_no_rows = _why_no_rows(subject) if any(PICTURES[name].needs != "run" for name in names) else ""
    if why_no_rows:
        left.append(f"Pictures of the rows are left out: {why_no_rows}")
        names = [name for name in names if PICTURES[name].needs == "run"]
    for name in names:
        try:
            figure = figure_of(name, subject, dark=wanted != "few")
        except UsageError as error:
            left.append(f"The picture {name} is left out: {error}")
            continue
        if sum(other.size for other in found) + figure.size > MOST:
            left.append(f"The picture {name} is left out, for the page would be too large.")
            continue
        found.append(figure)
    return found, left


def _names(run: Reported, wanted: Sequence[str] | str) -> list[str]:
    if wanted == "none":
        return []
    if wanted not in ("few", "all"):
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        for name in names:
            if name not in PICTURES:
                drawn(name)  # raises the sentence for a picture that is not known
        return names
    suits = [name for name in LONG if name in suiting(run)]
    if wanted == "all":
        return suits
    wide = run.n_in > 2  # the plane of a boundary in many inputs says less than the matrix does
    second = [name for name in FEW if name in suits and not (wide and name in ("boundary", "surface"))]
    return [name for name in suits if name == "learning-curves"] + second[:1]


def _why_no_rows(subject: Subject) -> str:
    """Why the rows cannot be had; empty where they can."""
    try:
        return "" if len(subject.rows.x) else "there are none."
    except UsageError as error:
        return str(error)


def figure_of(name: str, subject: Subject, *, dark: bool = True) -> Figure:
    """One picture as it stands in the page. One whose colors cannot be turned is drawn a second time for dark screens,
    where that is asked for."""
    light = _still(name, subject, LIGHT)
    lines = _slim(light.svg())
    if _follows(lines):
        return Figure(name, _data("svg+xml", _following(lines)), None, light.caption, light.alt)
    night = _still(name, subject, DARK) if dark else None
    source = _smaller(night, _slim(night.svg())) if night else None
    return Figure(name, _smaller(light, lines), source, light.caption, light.alt)


def _still(name: str, subject: Subject, theme: Theme) -> Picture:
    made = drawn(name, subject, theme)
    if not isinstance(made, Picture):
        raise UsageError("it moves, and a report is for paper too.")
    return made


def _smaller(picture: Picture, lines: bytes) -> str:
    dots = picture.png(110) if len(lines) > LARGE else b""
    return _data("png", dots) if dots and len(dots) < len(lines) else _data("svg+xml", lines)


def _data(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _slim(svg: bytes) -> bytes:
    """The picture without what no one sees: the document type, who made it, blanks at the beginning of lines."""
    start = svg.index(b"<svg")
    svg = re.sub(rb"\s*<metadata>.*?</metadata>", b"", svg[start:], flags=re.DOTALL)
    return re.sub(rb"\s*\n\s*", b"\n", svg)


def _palette(theme: Theme) -> list[bytes]:
    every = (theme.paper, theme.ink, theme.faint, theme.grid, *theme.colors)
    return [color.lower().encode() for color in every]


def _follows(svg: bytes) -> bool:
    """Whether all colors are the theme's own, so that the page can turn them into those of the other theme."""
    return b"<image" not in svg and {color.lower() for color in COLOR.findall(svg)} <= set(_palette(LIGHT))


def _following(svg: bytes) -> bytes:
    """The picture with its colors by name, and the two meanings of each."""
    light, dark = _palette(LIGHT), _palette(DARK)
    used = {color.lower() for color in COLOR.findall(svg)}
    names = {color: b"--c%d" % place for place, color in enumerate(light) if color in used}
    svg = COLOR.sub(lambda found: b"var(%s)" % names[found[0].lower()], svg)
    pairs = [(names[one], one, other) for one, other in zip(light, dark, strict=True) if one in names]
    bright = b";".join(b"%s:%s" % (name, one) for name, one, _ in pairs)
    night = b";".join(b"%s:%s" % (name, other) for name, _, other in pairs)
    style = b"<style>svg{%s}@media (prefers-color-scheme:dark){svg{%s}}</style>" % (bright, night)
    place = svg.index(b">", svg.index(b"<svg")) + 1
    return svg[:place] + style + svg[place:]
