"""The pictures: the ratio of every case with its spread and its target, and the curves of scaling."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

from benchmarks.table import duration

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

BLUE, ORANGE, GRAY, BLACK = "#0072B2", "#D55E00", "#767676", "#222222"
"""Of Okabe and Ito's palette, which color-blind readers can tell apart; the marks differ in shape too."""

MEASURED, TARGET = 1.09, 1.17
"""Where the columns of numbers end, in widths of the axes."""

STYLE: Any = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "multilayer"}


def draw(folder: Path, document: dict[str, Any]) -> list[Path]:
    """Draw what a document of results holds; returns the files."""
    cases = [case for case in document["cases"] if case["times"]]
    written = []
    with plt.rc_context(STYLE):
        if cases:
            written += _saved(_ratios(cases, document["machine"]), folder / "results")
        if curves := document["measurements"].get("scaling"):
            written += _saved(_scaling(curves), folder / "scaling")
    return written


def _ratios(cases: Sequence[dict[str, Any]], machine: dict[str, Any]) -> Any:
    figure, axes = plt.subplots(figsize=(9.5, 1.9 + 0.34 * len(cases)), layout=ConstrainedLayoutEngine(w_pad=0.12))
    for place, case in enumerate(cases):
        _mark(axes, place, case)
    axes.axvline(1, color=BLACK, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(_limits(cases))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    axes.xaxis.set_minor_formatter("")
    axes.grid(axis="x", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_yticks(range(len(cases)), [f"{case['case']}" for case in cases])
    axes.set_ylim(len(cases) - 0.4, -0.6)
    for x, heading in ((MEASURED, "measured"), (TARGET, "target")):
        axes.text(x, -0.75, heading, transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=9)
    axes.set_xlabel("time of the peer / time of multilayer (right of 1x multilayer is faster)")
    engine = cases[0]["times"]["ours"]["name"]
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['date'][:10]}"
    axes.set_title(f"{engine} against its peers, measured side by side\n{where}", loc="left", fontsize=10.5)
    figure.legend(handles=_legend(), ncols=5, frameon=False, loc="outside lower center")
    return figure


def _mark(axes: Any, place: int, case: dict[str, Any]) -> None:
    """A case's ratio, its spread, its target and the number."""
    times, target = case["times"], case["target"]
    color, marker = {True: (BLUE, "o"), False: (ORANGE, "s"), None: (GRAY, "D")}[case["met"]]
    axes.hlines(place, times["low"], times["high"], color=color, linewidth=3, alpha=0.45)
    axes.plot(times["ratio"], place, marker=marker, color=color, markersize=7, linestyle="none")
    if target is not None:
        axes.vlines(target, place - 0.32, place + 0.32, color=BLACK, linewidth=2)
    how: Any = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": 9}
    for x, value in ((MEASURED, times["ratio"]), (TARGET, target)):
        if value is not None:
            axes.text(x, place, f"{value:.3g}x", **how)


def _limits(cases: Sequence[dict[str, Any]]) -> tuple[float, float]:
    values = [case["times"][name] for case in cases for name in ("low", "high")]
    values += [case["target"] for case in cases if case["target"]]
    return min(0.5, *values) / 1.3, max(2.0, *values) * 1.4


def _legend() -> list[Line2D]:
    blank: dict[str, Any] = {"linestyle": "none", "markersize": 7}
    return [
        Line2D([], [], marker="o", color=BLUE, label="target met", **blank),
        Line2D([], [], marker="s", color=ORANGE, label="target missed", **blank),
        Line2D([], [], marker="D", color=GRAY, label="no target", **blank),
        Line2D([], [], marker="|", color=BLACK, markeredgewidth=2, label="target", linestyle="none", markersize=11),
        Line2D([], [], color=GRAY, alpha=0.6, linewidth=3, label="10 % to 90 % of the rounds"),
    ]


def _scaling(curves: dict[str, list[dict[str, Any]]]) -> Any:
    halo = withStroke(linewidth=3, foreground="white")
    above: Any = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center", "path_effects": [halo]}
    figure, grid = plt.subplots(2, 3, figsize=(11, 6.2), layout="constrained")
    for axes, (name, points) in zip(grid.ravel(), curves.items(), strict=False):
        x, y = ([point[key] for point in points] for key in ("x", "seconds"))
        axes.loglog(x, y, marker="o", color=BLUE)
        axes.set_title(name, loc="left", fontsize=10.5)
        axes.set_xticks(x, [f"{value}" for value in x])
        axes.set_yticks([])
        axes.minorticks_off()
        axes.margins(x=0.12, y=0.25)
        axes.spines["left"].set_visible(False)
        for place, value in zip(x, y, strict=True):
            axes.annotate(duration(value), (place, value), **above)
        axes.grid(axis="x", color="#dddddd", linewidth=0.7)
    figure.suptitle("multilayer: time of a training step, on logarithmic axes", x=0.01, ha="left", fontsize=11)
    return figure


def _saved(figure: Any, path: Path) -> list[Path]:
    written = [path.with_suffix(".png"), path.with_suffix(".svg")]
    figure.savefig(written[0], dpi=150)
    figure.savefig(written[1], metadata={"Date": None})
    plt.close(figure)
    return written
