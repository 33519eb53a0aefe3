"""The reference engine's population: learners that take turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.engines.contract import History, Status
from multilayer.errors import UsageError

if TYPE_CHECKING:
    from multilayer.engines.reference import Learner


@final
class Population:
    """A training of several members, each a call of `advance` at a time."""

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

    def interrupt(self) -> None:
        for learner in self.learners:
            learner.interrupt()

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
        learner = self.learners[member]
        learner.net.set_weights(weights)
        learner.progress.finite_weights = learner.net.get_weights()

    def state(self) -> dict[str, Any]:
        return {"members": [learner.state() for learner in self.learners]}

    def restore(self, state: dict[str, Any]) -> None:
        if len(state["members"]) != len(self.learners):
            raise UsageError(f"A state of {len(state['members'])} members cannot go on in {len(self.learners)}.")
        for learner, saved in zip(self.learners, state["members"], strict=True):
            learner.restore(saved)
        self._tables = [np.empty((0, 0))] * len(self.learners)
