"""What is looked at when a training ends, for the advice: a few numbers about the rows, the start and the end.

At most 1000 training rows, evenly spaced, are passed through the network twice: with the weights it started from, and
with those kept. A stored record keeps the numbers, so that advice needs neither the rows nor the training again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from multilayer.arrays import Array
from multilayer.data import METRICS, Split, Target, defaults_for
from multilayer.engines import Data, Member
from multilayer.engines.contract import Rows
from multilayer.engines.watching import Lens
from multilayer.nn import ACTIVATIONS
from multilayer.recipe.layers import network, output_activation
from multilayer.recipe.outputs import one_hot

Observed: TypeAlias = dict[str, float | str | None]
FLAT = 0.01
"""An activation whose slope is below this passes next to nothing back."""
NEIGHBORS = 5
MOST_ROWS = 1000
REACH = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "ramp": (-1.0, 1.0),
    "sine": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
}
"""What an output activation can give at most."""
FLAT_AT_BOTH_ENDS = ("sigmoid", "tanh", "softsign", "ramp")
BY_UNIT = ACTIVATIONS.keys() - {"maxout", "softmax"}
"""Activations of each unit by itself."""


def observe_rows(member: Member, data: Data, split: Split) -> Observed:
    """What the training rows are like, the same for every seed; None where a number is not defined.

    input, input_name the root mean square of the prepared inputs: the feature with the largest, which one
    small_input       the largest root mean square again, without features that say yes or no
    target            the root mean square of the numbers to learn, as they are trained on
    out_of_reach      the share of them that the output activation cannot give
    rare, rare_name   the share of the rarest class in the training rows, and which one
    neighbors         the headline score of the 5 nearest neighbors on the validation rows, else on the training rows
                      without themselves
    """
    rows = _spaced(split.train, MOST_ROWS)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = _of_inputs(member, data.x[rows]) | _of_target(member, data.target, split.train)
        found["neighbors"] = neighbors_score(member, data, rows, split.val)
    return {name: _plain(value) for name, value in found.items()}


def observe_member(member: Member, data: Data, kept: Mapping[str, Array]) -> Observed:
    """What a network was like at its start, and with the weights `kept`; None where a number is not defined.

    start_loss        the mean training loss before the first step
    zero_loss         that of outputs that are all 0
    start_gradient    the largest gradient of an array of weights at the start, relative to the array's size
    first_gradient    that of the first array, divided by the largest
    moved             the largest change of an array of weights from start to end, relative to its size
    dead, dead_layer  the largest share of a hidden layer's units whose slope is below 0.01 on every row, and which one
    flat, flat_layer  the largest share of slopes below 0.01 in a hidden layer that is flat on both sides
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        lens = Lens(member, data, _spaced(member.train, MOST_ROWS))
        start = _starting_weights(member, data.x.shape[1])
        loss, _, gradients = _passed(lens, start)
        found: dict[str, Any] = {"start_loss": loss, "zero_loss": _zero_loss(lens), **_first_gradients(gradients)}
        _, slopes, _ = _passed(lens, kept)
        found |= {"moved": _moved(lens, start, kept), **_stuck(lens, slopes)}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> float | str | None:
    if isinstance(value, str) or value is None:
        return value
    return float(value) if np.isfinite(value) else None


def _starting_weights(member: Member, n_in: int) -> Mapping[str, Any]:
    """The weights before the first step; a network made by hand has been trained since, and brought them along."""
    if member.weights is not None:
        return member.weights
    return network(member.recipe.layers, n_in, seed=member.seed, dtype=member.recipe.dtype).get_weights()


def _passed(lens: Lens, weights: Mapping[str, Any]) -> tuple[float, dict[int, Array], dict[str, float]]:
    """The mean loss, the slopes of the hidden activations at every row and unit, and each array's relative gradient."""
    lens.net.set_weights(weights)
    backwards, slopes, x = [], {}, lens.x
    for place, layer in enumerate(lens.net.leaves()):
        x, backward = layer.forward(x)
        backwards.append(backward)
        if place in lens.hidden and _kind(lens, place) in BY_UNIT:
            slopes[place] = np.abs(backward(np.ones_like(x)))
    for parameter in lens.net.params:
        parameter.grad[...] = 0
    loss, dy = lens.loss(x, lens.target, lens.weight)
    for backward in reversed(backwards):
        dy = backward(dy)
    sizes = {name: float(np.linalg.norm(p.value)) for name, p in lens.params.items()}
    relative = {n: float(np.linalg.norm(p.grad)) / sizes[n] if sizes[n] else np.inf for n, p in lens.params.items()}
    return float(loss), slopes, relative


def _zero_loss(lens: Lens) -> float:
    return float(lens.loss(np.zeros_like(lens.net(lens.x)), lens.target, lens.weight)[0])


def _first_gradients(gradients: Mapping[str, float]) -> dict[str, Any]:
    if not gradients:
        return {"start_gradient": None, "first_gradient": None}
    values = list(gradients.values())
    largest = max(values)
    return {"start_gradient": largest, "first_gradient": values[0] / largest if largest else None}


def _moved(lens: Lens, start: Mapping[str, Any], kept: Mapping[str, Array]) -> float | None:
    def change(name: str) -> float:
        old = np.asarray(start[name], dtype=np.float64)
        size = float(np.linalg.norm(old))
        return float(np.linalg.norm(kept[name] - old)) / size if size else np.inf

    return max((change(name) for name in lens.arrays if name in start), default=None)


def _kind(lens: Lens, place: int) -> str:
    return lens.layers[place].partition(".")[2]


def _stuck(lens: Lens, slopes: Mapping[int, Array]) -> dict[str, Any]:
    """Units that pass nothing back: on no row (dead), and activations flat at both ends on most rows."""
    dead, flat = (0.0, ""), (0.0, "")
    for place, steep in slopes.items():
        below = steep < FLAT
        dead = max(dead, (float(below.all(axis=0).mean()), lens.layers[place]), key=_first)
        if _kind(lens, place) in FLAT_AT_BOTH_ENDS:
            flat = max(flat, (float(below.mean()), lens.layers[place]), key=_first)
    return {"dead": dead[0], "dead_layer": dead[1], "flat": flat[0], "flat_layer": flat[1]}


def _first(pair: tuple[float, str]) -> float:
    return pair[0]


def _of_inputs(member: Member, x: Array) -> dict[str, Any]:
    encoding = member.preparation.encoding
    sizes = np.sqrt(np.square(member.preparation.apply(x)).mean(axis=0))
    numbers = sizes[~np.asarray(encoding.indicators)]
    place = int(sizes.argmax())
    small = float(numbers.max()) if len(numbers) else None
    return {"input": float(sizes[place]), "input_name": encoding.feature_names[place], "small_input": small}


def _of_target(member: Member, target: Target, train: Rows) -> dict[str, Any]:
    found: dict[str, Any] = {"target": None, "out_of_reach": None, "rare": None, "rare_name": None}
    if target.kind == "regression":
        numbers = member.preparation.target_forward(target.values[train])
        low, high = REACH.get(output_activation(member.recipe.layers), (-np.inf, np.inf))
        found["target"] = float(np.sqrt(np.square(numbers).mean()))
        found["out_of_reach"] = float(((numbers < low) | (numbers > high)).mean())
    elif target.kind in ("binary", "classes"):
        counts = np.bincount(target.values[train], minlength=len(target.classes))
        place = int(counts.argmin())
        found["rare"], found["rare_name"] = float(counts[place] / len(train)), str(target.classes[place])
    return found


def _spaced(rows: Rows, most: int) -> Rows:
    """At most so many of the rows, evenly spaced."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)]


def neighbors_score(member: Member, data: Data, known: Rows, val: Rows) -> float | None:
    """The headline score of the nearest of the known rows; None where there are too few."""
    target = data.target
    others = _spaced(val, MOST_ROWS) if len(val) else known
    if len(known) <= 2 * NEIGHBORS or len(others) < 2:
        return None
    answers = (
        target.values if target.kind in ("regression", "multilabel") else one_hot(target.values, len(target.classes))
    )
    near = np.concatenate([answers[block].mean(axis=1) for block in _nearest(member, data, known, others)])
    metric = METRICS[defaults_for(target.kind)[0]]
    return metric(target.values[others], near)


def _nearest(member: Member, data: Data, known: Rows, others: Rows) -> Iterator[Rows]:
    """The row numbers of the nearest known rows of each other row, itself left out: (some, 5)."""
    x = np.nan_to_num(member.preparation.apply(data.x[known]))
    squares = np.square(x).sum(axis=1)
    for rows in np.array_split(others, max(1, len(others) // 250)):
        queries = np.nan_to_num(member.preparation.apply(data.x[rows]))
        away = squares - 2 * queries @ x.T
        away[rows[:, None] == known] = np.inf
        yield known[np.argsort(away, axis=1, kind="stable")[:, :NEIGHBORS]]
