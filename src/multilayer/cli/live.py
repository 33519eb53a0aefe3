"""How a training stands, while it runs: one line that moves on a terminal, a few lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from multilayer.cli.saying import terminal_width
from multilayer.engines import History
from multilayer.recipe import Recipe

PLAIN_LINES = 10
SECONDS = 0.1  # between two looks at a moving line


@contextmanager
def watching(recipe: Recipe) -> Iterator[Callable[[History], None]]:
    """A function to be shown the history after each epoch."""
    moves = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    first = "" if recipe.monitor == "loss" else f"val_{recipe.monitor}"
    watcher = (_Line if moves else _Lines)(recipe.epochs, first)
    try:
        yield watcher.watch
    finally:
        watcher.close()


class _Lines:
    """About ten lines over the whole training."""

    def __init__(self, epochs: int, first: str) -> None:
        self.epochs, self.first = epochs, first
        self.every = max(1, epochs // PLAIN_LINES)

    def watch(self, history: History) -> None:
        if history.values.shape[1] and history.values.shape[1] % self.every == 0:
            sys.stderr.write(standing(history, self.epochs, self.first) + "\n")

    def close(self) -> None:
        pass


class _Line:
    """One line that is written over itself, never wider than the terminal."""

    def __init__(self, epochs: int, first: str) -> None:
        self.epochs, self.first = epochs, first
        self.shown = self.latest = ""
        self.next = 0.0

    def watch(self, history: History) -> None:
        self.latest = standing(history, self.epochs, self.first)
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


def standing(history: History, epochs: int, first: str = "") -> str:
    """The latest epoch in words, the series `first` before the others; empty before the end of the first epoch. Of
    several members it is the mean over those still in training.

    >>> standing(History(("loss", "lr"), np.array([[[0.70001, 0.01]]])), 200)
    'epoch 1/200  loss 0.7000'
    """
    done = history.values.shape[1]
    if not done:
        return ""
    values = history.values[:, -1]
    going = values[~np.isnan(values).all(axis=1)]
    last = dict(zip(history.series, going.mean(axis=0).tolist(), strict=True))
    names = sorted((name for name in last if name != "lr"), key=lambda name: name != first)
    shown = [f"{name.replace('_', ' ')} {_figures(last[name])}" for name in names]
    many = f"  mean of {len(going)} seeds" if len(values) > 1 else ""
    return f"epoch {done:>{len(str(epochs))}}/{epochs}  {'  '.join(shown)}{many}"


def _figures(value: float) -> str:
    """A number of steady width: 0.7000, 12.34, 1.23e+09."""
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e3 or value == 0 else f"{value:.3e}"
