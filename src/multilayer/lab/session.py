"""A session: a question made ready, trained as a stream, and closed into runs."""

from __future__ import annotations

import contextlib
import copy
import datetime
import os
import platform
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any, cast, final

import numpy as np

from multilayer import engines
from multilayer.arrays import Array
from multilayer.constraints import Maybe, Real, check
from multilayer.data import fingerprint
from multilayer.data.intervals import intervals
from multilayer.engines import History, Member, native
from multilayer.errors import RefusedError
from multilayer.lab.advice.observing import Observed, observe_member, observe_rows
from multilayer.lab.asking import Asked
from multilayer.lab.baselines import Baseline, against, baselines
from multilayer.lab.run import Run, RunStatus
from multilayer.lab.score import Scores, answered, parts, split_scores, taken
from multilayer.nn import Sequential
from multilayer.recipe import Question, weights_digest
from multilayer.recipe.layers import output_activation
from multilayer.recipe.outputs import answer
from multilayer.version import __version__

MAYBE_SECONDS = Maybe(Real(0, open_low=True))


@final
class Session:
    """A population of one question under several seeds, in training.

    Iterating yields the history after each epoch; whatever watches may stop whenever it likes, and `finish` makes
    the runs of what is there. After `time_limit` seconds the iteration ends with the epoch it is in, and the runs say
    so.

    >>> from multilayer.lab import ask
    >>> session = Session(ask("xor", epochs=3))
    >>> sum(1 for history in session)
    3
    >>> session.finish()[0].epochs
    3
    """

    def __init__(
        self, asked: Asked, *, engine: str = "auto", threads: int | None = None, time_limit: float | None = None
    ) -> None:
        self.asked = asked
        self.time_limit = check(MAYBE_SECONDS, time_limit, "time_limit")
        self.out_of_time = False
        recipe = asked.recipe
        self.engine, self.because = engines.choose(recipe, "reference" if asked.network or asked.loss else engine)
        self.members = [
            Member(
                recipe,
                asked.fitted,
                *(asked.split.train, asked.split.val),
                seed=seed,
                weights=asked.weights,
                network=asked.network,
                loss=asked.loss,
            )
            for seed in asked.seeds
        ]
        if asked.network is not None and len(self.members) > 1:
            raise RefusedError("A network of your own can be trained under one seed at a time.")
        if asked.own:
            _copied(asked.network)
        self.started = datetime.datetime.now(datetime.UTC)
        self._clock = time.perf_counter()
        self.training = self.engine.start(self.members, asked.data, threads=threads)

    def __iter__(self) -> Iterator[History]:
        while not self.out_of_time and self._in_training():
            yield self.training.advance(epochs=1)
            late = self.time_limit is not None and time.perf_counter() - self._clock >= self.time_limit
            self.out_of_time = late and self._in_training()

    def _in_training(self) -> bool:
        return any(self.training.status(member) == "training" for member in range(len(self.asked.seeds)))

    def _why(self, member: int) -> str:
        """How a member ended; a time limit is named where it ended the training."""
        why = self.training.why(member)
        if not self.out_of_time or self.training.status(member) != "interrupted":
            return why
        return why.replace("interrupted after", f"time limit of {self.time_limit:g} s reached after", 1)

    def questions(self) -> list[Question]:
        """The question of each member."""
        asked = self.asked
        by_hand = {name: np.asarray(value, dtype=np.float64) + 0.0 for name, value in (asked.weights or {}).items()}
        start = weights_digest(by_hand) if asked.weights is not None else None
        data = fingerprint(asked.dataset)
        rest = (self.engine.arithmetic, start, asked.own)
        return [Question(asked.recipe, data, asked.splitting, asked.preparation, s, *rest) for s in asked.seeds]

    def finish(self, *, with_baselines: bool = True) -> list[Run]:
        """The run of each member as it now stands; one that had not ended counts as interrupted.

        Without baselines nothing is observed for advice either.
        """
        self.training.interrupt()
        seconds = time.perf_counter() - self._clock
        asked = self.asked
        found = self._baselines() if with_baselines else {}
        seen = self._observed() if with_baselines else [{}] * len(self.members)
        measured = self._scores_of(found)
        rows = {part: len(rows) for part, rows in parts(asked.split).items()}
        history = self.training.history
        runs = []
        for member, question in enumerate(self.questions()):
            answers = self._answers(member)
            runs.append(
                Run(
                    id=secrets.token_hex(4),
                    task=asked.task.name if asked.task else asked.dataset.name,
                    source=asked.source,
                    question=question,
                    target=asked.dataset.target.take([]),
                    preparation=asked.fitted,
                    weights=_sealed(self.training.weights(member)),
                    status=cast(RunStatus, self.training.status(member)),  # nobody is in training any more
                    why=self._why(member),
                    steps=self.training.steps(member),
                    history=history.of(member),
                    scores=split_scores(asked.dataset, answers, asked.split, asked.recipe.monitor),
                    baselines=measured,
                    **self._how_sure(answers.get("test"), found),
                    observed=seen[member],
                    rows=rows,
                    engine={"name": self.engine.name, "arithmetic": self.engine.arithmetic, "because": self.because},
                    machine=machine(),
                    started=self.started.isoformat(timespec="seconds"),
                    seconds=seconds,
                    network=_copied(asked.network) if asked.own else None,
                    reading=asked.reading.to_dict() if asked.reading else {},
                )
            )
        return runs

    def _baselines(self) -> dict[str, Baseline]:
        """The baselines; those done so far when one is interrupted in waiting for them, so that the run is not lost."""
        asked, found = self.asked, dict[str, Baseline]()
        with contextlib.suppress(KeyboardInterrupt):
            baselines(asked.dataset, asked.data, asked.fitted, asked.split, asked.compare, found)
        return found

    def _scores_of(self, found: Mapping[str, Baseline]) -> dict[str, dict[str, Scores]]:
        """The scores of each baseline on each part."""
        dataset, split, monitor = self.asked.dataset, self.asked.split, self.asked.recipe.monitor
        every = {name: baseline.answers for name, baseline in found.items() if baseline.answers is not None}
        return {
            name: split_scores(dataset, {part: answers[rows] for part, rows in parts(split).items()}, split, monitor)
            for name, answers in every.items()
        }

    def _how_sure(self, answers: Array | None, found: Mapping[str, Baseline]) -> dict[str, Any]:
        """The intervals of a run's scores on the test rows, and its standing against each baseline."""
        dataset, rows = self.asked.dataset, self.asked.split.test
        test, weight = dataset.target.take(rows), taken(dataset.weight, rows)
        sure = {} if answers is None else intervals(test, answers, weight)
        return {"intervals": sure, "compared": against(found, test, answers, rows, weight)}

    def _observed(self) -> list[Observed]:
        """What advice needs to know of each member; nothing where nothing was trained, or layers or the loss are code
        of a user's own."""
        asked, nothing = self.asked, list[Observed]([{}] * len(self.members))
        if asked.own is not None or not asked.recipe.epochs:
            return nothing
        try:
            rows = observe_rows(self.members[0], asked.data, asked.split)
            own = enumerate(self.members)
            return [rows | observe_member(member, asked.data, self.training.weights(place)) for place, member in own]
        except KeyboardInterrupt:  # the run must not be lost
            return nothing

    def _answers(self, member: int) -> dict[str, Array]:
        """What a member answers to the rows of each part."""
        asked = self.asked
        ends_in = output_activation(asked.recipe.layers)
        probs = {}
        for part, rows in parts(asked.split).items():
            outputs = answered(lambda x: self.training.predict(x, member), asked.data.x, rows)
            probs[part] = answer(outputs, asked.recipe.loss["name"], ends_in, asked.dataset.target, asked.fitted)
        return probs


def _copied(network: Sequential | None) -> Sequential | None:
    """The network as it is now, so that a run does not follow what is done to it later."""
    try:
        return copy.deepcopy(network)
    except Exception as error:
        raise RefusedError(f"A layer of your network cannot be copied for the record: {error}.") from None


def _sealed(weights: dict[str, Array]) -> dict[str, Array]:
    """The weights of a run that has ended: they can be read, not written to."""
    for value in weights.values():
        value.flags.writeable = False
    return weights


def machine() -> dict[str, Any]:
    """Where a run was made, and with what."""
    return {
        "multilayer": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.system(),
        "processor": platform.machine(),
        "cpus": os.cpu_count(),
        "native": native.built_with() or native.why_missing(),
    }
