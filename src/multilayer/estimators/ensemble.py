"""Networks that see a table in different ways, on different folds, trained together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import Dataset, Encoding, FittedPreparation, Preparation
from multilayer.engines import Data, Member
from multilayer.engines.model import Model
from multilayer.estimators.efforts import Effort, bins_for
from multilayer.estimators.fitting import Fitted, TimeLeft, fit_members, report_endings
from multilayer.estimators.problem import Rows
from multilayer.estimators.tables import features_of
from multilayer.recipe import Recipe

RecipeOf = Callable[[int], Recipe]
"""From the number of training rows."""


@final
@dataclass(frozen=True, eq=False)
class View:
    """The features of a table, as some of the networks see them."""

    encoding: Encoding
    data: Data

    @classmethod
    def of(cls, dataset: Dataset, rows: Rows, bins: int) -> View:
        """Features fitted on these rows, with so many bins for a number; 0 leaves it one feature."""
        encoding = features_of(dataset, rows, bins)
        matrix = np.ascontiguousarray(encoding.matrix(dataset), dtype=np.float32)
        return cls(encoding, Data(matrix, dataset.target, dataset.weight))

    def prepared(self, train: Rows) -> FittedPreparation:
        """What is missing filled; a category or gap that none of these training rows has, made 0: its weights are as
        they were drawn."""
        data = self.data
        fitted = Preparation(inputs="none").fit(self.encoding, data.x, data.target, train, data.weight)
        factor = fitted.factor.copy()
        for place in np.flatnonzero(self.encoding.indicators).tolist():
            factor[place] *= data.x[train, place].any()
        return replace(fitted, factor=factor)


@final
@dataclass(frozen=True, eq=False)
class Seat:
    """One network of an ensemble: how it sees the table, its rows and its seed."""

    view: View
    preparation: FittedPreparation
    train: Rows
    val: Rows
    seed: int

    def member(self, recipe_of: RecipeOf) -> Member:
        """The network in this seat, before its training."""
        return Member(recipe_of(len(self.train)), self.preparation, self.train, self.val, self.seed)

    def held_out(self, model: Model) -> Array:
        """What the network in this seat answers to the rows that validated it."""
        return model.answer_encoded(self.view.data.x[self.val])


def seats(
    dataset: Dataset, rows: Rows, effort: Effort, splits: Sequence[tuple[Rows, Rows]], seeds: Sequence[int]
) -> list[Seat]:
    """A seat for each seed: folds in turn, and from one seat to the next, and from one round to the next, another
    view."""
    numbers = sum(heading.kind in ("number", "date") for heading in dataset.columns.headings)
    views = [bins_for(bins, numbers) if bins else 0 for bins in effort.views(dataset.target.kind)]
    known = {bins: View.of(dataset, rows, bins) for bins in dict.fromkeys(views)}
    fitted: dict[tuple[int, int], FittedPreparation] = {}
    taken = []
    for place, seed in enumerate(seeds):
        fold, look = place % len(splits), views[(place + place // len(splits)) % len(views)]
        train, val = splits[fold]
        if (fold, look) not in fitted:
            fitted[fold, look] = known[look].prepared(train)
        taken.append(Seat(known[look], fitted[fold, look], train, val, seed))
    return taken


def trained(
    taken: Sequence[Seat], recipe_of: RecipeOf, how: Mapping[str, Any], time_limit: float | None = None
) -> list[Fitted]:
    """The ensemble, one fitted network a seat; those of one view are one population, with its share of the time."""
    found: dict[int, Fitted] = {}
    time_left = TimeLeft(time_limit)
    for view in dict.fromkeys(seat.view for seat in taken):
        places = [place for place, seat in enumerate(taken) if seat.view is view]
        members = [taken[place].member(recipe_of) for place in places]
        share = time_left.share(len(places), len(taken) - len(found))
        fitted = fit_members(members, view.data, **how, time_limit=share)
        report_endings(fitted, may_stop=False)
        found |= {place: _one(fitted, number) for number, place in enumerate(places)}
    return [found[place] for place in range(len(taken))]


def _one(fitted: Fitted, number: int) -> Fitted:
    """One network of several."""
    parts: dict[str, Any] = {name: (getattr(fitted, name)[number],) for name in ("models", "histories", "statuses")}
    return replace(fitted, **parts, why=(fitted.why[number],), steps=(fitted.steps[number],))
