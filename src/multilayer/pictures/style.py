"""One look for every picture: colors, type and sizes, in a light and a dark theme.

A picture is one column wide, so that it can be read on a phone: at 360 pixels its smallest letters are 8.6 pixels high.
The colors follow Okabe and Ito (jfly.uni-koeln.de/color, 2008), made darker on light paper and lighter on dark paper
until each stands out from it by 3 to 1 (WCAG 2.2, 1.4.11).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from multilayer.errors import UsageError, unknown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

WIDTH = 5.2
"""The width of every picture, in inches; panels stand in at most two columns."""

DPI = 200
TEXT, SMALL = 10.0, 9.0
"""Sizes of type, in points."""

PART_MARKERS = {"train": "o", "val": "s", "test": "^"}
PART_WORDS = {"train": "training", "val": "validation", "test": "test"}
MARKERS = "os^DvPX*<>"
_LOCK = threading.RLock()


@final
@dataclass(frozen=True)
class Theme:
    """Paper, ink and colors. `colors` are told apart by readers who do not see all colors, in this order."""

    name: str
    paper: str
    ink: str
    faint: str  # second-rate text, such as a note; still 4.5 to 1
    grid: str
    colors: tuple[str, ...]

    def color(self, number: int) -> str:
        """The color of the class, unit or series of that number; they begin again after the last."""
        return self.colors[number % len(self.colors)]

    def marker(self, number: int) -> str:
        return MARKERS[number % len(MARKERS)]

    def part(self, name: str) -> str:
        """The color of a part of the rows: train, val or test."""
        return self.colors[("train", "val", "test").index(name)]

    def sequential(self, color: str | None = None) -> Colormap:
        """From paper to a color, for shares and counts."""
        from matplotlib.colors import LinearSegmentedColormap

        return LinearSegmentedColormap.from_list("sequential", [self.paper, color or self.colors[0]])

    def diverging(self) -> Colormap:
        """From the second color by paper to the first, for what has a sign; zero is paper."""
        from matplotlib.colors import LinearSegmentedColormap

        return LinearSegmentedColormap.from_list("diverging", [self.colors[1], self.paper, self.colors[0]])

    def text_on(self, background: Any) -> str:
        """Ink or paper, whichever can be read better on that color."""
        return max((self.ink, self.paper), key=lambda color: contrast(color, background))


LIGHT = Theme(
    *("light", "#ffffff", "#1a1c20", "#5a5f68", "#d9dce1"),
    colors=(
        "#0072b2",
        "#d55e00",
        "#008f68",
        "#b8578f",
        "#8f6b00",
        "#2b93c9",
        "#6b6f76",
        "#7a3e9d",
        "#a31515",
        "#3f6600",
    ),
)
DARK = Theme(
    *("dark", "#14171c", "#eceef1", "#a3a9b3", "#353a43"),
    colors=(
        "#56b4e9",
        "#f0803c",
        "#2fc497",
        "#e391c2",
        "#f0e442",
        "#8fa8ff",
        "#b4b9c2",
        "#c9a2f2",
        "#ff8d8d",
        "#a5d65a",
    ),
)
THEMES = {"light": LIGHT, "dark": DARK}


def theme_of(name: str | Theme) -> Theme:
    """The theme of that name; raises UsageError for one that is not known."""
    if isinstance(name, Theme):
        return name
    if name not in THEMES:
        raise UsageError(unknown("theme", name, THEMES))
    return THEMES[name]


def contrast(one: Any, other: Any) -> float:
    """The contrast ratio of two colors, 1 to 21 (WCAG 2.2, relative luminance).

    >>> round(contrast("black", "white"))
    21
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Any) -> float:
    from matplotlib.colors import to_rgb

    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@contextmanager
def applied(theme: Theme) -> Iterator[None]:
    """Matplotlib's settings while a picture is drawn or saved, put back afterwards.

    They start from Matplotlib's defaults, so that no file of a user's changes a picture. They are the process's, so
    one thread draws at a time.
    """
    import matplotlib

    untouched = ("backend", "interactive", "toolbar", "webagg", "tk.", "timezone", "figure.hooks", "figure.max_open")
    with _LOCK, matplotlib.rc_context():
        plain: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith(untouched)}
        matplotlib.rcParams.update(plain | _settings(theme))
        yield


def _settings(theme: Theme) -> dict[str, Any]:
    from cycler import cycler

    ink = ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.labelcolor", "ytick.labelcolor")
    paper = ("figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor")
    lines = ("axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(ink, theme.ink),
        **dict.fromkeys(paper, theme.paper),
        **dict.fromkeys(lines, theme.faint),
        "axes.prop_cycle": cycler(color=theme.colors),
        **dict.fromkeys(("grid.color", "legend.edgecolor"), theme.grid),
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.family": ["DejaVu Sans"],
        "font.size": TEXT,
        "axes.titlesize": TEXT,
        "axes.titlelocation": "left",
        "axes.labelsize": TEXT,
        **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), SMALL),
        "legend.framealpha": 0.85,
        "lines.linewidth": 1.8,
        "text.parse_math": False,  # a class may be called $x$
        "svg.hashsalt": "multilayer",
        "svg.fonttype": "path",
        "figure.dpi": 100,
        "savefig.dpi": DPI,
    }


def figure(height: float, *, width: float = WIDTH) -> Figure:
    """An empty figure, of a height in inches, that pyplot does not know; its labels make room for each other."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained")
    made.get_layout_engine().set(w_pad=0.07, h_pad=0.07)  # type: ignore[union-attr,call-arg]
    return made


def legend(axes: Axes | Figure, handles: Sequence[Any], names: Sequence[str], **where: Any) -> Legend:
    """A legend whose names may be anything, such as _x, which Matplotlib would leave out."""
    made = axes.legend(handles, ["x"] * len(names), **where)
    for text, name in zip(made.get_texts(), names, strict=True):
        text.set_text(name)
    return made


def logarithmic(axes: Axes, which: str) -> None:
    """A logarithmic x or y axis with plain numbers at its ticks."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    low, high = axis.get_view_interval()
    few = high / low < 30  # few powers of ten in sight: the ticks between them are named too
    axis.set_minor_formatter(FuncFormatter(_between) if few else NullFormatter())


def _between(value: float, _: Any) -> str:
    return f"{value:g}" if f"{value:e}"[0] in "25" else ""
