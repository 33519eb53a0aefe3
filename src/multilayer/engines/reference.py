"""The reference engine: training as the book has it, in NumPy, one member after another.

Four lines are the whole of learning (`Learner._update`): the forward pass, the loss, the backward pass, the step.
Around them stand the order of the rows, what is measured, and when to stop.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import METRICS, defaults_for
from multilayer.engines.batches import epoch_order
from multilayer.engines.contract import Data, History, Member, Rows, Status
from multilayer.engines.parts import make_loss, make_network, make_optimizer
from multilayer.errors import RefusedError
from multilayer.optim import LBFGS, Optimizer
from multilayer.recipe import Recipe
from multilayer.recipe.layers import output_activation
from multilayer.recipe.outputs import answer, training_target
from multilayer.rng import Stream

EXPLODED = 1e6


@final
class Reference:
    """The engine that runs everything, a user's own layers included."""

    name = "reference"
    arithmetic = "reference"

    def refuses(self, recipe: Recipe) -> str | None:
        if recipe.epochs and any(entry["layer"] == "step" for entry in recipe.layers):
            return (
                "A step activation cannot be trained by gradients: its derivative is zero wherever it exists. "
                "Use sigmoid, or set the weights by hand and write epochs=0."
            )
        return None

    def start(self, members: Sequence[Member], data: Data, *, threads: int | None = None) -> ReferenceTraining:
        """A training of these members; `threads` has no effect here, the members take turns."""
        for member in members:
            reason = self.refuses(member.recipe)
            if reason:
                raise RefusedError(reason)
        return ReferenceTraining([Learner(member, data) for member in members])


@dataclass
class Progress:
    """All that a learner knows besides weights and optimizer."""

    status: Status = "training"
    why: str = "in training"
    epoch: int = 0  # epochs completed
    position: int = 0  # rows of the present epoch already seen
    loss_sum: float = 0.0  # of the present epoch, weighted by its rows
    weight_sum: float = 0.0
    first_loss: float | None = None
    best: float | None = None  # the best monitored value so far, and its weights
    best_epoch: int = 0
    best_weights: dict[str, Array] = field(default_factory=dict)
    finite_weights: dict[str, Array] = field(default_factory=dict)
    mark: float | None = None  # the monitored value that patience counts from
    stale: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)


@final
class Learner:
    """The training of one member."""

    def __init__(self, member: Member, data: Data) -> None:
        self.member, self.data, self.recipe = member, data, member.recipe
        self.net = make_network(member, n_in=data.x.shape[1])
        self.dtype: np.dtype[np.floating[Any]] = np.dtype(self.recipe.dtype)
        if self.net.params:
            self.dtype = self.net.params[0].value.dtype
        self.loss, self.mean_loss = make_loss(self.recipe), make_loss(self.recipe, reduction="mean")
        size = self.recipe.batch_size
        self.batch_size = len(member.train) if size == "full" else min(int(size), len(member.train))
        steps_per_epoch = math.ceil(len(member.train) / self.batch_size)
        self.optimizer = make_optimizer(self.recipe, self.net, steps_per_epoch)
        self.target = training_target(self.recipe.loss["name"], data.target, member.preparation, self.dtype)
        self.terms = self.target.shape[1] if self.target.ndim == 2 else 1  # of the loss, a row
        self.metrics = list(dict.fromkeys([defaults_for(data.target.kind)[0], self.recipe.monitor]))
        self.metrics = [name for name in self.metrics if name != "loss"]
        self.progress = Progress(finite_weights=self.net.get_weights())
        if self.recipe.epochs == 0:
            self._end("complete", "no training asked for")

    def advance(self, epochs: int | None = None, steps: int | None = None) -> None:
        """Go on by so many epochs or steps, or to the end."""
        last_epoch = math.inf if epochs is None else self.progress.epoch + epochs
        last_step = math.inf if steps is None else self.optimizer.steps + steps
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is looked for, and reported
            while (
                self.progress.status == "training"
                and self.progress.epoch < last_epoch
                and self.optimizer.steps < last_step
            ):
                self._step()

    def _step(self) -> None:
        progress, train = self.progress, self.member.train
        if progress.position == 0 or not hasattr(self, "order"):
            self.order = epoch_order(
                len(train), seed=self.member.seed, epoch=progress.epoch, shuffle=self.recipe.shuffle
            )
        rows = train[self.order[progress.position : progress.position + self.batch_size]]
        x, target, weight = self._gather(rows)
        value = self._update(self._noisy(x), target, weight)
        total = float(len(rows) if weight is None else weight.sum(dtype=np.float64))
        progress.loss_sum += value / self.terms if self.recipe.reduction == "sum" else value * total
        progress.weight_sum += total
        progress.position += len(rows)
        if progress.first_loss is None:
            progress.first_loss = value
        if not math.isfinite(value):
            self._diverged(f"the training loss became {value}")
        elif value > EXPLODED * (progress.first_loss + 1):
            self._diverged(f"the training loss grew from {progress.first_loss:.3g} to {value:.3g}")
        elif progress.position >= len(train):
            self._end_epoch()

    def _update(self, x: Array, target: Array, weight: Array | None) -> float:
        if isinstance(self.optimizer, LBFGS):
            return self.optimizer.step(lambda: self._objective(x, target, weight)) - self.optimizer.penalty()
        y, backward = self.net.forward(x, training=True)
        value, dy = self.loss(y, target, weight)
        backward(dy)
        self.optimizer.step()
        return float(value)

    def _objective(self, x: Array, target: Array, weight: Array | None) -> float:
        for parameter in self.net.params:
            parameter.grad[...] = 0
        y, backward = self.net.forward(x, training=True)
        value, dy = self.loss(y, target, weight)
        backward(dy)
        return float(value)

    def _gather(self, rows: Rows) -> tuple[Array, Array, Array | None]:
        x = self.prepared(self.data.x[rows])
        weight = None if self.data.weight is None else self.data.weight[rows].astype(self.dtype)
        return x, self.target[rows], weight

    def prepared(self, x: Array) -> Array:
        """Encoded rows as the network sees them."""
        return self.member.preparation.apply(x).astype(self.dtype)

    def _noisy(self, x: Array) -> Array:
        if not self.recipe.noise:
            return x
        draws = Stream(self.member.seed, "noise", step=self.optimizer.steps).normal(x.shape)
        return x + (self.recipe.noise * draws).astype(self.dtype)

    def _end_epoch(self) -> None:
        progress = self.progress
        weights = self.net.get_weights()
        if not all(np.isfinite(value).all() for value in weights.values()):
            self._diverged("a weight left the finite numbers")
            return
        row = {"loss": progress.loss_sum / progress.weight_sum if progress.weight_sum else 0.0}
        row["lr"] = self.optimizer.lr_now() if isinstance(self.optimizer, Optimizer) else self.optimizer.lr
        row |= self._validate()
        progress.rows.append(row)
        progress.epoch, progress.position, progress.loss_sum, progress.weight_sum = progress.epoch + 1, 0, 0.0, 0.0
        progress.finite_weights = weights
        self._judge(row)
        if progress.status == "training" and progress.epoch >= self.recipe.epochs:
            self._end("complete", f"all {progress.epoch} epochs done" + self._kept())

    def _validate(self) -> dict[str, float]:
        if not len(self.member.val):
            return {}
        x, target, weight = self._gather(self.member.val)
        outputs = self.net(x)
        value, _ = self.mean_loss(outputs, target, weight)
        probs = self._answer(outputs)
        truth = self.data.target.values[self.member.val]
        defined = np.isfinite(probs).all() and (weight is None or weight.any())
        scores = {f"val_{n}": METRICS[n](truth, probs, weight) if defined else math.nan for n in self.metrics}
        return {"val_loss": value, **scores}

    def _answer(self, outputs: Array) -> Array:
        ends_in = output_activation(self.recipe.layers)
        return answer(outputs, self.recipe.loss["name"], ends_in, self.data.target, self.member.preparation)

    def _judge(self, row: Mapping[str, float]) -> None:
        """Remember the best weights, tell the schedule, and stop when patience is at its end."""
        progress, monitor = self.progress, self.recipe.monitor
        value = row.get(f"val_{monitor}", row["loss"])
        sign = -1.0 if monitor == "loss" or not METRICS[monitor].greater_is_better else 1.0
        if f"val_{monitor}" not in row:
            sign = -1.0
        if isinstance(self.optimizer, Optimizer) and self.optimizer.schedule is not None:
            self.optimizer.schedule.observe(-sign * value)
        if _better(value, progress.best, sign):
            progress.best, progress.best_epoch = value, progress.epoch
            if len(self.member.val) and self.recipe.keep == "best":
                progress.best_weights = self.net.get_weights()
        if _better(value, progress.mark, sign, by=self.recipe.min_delta):
            progress.mark, progress.stale = value, 0
        else:
            progress.stale += 1
            if self.recipe.patience is not None and progress.stale >= self.recipe.patience:
                best = "" if progress.best is None else f" than {progress.best:.4g}, of epoch {progress.best_epoch}"
                self._end("stopped", f"no better {monitor}{best}, for {progress.stale} epochs")

    def _kept(self) -> str:
        """Which epoch's weights remain, where it is not the last one's."""
        progress = self.progress
        if not progress.best_weights:
            return ""
        return f", the best kept: epoch {progress.best_epoch} with validation {self.recipe.monitor} {progress.best:.4g}"

    def _diverged(self, what: str) -> None:
        step, epoch = self.optimizer.steps, self.progress.epoch
        kept = f"the weights of epoch {epoch} are kept" if epoch else "the starting weights are kept"
        if self.progress.best_weights:
            kept = f"the best weights, of epoch {self.progress.best_epoch}, are kept"
        self.net.set_weights(self.progress.finite_weights)
        self._end("diverged", f"{what} at step {step}; {kept}. Try a smaller lr than {self.recipe.lr:g}")

    def _end(self, status: Status, why: str) -> None:
        self.progress.status, self.progress.why = status, why
        if self.progress.best_weights:
            self.net.set_weights(self.progress.best_weights)

    def state(self) -> dict[str, Any]:
        return {
            "weights": self.net.get_weights(),
            "optimizer": self.optimizer.state(),
            "progress": asdict(self.progress),
        }

    def restore(self, state: dict[str, Any]) -> None:
        for name, parameter in self.net.named_weights().items():
            parameter.value[...] = state["weights"][name]
            parameter.grad[...] = 0
        self.optimizer.restore(state["optimizer"])
        self.progress = Progress(**copy.deepcopy(state["progress"]))
        self.net.reseed(self.member.seed, step=self.optimizer.steps)
        self.__dict__.pop("order", None)


def _better(value: float, old: float | None, sign: float, by: float = 0.0) -> bool:
    """Whether a monitored value is better than an old one by more than `by`; what is not a number never is."""
    return not math.isnan(value) and (old is None or sign * value > sign * old + by)


@final
class ReferenceTraining:
    """A population in training: learners that take turns, a call of `advance` at a time."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self.learners = learners
        self._tables = [np.empty((0, 0))] * len(learners)

    @property
    def history(self) -> History:
        rows = [learner.progress.rows for learner in self.learners]
        series = tuple(dict.fromkeys(name for own in rows for name in (own[0] if own else ())))
        values = np.full((len(rows), max(map(len, rows), default=0), len(series)), np.nan)
        for member, own in enumerate(rows):
            table = self._table(member, series)
            values[member, : len(own)] = table
        return History(series, values)

    def _table(self, member: int, series: tuple[str, ...]) -> Array:
        """The rows of one member as an array; those of earlier looks are kept, so that looking often stays cheap."""
        rows, table = self.learners[member].progress.rows, self._tables[member]
        if table.shape[1] != len(series) or len(table) > len(rows):
            table = np.empty((0, len(series)))
        new = [[row.get(name, np.nan) for name in series] for row in rows[len(table) :]]
        self._tables[member] = np.concatenate([table, np.reshape(new, (-1, len(series)))]) if new else table
        return self._tables[member]

    def advance(self, epochs: int | None = None, *, steps: int | None = None) -> History:
        for learner in self.learners:
            learner.advance(epochs, steps)
        return self.history

    def status(self, member: int = 0) -> Status:
        return self.learners[member].progress.status

    def why(self, member: int = 0) -> str:
        return self.learners[member].progress.why

    def steps(self, member: int = 0) -> int:
        return self.learners[member].optimizer.steps

    def predict(self, x: Array, member: int = 0) -> Array:
        learner = self.learners[member]
        return learner.net(learner.prepared(x))

    def hidden(self, x: Array, member: int = 0) -> list[Array]:
        learner = self.learners[member]
        return learner.net.hidden(learner.prepared(x))

    def input_gradient(self, x: Array, member: int = 0, output: int = 0) -> Array:
        learner = self.learners[member]
        y, backward = learner.net.forward(learner.prepared(x))
        dy = np.zeros_like(y)
        dy[:, output] = 1
        dx = backward(dy)
        for parameter in learner.net.params:
            parameter.grad[...] = 0
        return dx

    def weights(self, member: int = 0) -> dict[str, Array]:
        return self.learners[member].net.get_weights()

    def set_weights(self, weights: Mapping[str, Any], member: int = 0) -> None:
        self.learners[member].net.set_weights(weights)

    def state(self) -> dict[str, Any]:
        return {"members": [learner.state() for learner in self.learners]}

    def restore(self, state: dict[str, Any]) -> None:
        for learner, saved in zip(self.learners, state["members"], strict=True):
            learner.restore(saved)
        self._tables = [np.empty((0, 0))] * len(self.learners)
