"""The stored runs of a folder, from their records alone: quick, and without reading a weight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from multilayer.constraints import Choice
from multilayer.data import METRICS, defaults_for
from multilayer.data.target import TargetKind
from multilayer.errors import MultilayerError
from multilayer.lab.form import RECORD, checked
from multilayer.lab.store import RECORD_FILE

NEEDED: Any = {
    **{name: RECORD[name] for name in ("id", "task", "source", "started", "seconds")},
    "asked": {"question": {"recipe": {"monitor": Choice("loss", *METRICS)}, "seed": None}},
    "answered": {name: RECORD["answered"][name] for name in ("status", "epochs", "scores")},
    "target": {"kind": RECORD["target"]["kind"]},
}
"""What a line about a run is made of."""
PARTS = ("test", "val", "train")


@final
@dataclass(frozen=True)
class Shelved:
    """A stored run in short. `score` is its metric on the test rows, or on those of `part`; None where it has none."""

    id: str
    task: str
    source: str
    started: str
    seed: int
    metric: str
    part: str
    score: float | None
    epochs: int
    seconds: float
    status: str
    folder: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def shelved(folder: str | Path = "runs") -> tuple[list[Shelved], list[Path]]:
    """The runs in a folder, the newest first, and the records that cannot be read."""
    found, unreadable = [], []
    for path in sorted(Path(folder).glob(f"*/{RECORD_FILE}")):
        try:
            found.append((path.stat().st_mtime_ns, _shelved(json.loads(path.read_bytes()), path.parent)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, MultilayerError):
            unreadable.append(path)
    found.sort(key=lambda one: (one[1].started, one[0]), reverse=True)
    return [one for _, one in found], unreadable


def _shelved(record: Mapping[str, Any], place: Path) -> Shelved:
    read = checked(record, NEEDED, "the record")
    question, answered = read["asked"]["question"], read["answered"]
    kind: TargetKind = read["target"]["kind"]
    metric = question["recipe"]["monitor"]
    metric = defaults_for(kind)[0] if metric == "loss" else metric
    part = next((part for part in PARTS if part in answered["scores"]), "")
    score = answered["scores"].get(part, {}).get(metric)
    return Shelved(
        *(read["id"], read["task"], read["source"], read["started"], int(question["seed"]), metric, part),
        None if score is None or score != score else score,
        *(answered["epochs"], read["seconds"], answered["status"], str(place)),
    )
