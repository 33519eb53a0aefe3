"""`multilayer report`, and the report that every training by the command ends with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from multilayer import lab
from multilayer.cli import screen
from multilayer.cli.saying import say
from multilayer.errors import UsageError
from multilayer.lab.run import Run

REPORT_FILE = "report.html"


def report(names: Sequence[str], output: Path | None, *, pictures: str, folder: Path) -> None:
    """Write the report of a run, or of the same question under several seeds, and print its path."""
    runs = [lab.load_run(name, folder) for name in names]
    place = output or _beside(names[0], folder)
    chosen = pictures if pictures in ("all", "few", "none") else [name.strip() for name in pictures.split(",")]
    screen.put(f"{runs[0].report(place, others=runs[1:], pictures=chosen)}\n")


def _beside(name: str, folder: Path) -> Path:
    """Where a report stands if nothing is said: in the run's folder, or beside its model file."""
    path = Path(name)
    return path.with_suffix(".html") if path.suffix == ".mlp" else lab.find_run(name, folder) / REPORT_FILE


def of_training(session: lab.Session, run: Run, place: Path, runs: Sequence[Run] = ()) -> Path | None:
    """The short report of a run just stored, beside its siblings under other seeds; None, with a word, where it could
    not be written."""
    asked, others = session.asked, [other for other in runs if other is not run]
    data = None if run.reading else asked.task or asked.dataset
    try:
        return run.report(place / REPORT_FILE, others=others, pictures="few", data=data, weights=asked.weights)
    except UsageError as error:
        say(f"The run is stored, but has no report: {error}")
    except KeyboardInterrupt:
        say("Interrupted: the run is stored, but has no report.")
    return None
