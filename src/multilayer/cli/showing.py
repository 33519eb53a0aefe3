"""`multilayer show`: a stored run on a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from multilayer import lab
from multilayer.cli import screen
from multilayer.lab.facts import answer, facts
from multilayer.lab.run import Run

MOST_EPOCHS = 6
"""Epochs shown of a history."""


def show(name: str, folder: Path, *, as_json: bool) -> None:
    """Show the run of that name, or print its record."""
    run = lab.load_run(name, folder)
    if as_json:
        screen.put_json(run.to_dict())
        return
    with screen.results() as console:
        console.print(f"Run {run.id} of {run.task}, started {run.started[:16].replace('T', ' ')} UTC", style="bold")
        console.print()
        console.print(answer(run), markup=False)
        console.print()
        _facts(run, console)
        console.print()
        console.print(screen.score_table(run, intervals=True))
        if run.epochs > 1:
            console.print()
            console.print(_history(run))
        _further(run, console)


def _facts(run: Run, console: Console) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in facts(run):
        table.add_row(name, value)
    console.print(table)


def _history(run: Run) -> Table:
    """Some epochs, closer together at the start, where most changes."""
    table = screen.plain_table()
    chosen = sorted({round(float(epoch)) for epoch in np.geomspace(1, run.epochs, MOST_EPOCHS)})
    table.add_column("epoch")
    for epoch in chosen:
        table.add_column(str(epoch), justify="right")
    for name in run.history.series:
        if name != "lr":
            values = run.history[name]
            table.add_row(name.replace("_", " "), *(f"{values[epoch - 1]:.4g}" for epoch in chosen))
    return table


def _further(run: Run, console: Console) -> None:
    """Advice, the command that repeats the run, and how to see what can be drawn of it."""
    from multilayer.report.same_bits import command, python

    console.print()
    for advice in run.advice:
        console.print(screen.advised(advice), markup=False)
    line, recipe = command(run)
    early = f", which had {run.epochs} of {run.question.recipe.epochs} epochs" * (run.status == "interrupted")
    if line is None:
        console.print(f"The same weights again{early}, in Python:")
        console.print(python(run), markup=False, soft_wrap=True)
    else:
        console.print(f"The same weights again{early}:")
        console.print(f"  {line}", markup=False, soft_wrap=True)
    if recipe:
        console.print("with recipe.toml:")
        console.print("".join(f"  {text}\n" for text in recipe.splitlines()).rstrip(), markup=False, soft_wrap=True)
    console.print(f"Its pictures: multilayer plot {run.id}", markup=False)
