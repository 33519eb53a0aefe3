"""The rows of a `fit`, made ready once for any number of members: folds, seeds and settings share them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.data import Dataset, Encoding, FittedPreparation, Preparation, Splitting, Target
from multilayer.data.dataset import columns_of_array
from multilayer.engines import Data
from multilayer.errors import DataError, UsageError, sentence
from multilayer.rng import Stream

Rows = npt.NDArray[np.int64]
MOST_SEEDS = 2**32 - 1


@final
@dataclass(frozen=True, eq=False)
class Problem:
    """Encoded rows with their target; `own_val` are rows that the user set aside for validation."""

    dataset: Dataset
    encoding: Encoding
    data: Data
    own_val: Rows
    _prepared: dict[tuple[Preparation, bytes], FittedPreparation] = field(default_factory=dict, init=False)

    @staticmethod
    def of(
        X: Array,
        target: Target,
        *,
        names: Sequence[str] | None = None,
        weight: Array | None = None,
        groups: npt.NDArray[np.int64] | None = None,
        own_val: int = 0,
    ) -> Problem:
        """The problem of rows X (n_samples, n_features), the last `own_val` of them for validation."""
        dataset = Dataset("data", columns_of_array(X, names), target, weight, groups)
        encoding = Encoding.of(dataset)
        rows = np.arange(len(X), dtype=np.int64)
        return Problem(dataset, encoding, Data.of(dataset, encoding), rows[len(X) - own_val :])

    def parts(self, fraction: float, seed: int, within: Rows | None = None) -> tuple[Rows, Rows]:
        """Training and validation rows of those `within`, by default of all: those set aside by the user, or a share,
        stratified or by groups."""
        everything = np.arange(self.dataset.n_samples, dtype=np.int64) if within is None else within
        if len(self.own_val):
            return everything[: -len(self.own_val)], self.own_val
        if not fraction:
            return everything, everything[:0]
        share = math.ceil(fraction * len(everything)) / len(everything)  # rounded up, as in scikit-learn
        try:
            splitting = Splitting(train=1.0 - share, val=share, test=0.0, seed=seed)
            split = splitting.apply(self.dataset.take(everything))
        except UsageError:  # a part is empty
            split = None
        if split is None or len(split.val) < 2:
            raise DataError(
                f"The validation set is too small: {fraction:g} of n_samples={len(everything)}. "
                "Raise validation_fraction, or pass X_val and y_val."
            )
        return everything[split.train], everything[split.val]

    def prepared(self, how: Preparation, rows: Rows) -> FittedPreparation:
        """The preparation fitted on these training rows, once for all settings that share both."""
        key = (how, rows.tobytes())
        if key not in self._prepared:
            weight = self.dataset.weight
            self._prepared[key] = how.fit(self.encoding, self.data.x, self.dataset.target, rows, weight)
        return self._prepared[key]


def seeds_of(random_state: Any, count: int) -> list[int]:
    """So many seeds: the first is `random_state` itself where that is a number, the others are drawn from it.

    None and generators of NumPy draw the first one.
    """
    from sklearn.utils import check_random_state

    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        first = int(random_state)
        if not 0 <= first <= MOST_SEEDS:
            raise DataError(f"random_state must be a whole number from 0 to {MOST_SEEDS}, got {first}.")
    else:
        try:
            first = int(check_random_state(random_state).randint(2**31 - 1))
        except ValueError as error:
            expected = f"a whole number from 0 to {MOST_SEEDS}, a RandomState of NumPy, or none"
            raise DataError(sentence("random_state", expected, random_state)) from error
    others: list[int] = Stream(first, "split", place=1).integers(MOST_SEEDS, count - 1).tolist()
    return [first, *others]
