"""The bits of yesterday, on every instruction set that is present."""

from __future__ import annotations

import json

import pytest

from multilayer.engines import native
from multilayer.engines.native_engine import Native
from tests.engines.native.digests import FILE, RECIPES, computed, member
from tests.engines.native.recipes import options_to_reach, parts_of

STORED = json.loads(FILE.read_text(encoding="utf-8"))
CHANGED = (
    "The native engine gives other bits for the recipe '{name}' than before. If that is meant, the arithmetic's name "
    "is raised (docs/arithmetic.md, section 1, and Native.arithmetic) and `python -m tests.engines.native.digests` "
    "stores the new digests; otherwise it is a mistake in native/."
)


@pytest.mark.parametrize("instruction_set", native.instruction_sets())
@pytest.mark.parametrize("name", RECIPES)
def test_no_bit_has_changed(name, instruction_set, monkeypatch):
    monkeypatch.setenv("MULTILAYER_ISA", instruction_set)
    assert computed(name) == STORED["digests"][name], CHANGED.format(name=name)


def test_the_stored_digests_are_those_of_this_arithmetic():
    assert STORED["arithmetic"] == Native.arithmetic
    assert [*STORED["digests"]] == [*RECIPES]
    assert len({*STORED["digests"].values()}) == len(RECIPES)


def test_every_part_of_a_recipe_is_in_one_of_them():
    reached = {part for name in RECIPES for part, _ in parts_of(member(name).recipe)}
    assert reached == {*options_to_reach()}
    assert {member(name).recipe.dtype for name in RECIPES} == {"float32", "float64"}
