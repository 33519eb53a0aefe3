"""Rosenblatt's perceptron."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer.errors import DataError, RecipeError, ShapeError
from multilayer.neurons import Perceptron
from tests.scale import cases

SQUARE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def test_it_starts_uniform_between_minus_one_and_one_and_by_its_seed() -> None:
    weights = np.concatenate([Perceptron(9, seed=seed).weights for seed in range(200)])
    assert weights.min() > -1
    assert weights.max() < 1
    assert abs(weights.mean()) < 0.05
    assert abs(weights.var() - 1 / 3) < 0.03
    assert Perceptron(3, seed=4).weights.tolist() == Perceptron(3, seed=4).weights.tolist()
    assert Perceptron(3, seed=4).weights.tolist() != Perceptron(3, seed=5).weights.tolist()


def test_the_delta_rule_by_hand() -> None:
    neuron = Perceptron(2, lr=0.5)
    neuron.weights = np.array([0.0, 1.0, -2.0])
    history = neuron.fit([[1, 1], [1, 0]], [1, 0], epochs=1, keep_path=True)
    # row 1: drive -1, answer 0, target 1: add 0.5 (1, 1, 1); row 2: drive 2, answer 1, target 0: take 0.5 (1, 1, 0)
    assert history.path is not None
    assert history.path.tolist() == [[0, 1, -2], [0.5, 1.5, -1.5], [0, 1, -1.5]]
    assert history.mistakes == (2,)
    assert not history.converged


@pytest.mark.parametrize("seed", range(10))
def test_the_decks_table(seed: int) -> None:
    X, y = [[0, 0], [1, 1], [0, 1], [1, 0]], [0, 1, 0, 1]
    neuron = Perceptron(2, seed=seed)
    history = neuron.fit(X, y, epochs=30)
    assert history.converged
    assert history.cycled is None
    assert neuron.predict(X).tolist() == y


def test_it_converges_on_separable_data_within_novikoffs_bound() -> None:
    rng = np.random.default_rng(1)
    for seed in range(cases(normal=40, accept=1000)):
        normal = rng.normal(size=rng.integers(3, 7))
        normal /= np.linalg.norm(normal)
        X = rng.uniform(-1, 1, size=(200, normal.size - 1))
        margins = np.hstack([np.ones((200, 1)), X]) @ normal
        X, margins = X[np.abs(margins) > 0.1], margins[np.abs(margins) > 0.1]
        neuron = Perceptron(normal.size - 1, seed=seed)
        neuron.weights = np.zeros(normal.size)
        history = neuron.fit(X, margins > 0, epochs=1000)
        assert history.converged
        assert history.cycled is None
        assert sum(history.mistakes) <= (1 + (X**2).sum(axis=1).max()) / np.abs(margins).min() ** 2
        assert neuron.predict(X).tolist() == (margins > 0).tolist()


@pytest.mark.parametrize("lr", [1.0, 0.5, 0.375])
@pytest.mark.parametrize("seed", range(6))
def test_it_cycles_on_xor(seed: int, lr: float) -> None:
    neuron = Perceptron(2, lr=lr, seed=seed)
    history = neuron.fit(SQUARE, [0, 1, 1, 0], epochs=60, keep_path=True)
    assert not history.converged
    assert min(history.mistakes) >= 1
    assert history.cycled is not None
    assert history.path is not None
    ends = history.path[::4]
    assert len(ends) == 61
    np.testing.assert_array_equal(ends[-1], ends[-1 - history.cycled])
    assert not any((ends[-1] == ends[-1 - shorter]).all() for shorter in range(1, history.cycled))


def test_the_learning_rate_only_scales_a_start_from_zero() -> None:
    found = []
    for lr in (1.0, 0.25):
        neuron = Perceptron(2, lr=lr)
        neuron.weights = np.zeros(3)
        found.append((neuron.fit(SQUARE, [0, 0, 0, 1], epochs=50).mistakes, (neuron.weights / lr).tolist()))
    assert found[0] == found[1]


def test_no_path_unless_asked_and_epochs_end_early() -> None:
    history = Perceptron(2).fit(SQUARE, [0, 1, 1, 1], epochs=500)
    assert history.path is None
    assert len(history.mistakes) < 500
    assert history.mistakes[-1] == 0


def _said(error: type[Exception], call: object) -> str:
    assert callable(call)
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def test_error_sentences() -> None:
    neuron = Perceptron(2)
    assert _said(ShapeError, lambda: neuron.predict([[1, 2, 3]])) == (
        "X of Perceptron must be rows of 2 numbers, got (1, 3). Check n_in."
    )
    assert _said(ShapeError, lambda: neuron.fit(SQUARE, [0, 1], epochs=1)) == (
        "y of Perceptron must have one target for each of 4 rows, got (2,)."
    )
    assert _said(DataError, lambda: neuron.fit(SQUARE, [-1, 1, 1, -1], epochs=1)) == (
        "y of Perceptron must be 0 or 1 in every row, got [-1, 1, 1, -1]. Write the two classes as 0 and 1."
    )
    assert _said(DataError, lambda: neuron.predict([[np.nan, 1]])) == (
        "X of Perceptron must be finite, got a NaN or an infinity."
    )
    assert _said(RecipeError, lambda: neuron.fit(SQUARE, [0, 1, 1, 1], epochs=0)) == (
        "epochs of Perceptron.fit must be a whole number of at least 1, got 0."
    )
    assert _said(RecipeError, lambda: Perceptron(2, lr=0)) == (
        "lr of Perceptron must be a number greater than 0, got 0."
    )
