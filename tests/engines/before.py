"""All that is decided before the first step of a training, in one digest."""

from __future__ import annotations

import hashlib

from multilayer.data import tasks
from multilayer.engines import epoch_order
from multilayer.lab import ask
from multilayer.nn import initializers
from multilayer.recipe import canonical, weights_digest
from multilayer.recipe.layers import network

SHIPPED = ("digits", "iris", "wine", "breast_cancer", "diabetes")
EXPRESSIONS = ("sin(x)", "exp(-x^2)*cos(5*x) + log(x^2 + 1)")


def digest_before_training(task: str, place: int) -> str:
    """SHA-256 of a task's points, split, preparation and orders, and weights by every fourth initializer."""
    parts = []
    for number, initializer in enumerate([*initializers.INITIALIZERS][place % 4 :: 4]):
        drawn = "constant(value=0.1)" if initializer == "constant" else initializer
        asked = ask(task, hidden=[9, 5], norm="batch", weight_init=drawn, seeds=[number], prepare="standardize")
        net = network(asked.recipe.layers, asked.data.x.shape[1], seed=number, dtype="float64")
        parts.append(weights_digest(net.get_weights()))
    _, arrays = asked.fitted.to_dict()
    split = {"train": asked.split.train, "val": asked.split.val, "test": asked.split.test}
    orders = {s: epoch_order(len(asked.split.train), seed=1, epoch=2, shuffle=s) for s in ("full", "blocks:7")}
    for arrays_of in ({"x": asked.data.x, "y": asked.dataset.target.values}, split, arrays, orders):
        parts.append(weights_digest(arrays_of))
    return hashlib.sha256(canonical(parts)).hexdigest()


def digests() -> list[str]:
    """The digest of every generated task."""
    names = [name for name in tasks.names() if name not in SHIPPED]
    return [f"{task} {digest_before_training(task, place)}" for place, task in enumerate((*names, *EXPRESSIONS))]
