"""`MLPClassifier` and `MLPRegressor`: scikit-learn's names, this package's engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d

from multilayer.arrays import Array
from multilayer.constraints import Choice, Maybe
from multilayer.data import Preparation, Target
from multilayer.data.class_scores import chosen_class, chosen_labels
from multilayer.data.dataset import TargetKind
from multilayer.errors import DataError, RefusedError, UsageError, shown
from multilayer.estimators.calibration import best_temperature, tempered
from multilayer.estimators.network import NetworkEstimator
from multilayer.estimators.problem import Problem

NO_CLASS = "y must have at least two classes, got one class: {}."


@dataclass(eq=False, repr=False)
class MLPClassifier(ClassifierMixin, NetworkEstimator):
    """A multilayer perceptron that classifies, under scikit-learn's parameters and some it has been asked for.

    Parameters that scikit-learn's MLPClassifier has keep their names and meaning; docs/estimators.md lists the
    defaults that differ. More of them:

    activation : one name for all hidden layers or a list, one for each; every one in `multilayer.nn.ACTIVATIONS`.
    solver : "adam", "sgd", "lbfgs", or any optimizer of `multilayer.optim`, as in "adamw" or "rmsprop(beta=0.95)".
    learning_rate : "constant", "invscaling", "adaptive", or any schedule ("cosine", "one_cycle", "step(every=30)" ...);
        "auto" is cosine for Adam and its relatives, constant for others. Schedules act on every solver but lbfgs.
    input_scaling : "standardize", "center" or "minmax" scales each column by the training rows, inside the model; by
        default X is taken as it is.
    n_hidden_layers : with one number in `hidden_layer_sizes`, how many such layers, so that searches can vary both.
    dropout, norm, weight_init, l1, weight_decay, noise, max_norm, clip_norm, loss : as in `multilayer.Recipe.of`.
    scoring : what chooses the epoch to keep: "loss", a metric of `multilayer.data.METRICS` or scikit-learn's name of
        it, or scorer(estimator, X_val, y_val). Given, it is measured on validation rows as with `early_stopping`, but
        the training goes to its end.
    class_weight : "balanced", or a weight for each class by label; multiplies `sample_weight`.
    calibration : "temperature" divides the logits by the number that gives the validation rows the least log loss.
    n_estimators : networks of different seeds, trained at once; their probabilities are averaged.
    time_limit : seconds after which the training ends with the epoch it is in.
    n_jobs : threads; all processors by default. The bits do not depend on it.
    random_state : 0 by default, so that the same fit gives the same bits; None draws one.

    The dtype of X decides the precision, as in scikit-learn; float32 is about twice as fast. A missing value (NaN)
    counts as its column's mean in training.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> MLPClassifier(max_iter=50).fit(X, y).score(X, y) > 0.95
    True
    """

    LEARNED = (*NetworkEstimator.LEARNED, "classes_", "temperature_")
    class_weight: Any = None
    calibration: Annotated[Any, Maybe(Choice("temperature"))] = None

    @property
    def _validates(self) -> bool:
        return self.early_stopping or self.scoring is not None or self.calibration is not None

    def _preparation(self) -> Preparation:
        return Preparation(inputs=self.input_scaling, target="none")

    def _target(self, y: Any, classes: Any, *, fresh: bool) -> Target:
        if y is None:
            raise DataError("This estimator requires y to be passed, but the target y is None.")
        check_array(y, ensure_2d=False, accept_sparse="csr", dtype=None, input_name="y")
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            return self._bits(y, fresh)
        labels = column_or_1d(y, warn=True)
        if fresh:
            self.classes_ = self._all_classes(labels, classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise UsageError(f"classes must be those of the first call, {self.classes_}, got {np.unique(classes)}.")
        return self._codes(labels, fresh=fresh and classes is None)

    def _all_classes(self, labels: npt.NDArray[Any], classes: Any) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = np.unique(labels if classes is None else np.asarray(classes))
        if len(found) < 2:
            raise DataError(NO_CLASS.format(shown(found.tolist())))
        return found

    def _codes(self, labels: npt.NDArray[Any], *, fresh: bool) -> Target:
        present = np.unique(labels)
        if self.warm_start and not fresh and not np.array_equal(present, self.classes_):
            known = f"the classes of the last fit, {self.classes_}"
            raise UsageError(f"y must hold {known}, where warm_start goes on from it, got {present}.")
        unseen = np.setdiff1d(present, self.classes_)
        if len(unseen):
            known = f"the classes of the first call, {self.classes_}"
            raise DataError(f"y must hold {known}, got {shown(unseen.tolist())}.")
        codes = np.searchsorted(self.classes_, labels).astype(np.int64)
        kind: TargetKind = "binary" if len(self.classes_) == 2 else "classes"
        return Target(kind, codes, classes=tuple(range(len(self.classes_))))

    def _bits(self, y: Any, fresh: bool) -> Target:
        bits = check_array(y, accept_sparse="csr", dtype=np.float64, input_name="y")
        bits = bits if isinstance(bits, np.ndarray) else bits.toarray()
        if fresh:
            self.classes_ = np.arange(bits.shape[1])
        elif bits.shape[1] != len(self.classes_):
            raise UsageError(f"y must have {len(self.classes_)} labels as in the first call, got {bits.shape[1]}.")
        return Target("multilabel", bits, tuple(f"label {place}" for place in range(bits.shape[1])))

    def _labels_of(self, target: Target) -> npt.NDArray[Any]:
        """The user's labels of a target."""
        if target.kind == "multilabel":
            return target.values.astype(np.int64)
        labels: npt.NDArray[Any] = self.classes_[target.values]
        return labels

    def _weighted(self, target: Target, weight: Array | None) -> Array | None:
        if self.class_weight is None:
            return weight
        if target.kind == "multilabel":
            raise RefusedError("class_weight needs one class a row; for several labels a row pass sample_weight.")
        if isinstance(self.class_weight, Mapping):
            for label in self.class_weight:
                if label not in self.classes_:
                    raise UsageError(
                        f"class_weight has {label!r}, which is no class of y: {shown(list(self.classes_))}."
                    )
        labels = self.classes_[target.values]
        each = compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        own: Array = np.asarray(each, dtype=np.float64)[target.values]
        return own if weight is None else own * weight

    def _learned(self, problem: Problem | None, val: Any) -> None:
        self.out_activation_ = "softmax" if self.models_[0].target.kind == "classes" else "logistic"
        if problem is None:
            return
        self.temperature_ = 1.0
        if self.calibration is not None and len(val):
            probs = self._answer(problem.data.x[val])
            target = problem.dataset.target.take(val)
            weight = None if problem.dataset.weight is None else problem.dataset.weight[val]
            self.temperature_ = best_temperature(probs, target.values, weight)

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class (n_samples, n_classes), or of each label (n_samples, n_labels)."""
        probs = self._answer(X)
        return probs if self.temperature_ == 1.0 else tempered(probs, self.temperature_, self._several)

    def predict_log_proba(self, X: Any) -> Array:
        """The natural logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The label of each row (n_samples,), or a 0 or 1 for each label (n_samples, n_labels)."""
        check_is_fitted(self, "models_")
        probs = self._answer(X)  # no temperature changes which is the largest
        if self._several:
            return np.asarray(chosen_labels(probs), dtype=np.int64)
        labels: npt.NDArray[Any] = self.classes_[chosen_class(probs)]
        return labels

    @property
    def _several(self) -> bool:
        return self.models_[0].target.kind == "multilabel"

    def predict_std(self, X: Any) -> Array:
        """How far the networks' probabilities spread (n_samples, n_classes); needs `n_estimators` above 1."""
        return spread_of(self._answers(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(eq=False, repr=False)
class MLPRegressor(RegressorMixin, NetworkEstimator):
    """A multilayer perceptron that predicts numbers, one or several a row; parameters as for `MLPClassifier`.

    loss : "auto" (squared error), "poisson", "absolute_error", "huber(delta=1)", "quantile(q=0.9)", "gaussian_nll" ...,
        every loss for numbers in `multilayer.nn.losses`.
    target_scaling : "standardize" trains on (y - mean) / deviation and carries predictions back, so that the learning
        rate suits any unit; "none" trains on y as it is. Losses in `loss_curve_` are those of the scaled y. With a
        Poisson loss y stays as it is.

    >>> import numpy as np
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> MLPRegressor().fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    LEARNED = (*NetworkEstimator.LEARNED, "one_number_")
    target_scaling: Annotated[str, Choice("standardize", "none")] = "standardize"

    def _preparation(self) -> Preparation:
        return Preparation(
            inputs=self.input_scaling, target="none" if "poisson" in str(self.loss) else self.target_scaling
        )

    def _target(self, y: Any, classes: Any, *, fresh: bool) -> Target:
        if y is None:
            raise DataError("This estimator requires y to be passed, but the target y is None.")
        numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        if numbers.ndim == 2 and numbers.shape[1] == 1:
            numbers = column_or_1d(y, warn=True).astype(np.float64)
        values = numbers.reshape(len(numbers), -1)
        if fresh:
            self.one_number_ = numbers.ndim == 1
        return Target("regression", values, tuple(f"y{place + 1}" for place in range(values.shape[1])))

    def _labels_of(self, target: Target) -> npt.NDArray[Any]:
        return target.values[:, 0] if self.one_number_ else target.values

    def _learned(self, problem: Problem | None, val: Any) -> None:
        self.out_activation_ = "exp" if self.models_[0].recipe.loss["name"] == "poisson" else "identity"

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The numbers (n_samples,), or (n_samples, n_outputs), in the precision that was trained in.

        With `return_std` also how far the networks' answers spread (their standard deviation, of the same shape);
        needs `n_estimators` above 1.
        """
        answers = self._answers(X)
        mean = np.asarray(sum(answers[1:], answers[0]) / len(answers))
        numbers = self._shaped(mean)
        return (numbers, self._shaped(spread_of(answers))) if return_std else numbers

    def _shaped(self, numbers: Array) -> Array:
        numbers = numbers.astype(self.models_[0].recipe.dtype)
        return numbers[:, 0] if self.one_number_ else numbers

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def spread_of(answers: list[Array]) -> Array:
    """The standard deviation of several networks' answers, of the size of one."""
    if len(answers) < 2:
        raise RefusedError("One network has no spread. Fit with n_estimators=8, say, for a standard deviation.")
    mean = sum(answers[1:], answers[0]) / len(answers)
    squares = [(answer - mean) ** 2 for answer in answers]
    spread: Array = np.sqrt(sum(squares[1:], squares[0]) / (len(answers) - 1))
    return spread
