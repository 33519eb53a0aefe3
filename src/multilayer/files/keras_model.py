"""A network as a Keras 3 `Sequential`, and back; with any of its backends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from multilayer.engines.model import Model
from multilayer.errors import RefusedError, UsageError
from multilayer.files.atomic import reason_of, write_atomically
from multilayer.files.foreign import widths
from multilayer.files.libraries import library
from multilayer.nn import (
    ACTIVATIONS,
    Activation,
    BatchNorm,
    Dropout,
    Layer,
    LayerNorm,
    Linear,
    Maxout,
    PReLU,
    Scale,
    Sequential,
)

NAMES = {
    **{name: name for name in ("sigmoid", "tanh", "relu", "selu", "gelu", "silu", "mish", "softplus", "softsign")},
    "identity": "linear",
    "softmax": "softmax",
    "ramp": "hard_tanh",
}
"""Activations without options, and Keras's name of the same function."""
OWN = ("step", "sine")
EACH = "ab,b->ab"
"""Einstein's notation for a factor for each feature."""


def to_keras(model: Model | Sequential) -> Any:
    """The network as a `keras.Sequential` with the same weights and precision.

    Its input are prepared rows, `model.prepared(X)`, and its outputs are those of `model.net`: logits, where the loss
    contains the sigmoid or softmax (docs/exports.md). A maxout layer becomes Dense, Reshape, MaxPooling1D and Flatten,
    a scale layer an EinsumDense; step and sine are functions of `files.keras_functions`. A frozen layer is not
    trainable.

    Raises RefusedError for layers of a user's own, UsageError where Keras or its backend is missing.
    """
    keras = library("keras", "A keras.Sequential")
    net = model if isinstance(model, Sequential) else model.net
    n_in = widths(net)[0] if isinstance(model, Sequential) else model.n_in
    dtype = str(net.params[0].value.dtype) if net.params else "float64"
    made: dict[int, list[Any]] = {}
    for layer in net.leaves():
        if id(layer) not in made:
            made[id(layer)] = _layers(keras, layer, dtype)
    sequential = keras.Sequential([keras.Input((n_in,), dtype=dtype)])
    for layer in net.leaves():
        for each in made[id(layer)]:
            sequential.add(each)
    for layer in net.leaves():
        if _arrays(layer):
            made[id(layer)][0].set_weights(_arrays(layer))
        for each in made[id(layer)]:
            each.trainable = not getattr(layer, "frozen", False)
    return sequential


def save_keras(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write the network of `to_keras` as a `.keras` file; returns its path."""
    path = Path(path)
    with TemporaryDirectory() as folder:
        saved = Path(folder, "network.keras")
        to_keras(model).save(saved)
        content = saved.read_bytes()
    try:
        write_atomically(path, content)
    except (OSError, ValueError) as error:
        raise UsageError(f"The Keras file {path} could not be written: {reason_of(error)}.") from None
    return path


def _layers(keras: Any, layer: Any, dtype: str) -> list[Any]:
    """The layers of Keras for one of ours; the first has the weights."""
    of = keras.layers
    if isinstance(layer, Maxout):
        pieces = of.Dense(layer.pieces * layer.n_out, dtype=dtype)
        apart = of.Reshape((layer.pieces, layer.n_out), dtype=dtype)
        return [pieces, apart, of.MaxPooling1D(layer.pieces, dtype=dtype), of.Flatten(dtype=dtype)]
    if isinstance(layer, Linear):
        return [of.Dense(layer.n_out, use_bias=layer.bias, dtype=dtype)]
    if isinstance(layer, Scale):
        return [of.EinsumDense(EACH, output_shape=layer.n, dtype=dtype)]
    if isinstance(layer, Dropout):
        return [of.Dropout(layer.p_drop, dtype=dtype)]
    if isinstance(layer, BatchNorm):
        return [of.BatchNormalization(momentum=1 - layer.momentum, epsilon=layer.epsilon, dtype=dtype)]
    if isinstance(layer, LayerNorm):
        return [of.LayerNormalization(epsilon=layer.epsilon, dtype=dtype)]
    name = getattr(layer, "activation", "")
    if ACTIVATIONS.get(name) is not type(layer):
        raise RefusedError(f"The layer {type(layer).__name__} is code of your own, which Keras has no layer for.")
    if name == "prelu":
        return [of.PReLU(dtype=dtype)]
    if name == "leaky_relu":
        return [of.LeakyReLU(negative_slope=layer.slope, dtype=dtype)]
    if name == "elu":
        return [of.ELU(alpha=layer.alpha, dtype=dtype)]
    return [of.Activation(_function(name) if name in OWN else NAMES[name], dtype=dtype)]


def _function(name: str) -> Any:
    from multilayer.files import keras_functions

    return getattr(keras_functions, name)


def _arrays(layer: Any) -> list[np.ndarray[Any, Any]]:
    """A layer's arrays as Keras lays them out, in its order."""
    if isinstance(layer, Maxout):  # units by piece
        W = layer.W.value.transpose(1, 0, 2)
        return [W.reshape(layer.n_in, -1), layer.b.value.ravel()]
    return [array.value for array in (*getattr(layer, "params", ()), *getattr(layer, "buffers", ()))]


def from_keras(model: Any) -> Sequential:
    """The network of a built `keras.Sequential`, with its weights and precision; `as_model` makes a model of it.

    Understood are Dense with its activation, Activation, Dropout, BatchNormalization, LayerNormalization, PReLU,
    LeakyReLU, ReLU, ELU, Softmax, Flatten, the activations of this project's table, and what `to_keras` gives.

    Raises RefusedError naming the layer that is not understood, UsageError where Keras is missing.
    """
    keras = library("keras", "A keras.Sequential")
    if type(model) is not keras.Sequential:
        raise UsageError(f"from_keras takes a keras.Sequential, got {type(model).__name__}.")
    if not model.built:
        raise UsageError("from_keras takes a network with weights: build it first, as in model.build((None, n_in)).")
    layers: list[Layer] = []
    taken: dict[int, list[Layer]] = {}
    for group in _together(keras, model.layers):
        if id(group[0]) not in taken:
            taken[id(group[0])] = _taken(keras, group)
        layers += taken[id(group[0])]
    net = Sequential(*layers, seed=None)
    kinds = {parameter.value.dtype.name for parameter in net.named_weights().values()}
    if kinds - {"float32", "float64"} or len(kinds) > 1:
        raise RefusedError(f"The network's weights must be all float32 or all float64, got {', '.join(sorted(kinds))}.")
    return net


def _together(keras: Any, layers: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The layers in order, those of a network inside in their place, the four of a maxout layer as one group."""
    of = keras.layers
    flat = list(_flat(keras, layers))
    place = 0
    while place < len(flat):
        group = flat[place : place + 4]
        maxout = [type(each) for each in group] == [of.Dense, of.Reshape, of.MaxPooling1D, of.Flatten]
        yield group if maxout else group[:1]
        place += 4 if maxout else 1


def _flat(keras: Any, layers: Sequence[Any]) -> Iterator[Any]:
    for layer in layers:
        if type(layer) is keras.Sequential:
            yield from _flat(keras, layer.layers)
        else:
            yield layer


def _taken(keras: Any, group: Sequence[Any]) -> list[Layer]:
    """Our layers for one of theirs, or for the group that is a maxout layer, with their weights."""
    theirs = group[0]
    if type(theirs) in (keras.layers.InputLayer, keras.layers.Flatten):
        return []
    layer = _maxout(group) if len(group) == 4 else _with_weights(keras, theirs)
    if layer is not None:
        function = getattr(theirs, "activation", None)
        behind = None if function is None else _function_of(keras, function)
        return [layer] if behind is None or behind.activation == "identity" else [layer, behind]
    layer = _without_weights(keras, theirs)
    if layer is None:
        raise _not_understood(f"The layer {type(theirs).__name__} named {theirs.name!r}")
    return [layer]


def _not_understood(what: str) -> RefusedError:
    return RefusedError(f"{what} of Keras is not understood: no layer of multilayer computes that.")


def _maxout(group: Sequence[Any]) -> Layer | None:
    dense, reshape, pool, _ = group
    pieces, n_out = reshape.target_shape
    if tuple(pool.pool_size) != (pieces,) or not dense.use_bias or dense.activation.__name__ != "linear":
        raise _not_understood(f"The layer {type(reshape).__name__} named {reshape.name!r}")
    kernel, bias = dense.get_weights()
    layer = Maxout(kernel.shape[0], n_out, pieces, frozen=not dense.trainable)
    layer.W.assign(np.ascontiguousarray(kernel.reshape(-1, pieces, n_out).transpose(1, 0, 2)))
    layer.b.assign(bias.reshape(pieces, n_out))
    return layer


def _with_weights(keras: Any, theirs: Any) -> Layer | None:
    """The layer for one that has arrays of its own; None for any other."""
    of, kind, arrays = keras.layers, type(theirs), theirs.get_weights()
    frozen = {"frozen": not theirs.trainable}
    layer: Any = None
    if kind is of.Dense:
        layer = Linear(arrays[0].shape[0], arrays[0].shape[1], bias=theirs.use_bias, **frozen)
    elif kind is of.EinsumDense and theirs.equation == EACH and len(arrays) == 1:
        layer = Scale(len(arrays[0]), **frozen)
    elif kind is of.PReLU and arrays[0].ndim == 1 and not theirs.shared_axes:
        layer = PReLU(len(arrays[0]), **frozen)
    elif kind in (of.BatchNormalization, of.LayerNormalization) and theirs.axis in (-1, 1, [-1], [1]):
        return _norm(theirs, arrays, kind is of.BatchNormalization, frozen)
    if layer is not None:
        _assign(layer.params, arrays)
    return layer  # type: ignore[no-any-return]


def _norm(theirs: Any, arrays: list[Any], batch: bool, frozen: dict[str, bool]) -> Layer | None:
    """A normalization; a gain or shift that it lacks is 1 or 0."""
    if getattr(theirs, "rms_scaling", False) or not (arrays or batch):
        return None
    n, dtype = len(arrays[0]), arrays[0].dtype
    left = list(arrays)
    gain = left.pop(0) if theirs.scale else np.ones(n, dtype)
    shift = left.pop(0) if theirs.center else np.zeros(n, dtype)
    if batch:
        momentum = round(1 - theirs.momentum, 12)
        norm: Any = BatchNorm(n, momentum=momentum, epsilon=theirs.epsilon, **frozen)
    else:
        norm = LayerNorm(n, epsilon=theirs.epsilon, **frozen)
    _assign((*norm.params, *getattr(norm, "buffers", ())), [gain, shift, *left])
    return norm  # type: ignore[no-any-return]


def _assign(parameters: Any, arrays: Sequence[Any]) -> None:
    for parameter, array in zip(parameters, arrays, strict=True):
        parameter.assign(np.array(array).reshape(parameter.value.shape))


def _without_weights(keras: Any, theirs: Any) -> Layer | None:
    of, kind = keras.layers, type(theirs)
    if kind is of.Activation:
        function: Layer = _function_of(keras, theirs.activation)
        return function
    if kind is of.Dropout:
        return Dropout(theirs.rate)
    if kind is of.LeakyReLU:
        return Activation("leaky_relu", slope=float(theirs.negative_slope))
    if kind is of.ELU:
        return Activation("elu", alpha=float(theirs.alpha))
    if kind is of.ReLU and theirs.max_value is None and not theirs.threshold and 0 <= theirs.negative_slope < 1:
        slope = float(theirs.negative_slope)
        return Activation("leaky_relu", slope=slope) if slope else Activation("relu")
    return Activation("softmax") if kind is of.Softmax and theirs.axis in (-1, 1) else None


def _function_of(keras: Any, function: Any) -> Any:
    """The activation that a function of Keras is."""
    same = {keras.activations.get(theirs): Activation(name) for name, theirs in NAMES.items()}
    same |= {keras.activations.get("elu"): Activation("elu"), keras.ops.sin: Activation("sine")}
    same |= {keras.activations.get("leaky_relu"): Activation("leaky_relu", slope=0.2)}
    same |= {_function(name): Activation(name) for name in OWN}
    if function not in same:
        raise _not_understood(f"The activation {getattr(function, '__name__', function)!r}")
    return same[function]
