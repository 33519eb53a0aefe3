"""The normalization layers: mean 0 and variance 1, over the features of a row or over the rows of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.constraints import Boolean, Count, Positive, Unit, check_fields
from multilayer.nn.layer import Backward, check_width

ONE = {"name": "constant", "value": 1.0}


@final
@dataclass(eq=False)
class LayerNorm:
    """y = gain * h + shift, h = (x - mean) / sqrt(variance + epsilon), taken over the n features of each row.

    The variance is the mean squared deviation. Ba, Kiros & Hinton, arXiv:1607.06450 (2016).

    >>> LayerNorm(2).forward(np.array([[1.0, 3.0]]))[0].round(3)
    array([[-1.,  1.]])
    """

    n: Count
    epsilon: Positive = 1e-5
    frozen: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        self.gain, self.shift = self.params = _affine(self.n, self.frozen)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        check_width(self, x, n=self.n)
        gain, shift = self.gain, self.shift
        scale: Array = 1 / np.sqrt(x.var(axis=1, keepdims=True) + self.epsilon)  # (n_samples, 1)
        h: Array = (x - x.mean(axis=1, keepdims=True)) * scale  # (n_samples, n)

        def backward(dy: Array) -> Array:
            gain.grad += (dy * h).sum(axis=0)  # (n,)
            shift.grad += dy.sum(axis=0)  # (n,)
            dx: Array = _centered(dy * gain.value, h, axis=1) * scale
            return dx

        return gain.value * h + shift.value, backward


@final
@dataclass(eq=False)
class BatchNorm:
    """y = gain * h + shift, h = (x - mean) / sqrt(variance + epsilon), taken over the rows for each of n features.

    Training takes mean and variance (the mean squared deviation, 0 for a batch of one row) from the batch, and moves
    the running ones: running = (1 - momentum) * running + momentum * batch, with the batch's unbiased variance (0
    for one row). Prediction, and training of a frozen layer, take the running ones. Every row of the batch counts
    the same, also one whose sample weight is zero: weights are the loss's, and a layer does not see them.
    Ioffe & Szegedy, ICML (2015), algorithms 1 and 2.

    >>> layer = BatchNorm(1)
    >>> layer.forward(np.array([[1.0], [3.0]]), training=True)[0].round(3)
    array([[-1.],
           [ 1.]])
    >>> layer.running_mean.value, layer.running_var.value
    (array([0.2]), array([1.1]))
    """

    n: Count
    momentum: Unit = 0.1
    epsilon: Positive = 1e-5
    frozen: Boolean = False

    def __post_init__(self) -> None:
        check_fields(self)
        self.gain, self.shift = self.params = _affine(self.n, self.frozen)
        self.running_mean = Parameter("running_mean", np.zeros(self.n), kind="bias", initializer="zeros")
        self.running_var = Parameter("running_var", np.ones(self.n), kind="gain", initializer=ONE)
        self.buffers = (self.running_mean, self.running_var)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        check_width(self, x, n=self.n)
        gain, shift = self.gain, self.shift
        from_batch = training and not self.frozen
        mean, variance = self._moments(x) if from_batch else (self.running_mean.value, self.running_var.value)
        scale: Array = 1 / np.sqrt(variance + self.epsilon)  # (n,)
        h: Array = (x - mean) * scale  # (n_samples, n)

        def backward(dy: Array) -> Array:
            gain.grad += (dy * h).sum(axis=0)  # (n,)
            shift.grad += dy.sum(axis=0)  # (n,)
            dh = dy * gain.value
            dx: Array = (_centered(dh, h, axis=0) if from_batch else dh) * scale
            return dx

        return gain.value * h + shift.value, backward

    def _moments(self, x: Array) -> tuple[Array, Array]:
        """The batch's mean and variance, after the running ones have moved towards them."""
        mean, variance = x.mean(axis=0), x.var(axis=0)  # (n,)
        unbiased = variance * (len(x) / max(len(x) - 1, 1))
        for buffer, batch in ((self.running_mean, mean), (self.running_var, unbiased)):
            buffer.value[...] = (1 - self.momentum) * buffer.value + self.momentum * batch
        return mean, variance


def _affine(n: int, frozen: bool) -> tuple[Parameter, Parameter]:
    """A gain of 1 and a shift of 0 for each feature."""
    gain = Parameter("gain", np.ones(n), kind="gain", initializer=ONE, frozen=frozen)
    return gain, Parameter("shift", np.zeros(n), kind="bias", initializer="zeros", frozen=frozen)


def _centered(dh: Array, h: Array, axis: int) -> Array:
    """dL/dx times the standard deviation, from dL/dh: what is left of dh beside the constant and h."""
    along = h * (dh * h).mean(axis=axis, keepdims=True)
    left: Array = dh - dh.mean(axis=axis, keepdims=True) - along
    return left
