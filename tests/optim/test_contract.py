"""What every optimizer keeps."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest

import multilayer.optim
from multilayer.arrays import Parameter
from multilayer.check.optimizers import optimizer_contract
from multilayer.constraints import options_of
from multilayer.errors import RecipeError
from multilayer.optim import LBFGS, OPTIMIZERS, Adafactor, Muon, Optimizer
from multilayer.optim.schedules import Cosine
from tests.optim.arena import noisy_slopes, small_network, values

HERE = "multilayer.optim."

RULES: dict[str, Any] = {name: made for name, made in OPTIMIZERS.items() if made is not LBFGS}

every_rule = pytest.mark.parametrize("name", RULES)

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "rmsprop": [{}, {"centered": True, "momentum": 0.5}],
    "ftrl": [{}, {"lambda1": 0.3, "lambda2": 0.1}],
    "muon": [{}, {"adjust": "match_rms_adamw", "nesterov": False}],
}

CONVERGING: dict[str, dict[str, float]] = {
    "adadelta": {"lr": 10.0, "eps": 1e-3},
    "adafactor": {"lr": 0.3},
    "adagrad": {"lr": 1.0},
    "ftrl": {"lr": 1.0},
    "muon": {"lr": 0.1, "weight_decay": 0.0},
    "adamw": {"lr": 0.05, "weight_decay": 0.0},
}


def test_the_table_names_every_optimizer() -> None:
    public = {made for made in vars(multilayer.optim).values() if inspect.isclass(made)}
    optimizers = {made for made in public if issubclass(made, Optimizer)} - {Optimizer} | {LBFGS}
    assert set(OPTIMIZERS.values()) == optimizers
    assert [name for name, made in OPTIMIZERS.items() if made.__name__.lower() != name] == []


def test_the_front_door_is_whole() -> None:
    from multilayer.optim import __all__ as names

    public = {name for name, made in vars(multilayer.optim).items() if getattr(made, "__module__", "").startswith(HERE)}
    assert set(names) == public | {"OPTIMIZERS", "SCHEDULES", "State"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_is_final_and_its_options_are_declared(name: str) -> None:
    made = OPTIMIZERS[name]
    assert getattr(made, "__final__", False)
    declared = set(options_of(made)) | {"params", "schedule", "_"}
    assert {field.name for field in dataclasses.fields(made)} <= declared
    assert made.__doc__ is not None
    assert ">>> " in made.__doc__


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_keeps_the_public_contract(name: str) -> None:
    decay = {"weight_decay": 0.0} if name in {"adamw", "muon"} else {}
    optimizer_contract(lambda params: OPTIMIZERS[name](params, **decay))


@every_rule
def test_it_finds_the_bottom_of_a_bowl(name: str) -> None:
    params = small_network()
    goal = values(small_network(seed=5))
    optimizer = RULES[name](params, **{"lr": 0.05, **CONVERGING.get(name, {})}, schedule=Cosine(400))
    bowl = np.linspace(0.5, 2.0, 2)  # the curvatures of the first and the second entry, and so on

    def distances() -> list[float]:
        return [float(np.linalg.norm(p.value - w)) for p, w in zip(params, goal, strict=True)]

    start = distances()
    for _ in range(400):
        for parameter, bottom in zip(params, goal, strict=True):
            parameter.grad += np.resize(bowl, bottom.shape) * (parameter.value - bottom)
        optimizer.step()
    assert all(end < 0.02 * first for first, end in zip(start, distances(), strict=True))


@every_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_and_memory_keep_their_precision(name: str, dtype: type[np.floating[Any]]) -> None:
    for options in OPTIONS.get(name, [{}]):
        params = small_network(dtype)
        optimizer = RULES[name](
            params, l1=0.01, l2=0.01, weight_decay=0.01, clip_norm=1.0, max_norm=1.0, schedule=Cosine(10), **options
        )
        assert {array.dtype for state in optimizer.states for array in state.values() if array.ndim} <= {
            np.dtype(dtype)
        }
        for slope in noisy_slopes(3):
            for parameter in params:
                parameter.grad += slope(parameter.value)
                change = optimizer.rule(parameter.grad, parameter.value, optimizer.start(parameter.value), 0.1, 1)
                assert change.dtype == dtype
                assert not np.shares_memory(change, parameter.grad)
            optimizer.step()
        assert {parameter.value.dtype for parameter in params} == {np.dtype(dtype)}
        assert {array.dtype for state in optimizer.states for array in state.values() if array.ndim} <= {
            np.dtype(dtype)
        }


@every_rule
def test_float32_follows_float64(name: str) -> None:
    params, twins = small_network(np.float32), small_network(np.float64)
    for parameter, twin in zip(params, twins, strict=True):
        twin.value[...] = parameter.value
    optimizers = RULES[name](params, lr=0.01), RULES[name](twins, lr=0.01)
    for slope in noisy_slopes(20):
        for parameter in (*params, *twins):
            parameter.grad += slope(parameter.value)
        for optimizer in optimizers:
            optimizer.step()
    for parameter, twin in zip(params, twins, strict=True):
        np.testing.assert_allclose(parameter.value, twin.value, rtol=2e-4, atol=2e-4)


@every_rule
def test_it_resumes_exactly(name: str) -> None:
    for options in OPTIONS.get(name, [{}]):
        options = {**options, "schedule": Cosine(12), "weight_decay": 0.1, "l2": 0.1}
        whole, first = small_network(np.float32), small_network(np.float32)
        train(whole, RULES[name](whole, **options), 0, 12)
        begun = RULES[name](first, **options)
        train(first, begun, 0, 5)
        second = small_network(np.float32, seed=9)
        for parameter, earlier in zip(second, first, strict=True):
            parameter.value[...] = earlier.value
        resumed = RULES[name](second, **options)
        resumed.restore(begun.state())
        train(first, begun, 5, 9)  # going on with the first does not disturb the second
        train(second, resumed, 5, 12)
        for parameter, expected in zip(second, whole, strict=True):
            np.testing.assert_array_equal(parameter.value, expected.value)


def train(params: list[Parameter], optimizer: Optimizer, first: int, last: int) -> None:
    for slope in list(noisy_slopes(last))[first:]:
        for parameter in params:
            parameter.grad += slope(parameter.value)
        optimizer.step()


@every_rule
def test_nothing_moves_at_lr_zero(name: str) -> None:
    params = small_network()
    before = values(params)
    train(params, RULES[name](params, lr=0.0, weight_decay=0.1), 0, 3)
    for parameter, value in zip(params, before, strict=True):
        np.testing.assert_array_equal(parameter.value, value)


@every_rule
def test_a_gradient_of_zero_is_no_accident(name: str) -> None:
    """Weights at zero with no gradient stay there: nothing divides by nothing."""
    params = [Parameter("W", np.zeros((2, 3))), Parameter("b", np.zeros(3), kind="bias")]
    optimizer = RULES[name](params)
    for _ in range(3):
        optimizer.step()
    for parameter in params:
        assert not parameter.value.any()


@every_rule
def test_arrays_of_other_shapes_are_served(name: str) -> None:
    params = [
        Parameter("s", np.ones(()), kind="gain"),
        Parameter("T", np.ones((2, 3, 4))),
        Parameter("o", np.ones((1, 1))),
    ]
    optimizer = RULES[name](params, max_norm=3.0)
    for parameter in params:
        parameter.grad += 1.0
    optimizer.step()
    for parameter in params:
        assert np.isfinite(parameter.value).all()
        assert (parameter.value < 1.0).all()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Adafactor([], clip=0.5), "clip of Adafactor must be a number of at least 1, got 0.5."),
        (
            lambda: Muon([], adjust="orginal"),
            "adjust of Muon must be one of 'original', 'match_rms_adamw', got 'orginal'. Did you mean 'original'?",
        ),
        (lambda: Muon([], momentum=1.0), "momentum of Muon must be a number in [0, 1), got 1.0."),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Any, text: str) -> None:
    with pytest.raises(RecipeError) as error:
        make()
    assert str(error.value) == text
