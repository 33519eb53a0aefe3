"""The living parts that a resolved recipe describes: network, loss, optimizer, schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multilayer.engines.contract import Data, Member
from multilayer.errors import UsageError
from multilayer.nn import Sequential, losses
from multilayer.nn.losses import targets
from multilayer.optim import LBFGS, OPTIMIZERS, SCHEDULES, Optimizer, Schedule
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network


def make_network(member: Member, n_in: int) -> Sequential:
    """The member's own network, or its recipe's with weights drawn from the member's seed or set by hand."""
    recipe = member.recipe
    net = member.network
    if net is None:
        net = network(recipe.layers, n_in, seed=member.seed, dtype=recipe.dtype)
    if member.weights is not None:
        net.set_weights(member.weights)
    net.reseed(member.seed)
    return net


def last_layer(net: Sequential) -> Any:
    """The layer that gives the network's outputs, that of an inner network included."""
    layer: Any = net
    while isinstance(layer, Sequential) and layer.layers:
        layer = layer.layers[-1]
    return layer


def make_loss(recipe: Recipe, reduction: str | None = None) -> Any:
    """The recipe's loss, with its own reduction or another."""
    return losses.get({**recipe.loss, "reduction": reduction or recipe.reduction})


def make_optimizer(recipe: Recipe, net: Sequential, steps_per_epoch: int) -> Optimizer | LBFGS:
    """The recipe's optimizer over the network's parameters, following its schedule."""
    options = {name: value for name, value in recipe.optimizer.items() if name != "name"}
    options |= {name: getattr(recipe, name) for name in ("lr", "l1", "l2", "penalize_biases")}
    if recipe.optimizer["name"] == "lbfgs":
        return LBFGS(net.params, **options)
    options |= {name: getattr(recipe, name) for name in ("weight_decay", "clip_value", "clip_norm", "max_norm")}
    schedule = make_schedule(recipe.schedule)
    make: Any = OPTIMIZERS[recipe.optimizer["name"]]
    made: Optimizer = make(net.params, schedule=schedule, steps_per_epoch=steps_per_epoch, **options)
    return made


def make_schedule(entry: Mapping[str, Any]) -> Schedule:
    """A schedule from its plain data, a warm-up with the schedule that follows it."""
    options = {name: value for name, value in entry.items() if name != "name"}
    if options.get("then"):
        options["then"] = make_schedule(options["then"])
    return SCHEDULES[entry["name"]](**options)


def untrainable(recipe: Recipe) -> str | None:
    """Why no engine can train this recipe, in a sentence; None where one can."""
    if recipe.epochs and any(entry["layer"] == "step" for entry in recipe.layers):
        return (
            "A step activation cannot be trained by gradients: its derivative is zero wherever it exists. "
            "Use sigmoid, or set the weights by hand and write epochs=0."
        )
    return None


def check_targets(members: Sequence[Member], data: Data) -> None:
    """Raise DataError where a Poisson loss is to learn a negative number, with its row."""
    for member in members:
        if member.recipe.loss["name"] != "poisson" or member.loss is not None:
            continue
        learned = np.zeros(len(data.target.values), dtype=np.bool_)
        learned[member.train] = learned[member.val] = True
        prepared = member.preparation.target_forward(data.target.values)
        targets.counts(np.where(learned[:, None], prepared, 0), prepared.shape, make_loss(member.recipe))


def identity(member: Member, data: Data) -> dict[str, Any]:
    """What a saved state belongs to, as plain data."""
    rows = [len(member.train), len(member.val), *data.x.shape]
    return {"recipe": member.recipe.digest, "seed": member.seed, "rows": rows}


def check_identity(saved: Mapping[str, Any], member: Member, data: Data) -> None:
    """Raise UsageError where a saved state belongs to another training."""
    if saved != identity(member, data):
        raise UsageError(
            "A saved training goes on in a training of the same recipe, seed and rows only; this one is another."
        )


def going_on(state: Mapping[str, Any], members: Sequence[Member], data: Data) -> dict[str, Any]:
    """A state made to belong to other rows and more epochs of the same network and optimizer. What was measured on the
    rows before, the best of it and its weights are left behind: on other rows they say nothing."""
    saved = []
    for member, old in zip(members, state["members"], strict=True):
        new, unknown = {**old, "of": identity(member, data)}, dict[str, Any]()
        if "arrays" in old:  # of the native engine: the weights of the best epoch stand last but one
            *others, parameters, buffers, schedule = old["arrays"]
            nothing = [[name, value[:0]] for name, value in (parameters, buffers)]
            new |= {"history": old["history"][:0], "arrays": [*others, *nothing, schedule]}
            unknown |= {"status": 0, "best": math.nan, "mark": math.nan}
        else:
            unknown |= {"status": "training", "best": None, "mark": None, "best_weights": {}, "rows": []}
        saved.append({**new, "progress": {**old["progress"], **unknown, "best_epoch": 0, "stale": 0}})
    return {"members": saved}
