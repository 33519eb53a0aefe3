"""Hebb's rule: what fires together wires together.

D. O. Hebb, The Organization of Behavior (Wiley, 1949), chapter 4: when one cell repeatedly takes part in firing
another, some growth makes it more efficient at doing so. He gave no formula; the product below is the usual reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Boolean, Count, Finite, Fraction, NonNegative, check_fields
from multilayer.errors import ShapeError, sentence
from multilayer.neurons.mcculloch_pitts import Signal


@final
@dataclass(eq=False)
class Hebb:
    """A neuron whose weights grow by lr x y: each by the product of what came in (pre) and what went out (post).

    `weights` (n_in,) start at zero and may be set; the neuron fires when its drive w . x reaches `threshold`.
    `decay` is the part of every weight that each pairing forgets first. With `oja`, what is forgotten follows the
    output instead, lr y^2 w, and the weights stay bounded: paired with its own drive the neuron finds the first
    principal component of its inputs (Oja, J. Math. Biology 15 (1982), 267-273).

    The sight of an apple fires this neuron, its name does not; after both came together, its name does too:

    >>> neuron = Hebb(n_in=2, lr=0.2)
    >>> neuron.weights[:] = [1.0, 0.0]
    >>> sight, name, both = [1, 0], [0, 1], [1, 1]
    >>> neuron.respond(sight), neuron.respond(name)
    (1, 0)
    >>> for _ in range(5):
    ...     neuron.associate(both)
    >>> neuron.respond(name)
    1
    """

    n_in: Count
    lr: NonNegative = 0.1
    threshold: Finite = 0.5
    decay: Fraction = 0.0
    oja: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        self.weights: Array = np.zeros(self.n_in)

    def drive(self, x: Any) -> Any:
        """w . x for one stimulus (n_in,) or for rows of them (n_samples, n_in)."""
        z = self._stimuli(x) @ self.weights
        return float(z) if np.ndim(z) == 0 else z

    def respond(self, x: Any) -> Any:
        """1 where the drive reaches the threshold, else 0."""
        fires: Signal = np.asarray(self._stimuli(x) @ self.weights >= self.threshold, dtype=np.int64)
        return int(fires) if fires.ndim == 0 else fires

    def associate(self, x: Any, y: Any = None) -> None:
        """Learn from a stimulus and the activity y that came with it; without y, from the neuron's own response.

        Rows (n_samples, n_in) with y (n_samples,) are learned one after the other.
        """
        stimuli = np.atleast_2d(self._stimuli(x))
        given = [None] * len(stimuli) if y is None else np.atleast_1d(np.asarray(y, dtype=np.float64))
        if len(given) != len(stimuli):
            raise ShapeError(f"Hebb got {len(stimuli)} stimuli and {len(given)} activities. Give one for each.")
        for stimulus, activity in zip(stimuli, given, strict=True):
            post = self.respond(stimulus) if activity is None else activity
            forgotten = self.lr * post**2 * self.weights if self.oja else self.decay * self.weights
            self.weights = self.weights - forgotten + self.lr * post * stimulus

    def _stimuli(self, x: Any) -> Array:
        stimuli = np.asarray(x, dtype=np.float64)
        if stimuli.ndim not in (1, 2) or stimuli.shape[-1] != self.n_in:
            expected = f"of shape ({self.n_in},) or (n_samples, {self.n_in})"
            raise ShapeError(sentence("The stimulus", expected, stimuli.shape, "Check n_in."))
        return stimuli
