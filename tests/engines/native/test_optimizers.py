"""The native optimizers: the page's bits, and closeness to the reference's."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from multilayer.arrays import Array, Parameter
from multilayer.engines.native import instruction_sets
from multilayer.optim import OPTIMIZERS, Optimizer
from tests.engines.native.optimizer_page import PageOptimizer, fma, sum_of_squares
from tests.engines.native.probes import probes

NAMES = [name for name in OPTIMIZERS if name not in ("adafactor", "lamb", "muon", "lbfgs")]
SHAPES = [(2, 3, 19), (2, 19), (11, 3), (3,), (2, 70)]
PARTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "parts": {"l1": 0.01, "l2": 0.1, "weight_decay": 0.3, "clip_value": 0.7, "clip_norm": 2.0, "max_norm": 1.5},
    "decay": {"weight_decay": 0.3, "clip_norm": 1e6},
}
OTHER = {
    "rmsprop": [{"momentum": 0.5}, {"centered": True}, {"momentum": 0.5, "centered": True}],
    "ftrl": [{"lambda1": 0.2, "lambda2": 0.3}],
    "adagrad": [{"initial": 0.1}],
    "adamax": [{"eps": 1e-40}],
    "adam": [{"beta1": 0.0, "beta2": 0.0}, {"eps": 1e-60}],
}
BOTH = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SETS = pytest.mark.parametrize("isa", instruction_sets())


def entry(name: str, **changes: Any) -> dict[str, Any]:
    """An optimizer with every option of its own written out."""
    beside = set(inspect.signature(Optimizer).parameters)
    known = inspect.signature(OPTIMIZERS[name]).parameters
    own = {option: known[option].default for option in known if option not in beside}
    return {"name": name, **own, **changes}


def entries(name: str) -> list[dict[str, Any]]:
    made = [entry(name, **parts) for parts in PARTS.values()]
    return made + [entry(name, **PARTS["decay"], **options) for options in OTHER.get(name, [])]


def panels(array: Array, lanes: int) -> Array:
    """An array in the order in which the engine keeps it."""
    if not is_weight(array.shape):
        return array.reshape(-1)
    pieces = array.reshape(-1, *array.shape[-2:])
    return np.concatenate(
        [piece[:, o : o + lanes].reshape(-1) for piece in pieces for o in range(0, piece.shape[1], lanes)]
    )


def is_weight(shape: tuple[int, ...]) -> bool:
    return len(shape) > 1 and shape != (2, 19)  # those are the biases of a maxout layer


def native_shape(shape: tuple[int, ...]) -> tuple[int, int, int, bool]:
    pieces, n_in, n_out = (1, 1, int(np.prod(shape))) if not is_weight(shape) else (1, 1, *shape)[-3:]
    return pieces, n_in, n_out, is_weight(shape)


def problem(dtype: type[np.floating], steps: int, rough: bool, seed: int = 0) -> tuple[list[Array], list[list[Array]]]:
    """Weights, and for every step gradients; rough ones have all sizes, zeros of both signs and silent columns."""
    draw = np.random.default_rng(seed)
    weights = [draw.normal(size=shape).astype(dtype) for shape in SHAPES]
    gradients = []
    for step in range(steps):
        row = [draw.normal(size=shape) for shape in SHAPES]
        if rough:
            row = [g * 10.0 ** draw.uniform(-40 if step % 3 == 0 else -16, 1, size=g.shape) for g in row]
            for g in row:
                g[..., 0], g[..., -1] = 0.0, -0.0
        gradients.append([g.astype(dtype) for g in row])
    if rough:
        weights[0][..., 1], weights[0][..., 2] = 0.0, -0.0
    return weights, gradients


def native_steps(isa: str, entry: dict[str, Any], weights: list[Array], gradients: Any, rates: Any) -> Array:
    """The weights after the steps, and behind them the state, flat and in panels."""
    lanes = 64 // weights[0].itemsize
    flat = np.concatenate([panels(w, lanes) for w in weights])
    slopes = np.stack([np.concatenate([panels(g, lanes) for g in row]) for row in gradients])
    shapes = [native_shape(shape) for shape in SHAPES]
    return np.asarray(probes(isa).optimizer_steps([entry], shapes, flat, slopes, np.array(rates)[:, None]))


@BOTH
@pytest.mark.parametrize("name", NAMES)
def test_bits_are_those_of_the_page(name: str, dtype: type[np.floating]) -> None:
    weights, gradients = problem(dtype, steps=5, rough=True)
    rates = [0.0, 0.1, 0.3, 1e-60, 1e-3]
    kinds = [is_weight(shape) for shape in SHAPES]
    for options in entries(name):
        page, expected = PageOptimizer(options, weights), weights
        with np.errstate(all="ignore"):
            for rate, row in zip(rates, gradients, strict=True):
                expected = page.step(rate, expected, row, kinds)
        flat = np.concatenate([panels(w, 64 // w.itemsize) for w in expected])
        for isa in instruction_sets():
            got = native_steps(isa, options, weights, gradients, rates)[: flat.size]
            np.testing.assert_array_equal(got, flat, err_msg=f"{isa} {options}")
            np.testing.assert_array_equal(np.signbit(got), np.signbit(flat), err_msg=f"{isa} {options}")


@SETS
@BOTH
@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps_are_close_to_the_reference(isa: str, name: str, dtype: type[np.floating]) -> None:
    weights, gradients = problem(dtype, steps=50, rough=False)
    options = entry(name, **PARTS["parts"])
    rate = min(float(inspect.signature(OPTIMIZERS[name]).parameters["lr"].default), 0.1)
    kinds = ["weight" if is_weight(shape) else "bias" for shape in SHAPES]
    params = [Parameter(str(i), w.copy(), kind=kind) for i, (w, kind) in enumerate(zip(weights, kinds, strict=True))]
    settings = {option: value for option, value in options.items() if option != "name"}
    optimizer = OPTIMIZERS[name](params, lr=rate, **settings)  # type: ignore[arg-type]
    for row in gradients:
        for parameter, g in zip(params, row, strict=True):
            parameter.grad += g
        optimizer.step()  # type: ignore[call-arg]
    expected = np.concatenate([panels(parameter.value, 64 // dtype().itemsize) for parameter in params])
    got = native_steps(isa, options, weights, gradients, [rate] * 50)[: expected.size]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12 if dtype is np.float64 else 1e-5)


def varied(name: str, member: int) -> dict[str, Any]:
    """One of several members of the same optimizer: each has its own options, and some have none of a part."""
    options = entry(name, **PARTS[list(PARTS)[member % len(PARTS)]])
    for option in ("beta1", "beta2", "rho", "momentum"):
        if option in options:
            options[option] = [0.9, 0.5, 0.99, 0.0][(member // 2) % 4]
    if name == "rmsprop":
        options["centered"] = member % 5 == 0
    if "eps" in options:
        options["eps"] = 10.0 ** -(member + 2)
    return options


@SETS
@BOTH
@pytest.mark.parametrize("name", NAMES)
def test_members_abreast_move_as_each_does_alone(isa: str, name: str, dtype: type[np.floating]) -> None:
    lanes = 64 // dtype().itemsize
    count = lanes - 1  # the last lane has no member
    steps, size = 6, sum(int(np.prod(shape)) for shape in SHAPES)
    flat, slopes = np.zeros((size, lanes), dtype), np.zeros((steps, size, lanes), dtype)
    rates = np.random.default_rng(3).uniform(0, 0.2, size=(steps, count))
    rates[2, ::3] = 0.0
    members, alone = [], []
    for member in range(count):
        weights, gradients = problem(dtype, steps, rough=True, seed=member)
        members.append(varied(name, member))
        flat[:, member] = np.concatenate([panels(w, lanes) for w in weights])
        for step, row in enumerate(gradients):
            slopes[step, :, member] = np.concatenate([panels(g, lanes) for g in row])
        alone.append(native_steps(isa, members[-1], weights, gradients, rates[:, member])[:size])
    shapes = [native_shape(shape) for shape in SHAPES]
    together = probes(isa).optimizer_steps(members, shapes, flat, slopes, rates)
    got = np.asarray(together)[: size * lanes].reshape(size, lanes)
    for member in range(count):
        assert got[:, member].tobytes() == alone[member].tobytes(), members[member]


@SETS
@BOTH
@pytest.mark.parametrize("name", NAMES)
def test_what_never_has_a_gradient_stays(isa: str, name: str, dtype: type[np.floating]) -> None:
    weights, gradients = problem(dtype, steps=3, rough=False)
    still = [[np.zeros_like(g) for g in row] for row in gradients]
    small = {option: 5e-324 for option in ("eps", "beta") if option in entry(name)}
    got = native_steps(isa, entry(name, **small), weights, still, [0.5] * 3)
    flat = np.concatenate([panels(w, 64 // w.itemsize) for w in weights])
    np.testing.assert_allclose(got[: flat.size], flat, rtol=1e-6 if name == "ftrl" else 0)


@SETS
def test_an_unknown_optimizer_is_refused(isa: str) -> None:
    weights, gradients = problem(np.float32, steps=1, rough=False)
    with pytest.raises(ValueError, match="no native optimizer is called 'muon'"):
        native_steps(isa, {"name": "muon"}, weights, gradients, [0.1])


def test_the_page_sums_squares_unit_by_unit() -> None:
    gradient = np.random.default_rng(0).normal(size=(3, 2))
    first = fma(gradient[1], gradient[1], gradient[0] * gradient[0])
    units = fma(gradient[2], gradient[2], first)
    assert sum_of_squares(gradient, weight=True) == units[0] + units[1]
    squares = gradient.reshape(-1) * gradient.reshape(-1)
    assert sum_of_squares(gradient, weight=False) == sum(squares.tolist())
