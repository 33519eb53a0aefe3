"""The optimizer: it walks the parameters, schedules, penalizes, clips, applies and clears; a subclass is a formula."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeAlias

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Boolean, Count, MaybePositive, NonNegative, check_fields
from multilayer.errors import RecipeError, UsageError, sentence
from multilayer.optim.penalties import add_penalty_gradient, penalized, penalty_value
from multilayer.optim.schedules import Schedule

State: TypeAlias = dict[str, Array]
"""What a rule remembers about one array, by name."""


@dataclass(eq=False)
class Optimizer(ABC):
    """One update of every parameter: `optimizer.step()` after backward.

    In this order: the penalties l1 and l2 are added to the gradients of the weights (of the biases and gains too when
    `penalize_biases`); gradients are clipped by value, then by their common norm; each array's `rule` gives its
    change; `weight_decay` shrinks the same arrays by lr x weight_decay x value beside it (decoupled: Loshchilov &
    Hutter 2019); `rescale` may scale that change as a whole; each unit's incoming weights are scaled back to norm
    `max_norm`; gradients are cleared. Frozen parameters are passed over.

    `lr` is the learning rate of the whole; `schedule(time)` multiplies it, time being steps / steps_per_epoch
    before the step, so the unit of time is an epoch (or a step, by default).
    """

    params: Iterable[Parameter]
    lr: NonNegative = 0.01
    _: KW_ONLY
    schedule: Schedule | None = None
    steps_per_epoch: Count = 1
    l1: NonNegative = 0.0
    l2: NonNegative = 0.0
    penalize_biases: Boolean = False
    weight_decay: NonNegative = 0.0
    clip_value: MaybePositive = None
    clip_norm: MaybePositive = None
    max_norm: MaybePositive = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.schedule, Schedule | None):
            what = f"schedule of {type(self).__name__}"
            raise RecipeError(sentence(what, "a multilayer.optim.Schedule, or none", self.schedule))
        self.params = checked_params(self.params)
        self.steps, self.lr_used = 0, self.lr  # updates so far, and the rate of the last one
        self.states: list[State] = [self.start(parameter.value) for parameter in self.params]

    def start(self, value: Array) -> State:
        """The memory kept for one array (momentum and the like), by name; none by default."""
        return {}

    @abstractmethod
    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        """The change to add to one array, a new array; t counts steps from 1. May update `state` in place or by key."""

    def rescale(self, change: Array, value: Array, lr: float) -> Array:
        """The change with its decay, scaled as a whole (LAMB's trust ratio); as it is by default."""
        return change

    def step(self) -> None:
        """Update every parameter from its gradient and clear the gradients."""
        params = [parameter for parameter in self.params if not parameter.frozen]
        add_penalty_gradient(penalized(params, self.penalize_biases), self.l1, self.l2)
        self._clip(params)
        self.lr_used = lr = self.lr_now()
        self.steps += 1
        for parameter, state in zip(self.params, self.states, strict=True):
            if not parameter.frozen:
                self._apply(parameter, state, lr)
            parameter.grad[...] = 0

    def lr_now(self) -> float:
        """The learning rate of the next step."""
        return self.lr if self.schedule is None else self.lr * self.schedule(self.steps / self.steps_per_epoch)

    def penalty(self) -> float:
        """l1 x sum |w| + l2/2 x sum w^2 over the penalized parameters: what the objective adds to the mean loss."""
        return penalty_value(penalized(self.params, self.penalize_biases), self.l1, self.l2)

    def state(self) -> dict[str, Any]:
        """Everything that a later step needs besides the parameters, as copies."""
        schedule = self.schedule.state() if self.schedule else {}
        return {"steps": self.steps, "schedule": schedule, "states": [_copied(state) for state in self.states]}

    def restore(self, saved: dict[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        self.steps = saved["steps"]
        self.states = [_copied(state) for state in saved["states"]]
        if self.schedule:
            self.schedule.restore(saved["schedule"])

    def _apply(self, parameter: Parameter, state: State, lr: float) -> None:
        value = parameter.value
        change = self.rule(parameter.grad, value, state, lr, self.steps)
        if self.weight_decay and (self.penalize_biases or parameter.kind == "weight"):
            change = change - (lr * self.weight_decay) * value
        value += self.rescale(change, value, lr)
        if self.max_norm is not None and parameter.kind == "weight" and value.ndim > 1:
            norms = np.sqrt(np.square(value).sum(axis=-2, keepdims=True))  # (1, n_out): of each unit's incoming weights
            value *= np.minimum(1, self.max_norm / np.maximum(norms, np.finfo(norms.dtype).tiny))

    def _clip(self, params: list[Parameter]) -> None:
        if self.clip_value is not None:
            for parameter in params:
                np.clip(parameter.grad, -self.clip_value, self.clip_value, out=parameter.grad)
        if self.clip_norm is not None:
            norm = float(np.sqrt(sum(np.square(parameter.grad, dtype=np.float64).sum() for parameter in params)))
            if norm > self.clip_norm:
                for parameter in params:
                    parameter.grad *= self.clip_norm / norm


def _copied(state: State) -> State:
    return {name: array.copy() for name, array in state.items()}


def checked_params(params: Any) -> tuple[Parameter, ...]:
    """The parameters as a tuple, or the sentence why they are none; a network without parameters has ()."""
    listed = tuple(params) if isinstance(params, Iterable) else (None,)
    if not all(isinstance(parameter, Parameter) for parameter in listed):
        raise UsageError(sentence("params", "the parameters of a network, such as net.params", params))
    return listed
