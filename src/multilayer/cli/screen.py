"""What a person sees: results on standard output, words on the way on standard error."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multilayer.cli.saying import say
from multilayer.data import METRICS
from multilayer.data.metrics import metric_label
from multilayer.data.tables import Reading
from multilayer.engines import native
from multilayer.lab import Session
from multilayer.lab.advice.rules import Advice
from multilayer.lab.run import Run
from multilayer.recipe.in_words import recipe_line

LABELS = {
    "linear": "  linear model",
    "trivial": "  without the inputs",
    "gp": "  Gaussian process",
    "hist_gradient_boosting": "  boosted trees",
    "knn": "  nearest neighbors",
}


def put(text: str) -> None:
    """A result; a reader who leaves early, such as `head`, has what it wanted."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def put_json(document: Mapping[str, Any]) -> None:
    """One object as the result."""
    put(json.dumps(document, indent=2, allow_nan=False) + "\n")


@contextmanager
def results() -> Iterator[Console]:
    """Where results are printed: as wide as the terminal, and 80 characters where there is none."""
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=80)
    with console.capture() as captured:
        yield console
    put("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def plain_table(*columns: str) -> Table:
    """A table without frames; its first column is text, its last one numbers."""
    table = Table(box=SIMPLE, show_edge=False, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if 0 < place == len(columns) - 1 else "left")
    return table


def tell_guesses(reading: Reading | None) -> None:
    """What nobody said about a file, each with the option that says otherwise."""
    for place, guess in enumerate(reading.guesses if reading else ()):
        say(str(guess), " " if place else "File")


def announce(session: Session) -> None:
    """The question, a line for each side of it."""
    asked = session.asked
    say(_data(session), "Data")
    say(f"{recipe_line(asked.recipe, asked.data.x.shape[1])}; {_seeds(asked.seeds)}", "Training")
    missing = native.why_missing()
    if missing or session.engine.name != "native":
        say(missing or session.because, "Note" if missing else "Engine")


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"


def _data(session: Session) -> str:
    asked = session.asked
    target, columns = asked.dataset.target, len(asked.dataset.columns)
    what = {
        "regression": "a number" if target.n_out == 1 else f"{target.n_out} numbers",
        "multilabel": f"{target.n_out} labels",
    }.get(target.kind, f"one of {len(target.classes)} classes")
    split = {"train": asked.split.train, "val": asked.split.val, "test": asked.split.test}
    rows = ", ".join(f"{len(rows)} {part}" for part, rows in split.items() if len(rows))
    return f"{asked.dataset.name}: {columns} input column{'s' * (columns != 1)}, the target {what}; rows: {rows}"


def summarize(session: Session, run: Run, place: Path) -> None:
    """The result beside the baselines, and where it is stored."""
    task = session.asked.task
    ceiling = task.ceiling() if task else None
    with results() as console:
        console.print(score_table(run))
        console.print()
        for text in filter(None, (_verdict(run), best_possible(ceiling), _how(run))):
            console.print(text, markup=False)
        for advice in run.advice:
            console.print(advised(advice), markup=False)
        console.print(f"Stored in {place}", soft_wrap=True, markup=False)


def advised(advice: Advice) -> str:
    """What is wrong and what helps, in two sentences."""
    return f"{advice.says} Try {advice.command or f'{advice.python} in Python'}."


def score_table(run: Run, *, intervals: bool = False) -> Table:
    """The scores of each split, the run's metric first; under it, what the simplest models reach. With `intervals`,
    those on the test rows stand behind.
    """
    table = plain_table()
    table.add_column("score")
    for part in run.scores:
        table.add_column(part, justify="right")
    sure = intervals and bool(run.intervals)
    if sure:
        table.add_column("test, 95 % interval", justify="right")
    known = next(iter(run.scores.values()), {})
    for name in sorted(known, key=lambda name: name != run.metric):
        table.add_row(
            escape(metric_label(name, run.target)),
            *_cells(run.scores, name),
            *([_between(run.intervals.get(name))] if sure else []),
        )
        if name == run.metric:
            for kind, label in LABELS.items():
                if kind in run.baselines:
                    table.add_row(label, *_cells(run.baselines[kind], name), style="dim")
    return table


def _cells(scores: Mapping[str, Mapping[str, float]], name: str) -> list[str]:
    return [cell(found.get(name, math.nan)) for found in scores.values()]


def _between(ends: tuple[float, float] | None) -> str:
    return f"{cell(ends[0])} to {cell(ends[1])}" if ends else ""


def cell(value: float) -> str:
    """A score in a table.

    >>> cell(0.97), cell(1234.5), cell(float("nan"))
    ('0.9700', '1234.5', '-')
    """
    if math.isnan(value):
        return "-"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}"


def _verdict(run: Run) -> str:
    """Said when the linear model is not beaten on the rows kept for the test."""
    if "test" not in run.scores or "linear" not in run.baselines:
        return ""
    own, linear = (found["test"].get(run.metric, math.nan) for found in (run.scores, run.baselines["linear"]))
    if METRICS[run.metric].better(own, linear) or math.isnan(linear) or _is_linear(run):
        return ""
    return f"A linear model is {'as good' if own == linear else 'better'} on the test rows."


def _is_linear(run: Run) -> bool:
    return all(entry["layer"] == "linear" for entry in run.question.recipe.layers)


def best_possible(ceiling: float | None) -> str:
    return "" if ceiling is None or ceiling >= 1 else f"The best possible accuracy on this task is {ceiling:.4f}."


def _how(run: Run) -> str:
    if run.status == "complete" and run.epochs == 0:
        return f"Not trained: {run.n_parameters:,} weights set by hand."
    size = f"{run.n_parameters:,} weights, {run.steps:,} steps, {run.seconds:.1f} s"
    if run.status == "diverged":
        return f"{size}."
    return f"{run.why[0].upper()}{run.why[1:]}; {size}."
