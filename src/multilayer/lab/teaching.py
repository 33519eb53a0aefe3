"""A run as a program: its rows and its starting weights are had again, and its question is written as source code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multilayer.errors import RefusedError
from multilayer.files.code import Lesson, Program, predicting, purpose, training
from multilayer.lab.run import Run
from multilayer.lab.watching import session_of
from multilayer.recipe.outputs import training_target


def program_of(
    run: Run,
    language: str,
    what: str | None = None,
    *,
    data: Any = None,
    weights: Mapping[str, Any] | None = None,
) -> Program:
    """The program of `Run.code`, which see."""
    if purpose(language, what) == "predict":
        return predicting(run.model, language, run.task)
    return training(lesson_of(run, data, weights), language)


def lesson_of(run: Run, data: Any = None, weights: Mapping[str, Any] | None = None) -> Lesson:
    """The training of a run, ready to be written; `data` and `weights` as for `Run.code`."""
    if not run.epochs:
        raise RefusedError("This run was not trained, so no program trains it again. Ask for what=predict.")
    session = session_of(run, data, weights=weights)
    asked, recipe = session.asked, run.question.recipe
    if asked.data.weight is not None:
        raise RefusedError("The rows of this run have weights, which short programs leave out. Ask for what=predict.")
    rows, dtype = asked.split.train, np.dtype(recipe.dtype)
    targets = training_target(recipe.loss["name"], asked.data.target, run.preparation, dtype)
    return Lesson(
        model=run.model,
        seed=run.question.seed,
        source=run.task,
        inputs=run.preparation.apply(asked.data.x[rows], dtype),
        targets=targets[rows],
        start=session.training.weights(),
        losses=run.history["loss"],
        rates=run.history["lr"],
        validated=bool(len(asked.split.val)),
    )
