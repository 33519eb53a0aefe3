"""Contenders that take turns, medians of their times, and ratios with a spread."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from threadpoolctl import threadpool_limits

Call: TypeAlias = Callable[[], Any]

HOPELESS = 4.0


@dataclass(frozen=True)
class Contender:
    """A way to do so many units of work; `ready` makes everything before the clock starts and returns what is timed."""

    name: str
    setting: str
    threads: int
    ready: Callable[[int], Call]
    multiple: int = 1  # amounts are multiples of this
    times: float = 1.0  # a unit stands for so many like it, one after another


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    block: float  # seconds of one block
    rounds: int  # blocks of each contender
    fits: int  # whole fits of each contender
    budget: float  # seconds for a comparison, after which no further round begins
    least: int  # rounds in any case; of whole fits the quick form makes one at least
    quick: bool

    @staticmethod
    def of(*, quick: bool, rounds: int | None = None) -> Effort:
        effort = Effort(0.04, 5, 3, 3.0, 2, True) if quick else Effort(0.3, 21, 9, 60.0, 5, False)
        if rounds is None:
            return effort
        return Effort(effort.block, rounds, rounds, effort.budget, min(rounds, effort.least), quick)


@dataclass(frozen=True)
class Comparison:
    """The best of ours against the best of theirs: seconds a unit, and the ratio of neighboring blocks."""

    ours: Contender
    theirs: Contender
    ours_seconds: float
    theirs_seconds: float
    ratio: float
    low: float
    high: float
    rounds: int
    settings: dict[str, float]  # the median of every setting, in seconds a unit


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_choices() -> list[int]:
    """One thread, and all."""
    return sorted({1, cores()})


def threads_named(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def compare(
    ours: Sequence[Contender], theirs: Sequence[Contender], effort: Effort, *, amount: int | None = None
) -> Comparison:
    """Let all contenders take turns; `amount` is the work of a block, by default what fills `effort.block` seconds."""
    contenders = [*ours, *theirs]
    amounts = [amount or calibrated(contender, effort.block) for contender in contenders]
    rounds = effort.rounds if amount is None else effort.fits
    least = 1 if effort.quick and amount else effort.least
    times = alternated([ours, theirs], amounts, rounds, least, effort.budget)
    medians = np.nanmedian(times, axis=0)
    throughout = np.where(np.isnan(times).any(axis=0), math.inf, medians)
    mine = int(np.argmin(throughout[: len(ours)]))
    other = len(ours) + int(np.argmin(throughout[len(ours) :]))
    ratios = times[:, other] / times[:, mine]
    low, ratio, high = np.percentile(ratios, [10, 50, 90]).tolist()
    named = [f"{contender.name}, {contender.setting}" for contender in contenders]
    return Comparison(
        *(contenders[mine], contenders[other], float(medians[mine]), float(medians[other])),
        *(ratio, low, high, len(times)),
        settings=dict(zip(named, medians.tolist(), strict=True)),
    )


def alternated(
    sides: Sequence[Sequence[Contender]], amounts: Sequence[int], rounds: int, least: int, budget: float
) -> Any:
    """Seconds a unit, rounds x contenders; after `least` rounds it ends when the budget of seconds is spent.

    A setting that is HOPELESS times slower than the best of its side in the first round is not tried again: NaN.
    """
    contenders = [contender for side in sides for contender in side]
    hopeless: set[int] = set()
    times: list[list[float]] = []
    gc.collect()
    started = time.perf_counter()
    while len(times) < rounds and (len(times) < least or time.perf_counter() - started < budget):
        times.append(
            [math.nan if n in hopeless else seconds(contender, amounts[n]) for n, contender in enumerate(contenders)]
        )
        hopeless = hopeless or _hopeless([len(side) for side in sides], times[0])
    return np.array(times)


def _hopeless(sizes: Sequence[int], times: Sequence[float]) -> set[int]:
    """The places of the settings far behind the best of their side."""
    first, found = 0, set()
    for size in sizes:
        best = min(times[first : first + size])
        found |= {place for place in range(first, first + size) if times[place] > HOPELESS * best}
        first += size
    return found


def seconds(contender: Contender, amount: int) -> float:
    """Seconds a unit of one block."""
    with limited(contender.threads):
        call = contender.ready(amount)
        taken = timed(call)
    return taken / amount * contender.times


def timed(call: Call) -> float:
    """Seconds of one call, with the garbage collector at rest."""
    gc.disable()
    try:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start
    finally:
        gc.enable()


def calibrated(contender: Contender, block: float) -> int:
    """How much work takes about `block` seconds; the first call also compiles what there is to compile."""
    amount = contender.multiple
    seconds(contender, amount)
    while True:
        taken = seconds(contender, amount) / contender.times * amount
        if taken >= block / 2:
            return amount
        growth = min(20.0, max(2.0, block / max(taken, 1e-9)))
        amount = max(1, round(amount * growth / contender.multiple)) * contender.multiple


def median_seconds(call: Call, repetitions: int) -> float:
    """The median time of a call that was made once before."""
    call()
    return statistics.median(timed(call) for _ in range(repetitions))


@contextlib.contextmanager
def limited(threads: int) -> Iterator[None]:
    """BLAS, OpenMP and PyTorch on so many threads."""
    torch: Any = sys.modules.get("torch")
    with threadpool_limits(limits=threads):
        before = torch.get_num_threads() if torch else 0
        if torch:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)
