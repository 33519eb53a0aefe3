"""Excitatory and inhibitory connections: how one neuron tells two small images apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer.errors import DataError, ShapeError, shown
from multilayer.neurons.mcculloch_pitts import Signal


def connections(image_a: Any, image_b: Any) -> Signal:
    """+1 (excitatory) where only a is on, -1 (inhibitory) where only b is on, 0 elsewhere.

    >>> connections([[1, 1, 0]], [[0, 1, 1]])
    array([[ 1,  0, -1]])
    """
    a, b = _image("image_a", image_a), _image("image_b", image_b)
    if a.shape != b.shape:
        raise ShapeError(f"The two images must have one shape, got {a.shape} and {b.shape}.")
    return a - b


@final
@dataclass(frozen=True, eq=False)
class ImageNeuron:
    """A neuron that fires when the sum of connections x pixels reaches the threshold: for one image, not the other.

    >>> cross = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> neuron = tell_apart(cross, ring)
    >>> neuron.connections
    array([[ 0, -1,  0],
           [-1,  1, -1],
           [ 0, -1,  0]])
    >>> neuron(cross), neuron(ring)
    (1, 0)
    >>> neuron.tolerance
    2
    """

    connections: Signal
    threshold: int
    tolerance: int
    """So many pixels of either image may be wrong, whichever they are, and the answer is still right."""

    def __call__(self, image: Any) -> int:
        """1: it fires, 0: it does not."""
        return int(self.activity(image).sum() >= self.threshold)

    def activity(self, image: Any) -> Signal:
        """What each connection contributes for this image, in the image's shape: made to be drawn."""
        pixels = _image("The image", image)
        if pixels.shape != self.connections.shape:
            raise ShapeError(f"The image must have shape {self.connections.shape}, got {pixels.shape}.")
        return self.connections * pixels


def tell_apart(image_a: Any, image_b: Any) -> ImageNeuron:
    """The neuron that fires for a and not for b.

    With n_a pixels on only in a and n_b only in b, its drive is n_a for a and -n_b for b, and a wrong pixel moves it
    by at most 1. The threshold half way therefore bears any number of wrong pixels below (n_a + n_b)/2; no neuron
    bears more, because an image half way between the two belongs to neither.
    """
    found = connections(image_a, image_b)
    n_a, n_b = int((found > 0).sum()), int((found < 0).sum())
    if n_a + n_b == 0:
        raise DataError("The two images are equal, so no neuron tells them apart. Give two that differ.")
    return ImageNeuron(found, threshold=(n_a - n_b) // 2 + 1, tolerance=(n_a + n_b - 1) // 2)


def _image(what: str, image: Any) -> Signal:
    pixels = np.asarray(image)
    if pixels.dtype.kind not in "biuf" or not np.isin(pixels, (0, 1)).all():
        raise DataError(f"{what} must be pixels that are 0 (off) or 1 (on), got {shown(image)}.")
    return pixels.astype(np.int64)
