"""How a training stands, while it runs: one line that moves on a terminal, a few lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from multilayer.cli.saying import terminal_width
from multilayer.engines import History

PLAIN_LINES = 10
SECONDS = 0.1  # between two looks at a moving line


@contextmanager
def watching(epochs: int) -> Iterator[Callable[[History], None]]:
    """A function to be shown the history after each epoch."""
    moves = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    watcher = _Line(epochs) if moves else _Lines(epochs)
    try:
        yield watcher.watch
    finally:
        watcher.close()


class _Lines:
    """About ten lines over the whole training."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.every = max(1, epochs // PLAIN_LINES)

    def watch(self, history: History) -> None:
        if history.values.shape[1] and history.values.shape[1] % self.every == 0:
            sys.stderr.write(standing(history, self.epochs) + "\n")

    def close(self) -> None:
        pass


class _Line:
    """One line that is written over itself, never wider than the terminal."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.shown = self.latest = ""
        self.next = 0.0

    def watch(self, history: History) -> None:
        self.latest = standing(history, self.epochs)
        if time.monotonic() >= self.next:
            self._write()
            self.next = time.monotonic() + SECONDS

    def _write(self) -> None:
        room = max(1, terminal_width() - 1)
        line = self.latest[:room]
        sys.stderr.write("\r" + line.ljust(min(len(self.shown), room)))
        sys.stderr.flush()
        self.shown = line

    def close(self) -> None:
        if self.latest:
            self._write()
            sys.stderr.write("\n")


def standing(history: History, epochs: int) -> str:
    """The latest epoch in words; empty before the end of the first.

    >>> standing(History(("loss", "lr"), np.array([[[0.70001, 0.01]]])), 200)
    'epoch 1/200  loss 0.7000'
    """
    done = history.values.shape[1]
    if not done:
        return ""
    last = zip(history.series, history.values[0, -1], strict=True)
    shown = [f"{name.replace('_', ' ')} {_figures(value)}" for name, value in last if name != "lr"]
    return f"epoch {done:>{len(str(epochs))}}/{epochs}  " + "  ".join(shown)


def _figures(value: float) -> str:
    """A number of steady width: 0.7000, 12.34, 1.23e+09."""
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e3 or value == 0 else f"{value:.3e}"
