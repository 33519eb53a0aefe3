"""A native state that goes on exactly where a training of the reference stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from multilayer.engines import Data, Member
from multilayer.engines.native_engine import STATUSES, Native
from multilayer.engines.parts import make_network

Values = dict[str, np.ndarray[Any, Any]]

SAME = ("epoch", "position", "best_epoch", "stale", "loss_sum", "weight_sum")


class Places:
    """Where the numbers of a network's arrays stand in the flat arrays of a native state."""

    def __init__(self, member: Member, data: Data) -> None:
        self.dtype = member.recipe.dtype
        self.shapes = {name: value.shape for name, value in make_network(member, data.x.shape[1]).get_weights().items()}
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in self.shapes.values())])
        self.spans = {name: slice(*ends[k : k + 2]) for k, name in enumerate(self.shapes)}
        numbers = np.arange(1, ends[-1] + 1)
        assert ends[-1] < 2**24  # so that float32 holds them
        numbered = {name: numbers[span].reshape(self.shapes[name]) for name, span in self.spans.items()}
        self.start = Native().start([dataclasses.replace(member, weights=numbered)], data).state()
        (_, parameters), (_, buffers) = self.start["members"][0]["arrays"][:2]
        self.parameters, self.buffers = (flat.astype(np.int64) - 1 for flat in (parameters, buffers))

    def flat(self, values: Mapping[str, Any]) -> tuple[Any, Any]:
        """Parameters and buffers, in the engine's order, of arrays by name; those that are missing count 0."""
        plain = np.zeros(len(self.parameters) + len(self.buffers), dtype=self.dtype)
        for name, value in values.items():
            plain[self.spans[name]] = np.ravel(value)
        return plain[self.parameters], plain[self.buffers]

    def named(self, flat: Any) -> Values:
        """Parameters by name, of a flat array of theirs."""
        plain = np.empty(len(self.parameters) + len(self.buffers), dtype=self.dtype)
        plain[self.parameters] = flat
        buffers = {*self.buffers.tolist()}
        return {
            name: plain[span].reshape(self.shapes[name])
            for name, span in self.spans.items()
            if span.start not in buffers
        }

    def carried_over(self, reference: Any) -> dict[str, Any]:
        """The state of a native training that goes on where the reference stands."""
        own, come = self.start["members"][0], reference.state()["members"][0]
        arrays = [*self.flat(come["weights"]), *(self.flat(kept)[0] for kept in moments_of(reference).values())]
        for kept in (come["progress"]["finite_weights"], come["progress"]["best_weights"]):
            arrays += self.flat(kept) if kept else [np.empty(0, self.dtype)] * 2
        learned = come["optimizer"]["schedule"]
        last = np.array([learned[name] for name in ("now", "best", "bad")]) if learned else own["arrays"][-1][1]
        names = [name for name, _ in own["arrays"]]
        moved = {
            "of": come["of"],
            "progress": own["progress"] | progress_of(come, float(reference.learners[0].optimizer.lr_used)),
            "history": np.array([value for row in come["progress"]["rows"] for value in row.values()], np.float64),
            "arrays": [list(pair) for pair in zip(names, [*arrays, last], strict=True)],
        }
        return {"members": [moved]}


def progress_of(come: Mapping[str, Any], lr_used: float) -> dict[str, Any]:
    progress = come["progress"]
    return {
        **{name: progress[name] for name in SAME},
        **{name: np.nan if progress[name] is None else progress[name] for name in ("best", "mark")},
        "status": STATUSES.index(progress["status"]),
        "steps": come["optimizer"]["steps"],
        "started": progress["first_loss"] is not None,
        "first_loss": progress["first_loss"] or 0.0,
        "lr_used": lr_used,
    }


def moments_of(reference: Any) -> dict[str, Values]:
    """What the reference's optimizer remembers, by name and array, in the order of the native rules."""
    learner = reference.learners[0]
    kept: dict[str, Values] = {}
    for name, state in zip(learner.net.named_params(), learner.optimizer.states, strict=True):
        for kind, value in state.items():
            if value.ndim:  # nadam's product is a number, which the native engine has from the steps
                kept.setdefault(kind, {})[name] = value
    return kept


def native_moments(state: Mapping[str, Any], reference: Any, places: Places) -> dict[str, Values]:
    """The same of a native state."""
    flat = [array for name, array in state["arrays"] if name == "moments"]
    return {kind: places.named(array) for kind, array in zip(moments_of(reference), flat, strict=True)}
