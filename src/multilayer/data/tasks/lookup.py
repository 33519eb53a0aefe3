"""From a name to a task: "moons", "moons(noise=0.2)", "breast-cancer", "sin(x) on [-3, 3]"."""

from __future__ import annotations

import re
from typing import Any

from multilayer.calls import parse_call
from multilayer.constraints import options_of
from multilayer.data.tasks.clouds import Checkerboard, Circles, Gaussians, Moons, Spiral
from multilayer.data.tasks.function import Function, Polynomial, from_text
from multilayer.data.tasks.logic import And, Encoder, Or, Parity, Xor
from multilayer.data.tasks.potentials import LennardJones, Morse
from multilayer.data.tasks.shipped import BreastCancer, Diabetes, Digits, Iris, Wine
from multilayer.data.tasks.task import Task
from multilayer.data.tasks.two_spirals import TwoSpirals
from multilayer.errors import DataError, did_you_mean, shown, unknown

TASKS: dict[str, type[Task]] = {
    task.name: task
    for task in (
        *(Moons, Circles, Gaussians, Spiral, TwoSpirals, Checkerboard),
        *(And, Or, Xor, Parity, Encoder),
        *(Function, Polynomial, Morse, LennardJones),
        *(Digits, Iris, Wine, BreastCancer, Diabetes),
    )
}

LONGEST = 1000
"""Characters of a task's text."""

WITH_X = re.compile(r"(?<![A-Za-z_])x[1-9]?(?!\w)(?!\s*=)")


def names() -> list[str]:
    """The names of all tasks, in the order of the list."""
    return list(TASKS)


def get(task: str | Task) -> Task:
    """The task of this name, with parameters in brackets; an expression of x is a task of its own.

    >>> get("moons(noise=0.3, samples=100)")
    Moons(noise=0.3, samples=100, data_seed=0)
    >>> get("sin(x)").low
    -3.0
    """
    if isinstance(task, Task):
        return task
    if not isinstance(task, str):
        raise DataError(f"A task is a name such as 'moons', got {shown(task)}.")
    if len(task) > LONGEST:
        raise DataError(f"The text of a task has at most {LONGEST} characters, this one has {len(task)}.")
    name = _plain(task.partition("(")[0])
    if name in TASKS:
        return _made(TASKS[name], parse_call(task, DataError)[1])
    if WITH_X.search(task):
        return from_text(task)
    raise DataError(unknown("task", name or task.strip(), TASKS))


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def _made(task: type[Task], parameters: dict[str, Any]) -> Task:
    known = options_of(task)
    for name in parameters:
        if name not in known:
            raise DataError(_no_parameter(task.name, name, list(known)))
    return task(**parameters)


def _no_parameter(task: str, name: str, known: list[str]) -> str:
    if not known:
        return f"{task} has no parameters, got '{name}'."
    parts = [f"{task} has no parameter '{name}'.", did_you_mean(name, known), f"It has: {', '.join(known)}."]
    return " ".join(part for part in parts if part)


def describe() -> list[dict[str, Any]]:
    """One row for each task: name, about, kind, parameters, ceiling, source."""
    return [_row(task()) for task in TASKS.values()]


def _row(task: Task) -> dict[str, Any]:
    parameters = {
        option.name: {"default": option.default, "expects": option.constraint.expects}
        for option in options_of(type(task)).values()
    }
    row = {"name": task.name, "about": task.about, "kind": task.kind, "parameters": parameters}
    return {**row, "ceiling": task.ceiling(), "source": task.source}
