"""`multilayer train`: ask, watch, store, show."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from multilayer import lab
from multilayer.cli import live, recipes, reporting, screen, seeds, words
from multilayer.cli.saying import say
from multilayer.errors import UsageError
from multilayer.lab.run import Run

DIVERGED, INTERRUPTED = 3, 130


def train(options: dict[str, Any]) -> None:
    """Train and store what the options ask; leaves by SystemExit, 3 after a divergence, 130 after an interruption."""
    folder, limit = Path(options["runs"]), words.seconds(options["time_limit"])
    writable(folder)
    recipe_file = recipes.writable(options["save_recipe"])
    asked = lab.ask(options["data"], **words.asked(options))
    words.check_one_layer(options["weights"], asked.recipe.layers)
    threads = None if options["threads"] is None else words.value(options["threads"])
    session = lab.Session(asked, engine=options["engine"] or "auto", threads=threads, time_limit=limit)
    recipes.write(asked.recipe, recipe_file)
    advance(session, quiet=options["quiet"])
    runs = session.finish()
    places = store(runs, folder)
    if len(runs) > 1:
        seeds.summarize(session, runs, places, as_json=options["json_output"])
    elif options["json_output"]:
        screen.put_json({**runs[0].to_dict(), "folder": str(places[0])})
    else:
        screen.summarize(session, runs[0], places[0])
    best = seeds.best_of(runs)
    report = reporting.of_training(session, runs[best], places[best], runs) if options["report"] else None
    if report and not options["json_output"]:
        screen.put(f"Report in {report}\n")
    leave(session, runs)


def advance(session: lab.Session, *, quiet: bool) -> None:
    """Train to the end, telling how it stands; a word on whatever ends it early."""
    asked = session.asked
    try:
        if quiet:
            for _ in session:
                pass
            return
        screen.tell_guesses(asked.reading)
        screen.announce(session)
        with live.watching(asked.recipe) as watch:
            for history in session:
                watch(history)
        if session.out_of_time:
            say(f"The time limit of {session.time_limit:g} s is reached: what was learned so far is kept.")
    except KeyboardInterrupt:
        say("Interrupted: what was learned so far is kept.")


def store(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Store every run, the best one last, so that it is what `last` names."""
    best = seeds.best_of(runs)
    places = {place: lab.save_run(runs[place], folder) for place in (*range(best), *range(best + 1, len(runs)), best)}
    return [places[place] for place in range(len(runs))]


def leave(session: lab.Session, runs: Sequence[Run]) -> None:
    """The exit that the runs' status asks for; of several seeds, all must have diverged to count as such."""
    for run in runs:
        if run.status == "diverged":
            say(f"Diverged: {f'seed {run.question.seed}: ' * (len(runs) > 1)}{run.why}.")
    if any(run.status == "interrupted" for run in runs) and not session.out_of_time:
        raise SystemExit(INTERRUPTED)
    if all(run.status == "diverged" for run in runs):
        raise SystemExit(DIVERGED)


def writable(folder: Path) -> None:
    """Raise UsageError before any work when no run could be stored there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--runs must be a folder, but {folder} is a file. Name another folder.")
    nearest = next(above for above in (folder, *folder.parents) if above.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"No run could be stored in {folder}: {nearest} cannot be written to. Name another folder.")
