"""Small runs of every kind, trained once, to be drawn."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from multilayer.lab import Run, train

HOSTILE = ("$x^2$ & 50%", "<b>bold</b>", "_hidden", "\\frac{1}{0", "a" * 200, "猫と犬", "line\nbreak\x00\u202e", " ")


@cache
def run_of(name: str) -> Run:
    made = {
        "moons": lambda: train("moons", hidden=[6], epochs=30),
        "iris": lambda: train("iris", hidden=[6], epochs=30),
        "digits": lambda: train("digits", hidden=[6], epochs=2),
        "sine": lambda: train("sin(x)", hidden=[6], epochs=40),
        "plane": lambda: train("x1*x2", hidden=[6], epochs=40),
        "noisy": lambda: train("function(noise=0.2, samples=40)", hidden=[6], activation="tanh", epochs=40),
        "two_numbers": lambda: train(*rows_of("two_numbers"), hidden=[6], epochs=20),
        "line": lambda: train(*rows_of("line"), hidden=[4], epochs=60),
        "neuron": lambda: train("moons", hidden=[], epochs=20),
        "labels": lambda: train(*rows_of("labels"), hidden=[4], epochs=5),
        "hostile": lambda: train(*rows_of("hostile"), hidden=[6], epochs=20),
        "hostile_line": lambda: train(*rows_of("hostile_line"), hidden=[6], epochs=20),
    }
    return made[name]()


QUICK = {"boundary-training": {"frames": 2}, "fit-training": {"frames": 2}, "gaussian-process": {"seeds": 2}}


@cache
def picture_of(name: str, kind: str, theme: str = "light") -> Any:
    """A picture of one of these runs, drawn once."""
    return run_of(name).plot(kind, theme=theme, data=rows_of(name), **QUICK.get(kind, {}))


@cache
def rows_of(name: str):
    """X and y of the runs that were given arrays; None of the others."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    if name == "two_numbers":
        return x, np.stack([x[:, 0] + x[:, 1], x[:, 0] ** 2], axis=1)
    if name == "line":
        return x[:, :1], np.where(np.abs(x[:, 0]) < 0.5, "in", "out")
    if name == "labels":
        return x, (x > 0).astype(int)
    if name in ("hostile", "hostile_line"):
        places = np.argsort(np.argsort(np.arctan2(*x.T))) * len(HOSTILE) // len(x)
        return x if name == "hostile" else x[:, :1], np.array(HOSTILE, dtype=object)[places]
    return None
