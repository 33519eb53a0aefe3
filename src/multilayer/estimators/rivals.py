"""How an estimator of tables compares with boosted trees on the same rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import METRICS, Dataset, defaults_for
from multilayer.engines import Data
from multilayer.engines.model import Model
from multilayer.estimators.problem import Rows

MOST_CODES = 255
"""Categories that scikit-learn's boosted trees take; columns of more are numbers to them."""


@final
@dataclass(frozen=True, eq=False)
class Rival:
    """Answers to validation rows (n_samples, k), or why there are none, and the seconds that they took."""

    answers: Array | None
    why_not: str
    seconds: float


def rival_answers(dataset: Dataset, train: Rows, val: Rows) -> Rival | None:
    """What scikit-learn's HistGradientBoosting, trained on these rows with its defaults, answers to the others; None
    without such rows, and for several labels or numbers a row."""
    if not len(val) or dataset.target.kind == "multilabel":
        return None
    if dataset.target.kind == "regression" and dataset.target.n_out > 1:
        return None
    started = time.perf_counter()
    try:
        answers, why_not = _boosted_trees(dataset, train, val), ""
    except ValueError as error:  # one class alone, a class of one row, a table without any value
        answers, why_not = None, str(error)
    return Rival(answers, why_not, time.perf_counter() - started)


def compared(rival: Rival, model: Model, data: Data, val: Rows) -> dict[str, Any]:
    """The scores of a network and of its rival on the rows that validated it; the network has the advantage that its
    epoch was chosen by them."""
    if rival.answers is None:
        return {"why_no_hist_gradient_boosting": rival.why_not}
    target = data.target.take(val)
    weight = None if data.weight is None else data.weight[val]
    names = [name for name in defaults_for(target.kind) if name in METRICS]
    scores = {
        who: {name: METRICS[name](target.values, answers, weight) for name in names}
        for who, answers in (("network", model.answer_encoded(data.x[val])), ("hist_gradient_boosting", rival.answers))
    }
    better = METRICS[names[0]].better
    ours, theirs = (one[names[0]] for one in scores.values())
    return {
        "rows": len(val),
        "metric": names[0],
        "better": "network"
        if better(ours, theirs)
        else "hist_gradient_boosting"
        if better(theirs, ours)
        else "neither",
        "seconds_of_hist_gradient_boosting": rival.seconds,
        **scores,
    }


def _boosted_trees(dataset: Dataset, train: Rows, val: Rows) -> Array:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    table = np.empty((dataset.n_samples, len(dataset.columns)))
    coded = np.zeros(len(dataset.columns), dtype=np.bool_)
    for place, column in enumerate(dataset.columns):
        table[:, place] = np.where(column.missing, np.nan, column.values)
        coded[place] = column.kind == "category" and len(column.categories) <= MOST_CODES
    weight = None if dataset.weight is None else dataset.weight[train]
    numbers = dataset.target.kind == "regression"
    make: Any = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    trees = make(categorical_features=coded if coded.any() else None, random_state=0)
    values = dataset.target.values[:, 0] if numbers else dataset.target.values
    trees.fit(table[train], values[train], sample_weight=weight)
    if numbers:
        return np.asarray(trees.predict(table[val]))[:, None]
    probs = np.zeros((len(val), len(dataset.target.classes)))
    probs[:, trees.classes_] = trees.predict_proba(table[val])
    return probs
