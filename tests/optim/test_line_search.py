"""The line search where rounding has the last word: brackets without room, objectives without digits left."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.arrays import Array, Parameter
from multilayer.data import Encoding, Preparation, Splitting, tasks
from multilayer.engines import Data, Member, Reference
from multilayer.optim import LBFGS
from multilayer.optim.line_search import Trial, strong_wolfe
from multilayer.recipe import Recipe
from tests.scale import cases

NOTHING = np.zeros(0)


def logistic(W: Parameter, b: Parameter, x: Array, target: Array) -> Callable[[], float]:
    """The mean logistic loss of x W + b, target being 0 or 1."""

    def closure() -> float:
        logits = x @ W.value + b.value
        rest = (np.exp(-np.logaddexp(0, -logits)) - target) / x.dtype.type(len(x))
        W.grad[...], b.grad[...] = x.T @ rest, rest.sum(axis=0)
        return float((np.logaddexp(0, logits) - target * logits).mean(dtype=np.float64))

    return closure


def run(optimizer: LBFGS, closure: Callable[[], float], most: int = 100) -> list[float]:
    """The objective at the start and after each iteration, until it has converged."""
    objectives = [closure() + optimizer.penalty()]
    while len(objectives) <= most and not optimizer.converged:
        objectives.append(optimizer.step(closure))
    return objectives


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    seed=st.integers(0, 10_000),
    n_samples=st.integers(5, 120),
    n_in=st.integers(1, 4),
    scale=st.sampled_from([0.01, 1.0, 100.0]),
    l2=st.sampled_from([0.0, 1e-3, 0.1]),
)
@settings(derandomize=True, deadline=None, max_examples=cases(normal=150, accept=2000))
def test_logistic_regression_never_raises_and_never_increases(
    dtype: type[np.floating], seed: int, n_samples: int, n_in: int, scale: float, l2: float
) -> None:
    draw = np.random.default_rng(seed)
    x = (scale * draw.normal(size=(n_samples, n_in))).astype(dtype)
    target = draw.integers(0, 2, size=(n_samples, 1)).astype(dtype)
    W, b = Parameter("W", np.zeros((n_in, 1), dtype)), Parameter("b", np.zeros(1, dtype), kind="bias")
    objectives = run(LBFGS([W, b], l2=l2), logistic(W, b, x, target))
    assert all(after <= before for before, after in pairwise(objectives))


@pytest.mark.parametrize(("task", "seed"), [("moons", 70), ("gaussians", 103), ("circles", 56)])
def test_the_linear_answer_to_a_task_reaches_its_minimum(task: str, seed: int) -> None:
    dataset = tasks.get(f"{task}(data_seed={seed})").dataset()
    rows = Splitting(seed=seed).apply(dataset).train
    encoding = Encoding.of(dataset)
    data = Data.of(dataset, encoding)
    prepared = Preparation().fit(encoding, data.x, dataset.target, rows)
    recipe = Recipe.of(hidden=[], optimizer="lbfgs", epochs=100, l2=1 / len(rows)).resolve(dataset.target)
    training = Reference().start([Member(recipe, prepared, rows)], data)
    training.advance()
    assert training.status() == "complete"


def test_a_bracket_without_room_ends_the_search_at_its_better_end() -> None:
    """Beyond 1 every step is a little too far: the bracket closes on 1 until no float is left inside."""
    seen = []

    def at(step: float) -> Trial:
        seen.append(step)
        return Trial(step, -step if step <= 1 else 2.0, -1.0, NOTHING, NOTHING)

    found = strong_wolfe(at, Trial(0.0, 0.0, -1.0, NOTHING, NOTHING), 2.0, 10_000)
    assert found is not None
    assert 1 - 1e-15 < found.step <= 1
    assert len(seen) < 1000


def test_a_first_step_of_zero_finds_nothing() -> None:
    start = Trial(0.0, 1.0, -1.0, NOTHING, NOTHING)
    assert strong_wolfe(lambda step: start._replace(step=step), start, 0.0, 25) is None
