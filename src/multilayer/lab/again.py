"""What a run can be asked again: its rows, its training epoch by epoch, other seeds. A run stores none of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import fingerprint, tasks
from multilayer.data.tasks.function import Curve
from multilayer.engines.watching import Watched
from multilayer.errors import DataError, RefusedError
from multilayer.lab.run import Run
from multilayer.lab.session import Session
from multilayer.lab.source import dataset_of
from multilayer.lab.watching import UNNAMED, reading, session_of, watch_run
from multilayer.pictures import Rows, Stage
from multilayer.recipe.layers import network, output_activation
from multilayer.recipe.outputs import answer


@final
@dataclass(frozen=True, eq=False)
class Again:
    """A run, and the data and starting weights to ask it again with, where its record does not say them."""

    run: Run
    data: Any = None
    weights: Mapping[str, Any] | None = None

    @cached_property
    def rows(self) -> Rows:
        """The rows the run was asked about; raises DataError where they cannot be had or are others."""
        run, data = self.run, self.data
        if data is None and run.source in UNNAMED:
            raise DataError(
                f"This run was trained on {run.source}, which a run does not keep. Pass the same rows as data=."
            )
        given = run.source if data is None else data
        dataset, task, _ = dataset_of(given, **reading(run, given))
        if fingerprint(dataset) != run.question.data:
            what = "This is not the data" if data is not None else f"{run.source} no longer holds the data"
            raise DataError(f"{what} the run was trained on: its fingerprint is another.")
        x = run.preparation.encoding.matrix(dataset)
        return Rows(dataset, x, run.question.splitting.apply(dataset), _law(task))

    def stages(self, epochs: Sequence[int]) -> Iterator[Stage]:
        """The run after each of these epochs, in rising order."""
        run = self.run
        session = session_of(run, self.data, weights=self.weights)
        recipe, training, done = run.question.recipe, session.training, 0
        ends_in = output_activation(recipe.layers)
        for epoch in epochs:
            if epoch > done:
                training.advance(epochs=epoch - done)
                done = epoch
            net = network(recipe.layers, run.n_in, seed=None, dtype=recipe.dtype)
            net.set_weights(training.weights())

            def answered(matrix: Array) -> Array:
                outputs = training.predict(matrix)
                return answer(outputs, recipe.loss["name"], ends_in, run.target, run.preparation)

            loss = float(training.history["loss"][0, epoch - 1]) if epoch else float(np.nan)
            yield Stage(epoch, loss, answered, net)

    def siblings(self, seeds: Sequence[int]) -> list[Run]:
        """The same question under other seeds, trained as one population."""
        if self.run.question.start is not None:
            raise RefusedError("This run started from weights set by hand, so that other seeds say nothing new.")
        asked = session_of(self.run, self.data).asked
        asked = replace(asked, seeds=tuple(seeds), recipe=self.run.question.recipe)
        session = Session(asked, engine=self.run.engine["name"])
        session.training.advance()
        return session.finish(with_baselines=False)

    def watched(self, every: int = 1) -> Watched:
        """What its layers did while it learned."""
        return watch_run(self.run, self.data, weights=self.weights, every=every)


def _law(task: tasks.Task | None) -> Any:
    return task.values if isinstance(task, Curve) else None
