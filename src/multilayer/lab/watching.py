"""A run's training once more, with a look into its layers on the way."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from multilayer.data import Dataset, tasks
from multilayer.data.fingerprint import fingerprint
from multilayer.engines.watching import Watched, watch
from multilayer.errors import DataError, RefusedError
from multilayer.lab.asking import ask
from multilayer.lab.run import Run
from multilayer.lab.session import Session
from multilayer.lab.source import looks_like_path
from multilayer.recipe import weights_digest

UNNAMED = ("arrays", "a frame", "a dataset")
"""Sources that cannot be opened again."""


def watch_run(run: Run, data: Any = None, *, rows: Any = None, every: int = 1, weights: Any = None) -> Watched:
    """Train the run's question again and look into its layers, before the first step and after every `every` epochs.

    `data` is what the run was trained on (a Dataset, a frame, or a pair of X and y); a run of a task or a file needs
    none. `rows` are the numbers of the rows to look at, by default the training rows, at most 1000. `weights` are the
    starting weights where the run's were set by hand: of those only the digest is kept. Every step is the run's to the
    bit; a run that was interrupted goes on to the end it was asked for.

    Raises DataError where the data is missing or not the run's, and RefusedError for a run with layers or a loss of
    your own.

    >>> from multilayer.lab import train
    >>> watched = watch_run(train("xor", hidden=[4], epochs=3))
    >>> watched.epoch, watched.gradient.shape
    (array([0, 1, 2, 3]), (4, 2))
    """
    session = session_of(run, data, weights=weights)
    return watch(session.training, session.members, session.asked.data, rows=rows, every=every)[0]


def session_of(run: Run, data: Any = None, *, weights: Any = None) -> Session:
    """The run's training before its first step, set to end with the weights of its last epoch.

    Arguments and errors as for `watch_run`.
    """
    question = run.question
    if question.own is not None:
        raise RefusedError(
            "A run with layers or a loss of your own cannot be asked again, since they are code. Watch it while it "
            "trains: multilayer.engines.watch."
        )
    if data is None and run.source in UNNAMED:
        raise DataError(f"This run was trained on {run.source}, which a run does not keep. Pass that data again.")
    asked = ask(
        run.source if data is None else data,
        **reading(run, run.source if data is None else data),
        seeds=[question.seed],
        recipe=question.recipe.replace(keep="last"),
        splitting=question.splitting,
        prepare=question.preparation,
        weights=_start(run, weights),
    )
    if fingerprint(asked.dataset) != question.data:
        raise DataError("This is not the data the run was trained on: its fingerprint is another.")
    return Session(asked, engine=run.engine["name"])


def reading(run: Run, data: Any) -> dict[str, Any]:
    """How data is read again: as it was, or with the run's target where the data does not say itself what that is."""
    if isinstance(data, (Dataset, tasks.Task)) or (isinstance(data, str) and not looks_like_path(data)):
        return {}
    if isinstance(data, tuple) and not isinstance(data, os.PathLike):
        return {"kind": run.target.kind}
    if run.reading and isinstance(data, (str, os.PathLike)):
        return dict(run.reading["options"])
    names = run.target.names
    return {"target": names[0] if len(names) == 1 else list(names), "kind": run.target.kind}


def _start(run: Run, weights: Any) -> Any:
    """The starting weights, None where they were drawn."""
    start = run.question.start
    if start is None:
        return None
    if weights is None:
        raise DataError("This run started from weights set by hand, which a run does not keep. Pass them as weights=.")
    given = {name: np.asarray(value, dtype=np.float64) + 0.0 for name, value in weights.items()}
    if weights_digest(given) != start:
        raise DataError("These are not the weights that the run started from: their digest is another.")
    return given
