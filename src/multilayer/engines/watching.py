"""Looking into the layers while they learn: activations, gradients and updates.

Whatever only watches consumes the stream of a training, and changes no bit of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.constraints import Integer, check
from multilayer.engines.contract import Data, Member, Rows, Training
from multilayer.engines.parts import make_loss
from multilayer.errors import UsageError, sentence, shown
from multilayer.nn import BatchNorm, Dropout, LayerNorm, Linear, Scale, Sequential
from multilayer.recipe.layers import LAYERS, network
from multilayer.recipe.outputs import training_target

MOST_ROWS = 1000
"""So many of the training rows, evenly spaced, are looked at where no rows are named."""

KINDS = {cls: kind for kind, cls in LAYERS.items()}
PASSING = (Linear, BatchNorm, LayerNorm, Scale, Dropout, Sequential)
"""Layers whose outputs are not called activations."""


@final
@dataclass(frozen=True, eq=False)
class Look:
    """One look at the layers of one member, on the same rows every time.

    `epoch` and `step` count what is done: 0 is before the first step. Each layer's outputs have this `mean` and
    share of exact zeros `zero`; `std` is their spread from row to row (the root of a unit's variance over the rows,
    averaged over the units); `dead` is the share of its units that are 0 on every row. `gradient` is the L2 norm of
    the derivative of the mean loss, without penalties, by each array of weights; `size` is the L2 norm of the array,
    and `update` that of its change in the very next step, divided by `size`: NaN where no step follows or the size is
    0. All is computed in float64, with dropout off and batch statistics taken from the rows looked at.
    """

    epoch: int
    step: int
    mean: Array  # (n_layers,)
    std: Array
    zero: Array
    dead: Array
    gradient: Array  # (n_arrays,)
    size: Array
    update: Array


@final
@dataclass(frozen=True, eq=False)
class Watched:
    """All looks at one member, oldest first: every field of `Look` as an array with a row for each look.

    `layers` names the layers in the order x passes them, as '1.relu', and `hidden` the places among them of the hidden
    activations; `arrays` names the weights without biases and gains, as '0.W'.
    """

    layers: tuple[str, ...]
    hidden: tuple[int, ...]
    arrays: tuple[str, ...]
    n_rows: int
    epoch: npt.NDArray[np.int64]  # (n_looks,)
    step: npt.NDArray[np.int64]  # (n_looks,)
    mean: Array  # (n_looks, n_layers)
    std: Array
    zero: Array
    dead: Array
    gradient: Array  # (n_looks, n_arrays)
    size: Array
    update: Array

    @staticmethod
    def of(lens: Lens, looks: Sequence[Look]) -> Watched:
        """The looks through one lens, stacked."""
        stacked = {field.name: np.array([getattr(look, field.name) for look in looks]) for field in fields(Look)}
        return Watched(lens.layers, lens.hidden, lens.arrays, lens.n_rows, **stacked)


def watch(
    training: Training, members: Sequence[Member], data: Data, *, rows: Any = None, every: int = 1
) -> list[Watched]:
    """Train to the end, looking into every member before the first step and after every `every` epochs.

    `members` and `data` are those the training was started with. `rows` are the numbers of the rows in `data` to look
    at, by default each member's training rows (1000 of them, evenly spaced, where there are more). What is learned is
    the same to the bit as without looking. The look at a member's end is left out where the weights it then holds are
    not those of its last epoch (recipe `keep`). Raises UsageError for rows that are not there.

    >>> from multilayer.lab import Session, ask
    >>> session = Session(ask("xor", hidden=[4], epochs=3))
    >>> (watched,) = watch(session.training, session.members, session.asked.data)
    >>> watched.layers, watched.arrays, watched.epoch.tolist()
    (('0.linear', '1.tanh', '2.linear'), ('0.W', '2.W'), [0, 1, 2, 3])
    >>> watched.dead.shape, watched.update.shape
    ((4, 3), (4, 2))
    """
    lenses = [Lens(member, data, rows) for member in members]
    seen: list[list[Look]] = [[] for _ in lenses]
    for found in _stream(training, lenses, every):
        for place, look in found.items():
            seen[place].append(look)
    return [Watched.of(lens, own) for lens, own in zip(lenses, seen, strict=True)]


def looks(
    training: Training, members: Sequence[Member], data: Data, *, rows: Any = None, every: int = 1
) -> Iterator[dict[int, Look]]:
    """The same as a stream: the looks by member, one after another; whoever reads may stop at any of them.

    >>> from multilayer.lab import Session, ask
    >>> session = Session(ask("xor", hidden=[4], epochs=3))
    >>> [found[0].epoch for found in looks(session.training, session.members, session.asked.data)]
    [0, 1, 2, 3]
    """
    return _stream(training, [Lens(member, data, rows) for member in members], every)


def _stream(training: Training, lenses: Sequence[Lens], every: int) -> Iterator[dict[int, Look]]:
    every = check(Integer(1), every, "every", UsageError)
    open_lenses = dict(enumerate(lenses))
    while open_lenses:
        going = [place for place in open_lenses if training.status(place) == "training"]
        seen = {p: lens.look(training, p) for p, lens in open_lenses.items() if lens.sees(training, p)}
        if going:
            before = {place: training.weights(place) for place in going}
            training.advance(steps=1)
            for place in going:
                change = lenses[place].update(training, place, before[place])
                seen[place] = replace(seen[place], update=change)
        yield seen
        open_lenses = {place: lenses[place] for place in going}
        done = min((len(training.history.of(place)) - seen[place].epoch for place in going), default=0)
        if going and every > done:
            training.advance(epochs=every - done)


@final
class Lens:
    """What looks into one member: its network, built anew in float64, and the rows looked at."""

    def __init__(self, member: Member, data: Data, rows: Any = None) -> None:
        self.member = member
        rows = _rows(member, data, rows)
        self.net = _network(member, data.x.shape[1])
        self.x = member.preparation.apply(data.x[rows])
        name = member.recipe.loss["name"]
        self.target = training_target(name, data.target, member.preparation, np.dtype(np.float64))[rows]
        self.weight = None if data.weight is None else data.weight[rows]
        self.loss = member.loss or make_loss(member.recipe, reduction="mean")
        self.n_rows = len(rows)
        leaves = list(self.net.leaves())
        kinds = [KINDS.get(type(layer), type(layer).__name__) for layer in leaves]
        self.layers = tuple(f"{place}.{kind}" for place, kind in enumerate(kinds))
        self.hidden = tuple(i for i, layer in enumerate(leaves[: _output(leaves)]) if not isinstance(layer, PASSING))
        self.params = {name: p for name, p in self.net.named_params().items() if p.kind == "weight"}
        self.arrays = tuple(self.params)

    def sees(self, training: Training, place: int) -> bool:
        """Whether the weights that the training shows are those of the last step."""
        status, keep = training.status(place), self.member.recipe.keep
        as_trained = status in ("complete", "stopped") and (keep == "last" or not len(self.member.val))
        return status == "training" or as_trained or training.steps(place) == 0

    def look(self, training: Training, place: int) -> Look:
        """Look at the weights as they are now; `update` is not known yet."""
        self.net.set_weights(training.weights(place))
        outputs = self._differentiate()
        statistics = np.array([_statistics(y) for y in outputs])
        return Look(
            len(training.history.of(place)),
            training.steps(place),
            **dict(zip(("mean", "std", "zero", "dead"), statistics.T, strict=True)),
            gradient=np.array([np.linalg.norm(parameter.grad) for parameter in self.params.values()]),
            size=np.array([np.linalg.norm(parameter.value) for parameter in self.params.values()]),
            update=np.full(len(self.params), np.nan),
        )

    def update(self, training: Training, place: int, before: dict[str, Array]) -> Array:
        """The relative size of the change since `before`; NaN where the weights shown are not those of the step."""
        if not self.sees(training, place):
            return np.full(len(self.params), np.nan)
        after = training.weights(place)
        return np.array([_change(before[name], after[name]) for name in self.arrays])

    def _differentiate(self) -> list[Array]:
        """The outputs of the layers; the gradients are left in the parameters."""
        for parameter in self.net.params:
            parameter.grad[...] = 0
        outputs, backwards, x = [], [], self.x
        for layer in self.net.leaves():
            x, backward = layer.forward(x, training=not isinstance(layer, Dropout))
            outputs.append(x)
            backwards.append(backward)
        dy = self.loss(x, self.target, self.weight)[1]
        for backward in reversed(backwards):
            dy = backward(dy)
        return outputs


def _statistics(y: Array) -> tuple[float, ...]:
    """Mean, spread from row to row, share of zeros and share of units that are 0 on every row, for y (n_rows, n)."""
    silent = y == 0
    return float(y.mean()), float(np.sqrt(y.var(axis=0).mean())), float(silent.mean()), float(silent.all(axis=0).mean())


def _rows(member: Member, data: Data, rows: Any) -> Rows:
    """The rows to look at."""
    if rows is None:
        train = member.train
        return train[np.linspace(0, len(train) - 1, min(len(train), MOST_ROWS)).astype(np.int64)]
    found = np.asarray(rows)
    n_samples = len(data.x)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "iu":
        raise UsageError(sentence("rows", "the numbers of some rows such as range(100)", rows))
    if found.min() < 0 or found.max() >= n_samples:
        worst = found[(found < 0) | (found >= n_samples)][0]
        raise UsageError(f"rows must be numbers from 0 to {n_samples - 1}, one for each row, got {shown(int(worst))}.")
    return found.astype(np.int64)


def _change(old: Array, new: Array) -> float:
    """The L2 norm of the change by that of the old array."""
    size = np.linalg.norm(old.astype(np.float64))
    return float(np.linalg.norm(new.astype(np.float64) - old) / size) if size else np.nan


def _network(member: Member, n_in: int) -> Sequential:
    """A copy of the member's network in float64, so that small gradients do not vanish in the looking itself."""
    if member.network is None:
        return network(member.recipe.layers, n_in, seed=None)
    net = copy.deepcopy(member.network)
    for parameter in net.named_weights().values():
        parameter.assign(parameter.value.astype(np.float64))
    return net


def _output(leaves: Sequence[Any]) -> int:
    """The place of the output layer: the last with weights."""
    weighted = [any(p.kind == "weight" for p in getattr(layer, "params", ())) for layer in leaves]
    return max((place for place, has_weights in enumerate(weighted) if has_weights), default=0)
