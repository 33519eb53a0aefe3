"""Truth tables: and, or, xor, parity, and the encoder."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, final

import numpy as np

from multilayer.constraints import Integer, NonNegative
from multilayer.data.dataset import Dataset
from multilayer.data.preparation import Preparation
from multilayer.data.split import Splitting
from multilayer.data.tasks import ceilings
from multilayer.data.tasks.table import Codes, Points, classified
from multilayer.data.tasks.task import Generated, Samples, Seed, Streams, Task, refuse_fresh

EVERY_ROW_TRAINS = Splitting(train=1.0, val=0.0, test=0.0)
AS_THEY_ARE = Preparation(inputs="none")

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


class Gate(Generated):
    """A logical connective of two inputs: its four rows over and over, moved by Gaussian noise if there is any."""

    noise: float

    @abstractmethod
    def truth(self) -> tuple[int, int, int, int]:
        """The answers for 00, 01, 10, 11."""

    def draw(self, n: int, streams: Streams) -> Dataset:
        row = np.arange(n, dtype=np.int64) % 4
        x = CORNERS[row] + self.noise * streams(0).normal((n, 2))
        return classified(self.name, x, np.array(self.truth(), dtype=np.int64)[row], (0, 1))

    def fresh(self, n: int, seed: int = 0) -> Dataset:
        if self.noise == 0:
            refuse_fresh(self.name, "is a table of four rows unless it has noise")
        return super().fresh(n, seed)

    def ceiling(self) -> float:
        return _gate_ceiling(self.truth(), self.noise)

    def splitting(self) -> Splitting:
        return EVERY_ROW_TRAINS

    def preparation(self) -> Preparation:
        return AS_THEY_ARE


@cache
def _gate_ceiling(truth: tuple[int, int, int, int], noise: float) -> float:
    if noise < 0.5 / 9:  # nine standard deviations from each border: fewer than one point in 10^18 crosses
        return 1.0
    answers = np.array(truth)
    sides = [(float(np.mean(answers == code)), CORNERS[answers == code]) for code in (0, 1)]
    return ceilings.best_accuracy(sides, noise)


@final
@dataclass(frozen=True)
class And(Gate):
    """1 where both inputs are 1.

    >>> And().dataset().target.values.tolist()
    [0, 0, 0, 1]
    """

    name = "and"
    about = "The logical and of two inputs."
    kind = "classes"
    source = "McCulloch & Pitts 1943."

    noise: NonNegative = 0.0
    samples: Samples = 4
    data_seed: Seed = 0

    def truth(self) -> tuple[int, int, int, int]:
        return 0, 0, 0, 1


@final
@dataclass(frozen=True)
class Or(Gate):
    """1 where at least one input is 1."""

    name = "or"
    about = "The logical or of two inputs."
    kind = "classes"
    source = "McCulloch & Pitts 1943."

    noise: NonNegative = 0.0
    samples: Samples = 4
    data_seed: Seed = 0

    def truth(self) -> tuple[int, int, int, int]:
        return 0, 1, 1, 1


@final
@dataclass(frozen=True)
class Xor(Gate):
    """1 where the inputs differ: what no single neuron can do."""

    name = "xor"
    about = "The exclusive or of two inputs, which no single neuron can learn."
    kind = "classes"
    source = "Minsky & Papert 1969; Rumelhart, Hinton & Williams 1986."

    noise: NonNegative = 0.0
    samples: Samples = 4
    data_seed: Seed = 0

    def truth(self) -> tuple[int, int, int, int]:
        return 0, 1, 1, 0

    def recipe(self) -> dict[str, Any]:
        return {"hidden": [4], "activation": "tanh", "lr": 0.1, "epochs": 300, "batch_size": "full"}


class Table(Task):
    """A finite table of which every row is learned."""

    def ceiling(self) -> float:
        return 1.0

    def splitting(self) -> Splitting:
        return EVERY_ROW_TRAINS

    def preparation(self) -> Preparation:
        return AS_THEY_ARE

    def recipe(self) -> dict[str, Any]:
        return {"hidden": [8], "activation": "tanh", "lr": 0.03, "epochs": 1000, "batch_size": "full"}


@final
@dataclass(frozen=True)
class Parity(Table):
    """Whether the number of ones among `bits` inputs is odd; every row of the truth table once.

    >>> Parity(bits=2).dataset().target.values.tolist()
    [0, 1, 1, 0]
    """

    name = "parity"
    about = "Whether the number of ones among the inputs is odd."
    kind = "classes"
    source = "Minsky & Papert 1969; Rumelhart, Hinton & Williams 1986."

    bits: Annotated[int, Integer(1, 16)] = 3

    def dataset(self) -> Dataset:
        x = _truth_table(self.bits)
        return classified(self.name, x.astype(np.float64), x.sum(axis=1) % 2, (0, 1))

    def recipe(self) -> dict[str, Any]:
        return {**super().recipe(), "hidden": [4 * self.bits]}


def _truth_table(bits: int) -> Codes:
    """(2^bits, bits), counting up, the first column being the highest bit."""
    return (np.arange(2**bits, dtype=np.int64)[:, None] >> np.arange(bits - 1, -1, -1)) & 1


@final
@dataclass(frozen=True)
class Encoder(Table):
    """One of `bits` inputs is 1, and the class is its position: to be pressed through log2(bits) hidden neurons."""

    name = "encoder"
    about = "Which one of the inputs is 1, learned through a bottleneck (8-3-8)."
    kind = "classes"
    source = "Ackley, Hinton & Sejnowski 1985; Rumelhart, Hinton & Williams 1986."

    bits: Annotated[int, Integer(2, 256)] = 8

    def dataset(self) -> Dataset:
        position = np.arange(self.bits, dtype=np.int64)
        x: Points = np.zeros((self.bits, self.bits))
        x[position, position] = 1.0
        return classified(self.name, x, position, tuple(range(self.bits)))

    def recipe(self) -> dict[str, Any]:
        return {**super().recipe(), "hidden": [max(1, math.ceil(math.log2(self.bits)))]}
