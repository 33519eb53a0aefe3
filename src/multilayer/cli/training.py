"""`multilayer train`: ask, watch, store, show."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from multilayer import lab
from multilayer.cli import live, screen, words
from multilayer.cli.saying import say
from multilayer.errors import UsageError
from multilayer.lab.run import Run

DIVERGED, INTERRUPTED = 3, 130


def train(options: dict[str, Any]) -> None:
    """Train and store what the options ask; leaves by SystemExit, 3 after a divergence, 130 after an interruption."""
    folder = Path(options["runs"])
    writable(folder)
    asked = lab.ask(options["data"], **words.asked(options))
    words.check_one_layer(options["weights"], asked.recipe.layers)
    session = lab.Session(asked, engine=options["engine"] or "auto")
    try:
        screen.announce(session)
        with live.watching(asked.recipe.epochs) as watch:
            for history in session:
                watch(history)
    except KeyboardInterrupt:
        say("Interrupted: what was learned so far is kept.")
    run = session.finish()[0]
    place = lab.save_run(run, folder)
    if options["json_output"]:
        answer = {**run.to_dict(), "folder": str(place)}
        screen.put(json.dumps(answer, indent=2, allow_nan=False) + "\n")
    else:
        screen.summarize(session, run, place)
    leave(run)


def leave(run: Run) -> None:
    """The exit that a run's status asks for."""
    if run.status == "diverged":
        say(f"Diverged: {run.why}.")
        raise SystemExit(DIVERGED)
    if run.status == "interrupted":
        raise SystemExit(INTERRUPTED)


def writable(folder: Path) -> None:
    """Raise UsageError before any work when no run could be stored there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--runs must be a folder, but {folder} is a file. Name another folder.")
    nearest = next(above for above in (folder, *folder.parents) if above.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"No run could be stored in {folder}: {nearest} cannot be written to. Name another folder.")
