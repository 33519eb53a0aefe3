"""`MLPAutoencoder`: a network that learns to give back its input through a narrow layer, the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from multilayer.arrays import Array
from multilayer.constraints import Choice, Or, Real
from multilayer.data import Encoding, FittedPreparation, Preparation, Target
from multilayer.data.encoding import ColumnEncoding
from multilayer.engines.model import Model
from multilayer.errors import DataError, ShapeError
from multilayer.estimators.network import NetworkEstimator
from multilayer.estimators.problem import Problem
from multilayer.estimators.rows import checked_rows, column_name
from multilayer.estimators.settings import hidden_widths
from multilayer.recipe.layers import dense


@dataclass(eq=False, repr=False)
class MLPAutoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, NetworkEstimator):
    """Inputs through a narrow layer and back (Hinton & Salakhutdinov, Science 313 (2006), 504); parameters as for
    `MLPClassifier`.

    hidden_layer_sizes : (100, 2, 100) by default; the narrowest layer, the first of equals, is the code.
    code_activation : activation of the code, "identity" by default so that it may take any value.
    noise : standard deviation of what is added to the inputs in training, for a denoising autoencoder (Vincent et al.,
        ICML 2008).

    Columns count by their variance: scale them before. Of several networks (`n_estimators`) the first is the one that
    transforms.

    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> autoencoder = MLPAutoencoder(hidden_layer_sizes=(20, 2, 20), activation="tanh", max_iter=100).fit(X)
    >>> code = autoencoder.transform(X)
    >>> code.shape, autoencoder.inverse_transform(code).shape
    ((150, 2), (150, 4))
    >>> bool(autoencoder.reconstruction_error(X).mean() < 0.1)
    True
    """

    hidden_layer_sizes: Any = (100, 2, 100)
    code_activation: Any = "identity"
    weight_decay: Annotated[Any, Or(Real(0), Choice("auto"))] = 0.0  # what is pulled to 0 cannot be given back

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, **how: Any) -> Any:
        """Train on X (n_samples, n_features); y is not looked at, and X_val needs no y_val. Returns self."""
        if how.get("X_val") is not None:
            how["y_val"] = how["X_val"]
        return super().fit(X, X, sample_weight, **how)

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, sample_weight: Any = None) -> Any:
        """One epoch over these rows; y and classes are not looked at. Returns self."""
        return super().partial_fit(X, X, None, sample_weight)

    def activations(self) -> Any:
        widths = hidden_widths(self)
        own = list(self.activation) if isinstance(self.activation, (list, tuple)) else [self.activation] * len(widths)
        if len(own) == len(widths) and widths:
            own[int(np.argmin(widths))] = self.code_activation
        return own

    def _preparation(self) -> Preparation:
        return Preparation(inputs=self.input_scaling, target="none")

    def _target(self, y: Any, classes: Any, *, fresh: bool) -> Target:
        if not hidden_widths(self):
            raise DataError("hidden_layer_sizes of an autoencoder must have at least one layer, the code.")
        values = check_array(y, accept_sparse="csr", dtype=np.float64, input_name="X")
        values = values if isinstance(values, np.ndarray) else values.toarray()
        return Target("regression", values, tuple(f"x{place + 1}" for place in range(values.shape[1])))

    def _labels_of(self, target: Target) -> npt.NDArray[Any]:
        return target.values

    def _learned(self, problem: Problem | None, val: Any) -> None:
        model, widths = self.models_[0], hidden_widths(self)
        place = [place for place, entry in enumerate(model.recipe.layers) if dense(entry["layer"])][np.argmin(widths)]
        after = next(
            (n for n, entry in enumerate(model.recipe.layers) if n > place and dense(entry["layer"])),
            len(model.recipe.layers),
        )
        self._n_features_out = min(widths)
        self.encoder_ = part(model, 0, after, model.n_in, self._n_features_out)
        self.decoder_ = part(model, after, len(model.recipe.layers), self._n_features_out, model.n_in)

    def _complete_rows(self, X: Any) -> Array:
        """The rows, refused where a value is missing: it could not be given back."""
        check_is_fitted(self, "models_")
        rows = checked_rows(self, X, reset=False)
        missing = np.isnan(rows)
        if missing.any():
            row, place = np.argwhere(missing)[0]
            raise DataError(
                f"X must hold no NaN, got one in row {row} of {column_name(X, int(place))}. Fill it before."
            )
        return rows

    def transform(self, X: Any) -> Array:
        """The code of each row (n_samples, code)."""
        code: Array = self.encoder_.answer_encoded(self._complete_rows(X))
        return code.astype(self.models_[0].recipe.dtype)

    def inverse_transform(self, X: Any) -> Array:
        """The row that each code (n_samples, code) stands for, (n_samples, n_features)."""
        check_is_fitted(self, "models_")
        code = check_array(X, dtype=(np.float64, np.float32))
        if code.shape[1] != self._n_features_out:
            raise ShapeError(f"X must have {self._n_features_out} columns, the width of the code, got {code.shape[1]}.")
        return self.decoder_.answer_encoded(code).astype(self.models_[0].recipe.dtype)

    def reconstruct(self, X: Any) -> Array:
        """Each row as the mean network gives it back (n_samples, n_features)."""
        return self._answer(self._complete_rows(X)).astype(self.models_[0].recipe.dtype)

    def reconstruction_error(self, X: Any) -> Array:
        """The mean squared difference of each row and what comes back (n_samples,): large for rows unlike training."""
        rows = self._complete_rows(X)
        return np.asarray(((self._answer(rows) - rows) ** 2).mean(axis=1))

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean reconstruction error: greater is better."""
        return -float(self.reconstruction_error(X).mean())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False  # what is missing cannot be learned to be given back
        return tags


def part(model: Model, start: int, stop: int, n_in: int, n_out: int) -> Model:
    """The layers from `start` up to `stop` of a network for numbers, as a model of its own."""
    kept = range(start, stop)
    weights = {}
    for name, value in model.weights.items():
        place, _, rest = name.partition(".")
        if int(place) in kept:
            weights[f"{int(place) - start}.{rest}"] = value
    encoding = model.preparation.encoding
    if start:
        encoding = Encoding(tuple(ColumnEncoding(f"code {place + 1}", "number") for place in range(n_in)))
    zeros, ones, n_zeros = np.zeros(n_in), np.ones(n_in), np.zeros(n_out)
    recipe = model.recipe.replace(layers=model.recipe.layers[start:stop])
    if not start:
        recipe = recipe.replace(loss={"name": "squared_error"})  # a code is what the layer gives, whatever the loss
    preparation = FittedPreparation(encoding, zeros, ones, zeros, n_zeros, np.ones(n_out))
    if not start:
        own = model.preparation
        preparation = FittedPreparation(encoding, own.center, own.factor, own.fill, n_zeros, np.ones(n_out))
    return Model(recipe, preparation, Target("regression", np.empty((0, n_out))), weights, model.arithmetic)
