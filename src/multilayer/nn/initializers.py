"""The initializers: what a weight is before it is trained.

Each is called as `draw(stream, shape, n_in=..., n_out=...)` and returns float64. They use integers, + - * / and the
square root in the order written, and exactly rounded sums, so that a seed gives the same bits on every machine.
The normal ones are not truncated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np

from multilayer import exact
from multilayer.arrays import Array
from multilayer.constraints import Finite, Positive, check_fields
from multilayer.errors import RecipeError, sentence
from multilayer.nn.layer import params_of
from multilayer.nn.table import build
from multilayer.rng import Stream


class Initializer(Protocol):
    """What draws the first value of a parameter."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        """A float64 array of that shape, for a layer with n_in inputs and n_out outputs."""
        ...


@final
@dataclass(frozen=True)
class Zeros:
    """Every value 0: the biases' default. As weights of a hidden layer it keeps all units alike for ever."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return np.zeros(shape)


@final
@dataclass(frozen=True)
class Constant:
    """Every value the same."""

    value: Finite

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return np.full(shape, self.value)


@final
@dataclass(frozen=True)
class Uniform:
    """Uniform in [low, high)."""

    low: Finite = -1.0
    high: Finite = 1.0

    def __post_init__(self) -> None:
        check_fields(self)
        if self.low > self.high:
            raise RecipeError(sentence("high of Uniform", f"at least low, which is {self.low:g}", self.high))

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return self.low + (self.high - self.low) * stream.uniform(math.prod(shape)).reshape(shape)


@final
@dataclass(frozen=True)
class Normal:
    """Normal with the given mean and standard deviation; small by default, whatever the width."""

    mean: Finite = 0.0
    std: Positive = 0.01

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return self.mean + _normal(stream, shape, self.std)


@final
@dataclass(frozen=True)
class XavierUniform:
    """Uniform within 1 / sqrt(n_in): the plain form of Xavier's rule, variance 1 / (3 n_in).

    Glorot & Bengio, AISTATS (2010), equation 1. What other libraries call Xavier is `glorot_uniform` here.
    """

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _within(stream, shape, 1 / math.sqrt(n_in))


@final
@dataclass(frozen=True)
class XavierNormal:
    """Normal with variance 1 / n_in: the plain form of Xavier's rule; the same law as `lecun_normal`."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _normal(stream, shape, 1 / math.sqrt(n_in))


@final
@dataclass(frozen=True)
class NormalizedXavierUniform:
    """Uniform within sqrt(6 / (n_in + n_out)), variance 2 / (n_in + n_out): `glorot_uniform` in the table.

    Glorot & Bengio, AISTATS (2010), equation 16.
    """

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _within(stream, shape, math.sqrt(6 / (n_in + n_out)))


@final
@dataclass(frozen=True)
class NormalizedXavierNormal:
    """Normal with variance 2 / (n_in + n_out): `glorot_normal` in the table. Glorot & Bengio (2010), equation 12."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _normal(stream, shape, math.sqrt(2 / (n_in + n_out)))


@final
@dataclass(frozen=True)
class HeUniform:
    """Uniform within sqrt(6 / n_in), variance 2 / n_in: made for units that are off half of the time."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _within(stream, shape, math.sqrt(6 / n_in))


@final
@dataclass(frozen=True)
class HeNormal:
    """Normal with variance 2 / n_in. He, Zhang, Ren & Sun, ICCV (2015), equation 10."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _normal(stream, shape, math.sqrt(2 / n_in))


@final
@dataclass(frozen=True)
class LeCunUniform:
    """Uniform within sqrt(3 / n_in), variance 1 / n_in. LeCun, Bottou, Orr & Mueller (1998), section 4.6."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _within(stream, shape, math.sqrt(3 / n_in))


@final
@dataclass(frozen=True)
class LeCunNormal:
    """Normal with variance 1 / n_in: what SELU's fixed point asks for. LeCun et al. (1998), equation 16."""

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        return _normal(stream, shape, 1 / math.sqrt(n_in))


@final
@dataclass(frozen=True)
class Orthogonal:
    """A random orthogonal matrix times `gain`: columns orthonormal, or rows where n_in < n_out.

    Uniform over all such matrices (Haar). Saxe, McClelland & Ganguli, ICLR (2014). An array of more than two axes is
    a stack of matrices, each drawn in turn.
    """

    gain: Positive = 1.0

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> Array:
        if len(shape) < 2:
            raise RecipeError(f"Orthogonal expected a matrix, got shape {shape}. Choose another initializer for it.")
        rows, columns = shape[-2:]
        stack = [_orthonormal(stream, max(rows, columns), min(rows, columns)) for _ in range(math.prod(shape[:-2]))]
        matrices = [matrix if rows >= columns else matrix.T for matrix in stack]
        return self.gain * np.reshape(matrices, shape)


def _within(stream: Stream, shape: tuple[int, ...], bound: float) -> Array:
    return bound * (2 * stream.uniform(math.prod(shape)).reshape(shape) - 1)


def _normal(stream: Stream, shape: tuple[int, ...], std: float) -> Array:
    return std * stream.normal(math.prod(shape)).reshape(shape)


def _orthonormal(stream: Stream, rows: int, columns: int) -> Array:
    """(rows, columns) with orthonormal columns: the Q of a normal matrix's QR, its signs from the diagonal of R.

    Column k of that matrix, once the reflections before it have been applied, is again normal from row k on; so only
    those rows - k numbers are drawn, and the matrix itself never exists: Stewart, SIAM J. Numer. Anal. 17 (1980), 403.
    """
    ends = np.cumsum(range(rows, rows - columns, -1))
    mirrors, signs = zip(*map(_mirror, np.split(stream.normal(int(ends[-1])), ends[:-1])), strict=True)
    Q, work = np.zeros((rows, columns)), np.empty((rows, columns))
    for k in reversed(range(columns)):
        Q[k, k] = 1.0
        v, scale = mirrors[k]
        block, part = Q[k:, k:], work[k:, k:]  # (rows - k, columns - k); elsewhere Q is still the identity
        dots = np.zeros(columns - k)
        for row in np.multiply(v[:, None], block, out=part):
            dots += row  # from the first row to the last
        block -= np.multiply(v[:, None], scale * dots, out=part)
    Q *= np.array(signs)
    return Q


def _mirror(x: Array) -> tuple[tuple[Array, float], float]:
    """(v, 2 / v.v) with (I - 2 v v^T / v.v) x = -s |x| e_1, s the sign of x_1; and the sign that it leaves, -s."""
    s = 1.0 if x[0] >= 0 else -1.0
    v = x.copy()
    v[0] += s * math.sqrt(exact.total(x * x))
    return (v, 2 / exact.total(v * v)), -s


INITIALIZERS: dict[str, type[Any]] = {
    "zeros": Zeros,
    "constant": Constant,
    "uniform": Uniform,
    "normal": Normal,
    "xavier_uniform": XavierUniform,
    "xavier_normal": XavierNormal,
    "glorot_uniform": NormalizedXavierUniform,
    "glorot_normal": NormalizedXavierNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LeCunUniform,
    "lecun_normal": LeCunNormal,
    "orthogonal": Orthogonal,
}
"""Every initializer by its name in a recipe."""

MEANT = {
    "normalized_xavier_uniform": "glorot_uniform",
    "normalized_xavier_normal": "glorot_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
    "random_uniform": "uniform",
    "random_normal": "normal",
    "gaussian": "normal",
}
"""Names used elsewhere, and ours for the same law: suggested, never accepted."""

_HE = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "mish", "softplus", "maxout")


def default_for(activation: str | None) -> str:
    """The name of the initializer that "auto" takes for weights whose outputs go into that activation.

    He's for the relu family and Maxout, LeCun's for SELU, Glorot's for every other and for none.

    >>> default_for("relu"), default_for("selu"), default_for("tanh"), default_for(None)
    ('he_normal', 'lecun_normal', 'glorot_uniform', 'glorot_uniform')
    """
    if activation in _HE:
        return "he_normal"
    return "lecun_normal" if activation == "selu" else "glorot_uniform"


def get(spec: Any, after: str | None = None) -> Initializer:
    """The initializer that is meant by an instance, a name, a mapping with a name and options, or "auto".

    `after` is the activation that follows, which "auto" goes by.

    >>> get("he_normal"), get({"name": "normal", "std": 0.1}), get("auto", after="selu")
    (HeNormal(), Normal(mean=0.0, std=0.1), LeCunNormal())
    """
    if isinstance(spec, str):
        spec = {"name": default_for(after) if spec == "auto" else spec}
    if isinstance(spec, Mapping):
        options = {option: value for option, value in spec.items() if option != "name"}
        initializer: Initializer = build("initializer", INITIALIZERS, spec.get("name"), options, meant=MEANT)
        return initializer
    if isinstance(spec, type) or not callable(spec):
        expected = "a name, a mapping with a name and options, or an initializer"
        raise RecipeError(sentence("An initializer", expected, spec, "Try 'auto'."))
    return spec  # type: ignore[no-any-return]


def following(layers: Iterable[Any]) -> dict[int, str | None]:
    """The activation that each parameter's outputs go into, by the parameter's id; None where there is none.

    It is the first activation after the layer and before the next layer with weights, whatever stands between.
    """
    found: dict[int, str | None] = {}
    after = None
    for layer in reversed(list(_flat(layers))):
        after = getattr(layer, "activation", after)
        params = params_of(layer)
        found.update((id(parameter), after) for parameter in params)
        if any(parameter.kind == "weight" for parameter in params):
            after = None
    return found


def _flat(layers: Iterable[Any]) -> Iterator[Any]:
    """The layers in order, those of inner networks in the place of the network."""
    for layer in layers:
        if hasattr(layer, "layers"):
            yield from _flat(layer.layers)
        else:
            yield layer
