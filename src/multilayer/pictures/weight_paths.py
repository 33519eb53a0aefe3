"""How the weights move under different penalties, from one and the same start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer import engines
from multilayer.arrays import Array
from multilayer.constraints import Positive, check_fields
from multilayer.engines import Data, Member
from multilayer.pictures.depth import untrained
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import SMALL, Theme, figure
from multilayer.pictures.subject import Subject, Trained

MOST_LINES, MOST_LOOKS = 60, 100
NEAR_ZERO = 0.01


@final
@dataclass(frozen=True)
class Penalties:
    """How strong each penalty is."""

    l1: Positive
    l2: Positive
    weight_decay: Positive

    def __post_init__(self) -> None:
        check_fields(self)


def no_penalties(run: Trained) -> str | None:
    if run.question.recipe.optimizer["name"] == "lbfgs":
        return "L-BFGS takes neither l1 nor weight decay."
    return untrained(run)


@picture("weight-paths", "how weights move under no penalty, l1, l2 and decay", needs="training", why_not=no_penalties)
def weight_paths(
    subject: Subject, theme: Theme, *, l1: float = 0.003, l2: float = 0.03, weight_decay: float = 0.3
) -> Drawing:
    """The run's training under four penalties, as one population: weights of the first layer by epoch.

    `l1`, `l2` and `weight_decay` are their strengths as in a recipe; each counts alone, in place of the run's own.
    """
    strengths = vars(Penalties(l1, l2, weight_decay))
    kinds: list[dict[str, float]] = [{}, *({name: value} for name, value in strengths.items())]
    name, epochs, paths = trajectories(subject, kinds)
    drawn = np.linspace(0, paths.shape[2] - 1, min(MOST_LINES, paths.shape[2])).astype(int)
    made = figure(4.6)
    axes = made.subplots(2, 2, sharex=True, sharey=True).ravel()
    near = [float((np.abs(path[-1]) < NEAR_ZERO).mean()) for path in paths]
    for place, kind, path, share in zip(axes, kinds, paths, near, strict=True):
        for line in path[:, drawn].T:
            place.plot(epochs, line, color=theme.color(0 if line[-1] > 0 else 1), linewidth=0.9, alpha=0.75)
        place.axhline(0, color=theme.faint, linewidth=0.8, zorder=3)
        place.grid(True)
        place.set_title(_told(kind))
        place.set_title(f"{share:.0%} near 0", loc="right", color=theme.faint, fontsize=SMALL)
        place.set_xlim(0, max(epochs[-1], 1))
    made.supxlabel("epochs", fontsize=SMALL + 1)
    made.supylabel("weight", fontsize=SMALL + 1)
    alt = f"Four panels of {len(drawn)} lines each: the weights by epoch, blue where they end positive, orange else."
    return Drawing(made, _caption(name, kinds, paths, near, epochs), alt)


def trajectories(subject: Subject, kinds: list[dict[str, float]]) -> tuple[str, Array, Array]:
    """The name of the first array of weights, the epochs looked at, and its values there: (kinds, looks, weights)."""
    run, rows = subject.run, subject.rows
    question = run.question
    start = next(iter(subject.stages([0]))).net.get_weights() if question.start is not None else None
    none: dict[str, Any] = {"l1": 0.0, "l2": 0.0, "weight_decay": 0.0, "keep": "last", "patience": None}
    recipes = [question.recipe.replace(**{**none, **kind}) for kind in kinds]
    parts = (run.preparation, rows.split.train, rows.split.val)
    members = [Member(recipe, *parts, seed=question.seed, weights=start) for recipe in recipes]
    engine, _ = engines.choose(recipes[0])
    training = engine.start(members, Data(rows.x, rows.dataset.target, rows.dataset.weight))
    name = next(name for name in training.weights() if name.endswith(".W"))
    every, places = max(1, question.recipe.epochs // MOST_LOOKS), range(len(kinds))
    looks, epochs = [[training.weights(place)[name].ravel() for place in places]], [0]
    while any(training.status(place) == "training" for place in places):
        training.advance(epochs=every)
        looks.append([training.weights(place)[name].ravel() for place in places])
        epochs.append(min(epochs[-1] + every, question.recipe.epochs))
    return name, np.array(epochs, dtype=np.float64), np.array(looks, dtype=np.float64).transpose(1, 0, 2)


def _told(kind: dict[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in kind.items()) or "no penalty"


def _caption(name: str, kinds: list[dict[str, float]], paths: Array, near: list[float], epochs: Array) -> str:
    sizes = np.linalg.norm(paths[:, -1], axis=1)
    told = "; ".join(
        f"{_told(kind)}: L2 norm {size:.3g}, {share:.0%} below {NEAR_ZERO:g} in size"
        for kind, size, share in zip(kinds, sizes, near, strict=True)
    )
    return (
        f"The {paths.shape[2]} weights {name} over {epochs[-1]:.0f} epochs from one start, each penalty alone. {told}. "
        "l1 pulls every weight with the same force and so brings many to 0; l2 and weight decay pull in proportion "
        "and make all smaller."
    )
