"""Names of a user's in a picture: cut to a length, on one line, and in letters that there is a font for."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN_FONT = "DejaVu Sans"
NO_LETTERS = ("LastResort", "Last Resort", "Color", "Emoji", "Symbol", "Dingbats")
"""Fonts that have boxes or pictures where letters are asked for."""


def label(name: object, longest: int = 18) -> str:
    """The name as it stands in a picture. A letter that no font of this machine has becomes a box.

    >>> label("the class\\nof all classes that are too long")
    'the class of all …'
    """
    text = " ".join("".join(" " if _unseen(letter) else letter for letter in str(name)).split())
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(letter if _font_for(letter) else "□" for letter in text) or "(empty)"


def _unseen(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def set_fonts(figure: Figure) -> None:
    """Give every text of the figure the fonts that its letters need."""
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter

    texts = figure.findobj(Text)
    letters = set("".join(text.get_text() for text in texts))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            formatter = axis.get_major_formatter()
            letters |= set("".join(formatter.seq)) if isinstance(formatter, FixedFormatter) else set()
    others = sorted({_font_for(letter) for letter in letters} - {OWN_FONT, ""})
    if others:
        for text in texts:
            text.set_fontfamily([OWN_FONT, *others])
        for axes in figure.axes:
            axes.tick_params(labelfontfamily=[OWN_FONT, *others])


@cache
def _font_for(letter: str) -> str:
    """The font to take for a letter, "" where no font has it."""
    if letter == "\n" or ord(letter) in _letters_of(_own_file()):
        return OWN_FONT
    from matplotlib.font_manager import fontManager

    fonts = {
        entry.name: entry.fname for entry in fontManager.ttflist if entry.weight == 400 and entry.style == "normal"
    }
    for name in sorted(fonts):
        if not any(word in name for word in NO_LETTERS) and ord(letter) in _letters_of(fonts[name]):
            return name
    return ""


@cache
def _letters_of(file: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(file).get_charmap())


def _own_file() -> str:
    from matplotlib import get_data_path

    return f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"
