"""The contract of a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.check.differences import gradients
from multilayer.check.errors import require
from multilayer.check.forms import has_the_form_of_a_layer, maker
from multilayer.check.repeatable import repeatable
from multilayer.nn.layer import Layer, buffers_of, named_params, params_of
from multilayer.rng import Stream


def layer_contract(make_layer: Callable[[], Layer], x: Any) -> None:
    """Check all that the library relies on in a layer; `make_layer()` gives a new one, x (n_samples, n_in) suits it.

    It has the form of a layer (`forward(x, *, training=False)` returns y and backward, backward returns dx, `params`
    lists parameters); shapes and precision are kept; nothing that is passed in is changed; prediction repeats itself
    and changes nothing; backward adds to the gradients and can be called again; one layer used twice gives the sum;
    the gradient is right, in training and in prediction, entry by entry. Raises ContractError or GradientError with
    the first broken promise.
    """
    x = np.array(x, dtype=np.float64)
    has_the_form_of_a_layer(maker(make_layer)(), x)
    for dtype in (np.float64, np.float32):
        _keeps_shape_and_precision(_drawn(make_layer), x.astype(dtype))
    for promise in (_changes_no_input, _predicts_the_same, _adds_gradients, _can_stand_twice):
        promise(_drawn(make_layer), x)
    for training in (True, False):
        gradients(_drawn(make_layer), x, training=training)


def _drawn(make_layer: Callable[[], Layer]) -> Layer:
    """A new layer whose parameters are moved a little, since a layer may start with zeros."""
    layer = make_layer()
    for place, parameter in enumerate(params_of(layer)):
        noise = Stream(0, "weights", place=place).normal(parameter.value.size)
        parameter.value = parameter.value + 0.3 * noise.reshape(parameter.value.shape)
    return layer


def _dy(y: Array, place: int = 0) -> Array:
    return Stream(0, "noise", place=place).normal(y.size).reshape(y.shape).astype(y.dtype)


def _grads(layer: Layer) -> dict[str, Array]:
    return {name: parameter.grad.copy() for name, parameter in named_params(layer).items()}


def _keeps_shape_and_precision(layer: Layer, x: Array) -> None:
    with repeatable(layer, x.dtype) as forward:
        for training in (False, True):
            y, backward = forward(x, training)
            require(y.dtype == x.dtype, layer, "must keep the precision of x forward", f"{x.dtype} became {y.dtype}")
            dx = backward(_dy(y))
            require(dx.shape == x.shape, layer, "must give dx the shape of x", f"{x.shape} became {dx.shape}")
            require(dx.dtype == x.dtype, layer, "must keep the precision of x backward", f"{x.dtype} became {dx.dtype}")
        for name, parameter in named_params(layer).items():
            fits = parameter.grad.shape == parameter.value.shape and parameter.grad.dtype == x.dtype
            require(fits, layer, f"must keep the shape and precision of the gradient of {name}")


def _changes_no_input(layer: Layer, x: Array) -> None:
    with repeatable(layer, x.dtype) as forward:
        given = x.copy()
        y, backward = forward(given, True)
        dy, shown = _dy(y), y.copy()
        given_dy = dy.copy()
        backward(given_dy)
        require(np.array_equal(given, x), layer, "must not change the x it is given")
        require(np.array_equal(given_dy, dy), layer, "must not change the dy it is given")
        require(np.array_equal(y, shown), layer, "must not change in backward the y it has given")


def _predicts_the_same(layer: Layer, x: Array) -> None:
    arrays = {**named_params(layer), **{buffer.name: buffer for buffer in buffers_of(layer)}}
    before = {name: array.value.copy() for name, array in arrays.items()}
    first = layer.forward(x)[0].copy()
    for name, array in arrays.items():
        require(np.array_equal(array.value, before[name]), layer, f"must not change {name} in prediction")
    require(np.array_equal(first, layer.forward(x)[0]), layer, "must predict the same for the same x")


def _adds_gradients(layer: Layer, x: Array) -> None:
    with repeatable(layer, x.dtype) as forward:
        y, backward = forward(x, True)
        dx = backward(_dy(y)).copy()
        once = _grads(layer)
        again = backward(_dy(y))
        require(np.array_equal(dx, again), layer, "must give the same dx when backward is called again")
        for name, grad in _grads(layer).items():
            require(_near(grad, 2 * once[name]), layer, f"must add to the gradient of {name} in backward, not set it")


def _can_stand_twice(layer: Layer, x: Array) -> None:
    """Two forwards and then two backwards give what each pair gives alone."""
    other = x[::-1] * 0.5 + 0.25
    with repeatable(layer, x.dtype) as forward:
        alone = []
        for place, given in enumerate((x, other)):
            y, backward = forward(given, True)
            alone.append(backward(_dy(y, place)).copy())
        expected = _grads(layer)
        for parameter in params_of(layer):
            parameter.grad[...] = 0
        pairs = [forward(given, True) for given in (x, other)]
        both = [backward(_dy(y, place)) for place, (y, backward) in enumerate(pairs)]
        promise = "must keep what backward needs in its closure, so that one layer can stand twice in a network"
        require(all(_near(a, b) for a, b in zip(both, alone, strict=True)), layer, promise, "dx differs")
        for name, grad in _grads(layer).items():
            require(_near(grad, expected[name]), layer, promise, f"the gradient of {name} differs")


def _near(a: Array, b: Array) -> bool:
    return np.allclose(a, b, rtol=1e-12, atol=1e-12)
