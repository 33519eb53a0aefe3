"""What a fitted estimator of tables makes of each column."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from multilayer.arrays import Array
from multilayer.constraints import Integer, check
from multilayer.data import Encoding
from multilayer.data.column import Column
from multilayer.data.stored import TypedColumns
from multilayer.errors import DataError, UsageError, unknown
from multilayer.estimators.answering import Answering
from multilayer.estimators.problem import seeds_of
from multilayer.estimators.tables import table_columns
from multilayer.rng import Stream

if TYPE_CHECKING:
    from multilayer.pictures import Animation, Picture
    from multilayer.pictures.explained import Dependence

MOST_ROWS = 500
MOST_CATEGORIES = 12
"""A dependence is a mean over so many rows at most, at so many categories."""


class Explained(Answering):
    """Importances and dependences, as numbers and as pictures."""

    random_state: Any

    @property
    @abstractmethod
    def encoding_(self) -> Encoding:
        """What becomes of each column."""

    @abstractmethod
    def score(self, X: Any, y: Any) -> float:
        """Accuracy, or r2."""

    def importances(self, X: Any, y: Any, *, repeats: int = 5) -> dict[str, float]:
        """By how much the score falls when a column is shuffled (Breiman, Machine Learning 45 (2001), 5): the mean over
        `repeats`, largest first. Columns that say the same stand in for each other, and then each seems to matter less.
        """
        means = {name: float(falls.mean()) for name, falls in self.falls(X, y, repeats=repeats).items()}
        return dict(sorted(means.items(), key=lambda item: -item[1]))

    def falls(self, X: Any, y: Any, *, repeats: int = 5) -> dict[str, Array]:
        """By how much the score falls when a column is shuffled, for each column, `repeats` times (repeats,)."""
        columns = self._columns(X)
        check(Integer(1), repeats, "repeats", UsageError)
        whole, rows = self.score(TypedColumns(columns), y), len(columns[0].values)
        found: dict[str, Array] = {}
        for place, known in enumerate(self.encoding_.columns):
            stream = Stream(self._seed, "split", place=place)
            scores = []
            for _ in range(repeats):
                shuffled = [*columns]
                shuffled[place] = columns[place].take(stream.permutation(rows))
                scores.append(self.score(TypedColumns(shuffled), y))
            found[known.name] = whole - np.array(scores)
        return found

    def dependence(self, X: Any, column: str, *, points: int = 40) -> Dependence:
        """The answers to rows of X, 500 at most, where one column has a value instead of its own, for each of some
        values (Friedman, Annals of Statistics 29 (2001), 1189; Goldstein et al., JCGS 24 (2015), 44).

        A column of numbers or dates has `points` values from its 1 % to its 99 % quantile, or all that it has.
        """
        from multilayer.pictures.explained import Dependence

        columns = self._columns(X)
        check(Integer(2), points, "points", UsageError)
        names = [known.name for known in self.encoding_.columns]
        if column not in names:
            raise UsageError(unknown("column", column, names))
        place = names.index(column)
        own = columns[place]
        if own.missing.all():
            raise DataError(f"column {column!r} must have a value in some row of X, it has none.")
        rows = len(own.values)
        chosen = np.sort(Stream(self._seed, "split").permutation(rows)[:MOST_ROWS])
        some = [one.take(chosen) for one in columns]
        at = _values(own, points)
        answers = []
        for value in at.tolist():
            some[place] = Column(own.name, own.kind, np.full(len(chosen), value), own.categories)
            answers.append(self._answer(TypedColumns(some)))
        words = tuple(own.categories[int(code)] for code in at) if own.kind == "category" else ()
        return Dependence(own.name, own.kind, at, words, np.stack(answers), own.values[~own.missing], rows)

    def plot(
        self, name: str = "", X: Any = None, y: Any = None, *, theme: str = "light", **options: Any
    ) -> Picture | Animation:
        """The picture "importances" (of rows X and y) or "dependence" (of rows X and a `column`); docs/pictures.md has
        their options. It is a `pictures.Picture`, shown in Jupyter and saved with `save("importances.svg")`."""
        from multilayer.pictures import PICTURES, drawn
        from multilayer.pictures.explained import Asked

        check_is_fitted(self, "models_")
        ours = [name for name, entry in PICTURES.items() if entry.needs == "estimator"]
        if name not in ours:
            raise UsageError(unknown("picture of an estimator", name, ours))
        if X is None:
            raise UsageError(f"The picture {name} needs rows: model.plot({name!r}, X, ...).")
        return drawn(name, Asked(self, X, y), theme, **options)

    @property
    def _seed(self) -> int:
        return seeds_of(self.random_state, 1)[0]

    def _columns(self, X: Any) -> list[Column]:
        """The typed columns, of the kinds of training."""
        check_is_fitted(self, "models_")
        columns = table_columns(self, X, reset=False)
        return [known.accept(column) for known, column in zip(self.encoding_.columns, columns, strict=True)]


def _values(column: Column, points: int) -> Array:
    """The values that a column is given, rising; of categories the codes, the most frequent first."""
    there = column.values[~column.missing]
    found, counts = np.unique(there, return_counts=True)
    if column.kind == "category":
        return np.asarray(found[np.argsort(-counts, kind="stable")][:MOST_CATEGORIES])
    if len(found) <= points:
        return np.asarray(found)
    low, high = np.quantile(there, [0.01, 0.99], method="inverted_cdf")
    return np.linspace(low, high, points) if low < high else np.asarray(found[[0, -1]])
