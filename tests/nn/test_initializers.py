"""The initializers: their laws, their bits, and which one follows which activation."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import pytest

from multilayer.errors import RecipeError
from multilayer.nn import (
    ACTIVATIONS,
    SELU,
    BatchNorm,
    Dropout,
    Linear,
    Maxout,
    PReLU,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    initializers,
)
from multilayer.nn.initializers import INITIALIZERS, Orthogonal, default_for, following, get
from multilayer.rng import Stream
from tests.scale import cases
from tests.simd import without_simd

N_IN, N_OUT = 200, 100


def drawn(spec: Any, shape: tuple[int, ...], seed: int = 0, place: int = 0) -> np.ndarray:
    fans = {"n_in": shape[-2] if len(shape) > 1 else 1, "n_out": shape[-1]}
    return get(spec)(Stream(seed, "weights", place=place), shape, **fans)


BOUNDS = {
    "xavier_uniform": 1 / math.sqrt(N_IN),
    "glorot_uniform": math.sqrt(6 / (N_IN + N_OUT)),
    "he_uniform": math.sqrt(6 / N_IN),
    "lecun_uniform": math.sqrt(3 / N_IN),
    "uniform": 1.0,
}


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_uniform_laws(name: str) -> None:
    values, bound = drawn(name, (N_IN, N_OUT)), BOUNDS[name]
    assert values.dtype == np.float64
    assert -bound <= values.min() < -0.999 * bound
    assert 0.999 * bound < values.max() < bound
    assert abs(values.mean()) < 5 * bound / math.sqrt(3 * values.size)
    assert abs(values.var() / (bound**2 / 3) - 1) < 0.05


VARIANCES = {
    "xavier_normal": 1 / N_IN,
    "glorot_normal": 2 / (N_IN + N_OUT),
    "he_normal": 2 / N_IN,
    "lecun_normal": 1 / N_IN,
    "normal": 1e-4,
}


@pytest.mark.parametrize("name", sorted(VARIANCES))
def test_normal_laws(name: str) -> None:
    values, variance = drawn(name, (N_IN, N_OUT)), VARIANCES[name]
    assert abs(values.mean()) < 5 * math.sqrt(variance / values.size)
    assert abs(values.var() / variance - 1) < 0.05
    assert abs((values**4).mean() / variance**2 - 3) < 0.3  # not truncated


def test_options_of_the_plain_ones() -> None:
    assert (drawn("zeros", (3, 2)) == 0).all()
    assert (drawn({"name": "constant", "value": 0.1}, (4,)) == 0.1).all()
    values = drawn({"name": "uniform", "low": 2, "high": 3}, (1000,))
    assert 2 <= values.min() < 2.01 < 2.99 < values.max() < 3
    values = drawn({"name": "normal", "mean": 5, "std": 2}, (10_000,))
    assert abs(values.mean() - 5) < 0.1
    assert abs(values.std() - 2) < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (7, 3), (3, 7), (60, 40), (1, 9), (9, 1)])
def test_orthogonal_columns_or_rows(shape: tuple[int, int]) -> None:
    Q = drawn("orthogonal", shape)
    assert Q.shape == shape
    Q = Q if shape[0] >= shape[1] else Q.T
    np.testing.assert_allclose(Q.T @ Q, np.eye(Q.shape[1]), atol=1e-12)


def test_orthogonal_takes_a_gain_and_a_stack() -> None:
    Q = drawn({"name": "orthogonal", "gain": 3}, (2, 4, 3))
    for piece in Q:
        np.testing.assert_allclose(piece.T @ piece, 9 * np.eye(3), atol=1e-12)
    assert (Q[0] != Q[1]).all()
    np.testing.assert_array_equal(Q[0], 3 * drawn("orthogonal", (4, 3)))


def test_orthogonal_is_haar() -> None:
    """The trace of a Haar matrix has mean 0 and variance 1, and each entry mean 0 (Diaconis & Shahshahani, 1994)."""
    n = cases(normal=3000, accept=30_000)
    Q = drawn("orthogonal", (n, 4, 4))
    trace = np.trace(Q, axis1=1, axis2=2)
    assert abs(trace.mean()) < 5 / math.sqrt(n)
    assert abs((trace**2).mean() - 1) < 5 * math.sqrt(2 / n)
    assert abs((trace**4).mean() - 3) < 5 * math.sqrt(96 / n)
    assert (abs(Q.mean(axis=0)) < 5 * 0.5 / math.sqrt(n)).all()


def test_orthogonal_is_the_q_of_a_normal_matrix() -> None:
    """Its first column is the first normal vector, scaled to length 1, sign and all."""
    for place in range(6):
        first = Stream(0, "weights", place=place).normal(6)
        column = drawn("orthogonal", (6, 4), place=place)[:, 0]
        np.testing.assert_allclose(column, first / np.linalg.norm(first), atol=1e-14)


GOLDEN = {
    "constant": "d279053df8e05c20f652086eb8ac8afb",
    "glorot_normal": "cd655f32cf5ba7dd9c17857e045e754f",
    "glorot_uniform": "9faa4aa7ac1e482ce5b013b235a505f4",
    "he_normal": "5bfd2c2e72df7077558aa5c82c5ed935",
    "he_uniform": "ff2564046a6d327dc067bb52edd91fa2",
    "lecun_normal": "f37d6ba0c3a1d186322ffcb0186ca24c",
    "lecun_uniform": "220a57e26a496b3beb1986ba6908f2d9",
    "normal": "37ff453023b61631b44d6fc1b85e6c60",
    "orthogonal": "febd992fa09a8137aa2eee0a77796f44",
    "uniform": "de476d36a357a2fff172f0a3d2ee5e60",
    "xavier_normal": "f37d6ba0c3a1d186322ffcb0186ca24c",
    "xavier_uniform": "b9a1a90fb85cdbf8b418e4f2d5e6ed36",
    "zeros": "c85bf42dde25217e1c1fe21b2140a1d3",
}

DIGESTS = """
import hashlib
from multilayer.nn.initializers import INITIALIZERS, get
from multilayer.rng import Stream
for name in sorted(INITIALIZERS):
    spec = {"name": name, "value": 0.1} if name == "constant" else name
    draws = [get(spec)(Stream(7, "weights"), shape, n_in=shape[-2], n_out=shape[-1])
             for shape in ((3, 5), (40, 30), (2, 4, 3))]
    print(name, hashlib.sha256(b"".join(draw.astype("<f8").tobytes() for draw in draws)).hexdigest()[:32])
"""


def digest(name: str) -> str:
    spec = {"name": name, "value": 0.1} if name == "constant" else name
    draws = [drawn(spec, shape, seed=7) for shape in ((3, 5), (40, 30), (2, 4, 3))]
    return hashlib.sha256(b"".join(draw.astype("<f8").tobytes() for draw in draws)).hexdigest()[:32]


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_golden_bits(name: str) -> None:
    assert digest(name) == GOLDEN[name]


def test_the_same_bits_without_vector_instructions() -> None:
    assert dict(line.split() for line in without_simd(DIGESTS).splitlines()) == GOLDEN


def test_auto_follows_the_activation() -> None:
    he = {"relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "mish", "softplus", "maxout"}
    for name in (*ACTIVATIONS, "maxout", None):
        expected = "he_normal" if name in he else "lecun_normal" if name == "selu" else "glorot_uniform"
        assert default_for(name) == expected
        assert get("auto", after=name) == INITIALIZERS[expected]()


def followed(*layers: Any) -> dict[str, str | None]:
    net = Sequential(*layers)
    found = following(net.layers)
    return {name: found[id(p)] for name, p in net.named_params().items() if p.kind == "weight"}


def test_the_activation_after_a_layer() -> None:
    assert followed(Linear(2, 3), ReLU(), Linear(3, 3), Tanh(), ReLU(), Linear(3, 1)) == {
        "0.W": "relu",
        "2.W": "tanh",
        "5.W": None,
    }


def test_normalization_and_dropout_stand_between() -> None:
    layers = (Linear(2, 3), BatchNorm(3), Dropout(0.1), SELU(), Linear(3, 3), PReLU(3), Maxout(3, 2), ReLU())
    assert followed(*layers) == {"0.W": "selu", "4.W": "prelu", "6.W": "maxout"}


def test_an_inner_network_counts_as_its_layers() -> None:
    tied = Linear(3, 3)
    net = Sequential(Sequential(Linear(2, 3)), ReLU(), Sequential(tied, Sigmoid(), tied), Tanh())
    found = following(net.layers)
    assert [found[id(p)] for p in net.params if p.kind == "weight"] == ["relu", "sigmoid"]


def test_a_network_draws_what_follows() -> None:
    net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1, weight_init="orthogonal", bias_init="normal"), seed=4)
    stream = Stream(4, "weights", place=0)
    np.testing.assert_array_equal(net.get_weights()["0.W"], initializers.HeNormal()(stream, (2, 3), n_in=2, n_out=3))
    np.testing.assert_allclose(np.linalg.norm(net.get_weights()["2.W"]), 1)
    assert net.get_weights()["2.b"] != 0


def test_a_users_own_initializer() -> None:
    def ramp(stream: Stream, shape: tuple[int, ...], *, n_in: int, n_out: int) -> np.ndarray:
        return np.arange(math.prod(shape), dtype=float).reshape(shape)

    assert get(ramp) is ramp
    assert get(Orthogonal(2.0)) == Orthogonal(gain=2)
    assert Sequential(Linear(2, 2, weight_init=ramp)).get_weights()["0.W"].tolist() == [[0, 1], [2, 3]]


KNOWN = (
    "Known: constant, glorot_normal, glorot_uniform, he_normal, he_uniform, lecun_normal, lecun_uniform, normal, "
    "orthogonal, uniform, xavier_normal, xavier_uniform, zeros."
)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("he_norml", f"There is no initializer 'he_norml'. Did you mean 'he_normal'? {KNOWN}"),
        ("kaiming_uniform", f"There is no initializer 'kaiming_uniform'. Did you mean 'he_uniform'? {KNOWN}"),
        (
            "normalized_xavier_normal",
            f"There is no initializer 'normalized_xavier_normal'. Did you mean 'glorot_normal'? {KNOWN}",
        ),
        ({"std": 1}, f"There is no initializer None. {KNOWN}"),
        ("constant", "The initializer 'constant' needs the option value."),
        (
            {"name": "normal", "sd": 1},
            "The initializer 'normal' has no option 'sd'. Did you mean 'std'? Known: mean, std.",
        ),
        ({"name": "normal", "std": -1}, "std of Normal must be a number greater than 0, got -1."),
        ({"name": "uniform", "low": 2}, "high of Uniform must be at least low, which is 2, got 1.0."),
        (
            3,
            "An initializer must be a name, a mapping with a name and options, or an initializer, got 3. Try 'auto'.",
        ),
        (
            Orthogonal,
            "An initializer must be a name, a mapping with a name and options, or an initializer, "
            "got <class 'multilayer.nn.initializers.Orthogonal'>. Try 'auto'.",
        ),
    ],
)
def test_what_cannot_be_meant(spec: Any, text: str) -> None:
    with pytest.raises(RecipeError) as error:
        get(spec)
    assert str(error.value) == text


def test_orthogonal_of_a_vector_is_refused() -> None:
    with pytest.raises(RecipeError) as error:
        Sequential(Linear(2, 2, bias_init="orthogonal"))
    assert str(error.value) == ("Orthogonal expected a matrix, got shape (2,). Choose another initializer for it.")
