"""docs/estimators-measured.md from the rows that benchmarks.estimators measured."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import eq, gt, lt
from typing import Any, TypeAlias

import numpy as np

Row: TypeAlias = Mapping[str, Any]
Scores: TypeAlias = dict[str, dict[str, dict[int, float]]]
"""Of each table, model and split: less is better."""

NAMES = {
    "mlp": "plain, ours",
    "sklearn": "plain, scikit-learn",
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
PEERS = ("hist_gradient_boosting", "lightgbm", "catboost", "realmlp_td", "tabm_d")
PAIRS = (("good", "quick"), ("best", "good"), *((ours, peer) for ours in ("good", "best") for peer in PEERS))
CHOSEN_ON = {
    *("adult", "pima-indians-diabetes", "credit-g", "magic", "churn", "texture", "vowel", "yeast", "digits"),
    *("winequality-red, classes", "banknote_authentication", "abalone", "winequality-red", "energy", "diabetes"),
    *("california_housing", "pol"),
}
PAIRS_SAID = f"""On the splits that both models have. *Better* counts tables by the mean over splits,
*significantly* the tables won and lost with p below 0.05 after Holm's correction. Ratios are below 1 where the first
is better: of errors the geometric mean over tables, of log losses the median (some are nearly 0), of times the median.
{len(CHOSEN_ON)} of the tables also served to choose how tabular estimators train, by other splits of at most 1,500
rows ([decision 12](decisions/0012-tabular-defaults.md)); *on others* leaves these out.
"""
EACH_SAID = """The mean over ten splits, or over as many as stand in brackets.
"""
HELD_OUT = 0.2
HEAD = """# The estimators, measured

Every estimator with its defaults on real tables, beside its peers with theirs, on the same random splits. This page is
written by `python -m benchmarks.estimators --data FOLDER`; the files are no part of the project. Slow
models were measured on fewer splits, as the tables say.

A split holds out a fifth of the rows, stratified for classes; a model trains on at most 2,000 of the others and sees
nothing of the held-out rows. Classes are judged by the error rate and by the log loss of the probabilities, numbers by
the root mean squared error. *Rank* is the mean over tables of the model's place among those on the page, by its mean
over splits (1 is best). *Normalized* is the mean over tables of 1 where the model is the best, 0 where it is the worst
or below. A difference on one table is tested by Nadeau and Bengio's corrected resampled t-test (Machine Learning 52
(2003), 239) over the splits, with Holm's correction over the tables. Seconds are those of the processor in `fit`; every
model had one thread, and other work ran beside, so their ratios are what to look at.
"""


def page(rows: Sequence[Row]) -> str:
    """The page, in Markdown."""
    parts = [HEAD]
    errors = _errors(rows, {"accuracy": lambda score: 1 - score, "rmse": lambda score: score})
    losses = _errors(rows, {"log_loss": lambda score: score})
    parts += ["## The plain estimators beside scikit-learn's\n", _duel(rows, errors, losses)]
    parts += ["## The efforts, one against one\n", PAIRS_SAID, _pairs(rows, errors, losses)]
    parts += ["## The ranks of the models\n", _rankings(rows, errors, losses)]
    parts += ["## The error on each table\n", EACH_SAID, _each(errors)]
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


def _pairs(rows: Sequence[Row], errors: Scores, losses: Scores) -> str:
    """Each effort against the one before, and good and best against each peer, on the splits that both have."""
    head = [
        "effort",
        "against",
        "tables",
        "splits",
        "better, equal, worse",
        "significantly",
        "ratio of errors",
        "on others",
    ]
    head += ["of log losses", "of times of fit"]
    table = f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for ours, theirs in PAIRS:
        shared = [name for name, found in errors.items() if set(found.get(ours, ())) & set(found.get(theirs, ()))]
        if shared:
            cells = [ours, NAMES[theirs].removeprefix("tabular, "), *_pair(rows, errors, losses, shared, ours, theirs)]
            table += f"| {' | '.join(cells)} |\n"
    return table


def _pair(rows: Sequence[Row], errors: Scores, losses: Scores, shared: Sequence[str], a: str, b: str) -> list[str]:
    means = {name: _paired(errors[name], a, b) for name in shared}
    logs = [_paired(losses[name], a, b) for name in shared if name in losses]
    tests = {name: _corrected(errors[name][a], errors[name][b]) for name in shared}
    adjusted = _holm({name: p for name, (_, p) in tests.items()})
    won, lost = ([n for n in shared if adjusted[n] < 0.05 and s * tests[n][0] < 0] for s in (1, -1))
    counts = sorted({len(set(errors[name][a]) & set(errors[name][b])) for name in shared})
    times = [_seconds(rows, name, a) / _seconds(rows, name, b) for name in shared]
    ratios = {name: ours / theirs for name, (ours, theirs) in means.items() if ours > 0 and theirs > 0}
    return [
        str(len(shared)),
        str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}",
        ", ".join(str(sum(sign(*pair) for pair in means.values())) for sign in (lt, eq, gt)),
        f"{len(won)} / {len(lost)}",
        f"{_geometric(list(ratios.values())):.3f}",
        f"{_geometric([ratio for name, ratio in ratios.items() if name not in CHOSEN_ON]):.3f}",
        f"{np.median([ours / theirs for ours, theirs in logs]):.3f}",
        f"{np.median(times):.2g}",
    ]


def _paired(found: Mapping[str, Mapping[int, float]], a: str, b: str) -> tuple[float, float]:
    """The two models' means over the splits that both have."""
    both = set(found[a]) & set(found[b])
    return _means({split: found[a][split] for split in both}), _means({split: found[b][split] for split in both})


def _rankings(rows: Sequence[Row], errors: Scores, losses: Scores) -> str:
    """The models that were measured on every split; and those of most tables, on the splits that all of them have."""
    models = [m for m in NAMES if sum(m in found for found in errors.values()) > len(errors) / 2]
    most = max(len(splits) for found in errors.values() for splits in found.values())
    whole = [m for m in models if all(len(found.get(m, ())) == most for found in errors.values())]
    both = [models] if whole == models or len(whole) < 2 else [whole, models]
    return "\n".join(_ranking(rows, errors, losses, chosen) for chosen in both)


def _ranking(rows: Sequence[Row], errors: Scores, losses: Scores, models: Sequence[str]) -> str:
    errors, losses = _shared(errors, models), _shared(losses, models)
    shared, counts = list(errors), sorted({len(found[models[0]]) for found in errors.values()})
    said = "no split" if not counts else f"{counts[0]} split{'s' * (counts[0] > 1)}"
    said = said if len(counts) < 2 else f"{counts[0]} to {counts[-1]} splits"
    lines = f"{len(models)} models, {len(shared)} tables, {said} of each.\n\n"
    head = ["model", "rank, error", "normalized", "rank, log loss", "median processor seconds of fit"]
    lines += f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    ranks, normal = _ranks(errors, shared, models), _normalized(errors, shared, models)
    by_loss = _ranks(losses, list(losses), models)
    for model in sorted(models, key=lambda model: ranks[model]):
        seconds = np.median([_seconds(rows, table, model) for table in shared]) if shared else math.nan
        lines += (
            f"| {NAMES[model]} | {ranks[model]:.2f} | {normal[model]:.3f} | {by_loss[model]:.2f} | {seconds:.2g} |\n"
        )
    return lines


def _shared(scores: Scores, models: Sequence[str]) -> Scores:
    """The scores of these models on the tables and splits that all of them have."""
    found: Scores = {}
    for table, own in scores.items():
        splits = set.intersection(*(set(own.get(model, ())) for model in models))
        if splits:
            found[table] = {model: {split: own[model][split] for split in sorted(splits)} for model in models}
    return found


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


def _each(errors: Scores) -> str:
    models = [model for model in NAMES if any(model in found for found in errors.values())]
    head = ["table", *(NAMES[model] for model in models)]
    lines = [head, ["---"] * len(head)]
    for table, found in errors.items():
        most = max(map(len, found.values()))
        best = min(_means(splits) for splits in found.values() if len(splits) == most)
        lines.append([table, *(_cell(found.get(model), most, best) for model in models)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(splits: dict[int, float] | None, most: int, best: float) -> str:
    """The mean over splits, the best in bold; with their number, where others have more."""
    if not splits:
        return "-"
    mean = _means(splits)
    if len(splits) < most:
        return f"{mean:.4g} ({len(splits)})"
    return f"**{mean:.4g}**" if mean == best else f"{mean:.4g}"


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
