"""`multilayer runs`: what is stored, from the records alone."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from multilayer import lab
from multilayer.cli import screen, words
from multilayer.cli.saying import say
from multilayer.errors import RunNotFoundError, UsageError, sentence
from multilayer.lab.shelf import Shelved, shelved


def runs(task: str, number: str, folder: Path, *, as_json: bool) -> None:
    """List the newest runs, of one task where it is named."""
    many = _many(number)
    found, unreadable = shelved(folder)
    for path in unreadable:
        say(f"{path} is no record that this version can read: left out.")
    chosen = [one for one in found if not task or _of(one, task)]
    if not chosen and not as_json:
        of = f" of {task}" if task else ""
        raise RunNotFoundError(f"There are no runs{of} in {folder}. Train one first, or name its folder.")
    shown = chosen if many is None else chosen[:many]
    if as_json:
        screen.put_json({"format": 1, "runs": [one.to_dict() for one in shown]})
        return
    table = screen.plain_table("run", "task", "started (UTC)", "score", "set by hand")
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    table.columns[4].justify = "left"
    for one in shown:
        score = "-" if one.score is None else f"{one.part} {one.metric} {screen.cell(one.score)}"
        when = one.started[:16].replace("T", " ")
        ended = [one.status] if one.status in ("diverged", "interrupted") else []
        remarks = ", ".join(filter(None, [*ended, f"seed {one.seed}" if one.seed else "", _settings(one)]))
        table.add_row(one.id, escape(one.task), when, score, escape(remarks))
    with screen.results() as console:
        console.print(table)
        if len(shown) < len(chosen):
            console.print(f"\nand {len(chosen) - len(shown)} older: --number all")


def _of(one: Shelved, named: str) -> bool:
    """Whether a run is of the task, or of the file, of that name."""
    of = (one.task, one.source, Path(one.source).name)
    return named in of or one.task.startswith(f"{named}(")


def _settings(one: Shelved) -> str:
    """What was set otherwise than it is chosen anyway, as options without their dashes."""
    from multilayer.report.same_bits import settings, word

    try:
        run = lab.load_run(one.folder)
    except UsageError:
        return "-"
    found = settings(run)
    said = {name: word(value) for name, value in found.items() if name not in ("layers", "recipe")}
    shown = [f"{name.replace('_', '-')} {text}" for name, text in said.items() if text is not None]
    return ", ".join(shown + ["layers of its own"] * (len(shown) < len(found)))


def _many(number: str) -> int | None:
    """How many to list; None for all."""
    if number.strip().lower() == "all":
        return None
    count = words.value(number)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise UsageError(sentence("--number", "a whole number of at least 1, or all", number))
    return count
