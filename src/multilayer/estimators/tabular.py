"""`TabularMLPClassifier` and `TabularMLPRegressor`: tables as people have them, one knob."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from multilayer.arrays import Array
from multilayer.constraints import Choice, Integer, Maybe, MaybePositive, Or, check, options_of
from multilayer.data import Dataset, Encoding, Preparation, Splitting, Target
from multilayer.data.stored import Columns
from multilayer.engines import Curves, Data, Member
from multilayer.engines.model import Model
from multilayer.errors import DataError, UsageError
from multilayer.estimators.answering import Answering, Classes, Numbers
from multilayer.estimators.calibration import best_temperature, tempered
from multilayer.estimators.efforts import EFFORTS, Effort, bins_for, recipe_for
from multilayer.estimators.fitting import Fitted, fit_members, printed, report_endings
from multilayer.estimators.problem import Rows, seeds_of
from multilayer.estimators.rivals import compared
from multilayer.estimators.rows import checked_groups, checked_weights
from multilayer.estimators.scoring import monitored
from multilayer.estimators.tables import dataset_of, features_of, joined, table_columns
from multilayer.recipe import Recipe

LEAST_TO_SPLIT = 20
"""Tables of fewer rows are trained on whole."""
PLANNED = 0.85
"""The share of a time limit that the planned epochs take."""


@dataclass(eq=False, repr=False)
class TabularEstimator(Answering, BaseEstimator, ABC):
    """Networks for tables; `TabularMLPClassifier` and `TabularMLPRegressor` say the rest."""

    effort: Annotated[str, Choice(*EFFORTS)] = "good"
    _: KW_ONLY
    time_limit: MaybePositive = None
    scoring: Any = None
    compare: Any = True
    random_state: Any = 0
    verbose: Any = False
    n_jobs: Annotated[int | None, Maybe(Or(Integer(1), Integer(-1, -1)))] = None
    engine: Annotated[str, Choice("auto", "native", "reference")] = "auto"

    LEARNED: ClassVar[tuple[str, ...]] = ("n_features_in_", "feature_names_in_", "n_outputs_", "engine_", "report_")

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
        kind: Any = type(self)
        for name, option in options_of(kind).items():
            check(option.constraint, getattr(self, name), name, UsageError)
        if (X_val is None) != (y_val is None):
            raise UsageError("X_val and y_val go together, got one without the other.")
        columns = table_columns(self, X, reset=True)
        target = self._target(y, None, fresh=True)
        if columns.n_samples != len(target.values):
            raise DataError(f"X and y must have equally many rows, got {columns.n_samples} and {len(target.values)}.")
        rows = columns.n_samples
        weight = self._weighted(target, checked_weights(sample_weight, np.empty((rows, 1))))
        codes = checked_groups(groups, rows)
        own = 0
        if X_val is not None:
            columns, target, weight, own = self._with_own(columns, target, weight, X_val, y_val)
            codes = None
        self._fitted(dataset_of(columns, target, weight, codes), own)
        return self

    def _with_own(
        self, columns: Columns, target: Target, weight: Array | None, X_val: Any, y_val: Any
    ) -> tuple[Columns, Target, Array | None, int]:
        """The user's validation rows behind those of training."""
        below, other = table_columns(self, X_val, reset=False), self._target(y_val, None, fresh=False)
        if below.n_samples != len(other.values):
            got = f"{below.n_samples} and {len(other.values)}"
            raise DataError(f"X_val and y_val must have equally many rows, got {got}.")
        both = Target(target.kind, np.concatenate([target.values, other.values]), target.names, target.classes)
        weight = None if weight is None else np.concatenate([weight, np.ones(below.n_samples)])
        return joined([columns, below]), both, weight, below.n_samples

    def _fitted(self, dataset: Dataset, own: int) -> None:
        started, effort = time.perf_counter(), EFFORTS[self.effort]
        seeds = seeds_of(self.random_state, effort.seeds * effort.folds)
        splits = _splits(dataset, effort, seeds[0], own)
        every = np.unique(np.concatenate([train if own else np.concatenate([train, val]) for train, val in splits]))
        numbers = sum(heading.kind in ("number", "date") for heading in dataset.columns.headings)
        encoding = features_of(dataset, every, bins_for(effort, numbers))
        matrix = np.ascontiguousarray(encoding.matrix(dataset), dtype=np.float32)
        data = Data(matrix, dataset.target, dataset.weight)
        preparations = [
            Preparation(inputs="none").fit(encoding, matrix, dataset.target, train, dataset.weight)
            for train, _ in splits
        ]

        def members(epochs: int) -> list[Member]:
            made = []
            for place, seed in enumerate(seeds):
                train, val = splits[place % len(splits)]
                recipe = self._recipe(effort, dataset.target, train, val, epochs)
                made.append(Member(recipe, preparations[place % len(splits)], train, val, seed))
            return made

        how: dict[str, Any] = {"engine": self.engine, "threads": None if self.n_jobs == -1 else self.n_jobs}
        epochs = effort.epochs
        if self.time_limit is not None:
            epochs = self._affordable(members, data, how, epochs, started)
        how["time_limit"] = None if self.time_limit is None else self.time_limit - (time.perf_counter() - started)
        population = members(epochs)
        fitted = fit_members(population, data, watchers=printed(self.verbose), **how)
        report_endings(fitted, may_stop=False)
        self._keep(fitted, population, data, dataset, encoding)

    def _recipe(self, effort: Effort, target: Target, train: Rows, val: Rows, epochs: int) -> Recipe:
        monitor = "loss" if self.scoring is None else monitored(self.scoring, target.kind)
        return recipe_for(effort, len(train), target.kind, monitor, epochs).resolve(target, len(train))

    def _affordable(self, members: Any, data: Data, how: dict[str, Any], epochs: int, started: float) -> int:
        """How many epochs the time limit has room for, by the time that one takes: 1 at least."""
        assert self.time_limit is not None
        begun = time.perf_counter()
        fit_members(members(1), data, **how)
        now = time.perf_counter()
        left = self.time_limit * PLANNED - (now - started)
        return int(min(max(left / max(now - begun, 1e-6), 1), epochs))

    def _keep(self, fitted: Fitted, members: list[Member], data: Data, dataset: Dataset, encoding: Encoding) -> None:
        self.models_, self.history_, self.engine_ = fitted.models, fitted.histories[0], fitted.engine
        self.encoding_ = encoding
        self.n_outputs_ = dataset.target.n_out
        self.n_iter_ = max(map(len, fitted.histories))
        self._learn_from_held_out(members, data)
        self.report_ = compared(self, members[0], data, dataset) if self.compare and len(members[0].val) else {}

    def _learn_from_held_out(self, members: list[Member], data: Data) -> None:
        """Each network's answers to the rows that it was validated on."""
        parts = [member for member in members if len(member.val)]
        if not parts:
            return
        rows = np.concatenate([member.val for member in parts])
        held_out = [
            model.answer_encoded(data.x[member.val])
            for model, member in zip(self.models_, members, strict=True)
            if len(member.val)
        ]
        weight = None if data.weight is None else data.weight[rows]
        self._learned(np.concatenate(held_out), data.target.take(rows), weight)

    def _answers(self, X: Any) -> list[Array]:
        check_is_fitted(self, "encoding_")
        matrix = self.encoding_.matrix(table_columns(self, X, reset=False))
        return [model.answer_encoded(matrix) for model in self.models_]

    def importances(self, X: Any, y: Any, *, repeats: int = 5) -> dict[str, float]:
        """By how much the score falls when a column is shuffled (Breiman, Machine Learning 45 (2001), 5): the mean over
        `repeats`, largest first."""
        from sklearn.inspection import permutation_importance

        found = permutation_importance(self, X, y, n_repeats=repeats, random_state=seeds_of(self.random_state, 1)[0])
        names = [column.name for column in self.encoding_.columns]
        order = np.argsort(-found.importances_mean, kind="stable")
        return {names[place]: float(found.importances_mean[place]) for place in order.tolist()}

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """The features that the networks see, by name."""
        check_is_fitted(self, "encoding_")
        return np.array(self.encoding_.feature_names, dtype=object)

    def learned(self) -> dict[str, Any]:
        """What a file keeps beside the networks and their history."""
        return {name: getattr(self, name) for name in self.LEARNED if hasattr(self, name)}

    def restore(self, models: tuple[Model, ...], history: Curves, learned: Mapping[str, Any]) -> None:
        """Be fitted as one that said this of itself; what is not of `learned()` is refused."""
        for name, value in learned.items():
            if name not in self.LEARNED:
                raise UsageError(f"{type(self).__name__} learns no {name}")
            setattr(self, name, value)
        self.models_, self.history_ = models, history
        self.encoding_, self.n_iter_ = models[0].preparation.encoding, len(history)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the fitted estimator to a `.mlp` file; `multilayer.estimators.load_estimator` reads it."""
        from multilayer.estimators.saving import save_estimator

        return save_estimator(self, path)

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
    dealt = Splitting(train=0.8, val=0.2, test=0.0, seed=seed)
    try:
        if effort.folds == 1:
            split = dealt.apply(dataset)
            return [(split.train, split.val)]
        return [(split.train, split.val) for split in dealt.folds(dataset, effort.folds)]
    except DataError:  # too few rows or groups for a validation part
        return [(rows, rows[:0])]


@dataclass(eq=False, repr=False)
class TabularMLPClassifier(ClassifierMixin, Classes, TabularEstimator):
    """Multilayer perceptrons that classify the rows of a table: numbers, text, booleans, dates and missing cells.

    effort : "quick" is one network, "good" an ensemble over folds, "best" a larger one of larger networks;
        docs/tabular.md has what each gains and costs.
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

    LEARNED = (*TabularEstimator.LEARNED, "classes_", "temperature_")
    class_weight: Any = None

    def _learned(self, held_out: Array, target: Target, weight: Array | None) -> None:
        self.temperature_ = best_temperature(held_out, target.values, weight)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **how: Any) -> Any:
        """Train on a table X and y; see `TabularEstimator.fit`."""
        self.temperature_ = 1.0
        return super().fit(X, y, sample_weight, **how)

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

    LEARNED = (*TabularEstimator.LEARNED, "one_number_", "range_")

    @property
    def _precision(self) -> Any:
        return "float64"

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **how: Any) -> Any:
        """Train on a table X and y; see `TabularEstimator.fit`."""
        self.range_ = None
        super().fit(X, y, sample_weight, **how)
        values = self._target(y, None, fresh=False).values
        self.range_ = np.stack([values.min(axis=0), values.max(axis=0)])
        return self

    def _answers(self, X: Any) -> list[Array]:
        answers = super()._answers(X)
        if self.range_ is None:
            return answers
        low, high = np.asarray(self.range_)
        return [np.clip(answer, low, high) for answer in answers]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
