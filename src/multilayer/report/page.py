"""The page: everything a report says, put into one file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from multilayer.data import METRICS
from multilayer.data.metrics import metric_label
from multilayer.errors import UsageError
from multilayer.files import write_atomically
from multilayer.pictures import Subject
from multilayer.report import same_bits
from multilayer.report.answer import PARTS, first_sentence, further_sentences, named, part_of, percent, question
from multilayer.report.figures import figures
from multilayer.report.reported import Reported
from multilayer.version import __version__

HERE = Path(__file__).parent
LONGEST = 200
"""Characters of a name that are shown."""
MOST_NAMES = 30
WORDS = {"train": "training", "val": "validation", "test": "test"}
KINDS = {
    "binary": "one of two classes",
    "classes": "one of several classes",
    "multilabel": "any of several labels",
    "regression": "numbers",
}

PREPARED = {
    "standardize": "standardized to mean 0 and standard deviation 1",
    "center": "centered to mean 0",
    "minmax": "scaled to the range from 0 to 1",
    "none": "as they are",
}


def write(
    runs: Sequence[Reported], path: str | os.PathLike[str], subject: Subject, pictures: Sequence[str] | str = "all"
) -> Path:
    """Write the report of a run, or of one question under several seeds, as one HTML file; returns its path.

    `subject` is the first run with its rows; `pictures` are names, or "all", "few" or "none". What stood there is
    replaced as a whole. Raises UsageError where it cannot be written, and for runs that do not belong together.
    """
    place = Path(path)
    content = page(runs, subject, pictures).encode("utf-8")
    try:
        write_atomically(place, content)
    except OSError as error:
        raise UsageError(f"The report could not be written to {place}: {error.strerror or error}.") from None
    return place


def page(runs: Sequence[Reported], subject: Subject, pictures: Sequence[str] | str = "all") -> str:
    """The text of the page."""
    _check_together(runs)
    run = runs[0]
    found, left = figures(run, subject, pictures)
    style = (HERE / "page.css").read_text(encoding="utf-8")
    return str(
        _template().render(
            run=run,
            runs=runs,
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
            title=shown(run.task),
            question=question(run),
            first=first_sentence(runs),
            further=further_sentences(runs),
            scores=_scores(run),
            seeds=_seeds(sorted(runs, key=lambda one: one.question.seed)),
            chosen=_why_first(runs),
            figures=found,
            left=left,
            advice=_advice(runs),
            data=_data(run),
            columns=_columns(run),
            network=_network(run),
            training=_training(run),
            command=same_bits.command(run),
            python=same_bits.python(run),
            digests=_digests(run),
            machine=_machine(run),
            version=__version__,
        )
    )


def _check_together(runs: Sequence[Reported]) -> None:
    """Several runs must be one question under several seeds."""
    if not runs:
        raise UsageError("A report needs at least one run.")

    def but_for_seed(run: Reported) -> dict[str, Any]:
        return {name: value for name, value in run.question.to_dict().items() if name != "seed"}

    seeds = [run.question.seed for run in runs]
    if any(but_for_seed(run) != but_for_seed(runs[0]) for run in runs) or len(set(seeds)) < len(seeds):
        raise UsageError("Runs in one report must be of one question under different seeds; these differ in more.")


@cache
def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": shown, "score": _score, "lead": _lead, "percent": percent}
    return environment.from_string((HERE / "page.html").read_text(encoding="utf-8"))


def shown(value: object, longest: int = LONGEST) -> str:
    """A user's text as it can be shown: no control characters and nothing that turns the writing direction.

    >>> shown("a\\u202eb\\x00c")
    'a\\ufffdb\\ufffdc'
    """
    text = "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _score(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4f}"


def _lead(between: tuple[float, float]) -> str:
    """The interval of the run's score minus a model's, said from the run's side.

    >>> _lead((0.04, 0.16)), _lead((-0.16, -0.04)), _lead((-0.1, 0.05))
    ('ahead by 0.0400 to 0.1600', 'behind by 0.0400 to 0.1600', 'no clear difference, -0.1000 to 0.0500')
    """
    low, high = between
    if high < 0:
        return f"behind by {_score(-high)} to {_score(-low)}"
    return f"{'ahead by' if low > 0 else 'no clear difference,'} {_score(low)} to {_score(high)}"


def _scores(run: Reported) -> dict[str, Any]:
    """The table of scores: a row for each score, and under the headline one for each model compared with."""
    parts = [part for part in PARTS if part in run.scores]
    rows: list[dict[str, Any]] = []
    for name in run.scores[parts[0]] if parts else ():
        between = run.intervals.get(name)
        cells = [run.scores[part][name] for part in parts]
        label = shown(metric_label(name, run.target))
        rows.append({"name": label, "cells": cells, "between": between, "model": False, "better": _direction(name)})
        if name == run.headline:
            rows += [_model(run, model, words, parts) for model, words in named(run.baselines)]
    return {"parts": [WORDS[part] for part in parts], "rows": rows, "sure": part_of(run) == "test"}


def _model(run: Reported, model: str, words: str, parts: Sequence[str]) -> dict[str, Any]:
    entry = run.compared.get(model, {})
    low, high = entry.get("low"), entry.get("high")
    return {
        "name": words,
        "cells": [run.baselines[model][part][run.headline] for part in parts],
        "model": True,
        "between": None if low is None or high is None else (low, high),
        "seconds": entry.get("seconds"),
    }


def _direction(metric: str) -> str:
    return "higher is better" if METRICS[metric].greater_is_better else "lower is better"


def _seeds(runs: Sequence[Reported]) -> list[dict[str, Any]]:
    return [
        {
            "seed": run.question.seed,
            "id": run.id,
            "scores": [run.scores[part] for part in PARTS if part in run.scores],
            "why": run.why,
            "epochs": run.epochs,
        }
        for run in runs
    ]


def _why_first(runs: Sequence[Reported]) -> str:
    """Why the table and the pictures are of the first run: of several seeds it is the best on the validation rows, or
    the one named first."""
    run = runs[0]
    if not all("val" in one.scores for one in runs):
        return ", named first"
    sign = 1 if METRICS[run.metric].greater_is_better else -1
    values = [sign * one.scores["val"][run.metric] for one in runs]
    return ", the best on the validation rows" if values[0] == max(values) else ", named first"


def _advice(runs: Sequence[Reported]) -> list[dict[str, Any]]:
    """Each piece of advice once, with the seeds it is for."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for advice in run.advice:
            entry = found.setdefault(getattr(advice, "name", advice.says), {"advice": advice, "seeds": []})
            entry["seeds"].append(run.question.seed)
    return [{**entry, "seeds": sorted(entry["seeds"])} for entry in found.values()]


def _data(run: Reported) -> list[tuple[str, str]]:
    target = run.target
    rows = [("Source", run.source), ("Rows", ", ".join(f"{n:,} {WORDS[part]}" for part, n in run.rows.items()))]
    rows.append(("Target", f"{KINDS[target.kind]}: {_some(target.names)}"))
    if target.classes:
        positive = f"; f1 is of {shown(target.classes[1], 60)}, the second" if target.kind == "binary" else ""
        rows.append(("Classes", _some(target.classes) + positive))
    splitting = run.question.splitting
    if len(run.rows) > 1:
        rows.append(("Division", f"the same rows every time, dealt by split_seed {splitting.seed}"))
    rows += [("Read from the file", str(guess)) for guess in run.reading.get("guessed", ())]
    return [(name, shown(text, 10 * LONGEST)) for name, text in rows]


def _some(names: Sequence[object]) -> str:
    some = ", ".join(shown(name, 60) for name in names[:MOST_NAMES])
    return some + (f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else "")


def _columns(run: Reported) -> dict[str, Any]:
    """The input columns, some of them where they are many."""
    columns = run.preparation.encoding.columns
    rows = [(column.name, column.kind, _some(column.categories) if column.categories else "") for column in columns]
    return {
        "rows": rows[:MOST_NAMES],
        "more": max(0, len(rows) - MOST_NAMES),
        "n": len(rows),
        "categories": any(row[2] for row in rows),
    }


def _network(run: Reported) -> list[str]:
    """A line for each layer."""
    lines, width = [], run.n_in
    for entry in run.question.recipe.layers:
        units = entry.get("units")
        if units:
            lines.append(f"{entry['layer']}: {width} to {units}, weights drawn by {_call(entry['weight_init'])}")
            width = units
        else:
            lines.append(_call({"name": entry["layer"], **{k: v for k, v in entry.items() if k != "layer"}}))
    return [shown(line) for line in lines] or [shown(run.question.own or "")]


def _call(entry: Any) -> str:
    """A named part with its options, as it is typed."""
    if not isinstance(entry, dict):
        return str(entry)
    options = ", ".join(f"{name}={_call(value)}" for name, value in entry.items() if name != "name")
    return f"{entry['name']}({options})" if options else str(entry["name"])


def _training(run: Reported) -> list[tuple[str, str]]:
    recipe, preparation = run.question.recipe, run.question.preparation
    rows = [
        ("Loss", _call(recipe.loss) + (", summed over a batch" if recipe.reduction == "sum" else "")),
        ("Optimizer", f"{_call(recipe.optimizer)}, lr {recipe.lr:g}, schedule {_call(recipe.schedule)}"),
        ("Batches", "all rows at once" if recipe.batch_size == "full" else f"{recipe.batch_size} rows"),
        ("Epochs", f"{run.epochs} of at most {recipe.epochs}, {run.steps:,} steps"),
        ("Ended", run.why),
    ]
    penalties = [
        f"{name} {getattr(recipe, name):g}" for name in ("l1", "l2", "weight_decay", "noise") if getattr(recipe, name)
    ]
    limits = [
        f"{name} {getattr(recipe, name):g}" for name in ("max_norm", "clip_value", "clip_norm") if getattr(recipe, name)
    ]
    if penalties or limits:
        rows.append(("Held back by", ", ".join(penalties + limits)))
    inputs = PREPARED.get(preparation.inputs, preparation.inputs)
    rows.append(
        ("Inputs", f"{inputs}, missing values replaced by the {preparation.missing}, by the training rows alone")
    )
    if run.target.kind == "regression":
        rows.append(("Numbers to learn", PREPARED[preparation.target]))
    return [(name, shown(text, 5 * LONGEST)) for name, text in rows]


def _digests(run: Reported) -> list[tuple[str, str]]:
    question = run.question
    found = [("question", question.digest), ("data", question.data), ("recipe", question.recipe.digest)]
    found += [("weights at the start", question.start)] if question.start else []
    return [*found, ("weights at the end", run.digest)]


def _machine(run: Reported) -> list[tuple[str, str]]:
    engine = f"{run.engine['name']}, arithmetic {run.engine['arithmetic']}"
    rows = [("Run", run.id), ("Started", run.started), ("Seconds", f"{run.seconds:.2f}"), ("Engine", engine)]
    return rows + [(shown(name), shown(value)) for name, value in run.machine.items() if value is not None]
