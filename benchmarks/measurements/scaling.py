"""How our time per step grows with width, depth, batch, members and threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks import ours, problems
from benchmarks.timing import Effort, calibrated, cores, seconds
from benchmarks.work import Work, steps_of

ROWS = 2048

Curve = list[dict[str, Any]]


def measured(*, quick: bool) -> dict[str, Curve]:
    """By curve, points with x, seconds a step, GFLOP/s of the matrix products, and threads."""
    effort = Effort.of(quick=quick)
    every = 2 if quick else 1  # a point, or every second one

    def curve(values: Sequence[int], work: Callable[[int], Work], threads: Callable[[int], int]) -> Curve:
        return [_point(value, work(value), threads(value), effort) for value in values[::every]]

    def one(_: int) -> int:
        return 1

    wide = problems.random_rows(256, 10, ROWS)
    digits, moons = problems.digits().in_batches_of(32), problems.moons().in_batches_of(32)
    return {
        "width": curve([8, 16, 32, 64, 128, 256, 512, 1024], lambda n: Work(digits, (n,), 32), one),
        "depth": curve([1, 2, 3, 4, 6, 8, 12, 16], lambda n: Work(digits, (64,) * n, 32), one),
        "batch": curve([1, 4, 16, 32, 64, 128, 256, 512], lambda n: Work(_rows(n), (128, 128), n), one),
        "members": curve([1, 4, 16, 64, 256, 1024], lambda n: Work(moons, (40,), 32, n), lambda _: cores()),
        "threads, 64 members": curve(_threads(every), lambda _: Work(moons, (40,), 32, 64), lambda n: n),
        "threads, 256-1024-1024-10": curve(_threads(every), lambda _: Work(wide, (1024, 1024), 128), lambda n: n),
    }


def _threads(every: int) -> list[int]:
    """1, 2, 4, ... and all; each so often that `every` leaves none out."""
    numbers = sorted({1, cores(), *(2**n for n in range(1, 10) if 2**n < cores())})
    return [n for n in numbers for _ in range(every)]


def _rows(batch: int) -> problems.Problem:
    return problems.digits().in_batches_of(batch)


def _point(value: int, work: Work, threads: int, effort: Effort) -> dict[str, Any]:
    contender = steps_of(ours.Ours(work, threads))
    amount = calibrated(contender, effort.block)
    taken = median(seconds(contender, amount) for _ in range(3 if effort.quick else 7))
    return {"x": value, "seconds": taken, "gflops": work.flops / taken / 1e9, "threads": threads}
