"""The summary of one question under several seeds: each seed a row, then the mean with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rich.markup import escape
from rich.table import Table

from multilayer import lab
from multilayer.cli import screen
from multilayer.data import METRICS
from multilayer.data.intervals import over_seeds
from multilayer.data.metrics import metric_label
from multilayer.lab.run import Run

Means: TypeAlias = dict[str, dict[str, Mapping[str, Any]]]
"""By part and metric."""


def summarize(session: lab.Session, runs: Sequence[Run], places: Sequence[Path], *, as_json: bool) -> None:
    """Show all runs, or print them as one JSON object."""
    best, found = best_of(runs), means(runs)
    if as_json:
        records = [{**run.to_dict(), "folder": str(place)} for run, place in zip(runs, places, strict=True)]
        screen.put_json({"format": 1, "best": runs[best].id, "scores": found, "runs": records})
        return
    ceiling = session.asked.task.ceiling() if session.asked.task else None
    with screen.results() as console:
        console.print(_table(runs, best, found))
        console.print()
        for text in filter(None, (_answer(runs, found), screen.best_possible(ceiling))):
            console.print(text, markup=False)
        part = "validation" if "val" in runs[0].scores else "training"
        console.print(f"Seed {runs[best].question.seed} is best on the {part} rows; last names its run.")
        console.print(f"Stored in {places[best].parent}, a run each", soft_wrap=True, markup=False)


def best_of(runs: Sequence[Run]) -> int:
    """The place of the run that is best on the validation rows, or on the training rows where there are none; the
    test rows have no say."""
    name = runs[0].metric
    part = "val" if "val" in runs[0].scores else "train"
    sign = 1 if METRICS[name].greater_is_better else -1
    values = [sign * run.scores.get(part, {}).get(name, math.nan) for run in runs]
    return max(range(len(runs)), key=lambda place: -math.inf if math.isnan(values[place]) else values[place])


def means(runs: Sequence[Run]) -> Means:
    """For each part and metric the mean over the seeds whose score is finite, with Student's 95 % interval."""
    found: Means = {}
    for part, names in runs[0].scores.items():
        found[part] = {}
        for name in names:
            values = [value for run in runs if math.isfinite(value := run.scores[part][name])]
            mean, interval = over_seeds(values) if values else (None, None)
            low, high = interval or (None, None)
            found[part][name] = {"mean": mean, "low": low, "high": high, "seeds": len(values)}
    return found


def _table(runs: Sequence[Run], best: int, found: Means) -> Table:
    table = screen.plain_table()
    name, parts = runs[0].metric, list(runs[0].scores)
    table.add_column("seed", justify="right")
    table.add_column("run", no_wrap=True)
    for part in parts:
        table.add_column(escape(f"{part} {metric_label(name, runs[0].target)}"), justify="right")
    table.add_column("epochs", justify="right")
    table.add_column("")
    for place, run in enumerate(runs):
        cells = [screen.cell(run.scores[part][name]) for part in parts]
        ended = run.status if run.status != "complete" else ""
        remark = " ".join(filter(None, [ended, "best" * (place == best)]))
        table.add_row(str(run.question.seed), run.id, *cells, str(run.epochs), remark)
    mean = [found[part][name] for part in parts]
    table.add_section()
    table.add_row("", "mean", *("-" if one["mean"] is None else screen.cell(one["mean"]) for one in mean), "", "")
    for kind, label in screen.LABELS.items():
        if kind in runs[0].baselines:
            scores = runs[0].baselines[kind]
            cells = [screen.cell(scores[part].get(name, math.nan)) for part in parts]
            table.add_row("", label.strip(), *cells, "", "", style="dim")
    return table


def _answer(runs: Sequence[Run], found: Means) -> str:
    """The mean with its interval, beside the linear model."""
    run = runs[0]
    part = next((part for part in ("test", "val", "train") if part in found), None)
    if part is None or found[part][run.metric]["mean"] is None:
        return "No seed has a score."
    one = found[part][run.metric]
    between = f" ({one['low']:.4f} to {one['high']:.4f}, 95 % interval of the mean)" if one["low"] is not None else ""
    linear = run.baselines.get("linear", {}).get(part, {}).get(run.metric, math.nan)
    beside = f"; a linear model has {linear:.4f}" if math.isfinite(linear) else ""
    return f"Over {one['seeds']} seeds the {part} {run.metric} is {one['mean']:.4f}{between}{beside}."
