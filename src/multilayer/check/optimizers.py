"""The contract of an optimizer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.check.errors import require
from multilayer.rng import Stream


class Steps(Protocol):
    """What the contract asks of an optimizer: `step()`, or `step(closure)` where it evaluates the loss by itself."""

    step: Callable[..., Any]

    def state(self) -> dict[str, Any]: ...
    def restore(self, saved: dict[str, Any]) -> None: ...


MakeOptimizer: TypeAlias = Callable[[Sequence[Parameter]], Steps]


def optimizer_contract(make_optimizer: MakeOptimizer) -> None:
    """Check all that training relies on in an optimizer; `make_optimizer(params)` gives a new one without penalties.

    A step moves every parameter and clears the gradients; frozen parameters stay; a first gradient of zero moves
    nothing; precision is kept; and an optimizer restored from `state()` continues with the same bits.
    Raises ContractError with the first broken promise.
    """
    for promise in (_applies_and_clears, _leaves_frozen, _stays_without_gradient, _continues):
        for dtype in (np.float64, np.float32):
            promise(make_optimizer, dtype)


def _params(dtype: Any, frozen: bool = False) -> list[Parameter]:
    draws = Stream(0, "weights")
    W = draws.normal(12).reshape(4, 3).astype(dtype)
    b = draws.normal(3).astype(dtype)
    return [Parameter("W", W, n_in=4, n_out=3), Parameter("b", b, kind="bias", n_in=4, n_out=3, frozen=frozen)]


def _train(optimizer: Steps, params: Sequence[Parameter], steps: int, slope: float = 1.0) -> None:
    """Steps down the bowl slope * sum(e^2 / 2 + e^4 / 4) with e = value - 2."""

    def closure() -> float:
        total = 0.0
        for parameter in params:
            error = parameter.value - parameter.value.dtype.type(2)
            parameter.grad[...] = slope * (error + error**3)
            total += slope * float((error**2 / 2 + error**4 / 4).sum(dtype=np.float64))
        return total

    for _ in range(steps):
        if inspect.signature(optimizer.step).parameters:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()


def _values(params: Sequence[Parameter]) -> list[Array]:
    return [parameter.value.copy() for parameter in params]


def _applies_and_clears(make_optimizer: MakeOptimizer, dtype: Any) -> None:
    params = _params(dtype)
    optimizer = make_optimizer(params)
    before = _values(params)
    _train(optimizer, params, 3)
    for parameter, old in zip(params, before, strict=True):
        name, value = parameter.name, parameter.value
        require(not parameter.grad.any(), optimizer, f"must clear the gradient of {name} in step")
        require(not np.array_equal(value, old), optimizer, f"must move {name} in step")
        require(np.isfinite(value).all(), optimizer, f"must keep {name} finite")
        require(value.dtype == dtype, optimizer, f"must keep the precision of {name}", f"became {value.dtype}")


def _leaves_frozen(make_optimizer: MakeOptimizer, dtype: Any) -> None:
    params = _params(dtype, frozen=True)
    optimizer = make_optimizer(params)
    before = _values(params)
    _train(optimizer, params, 3)
    require(np.array_equal(params[1].value, before[1]), optimizer, "must not move a frozen parameter")
    require(not np.array_equal(params[0].value, before[0]), optimizer, "must move what is not frozen")


def _stays_without_gradient(make_optimizer: MakeOptimizer, dtype: Any) -> None:
    params = _params(dtype)
    optimizer = make_optimizer(params)
    before = _values(params)
    _train(optimizer, params, 1, slope=0.0)
    for parameter, old in zip(params, before, strict=True):
        still = np.array_equal(parameter.value, old)
        require(still, optimizer, f"must not move {parameter.name} when the first gradient is zero")


def _continues(make_optimizer: MakeOptimizer, dtype: Any) -> None:
    params = _params(dtype)
    optimizer = make_optimizer(params)
    _train(optimizer, params, 3)
    saved, values = optimizer.state(), _values(params)
    _train(optimizer, params, 3)
    others = _params(dtype)
    for parameter, value in zip(others, values, strict=True):
        parameter.assign(value)
    other = make_optimizer(others)
    other.restore(saved)
    _train(other, others, 3)
    for parameter, twin in zip(params, others, strict=True):
        same = np.array_equal(parameter.value, twin.value)
        require(same, optimizer, f"must continue {parameter.name} with the same bits after restore(state())")
