"""docs/estimators-measured.md from the rows that benchmarks.estimators measured."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Row: TypeAlias = Mapping[str, Any]
Scores: TypeAlias = dict[str, dict[str, dict[int, float]]]
"""Of each table, model and split: less is better."""

NAMES = {
    "mlp": "MLPClassifier / MLPRegressor",
    "sklearn": "scikit-learn's MLP",
    "quick": "tabular, quick",
    "good": "tabular, good",
    "best": "tabular, best",
    "hist_gradient_boosting": "HistGradientBoosting",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "realmlp_td": "RealMLP-TD",
    "tabm_d": "TabM-D",
}
PLAIN = ("mlp", "sklearn")
HELD_OUT = 0.2
HEAD = """# The estimators, measured

Every estimator with its defaults on real tables, beside its peers with theirs, on the same random splits. This page is
written by `python -m benchmarks.estimators --data FOLDER`; the files are no part of the project. LightGBM, CatBoost and
pytabkit (RealMLP-TD, TabM-D) are installed by hand; a model that was not measured has no column.

A split holds out a fifth of the rows, stratified for classes; a model trains on at most 2,000 of the others and sees
nothing of the held-out rows. Classes are judged by the error rate and by the log loss of the probabilities, numbers by
the root mean squared error. *Rank* is the mean over tables of the model's place among those on the page, by its mean
over splits (1 is best). *Normalized* is the mean over tables of 1 where the model is the best, 0 where it is the worst
or below. A difference on one table is tested by Nadeau and Bengio's corrected resampled t-test (Machine Learning 52
(2003), 239) over the splits, with Holm's correction over the tables. Seconds are those of the processor in `fit`, all
threads together; other work ran beside, so their ratios are what to look at.
"""


def page(rows: Sequence[Row]) -> str:
    """The page, in Markdown."""
    parts = [HEAD]
    errors = _errors(rows, {"accuracy": lambda score: 1 - score, "rmse": lambda score: score})
    losses = _errors(rows, {"log_loss": lambda score: score})
    parts += ["## The plain estimators beside scikit-learn's\n", _duel(rows, errors, losses)]
    parts += ["## Tables: every model\n", _ranking(rows, errors, losses)]
    parts += ["## Each table\n", _each(rows, errors)]
    failed = [row for row in rows if "failed" in row]
    if failed:
        lines = [f"- {row['table']}, {NAMES[row['model']]}, split {row['split']}: {row['failed']}\n" for row in failed]
        parts += ["## What failed\n", "".join(lines)]
    machines = sorted({str(row["machine"]) for row in rows})
    parts += ["## Measured on\n", "".join(f"- {name}\n" for name in machines)]
    return "\n".join(parts)


def _errors(rows: Sequence[Row], forms: Mapping[str, Any]) -> Scores:
    found: Scores = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        for name, form in forms.items():
            if name in row:
                found[row["table"]][row["model"]][row["split"]] = form(row[name])
    return found


def _duel(rows: Sequence[Row], errors: Scores, losses: Scores) -> str:
    """Wins, losses and ranks of this package's plain estimators against scikit-learn's."""
    shared = [table for table, models in errors.items() if all(model in models for model in PLAIN)]
    tests = {table: _corrected(*(errors[table][model] for model in PLAIN)) for table in shared}
    adjusted = _holm({table: p for table, (_, p) in tests.items()})
    both = [table for table in shared if all(_means(errors[table][model]) > 0 for model in PLAIN)]
    ratios = [_means(errors[table]["mlp"]) / _means(errors[table]["sklearn"]) for table in both]
    times = [_seconds(rows, table, "sklearn") / _seconds(rows, table, "mlp") for table in shared]
    kinds = {row["table"]: row["kind"] for row in rows}
    lines = []
    for name, chosen in (("classes", "classification"), ("numbers", "regression")):
        own = [table for table in shared if kinds[table] == chosen]
        if not own:
            continue
        ranks = [1.0 + (_means(errors[table]["mlp"]) > _means(errors[table]["sklearn"])) for table in own]
        lines.append(f"- {name}, {len(own)} tables: mean rank of two {np.mean(ranks):.2f}")
        logs = [table for table in own if table in losses and all(model in losses[table] for model in PLAIN)]
        if logs:
            better = sum(_means(losses[table]["mlp"]) < _means(losses[table]["sklearn"]) for table in logs)
            lines[-1] += f"; log loss lower on {better} of {len(logs)}"
    lines.append(f"- geometric mean of the errors' ratio, ours to theirs: {_geometric(ratios):.3f}")
    lines.append(f"- median of the ratio of the fits' processor times, theirs to ours: {np.median(times):.1f}")
    head = ["table", "ours", "scikit-learn", "difference", "p, Holm", "processor time of fit, theirs / ours"]
    table = f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for place, name in enumerate(shared):
        ours, theirs = (_means(errors[name][model]) for model in PLAIN)
        said = "**lost**" if ours > theirs else ""
        table += f"| {name} | {ours:.4g} | {theirs:.4g} | {tests[name][0]:+.3g} {said} | {adjusted[name]:.3f} | "
        table += f"{times[place]:.1f} |\n"
    return "".join(f"{line}\n" for line in lines) + f"\n{table}"


def _ranking(rows: Sequence[Row], errors: Scores, losses: Scores) -> str:
    models = [model for model in NAMES if any(model in found for found in errors.values())]
    shared = [table for table, found in errors.items() if all(model in found for model in models)]
    lines = f"{len(shared)} tables on which every model was measured.\n\n"
    head = ["model", "rank, error", "normalized", "rank, log loss", "median processor seconds of fit"]
    lines += f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    ranks, normal = _ranks(errors, shared, models), _normalized(errors, shared, models)
    with_losses = [table for table in shared if table in losses and all(model in losses[table] for model in models)]
    by_loss = _ranks(losses, with_losses, models)
    for model in sorted(models, key=lambda model: ranks[model]):
        seconds = np.median([_seconds(rows, table, model) for table in shared]) if shared else math.nan
        lines += (
            f"| {NAMES[model]} | {ranks[model]:.2f} | {normal[model]:.3f} | {by_loss[model]:.2f} | {seconds:.2g} |\n"
        )
    return lines


def _ranks(errors: Scores, tables: Sequence[str], models: Sequence[str]) -> dict[str, float]:
    places = []
    for table in tables:
        means = np.array([_means(errors[table][model]) for model in models])
        places.append([(means < mean).sum() + ((means == mean).sum() + 1) / 2 for mean in means])
    average = np.mean(places, axis=0) if places else np.full(len(models), math.nan)
    return dict(zip(models, average.tolist(), strict=True))


def _normalized(errors: Scores, tables: Sequence[str], models: Sequence[str]) -> dict[str, float]:
    scores = []
    for table in tables:
        means = np.array([_means(errors[table][model]) for model in models])
        spread = means.max() - means.min()
        scores.append((means.max() - means) / spread if spread > 0 else np.ones(len(models)))
    average = np.mean(scores, axis=0) if scores else np.full(len(models), math.nan)
    return dict(zip(models, average.tolist(), strict=True))


def _each(rows: Sequence[Row], errors: Scores) -> str:
    models = [model for model in NAMES if any(model in found for found in errors.values())]
    head = ["table", "splits", *(NAMES[model] for model in models)]
    lines = [head, ["---"] * len(head)]
    for table, found in errors.items():
        best = min(map(_means, found.values()))
        cells = [_cell(rows, table, model, found.get(model), best) for model in models]
        lines.append([table, str(max(len(splits) for splits in found.values())), *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(rows: Sequence[Row], table: str, model: str, splits: dict[int, float] | None, best: float) -> str:
    if not splits:
        return "-"
    mean, seconds = _means(splits), _seconds(rows, table, model)
    said = f"**{mean:.4g}**" if mean == best else f"{mean:.4g}"
    return f"{said}, {seconds:.2g} s"


def _means(splits: Mapping[int, float]) -> float:
    return float(np.mean(list(splits.values())))


def _seconds(rows: Sequence[Row], table: str, model: str) -> float:
    own = [row for row in rows if (row["table"], row["model"]) == (table, model)]
    times = [row["processor_seconds"] for row in own if "processor_seconds" in row]
    return float(np.median(times)) if times else math.nan


def _geometric(ratios: Sequence[float]) -> float:
    return math.exp(float(np.mean(np.log(ratios)))) if ratios else math.nan


def _corrected(ours: Mapping[int, float], theirs: Mapping[int, float]) -> tuple[float, float]:
    """The mean difference over the shared splits, and the two-sided p of the corrected resampled t-test."""
    from scipy.stats import t

    shared = sorted(set(ours) & set(theirs))
    away = np.array([ours[split] - theirs[split] for split in shared])
    if len(away) < 2 or not away.std():
        return float(away.mean()) if len(away) else math.nan, 1.0
    variance = away.var(ddof=1) * (1 / len(away) + HELD_OUT / (1 - HELD_OUT))
    return float(away.mean()), float(2 * t.sf(abs(away.mean()) / math.sqrt(variance), len(away) - 1))


def _holm(values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjusted p values."""
    adjusted, largest = {}, 0.0
    for place, (name, p) in enumerate(sorted(values.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, (len(values) - place) * p))
        adjusted[name] = largest
    return adjusted
