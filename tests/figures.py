"""A pytest plugin: tests record figures, and `make accept` writes them down as docs/acceptance.md.

A test asks for the fixture and calls it: `figure("XOR by 2-2-1, solved of 100 seeds", solved)`.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

Figure = Callable[[str, object], None]
PROPERTY = "figure"  # of a test's report, which crosses from the process that ran it to the one that writes the page
RECORDED = pytest.StashKey["Recorded"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", type=Path, metavar="FILE", help="write the recorded figures to FILE as a table")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RECORDED] = Recorded()
    config.pluginmanager.register(config.stash[RECORDED])


class Recorded:
    """What the tests of this run recorded, in whichever process each ran."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.figures: list[tuple[str, str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.figures += [tuple(value) for name, value in report.user_properties if name == PROPERTY]


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Record a figure of this test by name; a float is written with five digits."""

    def record(name: str, value: object) -> None:
        shown = f"{value:.5g}" if isinstance(value, float) else str(value)
        test = f"{request.node.path.relative_to(request.config.rootpath).as_posix()}::{request.node.name}"
        request.node.user_properties.append((PROPERTY, (test, name, shown)))

    return record


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    path = config.getoption("--figures")
    if path is not None:
        counts = {kind: len(terminalreporter.stats.get(kind, ())) for kind in ("passed", "failed", "error", "skipped")}
        recorded = config.stash[RECORDED]
        path.write_text(page(recorded.figures, counts, time.monotonic() - recorded.started), encoding="utf-8")


def page(figures: list[tuple[str, str, str]], counts: dict[str, int], seconds: float) -> str:
    """The table with its date, machine and outcome, as Markdown."""
    outcome = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    rows = [f"| {_cell(name)} | {_cell(value)} | `{test}` |" for test, name, value in sorted(figures)]
    lines = [
        "# Acceptance",
        "",
        "Written by `make accept`: every suite with its full counts.",
        "",
        f"- Date: {date.today().isoformat()}",
        f"- Machine: {machine()}",
        f"- Outcome: {outcome} in {seconds / 60:.0f} min",
        "",
        "| figure | value | test |",
        "|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Processor, cores, system and the versions that matter, in one line."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scikit-learn"))
    python = f"Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, {python}, {versions}"


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
