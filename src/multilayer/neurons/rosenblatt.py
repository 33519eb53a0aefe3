"""Rosenblatt's perceptron: a neuron that learns.

F. Rosenblatt described it in a report of 1957 ("The perceptron: a perceiving and recognizing automaton", Cornell
Aeronautical Laboratory 85-460-1) and in a paper of 1958 (Psychological Review 65, 386-408); both years are quoted.
That it ends on separable data is the convergence theorem (Novikoff 1962); that it cannot on XOR is the affair that
M. Minsky and S. Papert's book (Perceptrons, 1969) set off. It takes a hidden layer, and a rule that reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Count, Integer, Natural, Positive, check, check_fields
from multilayer.errors import DataError, ShapeError, sentence
from multilayer.neurons.mcculloch_pitts import Signal
from multilayer.rng import Stream


@final
@dataclass(frozen=True, eq=False)
class PerceptronHistory:
    """What one `fit` went through."""

    mistakes: tuple[int, ...]
    """Rows answered wrongly in each epoch, each counted at its own turn."""
    cycled: int | None
    """The period in epochs when the weights came back to what they had been, so that they never come to rest."""
    path: Array | None
    """The weights at the start and after every row, (rows seen + 1, n_in + 1), when they were to be kept."""

    @property
    def converged(self) -> bool:
        """Whether the last epoch was without a mistake."""
        return self.mistakes[-1] == 0


@final
@dataclass(eq=False)
class Perceptron:
    """A neuron that fires when w0 + w1 x1 + ... + wn xn >= 0, and mends its weights after every mistake.

    The weights start uniform in (-1, 1), drawn from `seed`. The bias is the weight of an input x0 that is always 1,
    so `weights` is (n_in + 1,) with the bias first. For each row the delta rule adds lr (target - answer) x: nothing
    when the answer was right. `lr` scales how fast the weights forget where they started, and nothing else.

    The deck's table, inputs (x1, x2) and the desired output, which is x1:

    >>> X, y = [[0, 0], [1, 1], [0, 1], [1, 0]], [0, 1, 0, 1]
    >>> neuron = Perceptron(2)
    >>> history = neuron.fit(X, y, epochs=50)
    >>> history.converged, neuron.predict(X)
    (True, array([0, 1, 0, 1]))

    XOR has no such weights, so they wander in a circle:

    >>> history = Perceptron(2).fit(X, [0, 0, 1, 1], epochs=50)
    >>> history.converged, history.cycled is None
    (False, False)
    """

    n_in: Count
    lr: Positive = 1.0
    seed: Natural = 0

    def __post_init__(self) -> None:
        check_fields(self)
        self.weights: Array = 2 * Stream(self.seed, "weights").uniform(self.n_in + 1) - 1

    def drive(self, X: Any) -> Array:
        """w0 + w . x for every row of X (n_samples, n_in)."""
        return self._rows(X) @ self.weights

    def predict(self, X: Any) -> Signal:
        """1 where it fires, 0 where it does not, (n_samples,)."""
        return np.asarray(self.drive(X) >= 0, dtype=np.int64)

    def fit(self, X: Any, y: Any, epochs: int, *, keep_path: bool = False) -> PerceptronHistory:
        """Go through the rows in order, epoch after epoch; end early after an epoch without a mistake.

        A cycle is noticed when the weights at the end of an epoch are those of an earlier one. They must be, some
        time, on data that is not separable, since they stay bounded; soon when `lr` and X are whole numbers or sums
        of a few powers of two, because then the steps are exact.
        """
        rows, targets = self._rows(X), _targets(y, len(np.asarray(X)))
        epochs = check(Integer(1), epochs, "epochs of Perceptron.fit")
        path = [self.weights] if keep_path else None
        seen = {self._state(): 0}
        mistakes: list[int] = []
        cycled = None
        while len(mistakes) < epochs and 0 not in mistakes[-1:]:
            mistakes.append(self._epoch(rows, targets, path))
            if mistakes[-1] and cycled is None:
                before = seen.setdefault(self._state(), len(mistakes))
                cycled = len(mistakes) - before or None
        return PerceptronHistory(tuple(mistakes), cycled, None if path is None else np.array(path))

    def _epoch(self, rows: Array, targets: Signal, path: list[Array] | None) -> int:
        """One pass of the delta rule; returns the mistakes."""
        mistakes = 0
        for row, target in zip(rows, targets, strict=True):
            error = int(target) - int(row @ self.weights >= 0)
            if error:
                self.weights = self.weights + self.lr * error * row
                mistakes += 1
            if path is not None:
                path.append(self.weights)
        return mistakes

    def _state(self) -> bytes:
        return (self.weights + 0.0).tobytes()  # + 0.0 makes -0 and 0 the same state

    def _rows(self, X: Any) -> Array:
        """X with the constant input x0 = 1 before it, (n_samples, n_in + 1)."""
        rows = np.asarray(X, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.n_in or not len(rows):
            raise ShapeError(sentence("X of Perceptron", f"rows of {self.n_in} numbers", rows.shape, "Check n_in."))
        if not np.isfinite(rows).all():
            raise DataError("X of Perceptron must be finite, got a NaN or an infinity.")
        return np.hstack([np.ones((len(rows), 1)), rows])


def _targets(y: Any, n_samples: int) -> Signal:
    targets = np.asarray(y)
    if targets.shape != (n_samples,):
        raise ShapeError(f"y of Perceptron must have one target for each of {n_samples} rows, got {targets.shape}.")
    if targets.dtype.kind not in "biuf" or not np.isin(targets, (0, 1)).all():
        raise DataError(sentence("y of Perceptron", "0 or 1 in every row", y, "Write the two classes as 0 and 1."))
    return targets.astype(np.int64)
