"""Draws every picture while the documentation is built, in both themes, with the caption it has: a Sphinx extension.

The pictures are of small runs trained here, so that the page shows what this version draws. The first run that a
picture suits is its example, unless `EXAMPLES` says another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PLACE = "_pictures"
RUNS: dict[str, dict[str, Any]] = {
    "moons": {"hidden": [8], "epochs": 100},
    "sin(x)": {"hidden": [8], "activation": "tanh", "epochs": 300},
    "x1*x2": {"hidden": [20], "epochs": 100},
    "iris": {"hidden": [8], "epochs": 60},
    "lennard_jones": {},
    "digits": {"hidden": [16], "epochs": 10},
}
EXAMPLES = {"confusion": "digits", "sample": "iris", "gaussian-process": "lennard_jones", "first-layer": "digits"}


def setup(app: Any) -> dict[str, Any]:
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True}


def draw(app: Any) -> None:
    """Write the pictures and the list that docs/pictures.md includes."""
    from multilayer.pictures import PICTURES

    place = Path(app.srcdir) / PLACE
    place.mkdir(exist_ok=True)
    trained: dict[str, Any] = {}
    shown = [_shown(name, place, trained) for name in PICTURES]
    (place / "gallery.md").write_text("\n".join(shown), encoding="utf-8")


def _shown(name: str, place: Path, trained: dict[str, Any]) -> str:
    """The picture's section of the page, its files written."""
    from multilayer.pictures import PICTURES, Animation, drawn

    task = "" if PICTURES[name].needs == "nothing" else _example(name, trained)
    lines = [f"### {name}", ""]
    for theme in ("light", "dark"):
        options = {"frames": 12} if PICTURES[name].animated else {}
        made = trained[task].plot(name, theme=theme, **options) if task else drawn(name, theme=theme)
        ending = "gif" if isinstance(made, Animation) else "svg"
        made.save(place / f"{name}-{theme}.{ending}")
        alt = " ".join(made.alt.split())
        lines += [f"```{{image}} {PLACE}/{name}-{theme}.{ending}", f":alt: {alt}", f":class: only-{theme}", "```"]
    escaped = "".join("\\" + letter if letter in "\\`*_{}[]<>$#|" else letter for letter in made.caption)
    code = f'run.plot("{name}")' if task else f'pictures.drawn("{name}")'
    return "\n".join([*lines, "", escaped, "", f"`{code}`" + (f" of a run of `{task}`" if task else ""), ""])


def _example(name: str, trained: dict[str, Any]) -> str:
    from multilayer.lab import train
    from multilayer.pictures import suiting

    for task in [EXAMPLES[name]] if name in EXAMPLES else RUNS:
        if task not in trained:
            trained[task] = train(task, **RUNS[task])
        if name in suiting(trained[task]):
            return task
    raise LookupError(f"No run of docs/gallery.py suits the picture {name}: add one to RUNS.")
