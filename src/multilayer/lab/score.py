"""Scores: what the answers of a network are worth on rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from multilayer.arrays import Array
from multilayer.data import METRICS, Dataset, Split, Target, defaults_for
from multilayer.engines.contract import Rows
from multilayer.room import blocks

Scores: TypeAlias = dict[str, float]


def scores(target: Target, probs: Array, weight: Array | None = None, monitor: str = "loss") -> Scores:
    """Every default metric of this kind of target, in order, the first being the headline; behind them the monitored
    one where it is none of these.

    `probs` are what `recipe.outputs.answer` gives: class probabilities or numbers. Where they are not finite, or no
    row has weight, every score is NaN.
    """
    names = dict.fromkeys([*defaults_for(target.kind), *([] if monitor == "loss" else [monitor])])
    if not np.isfinite(probs).all() or (weight is not None and not weight.any()):
        return dict.fromkeys(names, math.nan)
    return {name: METRICS[name](target.values, probs, weight) for name in names}


def split_scores(
    dataset: Dataset, probs: Mapping[str, Array], split: Split, monitor: str = "loss"
) -> dict[str, Scores]:
    """The scores on each part of the split that has rows."""
    return {
        part: scores(dataset.target.take(rows), probs[part], taken(dataset.weight, rows), monitor)
        for part, rows in parts(split).items()
    }


def answered(say: Callable[[Array], Array], x: Array, rows: Rows) -> Array:
    """What a network says of some of the encoded rows, a block of them at a time."""
    return np.concatenate([say(x[rows[part]]) for part in blocks(len(rows), x.shape[1])])


def parts(split: Split) -> dict[str, Rows]:
    """The parts of a split that have rows, by name."""
    every = {"train": split.train, "val": split.val, "test": split.test}
    return {part: rows for part, rows in every.items() if len(rows)}


def taken(weight: Array | None, rows: Rows) -> Array | None:
    """The weights of some rows, None where rows have none."""
    return None if weight is None else weight[rows]
