"""What was measured: a row for each case, and the file that keeps them."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.timing import Comparison

FORMAT = 1


@dataclass(frozen=True)
class Side:
    """Ours or theirs: who, in which setting, and the median seconds."""

    name: str
    setting: str
    threads: int
    seconds: float


@dataclass(frozen=True)
class Ratio:
    """Their time over ours, of blocks side by side: the median, the 10th and the 90th percentile."""

    ours: Side
    theirs: Side
    ratio: float
    low: float
    high: float
    rounds: int
    settings: dict[str, float]

    @staticmethod
    def of(found: Comparison) -> Ratio:
        ours = Side(found.ours.name, found.ours.setting, found.ours.threads, found.ours_seconds)
        theirs = Side(found.theirs.name, found.theirs.setting, found.theirs.threads, found.theirs_seconds)
        return Ratio(ours, theirs, found.ratio, found.low, found.high, found.rounds, found.settings)


@dataclass(frozen=True)
class Fit:
    """The same comparison for whole fits, with the validation accuracies reached."""

    epochs: int
    times: Ratio
    ours_accuracy: float
    theirs_accuracy: float


@dataclass(frozen=True)
class Row:
    """One case, measured; `times` is None where it could not be, for the reason in `note`."""

    case: str
    network: str
    batch: int | None
    members: int
    peer: str
    unit: str
    target: float | None
    times: Ratio | None
    fit: Fit | None = None
    note: str = ""
    more: dict[str, float] = field(default_factory=dict)
    failed: bool = False
    date: str = field(default_factory=lambda: datetime.datetime.now().astimezone().isoformat(timespec="seconds"))

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None where there is none."""
        return None if self.target is None or self.times is None else self.times.ratio >= self.target

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def write(folder: Path, machine: dict[str, Any], rows: list[Row], measured: dict[str, Any], *, quick: bool) -> None:
    """results.json; rows and measurements already there stay when this run did not repeat them on the same machine."""
    path = folder / "results.json"
    old = _of_same_machine(path, machine, quick)
    cases = {row["case"]: row for row in old.get("cases", [])} | {row.case: row.to_dict() for row in rows}
    document = {
        "format": FORMAT,
        "quick": quick,
        "machine": machine,
        "cases": list(cases.values()),
        "measurements": {**old.get("measurements", {}), **measured},
    }
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)


def read(folder: Path) -> dict[str, Any]:
    """The document of `write`."""
    document: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return document


def _of_same_machine(path: Path, machine: dict[str, Any], quick: bool) -> dict[str, Any]:
    if not path.exists():
        return {}
    old = read(path.parent)
    same = all(old["machine"].get(name) == machine[name] for name in machine if name not in ("date", "load"))
    return old if same and old["quick"] == quick and old["format"] == FORMAT else {}
