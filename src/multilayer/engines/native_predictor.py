"""Prediction in C++: one row in microseconds, and a row alone has the bits it has among millions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import FittedPreparation, Target
from multilayer.engines import native
from multilayer.engines.contract import Data, Member
from multilayer.engines.native_data import pairs, plain_member, table
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network
from multilayer.room import blocks


@final
class NativePredictor:
    """The answers of a trained network, from rows; calls may come from several threads at once."""

    def __init__(
        self, recipe: Recipe, preparation: FittedPreparation, target: Target, weights: Mapping[str, Array]
    ) -> None:
        nobody = np.empty(0, dtype=np.int64)
        n_in = preparation.encoding.n_features
        shape = table(Data(np.empty((0, n_in)), target))
        member = plain_member(Member(recipe, preparation, nobody, nobody))
        module = native.extension(str(native.instruction_set()))
        names = network(recipe.layers, n_in, seed=None).named_weights()  # a file may hold them in another order
        typed = {name: weights[name].astype(recipe.dtype) for name in names}
        self._compiled = module.Predictor(shape, member, pairs(typed), recipe.dtype == "float32", 0)
        self._numbers = all(column.as_it_is for column in preparation.encoding.columns)

    def decisions(self, X: Any) -> np.ndarray[Any, Any] | None:
        """The codes of the decided classes (n_samples,) for finite float32 or float64 rows in C order; None for
        anything else."""
        codes: np.ndarray[Any, Any] | None = self._directly(self._compiled.decisions, X)
        return codes

    def answers(self, X: Any) -> Array | None:
        """Probabilities or numbers (n_samples, k) in float64, for such rows; None for anything else."""
        answers: Array | None = self._directly(self._compiled.answers, X)
        return answers

    def of_encoded(self, matrix: Array) -> Array:
        """The same for encoded rows (n_samples, n_features), NaN where a value is missing."""
        parts = blocks(*matrix.shape)
        answered = [self._compiled.answers_with_gaps(np.ascontiguousarray(matrix[p], dtype=np.float64)) for p in parts]
        return np.concatenate(answered)

    def _directly(self, compiled: Any, X: Any) -> Any:
        if not self._numbers or type(X) is not np.ndarray:
            return None
        try:
            return compiled(X)
        except TypeError:  # of another kind or order
            return None


def native_predictor(
    recipe: Recipe, preparation: FittedPreparation, target: Target, weights: Mapping[str, Array]
) -> NativePredictor | None:
    """The predictor, where there is a native engine."""
    return None if native.why_missing() else NativePredictor(recipe, preparation, target, weights)
