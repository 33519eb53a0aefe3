"""The results as tables on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.measurements.startup import LIMITS
from benchmarks.results import Row

WIDTH = 200


def console() -> Console:
    """The terminal at its own width, or wide enough for the table where there is none."""
    found = Console()
    return found if found.is_terminal and found.width >= WIDTH else Console(width=WIDTH)


def of_rows(rows: Sequence[Row]) -> Table:
    """The table of ratios."""
    table = Table(title="Time of the peer over ours, side by side", title_justify="left")
    table.add_column("case", no_wrap=True)
    table.add_column("network", no_wrap=True)
    table.add_column("batch", justify="right")
    table.add_column("against")
    for name in ("threads\nours/theirs", "ours", "theirs", "ratio [10 %, 90 %]", "target", "met"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("whole fit: ratio\nours / theirs", justify="right", no_wrap=True)
    table.add_column("note", ratio=1)
    for row in rows:
        table.add_row(*_cells(row))
    return table


def line(row: Row) -> str:
    """One row in a line, for the wait."""
    if row.times is None:
        return f"{row.case}: {row.note}"
    times = row.times
    return f"{row.case}: {times.ratio:.3g}x [{times.low:.3g}, {times.high:.3g}] of {times.rounds} rounds"


def _cells(row: Row) -> list[str]:
    target = "" if row.target is None else f"{row.target:g}x"
    case = [row.case, row.network, "" if row.batch is None else f"{row.batch}"]
    if row.times is None:
        return [*case, row.peer, "", "", "", "", target, "", "", escape(row.note)]
    times, met = row.times, {None: "", True: "yes", False: "NO"}[row.met]
    ratio = f"{times.ratio:.3g}x [{times.low:.3g}, {times.high:.3g}]"
    against = f"{times.theirs.name} ({times.theirs.setting})"
    threads = f"{times.ours.threads}/{times.theirs.threads}"
    measured = [duration(times.ours.seconds), duration(times.theirs.seconds)]
    return [*case, against, threads, *measured, ratio, target, met, _fit(row), escape(row.note)]


def _fit(row: Row) -> str:
    if row.fit is None:
        return ""
    times = row.fit.times
    return f"{times.ratio:.3g}x\n{duration(times.ours.seconds)} / {duration(times.theirs.seconds)}"


def duration(seconds: float) -> str:
    """Three digits with a unit: 2.1 us, 14.6 ms, 3.2 s."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def of_measurement(name: str, found: Any) -> Table:
    """A measurement of the machine, or of ours alone."""
    tables: dict[str, Callable[[Any], Table]]
    tables = {"peak": _peak, "scaling": _scaling, "startup": _startup, "memory": _memory}
    return tables[name](found)


def _peak(found: dict[str, dict[str, float]]) -> Table:
    table = _table("Peak of float32 matrix products", "threads", "best of", "GFLOP/s")
    for threads, rates in found.items():
        best = max(rates, key=rates.__getitem__)
        table.add_row(threads, best, f"{rates[best]:.1f}")
    return table


def _scaling(found: dict[str, list[dict[str, Any]]]) -> Table:
    table = _table("Ours: time of a step", "with", "at", "threads", "step", "GFLOP/s")
    for name, points in found.items():
        for point in points:
            measured = duration(point["seconds"]), f"{point['gflops']:.3g}"
            table.add_row(name, f"{point['x']}", f"{point['threads']}", *measured)
        table.add_section()
    return table


def _startup(found: dict[str, float]) -> Table:
    table = _table("Start-up, in a process of its own", "what", "seconds", "promised")
    for name, seconds in found.items():
        table.add_row(name, f"{seconds:.3f}", f"under {LIMITS[name]}" if name in LIMITS else "")
    return table


def _memory(found: dict[str, dict[str, dict[str, int]]]) -> Table:
    table = _table(
        "Peak memory in MiB", "network", "who", "after importing", "making the data", "with it", "in the fit"
    )
    for network, by in found.items():
        for who, sizes in by.items():
            table.add_row(
                network, who, *(f"{sizes[name] / 2**20:.0f}" for name in ("imported", "making", "data", "fit"))
            )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place == 0 else "right")
    return table
