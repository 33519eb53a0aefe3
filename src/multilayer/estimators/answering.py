"""Classes and numbers on scikit-learn's face: what y means, and how the networks' answers are said."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d

from multilayer.arrays import Array
from multilayer.constraints import Real, check
from multilayer.data import Target
from multilayer.data.class_scores import chosen_class, chosen_labels
from multilayer.data.dataset import TargetKind
from multilayer.engines import Curves
from multilayer.engines.model import Model
from multilayer.errors import DataError, RefusedError, UsageError, sentence, shown
from multilayer.estimators.calibration import tempered
from multilayer.estimators.rows import reads_as_number

NO_CLASS = "y must have at least two classes, got one class: {}."
NO_Y = "This estimator requires y to be passed, but the target y is None."


class Answering:
    """What estimators of either kind have."""

    models_: tuple[Model, ...]
    history_: Curves
    warm_start = False
    LEARNED: ClassVar[tuple[str, ...]] = ()
    """What `fit` sets beside the networks and their history."""
    SEVERAL: ClassVar[str] = "n_estimators=8"
    """What asks for several networks."""

    def _answers(self, X: Any) -> list[Array]:
        """What each network answers, in float64: probabilities or numbers (n_samples, k)."""
        raise NotImplementedError

    def _answer(self, X: Any) -> Array:
        """The mean answer of all networks."""
        return mean_of(self._answers(X))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the fitted estimator to a `.mlp` file; `multilayer.estimators.load_estimator` reads it."""
        from multilayer.estimators.saving import save_estimator

        return save_estimator(self, path)

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
        self._restored()

    def _restored(self) -> None:
        """What follows from the networks and their history alone."""


class Classes(Answering):
    """An estimator of classes or labels."""

    classes_: npt.NDArray[Any]
    class_weight: Any
    temperature_: float

    def _target(self, y: Any, classes: Any, *, fresh: bool) -> Target:
        if y is None:
            raise DataError(NO_Y)
        try:
            return self._known_target(y, classes, fresh)
        except TypeError as error:
            raise DataError("y must hold labels (n_samples,), all numbers or all text, and none missing.") from error

    def _known_target(self, y: Any, classes: Any, fresh: bool) -> Target:
        check_array(y, ensure_2d=False, accept_sparse="csr", dtype=None, input_name="y")
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            return self._bits(y, fresh)
        labels = column_or_1d(y, warn=True)
        if fresh:
            self.classes_ = self._all_classes(labels, classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise UsageError(f"classes must be those of the first call, {self.classes_}, got {np.unique(classes)}.")
        return self._codes(labels)

    def _all_classes(self, labels: npt.NDArray[Any], classes: Any) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = np.unique(labels if classes is None else np.asarray(classes))
        if len(found) < 2:
            raise DataError(NO_CLASS.format(shown(found.tolist())))
        return found

    def _codes(self, labels: npt.NDArray[Any]) -> Target:
        unseen = np.setdiff1d(labels, self.classes_)
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
        counted: Array = np.bincount(target.values, weight, len(self.classes_)).astype(np.float64)
        each = class_weights(self.class_weight, self.classes_, counted)
        own: Array = each[target.values]
        return own if weight is None else own * weight

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
        return spread_of(self._answers(X), self.SEVERAL)


def class_weights(chosen: Any, classes: npt.NDArray[Any], counted: Array) -> Array:
    """The weight of each class (n_classes,), from the total weight of its rows: 1 where none is named; "balanced"
    gives all classes the same total, and the rows the mean weight that they had.

    >>> class_weights("balanced", np.array(["no", "yes"]), np.array([3.0, 1.0])).round(3)
    array([0.667, 2.   ])
    """
    if isinstance(chosen, str) and chosen == "balanced":
        there = counted > 0
        return np.where(there, counted.sum() / (there.sum() * np.where(there, counted, 1.0)), 0.0)
    if not isinstance(chosen, Mapping):
        expected = "'balanced', a weight for each class by its label, or none"
        raise UsageError(sentence("class_weight", expected, chosen))
    known = classes.tolist()
    for label, weight in chosen.items():
        if label not in known:
            raise UsageError(f"class_weight has {label!r}, which is no class of y: {shown(known)}.")
        check(Real(0), weight, f"class_weight of {label!r}", UsageError)
    return np.array([chosen.get(label, 1.0) for label in known], dtype=np.float64)


def _numbers_of(y: Any) -> npt.NDArray[Any]:
    """y in float64; raises DataError for text and dates, naming the first row that is."""
    try:
        if np.asarray(y).dtype.kind in "mM":
            raise ValueError("could not convert dates")  # they would count as numbers of nanoseconds
        return np.asarray(check_array(y, ensure_2d=False, dtype=np.float64, input_name="y"))
    except (ValueError, TypeError) as error:
        if isinstance(error, ValueError) and "could not convert" not in str(error):
            raise
        cells = np.asarray(y, dtype=object).ravel().tolist()
        wrong = next((cell for cell in cells if not reads_as_number(cell)), cells[0])
        raise DataError(f"y must be numbers, got {shown(wrong)}, say.") from error


class Numbers(Answering):
    """An estimator of numbers."""

    one_number_: bool

    @property
    def _precision(self) -> Any:
        """The dtype of predictions."""
        return self.models_[0].recipe.dtype

    def _target(self, y: Any, classes: Any, *, fresh: bool) -> Target:
        if y is None:
            raise DataError(NO_Y)
        numbers = _numbers_of(y)
        if numbers.ndim == 2 and numbers.shape[1] == 1:
            numbers = column_or_1d(y, warn=True).astype(np.float64)
        values = numbers.reshape(len(numbers), -1)
        if fresh:
            self.one_number_ = numbers.ndim == 1
        return Target("regression", values, tuple(f"y{place + 1}" for place in range(values.shape[1])))

    def _labels_of(self, target: Target) -> npt.NDArray[Any]:
        return target.values[:, 0] if self.one_number_ else target.values

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The numbers (n_samples,), or (n_samples, n_outputs), in the precision that was trained in.

        With `return_std` also how far the networks' answers spread (their standard deviation, of the same shape);
        needs `n_estimators` above 1.
        """
        answers = self._answers(X)
        numbers = self._shaped(mean_of(answers))
        return (numbers, self._shaped(spread_of(answers, self.SEVERAL))) if return_std else numbers

    def _shaped(self, numbers: Array) -> Array:
        numbers = numbers.astype(self._precision)
        return numbers[:, 0] if self.one_number_ else numbers


def mean_of(answers: Sequence[Array]) -> Array:
    """The mean of arrays of one shape, added in their order."""
    if len(answers) == 1:
        return answers[0]
    total = answers[0].copy()
    for answer in answers[1:]:
        total += answer
    return total / len(answers)


def spread_of(answers: list[Array], several: str) -> Array:
    """The standard deviation of several networks' answers, of the size of one."""
    if len(answers) < 2:
        raise RefusedError(f"One network has no spread. Fit with {several}, say, for a standard deviation.")
    mean = mean_of(answers)
    squares = [(answer - mean) ** 2 for answer in answers]
    spread: Array = np.sqrt(mean_of(squares) * (len(answers) / (len(answers) - 1)))
    return spread
