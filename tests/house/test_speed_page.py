"""The table of docs/speed.md is that of benchmarks/results.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.table import duration

ROOT = Path(__file__).parents[2]


def test_the_page_has_the_rows_that_were_measured() -> None:
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    document = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    measured = [line_of(case) for case in document["cases"] if case["times"]]
    assert measured
    assert [line for line in page.splitlines() if line.startswith("| `")] == measured


def line_of(case: dict[str, Any]) -> str:
    times = case["times"]
    ours, theirs = times["ours"], times["theirs"]
    against = f"{theirs['name']}, {theirs['setting']}"
    threads = f"{ours['threads']} / {theirs['threads']}"
    seconds = f"{duration(ours['seconds'])} | {duration(theirs['seconds'])}"
    ratio = f"{times['ratio']:.3g} [{times['low']:.3g}, {times['high']:.3g}]"
    fit = case["fit"] and f"{case['fit']['times']['ratio']:.3g}"
    return f"| `{case['case']}` | {against} | {threads} | {seconds} | {ratio} | {fit or ''} |"
