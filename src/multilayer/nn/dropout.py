"""Dropout: while training, some of the inputs are missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction, check_fields
from multilayer.nn.layer import Backward
from multilayer.rng import Stream


@final
@dataclass(eq=False)
class Dropout:
    """While training, y = x / (1 - p_drop) for a kept element and 0 for a dropped one; else y = x.

    Each element is dropped with probability `p_drop`, anew in every step. Which ones depends on the seed, the
    layer's place in the network and the number of the step alone, so a training that is taken up again drops what
    it would have dropped. Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, JMLR 15 (2014), 1929.

    >>> layer = Dropout(0.5)
    >>> layer.forward(np.ones((1, 4)))[0]
    array([[1., 1., 1., 1.]])
    >>> y, backward = layer.forward(np.ones((1, 1000)), training=True)
    >>> sorted({float(value) for value in y[0]})
    [0.0, 2.0]
    """

    p_drop: Fraction
    seed: int = field(default=0, init=False, repr=False)
    place: int = field(default=0, init=False, repr=False)
    step: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        check_fields(self)

    def reseed(self, seed: int, place: int = 0, step: int = 0) -> None:
        """Draw from now on what belongs to this seed, place in the network and step."""
        self.seed, self.place, self.step = seed, place, step

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        if not training:
            return x, lambda dy: dy
        stream = Stream(self.seed, "dropout", step=self.step, place=self.place)
        keep = stream.keep(x.size, self.p_drop).reshape(x.shape)
        self.step += 1

        def backward(dy: Array) -> Array:
            return np.where(keep, dy / (1 - self.p_drop), 0)

        return np.where(keep, x / (1 - self.p_drop), 0), backward
