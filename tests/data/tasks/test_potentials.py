"""Potential energy curves: their wells, their limits, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer.data import tasks
from multilayer.data.tasks.potentials import LennardJones, Morse
from multilayer.errors import DataError

R = np.linspace(0.7, 5, 4301)[:, None]


def test_morse_has_its_well_at_one_bond_length():
    task = Morse(width=1.7)
    energy = task.values(R)
    assert R[energy.argmin(), 0] == pytest.approx(1.0)
    assert energy.min() == pytest.approx(-1.0)
    assert np.allclose(energy, np.expm1(-1.7 * (R[:, 0] - 1)) ** 2 - 1, rtol=1e-12, atol=1e-14)


def test_lennard_jones_has_its_well_where_the_two_powers_balance():
    energy = LennardJones().values(R)
    assert R[energy.argmin(), 0] == pytest.approx(2 ** (1 / 6), abs=1e-3)
    assert LennardJones().values(np.array([[2 ** (1 / 6)]])) == pytest.approx(-1.0)
    assert np.allclose(energy, 4 * (R[:, 0] ** -12.0 - R[:, 0] ** -6.0), rtol=1e-11, atol=1e-13)


def test_their_columns_have_names_of_their_own():
    for name in ("morse", "lennard-jones"):
        dataset = tasks.get(name).dataset()
        assert dataset.column_names == ("r",)
        assert dataset.target.names == ("energy",)


@pytest.mark.parametrize("name", ["morse", "lennard_jones"])
def test_a_distance_is_greater_than_zero(name):
    with pytest.raises(DataError) as error:
        tasks.get(f"{name}(low=-1)")
    assert str(error.value) == f"The distance r of {name} must be greater than 0, got -1."


def test_an_energy_beyond_the_numbers_is_refused():
    with pytest.raises(DataError) as error:
        LennardJones(low=1e-40)
    sentence = "The energy of lennard_jones leaves the finite numbers on its range. Choose another range."
    assert str(error.value) == sentence
