"""Scores: a closed list under scikit-learn's names, each with its direction and the targets it fits.

A metric is called with the target's values, a prediction and perhaps sample weights, and returns one number:

    target        values                      prediction
    binary        codes (n_samples,)          probs (n_samples, 2), or those of class 1 alone, (n_samples,)
    classes       codes (n_samples,)          probs (n_samples, k)
    multilabel    0 or 1, (n_samples, k)      probs (n_samples, k)
    regression    (n_samples, n_out)          numbers (n_samples, n_out)

Sums are exactly rounded and the logarithm is `exact.log`, so that a score has the same bits everywhere. A score that
the rows do not define (roc_auc when only one class occurs) is NaN.

Two scores of older texts are forms of these: the misclassification rate is 1 - accuracy, and the residual sum of
squares (RSS) is mse times the number of values.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, final

import numpy as np
import numpy.typing as npt

from multilayer.calls import parse_call
from multilayer.constraints import Real, check
from multilayer.data import class_scores, number_scores
from multilayer.data.class_scores import Score, Values
from multilayer.data.target import Target, TargetKind
from multilayer.errors import DataError, ShapeError, shown, unknown

Kinds: TypeAlias = tuple[TargetKind, ...]


@final
@dataclass(frozen=True)
class Metric:
    """A named score; `needs` says what a prediction must hold.

    >>> METRICS["accuracy"](np.array([0, 1, 1]), np.array([0.1, 0.9, 0.4]))
    0.6666666666666666
    """

    name: str
    score: Score
    kinds: Kinds
    greater_is_better: bool
    needs: Literal["probs", "numbers"] = "probs"

    def __call__(self, target: npt.ArrayLike, prediction: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
        target, prediction = np.asarray(target), np.asarray(prediction, dtype=np.float64)
        if target.ndim == 1 and self.needs == "numbers":
            target = target[:, None]
        if prediction.ndim == 1:
            prediction = prediction[:, None]
        if target.ndim == 1 and prediction.ndim == 2 and prediction.shape[1] == 1:
            prediction = np.concatenate([1 - prediction, prediction], axis=1)
        self._check(target, prediction)
        return float(self.score(target, prediction, self._weights(weight, len(target))))

    def _check(self, target: Values, prediction: Values) -> None:
        fits = prediction.ndim == 2 and 0 < len(target) == len(prediction)
        if target.ndim == 1:
            fits = fits and int(target.max()) < prediction.shape[1]
        if not fits or (target.ndim == 2 and target.shape != prediction.shape):
            shapes = f"target {target.shape} and prediction {prediction.shape}"
            raise ShapeError(f"{self.name} needs a prediction for every row and class or output, got {shapes}.")
        if not np.isfinite(prediction).all():
            raise DataError(f"{self.name} needs finite predictions, got {prediction[~np.isfinite(prediction)][0]}.")

    def _weights(self, weight: npt.ArrayLike | None, rows: int) -> Values:
        weights = np.ones(rows) if weight is None else np.asarray(weight, dtype=np.float64)
        if weights.shape != (rows,) or not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
            raise DataError(f"{self.name} needs {rows} weights of at least 0 and one above 0, got {weights.shape}.")
        return weights

    def better(self, score: float, other: float) -> bool:
        """Whether the score is better than the other one."""
        return score > other if self.greater_is_better else score < other


ONE_OF: Kinds = ("binary", "classes")
PROBS: Kinds = ("binary", "classes", "multilabel")
NUMBERS: Kinds = ("regression",)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", class_scores.accuracy, PROBS, True),
        Metric("balanced_accuracy", class_scores.balanced_accuracy, ONE_OF, True),
        Metric("f1", class_scores.f1, PROBS, True),
        Metric("precision", class_scores.precision, PROBS, True),
        Metric("recall", class_scores.recall, PROBS, True),
        Metric("matthews_corrcoef", class_scores.matthews_corrcoef, ONE_OF, True),
        Metric("roc_auc", class_scores.roc_auc, PROBS, True),
        Metric("average_precision", class_scores.average_precision, ("binary", "multilabel"), True),
        Metric("log_loss", class_scores.log_loss, PROBS, False),
        Metric("brier", class_scores.brier, ONE_OF, False),
        Metric("r2", number_scores.r2, NUMBERS, True, "numbers"),
        Metric("explained_variance", number_scores.explained_variance, NUMBERS, True, "numbers"),
        Metric("rmse", number_scores.rmse, NUMBERS, False, "numbers"),
        Metric("mse", number_scores.mse, NUMBERS, False, "numbers"),
        Metric("mae", number_scores.mae, NUMBERS, False, "numbers"),
        Metric("pinball", number_scores.pinball, NUMBERS, False, "numbers"),
    )
}
"""Every metric by name."""

OF_ONE_CLASS = ("f1", "precision", "recall", "average_precision")
"""Scores that speak of one of two classes."""

FORMS = {
    "misclassification_rate": "misclassification_rate is 1 - accuracy. Ask for 'accuracy'.",
    "error_rate": "error_rate is 1 - accuracy. Ask for 'accuracy'.",
    "rss": "rss is mse times the number of values. Ask for 'mse'.",
    "mcc": "mcc is called 'matthews_corrcoef' here, as in scikit-learn.",
    "auc": "auc is called 'roc_auc' here, as in scikit-learn.",
}
"""What to ask for instead of names from elsewhere."""

DEFAULTS: dict[TargetKind, tuple[str, ...]] = {
    "binary": ("accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss", "brier"),
    "classes": ("accuracy", "balanced_accuracy", "f1", "log_loss"),
    "multilabel": ("accuracy", "f1", "roc_auc", "log_loss"),
    "regression": ("r2", "rmse", "mae"),
}


def defaults_for(kind: TargetKind) -> tuple[str, ...]:
    """The metrics reported for a kind of target when none are asked for; the first is the headline.

    >>> defaults_for("regression")
    ('r2', 'rmse', 'mae')
    """
    if kind not in DEFAULTS:
        raise DataError(unknown("target kind", kind, DEFAULTS))
    return DEFAULTS[kind]


def metric_label(name: str, target: Target) -> str:
    """A metric as it stands before its score: where it is of one of two classes, with that class, the second in order.

    >>> from multilayer.data import Dataset
    >>> target = Dataset.from_arrays([[0], [1], [2]], ["no", "yes", "no"]).target
    >>> metric_label("f1", target), metric_label("accuracy", target)
    ("f1 of 'yes'", 'accuracy')
    """
    if target.kind != "binary" or name not in OF_ONE_CLASS:
        return name
    return f"{name} of {shown(str(target.classes[1]), 20)}"


def metric_named(text: str, kind: TargetKind | None = None) -> Metric:
    """The metric of that name, fit for that kind of target; "pinball(quantile=0.9)" chooses the quantile.

    >>> metric_named("rmse").greater_is_better
    False
    """
    name, options = parse_call(text, DataError)
    if name in FORMS:
        raise DataError(FORMS[name])
    if name not in METRICS:
        raise DataError(unknown("metric", name, METRICS))
    metric = METRICS[name]
    if kind is not None and kind not in metric.kinds:
        fitting = ", ".join(other.name for other in METRICS.values() if kind in other.kinds)
        raise DataError(f"metric {name!r} does not fit a {kind} target. Those that do: {fitting}.")
    return _with_options(metric, text, options) if options else metric


def _with_options(metric: Metric, text: str, options: dict[str, Any]) -> Metric:
    allowed = {"quantile"} if metric.name == "pinball" else set()
    for option in options:
        if option not in allowed:
            known = "it has quantile" if allowed else "it has none"
            raise DataError(f"metric {metric.name!r} has no option {option!r}, {known}.")
    quantile = check(Real(0, 1), options["quantile"], "quantile of pinball", DataError)
    return replace(metric, name=text, score=functools.partial(number_scores.pinball, quantile=quantile))
