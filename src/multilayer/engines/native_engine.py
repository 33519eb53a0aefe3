"""The native engine: the same training in C++, exact, and as fast as the machine.

docs/arithmetic.md is the letter of what it computes. This file says a member as plain data to the compiled module, and
gives back what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Integer, Maybe, check
from multilayer.data import defaults_for
from multilayer.engines import native
from multilayer.engines.contract import Data, History, Member, Status
from multilayer.engines.memory import check_memory
from multilayer.engines.native_data import pairs, plain_member, table
from multilayer.engines.native_weights import starting_weights
from multilayer.engines.parts import check_identity, check_targets, identity, untrainable
from multilayer.engines.progress import NOT_FINITE, ended, explosion
from multilayer.errors import RefusedError, UsageError
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network

STATUSES: tuple[Status, ...] = ("training", "complete", "stopped", "diverged", "interrupted")
WITHOUT = ("adafactor", "lamb", "lbfgs", "muon")
"""Optimizers whose step is not element by element: they stay with the reference."""
MOST_THREADS = 1024
"""More are not started, however many are asked for."""


@final
class Native:
    """The engine that people use without noticing: one question, one set of bits, on any machine."""

    name = "native"
    arithmetic = "exact-1"

    def refuses(self, recipe: Recipe) -> str | None:
        missing = native.why_missing()
        if missing is not None:
            return missing
        if recipe.optimizer["name"] in WITHOUT:
            return f"The native engine has no optimizer {recipe.optimizer['name']}; the reference engine has it."
        return untrainable(recipe)

    def start(self, members: Sequence[Member], data: Data, *, threads: int | None = None) -> NativeTraining:
        """A training of these members on so many threads, by default all processors; the bits are the same on any.

        Raises RefusedError for what `refuses` names, a network or loss that is code of the user's, and a network that
        cannot fit into memory.
        """
        threads = check(Maybe(Integer(1)), threads, "threads")
        for member in members:
            reason = self.refuses(member.recipe)
            if reason is None and (member.network is not None or member.loss is not None):
                reason = (
                    "The native engine trains what a recipe says; a network or loss of your own needs engine=reference."
                )
            if reason:
                raise RefusedError(reason)
        check_memory(members, data, threads)
        check_targets(members, data)
        return NativeTraining(members, data, threads)


@final
class NativeTraining:
    """A training under way in the compiled module; `engines.contract.Training` says what each method does."""

    def __init__(self, members: Sequence[Member], data: Data, threads: int | None) -> None:
        self.members, self.data = members, data
        module, n_in = native.extension(str(native.instruction_set())), data.x.shape[1]
        rows = table(data)
        self._trainings = []  # of members of one precision each
        self._sizes: list[bytes] = []  # of the histories, when they were last looked at
        self._history = History((), np.empty((len(members), 0, 0)))
        self._places: dict[int, tuple[Any, int]] = {}  # of each member: its training, and its number there
        for dtype in dict.fromkeys(member.recipe.dtype for member in members):
            own = [place for place, member in enumerate(members) if member.recipe.dtype == dtype]
            weights = starting_weights([members[place] for place in own], n_in, module)
            plain = [plain_member(members[place]) for place in own]
            training = module.Training(rows, plain, weights, dtype == "float32", min(threads or 0, MOST_THREADS))
            self._trainings.append(training)
            self._places |= {place: (training, number) for number, place in enumerate(own)}

    def _of(self, what: str, member: int, *given: Any) -> Any:
        """What the compiled training says of a member."""
        training, number = self._places[range(len(self.members))[member]]
        return getattr(training, what)(number, *given)

    @property
    def history(self) -> History:
        sizes = [training.history_sizes() for training in self._trainings]
        if sizes != self._sizes:
            self._sizes, self._history = sizes, self._measured()
        return self._history

    def _measured(self) -> History:
        own = [self._series(member) for member in self.members]
        series = tuple(dict.fromkeys(name for names in own for name in names))
        curves = [self._of("history", i).reshape(-1, len(names)) for i, names in enumerate(own)]  # epochs x own series
        if not any(map(len, curves)):
            return History((), np.empty((len(self.members), 0, 0)))
        values = np.full((len(curves), max(map(len, curves)), len(series)), np.nan)
        for member, (names, curve) in enumerate(zip(own, curves, strict=True)):
            values[member, : len(curve), [series.index(name) for name in names]] = curve.T
        return History(series, values)

    def _series(self, member: Member) -> list[str]:
        if not len(member.val):
            return ["loss", "lr"]
        watched = dict.fromkeys([defaults_for(self.data.target.kind)[0], member.recipe.monitor])
        return ["loss", "lr", "val_loss", *(f"val_{name}" for name in watched if name != "loss")]

    def advance(self, epochs: int | None = None, *, steps: int | None = None) -> History:
        for training in self._trainings:
            training.advance(-1 if epochs is None else epochs, -1 if steps is None else steps)
        return self.history

    def interrupt(self) -> None:
        for training in self._trainings:
            training.interrupt()

    def status(self, member: int = 0) -> Status:
        status: int = self._of("progress", member)["status"]
        return STATUSES[status]

    def why(self, member: int = 0) -> str:
        progress, recipe = self._of("progress", member), self.members[member].recipe
        causes = ("", *[explosion(progress["first_loss"], progress["last_loss"])] * 2, NOT_FINITE)
        best = None if np.isnan(progress["best"]) else (progress["best"], progress["best_epoch"])
        return ended(
            STATUSES[progress["status"]],
            recipe,
            epoch=progress["epoch"],
            best=best,
            kept=best is not None and recipe.keep == "best" and len(self.members[member].val) > 0,
            stale=progress["stale"],
            cause=causes[progress["cause"]],
            step=progress["steps"],
        )

    def steps(self, member: int = 0) -> int:
        return int(self._of("progress", member)["steps"])

    def predict(self, x: Array, member: int = 0) -> Array:
        return self._outputs(x, member, self._of("depth", member) - 1)

    def hidden(self, x: Array, member: int = 0) -> list[Array]:
        return [self._outputs(x, member, layer) for layer in range(self._of("depth", member))]

    def _outputs(self, x: Array, member: int, layer: int) -> Array:
        outputs: Array = self._of("outputs", member, self._encoded(x), layer)
        return outputs

    def input_gradient(self, x: Array, member: int = 0, output: int = 0) -> Array:
        width = self.predict(np.zeros((1, self.data.x.shape[1])), member).shape[1]
        check(Integer(0, width - 1), output, "output")
        gradient: Array = self._of("input_gradient", member, self._encoded(x), output)
        return gradient

    def _encoded(self, x: Array) -> Array:
        """Rows as the module reads them: float32 or float64 in C order, of the width that was trained on."""
        x = np.asarray(x)
        x = np.ascontiguousarray(x, dtype=x.dtype if x.dtype in (np.float32, np.float64) else np.float64)
        if x.ndim != 2 or x.shape[1] != self.data.x.shape[1]:
            raise UsageError(f"x must have {self.data.x.shape[1]} columns, got an array of shape {x.shape}.")
        return x

    def weights(self, member: int = 0) -> dict[str, Array]:
        return dict(self._of("weights", member))

    def set_weights(self, weights: Mapping[str, Any], member: int = 0) -> None:
        recipe = self.members[member].recipe
        net = network(recipe.layers, self.data.x.shape[1], seed=self.members[member].seed, dtype=recipe.dtype)
        net.set_weights(self.weights(member))
        net.set_weights(weights)
        self._of("set_weights", member, pairs(net.get_weights()))

    def state(self) -> dict[str, Any]:
        return {"members": [self._state(member) for member in range(len(self.members))]}

    def _state(self, member: int) -> dict[str, Any]:
        return {
            "of": identity(self.members[member], self.data),
            "progress": self._of("progress", member),
            "history": self._of("history", member),
            "arrays": [list(pair) for pair in self._of("state", member)],
        }

    def restore(self, state: dict[str, Any]) -> None:
        if len(state["members"]) != len(self.members):
            raise UsageError(f"A state of {len(state['members'])} members cannot go on in {len(self.members)}.")
        for member, saved in enumerate(state["members"]):
            check_identity(saved["of"], self.members[member], self.data)
        for member, saved in enumerate(state["members"]):
            self._of("restore", member, saved["progress"], saved["history"], [tuple(p) for p in saved["arrays"]])
