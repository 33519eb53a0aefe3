"""multilayer, through the engine's contract."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import Call, cores, thread_choices, threads_named
from benchmarks.work import LR, Work
from multilayer.engines import Member, Training, choose
from multilayer.recipe import Recipe

WARM_STEPS = 20
"""Of a single member; a population is warm after fewer."""

EPOCHS_OF_A_POPULATION = 10
"""At least so many stand in a block, since a call of `advance` looks at every member."""


class Ours:
    """The engine that `choose` takes, on so many threads."""

    times = 1.0

    def __init__(self, work: Work, threads: int) -> None:
        self.work, self.threads = work, threads
        self.engine, self.because = choose(self._recipe(1))
        self.name = f"multilayer {self.engine.name}"
        self.setting = threads_named(threads)
        population = work.members > 1 and self.engine.name != "reference"
        self.multiple = EPOCHS_OF_A_POPULATION * work.steps_per_epoch if population else 1

    def ready(self, steps: int) -> Call:
        warm = min(WARM_STEPS, self.work.steps_per_epoch) if self.work.members == 1 else 2
        training = self.start(math.ceil((warm + steps) / self.work.steps_per_epoch) + 1)
        training.advance(steps=warm)
        return lambda: training.advance(steps=steps)

    def fit(self, epochs: int) -> Callable[[], float]:
        def call() -> float:
            history = self.start(epochs, val=True).advance()
            best = np.argmin(history["val_loss"], axis=1)
            return float(np.take_along_axis(history["val_accuracy"], best[:, None], axis=1).mean())

        return call

    def start(self, epochs: int, *, val: bool = False) -> Training:
        """A training of all members, each with its own seed."""
        recipe, problem = self._recipe(epochs), self.work.problem
        rows = problem.val if val else problem.val[:0]
        members = [Member(recipe, problem.fitted, problem.train, rows, seed=seed) for seed in range(self.work.members)]
        return self.engine.start(members, problem.data, threads=self.threads)

    def _recipe(self, epochs: int) -> Recipe:
        return recipe_of(self.work, epochs=epochs).resolve(self.work.problem.data.target)


def recipe_of(work: Work, **settings: Any) -> Recipe:
    """The recipe that all benchmarks share."""
    shared = {"activation": "relu", "optimizer": "adam", "lr": LR, "schedule": "constant", "dtype": "float32"}
    return Recipe.of(**{**shared, "hidden": list(work.hidden), "batch_size": work.batch, **settings})


def trainers(work: Work) -> list[Ours]:
    """One for each number of threads that matters: the reference engine has one only, and a population wants all."""
    first = Ours(work, 1)
    if first.engine.name == "reference":
        return [first]
    return [Ours(work, n) for n in (thread_choices() if work.members == 1 else [cores()])]
