"""Members trained to the end while their user watches, and what is known of them then."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from multilayer import engines
from multilayer.arrays import Array
from multilayer.data import Target
from multilayer.engines import Curves, Data, History, Member, Training
from multilayer.engines.contract import Status
from multilayer.engines.model import Model
from multilayer.engines.parts import going_on
from multilayer.errors import UsageError


@final
@dataclass(frozen=True, eq=False)
class Underway:
    """A training under way, as its watchers see it."""

    training: Training
    members: Sequence[Member]
    target: Target  # without rows
    arithmetic: str
    before: int = 0  # epochs of the training that this one goes on from

    @property
    def going(self) -> bool:
        return any(self.training.status(place) == "training" for place in range(len(self.members)))

    def models(self) -> tuple[Model, ...]:
        """The networks as they are now; those to keep, once they have ended."""
        return tuple(
            Model(m.recipe, m.preparation, self.target, self.training.weights(place), self.arithmetic)
            for place, m in enumerate(self.members)
        )


@final
class TimeLeft:
    """A limit in seconds, from now on, that trainings share which follow one another; None is none."""

    def __init__(self, limit: float | None) -> None:
        self.limit, self.started = limit, time.perf_counter()

    def share(self, part: int, to_come: int) -> float | None:
        """What a part has of the time that is left, as much as the others of those to come."""
        return None if self.limit is None else (self.limit - (time.perf_counter() - self.started)) * part / to_come


Watcher: TypeAlias = Callable[[Underway], bool]
"""Called after each epoch; False ends the training."""


class DivergenceWarning(ConvergenceWarning):
    """A training left the finite numbers; the weights of its last good epoch are kept."""


@final
@dataclass(frozen=True, eq=False)
class Fitted:
    """Trained members: a model, a history and an ending of each."""

    models: tuple[Model, ...]
    histories: tuple[Curves, ...]
    statuses: tuple[Status, ...]
    why: tuple[str, ...]
    steps: tuple[int, ...]
    engine: str  # its name and why it was this one
    state: Mapping[str, Any] | None  # all that a training needs to go on
    went_on: bool  # from the state of another; the histories are those of its own epochs


def fit_members(
    members: Sequence[Member],
    data: Data,
    *,
    engine: str = "auto",
    threads: int | None = None,
    time_limit: float | None = None,
    watchers: Sequence[Watcher] = (),
    after: Mapping[str, Any] | None = None,
    keep_state: bool = False,
) -> Fitted:
    """Train the members, all recipes alike in what engine they need, as one population.

    `after` is the state of a training that these go on from. A training interrupted from the keyboard keeps what it
    had and warns; after `time_limit` seconds it ends with the epoch it is in.
    """
    chosen, because = engines.choose(members[0].recipe, engine)
    training = chosen.start(members, data, threads=threads)
    if after is not None:
        training.restore(going_on(after, members, data))
    before = 0 if after is None else max(int(member["progress"]["epoch"]) for member in after["members"])
    underway = Underway(training, members, data.target.take([]), chosen.arithmetic, before)
    try:
        _advance(underway, time_limit, watchers)
    except KeyboardInterrupt:
        warnings.warn("The training was interrupted; the estimator holds what it had.", stacklevel=3)
    state = training.state() if keep_state else None
    training.interrupt()
    places = range(len(members))
    return Fitted(
        models=underway.models(),
        histories=tuple(map(training.history.of, places)),
        statuses=tuple(map(training.status, places)),
        why=tuple(map(training.why, places)),
        steps=tuple(map(training.steps, places)),
        engine=because,
        state=state,
        went_on=after is not None,
    )


BAR = 30
"""Characters of a whole progress bar."""


def threads_of(n_jobs: int | None) -> int | None:
    """-1 is all processors; None is what OMP_NUM_THREADS says, as joblib tells its workers, else all."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if n_jobs is None and told.isdecimal() and int(told) > 0:
        return int(told)
    return None if n_jobs == -1 else n_jobs


def _advance(underway: Underway, time_limit: float | None, watchers: Sequence[Watcher]) -> None:
    if time_limit is None and not watchers:
        underway.training.advance()
        return
    started = time.perf_counter()
    while underway.going:
        underway.training.advance(epochs=1)
        wished = [watch(underway) for watch in watchers]
        if not all(wished):
            return
        if time_limit is not None and time.perf_counter() - started >= time_limit:
            return


def report_endings(fitted: Fitted, *, may_stop: bool) -> None:
    """Warn of trainings that diverged, or reached their last epoch though they were to stop by themselves.

    Raises UsageError where a training diverged before its first epoch had ended.
    """
    for status, reason, curves in zip(fitted.statuses, fitted.why, fitted.histories, strict=True):
        why = reason.replace("a smaller lr than", "a smaller learning_rate_init than")
        if status == "diverged" and not len(curves):
            raise UsageError(f"The training diverged in its first epoch: {why}. Are the inputs scaled?")
        if status == "diverged":
            warnings.warn(f"Diverged: {why}.", DivergenceWarning, stacklevel=4)
        if status == "complete" and may_stop:
            warnings.warn(
                f"Maximum of {len(curves)} epochs reached before the loss stood still for n_iter_no_change epochs. "
                "Raise max_iter, or learning_rate_init.",
                ConvergenceWarning,
                stacklevel=4,
            )


def printed(verbose: Any) -> list[Watcher]:
    """What tells of each epoch: a line on standard output, or with "bar" one line on standard error, drawn anew."""
    if not verbose:
        return []

    def watch(underway: Underway) -> bool:
        history: History = underway.training.history
        epoch = underway.before + history.values.shape[1]
        series = {name: history.values[:, -1, place] for place, name in enumerate(history.series)}
        values = ", ".join(f"{name} = {_mean(value):.6f}" for name, value in series.items())
        if verbose != "bar":
            print(f"Iteration {epoch}, {values}")
            return True
        whole = max(member.recipe.epochs for member in underway.members)
        done = BAR * epoch // whole
        line = f"\r{'█' * done}{'░' * (BAR - done)} {epoch}/{whole} {values}"
        print(line, end="" if underway.going else "\n", file=sys.stderr, flush=True)
        return True

    return [watch]


def _mean(values: Array) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")
