"""Starting from another network's layers, and leaving some of them as they are (Yosinski et al., NeurIPS 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from multilayer.arrays import Array
from multilayer.constraints import Integer, check
from multilayer.errors import UsageError
from multilayer.estimators.problem import Problem
from multilayer.recipe import Recipe
from multilayer.recipe.layers import dense, network


def frozen_layers(recipe: Recipe, count: int) -> Recipe:
    """The recipe with its first dense layers frozen, so many."""
    layers = [dict(entry) for entry in recipe.layers]
    places = [place for place, entry in enumerate(layers) if dense(entry["layer"])]
    check(Integer(0, len(places) - 1), count, "frozen", UsageError)
    for place in places[:count]:
        layers[place]["frozen"] = True
    return recipe.replace(layers=tuple(layers)) if count else recipe


def weights_from(initial: Any, recipe: Recipe, problem: Problem, seeds: Sequence[int]) -> list[dict[str, Array]]:
    """Starting weights: those of a fitted estimator as far as the shapes agree, from the first layer on; the rest
    drawn from each seed."""
    if not hasattr(initial, "models_"):
        if isinstance(initial, BaseEstimator):
            check_is_fitted(initial)
        raise UsageError(f"initial must be a fitted estimator of multilayer, got {type(initial).__name__}.")
    starts = []
    for place, seed in enumerate(seeds):
        given = initial.models_[place % len(initial.models_)].weights
        drawn = network(recipe.layers, problem.encoding.n_features, seed=seed, dtype=recipe.dtype).get_weights()
        start, taken = dict(drawn), 0
        for name, value in drawn.items():
            if name not in given or given[name].shape != value.shape:
                break
            start[name] = np.asarray(given[name], dtype=value.dtype)
            taken += 1
        if not taken:
            shape = next(iter(drawn.values())).shape
            theirs = next(iter(given.values())).shape
            raise UsageError(f"initial must share the first layer's shape {shape}, got {theirs}.")
        starts.append(start)
    return starts
