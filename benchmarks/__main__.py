"""The command: python -m benchmarks [--case NAME ...] [--quick] [--list]."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEASUREMENTS = ("peak", "scaling", "startup", "memory")


def main() -> int:
    asked = arguments()
    allow_all_threads()
    from benchmarks import cases, machine, results, table
    from benchmarks.timing import Effort

    out = table.console()
    if asked.list:
        for case in cases.CASES:
            out.print(case.name if case.target is None else f"{case.name}  at least {case.target:g}x", highlight=False)
        out.print(*MEASUREMENTS, sep="\n")
        return 0
    chosen = cases.chosen(asked.case, quick=asked.quick)
    measurements = [name for name in MEASUREMENTS if not asked.case or name in asked.case]
    unknown = [name for name in asked.case if name not in MEASUREMENTS and not cases.chosen([name], quick=False)]
    if unknown:
        print(f"There is no case {unknown[0]!r}. --list shows the names.", file=sys.stderr)
        return 2
    recorded = machine.record()
    if sentence := machine.busy():
        out.print(sentence, style="bold")
    started = time.perf_counter()
    effort = Effort.of(quick=asked.quick, rounds=asked.rounds)
    folder = asked.out or (None if asked.case or asked.quick else HERE)
    rows: list[Any] = []
    for case in chosen:
        rows.append(_measured(case, effort, out))
        if folder:  # so that a run that is stopped leaves what it had
            results.write(folder, recorded, rows, {}, quick=asked.quick)
    found = {name: measured(name, quick=asked.quick) for name in measurements}
    if rows:
        out.print(table.of_rows(rows))
    for name, values in found.items():
        out.print(table.of_measurement(name, values))
    out.print(f"{time.perf_counter() - started:.0f} seconds", highlight=False)
    if folder:
        _keep(folder, recorded, rows, found, asked.quick, out)
    return int(any(row.failed for row in rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description="multilayer and its peers, side by side.")
    parser.add_argument("--case", nargs="+", default=[], metavar="NAME", help="rows by name or beginning of a name")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, under three minutes")
    parser.add_argument("--rounds", type=int, help="at most so many rounds and fits")
    parser.add_argument("--list", action="store_true", help="the names of all rows")
    help_of_out = "keep results.json and pictures there; a whole run that is not quick keeps them beside the program"
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=help_of_out)
    return parser.parse_args()


def allow_all_threads() -> None:
    """Lift what the environment says about threads before anything reads it: each block sets its own number."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT"):
        os.environ.pop(name, None)


def measured(name: str, *, quick: bool) -> Any:
    """A measurement of the machine, or of ours alone."""
    return importlib.import_module(f"benchmarks.measurements.{name}").measured(quick=quick)


def _measured(case: Any, effort: Any, out: Any) -> Any:
    """The case's row, told as soon as it is there."""
    from benchmarks import table

    started = time.perf_counter()
    row = case.measured(effort)
    out.print(f"{table.line(row)}; {time.perf_counter() - started:.0f} s", highlight=False, markup=False)
    return row


def _keep(folder: Path, machine: dict[str, Any], rows: list[Any], found: dict[str, Any], quick: bool, out: Any) -> None:
    from benchmarks import picture, results

    results.write(folder, machine, rows, found, quick=quick)
    written = [folder / "results.json", *picture.draw(folder, results.read(folder))]
    out.print("Wrote", ", ".join(str(path) for path in written), highlight=False)


if __name__ == "__main__":
    sys.exit(main())
