"""ReLUs are done by the linear layers beside them, and hidden layers of members abreast as one: the same bits."""

from __future__ import annotations

import os
from typing import Any
from unittest import mock

import numpy as np
import pytest

from multilayer.data import Dataset
from multilayer.engines import Data, Member, Training, native
from multilayer.engines.native_engine import Native
from multilayer.recipe import Recipe
from tests.engines.contract import Table, outcome

SETS = native.instruction_sets()
MEMBERS = 17

pytestmark = pytest.mark.skipif(not SETS, reason="no native engine here")

RELU = "relu"


def linear(units: int, **options: Any) -> dict[str, Any]:
    return {"layer": "linear", "units": units, **options}


NETWORKS = {
    "one unit": [linear(1), RELU, linear(1)],
    "odd widths": [linear(7), RELU, linear(13), RELU, linear(1)],
    "a panel and a bit": [linear(17), RELU, linear(3)],
    "more outputs than lanes": [linear(9), RELU, linear(18), RELU, linear(3)],
    "without biases": [linear(6, bias=False), RELU, linear(5, bias=False), RELU, linear(1, bias=False)],
    "frozen before": [linear(6, frozen=True), RELU, linear(5), RELU, linear(1)],
    "frozen behind": [linear(6), RELU, linear(5), RELU, linear(1, frozen=True)],
    "first and last": [RELU, linear(8), RELU, linear(1), RELU],
    "twice": [linear(8), RELU, RELU, linear(1)],
    "behind a scale": ["scale", RELU, linear(8), RELU, linear(1)],
    "normalized": [linear(8), "batch_norm", RELU, linear(8), RELU, linear(1)],
    "with another between": [linear(8), "tanh", linear(8), RELU, linear(1)],
}


def table(rows: int, features: int) -> Table:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(rows, features))
    return Table(Dataset.from_arrays(x, np.sin(x).sum(axis=1)))


def started(members: list[Member], data: Data, isa: str) -> Training:
    with mock.patch.dict(os.environ, MULTILAYER_ISA=isa):
        return Native().start(members, data, threads=1)


def finished(members: list[Member], data: Data, isa: str) -> Training:
    training = started(members, data, isa)
    training.advance()
    return training


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
def test_alone_and_abreast_have_the_same_bits(name, dtype, isa):
    layers = [*NETWORKS[name], {"layer": "linear"}]
    for batch_size, features in ((32, 3), ("full", 5)):  # a part of a row block, and more than one
        rows = table(500, features)
        settings = {"layers": layers, "batch_size": batch_size, "epochs": 2, "dtype": dtype, "loss": "squared_error"}
        recipe = Recipe.of(**settings).resolve(rows.data.target)
        split = rows.split
        members = [Member(recipe, rows.fitted, split.train, split.val, seed=seed) for seed in range(MEMBERS)]
        crowd = finished(members, rows.data, isa)
        for place in (0, 5, MEMBERS - 1):
            assert outcome(crowd, place) == outcome(finished([members[place]], rows.data, SETS[0])), (batch_size, place)
