"""Small real runs on every kind of data."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np

from multilayer.data import Dataset, Splitting
from multilayer.lab import Run, train

ALL_TRAIN = Splitting(train=1.0, val=0.0, test=0.0)
AND = {"0.W": [[1.0], [1.0]], "0.b": [-1.5]}


def table() -> Dataset:
    """Numbers, categories, booleans and missing cells."""
    colors, rows = ("red", "blé", None, "green"), 24
    X = [[0.5 * i if i % 5 else None, colors[i % 4], i % 3 == 0] for i in range(rows)]
    return Dataset.from_arrays(X, ["yes" if i % 3 else "no" for i in range(rows)], names=["größe", "color", "member"])


def labels(values: list[Any], kind: Any = "classes") -> Dataset:
    """Two inputs and class labels of one type."""
    X = np.arange(2.0 * len(values) * 4).reshape(-1, 2) % 7
    return Dataset.from_arrays(X, np.array(values * 4), kind=kind)


QUESTIONS: dict[str, dict[str, Any]] = {
    "binary": {"data": "xor", "hidden": [4], "activation": "tanh", "epochs": 3},
    "classes": {"data": labels(["a", "ü", "z"]), "hidden": [3], "epochs": 3, "norm": "batch"},
    "float classes": {"data": labels([0.0, 1.0, 2.0]), "hidden": [], "epochs": 1},
    "boolean classes": {"data": labels([True, False], "binary"), "hidden": [], "epochs": 1, "loss": "cross_entropy"},
    "regression": {"data": "sin(x)", "hidden": [3], "epochs": 2, "patience": 1},
    "large numbers": {"data": ([[0.0], [1.0], [2.0], [3.0], [4.0]], np.arange(5.0) * 1e18), "hidden": [2], "epochs": 2},
    "multilabel": {"data": ([[0.0], [1.0], [2.0], [3.0]], [[0, 1], [1, 1], [1, 0], [0, 0]]), "epochs": 2},
    "table": {"data": table(), "hidden": [3], "norm": "layer", "activation": "prelu", "epochs": 3},
    "maxout": {"data": "xor", "hidden": [3], "activation": "maxout", "dropout": 0.2, "epochs": 2, "dtype": "float64"},
    "lbfgs": {"data": "xor", "hidden": [2], "optimizer": "lbfgs", "epochs": 3, "seed": 2**64 - 1},
    "warm-up": {
        "data": "xor",
        "split_seed": 2**60,
        "schedule": {"name": "warm_up", "epochs": 1, "then": "cosine"},
        "epochs": 3,
    },
    "by hand": {"data": "and", "hidden": [], "epochs": 0, "weights": AND},
    "diverged": {"data": "xor", "hidden": [2], "optimizer": "sgd", "lr": 1e30, "epochs": 3, "loss": "squared_error"},
}


@cache
def run(name: str) -> Run:
    """The run of one of these questions, trained once."""
    asked = dict(QUESTIONS[name])
    few = {} if isinstance(asked["data"], str) else {"splitting": ALL_TRAIN}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return train(asked.pop("data"), engine="reference", **few, **asked)


def rows(name: str) -> Any:
    """Inputs to predict."""
    if name == "table":
        return [[1.0, "red", True], [None, "blé", None], [7.5, "never seen", False], [2.0, None, True]]
    width = run(name).n_in
    return np.linspace(-2, 3, 6 * width).reshape(6, width)
