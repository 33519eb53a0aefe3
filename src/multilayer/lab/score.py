"""Scores: what the answers of a network are worth on rows, and what the simplest answers would be worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from multilayer import exact
from multilayer.arrays import Array
from multilayer.data import METRICS, Dataset, FittedPreparation, Split, Target, defaults_for
from multilayer.engines import Data, Member, Reference
from multilayer.engines.contract import Rows
from multilayer.recipe import Recipe
from multilayer.recipe.outputs import answer, one_hot

LINEAR_L2 = 0.01
Scores: TypeAlias = dict[str, float]


def scores(target: Target, probs: Array, weight: Array | None = None) -> Scores:
    """Every default metric of this kind of target, in order; the first is the headline.

    `probs` are what `recipe.outputs.answer` gives: class probabilities or numbers. Where they are not finite, or no
    row has weight, every score is NaN.
    """
    if not np.isfinite(probs).all() or (weight is not None and not weight.any()):
        return dict.fromkeys(defaults_for(target.kind), math.nan)
    return {name: METRICS[name](target.values, probs, weight) for name in defaults_for(target.kind)}


def split_scores(dataset: Dataset, probs: Mapping[str, Array], split: Split) -> dict[str, Scores]:
    """The scores on each part of the split that has rows."""
    return {
        part: scores(dataset.target.take(rows), probs[part], taken(dataset.weight, rows))
        for part, rows in parts(split).items()
    }


def parts(split: Split) -> dict[str, Rows]:
    """The parts of a split that have rows, by name."""
    every = {"train": split.train, "val": split.val, "test": split.test}
    return {part: rows for part, rows in every.items() if len(rows)}


def taken(weight: Array | None, rows: Rows) -> Array | None:
    return None if weight is None else weight[rows]


def trivial_answer(target: Target, train: Rows, weight: Array | None, n: int) -> Array:
    """The best answer that looks at no input, for n rows: the class frequencies, or the mean, of the training rows."""
    numbers = target.values[train]
    if target.kind in ("binary", "classes"):
        numbers = one_hot(numbers, len(target.classes))
    w = np.ones(len(train)) if weight is None else weight[train]
    total = exact.total(w)
    mean = np.array([exact.total(w * column) / total for column in numbers.T])
    return np.tile(mean, (n, 1))


def linear_answer(data: Data, preparation: FittedPreparation, train: Rows) -> Array:
    """The answer of the best linear model to all rows: no hidden layer, trained to its minimum by L-BFGS.

    Classes take l2 = 0.01 / (total weight of the training rows) on the weights, scikit-learn's logistic regression
    with C=100: enough for separable classes to have a minimum, too little to spoil the model on a few rows. Labels
    share it, their losses being averaged.
    """
    total = len(train) if data.weight is None else exact.total(data.weight[train])
    labels = data.target.n_out if data.target.kind == "multilabel" else 1
    l2 = 0.0 if data.target.kind == "regression" else LINEAR_L2 / (total * labels)
    recipe = Recipe.of(hidden=[], optimizer="lbfgs", epochs=100, l2=l2, keep="last").resolve(data.target)
    training = Reference().start([Member(recipe, preparation, train)], data)
    training.advance()
    outputs = training.predict(data.x)
    return answer(outputs, recipe.loss["name"], "identity", data.target, preparation)


def baselines(
    dataset: Dataset, data: Data, preparation: FittedPreparation, split: Split
) -> dict[str, dict[str, Scores]]:
    """The scores of the trivial and the linear answer on each part of the split."""
    linear = linear_answer(data, preparation, split.train)
    result: dict[str, dict[str, Scores]] = {"trivial": {}, "linear": {}}
    for part, rows in parts(split).items():
        target, weight = dataset.target.take(rows), taken(dataset.weight, rows)
        trivial = trivial_answer(dataset.target, split.train, dataset.weight, len(rows))
        result["trivial"][part] = scores(target, trivial, weight)
        result["linear"][part] = scores(target, linear[rows], weight)
    return result
