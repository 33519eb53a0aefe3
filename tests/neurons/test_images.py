"""Two small images told apart by excitatory and inhibitory connections."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from multilayer.errors import DataError, ShapeError
from multilayer.neurons import Perceptron, Unit, connections, tell_apart
from multilayer.neurons.mcculloch_pitts import Signal
from tests.scale import cases

LETTER_T = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]])
LETTER_L = np.array([[1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]])


def _flipped(image: Signal, places: tuple[int, ...]) -> Signal:
    wrong = image.ravel().copy()
    wrong[list(places)] ^= 1
    return wrong.reshape(image.shape)


def test_the_connections_are_excitatory_only_in_a_and_inhibitory_only_in_b() -> None:
    found = connections(LETTER_T, LETTER_L)
    assert set(np.unique(found)) == {-1, 0, 1}
    assert (found == 1).tolist() == ((LETTER_T == 1) & (LETTER_L == 0)).tolist()
    assert (found == -1).tolist() == ((LETTER_T == 0) & (LETTER_L == 1)).tolist()


def test_it_fires_for_a_and_not_for_b_with_any_wrong_pixels_up_to_the_tolerance() -> None:
    rng = np.random.default_rng(0)
    for _ in range(cases(normal=60, accept=2000)):
        a, b = rng.integers(0, 2, (2, 3, 3))
        if (a == b).all():
            continue
        neuron = tell_apart(a, b)
        for places in combinations(range(9), neuron.tolerance):
            assert neuron(_flipped(a, places)) == 1
            assert neuron(_flipped(b, places)) == 0


def test_one_more_wrong_pixel_can_be_too_many() -> None:
    neuron = tell_apart(LETTER_T, LETTER_L)
    assert neuron.tolerance == 6
    seven = tuple(np.flatnonzero(neuron.connections.ravel())[:7])  # half of the 14 pixels that differ
    assert (neuron(_flipped(LETTER_T, seven)), neuron(_flipped(LETTER_L, seven))) != (1, 0)


def test_it_is_a_unit_with_relative_inhibition() -> None:
    neuron = tell_apart(LETTER_T, LETTER_L)
    names = np.array([f"pixel{place}" for place in range(25)])
    signs = neuron.connections.ravel()
    unit = Unit(neuron.threshold, tuple(names[signs > 0]), tuple(names[signs < 0]), inhibition="relative")
    for image in (LETTER_T, LETTER_L, 1 - LETTER_T):
        pixels = {name: image.ravel()[place] for place, name in enumerate(names) if name in unit.inputs}
        assert unit(**pixels) == neuron(image)


def test_the_activity_is_the_image_seen_through_the_connections() -> None:
    neuron = tell_apart(LETTER_T, LETTER_L)
    assert neuron.activity(LETTER_T).shape == (5, 5)
    assert neuron.activity(LETTER_T).sum() == (neuron.connections == 1).sum()
    assert neuron.activity(LETTER_L).sum() == -(neuron.connections == -1).sum()


def test_a_perceptron_learns_connections_of_the_same_signs() -> None:
    X, y = np.stack([LETTER_T.ravel(), LETTER_L.ravel()]), [1, 0]
    learner = Perceptron(25, seed=2)
    before = learner.weights[1:].copy()
    history = learner.fit(X, y, epochs=100)
    assert history.converged
    change = learner.weights[1:] - before
    told = connections(LETTER_T, LETTER_L).ravel()
    assert (np.sign(change[told != 0]) * told[told != 0] >= 0).all()


def test_error_sentences() -> None:
    with pytest.raises(DataError) as caught:
        tell_apart(LETTER_T, LETTER_T)
    assert str(caught.value) == "The two images are equal, so no neuron tells them apart. Give two that differ."
    with pytest.raises(DataError) as caught:
        connections([[0, 2]], [[0, 1]])
    assert str(caught.value) == "image_a must be pixels that are 0 (off) or 1 (on), got [[0, 2]]."
    with pytest.raises(ShapeError) as shaped:
        connections([[0, 1]], [[0], [1]])
    assert str(shaped.value) == "The two images must have one shape, got (1, 2) and (2, 1)."
    with pytest.raises(ShapeError) as shaped:
        tell_apart([[0, 1]], [[1, 0]])([0, 1])
    assert str(shaped.value) == "The image must have shape (1, 2), got (2,)."
