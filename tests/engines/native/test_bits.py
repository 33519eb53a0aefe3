"""One outcome, in bits: on every instruction set, on any number of threads, alone and among others, resumed or not."""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Sequence
from typing import Any
from unittest import mock

import numpy as np
import pytest

from multilayer.arrays import Array
from multilayer.data import Dataset, Encoding, Preparation
from multilayer.engines import Data, Member, Training, native
from multilayer.engines.native_engine import Native
from multilayer.recipe import Recipe
from multilayer.rng import Stream
from tests.engines.contract import Table, outcome, packed, unpacked
from tests.engines.native import recipes
from tests.engines.native.recipes import OPTIMIZER_OPTIONS, case, siblings, tables
from tests.scale import ACCEPT, cases

SETS = native.instruction_sets()
THREADS = (1, 2, 3, 8)
EVERYWHERE = [(name, threads) for name in SETS for threads in THREADS]
NUMBERS = range(cases(normal=25, accept=300))
ABREAST = 17  # members of one shape: more than the lanes of any vector

pytestmark = pytest.mark.skipif(not SETS, reason="no native engine here")


def start(members: Sequence[Member], data: Data, on: tuple[str, int]) -> Training:
    """A training on an instruction set and so many threads."""
    name, threads = on
    with mock.patch.dict(os.environ, MULTILAYER_ISA=name):
        return Native().start(members, data, threads=threads)


def finished(members: Sequence[Member], data: Data, on: tuple[str, int]) -> Training:
    training = start(members, data, on)
    training.advance()
    return training


def alone(member: Member, data: Data) -> tuple[Any, ...]:
    """The outcome that every other way must have."""
    return outcome(finished([member], data, (SETS[0], 1)))


@functools.cache
def expected(number: int) -> tuple[Any, ...]:
    one = case(number)
    return alone(one.member, one.table.data)


def some_places(number: int, normal: int) -> list[tuple[str, int]]:
    """Instruction sets and numbers of threads: all of them in accept, else a few that differ from case to case."""
    return EVERYWHERE if ACCEPT else random.Random(number).sample(EVERYWHERE, normal)


def answers(training: Training, x: Array) -> list[bytes]:
    """What a trained network says of rows, in bits."""
    shown = [training.predict(x), *training.hidden(x), training.input_gradient(x)]
    return [values.tobytes() for values in shown]


@pytest.mark.parametrize("number", NUMBERS)
def test_everywhere(number):
    one = case(number)
    data, said = one.table.data, None
    for on in [(SETS[0], 1), *some_places(number, 3)]:
        training = finished([one.member], data, on)
        said = said or answers(training, data.x)
        assert outcome(training) == expected(number), (on, one.settings)
        assert answers(training, data.x) == said, (on, one.settings)


@pytest.mark.parametrize("number", NUMBERS)
def test_wherever_the_rows_lie(number, tmp_path):
    one = case(number)
    table, encoding = one.table, Encoding.of(one.table.dataset)
    found = recipes.sources(table, tmp_path)
    assert found["Parquet"].x.dtype == table.data.x.dtype
    for source, data in found.items():
        fitted = Preparation().fit(encoding, data.x, data.target, one.member.train, data.weight)
        same = Preparation().fit(encoding, table.data.x, data.target, one.member.train, data.weight)
        assert [getattr(fitted, name).tobytes() for name in fitted.ARRAYS] == [
            getattr(same, name).tobytes() for name in same.ARRAYS
        ], source
        for on in some_places(number, 1):
            assert outcome(finished([one.member], data, on)) == expected(number), (source, on, one.settings)


@functools.cache
def company(number: int) -> tuple[list[Member], list[Member]]:
    """The case among members of its own shape and among some of any other, in a random order."""
    one = case(number)
    same = [one.member, *siblings(one, ABREAST, seed=number)]
    names = {id(table): name for name, table in tables().items()}
    others = [case(10**6 + 4 * number + i, names[id(one.table)]).member for i in range(4)]
    return random.Random(number).sample(crowd := same + others, len(crowd)), same


@pytest.mark.parametrize("number", NUMBERS)
def test_among_others(number):
    data, rng = case(number).table.data, random.Random(number)
    members, _ = company(number)
    looked_at = rng.sample(range(len(members)), cases(normal=6, accept=len(members)))
    wanted = {place: alone(members[place], data) for place in looked_at}
    for on in some_places(number, 2):
        training = finished(members, data, on)
        for place in looked_at:
            assert outcome(training, place) == wanted[place], (on, place, members[place].recipe.to_dict())


@pytest.mark.parametrize("number", NUMBERS)
def test_interrupted_and_resumed(number):
    one, rng = case(number), random.Random(number)
    steps = expected(number)[2]
    for _ in range(cases(normal=2, accept=5)):
        point = rng.randint(0, steps)
        first = start([one.member], one.table.data, rng.choice(EVERYWHERE))
        first.advance(steps=point)
        later = start([one.member], one.table.data, rng.choice(EVERYWHERE))
        later.restore(unpacked(packed(first.state())))
        later.advance()
        assert outcome(later) == expected(number), (point, one.settings)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_crowd_that_is_interrupted_again_and_again(number):
    """Each leg is of another length, on another instruction set; the last one is cut short for good."""
    data, rng = case(number).table.data, random.Random(number)
    _, members = company(number)
    longest = max(alone(member, data)[2] for member in members[:4])
    legs = [rng.randint(0, 1 + longest // 2) for _ in range(3)]
    crowd = start(members, data, rng.choice(EVERYWHERE))
    for steps in legs:
        crowd.advance(steps=steps)
        later = start(members, data, rng.choice(EVERYWHERE))
        later.restore(unpacked(packed(crowd.state())))
        crowd = later
    crowd.interrupt()
    for place in rng.sample(range(len(members)), cases(normal=5, accept=len(members))):
        single = start([members[place]], data, (SETS[0], 1))
        single.advance(steps=sum(legs))
        single.interrupt()
        assert outcome(crowd, place) == outcome(single), (legs, members[place].recipe.to_dict())


@pytest.mark.parametrize("rule", OPTIMIZER_OPTIONS)
def test_many_members_that_end_at_different_times(rule):
    """Forty of one shape, with rates from too small to far too large: some stop early, some diverge, some complete."""
    table = tables()["numbers"]
    members = []
    for i in range(40):
        rng = random.Random(i)
        settings = {
            "layers": [17, "tanh", 5, "elu", {"layer": "linear"}],
            "optimizer": recipes.entry(rng, rule, OPTIMIZER_OPTIONS),
            "batch_size": 7,
            "lr": 10.0 ** (i % 10 - 4) if i != 39 else 1e30,
            "epochs": 4 + i % 7,
            "patience": (None, 1, 2)[i % 3],
            "keep": ("best", "last")[i % 2],
            "l1": (0.0, 0.01)[i % 5 == 1],
            "clip_norm": (None, 0.5)[i % 5 == 2],
            "max_norm": (None, 1.5)[i % 5 == 3],
            "clip_value": (None, 0.1)[i % 5 == 4],
        }
        members.append(recipes.member(rng, table, settings, 36, 12))
    wanted = [alone(member, table.data) for member in members]
    assert {"stopped", "complete"} <= {status for status, *_ in wanted}
    assert len({steps for _, _, steps, *_ in wanted}) > 5
    for on in [(name, 1) for name in SETS] + some_places(len(rule), 1):
        training = finished(members, table.data, on)
        for place, member in enumerate(members):
            assert outcome(training, place) == wanted[place], (on, place, member.recipe.to_dict())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_members_that_differ_in_small_numbers_only(dtype):
    """Options count with every digit they have when members are told apart."""
    table, epsilons = tables()["binary"], [i * 1e-7 for i in range(1, 5)]
    given = [{"layers": [5, {"layer": "layer_norm", "epsilon": e}, "tanh", {"layer": "linear"}]} for e in epsilons]
    given += [{"layers": [5, "tanh", {"layer": "linear"}], "loss": f"hinge(margin={e:.7f})"} for e in epsilons * 8]
    given += [{"layers": [5, "tanh", {"layer": "linear"}], "loss": f"huber(delta={e:.7f})"} for e in epsilons * 8]
    made = [Recipe.of(epochs=2, dtype=dtype, **settings).resolve(table.dataset.target) for settings in given]
    members = [Member(recipe, table.fitted, table.split.train, table.split.val) for recipe in made]
    training = finished(members, table.data, (SETS[0], 1))
    for place, member in enumerate(members):
        assert outcome(training, place) == alone(member, table.data), given[place]


@functools.cache
def wide_table() -> Table:
    x = Stream(3, "data").normal((600, 300))
    return Table(Dataset.from_arrays(x, x[:, :10].argmax(axis=1)))


LARGE: dict[str, list[Any]] = {
    "plain": [200, "relu", 150, "relu", {"layer": "linear"}],
    "maxout": [{"layer": "maxout", "units": 200}, "layer_norm", 150, "gelu", {"layer": "maxout", "pieces": 3}],
    "normed": [200, "batch_norm", "prelu", "dropout(p_drop=0.3)", 150, "scale", "silu", {"layer": "linear"}],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("network", LARGE)
def test_large_layers_are_shared_among_threads(network, dtype):
    table = wide_table()
    settings = {"l1": 1e-4, "clip_norm": 1.0, "max_norm": 2.0, "noise": 0.1 if network == "normed" else 0.0}
    recipe = Recipe.of(layers=LARGE[network], batch_size=300, epochs=2, dtype=dtype, **settings)
    rows = np.arange(550)
    member = Member(recipe.resolve(table.dataset.target), table.fitted, rows, np.arange(550, 600), seed=5)
    wanted = alone(member, table.data)
    assert wanted[:3:2] == ("complete", 4)
    for on in some_places(len(network + dtype), 2):
        training = start([member], table.data, on)
        training.advance(steps=3)
        saved = training.state()
        training.advance()
        assert outcome(training) == wanted, on
        training.restore(saved)
        training.advance()
        assert outcome(training) == wanted, on


def test_what_was_compared(figure):
    """How the random cases ended, and how many of them may ride in the lanes of a vector."""
    ends = [expected(number)[0] for number in NUMBERS]
    assert {"complete", "stopped"} <= {*ends}
    figure(
        "random recipes with one outcome on every instruction set, any threads, alone, among others, resumed", len(ends)
    )
    figure("of these, trainings that stopped early or diverged", len(ends) - ends.count("complete"))
