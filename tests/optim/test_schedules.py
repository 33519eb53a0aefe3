"""Schedules against PyTorch's and against their closed forms."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.errors import RecipeError
from multilayer.optim import (
    SCHEDULES,
    Constant,
    Cosine,
    CosLog4,
    Exponential,
    InverseTime,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    WarmUp,
)

PLANNED: dict[str, Schedule] = {
    **{name: made() for name, made in SCHEDULES.items()},
    "cosine": Cosine(20),
    "one_cycle": OneCycle(20),
    "coslog4": CosLog4(20),
}


def torchs(make: Callable[[torch.optim.Optimizer], Any], steps: int) -> list[float]:
    """The factors of a scheduler of PyTorch, one step after the other from the first on."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    factors = []
    for _ in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return factors


schedulers = torch.optim.lr_scheduler

CASES: list[tuple[Schedule, Callable[[torch.optim.Optimizer], Any], int]] = [
    (Constant(), lambda o: schedulers.ConstantLR(o, factor=1.0), 10),
    (StepDecay(every=7, factor=0.3), lambda o: schedulers.StepLR(o, 7, 0.3), 40),
    (StepDecay(), lambda o: schedulers.StepLR(o, 10), 40),
    (Exponential(gamma=0.9), lambda o: schedulers.ExponentialLR(o, 0.9), 60),
    (Cosine(epochs=30), lambda o: schedulers.CosineAnnealingLR(o, 30), 31),
    (Cosine(epochs=30, floor=0.2), lambda o: schedulers.CosineAnnealingLR(o, 30, 0.2), 31),
    (WarmUp(epochs=8, start=0.25), lambda o: schedulers.LinearLR(o, 0.25, total_iters=8), 20),
    (
        WarmUp(epochs=4, start=0.5, then=StepDecay(every=3, factor=0.5)),
        lambda o: schedulers.SequentialLR(
            o, [schedulers.LinearLR(o, 0.5, total_iters=4), schedulers.StepLR(o, 3, 0.5)], [4]
        ),
        20,
    ),
    # PyTorch places the peak at step 0.3 x 101 - 1 of the steps 0 to 100
    (OneCycle(epochs=100, peak=29.3 / 100), lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=101), 100),
    (
        OneCycle(epochs=40, peak=19.5 / 40, start=0.1, end=0.01),
        lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=41, pct_start=0.5, div_factor=10.0, final_div_factor=100.0),
        40,
    ),
]


@pytest.mark.parametrize(("schedule", "make", "steps"), CASES)
def test_it_is_torchs(schedule: Schedule, make: Callable[[torch.optim.Optimizer], Any], steps: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's sequences warn of their own calls
        expected = torchs(make, steps)
    np.testing.assert_allclose([schedule(float(time)) for time in range(steps)], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_reduce_on_plateau_is_torchs(mode: str) -> None:
    draw = np.random.default_rng(4)
    series = 1 / np.arange(1, 200) + 0.02 * draw.random(199) + 0.5
    if mode == "max":
        series = 2 - series
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    oracle = schedulers.ReduceLROnPlateau(
        optimizer,
        mode=mode,
        factor=0.5,
        patience=4,
        threshold=0.01,
        min_lr=0.01,  # type: ignore[arg-type]
    )
    schedule = ReduceOnPlateau(factor=0.5, patience=4, threshold=0.01, floor=0.01, mode=mode)
    factors = []
    for epoch, value in enumerate(series):
        schedule.observe(float(value))
        oracle.step(float(value))
        factors.append(schedule(epoch + 1.0))
        assert factors[-1] == optimizer.param_groups[0]["lr"]
    assert factors[-1] == 0.01


def test_reduce_on_plateau_takes_losses_below_zero_and_nan() -> None:
    """A relative threshold must ask for less, not more, when the best is negative."""
    schedule = ReduceOnPlateau(factor=0.5, patience=0, threshold=0.1)
    for value, expected in ((-1.0, 1.0), (-1.05, 0.5), (-1.2, 0.5), (math.nan, 0.25), (-2.0, 0.25)):
        schedule.observe(value)
        assert schedule(0.0) == expected


def test_reduce_on_plateau_resumes_exactly() -> None:
    values = [float(v) for v in np.random.default_rng(0).random(60)]
    whole, begun, resumed = (WarmUp(then=ReduceOnPlateau(factor=0.9, patience=1)) for _ in range(3))
    for value in values:
        whole.observe(value)
    for value in values[:25]:
        begun.observe(value)
    resumed.restore(begun.state())
    for value in values[25:]:
        resumed.observe(value)
    assert resumed.state() == whole.state()
    assert resumed(60.0) == whole(60.0) < 0.5


@given(st.floats(0, 1000), st.floats(0, 10))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_closed_forms(time: float, decay: float) -> None:
    assert InverseTime(decay)(time) == 1 / (1 + decay * time)
    assert Exponential(0.97)(time) == pytest.approx(0.97**time, rel=1e-13)
    assert StepDecay(2.5, 0.7)(time) == pytest.approx(0.7 ** math.floor(time / 2.5), rel=1e-13)
    t = min(time / 300, 1)
    assert Cosine(300)(time) == pytest.approx((1 + math.cos(math.pi * t)) / 2, abs=1e-15)
    assert CosLog4(300)(time) == pytest.approx((1 - math.cos(2 * math.pi * math.log2(1 + 15 * t))) / 2, abs=1e-13)


def test_coslog4_has_four_cycles_from_zero_to_zero() -> None:
    schedule = CosLog4(epochs=15)
    assert [schedule(time) for time in (0.0, 1.0, 3.0, 7.0, 15.0)] == [0.0] * 5
    tops = [15 * (2 ** (k + 0.5) - 1) / 15 for k in range(4)]
    assert [schedule(top) for top in tops] == pytest.approx([1.0] * 4, abs=1e-12)
    factors = np.array([schedule(time) for time in np.linspace(0, 15, 1501).tolist()])
    inner = factors[1:-1]
    assert ((inner > factors[:-2]) & (inner >= factors[2:])).sum() == 4


def test_one_cycle_ends_where_pytorchs_does() -> None:
    assert OneCycle(epochs=10)(10.0) == pytest.approx(1 / 25 * 1e-4, rel=1e-15)
    assert OneCycle(epochs=10, peak=0.0)(0.0) == 1.0


@pytest.mark.parametrize("name", SCHEDULES)
@given(time=st.floats(0, 1000))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_the_factor_is_between_0_and_1_and_the_same_when_asked_again(name: str, time: float) -> None:
    factor = PLANNED[name](time)
    assert type(factor) is float
    assert 0.0 <= factor <= 1.0
    assert PLANNED[name](time) == factor


@pytest.mark.parametrize("name", ["step", "exponential", "inverse_time", "cosine"])
@given(times=st.tuples(st.floats(0, 50), st.floats(0, 50)))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_decays_never_rise(name: str, times: tuple[float, float]) -> None:
    """But for the last bit of the exact functions."""
    early, late = sorted(times)
    assert PLANNED[name](early) >= PLANNED[name](late) * (1 - 1e-15)


@pytest.mark.parametrize("name", ["cosine", "one_cycle", "coslog4"])
def test_after_its_end_a_plan_keeps_its_last_factor(name: str) -> None:
    assert PLANNED[name](20.0) == PLANNED[name](25.0)


def test_then_may_be_named_with_options() -> None:
    assert WarmUp(then="cosine(floor=0.5)") == WarmUp(then=Cosine(floor=0.5))
    assert WarmUp(epochs=2, start=0.0)(1.0) == 0.5
    assert WarmUp(epochs=2)(9.0) == 1.0


def test_warm_up_is_continuous_with_what_follows() -> None:
    schedule = WarmUp(epochs=2.5, start=0.0, then=Exponential(0.5))
    assert schedule(2.5) == 1.0
    assert schedule(math.nextafter(2.5, 0)) == pytest.approx(1.0)
    assert schedule(4.5) == 0.25


@pytest.mark.parametrize("name", ["Cosine", "OneCycle", "CosLog4"])
def test_without_epochs_a_plan_says_what_to_do(name: str) -> None:
    schedule = {made.__name__: made for made in SCHEDULES.values()}[name]()
    with pytest.raises(RecipeError) as error:
        schedule(0.0)
    assert str(error.value) == (
        f"{name} needs to know how many epochs the training has, got none. Write {name}(epochs=...); "
        "a recipe fills it in."
    )


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: StepDecay(every=0), "every of StepDecay must be a number greater than 0, got 0."),
        (lambda: StepDecay(factor=1.5), "factor of StepDecay must be a number in (0, 1], got 1.5."),
        (lambda: Cosine(epochs=2.5), "epochs of Cosine must be a whole number of at least 1, or none, got 2.5."),
        (lambda: OneCycle(peak=1), "peak of OneCycle must be a number in [0, 1), got 1."),
        (
            lambda: ReduceOnPlateau(mode="mn"),
            "mode of ReduceOnPlateau must be one of 'min', 'max', got 'mn'. Did you mean 'min'?",
        ),
        (
            lambda: WarmUp(then="cosin"),
            "There is no schedule 'cosin'. Did you mean 'cosine'? Known: constant, cosine, coslog4, exponential, "
            "inverse_time, one_cycle, reduce_on_plateau, step, warm_up.",
        ),
        (
            lambda: WarmUp(then="step(evry=2)"),
            "There is no option of the schedule step called 'evry'. Did you mean 'every'? Known: every, factor.",
        ),
        (lambda: WarmUp(then="cosine("), "'cosine(' must read like name(option=value, option=value)."),
        (lambda: WarmUp(then=3), "then of WarmUp must be a schedule, the name of one, or none, got 3."),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Callable[[], Schedule], text: str) -> None:
    with pytest.raises(RecipeError) as error:
        make()
    assert str(error.value) == text
