"""L-BFGS: at the minimum like SciPy and PyTorch, never uphill, resumable to the bit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.arrays import Array, Parameter
from multilayer.errors import RecipeError, RefusedError
from multilayer.optim import LBFGS
from multilayer.optim.line_search import Trial, strong_wolfe
from tests.optim.arena import small_network

Closure = Callable[[], float]


def rosenbrock(W: Parameter) -> Closure:
    """The sum of 100 (w[i+1] - w[i]^2)^2 + (1 - w[i])^2."""

    def closure() -> float:
        w = W.value.ravel().astype(np.float64)
        W.grad[...] = scipy.optimize.rosen_der(w).reshape(W.grad.shape)
        return float(scipy.optimize.rosen(w))

    return closure


def network(params: list[Parameter], seed: int = 0, n_samples: int = 40) -> Closure:
    """Mean half squared error of tanh(x W + b) V + c."""
    draw = np.random.default_rng(seed)
    dtype = params[0].value.dtype
    x = draw.normal(size=(n_samples, 3)).astype(dtype)
    target = np.stack([np.sin(x[:, 0] * 2), x[:, 1] * x[:, 2]], axis=1).astype(dtype)
    W, b, V, c = params

    def closure() -> float:
        for parameter in params:
            parameter.grad[...] = 0
        h = np.tanh(x @ W.value + b.value)
        dy = (h @ V.value + c.value - target) / dtype.type(n_samples)
        dh = dy @ V.value.T * (1 - h * h)
        for parameter, gradient in ((V, h.T @ dy), (c, dy.sum(axis=0)), (W, x.T @ dh), (b, dh.sum(axis=0))):
            parameter.grad += gradient
        return float(np.square(dy, dtype=np.float64).sum()) * n_samples / 2

    return closure


def run(optimizer: LBFGS, closure: Closure, most: int = 500) -> list[float]:
    """The objective after each iteration, until it has converged."""
    objectives = []
    while len(objectives) < most and not optimizer.converged:
        objectives.append(optimizer.step(closure))
    return objectives


@pytest.mark.parametrize("n", [2, 10, 50])
def test_rosenbrock(n: int) -> None:
    start = np.resize([-1.2, 1.0], n)
    W = Parameter("W", start.reshape(1, n).copy())
    optimizer = LBFGS([W])
    run(optimizer, rosenbrock(W))
    theirs = scipy.optimize.minimize(
        scipy.optimize.rosen, start, jac=scipy.optimize.rosen_der, method="L-BFGS-B", options={"ftol": 0, "gtol": 1e-9}
    )
    assert optimizer.converged
    np.testing.assert_allclose(W.value.ravel(), theirs.x, atol=1e-7)
    assert optimizer.steps < 2 * theirs.nit


@pytest.mark.parametrize("biases", [False, True])
def test_logistic_regression_at_the_minimum(biases: bool) -> None:
    """The same weights as SciPy's and PyTorch's L-BFGS on the penalized objective."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(80, 4))
    target = (x @ [1.0, -2.0, 0.5, 0.0] + draw.normal(size=80) > 0).astype(float)
    l2 = 0.05

    def objective(w: Array) -> tuple[float, Array]:
        logits = x @ w[:4] + w[4]
        rest = 1 / (1 + np.exp(-logits)) - target
        kept = w if biases else np.append(w[:4], 0.0)
        loss = np.logaddexp(0, logits) - target * logits
        return loss.mean() + l2 / 2 * kept @ kept, np.append(x.T @ rest, rest.sum()) / 80 + l2 * kept

    W, b = Parameter("W", np.zeros((4, 1))), Parameter("b", np.zeros(1), kind="bias")
    optimizer = LBFGS([W, b], l2=l2, penalize_biases=biases)

    def closure() -> float:
        w = np.append(W.value.ravel(), b.value)
        value, gradient = objective(w)
        kept = w if biases else np.append(w[:4], 0.0)
        W.grad[...], b.grad[...] = (gradient - l2 * kept)[:4, None], (gradient - l2 * kept)[4:]
        return float(value) - l2 / 2 * float(kept @ kept)

    objectives = run(optimizer, closure)
    ours = np.append(W.value.ravel(), b.value)
    options = {"ftol": 0, "gtol": 1e-10}
    theirs = scipy.optimize.minimize(objective, np.zeros(5), jac=True, method="L-BFGS-B", options=options)
    np.testing.assert_allclose(ours, theirs.x, atol=1e-7)
    np.testing.assert_allclose(ours, torchs(x, target, l2, biases), atol=1e-7)
    assert objectives[-1] == pytest.approx(theirs.fun, rel=1e-12)
    assert len(objectives) < 40


def torchs(x: Array, target: Array, l2: float, biases: bool) -> Array:
    """The minimum of the penalized logistic regression by torch.optim.LBFGS."""
    w = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    inputs, labels = torch.tensor(x), torch.tensor(target)
    optimizer = torch.optim.LBFGS(
        [w], max_iter=200, tolerance_grad=1e-11, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        kept = w if biases else w[:4]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(inputs @ w[:4] + w[4], labels)
        objective = loss + l2 / 2 * (kept @ kept)
        objective.backward()  # type: ignore[no-untyped-call]
        return objective

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return w.detach().numpy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seed=st.integers(0, 1000), scale=st.sampled_from([0.1, 1.0, 100.0]))
@settings(derandomize=True, deadline=None, max_examples=8)
def test_it_never_goes_uphill_or_out_of_the_finite_numbers(dtype: type[np.floating], seed: int, scale: float) -> None:
    params = small_network(dtype, seed)
    for parameter in params:
        parameter.value *= scale
    closure = network(params, seed)
    first = closure() + LBFGS(params, l2=1e-3).penalty()
    objectives = [first, *run(LBFGS(params, l2=1e-3), closure, most=60)]
    assert all(after <= before for before, after in pairwise(objectives))
    assert objectives[-1] < 0.7 * first
    assert all(np.isfinite(parameter.value).all() for parameter in params)
    assert all(parameter.value.dtype == dtype for parameter in params)


def test_the_returned_objective_is_that_of_the_weights_it_leaves() -> None:
    params = small_network()
    closure = network(params)
    optimizer = LBFGS(params, l2=0.01)
    for _ in range(5):
        objective = optimizer.step(closure)
        assert not any(parameter.grad.any() for parameter in params)
        assert closure() + optimizer.penalty() == objective


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("at", [0, 1, 7, 200])
def test_it_resumes_exactly(dtype: type[np.floating], at: int) -> None:
    whole, first, second = (small_network(dtype) for _ in range(3))
    one, begun, resumed = (LBFGS(params, l2=1e-3, memory=5) for params in (whole, first, second))
    expected = [one.step(network(whole)) for _ in range(at + 10)]
    for _ in range(at):
        begun.step(network(first))
    for parameter, earlier in zip(second, first, strict=True):
        parameter.value[...] = earlier.value
    saved = begun.state()
    begun.step(network(first))
    resumed.restore(saved)
    assert [resumed.step(network(second)) for _ in range(10)] == expected[at:]
    assert resumed.steps == one.steps
    for parameter, other in zip(second, whole, strict=True):
        np.testing.assert_array_equal(parameter.value, other.value)


def test_a_resumed_step_asks_for_no_gradient_twice() -> None:
    params = small_network()
    begun, resumed = LBFGS(params), LBFGS(params)
    begun.step(network(params))
    resumed.restore(begun.state())
    asked = []

    def counted() -> float:
        asked.append(None)
        return network(params)()

    resumed.step(counted)
    assert len(asked) == 1  # the first trial of the search, accepted


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_stays_flat_when_it_has_converged(dtype: type[np.floating]) -> None:
    W = Parameter("W", np.array([[-1.2, 1.0]], dtype=dtype))
    optimizer = LBFGS([W])
    objectives = run(optimizer, rosenbrock(W))
    end = W.value.copy()

    def never() -> float:
        raise AssertionError

    assert [optimizer.step(never) for _ in range(3)] == [objectives[-1]] * 3
    np.testing.assert_array_equal(W.value, end)
    np.testing.assert_allclose(end, [[1.0, 1.0]], atol=1e-7 if dtype == np.float64 else 5e-3)


def test_weights_set_by_hand_start_it_again() -> None:
    W = Parameter("W", np.array([[-1.2, 1.0]]))
    optimizer = LBFGS([W])
    run(optimizer, rosenbrock(W))
    W.value[...] = [[2.0, -1.0]]
    optimizer.step(rosenbrock(W))
    assert not optimizer.converged
    run(optimizer, rosenbrock(W))
    np.testing.assert_allclose(W.value, [[1.0, 1.0]], atol=1e-7)


def test_frozen_parameters_stay() -> None:
    params = small_network()
    params[0].frozen = True
    before = params[0].value.copy()
    objectives = run(LBFGS(params), network(params), most=30)
    np.testing.assert_array_equal(params[0].value, before)
    assert objectives[-1] < objectives[0]


def test_nothing_to_move_has_converged() -> None:
    W = Parameter("W", np.ones((1, 1)), frozen=True)
    optimizer = LBFGS([W])
    assert optimizer.step(lambda: 3.0) == 3.0
    assert optimizer.converged


def test_a_wall_of_infinity_is_backed_away_from() -> None:
    """w - log w, with its first trial beyond the wall at 0."""
    W = Parameter("W", np.array([[0.05]]))

    def closure() -> float:
        W.grad[...] = 1 - 1 / W.value
        return float((W.value - np.log(W.value)).item())

    run(LBFGS([W], lr=1000.0), closure)
    assert W.value.item() == pytest.approx(1.0, abs=1e-7)


def test_an_overflow_inside_the_search_is_no_warning() -> None:
    W = Parameter("W", np.array([[1.0]], dtype=np.float32))

    def closure() -> float:
        W.grad[...] = np.sinh(W.value)
        return float(np.cosh(W.value).item())

    run(LBFGS([W], lr=1e20), closure)
    assert W.value.item() == pytest.approx(0.0, abs=1e-3)


def test_a_start_that_is_not_finite_stays_where_it_is() -> None:
    W = Parameter("W", np.array([[1.0]]))
    optimizer = LBFGS([W])
    assert optimizer.step(lambda: float("nan")) == float("inf")
    assert W.value.item() == 1.0
    assert not optimizer.converged


def test_a_slope_that_lies_ends_without_a_move() -> None:
    """A gradient with the wrong sign: no step lowers the objective."""
    W = Parameter("W", np.array([[1.0]]))

    def closure() -> float:
        W.grad[...] = -W.value
        return float(W.value.item() ** 2)

    optimizer = LBFGS([W])
    assert optimizer.step(closure) == 1.0
    assert optimizer.converged
    assert W.value.item() == 1.0


@given(
    curvature=st.floats(0.01, 100),
    bottom=st.floats(0.01, 100),
    tilt=st.floats(-0.3, 0.3),
    step=st.floats(1e-3, 1e3),
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_the_search_ends_in_the_strong_wolfe_conditions(
    curvature: float, bottom: float, tilt: float, step: float
) -> None:
    """On a wavy bowl."""
    nothing = np.zeros(0)

    def at(s: float) -> Trial:
        u = (s - bottom) / bottom
        value = curvature * bottom * (u * u / 2 + tilt * (1 - np.cos(3 * u)))
        return Trial(s, float(value), float(curvature * (u + 3 * tilt * np.sin(3 * u))), nothing, nothing)

    start = at(0.0)
    if start.slope >= 0:
        return
    found = strong_wolfe(at, start, step, 40)
    assert found is not None
    assert found.value <= start.value + 1e-4 * found.step * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)


def test_l1_is_refused() -> None:
    with pytest.raises(RefusedError) as error:
        LBFGS([], l1=0.1)
    assert str(error.value) == (
        "LBFGS does not run with l1: its line search needs a smooth objective, and |w| has a kink at 0. "
        "Use l2, or another optimizer."
    )


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(RecipeError) as error:
        LBFGS([], memory=0)
    assert str(error.value) == "memory of LBFGS must be a whole number of at least 1, got 0."
