"""`multilayer tasks`: what there is to learn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from multilayer.cli import screen
from multilayer.data import tasks as known


def tasks(*, as_json: bool) -> None:
    """List the tasks, for people or as one JSON object."""
    rows = known.describe()
    if as_json:
        screen.put(json.dumps({"format": 1, "tasks": rows}, indent=2, allow_nan=False) + "\n")
    else:
        show(rows)


def show(rows: Sequence[dict[str, Any]]) -> None:
    """A row for each task: what it is, under that its parameters, and the best possible accuracy."""
    table = screen.plain_table("task", "what there is to learn", "best")
    for row in rows:
        parameters = ", ".join(f"{name}={_typed(option['default'])}" for name, option in row["parameters"].items())
        about = escape(row["about"]) + (f"\n[dim]{escape(parameters)}[/dim]" if parameters else "")
        best = "" if row["ceiling"] is None else f"{100 * row['ceiling']:.2f} %"
        table.add_row(row["name"], about, best)
    with screen.results() as console:
        console.print(table)
        console.print()
        console.print("Parameters, here with their defaults, go into brackets; best is the best possible accuracy.")
        console.print('  multilayer train "moons(noise=0.3, samples=1000)"', markup=False)
        console.print("Any function of x is a task too, on a range if asked for.")
        console.print('  multilayer train "sin(x) + x^2/4 on \\[-5, 5]"')


def _typed(default: Any) -> str:
    """A default as it is typed."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return f"[{', '.join(map(_typed, default))}]"
    return str(default)
