"""Maxout, Dropout, the normalizations, Scale and Linear: against PyTorch, by their laws, and in their refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from multilayer.errors import RecipeError, ShapeError
from multilayer.nn import BatchNorm, Dropout, Layer, LayerNorm, Linear, Maxout, PReLU, Scale
from multilayer.rng import Stream
from tests.scale import cases

RNG = np.random.default_rng


def fill(layer: Layer, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random values for every parameter, and the same as tensors that collect gradients."""
    rng = RNG(seed)
    for parameter in layer.params:
        parameter.value[...] = rng.normal(size=parameter.value.shape)
    return {p.name: torch.tensor(p.value.copy(), requires_grad=True) for p in layer.params}


def agree(layer: Layer, theirs: Callable[..., torch.Tensor], n_in: int, n_samples: int = 40) -> None:
    """Output, input gradient and parameter gradients, which are added on a second backward."""
    tensors = fill(layer)
    x = RNG(1).normal(1, 2, size=(n_samples, n_in))
    their_x = torch.tensor(x, requires_grad=True)
    their_y = theirs(their_x, **tensors)
    dy = RNG(2).normal(size=tuple(their_y.shape))
    their_y.backward(torch.tensor(dy))
    y, backward = layer.forward(x, training=True)
    np.testing.assert_allclose(y, their_y.detach().numpy(), rtol=1e-12, atol=1e-12)
    for times in (1, 2):
        np.testing.assert_allclose(backward(dy), their_x.grad.numpy(), rtol=1e-10, atol=1e-10)
        for parameter in layer.params:
            expected = times * tensors[parameter.name].grad.numpy()
            np.testing.assert_allclose(parameter.grad, expected, rtol=1e-10, atol=1e-10)


def test_linear_agrees_with_torch() -> None:
    agree(Linear(4, 3), lambda x, W, b: x @ W + b, n_in=4)
    agree(Linear(4, 3, bias=False), lambda x, W: x @ W, n_in=4)


def test_without_a_bias_a_single_precision_network_stays_single() -> None:
    layer = Linear(2, 3, bias=False)
    layer.W.assign(np.ones((2, 3), dtype=np.float32))
    y, backward = layer.forward(np.ones((4, 2), dtype=np.float32))
    assert y.dtype == backward(y).dtype == layer.W.grad.dtype == np.float32
    assert not layer.b.grad.any()


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_maxout_agrees_with_torch(pieces: int) -> None:
    def theirs(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (torch.einsum("ni,pio->pno", x, W) + b[:, None, :]).max(dim=0).values

    agree(Maxout(4, 3, pieces=pieces), theirs, n_in=4)


def test_a_tie_between_pieces_goes_to_the_first() -> None:
    layer = Maxout(1, 1, pieces=3)
    layer.W.value[:] = [[[-1.0]], [[2.0]], [[2.0]]]
    y, backward = layer.forward(np.array([[3.0]]))
    assert y.tolist() == [[6.0]]
    assert backward(np.ones((1, 1))).tolist() == [[2.0]]
    assert layer.W.grad.ravel().tolist() == [0, 3, 0]
    assert layer.b.grad.ravel().tolist() == [0, 1, 0]


def test_scale_agrees_with_torch() -> None:
    assert Scale(3).s.value.tolist() == [1, 1, 1]
    agree(Scale(3), lambda x, s: x * s, n_in=3)


def test_layer_norm_agrees_with_torch() -> None:
    def theirs(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.layer_norm(x, (6,), gain, shift, eps=1e-3)

    agree(LayerNorm(6, epsilon=1e-3), theirs, n_in=6)


def test_batch_norm_agrees_with_torch_in_training() -> None:
    def theirs(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.batch_norm(x, None, None, gain, shift, training=True, eps=1e-3)

    for n_samples in (2, 3, 40):
        agree(BatchNorm(6, epsilon=1e-3), theirs, n_in=6, n_samples=n_samples)


@pytest.mark.parametrize("momentum", [0.0, 0.1, 0.7, 1.0])
def test_batch_norm_follows_torch_over_several_steps(momentum: float) -> None:
    ours, theirs = BatchNorm(4, momentum=momentum), torch.nn.BatchNorm1d(4, momentum=momentum, dtype=torch.float64)
    rng = RNG(3)
    for step in range(6):
        x, dy = rng.normal(step, 1 + step, size=(2, 10 + step, 4))
        for training in (True, False):
            theirs.train(training)
            their_x = torch.tensor(x, requires_grad=True)
            their_y = theirs(their_x)
            their_y.backward(torch.tensor(dy))
            y, backward = ours.forward(x, training=training)
            np.testing.assert_allclose(y, their_y.detach().numpy(), rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(backward(dy), their_x.grad.numpy(), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(ours.running_mean.value, theirs.running_mean.numpy(), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(ours.running_var.value, theirs.running_var.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours.gain.grad, theirs.weight.grad.numpy(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(ours.shift.grad, theirs.bias.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_a_batch_of_one_row_has_variance_zero() -> None:
    layer = BatchNorm(2)
    layer.shift.value[:] = [5.0, 6.0]
    y, backward = layer.forward(np.array([[3.0, -1.0]]), training=True)
    assert y.tolist() == [[5.0, 6.0]]
    assert backward(np.ones((1, 2))).tolist() == [[0.0, 0.0]]
    np.testing.assert_allclose(layer.running_mean.value, [0.3, -0.1], rtol=1e-15)
    np.testing.assert_allclose(layer.running_var.value, [0.9, 0.9], rtol=1e-15)


def test_a_frozen_batch_norm_trains_others_on_its_running_statistics() -> None:
    layer = BatchNorm(2, frozen=True)
    layer.running_mean.value[:] = [1.0, 2.0]
    layer.running_var.value[:] = [4.0, 9.0]
    x = RNG(4).normal(size=(5, 2))
    y, backward = layer.forward(x, training=True)
    np.testing.assert_array_equal(y, layer.forward(x)[0])
    np.testing.assert_allclose(y, (x - [1, 2]) / np.sqrt(np.array([4, 9]) + 1e-5), rtol=1e-14)
    np.testing.assert_allclose(backward(np.ones((5, 2))), np.ones((5, 1)) / np.sqrt([[4 + 1e-5, 9 + 1e-5]]), rtol=1e-14)
    assert layer.running_mean.value.tolist() == [1.0, 2.0]
    assert [p.frozen for p in layer.params] == [True, True]


@pytest.mark.parametrize(
    "layer",
    [Linear(3, 3), Maxout(3, 3), LayerNorm(3), BatchNorm(3), Scale(3), PReLU(3), Dropout(0.5)],
    ids=lambda layer: type(layer).__name__,
)
def test_float32_stays_float32(layer: Layer) -> None:
    arrays = (*getattr(layer, "params", ()), *getattr(layer, "buffers", ()))
    for parameter in arrays:
        parameter.assign(parameter.value.astype(np.float32))
    x = RNG(5).normal(size=(4, 3)).astype(np.float32)
    y, backward = layer.forward(x, training=True)
    assert y.dtype == backward(y).dtype == np.float32
    assert {a.dtype for p in arrays for a in (p.value, p.grad)} <= {np.dtype(np.float32)}


def test_kinds_say_what_penalties_apply() -> None:
    layers = [Linear(2, 2), Maxout(2, 2), LayerNorm(2), BatchNorm(2), Scale(2), PReLU(2)]
    kinds = {f"{type(layer).__name__}.{p.name}": p.kind for layer in layers for p in layer.params}
    assert kinds == {
        "Linear.W": "weight",
        "Linear.b": "bias",
        "Maxout.W": "weight",
        "Maxout.b": "bias",
        "LayerNorm.gain": "gain",
        "LayerNorm.shift": "bias",
        "BatchNorm.gain": "gain",
        "BatchNorm.shift": "bias",
        "Scale.s": "gain",
        "PReLU.slopes": "gain",
    }


def test_frozen_layers_freeze_their_parameters() -> None:
    frozen = {"frozen": True}
    layers = [Linear(2, 2, **frozen), Maxout(2, 2, **frozen), LayerNorm(2, **frozen), Scale(2, **frozen)]
    assert all(p.frozen for layer in (*layers, PReLU(2, frozen=True)) for p in layer.params)
    assert not any(p.frozen for layer in (Linear(2, 2), Maxout(2, 2), Scale(2)) for p in layer.params)


def dropped(p_drop: float, n: int, **where: int) -> np.ndarray:
    layer = Dropout(p_drop)
    layer.reseed(**{"seed": 0, "place": 0, "step": 0, **where})
    return layer.forward(np.ones((1, n)), training=True)[0][0]


def test_dropout_predicts_the_input_and_draws_nothing() -> None:
    layer = Dropout(0.9)
    x = RNG(6).normal(size=(3, 4))
    y, backward = layer.forward(x)
    assert y is x
    assert backward(x) is x
    assert layer.step == 0


@pytest.mark.parametrize("p_drop", [0.0, 0.1, 0.5, 0.9])
def test_dropout_keeps_its_share_and_scales_exactly(p_drop: float) -> None:
    n = cases(normal=100_000, accept=2_000_000)
    y = dropped(p_drop, n)
    assert set(y.tolist()) <= {0.0, 1 / (1 - p_drop)}
    spread = np.sqrt(p_drop * (1 - p_drop) / n)
    assert abs((y == 0).mean() - p_drop) <= 5 * spread


def test_dropout_sends_the_gradient_where_the_value_went() -> None:
    layer = Dropout(0.3)
    x = RNG(7).normal(size=(20, 30))
    y, backward = layer.forward(x, training=True)
    keep = Stream(0, "dropout").keep(x.size, 0.3).reshape(x.shape)
    np.testing.assert_array_equal(y, np.where(keep, x / 0.7, 0))
    np.testing.assert_array_equal(backward(x), y)


def test_the_mask_is_a_function_of_seed_place_and_step() -> None:
    first = dropped(0.5, 64, seed=1, place=2, step=3)
    np.testing.assert_array_equal(first, dropped(0.5, 64, seed=1, place=2, step=3))
    for other in ({"seed": 9}, {"place": 9}, {"step": 9}):
        assert (first != dropped(0.5, 64, **{"seed": 1, "place": 2, "step": 3, **other})).any()


def test_a_dropout_taken_up_again_drops_what_it_would_have_dropped() -> None:
    whole, later = Dropout(0.5), Dropout(0.5)
    x = np.ones((4, 16))
    masks = [whole.forward(x, training=True)[0] for _ in range(5)]
    assert (masks[0] != masks[1]).any()
    later.reseed(0, 0, step=3)
    np.testing.assert_array_equal(later.forward(x, training=True)[0], masks[3])
    np.testing.assert_array_equal(later.forward(x, training=True)[0], masks[4])


@pytest.mark.parametrize(
    ("layer", "setting"),
    [
        (Linear(3, 1), "n_in"),
        (Maxout(3, 1), "n_in"),
        (LayerNorm(3), "n"),
        (BatchNorm(3), "n"),
        (Scale(3), "n"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("shape", [(2, 4), (3,), (2, 3, 3)])
def test_an_input_of_the_wrong_shape_is_refused(layer: Layer, setting: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as error:
        layer.forward(np.zeros(shape))
    name = type(layer).__name__
    expected = f"{name} expected x of width 3, got shape {shape}. Check {setting}, or the layer before it."
    assert str(error.value) == expected


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Linear(0, 1), "n_in of Linear must be a whole number of at least 1, got 0."),
        (lambda: Maxout(2, 1, pieces=0), "pieces of Maxout must be a whole number of at least 1, got 0."),
        (lambda: Dropout(1.0), "p_drop of Dropout must be a number in [0, 1), got 1.0."),
        (lambda: Dropout(-0.1), "p_drop of Dropout must be a number in [0, 1), got -0.1."),
        (lambda: BatchNorm(2, momentum=2), "momentum of BatchNorm must be a number in [0, 1], got 2."),
        (lambda: LayerNorm(2, epsilon=0), "epsilon of LayerNorm must be a number greater than 0, got 0."),
        (lambda: Scale(2, frozen=1), "frozen of Scale must be true or false, got 1."),
    ],
)
def test_settings_that_cannot_be_meant(make: Callable[[], Layer], text: str) -> None:
    with pytest.raises(RecipeError) as error:
        make()
    assert str(error.value) == text
