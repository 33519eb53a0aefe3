"""The activations against PyTorch in float64, at their kinks, and far out."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from multilayer.errors import RecipeError, RefusedError, ShapeError
from multilayer.nn import ACTIVATIONS, Activation, Layer, PReLU, Softmax, Step

TORCH = {
    "identity": lambda x: x,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": lambda x: F.softplus(x, threshold=100),
    "softsign": F.softsign,
    "ramp": F.hardtanh,
    "sine": torch.sin,
    "softmax": lambda x: torch.softmax(x, dim=-1),
}
SMOOTH_OPTIONS = {
    "leaky_relu": ({"slope": 0.1}, lambda x: F.leaky_relu(x, 0.1)),
    "elu": ({"alpha": 0.3}, lambda x: F.elu(x, 0.3)),
}
WITHOUT_SIZE = sorted(set(ACTIVATIONS) - {"prelu"})


def made(name: str, n: int = 1) -> Layer:
    return Activation(name, n=n) if name == "prelu" else Activation(name)


def agree(layer: Layer, function: object) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 3, (40, 5)), rng.normal(0, 30, (10, 5)), rng.normal(0, 1e-6, (10, 5))])
    dy = rng.normal(size=x.shape)
    y, backward = layer.forward(x, training=True)
    their_x = torch.tensor(x, requires_grad=True)
    their_y = function(their_x)
    their_y.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, their_y.detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(backward(dy), their_x.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", sorted(TORCH))
def test_agrees_with_torch(name: str) -> None:
    agree(Activation(name), TORCH[name])


@pytest.mark.parametrize("name", sorted(SMOOTH_OPTIONS))
def test_agrees_with_torch_under_options(name: str) -> None:
    options, function = SMOOTH_OPTIONS[name]
    agree(Activation(name, **options), function)


def test_prelu_agrees_with_torch_and_learns_its_slopes() -> None:
    rng = np.random.default_rng(1)
    x, dy, slopes = rng.normal(size=(30, 4)), rng.normal(size=(30, 4)), rng.normal(size=4)
    layer = PReLU(4)
    assert layer.slopes.value.tolist() == [0.25] * 4
    layer.slopes.value[:] = slopes
    y, backward = layer.forward(x)
    their_x, their_slopes = torch.tensor(x, requires_grad=True), torch.tensor(slopes, requires_grad=True)
    their_y = F.prelu(their_x, their_slopes)
    their_y.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, their_y.detach().numpy(), rtol=1e-12)
    for times in (1, 2):  # gradients are added
        np.testing.assert_allclose(backward(dy), their_x.grad.numpy(), rtol=1e-10)
        np.testing.assert_allclose(layer.slopes.grad, times * their_slopes.grad.numpy(), rtol=1e-10)


FAR = 1e30
LIMITS = {  # y(-1e30), y(1e30), y'(-1e30), y'(1e30)
    "identity": (-FAR, FAR, 1, 1),
    "sigmoid": (0, 1, 0, 0),
    "tanh": (-1, 1, 0, 0),
    "relu": (0, FAR, 0, 1),
    "leaky_relu": (-0.01 * FAR, FAR, 0.01, 1),
    "prelu": (-0.25 * FAR, FAR, 0.25, 1),
    "elu": (-1, FAR, 0, 1),
    "selu": (-1.0507009873554804934 * 1.6732632423543772848, 1.0507009873554804934 * FAR, 0, 1.0507009873554804934),
    "gelu": (0, FAR, 0, 1),
    "silu": (0, FAR, 0, 1),
    "mish": (0, FAR, 0, 1),
    "softplus": (0, FAR, 0, 1),
    "softsign": (-1, 1, 0, 0),
    "ramp": (-1, 1, 0, 0),
    "softmax": (1, 1, 0, 0),  # of a row of one
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(LIMITS))
def test_far_out_there_is_no_warning_and_the_limit(name: str, dtype: str) -> None:
    x = np.array([[-FAR], [FAR]], dtype=dtype)
    y, backward = made(name).forward(x)
    found = np.concatenate([y, backward(np.ones_like(x))]).ravel()
    np.testing.assert_allclose(found, np.array(LIMITS[name], dtype=dtype), rtol=3e-7, atol=1e-50)


def test_sine_far_out_against_mpmath() -> None:
    y, backward = Activation("sine").forward(np.array([[-FAR, FAR]]))
    with mpmath.workdps(60):
        sine, cosine = float(mpmath.sin(mpmath.mpf(FAR))), float(mpmath.cos(mpmath.mpf(FAR)))
    np.testing.assert_allclose(y, [[-sine, sine]], rtol=1e-14)
    np.testing.assert_allclose(backward(np.ones((1, 2))), [[cosine, cosine]], rtol=1e-14)


def test_softmax_far_out() -> None:
    y, backward = Softmax().forward(np.array([[FAR, -FAR, FAR]], dtype="float32"))
    assert y.tolist() == [[0.5, 0.0, 0.5]]
    assert backward(np.array([[1, 0, 0]], dtype="float32")).tolist() == [[0.25, 0.0, -0.25]]


@pytest.mark.parametrize("name", ["sigmoid", "silu", "softplus", "elu", "tanh", "softsign"])
def test_the_tails_keep_their_relative_precision(name: str) -> None:
    mp = mpmath.mp
    functions = {
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
        "silu": lambda x: x / (1 + mp.exp(-x)),
        "softplus": lambda x: mp.log1p(mp.exp(x)),
        "elu": lambda x: x if x > 0 else mp.expm1(x),
        "tanh": mp.tanh,
        "softsign": lambda x: x / (1 + abs(x)),
    }
    x = np.array([[-700.0, -50.0, -1.0, -1e-9, 1e-9, 1.0, 50.0, 700.0]])
    with mpmath.workdps(400):
        truth = [float(functions[name](mpmath.mpf(value))) for value in x[0]]
    np.testing.assert_allclose(Activation(name).forward(x)[0][0], truth, rtol=1e-13)


KINKS = {
    "relu": ([0.0], [0.0], [0.0]),
    "leaky_relu": ([0.0], [0.0], [0.01]),
    "prelu": ([0.0], [0.0], [0.25]),
    "elu": ([0.0], [0.0], [1.0]),
    "selu": ([0.0], [0.0], [1.0507009873554804934 * 1.6732632423543772848]),
    "ramp": ([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]),
}


@pytest.mark.parametrize("name", sorted(KINKS))
def test_kinks(name: str) -> None:
    x, expected, slope = (np.array(values) for values in KINKS[name])
    y, backward = made(name).forward(x[:, None])
    assert y.ravel().tolist() == expected.tolist()
    assert backward(np.ones((len(x), 1))).ravel().tolist() == slope.tolist()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_precision_of_the_input_is_kept(name: str, dtype: str) -> None:
    x = np.linspace(-2, 2, 12, dtype=dtype).reshape(4, 3)
    layer = made(name, n=3)
    for parameter in getattr(layer, "params", ()):
        parameter.assign(parameter.value.astype(dtype))
    y, backward = layer.forward(x, training=True)
    assert y.dtype == dtype
    if name != "step":
        assert backward(np.ones_like(y)).dtype == dtype


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"step"}))
def test_a_nan_stays_a_nan(name: str) -> None:
    assert np.isnan(made(name, n=2).forward(np.array([[np.nan, np.nan]]))[0]).all()


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=6), st.floats(-1e3, 1e3))
def test_softmax_is_a_distribution(row: list[float], shift: float) -> None:
    y, backward = Softmax().forward(np.array([row]))
    assert (y >= 0).all()
    np.testing.assert_allclose(y.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(backward(np.full_like(y, shift)), 0, atol=1e-9)  # a constant moves nothing


def test_softmax_over_the_last_axis_of_any_shape() -> None:
    y, backward = Softmax().forward(np.zeros((2, 3, 4)))
    assert (y == 0.25).all()
    assert backward(y).shape == (2, 3, 4)


def test_step_predicts_and_refuses_to_train() -> None:
    y, backward = Step().forward(np.array([[-1e30, -1e-300, -0.0, 0.0, 5e-324, 1e30]]))
    assert y.tolist() == [[0, 0, 1, 1, 1, 1]]
    with pytest.raises(RefusedError) as error:
        backward(y)
    assert str(error.value) == (
        "Step cannot be trained by gradients: its derivative is zero everywhere it exists, so no weight before it "
        "would move. Use sigmoid instead, or set the weights by hand and train for 0 epochs."
    )


KNOWN = (
    "Known: elu, gelu, identity, leaky_relu, mish, prelu, ramp, relu, selu, sigmoid, silu, sine, softmax, softplus, "
    "softsign, step, tanh."
)


def refused(**options: object) -> str:
    with pytest.raises(RecipeError) as error:
        Activation(**options)
    return str(error.value)


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("rely", "relu"),
        ("ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("linear", "identity"),
        ("hard_tanh", "ramp"),
        ("swish", "silu"),
        ("logistic", "sigmoid"),
        ("sin", "sine"),
    ],
)
def test_an_unknown_name_is_answered_with_ours(word: str, ours: str) -> None:
    assert refused(name=word) == f"There is no activation '{word}'. Did you mean '{ours}'? {KNOWN}"


def test_a_name_like_none_of_ours() -> None:
    assert refused(name="xyzzy") == f"There is no activation 'xyzzy'. {KNOWN}"
    assert refused(name=3) == f"There is no activation 3. {KNOWN}"


def test_options_that_cannot_be_meant() -> None:
    assert refused(name="leaky_relu", slop=0.1) == (
        "The activation 'leaky_relu' has no option 'slop'. Did you mean 'slope'? Known: slope."
    )
    assert refused(name="relu", slope=0.1) == "The activation 'relu' has no option 'slope'. It has none."
    assert refused(name="prelu") == "The activation 'prelu' needs the option n."
    assert refused(name="elu", alpha=0) == "alpha of ELU must be a number greater than 0, got 0."
    assert refused(name="leaky_relu", slope=1) == "slope of LeakyReLU must be a number in [0, 1), got 1."
    assert refused(name="prelu", n=0) == "n of PReLU must be a whole number of at least 1, got 0."


def test_prelu_of_the_wrong_width() -> None:
    with pytest.raises(ShapeError) as error:
        PReLU(3).forward(np.zeros((2, 4)))
    assert str(error.value) == "PReLU expected x of width 3, got shape (2, 4). Check n, or the layer before it."


def test_equal_options_make_equal_activations() -> None:
    assert Activation("elu", alpha=2) == Activation("elu", alpha=2.0)
    assert {Activation(name) for name in WITHOUT_SIZE} == {ACTIVATIONS[name]() for name in WITHOUT_SIZE}
