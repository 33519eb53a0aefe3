"""`multilayer plot`: a picture of a run as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from multilayer import lab
from multilayer.cli import screen, words
from multilayer.cli.saying import say
from multilayer.errors import UsageError
from multilayer.pictures import PICTURES, Animation, Picture, drawn, suiting


def plot(run_name: str, name: str, output: Path | None, *, theme: str, options: Sequence[str], folder: Path) -> None:
    """Draw the picture and print its path; without a name, list the pictures that suit."""
    given = _options(options)
    free = run_name.replace("_", "-")
    if not name and free in PICTURES and PICTURES[free].needs == "nothing":
        _save(drawn(free, theme=theme, **given), output or Path(f"{free}.svg"))
        return
    run = lab.load_run(run_name, folder)
    if not name and (output or given):
        raise UsageError(
            f"Which picture? Write its name behind the run: multilayer plot {run_name} NAME. "
            f"These suit it: {', '.join(suiting(run))}."
        )
    if not name:
        _list(run_name, suiting(run))
        return
    place = output or _place(run_name, name, folder)
    _check(place)
    _save(run.plot(name, theme=theme, **given), place)


def _place(run_name: str, name: str, folder: Path) -> Path:
    """Where a picture stands if nothing is said: among the run's pictures, or beside its model file."""
    shown = name.replace("_", "-")
    ending = "gif" if shown in PICTURES and PICTURES[shown].animated else "svg"
    if run_name.endswith(".mlp"):
        return Path(run_name).with_name(f"{shown}.{ending}")
    return lab.find_run(run_name, folder) / "pictures" / f"{shown}.{ending}"


def _check(place: Path) -> None:
    """Refuse, before a picture is drawn, what could not be saved."""
    if place.suffix.lower() not in (".svg", ".png", ".gif"):
        raise UsageError(f"A picture is saved as .svg, .png or, an animation, as .gif, got '{place}'.")


def _save(made: Picture | Animation, place: Path) -> None:
    if place.parent.name == "pictures":
        place.parent.mkdir(exist_ok=True)
    try:
        made.save(place)
    except OSError as error:
        raise UsageError(f"The picture could not be saved as {place}: {error.strerror}.") from None
    say(made.caption)
    screen.put(f"{place}\n")


def _options(words_given: Sequence[str]) -> dict[str, Any]:
    """The options of a picture from words such as bins=5 and inputs=a,b."""
    found: dict[str, Any] = {}
    for word in words_given:
        name, equals, text = word.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--option must read like bins=5, got '{word}'.")
        values = [words.value(part) for part in words.list_of(text)]
        found[name.strip().replace("-", "_")] = values[0] if len(values) == 1 else tuple(values)
    return found


def _list(run_name: str, names: Sequence[str]) -> None:
    table = screen.plain_table("picture", "what it shows", "options")
    table.columns[2].justify = "left"
    for name in names:
        table.add_row(name, PICTURES[name].shows, ", ".join(PICTURES[name].options))
    with screen.results() as console:
        console.print(table)
        console.print()
        console.print(f"  multilayer plot {run_name} {names[0] if names else 'NAME'}", markup=False)
