"""What every engine promises, as checks on any of them; another engine is one more line in ENGINES."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from multilayer.data import Dataset, Encoding, Preparation, Splitting, tasks
from multilayer.engines import Data, Engine, Member, Reference, Training, native
from multilayer.engines.native_engine import Native
from multilayer.recipe import Recipe

ENGINES: list[Callable[[], Engine]] = [Reference, *([Native] if native.instruction_set() else [])]


class Table:
    """Rows of a kind of target, encoded, split and prepared."""

    def __init__(self, dataset: Dataset, preparation: Preparation | None = None, splitting: Splitting | None = None):
        self.dataset = dataset
        encoding = Encoding.of(dataset)
        self.data = Data.of(dataset, encoding)
        self.split = (splitting or Splitting()).apply(dataset)
        preparation = preparation or Preparation()
        self.fitted = preparation.fit(encoding, self.data.x, dataset.target, self.split.train, dataset.weight)

    def member(
        self, *, seed: int = 0, val: bool = True, weights: Mapping[str, Any] | None = None, **given: Any
    ) -> Member:
        """A member under these settings of `Recipe.of`."""
        recipe = Recipe.of(**{"hidden": [5], "epochs": 3, "batch_size": 8, **given}).resolve(self.dataset.target)
        rows = self.split.val if val else np.empty(0, dtype=np.int64)
        return Member(recipe, self.fitted, self.split.train, rows, seed, weights)

    def start(self, engine: Engine, members: Sequence[Member]) -> Training:
        return engine.start(members, self.data)


def random_numbers(seed: int, *shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=shape)


def labels_table() -> Dataset:
    x = random_numbers(1, 50, 3)
    return Dataset.from_arrays(x, (x[:, :2] + x[:, 1:] > 0).astype(np.int64))


def weighted_table() -> Dataset:
    x = random_numbers(2, 50, 3)
    weight = np.random.default_rng(3).integers(0, 4, 50)
    return Dataset.from_arrays(x, x[:, 0] * x[:, 1], weight=weight.astype(float))


def gaps_table() -> Dataset:
    x = random_numbers(4, 50, 2)
    x[::7, 0] = np.nan
    return Dataset.from_arrays(x, np.where(x[:, 1] > 0, "yes", "no"))


def tables() -> dict[str, Table]:
    """A small table of every kind."""
    return {
        "binary": Table(tasks.get("moons(samples=60)").dataset()),
        "classes": Table(tasks.get("gaussians(samples=60, classes=3)").dataset()),
        "labels": Table(labels_table()),
        "numbers": Table(tasks.get("function(expression='sin(x)', samples=60)").dataset()),
        "weighted": Table(weighted_table()),
        "gaps": Table(gaps_table()),
    }


RECIPES: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd", "lr": 0.1},
    "momentum": {"optimizer": "momentum", "lr": 0.05, "schedule": "step(every=1.5, factor=0.5)"},
    "adam": {"optimizer": "adam", "l2": 1e-3, "clip_norm": 0.5},
    "nadam": {"optimizer": "nadam", "schedule": "warm_up(epochs=2, then=cosine)"},
    "adamw": {"optimizer": "adamw", "clip_value": 0.1, "max_norm": 1},
    "muon": {"optimizer": "muon", "hidden": [4, 4], "lr": 0.01},
    "adafactor": {"optimizer": "adafactor", "lr": 0.01},
    "dropout": {"dropout": 0.3, "hidden": [6, 4], "activation": "tanh"},
    "noise": {"noise": 0.2, "shuffle": "none", "dtype": "float64"},
    "batch_norm": {"norm": "batch", "optimizer": "rmsprop"},
    "layer_norm": {"norm": "layer", "l1": 1e-3, "shuffle": "blocks:5"},
    "maxout": {"activation": "maxout", "reduction": "sum", "lr": 1e-3},
    "plateau": {"schedule": "reduce_on_plateau(patience=0, factor=0.5)", "lr": 0.5, "epochs": 6, "optimizer": "sgd"},
    "patience": {"patience": 2, "epochs": 30, "lr": 0.3},
    "full": {"batch_size": "full", "keep": "last"},
    "lbfgs": {"optimizer": "lbfgs", "batch_size": "full", "l2": 1e-3, "epochs": 6},
    "wide": {"hidden": [20], "activation": "gelu", "batch_size": 7, "dtype": "float64"},
}
"""Seventeen kinds of training."""


def trainable(engine: Engine) -> dict[str, dict[str, Any]]:
    """Those that the engine does not refuse."""
    table = tables()["numbers"]
    return {n: given for n, given in RECIPES.items() if engine.refuses(table.member(**given).recipe) is None}


def member_or_refusal(table: Table, engine: Engine, name: str, **given: Any) -> Member | None:
    """The member; None, with its sentence asserted, where the engine refuses it."""
    member = table.member(**{**RECIPES[name], **given})
    if name in trainable(engine):
        return member
    optimizer = RECIPES[name]["optimizer"]
    sentence = f"The native engine has no optimizer {optimizer}; the reference engine has it."
    assert engine.name == "native"
    assert engine.refuses(member.recipe) == sentence
    return None


def same_weights(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of weights have the same names, shapes and bits."""
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype and one[name].tobytes() == other[name].tobytes() for name in one
    )


def outcome(training: Training, member: int = 0) -> tuple[Any, ...]:
    """Everything that can be seen of one member, in bits."""
    history = training.history.of(member)
    series = [name for name in history.series if not np.isnan(history[name]).all() or name.startswith("val")]
    values = {name: history[name].tobytes() for name in sorted(series) if not np.isnan(history[name]).all()}
    weights = {name: (value.dtype.name, value.tobytes()) for name, value in training.weights(member).items()}
    return training.status(member), training.why(member), training.steps(member), values, weights


def packed(state: Any) -> str:
    """A state as text: plain data and arrays only, so that it can be written to a file."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return {"dtype": value.dtype.str, "shape": value.shape, "bytes": value.tobytes().hex()}
        raise TypeError(type(value))

    return json.dumps(state, default=plain)


def unpacked(text: str) -> Any:
    """The state of `packed`."""

    def array(document: dict[str, Any]) -> Any:
        if set(document) != {"dtype", "shape", "bytes"}:
            return document
        flat = np.frombuffer(bytes.fromhex(document["bytes"]), dtype=document["dtype"])
        return flat.reshape(document["shape"]).copy()

    return json.loads(text, object_hook=array)
