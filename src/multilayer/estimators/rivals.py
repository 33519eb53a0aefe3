"""How an estimator of tables compares with boosted trees on the same rows."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.data import METRICS, Dataset, defaults_for
from multilayer.engines import Data, Member

MOST_CODES = 255
"""Categories that scikit-learn's boosted trees take; columns of more are numbers to them."""


def compared(estimator: Any, member: Member, data: Data, dataset: Dataset) -> dict[str, Any]:
    """The scores of the first network and of scikit-learn's HistGradientBoosting, trained on the same rows with its
    defaults, on the rows that validated the network; a network has the advantage that its epoch was chosen by them."""
    if dataset.target.kind == "multilabel" or (dataset.target.n_out > 1 and dataset.target.kind == "regression"):
        return {}
    train, val = member.train, member.val
    target = dataset.target.take(val)
    weight = None if dataset.weight is None else dataset.weight[val]
    started = time.perf_counter()
    theirs = _boosted_trees(dataset, train, val)
    seconds = time.perf_counter() - started
    ours = estimator.models_[0].answer_encoded(data.x[val])
    names = [name for name in defaults_for(dataset.target.kind) if name in METRICS]
    scores = {
        who: {name: METRICS[name](target.values, answers, weight) for name in names}
        for who, answers in (("network", ours), ("hist_gradient_boosting", theirs))
    }
    first = METRICS[names[0]]
    wins = first.better(scores["network"][names[0]], scores["hist_gradient_boosting"][names[0]])
    return {
        "rows": len(val),
        "metric": names[0],
        "better": "network" if wins else "hist_gradient_boosting",
        "seconds_of_hist_gradient_boosting": seconds,
        **scores,
    }


def _boosted_trees(dataset: Dataset, train: Any, val: Any) -> Array:
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
