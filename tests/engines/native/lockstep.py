"""The native engine and the reference in lockstep: the same steps from the same state, compared number by number.

Before each comparison everything that the reference remembers is carried over into a native state, so that no
difference builds up. The two round differently, and how much that matters is measured: the reference takes the same
steps again with every layer's outputs and slopes, and the optimizer's memory, moved by a few rounding units, and what
changes by that (at a kink, in a gradient that is zero but for rounding) may be different in the native engine too.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from multilayer.engines import Data, Member, Reference
from multilayer.engines.native_engine import Native
from multilayer.engines.population import Population
from multilayer.engines.progress import Progress
from multilayer.engines.reference import Learner
from multilayer.nn import BatchNorm, LayerNorm
from tests.engines.contract import same_weights
from tests.engines.native.carried import Places, Values, moments_of, native_moments

UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
"""Of each quantity, relative to its largest value; of the weights, to the largest move of their array. For several
steps it is as many times that: each adds its own."""
ROUNDINGS = 8  # units of a weight, which w + change and the like may lose
FAINT = 2.0**-100  # below it what an optimizer remembers is 0, by rule: not in the reference, whose step then differs
MOVED = 4  # units by which numbers are moved to learn what rounding does
REPEATS = 8
MARGIN = 4  # times the largest change that was seen then


@dataclasses.dataclass
class Compared:
    """How close the engines came in one quantity."""

    name: str
    error: float  # the largest, in parts of what is allowed
    loose: bool  # whether rounding decides more about it than the tolerance allows


@dataclasses.dataclass
class Jostle:
    """Moves numbers by a few rounding units of a precision, each by its own."""

    draws: np.random.Generator
    unit: float

    def __call__(self, values: Any) -> Any:
        return (values * (1 + self.unit * MOVED * self.draws.uniform(-1, 1, values.shape))).astype(values.dtype)


class Jostled:
    """A layer with its outputs and slopes jostled; those that come from the loss, where they are differences of larger
    numbers, by rounding units of the largest of them."""

    def __init__(self, layer: Any, jostle: Jostle, last: bool = False) -> None:
        self.layer, self.jostle, self.last = layer, jostle, last

    @staticmethod
    def all(layers: Sequence[Any], jostle: Jostle) -> tuple[Jostled, ...]:
        return tuple(Jostled(layer, jostle, layer is layers[-1]) for layer in layers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)

    def forward(self, x: Any, *, training: bool = False) -> tuple[Any, Any]:
        y, backward = self.layer.forward(x, training=training)

        def jostled_backward(dy: Any) -> Any:
            moved = self.jostle(dy)
            if self.last:
                largest = np.full_like(dy, np.abs(dy).max(initial=0))
                moved += (dy != 0) * (self.jostle(largest) - largest)
            return self.jostle(backward(moved)) + self._lost(x, dy, training)

        return self.jostle(y), jostled_backward

    def _lost(self, x: Any, dy: Any, training: bool) -> Any:
        """What a normalization loses by the mean of its slopes: in a chain of n terms that are much alike all
        roundings may go the same way, and the mean is then taken away from every term."""
        batch = isinstance(self.layer, BatchNorm) and training and not self.layer.frozen
        if not (batch or isinstance(self.layer, LayerNorm)):
            return x.dtype.type(0)
        axis = 0 if batch else 1
        slopes = np.abs(dy * self.layer.gain.value).mean(axis=axis, keepdims=True)
        scale = np.sqrt(x.var(axis=axis, keepdims=True) + self.layer.epsilon)
        lost = self.jostle.unit * x.shape[axis] / 2 * slopes / scale
        return (lost * self.jostle.draws.uniform(-1, 1, lost.shape)).astype(x.dtype)


class Again:
    """The reference, taking the same steps again and again."""

    def __init__(self, member: Member, data: Data) -> None:
        self.learner = Learner(member, data)
        self.layers = self.learner.net.layers

    def go(self, saved: Mapping[str, Any], steps: int, jostle: Jostle | None = None) -> tuple[Values, Any]:
        """What is seen after so many steps from this state, jostled, and how they ended."""
        learner = self.learner
        learner.net.layers = self.layers
        learner.net.set_weights(saved["weights"])
        learner.optimizer.restore(saved["optimizer"])
        learner.progress, learner.order = Progress(**copy.deepcopy(saved["progress"])), None
        learner.net.reseed(learner.member.seed, step=learner.optimizer.steps)
        if jostle is not None:
            learner.net.layers = Jostled.all(self.layers, jostle)
            for state in learner.optimizer.states:
                state |= {name: jostle(array) for name, array in state.items() if array.ndim}
        training, progress = Population([learner]), vars(learner.progress)
        training.advance(steps=steps)
        return seen(training, saved, progress, moments_of(training)), ending(training, progress)


def go_natively(member: Member, data: Data, reference: Any, places: Places, steps: int) -> tuple[Values, Any]:
    """The same of the native engine, from where the reference stands."""
    training, saved = Native().start([member], data), reference.state()["members"][0]
    if reference.steps():  # the first step is from the engine's own start
        training.restore(places.carried_over(reference))
    training.advance(steps=steps)
    state = training.state()["members"][0]
    moments = native_moments(state, reference, places)
    return seen(training, saved, state["progress"], moments), ending(training, state["progress"])


def seen(training: Any, saved: Mapping[str, Any], progress: Mapping[str, Any], moments: dict[str, Values]) -> Values:
    """What steps did, as float64: the moves of the weights, the optimizer's memory, the losses and the history."""
    after, before, curves = training.weights(), saved["weights"], training.history.of(0)
    shown = {f"move of {name}": after[name] - before[name].astype(np.float64) for name in after}
    shown |= {f"{kind} of {name}": value for kind, own in moments.items() for name, value in own.items()}
    shown |= {name: progress[name] or 0.0 for name in ("first_loss", "loss_sum", "weight_sum")}
    shown |= {name: curves[name] for name in curves.series}
    return {name: np.asarray(value, dtype=np.float64) for name, value in shown.items()}


def ending(training: Any, progress: Mapping[str, Any]) -> tuple[Any, ...]:
    """How far a training has come, and what it decided at the ends of epochs."""
    return training.status(), training.steps(), *(progress[name] for name in ("epoch", "best_epoch", "stale"))


def lockstep(
    member: Member, data: Data, points: Iterable[int] = (0,), steps: int = 1, repeats: int = REPEATS
) -> list[Compared]:
    """Compare so many steps from each of these points, in steps; raises AssertionError where the engines differ."""
    jostle, everything = Jostle(np.random.default_rng(member.seed), UNIT[member.recipe.dtype]), []
    reference, again, places = Reference().start([member], data), Again(member, data), Places(member, data)
    assert same_weights(Native().start([member], data).weights(), reference.weights()), "start"
    for point in points:
        reference.advance(steps=point - reference.steps())
        if reference.status() != "training":
            break
        saved = reference.state()["members"][0]
        ours, end = go_natively(member, data, reference, places, steps)
        others = [again.go(saved, steps, jostle) for _ in range(repeats)]
        theirs, true_end = again.go(saved, steps)
        if any(end != other for _, other in [*others, (theirs, true_end)]):
            doubtful = any(true_end != other for _, other in others) or tied(again.learner)
            assert end == true_end or doubtful, f"{end} for {true_end}"
            break
        values = [other for other, _ in others]
        everything += compare(ours, theirs, values, saved["weights"], member.recipe.dtype, steps)
    return everything


def tied(learner: Any) -> bool:
    """Whether an epoch is as good as one before it, or better by min_delta, but for rounding, which then decides."""
    monitor, by = f"val_{learner.recipe.monitor}", learner.recipe.min_delta
    values = [row.get(monitor, row["loss"]) for row in learner.progress.rows]
    pairs = [(value, earlier) for place, value in enumerate(values) for earlier in values[:place]]
    return any(abs(abs(value - earlier) - more) <= 1e-6 * abs(earlier) for value, earlier in pairs for more in (0, by))


def compare(
    ours: Values, theirs: Values, others: list[Values], weights: Mapping[str, Any], dtype: str, steps: int
) -> list[Compared]:
    """Hold each quantity to its tolerance; raises AssertionError naming the first that is out of it."""
    assert list(ours) == list(theirs)
    everything = []
    farthest = max(np.abs(value).max(initial=0) for name, value in theirs.items() if name.startswith("move of"))
    least = UNIT[dtype] * TOLERANCE[dtype] * farthest  # of moves: those of zero gradients are rounding alone
    for name, value in theirs.items():
        size = steps * TOLERANCE[dtype] * np.abs(np.nan_to_num(value)).max(initial=0)
        kind, _, array = name.rpartition(" of ")
        own = 0.0
        if kind == "move":
            faint = [(memory != 0) & (np.abs(memory) < FAINT) for memory in remembered(theirs, array)]
            own = least + ROUNDINGS * UNIT[dtype] * np.abs(weights[array].astype(np.float64))
            own = np.where(np.any(faint, axis=0), np.inf, own) if faint else own
        elif kind:
            own = 1024 * FAINT  # a sum of slopes, each of which is 0 below it too
        spread = MARGIN * max((apart(other[name], value).max(initial=0) for other in others), default=0.0)
        error, allowed = apart(ours[name], value), size + own + spread
        assert (error <= allowed).all(), f"{name}: {error.max()} apart, of {np.abs(value).max()}; spread {spread}"
        parts = np.divide(error, allowed, out=np.zeros_like(error), where=np.asarray(allowed) > 0)
        everything.append(Compared(name, float(parts.max(initial=0)), bool(spread > size)))
    return everything


def remembered(values: Values, array: str) -> list[Any]:
    """What an optimizer remembers of an array."""
    return [value for name, value in values.items() if name.endswith(f" of {array}") and not name.startswith("move")]


def apart(one: Any, other: Any) -> Any:
    """How far apart two arrays are: infinitely where one alone is not a number or not finite, or has another shape."""
    if np.shape(one) != np.shape(other):
        return np.full(np.shape(other), np.inf)
    with np.errstate(invalid="ignore"):
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        return np.where(same, 0.0, np.nan_to_num(np.abs(one - other), nan=np.inf, posinf=np.inf))
