"""A layer that draws and stands twice in a network made by hand: stopped and taken up again, it is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multilayer.engines import Member, Reference
from multilayer.nn import Dropout, Linear, Sequential, Tanh
from tests.engines.contract import tables

TABLE = tables()["binary"]


def member(seed: int = 3) -> Member:
    dropout = Dropout(0.4)
    layers = (Linear(2, 6), Tanh(), dropout, Sequential(Linear(6, 6), dropout), Linear(6, 1))
    return replace(TABLE.member(seed=seed), network=Sequential(*layers, seed=seed))


@pytest.mark.parametrize("step", [0, 1, 5, 7])
def test_a_dropout_that_stands_twice_goes_on_exactly(step: int) -> None:
    engine = Reference()
    whole, begun, resumed = (TABLE.start(engine, [member()]) for _ in range(3))
    whole.advance()
    begun.advance(steps=step)
    resumed.restore(begun.state())
    for training in (begun, resumed):
        training.advance()
        for name, weights in whole.weights().items():
            assert (training.weights()[name] == weights).all(), name
