"""What chooses the epoch whose weights are kept: a metric of the engine's, or a scorer of the user's."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, final

import numpy as np

from multilayer.data import METRICS, defaults_for
from multilayer.data.dataset import TargetKind
from multilayer.engines import Member
from multilayer.engines.model import Model
from multilayer.errors import UsageError, sentence, unknown
from multilayer.estimators.fitting import Fitted, Underway
from multilayer.estimators.problem import Problem

SCIKIT_LEARN = {
    "neg_log_loss": "log_loss",
    "neg_brier_score": "brier",
    "neg_root_mean_squared_error": "rmse",
    "neg_mean_squared_error": "mse",
    "neg_mean_absolute_error": "mae",
    "roc_auc_ovr": "roc_auc",
    "f1_macro": "f1",
}


def monitored(scoring: Any, kind: TargetKind) -> str:
    """The engine's name of a metric; without any, accuracy or r2 as in scikit-learn."""
    if scoring is None or callable(scoring):
        return defaults_for(kind)[0]
    name = SCIKIT_LEARN.get(scoring, scoring)
    if name != "loss" and name not in METRICS:
        raise UsageError(unknown("scoring", scoring, ["loss", *METRICS, *SCIKIT_LEARN]))
    if name != "loss" and kind not in METRICS[name].kinds:
        fitting = ", ".join(metric.name for metric in METRICS.values() if kind in metric.kinds)
        raise UsageError(f"scoring={scoring!r} does not fit a {kind} target. Those that do: {fitting}.")
    if scoring == "f1_macro" and kind == "binary":
        raise UsageError("scoring='f1_macro' is not measured for two classes. Write 'f1', that of the second class.")
    return str(name)


def shown_as(scoring: Any, monitor: str) -> tuple[str, int, Any]:
    """The series of the validation scores, the sign that scikit-learn's name gives them, and whether max or min is
    the best of them."""
    if callable(scoring):
        return OWN, 1, max
    if isinstance(scoring, str) and scoring.startswith("neg_"):
        return f"val_{monitor}", -1, max
    greater = monitor in METRICS and METRICS[monitor].greater_is_better
    return f"val_{monitor}", 1, max if greater else min


OWN = "val_score"


def with_networks(estimator: Any, models: tuple[Model, ...]) -> Any:
    """A copy of the estimator that answers with these networks, for a scorer; calibration comes after the training."""
    own = copy.copy(estimator)
    own.models_, own.temperature_ = models, 1.0
    vars(own).pop("feature_names_in_", None)  # its rows are an array, whatever they were made of
    return own


@final
class OwnScore:
    """A callable scorer(estimator, X_val, y_val), greater is better, asked after each epoch."""

    def __init__(self, estimator: Any, members: Sequence[Member], problem: Problem) -> None:
        self.estimator = estimator
        rows = members[0].val
        self.X, self.y = problem.data.x[rows], estimator._labels_of(problem.dataset.target.take(rows))
        self.scores: dict[int, float] = {}  # by epoch, counted from 1
        self.kept: tuple[Model, ...] = ()
        self.stale = 0

    def watch(self, underway: Underway) -> bool:
        """Score the networks as they are; False after `n_iter_no_change` epochs without a gain of `tol`."""
        models = underway.models()
        score = self._asked(models)
        highest = max(self.scores.values(), default=-math.inf)
        gained = not self.scores or score > highest + self.estimator.tol
        if not self.scores or score > highest:
            self.kept = models
        self.scores[underway.training.history.values.shape[1]] = score
        self.stale = 0 if gained else self.stale + 1
        return not (self.estimator.early_stopping and self.stale > self.estimator.n_iter_no_change)

    def _asked(self, models: tuple[Model, ...]) -> float:
        score = self.estimator.scoring(with_networks(self.estimator, models), self.X, self.y)
        if not isinstance(score, (Real, np.bool_)) or math.isnan(score):
            raise UsageError(sentence("what scoring returns", "a number", score))
        return float(score)

    def best(self, fitted: Fitted) -> Fitted:
        """The fitted members with the weights of their best epoch."""
        first = fitted.histories[0]
        # an interrupted epoch has no score
        scores = [self.scores.get(epoch.number, math.nan) for epoch in first]
        curve = replace(first, series=(*first.series, OWN), values=np.column_stack([first.values, scores]))
        return replace(fitted, models=self.kept or fitted.models, histories=(curve, *fitted.histories[1:]))
