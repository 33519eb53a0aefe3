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
SINGLE = {"hidden": [], "epochs": 30}
EXERCISES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "learning-rate": ("learning-curves", "moons", {**SINGLE, "optimizer": "sgd", "lr": 0.1}),
    "weight-decay": ("weight-paths", "moons", SINGLE),
    "linear": ("boundary", "moons", {"hidden": [40]}),
    "bias": ("boundary", "and", {"hidden": [], "lr": 0.1, "bias": False}),
    "by-hand": ("boundary", "and", {"hidden": [], "weights": {"0.W": [[1], [1]], "0.b": [-1.5]}, "epochs": 0}),
    "activation": (
        *("layer-gradients", "moons"),
        {"hidden": [8] * 4, "activation": "sigmoid", "optimizer": "sgd", "lr": 0.1, "epochs": 50},
    ),
    "scoreboard": ("boundary", "gaussians", {"hidden": [20], "epochs": 30}),
    "four-functions": ("fit", "sinh(x)", {"epochs": 100}),
    "side-by-side": ("neurons", "sin(x) on [-6, 6]", {"hidden": [5], "activation": "tanh"}),
    "gaussian-process": ("gaussian-process", "sin(x)", {"hidden": [20], "activation": "tanh"}),
}
"""The pictures of docs/exercises.md: the picture, the task, and the settings it is trained with there."""
EXAMPLES = {"confusion": "digits", "sample": "iris", "gaussian-process": "lennard_jones", "first-layer": "digits"}


def setup(app: Any) -> dict[str, Any]:
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True}


def draw(app: Any) -> None:
    """Write the pictures, the list that docs/pictures.md includes, and those of docs/exercises.md."""
    from multilayer.pictures import PICTURES

    place = Path(app.srcdir) / PLACE
    place.mkdir(exist_ok=True)
    trained: dict[str, Any] = {}
    shown = [_shown(name, place, trained) for name in PICTURES]
    (place / "gallery.md").write_text("\n".join(shown), encoding="utf-8")
    for exercise in EXERCISES:
        _exercise(exercise, place / "exercises")


def _exercise(exercise: str, place: Path) -> None:
    """The picture of an exercise, in both themes, and the lines that include it."""
    from multilayer.lab import train

    place.mkdir(exist_ok=True)
    name, task, settings = EXERCISES[exercise]
    run, lines = train(task, **settings), []
    for theme in ("light", "dark"):
        made = run.plot(name, theme=theme)
        made.save(place / f"{exercise}-{theme}.svg")
        lines += _image(f"{PLACE}/exercises/{exercise}-{theme}.svg", made.alt, theme)
    (place / f"{exercise}.md").write_text("\n".join([*lines, "", _escaped(made.caption), ""]), encoding="utf-8")


def _image(path: str, alt: str, theme: str) -> list[str]:
    return [f"```{{image}} {path}", f":alt: {' '.join(alt.split())}", f":class: only-{theme}", "```"]


def _escaped(caption: str) -> str:
    """A caption as it stands in Markdown."""
    return "".join("\\" + letter if letter in "\\`*_{}[]<>$#|" else letter for letter in caption)


def _shown(name: str, place: Path, trained: dict[str, Any]) -> str:
    """The picture's section of the page, its files written."""
    from multilayer.pictures import PICTURES, Animation, drawn

    if PICTURES[name].needs == "estimator":
        return _of_estimator(name, place)
    task = "" if PICTURES[name].needs == "nothing" else _example(name, trained)
    lines = [f"### {name}", ""]
    for theme in ("light", "dark"):
        options = {"frames": 12} if PICTURES[name].animated else {}
        made = trained[task].plot(name, theme=theme, **options) if task else drawn(name, theme=theme)
        ending = "gif" if isinstance(made, Animation) else "svg"
        made.save(place / f"{name}-{theme}.{ending}")
        lines += _image(f"{PLACE}/{name}-{theme}.{ending}", made.alt, theme)
    code = f'run.plot("{name}")' if task else f'pictures.drawn("{name}")'
    return "\n".join(
        [*lines, "", _escaped(made.caption), "", f"`{code}`" + (f" of a run of `{task}`" if task else ""), ""]
    )


def _of_estimator(name: str, place: Path) -> str:
    """The section of a picture of an estimator: of the classes of wine."""
    from sklearn.datasets import load_wine

    from multilayer.estimators import TabularMLPClassifier

    X, y = load_wine(return_X_y=True, as_frame=True)
    model = TabularMLPClassifier("quick", compare=False).fit(X, y)
    given: dict[str, Any] = {"y": y} if name == "importances" else {"column": "flavanoids"}
    lines = [f"### {name}", ""]
    for theme in ("light", "dark"):
        made = model.plot(name, X, theme=theme, **given)
        made.save(place / f"{name}-{theme}.svg")
        lines += _image(f"{PLACE}/{name}-{theme}.svg", made.alt, theme)
    code = 'model.plot("importances", X, y)' if "y" in given else 'model.plot("dependence", X, column="flavanoids")'
    of = "a TabularMLPClassifier of scikit-learn's wine"
    return "\n".join([*lines, "", _escaped(made.caption), "", f"`{code}` of {of}", ""])


def _example(name: str, trained: dict[str, Any]) -> str:
    from multilayer.lab import train
    from multilayer.pictures import suiting

    for task in [EXAMPLES[name]] if name in EXAMPLES else RUNS:
        if task not in trained:
            trained[task] = train(task, **RUNS[task])
        if name in suiting(trained[task]):
            return task
    raise LookupError(f"No run of docs/gallery.py suits the picture {name}: add one to RUNS.")
