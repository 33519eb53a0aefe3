"""L-BFGS: a full-batch quasi-Newton method, one iteration a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Boolean, Count, NonNegative, Positive, check_fields
from multilayer.errors import RefusedError
from multilayer.optim.line_search import Trial, strong_wolfe
from multilayer.optim.optimizer import checked_params
from multilayer.optim.penalties import add_penalty_gradient, penalized, penalty_value


@final
@dataclass(eq=False)
class LBFGS:
    """The limited-memory BFGS method: w <- w - step H g, with H from the last `memory` moves.

    `step(closure)` is one iteration. closure() clears the gradients, computes those of all training rows and returns
    the mean loss; the penalty l2 is added here. A strong Wolfe line search asks for the closure at most `evaluations`
    times, beginning with `lr` (the first iteration with lr / |g| when that is less). The objective never rises: when no
    step along the direction lowers it, the memory is forgotten and the gradient followed; when that does not help
    either, or no entry of the gradient exceeds `tolerance`, it has `converged`, and further steps leave everything as
    it is. A start that is not finite is left and reported as infinite. Inner products are in float64.

    Nocedal, Mathematics of Computation 35 (1980), 773; Liu & Nocedal, Mathematical Programming 45 (1989), 503.

    >>> W = Parameter("W", np.array([[3.0, -2.0]]))
    >>> def closure():
    ...     W.grad[...] = W.value * [[1.0, 10.0]]
    ...     return 0.5 * float((W.value * W.grad).sum())
    >>> optimizer = LBFGS([W])
    >>> values = [optimizer.step(closure) for _ in range(20)]
    >>> optimizer.converged, bool(values[-1] < 1e-18)
    (True, True)
    """

    params: Iterable[Parameter]
    lr: Positive = 1.0
    memory: Count = 10
    evaluations: Count = 25
    tolerance: NonNegative = 1e-9
    _: KW_ONLY
    l1: NonNegative = 0.0
    l2: NonNegative = 0.0
    penalize_biases: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.l1:
            raise RefusedError(
                "LBFGS does not run with l1: its line search needs a smooth objective, and |w| has a kink at 0. "
                "Use l2, or another optimizer."
            )
        self.params = checked_params(self.params)
        self.steps = 0
        self.converged = False
        self._pairs: list[tuple[Array, Array]] = []  # (move, change of the gradient), oldest first
        self._here: Trial | None = None

    @property
    def lr_used(self) -> float:
        """The rate of the last step, which does not change."""
        return self.lr

    def step(self, closure: Callable[[], float]) -> float:
        """One iteration; returns the objective (mean loss and penalty) where it ends."""
        x = self._gathered("value")
        if self._here is None or not np.array_equal(x, self._here.x):  # the first step, or weights set from outside
            self._here, self._pairs, self.converged = self._evaluated(closure, x, 0.0), [], False
        self.steps += 1
        here = self._here
        if not self.converged and math.isfinite(here.value):
            self._here = self._next(closure, here)
            self.converged = self._here is here
        self._place(self._here.x)
        for parameter in self.params:
            parameter.grad[...] = 0
        return self._here.value

    def penalty(self) -> float:
        """l2/2 x sum w^2 over the penalized parameters: what the objective adds to the mean loss."""
        return penalty_value(penalized(self.params, self.penalize_biases), 0.0, self.l2)

    def state(self) -> dict[str, Any]:
        """Everything that a later step needs besides the parameters, as copies."""
        state: dict[str, Array] = {}
        if self._here is not None:
            state = {"x": self._here.x.copy(), "gradient": self._here.gradient.copy()}
        if self._pairs:
            state["moves"], state["changes"] = (np.stack(side) for side in zip(*self._pairs, strict=True))
        value = None if self._here is None else self._here.value
        return {"steps": self.steps, "converged": self.converged, "value": value, "states": [state]}

    def restore(self, saved: dict[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        state = saved["states"][0]
        self.steps, self.converged = saved["steps"], saved["converged"]
        self._here, self._pairs = None, []
        if "x" in state:
            self._here = Trial(0.0, saved["value"], 0.0, state["x"].copy(), state["gradient"].copy())
        if "moves" in state:
            self._pairs = list(zip(state["moves"].copy(), state["changes"].copy(), strict=True))

    def _next(self, closure: Callable[[], float], here: Trial) -> Trial:
        """The end of a search from here along the direction, then down the gradient; here when neither gets lower."""
        if np.abs(here.gradient).max(initial=0.0) <= self.tolerance:
            return here
        there = self._searched(closure, here)
        if there is None and self._pairs:
            self._pairs = []
            there = self._searched(closure, here)
        if there is None:
            return here
        move, change = there.x - here.x, there.gradient - here.gradient
        if move @ change > np.finfo(np.float64).eps * (change @ change):
            self._pairs = [*self._pairs, (move, change)][-self.memory :]
        return there

    def _searched(self, closure: Callable[[], float], here: Trial) -> Trial | None:
        direction = -_inverse_hessian_times(here.gradient, self._pairs)
        slope = float(here.gradient @ direction)
        if not -math.inf < slope < 0:
            return None
        length = math.sqrt(float(here.gradient @ here.gradient))
        first = self.lr if self._pairs else self.lr * min(1.0, 1 / length)

        def at(step: float) -> Trial:
            with np.errstate(over="ignore", invalid="ignore"):  # however far out
                x = here.x + step * direction
            trial = self._evaluated(closure, x, step)
            return trial._replace(slope=float(trial.gradient @ direction))

        return strong_wolfe(at, here._replace(step=0.0, slope=slope), first, self.evaluations)

    def _evaluated(self, closure: Callable[[], float], x: Array, step: float) -> Trial:
        """The objective and its gradient at x as the weights' precision holds it."""
        with np.errstate(all="ignore"):  # a trial may lie far out; what is not finite is turned down
            self._place(x)
            value = float(closure()) + self.penalty()
            add_penalty_gradient(penalized(self.params, self.penalize_biases), 0.0, self.l2)
            x, gradient = self._gathered("value"), self._gathered("grad")
        finite = math.isfinite(value) and bool(np.isfinite(x).all() and np.isfinite(gradient).all())
        return Trial(step, value if finite else math.inf, 0.0, x, gradient if finite else np.zeros_like(gradient))

    def _gathered(self, what: str) -> Array:
        """Values or gradients of the parameters that are not frozen, one after the other, in float64."""
        arrays = [getattr(parameter, what).ravel() for parameter in self.params if not parameter.frozen]
        return np.concatenate([np.empty(0), *arrays])

    def _place(self, x: Array) -> None:
        place = 0
        for parameter in self.params:
            if not parameter.frozen:
                parameter.value[...] = x[place : place + parameter.value.size].reshape(parameter.value.shape)
                place += parameter.value.size


def _inverse_hessian_times(gradient: Array, pairs: list[tuple[Array, Array]]) -> Array:
    """H g by the two-loop recursion: Nocedal & Wright, Numerical Optimization (2006), algorithm 7.4."""
    product = gradient.copy()
    shares = []
    for move, change in reversed(pairs):
        share = (move @ product) / (move @ change)
        product -= share * change
        shares.append(share)
    if pairs:
        move, change = pairs[-1]
        product *= (move @ change) / (change @ change)
    for (move, change), share in zip(pairs, reversed(shares), strict=True):
        product += (share - (change @ product) / (move @ change)) * move
    return product
