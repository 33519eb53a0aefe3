"""What a person sees: results on standard output, words on the way on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from multilayer.cli.saying import say
from multilayer.engines import native
from multilayer.lab import Session
from multilayer.lab.run import Run
from multilayer.recipe import Recipe
from multilayer.recipe.layers import dense

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


def announce(session: Session) -> None:
    """The question, a line for each side of it."""
    asked = session.asked
    sides = {"Data": _data(session), "Network": _network(session), "Training": _training(asked.recipe)}
    seed = f"seed {asked.seeds[0]}, engine {session.engine.name}"
    if asked.recipe.epochs == 0:
        sides["Training"] = f"none, the weights are set by hand; engine {session.engine.name}"
    else:
        sides["Training"] += f"; {seed}"
    for topic, text in sides.items():
        say(text, topic)
    missing = native.why_missing()
    if missing:
        say(missing, "Note")


def _data(session: Session) -> str:
    asked = session.asked
    target, columns = asked.dataset.target, len(asked.dataset.columns)
    what = {
        "regression": "numbers" if target.n_out == 1 else f"{target.n_out} numbers a row",
        "multilabel": f"{target.n_out} labels a row",
    }.get(target.kind, f"{len(target.classes)} classes")
    split = {"train": asked.split.train, "val": asked.split.val, "test": asked.split.test}
    rows = ", ".join(f"{len(rows)} {part}" for part, rows in split.items() if len(rows))
    return f"{asked.dataset.name}: {columns} column{'s' * (columns != 1)}, {what}; rows: {rows}"


def _network(session: Session) -> str:
    """Widths from the inputs to the outputs, and what stands between them.

    A network without hidden layers on two inputs is "2-1".
    """
    layers = session.asked.recipe.layers
    widths = [session.asked.data.x.shape[1], *(entry["units"] for entry in layers if dense(entry["layer"]))]
    kinds = dict.fromkeys(entry["layer"] for entry in layers if entry["layer"] != "linear")
    return ", ".join(["-".join(map(str, widths)), *kinds])


def _training(recipe: Recipe) -> str:
    batches = "full batches" if recipe.batch_size == "full" else f"batches of {recipe.batch_size}"
    schedule = "" if recipe.schedule["name"] == "constant" else f" {recipe.schedule['name']}"
    return (
        f"{recipe.loss['name']}, {recipe.optimizer['name']}, lr {recipe.lr:g}{schedule}, {batches}, "
        f"{recipe.epochs} epochs"
    )


def summarize(session: Session, run: Run, place: Path) -> None:
    """The result beside the baselines, and where it is stored."""
    task = session.asked.task
    ceiling = task.ceiling() if task else None
    with results() as console:
        console.print(score_table(run))
        console.print()
        for text in filter(None, (_verdict(run), _best(ceiling), _how(run))):
            console.print(text, markup=False)
        console.print(f"Stored in {place}", soft_wrap=True, markup=False)


def score_table(run: Run) -> Table:
    """The scores of each split; under the headline, what the simplest models reach."""
    table = Table(box=SIMPLE, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("score")
    for part in run.scores:
        table.add_column(part, justify="right")
    for name in next(iter(run.scores.values()), {}):
        table.add_row(name, *_cells(run.scores, name))
        if name == run.headline:
            for kind, label in LABELS.items():
                if kind in run.baselines:
                    table.add_row(label, *_cells(run.baselines[kind], name), style="dim")
    return table


def _cells(scores: Mapping[str, Mapping[str, float]], name: str) -> list[str]:
    values = [found[name] for found in scores.values()]
    return ["-" if value != value else f"{value:.4f}" for value in values]


def _verdict(run: Run) -> str:
    """Said when the linear model is not beaten on the rows kept for the test."""
    if "test" not in run.scores or "linear" not in run.baselines:
        return ""
    own, linear = run.scores["test"][run.headline], run.baselines["linear"]["test"][run.headline]
    if own > linear or linear != linear or _is_linear(run):
        return ""
    return f"A linear model is {'as good' if own == linear else 'better'} on the test rows."


def _is_linear(run: Run) -> bool:
    return all(entry["layer"] == "linear" for entry in run.question.recipe.layers)


def _best(ceiling: float | None) -> str:
    return "" if ceiling is None or ceiling >= 1 else f"The best possible accuracy on this task is {ceiling:.4f}."


def _how(run: Run) -> str:
    if run.status == "complete" and run.epochs == 0:
        return f"Not trained: {run.n_parameters:,} weights set by hand."
    size = f"{run.n_parameters:,} weights, {run.steps:,} steps, {run.seconds:.1f} s"
    if run.status == "diverged":
        return f"{size}."
    return f"{run.why[0].upper()}{run.why[1:]}; {size}."
