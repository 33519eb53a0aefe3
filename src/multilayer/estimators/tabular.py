"""`TabularMLPClassifier` and `TabularMLPRegressor`: tables as people have them, one knob."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from multilayer.arrays import Array
from multilayer.constraints import Boolean, Choice, Integer, Maybe, MaybePositive, Or
from multilayer.data import Dataset, Encoding, Splitting, Target
from multilayer.data.stored import Columns
from multilayer.errors import DataError, UsageError, sentence
from multilayer.estimators.answering import Classes, Numbers
from multilayer.estimators.calibration import best_temperature, tempered
from multilayer.estimators.efforts import EFFORTS, Effort, epochs_for, recipe_for
from multilayer.estimators.ensemble import RecipeOf, Seat, seats, trained
from multilayer.estimators.explaining import Explained
from multilayer.estimators.fitting import Fitted, printed, threads_of
from multilayer.estimators.network import unchanged_by_failure
from multilayer.estimators.problem import Rows, seeds_of
from multilayer.estimators.rivals import compared, rival_answers
from multilayer.estimators.rows import both_or_none, checked_groups, checked_weights, same_rows
from multilayer.estimators.scoring import monitored
from multilayer.estimators.settings import check_parameters
from multilayer.estimators.tables import joined, table_columns
from multilayer.recipe import Recipe

LEAST_TO_SPLIT = 20
"""Tables of fewer rows are trained on whole."""
PLANNED = 0.85
"""The share of a time limit that the planned epochs take."""


@dataclass(eq=False, repr=False)
class TabularEstimator(Explained, BaseEstimator, ABC):
    """Networks for tables; `TabularMLPClassifier` and `TabularMLPRegressor` say the rest."""

    effort: Annotated[str, Choice(*EFFORTS)] = "good"
    _: KW_ONLY
    time_limit: MaybePositive = None
    scoring: Any = None
    compare: Boolean = True
    random_state: Any = 0
    verbose: Any = False
    n_jobs: Annotated[int | None, Maybe(Or(Integer(1), Integer(-1, -1)))] = None
    engine: Annotated[str, Choice("auto", "native", "reference")] = "auto"

    SEVERAL: ClassVar[str] = "effort='good'"
    LEARNED: ClassVar[tuple[str, ...]] = (
        *("n_features_in_", "feature_names_in_", "n_iter_", "n_outputs_", "engine_", "report_"),
    )

    @abstractmethod
    def _target(self, y: Any, classes: Any, *, fresh: bool) -> Target:
        """y as the engine's target."""

    def _weighted(self, target: Target, weight: Array | None) -> Array | None:
        """The weight of each row, those of its class included."""
        return weight

    def _learned(self, held_out: Array, target: Target, weight: Array | None) -> None:
        """What is fitted on answers to rows that the networks did not train on."""

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        groups: Any = None,
    ) -> Any:
        """Train on a table X (a pandas, polars or PyArrow frame, or an array) and y; returns self.

        X_val and y_val : rows that choose the epoch to keep, instead of folds of X.
        groups : (n_samples,), rows of one group come into the same fold.

        Raises a ValueError naming the argument, and the column, of whatever cannot be meant.
        """
        check_parameters(self)
        both_or_none(X_val, y_val)
        if callable(self.scoring):
            raise UsageError(sentence("scoring", "the name of a metric", self.scoring))
        with unchanged_by_failure(self):
            self._fit_table(X, y, sample_weight, X_val, y_val, groups)
        return self

    def _fit_table(self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any, groups: Any) -> None:
        columns = table_columns(self, X, reset=True)
        target = self._target(y, None, fresh=True)
        same_rows(columns.n_samples, target)
        rows = columns.n_samples
        weight = self._weighted(target, checked_weights(sample_weight, np.empty((rows, 1))))
        codes = checked_groups(groups, rows)
        if weight is not None and not weight.all():  # a row of weight 0 is as if it were not there
            there = np.flatnonzero(weight)
            columns, target, weight = columns.take(there), target.take(there), weight[there]
            codes = None if codes is None else codes[there]
        own = 0
        if X_val is not None:
            columns, target, weight, own = self._with_own(columns, target, weight, X_val, y_val)
            codes = None
        self._fitted(Dataset("table", columns, target, weight, codes), own)

    def _with_own(
        self, columns: Columns, target: Target, weight: Array | None, X_val: Any, y_val: Any
    ) -> tuple[Columns, Target, Array | None, int]:
        """The user's validation rows behind those of training."""
        below, other = table_columns(self, X_val, reset=False), self._target(y_val, None, fresh=False)
        same_rows(below.n_samples, other, "X_val and y_val")
        both = Target(target.kind, np.concatenate([target.values, other.values]), target.names, target.classes)
        weight = None if weight is None else np.concatenate([weight, np.ones(below.n_samples)])
        return joined([columns, below]), both, weight, below.n_samples

    def _fitted(self, dataset: Dataset, own: int) -> None:
        started, effort = time.perf_counter(), EFFORTS[self.effort]
        seeds = seeds_of(self.random_state, effort.networks)
        splits = _splits(dataset, effort, seeds[0], own)
        every = np.unique(np.concatenate([train if own else np.concatenate([train, val]) for train, val in splits]))
        theirs = rival_answers(dataset, *splits[0]) if self.compare else None
        taken = seats(dataset, every, effort, splits, seeds)
        how: dict[str, Any] = {"engine": self.engine, "threads": threads_of(self.n_jobs)}
        share = 1.0 if self.time_limit is None else self._affordable(taken, effort, how, started)
        left = None if self.time_limit is None else self.time_limit - (time.perf_counter() - started)
        how["watchers"] = printed(self.verbose)
        fitted = trained(taken, self._recipe_of(dataset.target, effort, share), how, left)
        self._keep(fitted, taken, dataset)
        first = taken[0]
        self.report_ = {} if theirs is None else compared(theirs, self.models_[0], first.view.data, first.val)

    def _recipe_of(self, target: Target, effort: Effort, share: float) -> RecipeOf:
        """The recipe of a network that trains on so many rows, for a share of its epochs."""
        monitor = "loss" if self.scoring is None else monitored(self.scoring, target.kind)

        def recipe_of(rows: int) -> Recipe:
            epochs = max(1, int(epochs_for(effort, rows, target.kind) * share))
            return recipe_for(effort, rows, monitor, epochs).resolve(target, rows)

        return recipe_of

    def _affordable(self, taken: Sequence[Seat], effort: Effort, how: dict[str, Any], started: float) -> float:
        """The share of the epochs that the time limit has room for, by the time that one epoch takes."""
        assert self.time_limit is not None
        begun = time.perf_counter()
        target = taken[0].view.data.target
        epochs = epochs_for(effort, len(taken[0].train), target.kind)
        trained(taken, self._recipe_of(target, effort, 1 / epochs), how)
        now = time.perf_counter()
        left = self.time_limit * PLANNED - (now - started)
        return float(min(max(left / max(now - begun, 1e-6) / epochs, 1 / epochs), 1.0))

    def _keep(self, fitted: Sequence[Fitted], taken: Sequence[Seat], dataset: Dataset) -> None:
        self.models_ = tuple(one.models[0] for one in fitted)
        self.history_, self.engine_ = fitted[0].histories[0], fitted[0].engine
        self.n_outputs_ = dataset.target.n_out
        self.n_iter_ = max(len(one.histories[0]) for one in fitted)
        self._learn_from_held_out(taken, dataset)

    def _learn_from_held_out(self, taken: Sequence[Seat], dataset: Dataset) -> None:
        """Each network's answers to the rows that it was validated on."""
        parts = [(seat, model) for seat, model in zip(taken, self.models_, strict=True) if len(seat.val)]
        if not parts:
            return
        rows = np.concatenate([seat.val for seat, _ in parts])
        weight = None if dataset.weight is None else dataset.weight[rows]
        held_out = np.concatenate([seat.held_out(model) for seat, model in parts])
        self._learned(held_out, dataset.target.take(rows), weight)

    @property
    def encoding_(self) -> Encoding:
        """What becomes of each column, for the first network."""
        encoding: Encoding = self.models_[0].preparation.encoding
        return encoding

    def _answers(self, X: Any) -> list[Array]:
        check_is_fitted(self, "models_")
        columns = table_columns(self, X, reset=False)
        matrices = {}
        for model in self.models_:
            encoding = model.preparation.encoding
            if encoding not in matrices:
                matrices[encoding] = encoding.matrix(columns)
        return [model.answer_encoded(matrices[model.preparation.encoding]) for model in self.models_]

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """The features that the networks see, by name."""
        check_is_fitted(self, "models_")
        return np.array(self.encoding_.feature_names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = tags.input_tags.categorical = True
        return tags


def _splits(dataset: Dataset, effort: Effort, seed: int, own: int) -> list[tuple[Rows, Rows]]:
    """Training and validation rows of each fold; one without validation where the rows are few."""
    rows = np.arange(dataset.n_samples, dtype=np.int64)
    if own:
        return [(rows[:-own], rows[-own:])]
    if len(rows) < LEAST_TO_SPLIT:
        return [(rows, rows[:0])]
    folds = effort.folds if dataset.group is None else min(effort.folds, len(np.unique(dataset.group)))
    try:
        splits = Splitting(train=0.5, val=0.5, test=0.0, seed=seed).folds(dataset, folds)
    except DataError:  # one group
        return [(rows, rows[:0])]
    return [(split.train, split.val) for split in splits]


@dataclass(eq=False, repr=False)
class TabularMLPClassifier(ClassifierMixin, Classes, TabularEstimator):
    """Multilayer perceptrons that classify the rows of a table: numbers, text, booleans, dates and missing cells.

    effort : "quick" is two networks, "good" five over five folds, "best" 21 over seven;
        docs/estimators-measured.md has what each reaches, and in what time.
    time_limit : seconds that the fit may take; fewer epochs are planned where they would not fit in. What is learned
        under a limit depends on the machine's speed.
    scoring : what chooses the epoch to keep, on rows of each network's own fold: "loss" by default, or a metric.
    class_weight : "balanced", or a weight for each class by label.
    compare : also fit scikit-learn's HistGradientBoosting on the first fold; `report_` has both scores on its rows.
    random_state : 0 by default, so that the same fit gives the same bits; None draws one.

    A category that training did not have, or a newly missing cell, is no error in `predict`. Probabilities are tempered
    by the rows that each network did not train on. `report_`, `encoding_` (what becomes of each column), `models_` and
    `history_` (of the first network) are there after `fit`.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [20, 30, 40, 50] * 10, "town": ["Ulm", "Bonn", None, "Ulm"] * 10})
    >>> model = TabularMLPClassifier("quick").fit(table, ["no", "no", "yes", "yes"] * 10)
    >>> model.predict(pd.DataFrame({"age": [45], "town": ["Rome"]})).tolist()
    ['yes']
    """

    LEARNED: ClassVar[tuple[str, ...]] = (*TabularEstimator.LEARNED, "classes_", "temperature_")
    class_weight: Any = None

    def _learned(self, held_out: Array, target: Target, weight: Array | None) -> None:
        self.temperature_ = best_temperature(held_out, target.values, weight)

    def _fitted(self, dataset: Dataset, own: int) -> None:
        self.temperature_ = 1.0  # where no rows were held out
        super()._fitted(dataset, own)

    def _answers(self, X: Any) -> list[Array]:
        answers = super()._answers(X)
        if self.temperature_ == 1.0:
            return answers
        return [tempered(probs, self.temperature_, self._several) for probs in answers]

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class (n_samples, n_classes), or of each label (n_samples, n_labels)."""
        return self._answer(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(eq=False, repr=False)
class TabularMLPRegressor(RegressorMixin, Numbers, TabularEstimator):
    """Multilayer perceptrons that predict numbers from the rows of a table; parameters as for
    `TabularMLPClassifier`. `predict(X, return_std=True)` also gives the spread of the networks' answers.

    Predictions stay within the range of the training targets.

    >>> import numpy as np
    >>> X = np.linspace(0, 1, 100)[:, None]
    >>> TabularMLPRegressor("quick").fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.98
    True
    """

    LEARNED: ClassVar[tuple[str, ...]] = (*TabularEstimator.LEARNED, "one_number_", "range_")

    @property
    def _precision(self) -> Any:
        return "float64"

    def _fitted(self, dataset: Dataset, own: int) -> None:
        super()._fitted(dataset, own)
        values = dataset.target.values[: dataset.n_samples - own]
        self.range_ = np.stack([values.min(axis=0), values.max(axis=0)])

    def _answers(self, X: Any) -> list[Array]:
        answers = super()._answers(X)
        low, high = self.range_
        return [np.clip(answer, low, high) for answer in answers]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
