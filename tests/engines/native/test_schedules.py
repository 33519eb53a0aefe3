"""The native schedules give the reference's factors, to the bit: both use the exact functions of the page."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from multilayer.engines.native import instruction_sets
from multilayer.engines.parts import make_schedule
from multilayer.optim import SCHEDULES
from multilayer.recipe.named import schedule_entry, timed
from tests.engines.native.probes import probes

CALLS = [
    *SCHEDULES,
    "step(every=7, factor=0.3)",
    "step(every=2.5, factor=0.9)",
    "exponential(gamma=0.9)",
    "inverse_time(decay=3)",
    "inverse_time(decay=400, power=0.5)",
    "cosine(epochs=11, floor=0.2)",
    "one_cycle(epochs=17, peak=0, start=0.1)",
    "coslog4(epochs=15)",
    {"name": "warm_up", "epochs": 3.5, "start": 0, "then": "cosine"},
    {"name": "warm_up", "epochs": 2, "then": "one_cycle(peak=0.5)"},
    {"name": "warm_up", "then": "reduce_on_plateau(factor=0.5)"},
]
ENTRIES = [timed(schedule_entry(call), 20) for call in CALLS]
TIMES = [*np.linspace(0, 25, 77).tolist(), *range(26), 1 / 3, 2.0 / 3, 1e-9, 1e3]
SETS = pytest.mark.parametrize("isa", instruction_sets())


@SETS
@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_factors_are_those_of_the_reference(isa: str, entry: dict[str, Any]) -> None:
    schedule = make_schedule(entry)
    assert probes(isa).schedule_factors(entry, TIMES) == [schedule(time) for time in TIMES]


@SETS
@pytest.mark.parametrize(
    "call",
    [
        "reduce_on_plateau(patience=0)",
        "reduce_on_plateau(patience=1, factor=0.3, threshold=0.1, floor=0.05)",
        {"name": "warm_up", "epochs": 5, "then": "reduce_on_plateau(patience=2, factor=0.7)"},
        "cosine(epochs=9)",
    ],
    ids=str,
)
def test_what_is_watched_acts_as_in_the_reference(isa: str, call: Any) -> None:
    entry = timed(schedule_entry(call), 20)
    schedule = make_schedule(entry)
    values = [3.0, math.nan, 2.0, 2.0, 1.9, 1.7, 1.7, 1.7, math.inf, -1.0, -1.0, -1.05, -1.2, -math.inf, -math.inf, 0.0]
    expected = []
    for value in values:
        schedule.observe(value)
        expected.append(schedule(6.0))
    assert probes(isa).schedule_watching(entry, values, 6.0) == expected


@SETS
def test_an_unknown_schedule_is_refused(isa: str) -> None:
    with pytest.raises(ValueError, match="no schedule is called 'stair'"):
        probes(isa).schedule_factors({"name": "stair"}, [0.0])
