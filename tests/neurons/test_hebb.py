"""Hebb's rule."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer.errors import RecipeError, ShapeError
from multilayer.neurons import Hebb


def test_weights_grow_by_lr_pre_post() -> None:
    neuron = Hebb(3, lr=0.25)
    neuron.associate([1.0, 0.5, 0.0], 2.0)
    assert neuron.weights.tolist() == [0.5, 0.25, 0.0]
    neuron.associate([[1, 0, 0], [0, 0, 1]], [1, 4])
    assert neuron.weights.tolist() == [0.75, 0.25, 1.0]


def test_a_stimulus_that_did_not_fire_the_neuron_fires_it_after_repeated_pairing() -> None:
    neuron = Hebb(2, lr=0.125)
    neuron.weights[:] = [1, 0]
    sight, name, both = [1, 0], [0, 1], [1, 1]
    assert (neuron.respond(sight), neuron.respond(name)) == (1, 0)
    needed = 0
    while not neuron.respond(name):
        neuron.associate(both)
        needed += 1
    assert needed == 4  # 4 x 0.125 reaches the threshold of 0.5
    assert neuron.respond([[1, 0], [0, 1], [0, 0]]).tolist() == [1, 1, 0]


def test_a_silent_neuron_learns_nothing_by_itself() -> None:
    neuron = Hebb(2)
    neuron.associate([[1, 1]] * 10)
    assert neuron.weights.tolist() == [0, 0]
    neuron.associate([1, 1], 1)
    assert neuron.weights.tolist() == [0.1, 0.1]


def test_decay_forgets_before_it_learns() -> None:
    neuron = Hebb(1, lr=0.5, decay=0.5)
    neuron.weights[:] = [1.0]
    neuron.associate([1.0], 0)
    assert neuron.weights.tolist() == [0.5]
    for _ in range(60):
        neuron.associate([1.0], 1)
    assert neuron.weights.tolist() == [1.0]  # the fixed point lr / decay


def test_ojas_rule_finds_the_first_principal_component() -> None:
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points = np.stack([3 * np.cos(angles), np.sin(angles)], axis=1)
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])  # rows along (0.8, 0.6) have the greatest variance
    points = points @ turn
    neuron = Hebb(2, lr=0.005, oja=True)
    neuron.weights[:] = [0.1, 0.2]
    for _ in range(200):
        for point in points:
            neuron.associate(point, neuron.drive(point))
    np.testing.assert_allclose(np.abs(neuron.weights), [0.8, 0.6], atol=0.02)


def test_error_sentences() -> None:
    with pytest.raises(ShapeError) as caught:
        Hebb(2).respond([1, 2, 3])
    assert str(caught.value) == "The stimulus must be of shape (2,) or (n_samples, 2), got (3,). Check n_in."
    with pytest.raises(ShapeError) as caught:
        Hebb(2).associate([[1, 0], [0, 1]], 1)
    assert str(caught.value) == "Hebb got 2 stimuli and 1 activities. Give one for each."
    with pytest.raises(RecipeError) as refused:
        Hebb(2, lr=-1)
    assert str(refused.value) == "lr of Hebb must be a number of at least 0, got -1."
