"""A trained network with all that its predictions need: what estimators, runs, files and exports share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import FittedPreparation, Target
from multilayer.engines.native_predictor import NativePredictor, native_predictor
from multilayer.errors import RefusedError
from multilayer.nn import Sequential
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network, output_activation
from multilayer.recipe.outputs import Answering, answer, answering, decided


@final
@dataclass(frozen=True, eq=False)
class Model:
    """A resolved recipe, the fitted preparation, the target (its kind, names and classes; no rows) and the weights.

    `arithmetic` is that of the engine that trained it, and predictions are computed in the same. `own` is a network
    made by hand, where the recipe cannot say the layers.
    """

    recipe: Recipe
    preparation: FittedPreparation
    target: Target
    weights: Mapping[str, Array]
    arithmetic: str
    own: Sequential | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle or a copy holds: not what is made again at the first prediction."""
        return {name: value for name, value in vars(self).items() if name not in ("_native", "net")}

    @cached_property
    def net(self) -> Sequential:
        """The network, for prepared inputs."""
        if self.own is not None:
            return self.own
        net = network(self.recipe.layers, self.n_in, seed=None)
        net.set_weights(self.weights)
        for parameter in net.named_weights().values():
            parameter.assign(parameter.value.astype(self.recipe.dtype))
        return net

    @cached_property
    def _native(self) -> NativePredictor | None:
        """What predicts, where the native engine trained."""
        if self.arithmetic == "reference" or self.own is not None:
            return None
        return native_predictor(self.recipe, self.preparation, self.target, self.weights)

    @cached_property
    def _labels(self) -> np.ndarray[Any, Any]:
        return np.asarray(self.target.classes)

    @property
    def n_in(self) -> int:
        """The width of the encoded inputs."""
        return self.preparation.encoding.n_features

    @property
    def answering(self) -> Answering:
        """How the network's outputs become the answer."""
        return answering(self.recipe.loss["name"], output_activation(self.recipe.layers), self.target.kind)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The predicted labels (n_samples,), label bits (n_samples, k), or numbers (n_samples,), for k targets
        (n_samples, k); the rows in the form that was trained on: an array or list, a frame, or a Dataset."""
        if self._native is not None and self.target.kind in ("binary", "classes"):
            codes = self._native.decisions(X)
            if codes is not None:
                labels: np.ndarray[Any, Any] = self._labels[codes]
                return labels
        predicted = decided(self.answer(X), self.target)
        return predicted[:, 0] if self.target.kind == "regression" and predicted.shape[1] == 1 else predicted

    def answer(self, X: Any) -> Array:
        """Probabilities or numbers (n_samples, k), in float64."""
        quick = self.quick_answer(X)
        return self.answer_encoded(self.preparation.encoding.encode(X)) if quick is None else quick

    def quick_answer(self, X: Any) -> Array | None:
        """The same in microseconds, for finite float32 or float64 rows in C order; None for anything else."""
        return None if self._native is None else self._native.answers(X)

    def answer_encoded(self, matrix: Array) -> Array:
        """The same for encoded rows (n_samples, n_features), which may lie between two categories."""
        if self._native is not None:
            return self._native.of_encoded(matrix)
        recipe = self.recipe
        outputs = self.net(self.preparation.apply(matrix).astype(self.net.params[0].value.dtype))
        return answer(outputs, recipe.loss["name"], output_activation(recipe.layers), self.target, self.preparation)

    def prepared(self, X: Any) -> Array:
        """The rows as the network sees them."""
        return self.preparation.apply(self.preparation.encoding.encode(X)).astype(self.net.params[0].value.dtype)

    def hidden(self, X: Any) -> list[Array]:
        """The output of each layer."""
        return self.net.hidden(self.prepared(X))


def check_probabilities(target: Target, what: str) -> None:
    """Raise RefusedError where such a target has no class probabilities."""
    if target.kind == "regression":
        raise RefusedError(f"This {what} predicts numbers, which have no class probabilities. Use predict.")
