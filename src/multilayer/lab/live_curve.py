"""The learning curve in a notebook while a training runs: one picture that is drawn over, a few times a second at most.

Outside of a notebook nothing is drawn and nothing is imported.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from html import escape
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.engines import History

SECONDS = 0.5
"""Before the first drawing, so that quick trainings draw nothing, and between two drawings."""
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 480, 190, 58, 10, 26
STROKES = {"loss": 'stroke="#2f8fd8"', "val_loss": 'stroke="#d9700a" stroke-dasharray="7 3"'}
"""Of the curves, on light and on dark pages, and told apart without colors."""
NAMES = {"loss": "training loss", "val_loss": "validation loss"}
MOST_POINTS = 400


def in_notebook() -> bool:
    """Whether somebody looks on through IPython's rich display."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


@final
class LiveCurve:
    """Shown the history after each epoch, draws it now and then; the last state stays."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self._next = time.monotonic() + SECONDS
        self._handle: Any = None
        self._latest: History | None = None

    def watch(self, history: History) -> None:
        self._latest = history
        if time.monotonic() >= self._next:
            self._draw()
            self._next = time.monotonic() + SECONDS

    def close(self) -> None:
        """Draw the last state, where anything was drawn."""
        if self._handle is not None:
            self._draw()

    def _draw(self) -> None:
        from IPython.display import display

        if self._latest is None:
            return
        shown = _Shown(self._latest, self.epochs)
        if self._handle is None:
            self._handle = display(shown, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown)


@final
class _Shown:
    """A state of the training, as text and as HTML."""

    def __init__(self, history: History, epochs: int) -> None:
        self.history, self.epochs = history, epochs

    def __repr__(self) -> str:
        return standing(self.history, self.epochs)

    def _repr_html_(self) -> str:
        told = escape(standing(self.history, self.epochs))
        return f'<figure style="margin:0">{curve(self.history, self.epochs)}<figcaption>{told}</figcaption></figure>'


def standing(history: History, epochs: int) -> str:
    """The latest epoch of the first member in words.

    >>> standing(History(("loss", "lr"), np.array([[[0.70001, 0.01]]])), 200)
    'epoch 1 of 200: loss 0.7'
    """
    done = history.values.shape[1]
    last = zip(history.series, history.values[0, -1], strict=True) if done else ()
    shown = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in last if name != "lr")
    return f"epoch {done} of {epochs}: {shown}"


def curve(history: History, epochs: int) -> str:
    """The losses by epoch as SVG, on a logarithmic scale where they are positive; ink is the page's own color."""
    drawn = {name: history[name][0] for name in STROKES if name in history.series}
    every = np.concatenate(list(drawn.values()))
    every = every[np.isfinite(every)]
    if not len(every):
        return ""
    logarithmic = bool((every > 0).all())

    def scaled(values: Any) -> Any:
        return np.log10(values) if logarithmic else values

    low, high = (float(scaled(end)) for end in (every.min(), every.max()))
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5

    def place(values: Array) -> Array:
        """Heights on the page."""
        heights: Array = TOP + (high - scaled(values)) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return heights

    right = WIDTH - 8
    across = (right - LEFT) / max(epochs - 1, 1)
    lines = [_line(values, place, across, STROKES[name]) for name, values in drawn.items()]
    ends = [(TOP, high), (HEIGHT - BOTTOM, low)]
    marks = [(LEFT - 6, y + 4, "end", f"{10**end if logarithmic else end:.3g}") for y, end in ends]
    marks += [(LEFT, HEIGHT - 8, "start", "epoch 1"), (right, HEIGHT - 8, "end", str(epochs))]
    letters = [f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>' for x, y, anchor, text in marks]
    names = [
        f'<text x="{right - 34}" y="{TOP + 12 + 16 * row}" text-anchor="end">{NAMES[name]}</text>'
        f'<path d="M{right - 28} {TOP + 8 + 16 * row}h28" stroke-width="2" {STROKES[name]}/>'
        for row, name in enumerate(drawn)
    ]
    frame = f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{right}" fill="none" stroke="currentColor" opacity=".5"/>'
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" style="max-width:100%;width:{WIDTH}px;font:12px sans-serif;'
        f'fill:currentColor" role="img" aria-label="Loss by epoch">{"".join([frame, *lines, *letters, *names])}</svg>'
    )


def _line(values: Array, place: Any, across: float, stroke: str) -> str:
    """A curve through at most so many epochs; gaps where a value is not finite."""
    finite = np.flatnonzero(np.isfinite(values))
    steps: Sequence[int] = finite[:: math.ceil(len(finite) / MOST_POINTS) or 1].tolist()
    steps = [*steps, int(finite[-1])] if len(finite) and steps[-1] != finite[-1] else steps
    points = " ".join(f"{LEFT + epoch * across:.1f},{place(values[epoch]):.1f}" for epoch in steps)
    return f'<polyline points="{points}" fill="none" stroke-width="2" {stroke}/>'
