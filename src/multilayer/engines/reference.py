"""The reference engine: training in NumPy, written to be read.

Four lines are the whole of learning (`Learner._learn`): forward, loss, backward, step. Around them stand the order of
the rows, what is measured after every epoch, and when to stop.

A *member* (engines/contract.py) is one training of a population: a resolved recipe, its rows, its seed, and the
preparation that centers and scales its inputs. A learner trains one member; a population is a list of learners.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import METRICS, defaults_for
from multilayer.engines.batches import epoch_order
from multilayer.engines.contract import Data, Member, Rows
from multilayer.engines.memory import check_memory
from multilayer.engines.parts import (
    check_identity,
    check_targets,
    identity,
    make_loss,
    make_network,
    make_optimizer,
    untrainable,
)
from multilayer.engines.population import Population
from multilayer.engines.progress import NOT_FINITE, Progress
from multilayer.errors import RefusedError
from multilayer.optim import LBFGS, Optimizer
from multilayer.recipe import Recipe
from multilayer.recipe.layers import output_activation
from multilayer.recipe.outputs import answer, training_target
from multilayer.rng import Stream
from multilayer.room import blocks


@final
class Reference:
    """The engine that trains whatever gradients can train, a user's own layers and losses included."""

    name = "reference"
    arithmetic = "reference"

    def refuses(self, recipe: Recipe) -> str | None:
        return untrainable(recipe)

    def start(self, members: Sequence[Member], data: Data, *, threads: int | None = None) -> Population:
        """A training of these members; `threads` has no effect here, the members take turns."""
        for member in members:
            reason = self.refuses(member.recipe)
            if reason:
                raise RefusedError(reason)
        check_memory(members, data, threads=1)
        check_targets(members, data)
        return Population([Learner(member, data) for member in members])


@final
class Learner:
    """The training of one member."""

    def __init__(self, member: Member, data: Data) -> None:
        self.member, self.data, self.recipe = member, data, member.recipe
        self.net = make_network(member, n_in=data.x.shape[1])
        self.dtype: np.dtype[np.floating[Any]] = np.dtype(self.recipe.dtype)
        if self.net.params:
            self.dtype = self.net.params[0].value.dtype
        self.loss = member.loss or make_loss(self.recipe)
        self.mean_loss = member.loss or make_loss(self.recipe, reduction="mean")  # for validation in any case
        size = self.recipe.batch_size
        self.batch_size = len(member.train) if size == "full" else min(int(size), len(member.train))
        self.optimizer = make_optimizer(self.recipe, self.net, math.ceil(len(member.train) / self.batch_size))
        self.target = training_target(self.recipe.loss["name"], data.target, member.preparation, self.dtype)
        self.order: Rows | None = None
        headline, monitor = defaults_for(data.target.kind)[0], self.recipe.monitor
        self.metrics = [name for name in dict.fromkeys([headline, monitor]) if name != "loss"]
        self.progress = Progress(finite_weights=self.net.get_weights())
        if self.recipe.epochs == 0:
            self.progress.end("complete", self.recipe)

    def advance(self, epochs: int | None = None, steps: int | None = None) -> None:
        """Go on by so many epochs or steps, or to the end."""
        progress = self.progress
        last_epoch = math.inf if epochs is None else progress.epoch + epochs
        last_step = math.inf if steps is None else self.optimizer.steps + steps
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is looked for, and reported
            while progress.status == "training" and progress.epoch < last_epoch and self.optimizer.steps < last_step:
                self._step()

    def _step(self) -> None:
        progress = self.progress
        x, target, weight = self._gather(self._next_rows())
        x = self._noisy(x)
        if isinstance(self.optimizer, LBFGS):
            value = self._learn_by_lbfgs(self.optimizer, x, target, weight)
        else:
            value = self._learn(self.optimizer, x, target, weight)
        self._add_to_epoch(value, target, weight)
        exploded = progress.exploded(value)
        if exploded:
            self._diverged(exploded)
        elif progress.position >= len(self.member.train):
            self._end_epoch()

    def _learn(self, optimizer: Optimizer, x: Array, target: Array, weight: Array | None) -> float:
        y, backward = self.net.forward(x, training=True)
        value, dy = self.loss(y, target, weight)
        backward(dy)  # adds to the gradient of every parameter
        optimizer.step()  # moves every parameter and clears its gradient
        return float(value)

    def _learn_by_lbfgs(self, optimizer: LBFGS, x: Array, target: Array, weight: Array | None) -> float:
        def objective() -> float:
            for parameter in self.net.params:
                parameter.grad[...] = 0
            y, backward = self.net.forward(x, training=True)
            value, dy = self.loss(y, target, weight)
            backward(dy)
            return float(value)

        return optimizer.step(objective) - optimizer.penalty()

    def _next_rows(self) -> Rows:
        """The rows of the next batch; every epoch has an order of its own."""
        progress, train = self.progress, self.member.train
        if progress.position == 0 or self.order is None:
            seed, shuffle = self.member.seed, self.recipe.shuffle
            self.order = epoch_order(len(train), seed=seed, epoch=progress.epoch, shuffle=shuffle)
        positions = self.order[progress.position : progress.position + self.batch_size]
        progress.position += len(positions)
        return train[positions]

    def _gather(self, rows: Rows) -> tuple[Array, Array, Array | None]:
        whole = len(rows) == len(self.member.train) and self.recipe.shuffle == "none"
        x = self._whole if whole else self.prepared(self.data.x[rows])
        weight = None if self.data.weight is None else self.data.weight[rows]
        return x, self.target[rows], weight

    @functools.cached_property
    def _whole(self) -> Array:
        """All training rows in their own order, which are the same in every step: none may write into them."""
        x = self.prepared(self.data.x[self.member.train])
        x.setflags(write=False)
        return x

    def prepared(self, x: Array) -> Array:
        """Encoded rows as the network sees them."""
        return self.member.preparation.apply(x, self.dtype)

    def _noisy(self, x: Array) -> Array:
        if not self.recipe.noise:
            return x
        draws = Stream(self.member.seed, "noise", step=self.optimizer.steps).normal(x.shape)
        return x + (self.recipe.noise * draws).astype(self.dtype)

    def _add_to_epoch(self, value: float, target: Array, weight: Array | None) -> None:
        """Count a batch's loss into the epoch's mean over rows and outputs, whatever the recipe reduces by."""
        rows = float(len(target) if weight is None else weight.sum(dtype=np.float64))
        outputs = target.shape[1] if target.ndim == 2 else 1
        self.progress.loss_sum += value / outputs if self.recipe.reduction == "sum" else value * rows
        self.progress.weight_sum += rows

    def _end_epoch(self) -> None:
        progress, weights = self.progress, self.net.get_weights()
        if not all(np.isfinite(value).all() for value in weights.values()):
            self._diverged(NOT_FINITE)
            return
        loss = progress.loss_sum / progress.weight_sum if progress.weight_sum else 0.0
        row = {"loss": loss, "lr": self.optimizer.lr_used, **self._validate()}
        progress.end_epoch(row, weights)
        self._judge(row)
        if progress.status == "training" and progress.epoch >= self.recipe.epochs:
            progress.end("complete", self.recipe)
        if progress.status != "training" and progress.best_weights:
            self.net.set_weights(progress.best_weights)

    def _validate(self) -> dict[str, float]:
        if not len(self.member.val):
            return {}
        val = self.member.val
        parts = [val[part] for part in blocks(len(val), self.data.x.shape[1])]
        outputs = np.concatenate([self.net(self.prepared(self.data.x[rows])) for rows in parts])
        target, weight = self.target[val], None if self.data.weight is None else self.data.weight[val]
        value, _ = self.mean_loss(outputs, target, weight)
        ends_in = output_activation(self.recipe.layers)
        probs = answer(outputs, self.recipe.loss["name"], ends_in, self.data.target, self.member.preparation)
        truth = self.data.target.values[val]
        weighty = weight is None or bool(weight.any())
        defined = weighty and np.isfinite(probs).all()
        scores = {f"val_{n}": METRICS[n](truth, probs, weight) if defined else math.nan for n in self.metrics}
        return {"val_loss": value if weighty else math.nan, **scores}

    def _judge(self, row: dict[str, float]) -> None:
        """Tell the schedule and the progress what was monitored: on validation rows, or the training loss."""
        monitor, on_validation = self.recipe.monitor, bool(len(self.member.val))
        value = row[f"val_{monitor}"] if on_validation else row["loss"]
        greater = on_validation and monitor != "loss" and METRICS[monitor].greater_is_better
        if isinstance(self.optimizer, Optimizer) and self.optimizer.schedule is not None:
            self.optimizer.schedule.observe(-value if greater else value)
        keeps_best = on_validation and self.recipe.keep == "best"
        self.progress.judge(value, self.recipe, greater=greater, keep=self.net.get_weights if keeps_best else None)

    def _diverged(self, cause: str) -> None:
        self.progress.end("diverged", self.recipe, cause=cause, step=self.optimizer.steps)
        self.net.set_weights(self.progress.remaining())

    def interrupt(self) -> None:
        """End here, with the best weights or those of the last whole epoch: a step may have been cut in two."""
        if self.progress.status == "training":
            self.progress.end("interrupted", self.recipe)
            self.net.set_weights(self.progress.remaining())

    def state(self) -> dict[str, Any]:
        return {
            "of": identity(self.member, self.data),
            "weights": self.net.get_weights(),
            "optimizer": self.optimizer.state(),
            "progress": asdict(self.progress),
        }

    def restore(self, state: dict[str, Any]) -> None:
        check_identity(state["of"], self.member, self.data)
        for name, parameter in self.net.named_weights().items():
            parameter.value[...] = state["weights"][name]
            parameter.grad[...] = 0
        self.optimizer.restore(state["optimizer"])
        self.progress = Progress(**copy.deepcopy(state["progress"]))
        self.net.reseed(self.member.seed, step=self.optimizer.steps)
        self.order = None
