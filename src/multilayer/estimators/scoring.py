"""What chooses the epoch whose weights are kept: a metric of the engine's, or a scorer of the user's."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np

from multilayer.data import METRICS, defaults_for
from multilayer.data.dataset import TargetKind
from multilayer.engines import Member
from multilayer.engines.model import Model
from multilayer.errors import UsageError, unknown
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
    return str(name)


@final
class OwnScore:
    """A callable scorer(estimator, X_val, y_val), greater is better, asked after each epoch."""

    def __init__(self, estimator: Any, members: Sequence[Member], problem: Problem) -> None:
        self.estimator = copy.copy(estimator)
        rows = members[0].val
        self.X, self.y = problem.data.x[rows], estimator._labels_of(problem.dataset.target.take(rows))
        self.scores: list[float] = []
        self.kept: tuple[Model, ...] = ()
        self.stale = 0

    def watch(self, underway: Underway) -> bool:
        """Score the networks as they are; False after `n_iter_no_change` epochs without a gain of `tol`."""
        self.estimator.models_ = models = underway.models()
        score = float(self.estimator.scoring(self.estimator, self.X, self.y))
        gained = not self.scores or score > max(self.scores) + self.estimator.tol
        if not self.scores or score > max(self.scores):
            self.kept = models
        self.scores.append(score)
        self.stale = 0 if gained else self.stale + 1
        return not (self.estimator.early_stopping and self.stale > self.estimator.n_iter_no_change)

    def best(self, fitted: Fitted) -> Fitted:
        """The fitted members with the weights of their best epoch."""
        first = fitted.histories[0]
        series = (*first.series, "val_score")
        count = len(first)
        curve = replace(first, series=series, values=np.column_stack([first.values, self.scores[-count:]]))
        return replace(fitted, models=self.kept, histories=(curve, *fitted.histories[1:]))
