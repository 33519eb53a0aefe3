"""Some forty trainings whose results are stored as digests, so that no bit of them changes unnoticed.

`python -m tests.engines.native.digests` trains them all and writes digests.json anew. Whoever does that has changed the
arithmetic: its name is raised (docs/arithmetic.md, section 1), in the same commit.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from multilayer.data import Dataset, Preparation, Splitting
from multilayer.engines import Member, Training
from multilayer.engines.native_engine import Native
from multilayer.recipe import Recipe
from multilayer.rng import Stream
from tests.engines.contract import Table

FILE = Path(__file__).with_name("digests.json")
OUT = {"layer": "linear"}

RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    # the optimizers
    "sgd": ("binary", {"layers": [8, "relu", OUT], "optimizer": "sgd", "lr": 0.1}),
    "momentum": ("binary", {"layers": [8, "tanh", OUT], "optimizer": "momentum(momentum=0.8)", "lr": 0.05}),
    "nesterov": ("classes", {"layers": [8, "relu", OUT], "optimizer": "nesterov", "lr": 0.05, "l2": 0.01}),
    "adagrad": ("classes", {"layers": [8, "relu", OUT], "optimizer": "adagrad(initial=0.1)", "lr": 0.1}),
    "rmsprop": ("numbers", {"layers": [8, "relu", OUT], "optimizer": "rmsprop(centered=true, momentum=0.5)"}),
    "rmsprop, plain": ("numbers", {"layers": [8, "relu", OUT], "optimizer": "rmsprop", "dtype": "float64"}),
    "adadelta": ("labels", {"layers": [8, "relu", OUT], "optimizer": "adadelta", "batch_size": 7}),
    "adam": ("classes", {"layers": [16, "relu", OUT]}),
    "adam, float64": ("classes", {"layers": [16, "relu", OUT], "dtype": "float64"}),
    "amsgrad": ("weighted", {"layers": [8, "relu", OUT], "optimizer": "amsgrad", "batch_size": 5}),
    "adamw": ("binary", {"layers": [17, "relu", OUT], "optimizer": "adamw", "weight_decay": 0.1}),
    "adamax": ("gaps", {"layers": [8, "relu", OUT], "optimizer": "adamax", "lr": 0.05}),
    "nadam": ("gaps", {"layers": [8, "relu", OUT], "optimizer": "nadam", "dtype": "float64"}),
    "lion": ("binary", {"layers": [8, "relu", OUT], "optimizer": "lion", "lr": 0.003}),
    "ftrl": ("numbers", {"layers": [8, "relu", OUT], "optimizer": "ftrl(lambda1=0.001, lambda2=0.01)", "lr": 0.2}),
    # the losses
    "absolute_error": ("numbers", {"layers": [8, "silu", OUT], "loss": "absolute_error"}),
    "huber": ("numbers", {"layers": [8, "mish", OUT], "loss": "huber(delta=0.5)", "dtype": "float64"}),
    "log": ("binary", {"layers": [8, "softplus", OUT], "loss": "log"}),
    "sigmoid_cross_entropy": ("classes", {"layers": [8, "gelu", OUT], "loss": "sigmoid_cross_entropy"}),
    "hinge": ("binary", {"layers": [8, "elu(alpha=0.5)", OUT], "loss": "hinge", "reduction": "sum", "lr": 1e-3}),
    "squared_hinge": ("labels", {"layers": [8, "selu", OUT], "loss": "squared_hinge(margin=0.5)"}),
    "cross_entropy": ("classes", {"layers": [8, "sine", OUT], "loss": "cross_entropy(label_smoothing=0.1)"}),
    "max_margin": ("classes", {"layers": [8, "softsign", OUT], "loss": "max_margin", "dtype": "float64"}),
    "poisson": ("numbers", {"layers": [8, "sigmoid", OUT], "loss": "poisson", "lr": 0.003}),
    "gaussian_nll": ("numbers", {"layers": [8, "ramp", OUT], "loss": "gaussian_nll", "monitor": "mae"}),
    "quantile": ("numbers", {"layers": [8, "leaky_relu", OUT], "loss": "quantile(q=0.2)"}),
    # the layers
    "linear": ("many", {"layers": [OUT], "batch_size": "full"}),
    "maxout": ("classes", {"layers": [{"layer": "maxout", "units": 9, "pieces": 3}, OUT], "max_norm": 1.0}),
    "dropout": ("binary", {"layers": [20, "relu", "dropout(p_drop=0.3)", OUT]}),
    "layer_norm": ("classes", {"layers": [8, "layer_norm", "tanh", OUT], "dtype": "float64"}),
    "batch_norm": ("many", {"layers": [33, "batch_norm", "relu", OUT], "batch_size": 300, "monitor": "roc_auc"}),
    "scale and prelu": ("labels", {"layers": [8, "scale", "prelu", 5, "identity", OUT], "penalize_biases": True}),
    "softmax": ("classes", {"layers": [8, "tanh", OUT, "softmax"], "loss": "squared_error", "monitor": "brier"}),
    "frozen": ("numbers", {"layers": [{"layer": "linear", "units": 8, "frozen": True}, "tanh", OUT], "noise": 0.1}),
    "no bias": ("binary", {"layers": [{"layer": "linear", "units": 17, "bias": False}, "relu", OUT], "l1": 0.01}),
    "deep": ("many", {"layers": [40, "relu", 17, "tanh", 16, "gelu", 1, "tanh", OUT], "batch_size": 257}),
    # the rest
    "steps": ("binary", {"layers": [8, "relu", OUT], "schedule": "step(every=1.5)", "clip_norm": 0.1}),
    "plateau": ("binary", {"layers": [8, "relu", OUT], "schedule": "reduce_on_plateau(patience=0)", "lr": 0.5}),
    "warm-up": (
        "gaps", {"layers": [8, "relu", OUT], "schedule": {"name": "warm_up", "epochs": 2, "then": "exponential"}},
    ),
    "one cycle": ("weighted", {"layers": [8, "relu", OUT], "schedule": "one_cycle", "clip_value": 0.01}),
    "coslog4": ("labels", {"layers": [8, "relu", OUT], "schedule": "coslog4", "shuffle": "blocks:5", "keep": "last"}),
    "inverse time": ("many", {"layers": [8, "relu", OUT], "schedule": "inverse_time", "shuffle": "none"}),
    "stopped early": ("numbers", {"layers": [8, "relu", OUT], "lr": 0.3, "patience": 2, "epochs": 40}),
    "diverged": ("numbers", {"layers": [8, "relu", OUT], "optimizer": "sgd", "lr": 2.0}),
    "one row at a time": ("weighted", {"layers": [3, "relu", OUT], "batch_size": 1, "min_delta": 0.01}),
}  # fmt: skip


@functools.cache
def tables() -> dict[str, Table]:
    """Rows made of exact arithmetic alone."""
    x = Stream(1, "data").normal((500, 3))
    some, halves = x[:60], Splitting(train=0.6, val=0.4, test=0.0)
    gaps = np.where(Stream(2, "data").uniform((60, 3)) < 0.2, np.nan, some)
    weight = Stream(3, "data").integers(4, 60) * 0.3
    return {
        "binary": Table(Dataset.from_arrays(some, (some[:, 0] > some[:, 1]).astype(int))),
        "classes": Table(Dataset.from_arrays(some, some.argmax(axis=1))),
        "labels": Table(Dataset.from_arrays(some, (some > 0.2).astype(int))),
        "numbers": Table(Dataset.from_arrays(some, np.abs(some[:, :2])), Preparation(target="none")),
        "weighted": Table(Dataset.from_arrays(some, some[:, 0] * some[:, 1], weight=weight)),
        "gaps": Table(Dataset.from_arrays(gaps, some.argmin(axis=1)), Preparation("minmax", missing="median")),
        "many": Table(Dataset.from_arrays(x, (x[:, 0] > x[:, 1]).astype(int)), splitting=halves),
    }


def member(name: str) -> Member:
    kind, settings = RECIPES[name]
    table = tables()[kind]
    recipe = Recipe.of(**{"epochs": 4, "batch_size": 16, **settings}).resolve(table.dataset.target)
    return Member(recipe, table.fitted, table.split.train, table.split.val, seed=7)


def digest(training: Training) -> str:
    """SHA-256 of how a training ended, its history and its weights, without a processor's order of bytes."""
    history, weights = training.history.of(0), training.weights()
    seen = {
        "status": training.status(),
        "steps": training.steps(),
        "history": {name: [value.hex() for value in history[name].tolist()] for name in history.series},
        "weights": {
            name: [value.dtype.name, value.shape, value.astype(value.dtype.newbyteorder("<")).tobytes().hex()]
            for name, value in weights.items()
        },
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def computed(name: str) -> str:
    """The digest of a recipe as the native engine trains it here."""
    training = Native().start([member(name)], tables()[RECIPES[name][0]].data, threads=1)
    training.advance()
    return digest(training)


def main() -> None:
    document = {"arithmetic": Native.arithmetic, "digests": {name: computed(name) for name in RECIPES}}
    FILE.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
