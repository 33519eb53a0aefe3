"""docs/estimators-measured.md from the rows that benchmarks.estimators measured."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, gt, lt
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from benchmarks.markdown import table

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


@dataclass(frozen=True)
class Measured:
    """Of each table, model and split."""

    errors: Scores
    losses: Scores
    seconds: Scores

    @staticmethod
    def of(rows: Sequence[Row]) -> Measured:
        forms = {"accuracy": lambda score: 1 - score, "rmse": lambda score: score}
        losses, seconds = ({name: float} for name in ("log_loss", "processor_seconds"))
        return Measured(*(_scores(rows, form) for form in (forms, losses, seconds)))

    def median_seconds(self, table: str, model: str) -> float:
        """What a fit takes of the processor."""
        return float(np.median(list(self.seconds[table][model].values())))

    def slower(self, table: str, one: str, other: str) -> float:
        """How many times the other's processor time of a fit the one's is."""
        return self.median_seconds(table, one) / self.median_seconds(table, other)


def page(rows: Sequence[Row]) -> str:
    """The page, in Markdown."""
    measured = Measured.of(rows)
    parts = [HEAD]
    parts += ["## The plain estimators beside scikit-learn's\n", _duel(measured)]
    parts += ["## The efforts, one against one\n", PAIRS_SAID, _pairs(measured)]
    parts += ["## The ranks of the models\n", _rankings(measured)]
    parts += ["## The error on each table\n", EACH_SAID, _each(measured.errors)]
    failed = [row for row in rows if "failed" in row]
    if failed:
        lines = [f"- {row['table']}, {NAMES[row['model']]}, split {row['split']}: {row['failed']}\n" for row in failed]
        parts += ["## What failed\n", "".join(lines)]
    machines = sorted({str(row["machine"]) for row in rows})
    parts += ["## Measured on\n", "".join(f"- {name}\n" for name in machines)]
    return "\n".join(parts)


def _scores(rows: Sequence[Row], forms: Mapping[str, Callable[[float], float]]) -> Scores:
    found: Scores = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        for name, form in forms.items():
            if name in row:
                found[row["table"]][row["model"]][row["split"]] = form(row[name])
    return found


def _duel(measured: Measured) -> str:
    """Wins, losses and ranks of this package's plain estimators against scikit-learn's."""
    errors, losses = _shared(measured.errors, PLAIN), _shared(measured.losses, PLAIN)
    tests = _tests(errors, *PLAIN)
    slower = {table: measured.slower(table, "sklearn", "mlp") for table in errors}
    said = []
    for name, own in (("classes", set(errors) & set(losses)), ("numbers", set(errors) - set(losses))):
        if own:
            rank = np.mean([1 + (_means(errors[table]["mlp"]) > _means(errors[table]["sklearn"])) for table in own])
            said.append(f"- {name}, {len(own)} tables: mean rank of two {rank:.2f}")
    better = sum(_means(found["mlp"]) < _means(found["sklearn"]) for found in losses.values())
    said.append(f"- log loss lower on {better} of {len(losses)}")
    said.append(
        f"- geometric mean of the errors' ratio, ours to theirs: {_ratio(_paired(errors, *PLAIN).values()):.3f}"
    )
    said.append(
        f"- median of the ratio of the fits' processor times, theirs to ours: {np.median([*slower.values()]):.1f}"
    )
    lines = []
    for name, (ours, theirs) in _paired(errors, *PLAIN).items():
        difference = f"{tests[name].difference:+.3g} {'**lost**' if ours > theirs else ''}"
        lines.append([name, f"{ours:.4g}", f"{theirs:.4g}", difference, f"{tests[name].p:.3f}", f"{slower[name]:.1f}"])
    head = ["table", "ours", "scikit-learn", "difference", "p, Holm", "processor time of fit, theirs / ours"]
    return "".join(f"{line}\n" for line in said) + f"\n{table(head, lines)}"


def _pairs(measured: Measured) -> str:
    """Each effort against the one before, and good and best against each peer, on the splits that both have."""
    head = ["effort", "against", "tables", "splits", "better, equal, worse", "significantly", "ratio of errors"]
    head += ["on others", "of log losses", "of times of fit"]
    lines = []
    for ours, theirs in PAIRS:
        cells = _pair(measured, ours, theirs)
        if cells:
            lines.append([ours, NAMES[theirs].removeprefix("tabular, "), *cells])
    return table(head, lines)


def _pair(measured: Measured, a: str, b: str) -> list[str]:
    """What stands in a line about two models; nothing where they share no split."""
    errors, losses = _shared(measured.errors, (a, b)), _shared(measured.losses, (a, b))
    if not errors:
        return []
    means, tests = _paired(errors, a, b), _tests(errors, a, b).values()
    times = [measured.slower(name, a, b) for name in errors]
    others = [pair for name, pair in means.items() if name not in CHOSEN_ON]
    return [
        str(len(errors)),
        _counts(errors),
        ", ".join(str(sum(sign(*pair) for pair in means.values())) for sign in (lt, eq, gt)),
        " / ".join(str(sum(test.p < 0.05 and sign(test.difference, 0) for test in tests)) for sign in (lt, gt)),
        f"{_ratio(means.values()):.3f}",
        f"{_ratio(others):.3f}",
        f"{np.median([ours / theirs for ours, theirs in _paired(losses, a, b).values()]):.3f}",
        f"{np.median(times):.2g}",
    ]


def _counts(scores: Scores) -> str:
    """How many splits the tables have."""
    counts = [len(splits) for found in scores.values() for splits in found.values()]
    return f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else str(max(counts))


def _paired(scores: Scores, a: str, b: str) -> dict[str, tuple[float, float]]:
    """The two models' means over splits, by table."""
    return {table: (_means(found[a]), _means(found[b])) for table, found in scores.items()}


def _rankings(measured: Measured) -> str:
    """The models that were measured on every split; and those of most tables, on the splits that all of them have."""
    errors = measured.errors
    models = [m for m in NAMES if sum(m in found for found in errors.values()) > len(errors) / 2]
    most = max(len(splits) for found in errors.values() for splits in found.values())
    whole = [m for m in models if all(len(found.get(m, ())) == most for found in errors.values())]
    both = [models] if whole == models or len(whole) < 2 else [whole, models]
    return "\n".join(_ranking(measured, chosen) for chosen in both)


def _ranking(measured: Measured, models: Sequence[str]) -> str:
    errors, losses = _shared(measured.errors, models), _shared(measured.losses, models)
    if not errors:
        return "No split has all of these models.\n"
    ranks, normal, by_loss = _ranks(errors, models), _normalized(errors, models), _ranks(losses, models)
    lines = []
    for model in sorted(models, key=lambda model: ranks[model]):
        seconds = np.median([measured.median_seconds(name, model) for name in errors])
        figures = [f"{ranks[model]:.2f}", f"{normal[model]:.3f}", f"{by_loss[model]:.2f}", f"{seconds:.2g}"]
        lines.append([NAMES[model], *figures])
    splits = _counts(errors)
    said = f"{len(models)} models, {len(errors)} tables, {splits} split{'s' * (splits != '1')} of each.\n\n"
    head = ["model", "rank, error", "normalized", "rank, log loss", "median processor seconds of fit"]
    return said + table(head, lines)


def _shared(scores: Scores, models: Sequence[str]) -> Scores:
    """The scores of these models on the tables and splits that all of them have."""
    found: Scores = {}
    for name, own in scores.items():
        splits = set.intersection(*(set(own.get(model, ())) for model in models))
        if splits:
            found[name] = {model: {split: own[model][split] for split in sorted(splits)} for model in models}
    return found


def _ranks(scores: Scores, models: Sequence[str]) -> dict[str, float]:
    places = []
    for found in scores.values():
        means = np.array([_means(found[model]) for model in models])
        places.append([(means < mean).sum() + ((means == mean).sum() + 1) / 2 for mean in means])
    return _averages(places, models)


def _normalized(scores: Scores, models: Sequence[str]) -> dict[str, float]:
    normal = []
    for found in scores.values():
        means = np.array([_means(found[model]) for model in models])
        spread = means.max() - means.min()
        normal.append(((means.max() - means) / spread if spread > 0 else np.ones(len(models))).tolist())
    return _averages(normal, models)


def _averages(rows: Sequence[Sequence[float]], models: Sequence[str]) -> dict[str, float]:
    """Each model's mean over tables."""
    average = np.mean(rows, axis=0) if rows else np.full(len(models), math.nan)
    return dict(zip(models, average.tolist(), strict=True))


def _each(errors: Scores) -> str:
    models = [model for model in NAMES if any(model in found for found in errors.values())]
    lines = []
    for name, found in errors.items():
        most = max(map(len, found.values()))
        best = min(_means(splits) for splits in found.values() if len(splits) == most)
        lines.append([name, *(_cell(found.get(model), most, best) for model in models)])
    return table(["table", *(NAMES[model] for model in models)], lines)


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


def _ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """The geometric mean of the ratio of pairs without a zero."""
    logarithms = [math.log(ours / theirs) for ours, theirs in pairs if ours > 0 and theirs > 0]
    return math.exp(float(np.mean(logarithms))) if logarithms else math.nan


class Test(NamedTuple):
    difference: float
    p: float


def _tests(errors: Scores, a: str, b: str) -> dict[str, Test]:
    """By table, with Holm's correction over the tables."""
    alone = {name: _corrected(found[a], found[b]) for name, found in errors.items()}
    adjusted = _holm({name: test.p for name, test in alone.items()})
    return {name: Test(test.difference, adjusted[name]) for name, test in alone.items()}


def _corrected(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Test:
    """The mean difference over the shared splits, and the two-sided p of the corrected resampled t-test."""
    from scipy.stats import t

    away = np.array([ours[split] - theirs[split] for split in ours])
    if len(away) < 2 or not away.std():
        return Test(float(away.mean()), 1.0)
    variance = away.var(ddof=1) * (1 / len(away) + HELD_OUT / (1 - HELD_OUT))
    return Test(float(away.mean()), float(2 * t.sf(abs(away.mean()) / math.sqrt(variance), len(away) - 1)))


def _holm(values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjusted p values."""
    adjusted, largest = {}, 0.0
    for place, (name, p) in enumerate(sorted(values.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, (len(values) - place) * p))
        adjusted[name] = largest
    return adjusted
