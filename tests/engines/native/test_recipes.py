"""The random recipes of the tests reach every option of the native engine."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import Any

from multilayer.constraints import Choice, Flag, Maybe, Option, options_of
from multilayer.data import METRICS
from multilayer.engines.native_engine import WITHOUT as REFUSED_BY_THE_ENGINE
from multilayer.optim import Optimizer
from multilayer.optim.schedules import ReduceOnPlateau
from tests.engines.native import recipes
from tests.engines.native.recipes import Case, case

ALL = 300
BESIDE = {*options_of(Optimizer), "reduction", "n", "n_in", "n_out"}  # settings of the recipe, and widths


@functools.cache
def everything() -> list[Case]:
    return [case(number) for number in range(ALL)]


def enough(option: Option, values: set[Any]) -> bool:
    """Whether an option was tried with everything it can be: each word, none and some, two numbers at least."""
    constraint = option.constraint
    if isinstance(constraint, Flag):
        return values == {False, True}
    if isinstance(constraint, Choice):
        return values >= {word for word in constraint.words if word != "auto"}
    return len(values) >= 2 and (None in values or not isinstance(constraint, Maybe))


def test_every_option_of_every_part_is_reached():
    tried: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for one in everything():
        for part, entry in recipes.parts_of(one.member.recipe):
            tried[part, ""].add(part)
            for name, value in entry.items():
                tried[part, name].add(value if not isinstance(value, dict) else value["name"])
    for part, cls in recipes.options_to_reach().items():
        assert tried[part, ""], part
        for name, option in options_of(cls).items():
            resolved = name == "epochs" and isinstance(option.constraint, Maybe)  # the recipe's, where it is none
            if (name in BESIDE and part != "recipe") or (cls, name) == (ReduceOnPlateau, "mode"):
                continue
            assert enough(option, tried[part, name]) or (resolved and len(tried[part, name]) >= 2), (part, name)
    assert tried["schedule warm_up", "then"] >= {None, "reduce_on_plateau", "cosine"}


def test_every_kind_of_target_meets_every_loss_and_metric_that_fits():
    met = {(one.table.dataset.target.kind, one.member.recipe.loss["name"]) for one in everything()}
    kinds = {table.dataset.target.kind for table in recipes.tables().values()}
    assert kinds == {"binary", "classes", "multilabel", "regression"}
    assert met == {(kind, loss) for kind in kinds for loss in recipes.fitting_losses(kind)}
    monitored = {(one.table.dataset.target.kind, one.member.recipe.monitor) for one in everything()}
    assert monitored >= {(kind, name) for name, metric in METRICS.items() for kind in metric.kinds}


def test_batches_and_widths_of_every_sort_are_reached():
    sizes, blocks, odd = set(), set(), False
    for one in everything():
        rows, size = len(one.member.train), one.member.recipe.batch_size
        size = rows if size == "full" else min(size, rows)
        sizes.add("one" if size == 1 else "full" if size == rows else "some")
        blocks.add((size > 256, len(one.member.val) > 256))
        odd = odd or 0 < rows % size < size
    assert sizes == {"one", "full", "some"}
    assert blocks == {(False, False), (False, True), (True, False), (True, True)}
    assert odd
    assert {width for one in everything() for width in recipes.widths(one.member.recipe)} >= {*recipes.WIDTHS}
    assert {one.table.data.weight is None for one in everything()} == {True, False}
    assert recipes.WITHOUT == REFUSED_BY_THE_ENGINE


def test_a_case_is_its_number():
    for number in (0, 17):
        one, other = case(number), case(number)
        assert one.settings == other.settings
        assert one.member.seed == other.member.seed
        assert (one.member.train == other.member.train).all()
