"""The activations: y = f(x), element by element, with their derivatives; and the table of all.

Each keeps the precision of its input and stays finite, without a warning, for finite x of any size up to 1e30. At a
kink the derivative is the one from the left, so ReLU's at 0 is 0; the ramp's is 1 strictly between its corners.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from multilayer import exact
from multilayer.arrays import Array
from multilayer.constraints import Fraction, Positive, check_fields
from multilayer.errors import RefusedError
from multilayer.nn.layer import Backward, Layer
from multilayer.nn.prelu import PReLU
from multilayer.nn.softmax import Softmax
from multilayer.nn.table import build


@final
@dataclass(frozen=True)
class Identity:
    """y = x, the activation of a linear output.

    >>> Identity().forward(np.array([-1.0, 2.0]))[0]
    array([-1.,  2.])
    """

    activation: ClassVar[str] = "identity"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return dy

        return x, backward


@final
@dataclass(frozen=True)
class Step:
    """y = 1 where x >= 0, else 0: the threshold of McCulloch & Pitts (1943) and of Rosenblatt's perceptron (1958).

    It predicts; it cannot be trained by gradients.

    >>> Step().forward(np.array([-1.0, 0.0, 2.0]))[0]
    array([0., 1., 1.])
    """

    activation: ClassVar[str] = "step"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            raise RefusedError(
                "Step cannot be trained by gradients: its derivative is zero everywhere it exists, so no weight before "
                "it would move. Use sigmoid instead, or set the weights by hand and train for 0 epochs."
            )

        return np.heaviside(x, x.dtype.type(1)), backward


@final
@dataclass(frozen=True)
class Sigmoid:
    """y = 1 / (1 + exp(-x)), y' = y (1 - y), at most 1/4.

    >>> Sigmoid().forward(np.array([0.0, 1e30]))[0]
    array([0.5, 1. ])
    """

    activation: ClassVar[str] = "sigmoid"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        y = _sigmoid(x)

        def backward(dy: Array) -> Array:
            return dy * (y * (1 - y))

        return y, backward


@final
@dataclass(frozen=True)
class Tanh:
    """y = tanh(x), y' = 1 - y^2.

    >>> Tanh().forward(np.array([0.0, 1e30]))[0]
    array([0., 1.])
    """

    activation: ClassVar[str] = "tanh"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        y: Array = np.tanh(x)

        def backward(dy: Array) -> Array:
            return dy * (1 - y * y)

        return y, backward


@final
@dataclass(frozen=True)
class ReLU:
    """y = max(0, x), y' = 1 where x > 0, else 0.

    >>> ReLU().forward(np.array([-1.0, 2.0]))[0]
    array([0., 2.])
    """

    activation: ClassVar[str] = "relu"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return np.where(x > 0, dy, 0)

        return np.maximum(x, 0), backward


@final
@dataclass(frozen=True)
class LeakyReLU:
    """y = x where x > 0, else slope * x: max(slope * x, x). Some textbooks print it with slope=0.1.

    Maas, Hannun & Ng, ICML workshop (2013), with slope=0.01.

    >>> LeakyReLU(slope=0.1).forward(np.array([-1.0, 2.0]))[0]
    array([-0.1,  2. ])
    """

    activation: ClassVar[str] = "leaky_relu"
    slope: Fraction = 0.01

    def __post_init__(self) -> None:
        check_fields(self)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return np.where(x > 0, dy, self.slope * dy)

        return np.where(x > 0, x, self.slope * x), backward


@final
@dataclass(frozen=True)
class ELU:
    """y = x where x > 0, else alpha * (exp(x) - 1). Clevert, Unterthiner & Hochreiter, ICLR (2016), equation 15.

    >>> ELU().forward(np.array([-1e30, 2.0]))[0]
    array([-1.,  2.])
    """

    activation: ClassVar[str] = "elu"
    alpha: Positive = 1.0

    def __post_init__(self) -> None:
        check_fields(self)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        below = self.alpha * np.expm1(np.minimum(x, 0))

        def backward(dy: Array) -> Array:
            return np.where(x > 0, dy, dy * (below + self.alpha))

        return np.where(x > 0, x, below), backward


SELU_SCALE = 1.0507009873554804934
SELU_ALPHA = 1.6732632423543772848


@final
@dataclass(frozen=True)
class SELU:
    """y = scale * ELU(x) with the scale and alpha for which mean 0 and variance 1 are a fixed point.

    Klambauer, Unterthiner, Mayr & Hochreiter, NeurIPS (2017), equation 2.

    >>> SELU().forward(np.array([0.0, 1.0]))[0].round(4)
    array([0.    , 1.0507])
    """

    activation: ClassVar[str] = "selu"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        depth = SELU_SCALE * SELU_ALPHA
        below = depth * np.expm1(np.minimum(x, 0))

        def backward(dy: Array) -> Array:
            return dy * np.where(x > 0, SELU_SCALE, below + depth)

        return np.where(x > 0, SELU_SCALE * x, below), backward


@final
@dataclass(frozen=True)
class GELU:
    """y = x P(x), with P(x) = (1 + erf(x / sqrt 2)) / 2 the normal distribution: the exact form, not the tanh one.

    y' = P(x) + x p(x), with p the normal density. Hendrycks & Gimpel, arXiv:1606.08415 (2016).

    >>> GELU().forward(np.array([0.0, 1.0]))[0].round(4)
    array([0.    , 0.8413])
    """

    activation: ClassVar[str] = "gelu"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        below: Array = 0.5 * (1 + exact.erf(x * math.sqrt(0.5))).astype(x.dtype)

        def backward(dy: Array) -> Array:
            near = np.clip(x, -40, 40)  # beyond, the density is 0 even in float64
            density: Array = np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi)
            return dy * (below + x * density)

        return x * below, backward


@final
@dataclass(frozen=True)
class SiLU:
    """y = x s, with s = sigmoid(x); y' = s (1 + x (1 - s)). Elfwing, Uchibe & Doya (2018); also called swish.

    >>> SiLU().forward(np.array([0.0, 1.0]))[0].round(4)
    array([0.    , 0.7311])
    """

    activation: ClassVar[str] = "silu"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        s = _sigmoid(x)

        def backward(dy: Array) -> Array:
            return dy * (s * (1 + x * (1 - s)))

        return x * s, backward


@final
@dataclass(frozen=True)
class Mish:
    """y = x t, with t = tanh(softplus(x)); y' = t + x (1 - t^2) sigmoid(x). Misra, BMVC (2020).

    >>> Mish().forward(np.array([0.0, 1.0]))[0].round(4)
    array([0.    , 0.8651])
    """

    activation: ClassVar[str] = "mish"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        t: Array = np.tanh(_softplus(x))

        def backward(dy: Array) -> Array:
            return dy * (t + x * (1 - t * t) * _sigmoid(x))

        return x * t, backward


@final
@dataclass(frozen=True)
class Softplus:
    """y = log(1 + exp(x)), y' = sigmoid(x).

    >>> Softplus().forward(np.array([-1e30, 0.0, 1e30]))[0].round(4)
    array([0.000e+00, 6.931e-01, 1.000e+30])
    """

    activation: ClassVar[str] = "softplus"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return dy * _sigmoid(x)

        return _softplus(x), backward


@final
@dataclass(frozen=True)
class Softsign:
    """y = x / (1 + |x|), y' = 1 / (1 + |x|)^2.

    >>> Softsign().forward(np.array([-1.0, 3.0]))[0]
    array([-0.5 ,  0.75])
    """

    activation: ClassVar[str] = "softsign"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        scale: Array = 1 / (1 + np.abs(x))

        def backward(dy: Array) -> Array:
            return dy * (scale * scale)

        return x / (1 + np.abs(x)), backward


@final
@dataclass(frozen=True)
class Ramp:
    """y = max(-1, min(1, x)), y' = 1 where -1 < x < 1, else 0.

    Printed now and then as min(-1, max(1, x)), which is -1 everywhere. Also called hard tanh.

    >>> Ramp().forward(np.array([-3.0, 0.5, 3.0]))[0]
    array([-1. ,  0.5,  1. ])
    """

    activation: ClassVar[str] = "ramp"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return np.where(np.abs(x) < 1, dy, 0)

        return np.clip(x, -1, 1), backward


@final
@dataclass(frozen=True)
class Sine:
    """y = sin(x), y' = cos(x). Sitzmann et al., NeurIPS (2020), without their factor omega inside.

    >>> Sine().forward(np.array([0.0, np.pi / 2]))[0]
    array([0., 1.])
    """

    activation: ClassVar[str] = "sine"

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return dy * np.cos(x)

        return np.sin(x), backward


def _sigmoid(x: Array) -> Array:
    power: Array = np.exp(-np.abs(x))  # at most 1
    y: Array = np.where(x >= 0, 1, power) / (1 + power)
    return y


def _softplus(x: Array) -> Array:
    y: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return y


_CLASSES: tuple[type[Any], ...] = (
    *(Identity, Step, Sigmoid, Tanh, ReLU, LeakyReLU, PReLU, ELU, SELU),
    *(GELU, SiLU, Mish, Softplus, Softsign, Ramp, Sine, Softmax),
)

ACTIVATIONS: dict[str, type[Any]] = {cls.activation: cls for cls in _CLASSES}
"""Every activation by its name in a recipe."""

MEANT = {
    "linear": "identity",
    "none": "identity",
    "heaviside": "step",
    "threshold": "step",
    "logistic": "sigmoid",
    "swish": "silu",
    "hard_tanh": "ramp",
    "hardtanh": "ramp",
    "sin": "sine",
}
"""Names used elsewhere, and ours for the same function: suggested, never accepted."""


def Activation(name: str, **options: Any) -> Layer:
    """The activation of that name in the table `ACTIVATIONS`, with its options.

    >>> Activation("leaky_relu", slope=0.1)
    LeakyReLU(slope=0.1)
    """
    layer: Layer = build("activation", ACTIVATIONS, name, options, meant=MEANT)
    return layer
