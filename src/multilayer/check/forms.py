"""The form of a layer: what must hold before anything about it can be computed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.check.errors import ContractError, require
from multilayer.errors import sentence
from multilayer.nn.layer import Layer


def maker(make_layer: Any) -> Callable[[], Layer]:
    """What makes new layers, or the sentence why it does not."""
    is_layer = hasattr(make_layer, "forward") and not isinstance(make_layer, type)
    if callable(make_layer) and not is_layer:
        made: Callable[[], Layer] = make_layer
        return made
    do = f"Write lambda: {type(make_layer).__name__}(...)." if is_layer else ""
    what = "a class or a function that makes a new layer"
    raise ContractError(sentence("make_layer", what, make_layer, do))


def has_the_form_of_a_layer(layer: Any, x: Array) -> None:
    """Check what is listed and what is returned, at x (n_samples, n_in)."""
    _has_forward(layer)
    for name in ("params", "buffers"):
        _lists_parameters(layer, name)
    for training in (False, True):
        returned = layer.forward(x.copy(), training=training)
        pair = isinstance(returned, tuple) and len(returned) == 2 and callable(returned[1])
        require(pair, layer, "must return y and backward from forward", f"got {_kind(returned)}")
        y, backward = returned
        require(_is_float(y), layer, "must return y as an array of floats", f"got {_kind(y)}")
        rows = len(y) if y.ndim else 0
        require(rows == len(x), layer, "must give one output row for each input row", f"{len(x)} became {rows}")
        dx = backward(np.ones_like(y))
        require(_is_float(dx), layer, "must return dx from backward, an array of floats", f"got {_kind(dx)}")


def _has_forward(layer: Any) -> None:
    require(callable(getattr(layer, "forward", None)), layer, "must have a method forward(x, *, training=False)")
    try:
        inspect.signature(layer.forward).bind(np.zeros(0), training=True)
        inspect.signature(layer.forward).bind(np.zeros(0))
    except TypeError as error:
        promise = "must have a forward that can be called as forward(x) and forward(x, training=True)"
        require(False, layer, promise, str(error))


def _lists_parameters(layer: Any, name: str) -> None:
    listed = getattr(layer, name, ())
    promise = f"must list multilayer.nn.Parameter objects in {name}"
    require(isinstance(listed, tuple | list), layer, promise, f"got {_kind(listed)}")
    for place, parameter in enumerate(listed):
        require(isinstance(parameter, Parameter), layer, promise, f"got {_kind(parameter)} at {place}")
    names = [parameter.name for parameter in listed]
    nested = hasattr(layer, f"named_{name}")  # a network numbers the names
    require(nested or len(set(names)) == len(names), layer, f"must give its {name} different names", ", ".join(names))


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    if isinstance(value, tuple):
        return f"a tuple of {', '.join(_kind(one) for one in value) or 'nothing'}"
    return f"a {type(value).__name__}"
