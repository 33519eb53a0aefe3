"""Two potential energy curves of a pair of atoms, in reduced units: energies in well depths."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer import exact
from multilayer.constraints import NonNegative, Positive
from multilayer.data.tasks.function import Curve, End
from multilayer.data.tasks.table import Points
from multilayer.data.tasks.task import Samples, Seed
from multilayer.errors import DataError


class Potential(Curve):
    """The energy of two atoms at the distance r."""

    def recipe(self) -> dict[str, Any]:
        return {"hidden": [40, 40], "activation": "tanh", "epochs": 2000}

    def inputs(self) -> tuple[str, ...]:
        return ("r",)

    def output(self) -> str:
        return "energy"

    def values(self, x: Points) -> Points:
        r = x[:, 0]
        if not (r > 0).all():
            raise DataError(f"The distance r of {self.name} must be greater than 0, got {r.min():g}.")
        with np.errstate(over="ignore", invalid="ignore"):
            energy = self.energy(r)
        if not np.isfinite(energy).all():
            raise DataError(f"The energy of {self.name} leaves the finite numbers on its range. Choose another range.")
        return energy

    @abstractmethod
    def energy(self, r: Points) -> Points:
        """The energy (n,) at distances (n,) greater than 0."""


@final
@dataclass(frozen=True)
class Morse(Potential):
    """V(r) = (1 - e^(-width (r - 1)))^2 - 1: a bond of length 1 and depth 1 that can break (Morse 1929).

    >>> Morse().values(np.array([[1.0], [50.0]]))
    array([-1.,  0.])
    """

    name = "morse"
    about = "The Morse potential: the energy of a bond by its length, in bond lengths and well depths."
    kind = "regression"
    source = "Morse 1929, doi:10.1103/PhysRev.34.57."

    width: Positive = 2.0
    low: End = 0.6
    high: End = 4.0
    noise: NonNegative = 0.0
    samples: Samples = 100
    data_seed: Seed = 0

    def energy(self, r: Points) -> Points:
        bent = 1.0 - exact.exp(-self.width * (r - 1.0))
        return bent * bent - 1.0


@final
@dataclass(frozen=True)
class LennardJones(Potential):
    """V(r) = 4 (r^-12 - r^-6): two atoms of diameter 1, repelling near and attracting far (Jones 1924).

    >>> LennardJones().values(np.array([[1.0], [2.0]]))
    array([ 0.        , -0.06152344])
    """

    name = "lennard_jones"
    about = "The Lennard-Jones potential: the energy of two atoms by their distance, in diameters and well depths."
    kind = "regression"
    source = "Jones 1924, doi:10.1098/rspa.1924.0082."

    low: End = 0.95
    high: End = 3.0
    noise: NonNegative = 0.0
    samples: Samples = 100
    data_seed: Seed = 0

    def energy(self, r: Points) -> Points:
        inverse = 1.0 / (r * r * r)
        inverse = inverse * inverse
        return 4.0 * inverse * (inverse - 1.0)
