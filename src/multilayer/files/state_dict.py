"""A network's weights as PyTorch names and lays them out, in a safetensors file. PyTorch itself is not needed.

    layer        arrays
    Linear       weight (n_out, n_in), bias (n_out,)
    Maxout       0.weight (n_out * pieces, n_in), 0.bias: the linear part of `to_torch`'s composition
    BatchNorm    weight, bias, running_mean, running_var (n,), num_batches_tracked ()
    LayerNorm    weight, bias (n,)
    PReLU        weight (n,)
    Scale        weight (n,)

Each name stands behind the layer's place in the network: "0.weight", "2.running_mean".
"""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from multilayer.arrays import Array, Parameter
from multilayer.engines.model import Model
from multilayer.errors import ModelFileError, ShapeError, UsageError, shown, unknown
from multilayer.files.atomic import reason_of, write_atomically
from multilayer.nn import BatchNorm, LayerNorm, Linear, Maxout, PReLU, Scale, Sequential

COUNTER = "num_batches_tracked"
"""What PyTorch's batch normalization counts beside its statistics, and prediction does not need."""


def save_state_dict(model: Model | Sequential, path: str | os.PathLike[str]) -> Path:
    """Write the weights as a safetensors file for `torch.nn.Module.load_state_dict`; returns its path.

    The preparation is not in it (docs/exports.md). Raises UsageError where the file cannot be written.
    """
    path = Path(path)
    content: bytes = to_safetensors(state_dict(_net(model)), metadata={"format": "pt"})
    try:
        write_atomically(path, content)
    except (OSError, ValueError) as error:
        raise UsageError(f"The weights could not be written to {path}: {reason_of(error)}.") from None
    return path


def load_state_dict(model: Model, path: str | os.PathLike[str]) -> Model:
    """The same model with the weights of such a file: a network that was trained further in PyTorch.

    Raises ModelFileError for a file that is missing or no safetensors file, and UsageError or ShapeError where its
    arrays are not those of this network.
    """
    path = Path(path)
    try:
        found = from_safetensors(path.read_bytes())
    except OSError as error:
        raise ModelFileError(f"The weights {path} could not be read: {error.strerror}.") from None
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError):
        raise ModelFileError(f"The file {path} holds no float32 or float64 weights in safetensors form.") from None
    net = copy.deepcopy(model.net)
    set_state(net, found)
    return dataclasses.replace(model, weights=net.get_weights(), own=None if model.own is None else net)


def state_dict(net: Sequential) -> dict[str, np.ndarray[Any, Any]]:
    """The weights by PyTorch's names, in its layout.

    >>> net = Sequential(Linear(2, 3))
    >>> {name: array.shape for name, array in state_dict(net).items()}
    {'0.weight': (3, 2), '0.bias': (3,)}
    """
    found: dict[str, np.ndarray[Any, Any]] = {}
    for name, parameter, axes, shape in _arrays(net):
        found[name] = np.ascontiguousarray(parameter.value.transpose(axes).reshape(shape))
    for place, layer in enumerate(net.leaves()):
        if isinstance(layer, BatchNorm):
            found[f"{place}.{COUNTER}"] = np.array(0, dtype=np.int64)
    return found


def set_state(net: Sequential, found: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Set a network's weights to arrays under PyTorch's names; where one is wrong, it raises and changes none."""
    wanted = {name: (parameter, axes, shape) for name, parameter, axes, shape in _arrays(net)}
    missing = [name for name in wanted if name not in found]
    if missing:
        raise UsageError(f"The weights lack the array '{missing[0]}' of this network.")
    changes: list[tuple[Parameter, Array]] = []
    for name, value in found.items():
        if name.endswith(f".{COUNTER}"):
            continue
        if name not in wanted:
            raise UsageError(unknown("array of this network's weights", name, wanted))
        parameter, axes, shape = wanted[name]
        if value.shape != shape:
            raise ShapeError(f"Weights '{name}' must have shape {shape}, got {value.shape}.")
        if value.dtype not in (np.float32, np.float64) or not np.isfinite(value.astype(parameter.value.dtype)).all():
            got = f"got {value.dtype}, {shown(value.ravel()[:3].tolist())} ..."
            raise UsageError(f"Weights '{name}' must be finite numbers in float32 or float64, {got}")
        moved = [parameter.value.shape[axis] for axis in axes]
        changes.append((parameter, value.reshape(moved).transpose(np.argsort(axes))))
    for parameter, new in changes:
        parameter.value[...] = new


def _arrays(net: Sequential) -> Iterator[tuple[str, Parameter, tuple[int, ...], tuple[int, ...]]]:
    """PyTorch's name, the parameter, the order of its axes there and its shape there, for every array."""
    for place, layer in enumerate(net.leaves()):
        if isinstance(layer, Linear):
            yield f"{place}.weight", layer.W, (1, 0), (layer.n_out, layer.n_in)
            if layer.bias:
                yield f"{place}.bias", layer.b, (0,), (layer.n_out,)
        elif isinstance(layer, Maxout):
            units = layer.n_out * layer.pieces
            yield f"{place}.0.weight", layer.W, (2, 0, 1), (units, layer.n_in)
            yield f"{place}.0.bias", layer.b, (1, 0), (units,)
        else:
            for name, parameter in _vectors(layer).items():
                yield f"{place}.{name}", parameter, (0,), parameter.value.shape


def _vectors(layer: Any) -> dict[str, Parameter]:
    if isinstance(layer, (BatchNorm, LayerNorm)):
        statistics = ("running_mean", "running_var") if isinstance(layer, BatchNorm) else ()
        return {"weight": layer.gain, "bias": layer.shift, **{name: getattr(layer, name) for name in statistics}}
    if isinstance(layer, PReLU):
        return {"weight": layer.slopes}
    return {"weight": layer.s} if isinstance(layer, Scale) else {}


def _net(model: Model | Sequential) -> Sequential:
    return model if isinstance(model, Sequential) else model.net
