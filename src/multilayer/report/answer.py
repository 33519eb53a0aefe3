"""The answer in plain words: what the network does on rows it never saw, and whether simpler models do it too."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from multilayer.data.intervals import Interval, over_seeds
from multilayer.report.reported import Reported

PARTS = ("test", "val", "train")
MODELS = {
    "trivial": "an answer that ignores the inputs",
    "linear": "a linear model",
    "gp": "a Gaussian process",
    "hist_gradient_boosting": "boosted trees",
    "knn": "the nearest neighbors",
}
PLURAL = ("hist_gradient_boosting", "knn")
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{1,39}")
GENERAL = ("target", "class", "label", "y", "answer", "output")


def part_of(run: Reported) -> str | None:
    """The part that the answer speaks of: test, else val, else train; None where a run has no scores."""
    return next((part for part in PARTS if part in run.scores), None)


def percent(value: float, digits: int = 1) -> str:
    """A share as it stands in a sentence: without decimals where it is nothing or everything, and with as many as
    it takes where it is nearly so.

    >>> percent(0.98412), percent(1.0), percent(0.98412, 2), percent(0.99996)
    ('98.4 %', '100 %', '98.41 %', '99.996 %')
    """
    if value in (0, 1):
        return f"{100 * value:.0f} %"
    while 0 < value < 1 and digits < 6 and f"{100 * value:.{digits}f}".rstrip("0") in ("100.", "0."):
        digits += 1
    return f"{100 * value:.{digits}f} %"


def apart(one: float, other: float) -> int:
    """The decimals, one at least, at which two shares read differently where they are different.

    >>> apart(0.984, 0.964), apart(0.98412, 0.98414), apart(0.5, 0.5)
    (1, 3, 1)
    """
    return next((d for d in range(1, 8) if one == other or f"{100 * one:.{d}f}" != f"{100 * other:.{d}f}"), 8)


def question(run: Reported) -> str:
    """What is asked, in a sentence."""
    n = len(run.preparation.encoding.columns)
    by = f"by its {n:,} input columns" if n > 1 else "by its one input column"
    if run.target.kind == "regression":
        return f"Which {noun(run, 'number')} belongs to a row, {by}?"
    if run.target.kind == "multilabel":
        return f"Which of {len(run.target.names)} labels does a row have, {by}?"
    return f"To which {noun(run)} of {len(run.target.classes)} does a row belong, {by}?"


def first_sentence(runs: Sequence[Reported]) -> str:
    """The answer to the question, from one run, or from the same one under several seeds."""
    run = runs[0]
    part = part_of(run)
    values = [other.scores[part][run.headline] for other in runs] if part else []
    if not part or not all(map(math.isfinite, values)):
        return "The network has no score: its answers are not finite numbers, or there are no rows to measure them on."
    mean, interval = over_seeds(values)
    if len(runs) == 1:
        interval = run.intervals.get(run.headline) if part == "test" else None
    linear = run.baselines.get("linear", {}).get(part, {}).get(run.headline, math.nan)
    digits = apart(mean, linear) if math.isfinite(linear) else 1
    says = _numbers(run, runs, part, mean, digits) if run.headline == "r2" else _classes(run, part, mean, digits)
    aside = _between(run, interval, len(runs), mean, digits)
    start = f"Over {len(runs)} seeds, the" if len(runs) > 1 else "The"
    return f"{start} network {says}{aside}{_beside(runs, mean, linear, digits)}."


def _classes(run: Reported, part: str, value: float, digits: int) -> str:
    what = "every label" if run.target.kind == "multilabel" else f"the right {noun(run)}"
    return f"names {what} for {percent(value, digits)} of {_rows(run, part)}"


def _numbers(run: Reported, runs: Sequence[Reported], part: str, value: float, digits: int) -> str:
    what = noun(run, "the numbers") if len(run.target.names) == 1 else "the numbers"
    rmse = over_seeds([other.scores[part]["rmse"] for other in runs])[0]
    error = f"predicts {what} of {_rows(run, part)} with a root mean square error of {rmse:.3g}"
    if value <= 0:
        return f"{error}, no better than their mean would be (r2 {value:.3f})"
    return f"{error} and explains {percent(value, digits)} of their variance"


def noun(run: Reported, general: str = "class") -> str:
    """What is named: the target's own name, where it is a plain one."""
    name = run.target.names[0]
    return name if PLAIN.fullmatch(name) and name.lower() not in GENERAL else general


def _rows(run: Reported, part: str) -> str:
    n = run.rows[part]
    rows = f"{n:,} row{'s' * (n != 1)}"
    if part == "test":
        return f"{rows} it never saw"
    return f"the {rows} that chose its best epoch" if part == "val" else f"the {rows} it was trained on"


def _between(run: Reported, interval: Interval | None, seeds: int, mean: float, digits: int) -> str:
    if interval is None:
        return ""
    low, high = interval
    of = "95 % interval" + (" of the mean over seeds" if seeds > 1 else "")
    if run.headline == "r2" and mean <= 0:
        return f" ({low:.3f} to {high:.3f}, {of})"
    return f" ({percent(low, digits).removesuffix(' %')} to {percent(high, digits)}, {of})"


def _beside(runs: Sequence[Reported], value: float, linear: float, digits: int) -> str:
    """How it stands beside a linear model."""
    run = runs[0]
    if not math.isfinite(linear):
        return ""
    shown = f"{linear:.3f}" if run.headline == "r2" and (linear <= 0 or value <= 0) else percent(linear, digits)
    if is_linear(run):
        return f"; without a hidden layer it is a linear model itself (the best one has {shown})"
    return f", {verdict(value, linear, _difference(runs, 'linear'))} a linear model's {shown}"


def verdict(value: float, other: float, between: Interval | None) -> str:
    """Whether a score is better than another, as far as the interval of their difference allows to say."""
    if value == other:
        return "no better than"
    sure = between is None or between[0] > 0 or between[1] < 0
    if value > other:
        return "better than" if sure else "above, but by no more than chance may explain,"
    return "worse than" if sure else "no better than"


def _difference(runs: Sequence[Reported], model: str) -> Interval | None:
    """The interval of the score minus the model's: of one run over its test rows, else over the seeds."""
    run = runs[0]
    if len(runs) > 1:
        part = part_of(run) or "test"
        other = run.baselines[model][part][run.headline]
        return over_seeds([one.scores[part][run.headline] - other for one in runs])[1]
    found = run.compared.get(model, {})
    low, high = found.get("low"), found.get("high")
    return None if low is None or high is None or part_of(run) != "test" else (low, high)


def is_linear(run: Reported) -> bool:
    """Whether nothing bends in the network."""
    return all(
        entry["layer"] in ("linear", "dropout", "identity", "scale") for entry in run.question.recipe.layers
    ) and bool(run.question.recipe.layers)


def further_sentences(runs: Sequence[Reported]) -> list[str]:
    """What has to be said besides: how the training ended, and every model that is not beaten."""
    run, part = runs[0], part_of(runs[0])
    found = []
    for other in runs:
        if other.status in ("diverged", "interrupted"):
            found.append(f"The training{_of_seed(other, runs)} {_ended(other)}.")
    if run.epochs == 0 and run.status == "complete":
        found.append("Nothing was trained: the weights were set by hand.")
    if part != "test":
        found.append("No rows were kept for a test, so this does not say how it does on rows it never saw.")
    if part:
        found += _not_beaten(runs, part)
    found += [
        f"{_capital(MODELS[name])} failed: {entry['why']}." for name, entry in run.compared.items() if entry["why"]
    ]
    return found


def _of_seed(run: Reported, runs: Sequence[Reported]) -> str:
    return f" with seed {run.question.seed}" if len(runs) > 1 else ""


def _ended(run: Reported) -> str:
    if run.status == "diverged":
        return f"diverged: {run.why}"
    return f"was {run.why}" if run.why.startswith("interrupted") else f"was interrupted: {run.why}"


def _not_beaten(runs: Sequence[Reported], part: str) -> list[str]:
    run = runs[0]
    value = over_seeds([other.scores[part][run.headline] for other in runs])[0]
    found = []
    for name, scores in run.baselines.items():
        other = scores[part][run.headline]
        said_already = name == "linear" or (name == "trivial" and other < value)
        if said_already or not math.isfinite(other) or not math.isfinite(value):
            continue
        word = verdict(value, other, _difference(runs, name))
        if word == "better than":
            continue
        beside = f"{MODELS[name]}: {_score(run, value, other)} against {_score(run, other, value)}"
        if word == "worse than":
            found.append(f"The network is clearly worse than {beside}.")
        else:
            found.append(f"There is no clear difference between the network and {beside}.")
    return found


def _score(run: Reported, value: float, beside: float) -> str:
    if run.headline == "r2":
        return f"r2 {value:.{max(2, apart(value, beside) + 2)}f}"
    return percent(value, apart(value, beside))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def named(models: Mapping[str, object]) -> list[tuple[str, str]]:
    """The models there are, each with its words, the linear one first."""
    order = sorted(models, key=lambda name: (name == "trivial", list(MODELS).index(name) if name in MODELS else 99))
    return [(name, _capital(MODELS.get(name, name).removeprefix("a ").removeprefix("the "))) for name in order]
