"""A network as a `torch.nn.Sequential`, one module for each layer, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multilayer.data import FittedPreparation
from multilayer.engines.model import Model
from multilayer.errors import RefusedError, UsageError
from multilayer.files.libraries import library
from multilayer.files.state_dict import set_state, state_dict
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

SIMPLE = {
    "identity": "Identity",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "ReLU",
    "selu": "SELU",
    "silu": "SiLU",
    "mish": "Mish",
    "softsign": "Softsign",
}
"""Activations without options, and PyTorch's class of the same function."""
EXACT_FROM = 50
"""From here on softplus(x) is x even in float64. PyTorch's own threshold of 20 is not that precise."""


def to_torch(model: Model | Sequential, *, preparation: bool = False) -> Any:
    """The network as a `torch.nn.Sequential` in evaluation mode, with the same weights and precision.

    Its input are prepared rows, `model.prepared(X)`, and its outputs are those of `model.net`: logits, where the loss
    contains the sigmoid or softmax (docs/exports.md). With `preparation=True` a first module fills, centers and scales
    rows of numbers as they are, dates in days since 1970-01-01 and missing as NaN. A maxout layer becomes Linear,
    Unflatten, MaxPool1d and Flatten; Step, Sine, Scale and the preparation are small modules of `files.torch_modules`.
    A frozen layer does not require gradients.

    Raises RefusedError for layers of a user's own and for a preparation of text or of numbers that
    become several features, UsageError where PyTorch is missing.
    """
    torch = library("torch", "A torch.nn.Sequential")
    net = model if isinstance(model, Sequential) else model.net
    made: dict[int, Any] = {}
    for layer in net.leaves():
        if id(layer) not in made:
            made[id(layer)] = _module(torch, layer)
    module = torch.nn.Sequential(*(made[id(layer)] for layer in net.leaves()))
    dtype = getattr(torch, str(net.params[0].value.dtype)) if net.params else torch.float64
    module.to(dtype).load_state_dict({name: torch.tensor(value) for name, value in state_dict(net).items()})
    if preparation:
        module = torch.nn.Sequential(_prepare(model, dtype), *module)
    return module.eval()


def _module(torch: Any, layer: Any) -> Any:
    nn = torch.nn
    frozen = bool(getattr(layer, "frozen", False))
    module = _layer(nn, layer) or _activation(nn, layer)
    if module is None:
        raise RefusedError(f"The layer {type(layer).__name__} is code of your own, which PyTorch has no module for.")
    return module.requires_grad_(not frozen)


def _layer(nn: Any, layer: Any) -> Any:
    if isinstance(layer, Linear):
        return nn.Linear(layer.n_in, layer.n_out, bias=layer.bias)
    if isinstance(layer, Maxout):
        pieces = nn.Linear(layer.n_in, layer.n_out * layer.pieces)
        apart = nn.Unflatten(1, (layer.n_out, layer.pieces))
        return nn.Sequential(pieces, apart, nn.MaxPool1d(layer.pieces), nn.Flatten())
    if isinstance(layer, Dropout):
        return nn.Dropout(layer.p_drop)
    if isinstance(layer, BatchNorm):
        return nn.BatchNorm1d(layer.n, eps=layer.epsilon, momentum=layer.momentum)
    if isinstance(layer, LayerNorm):
        return nn.LayerNorm(layer.n, eps=layer.epsilon)
    if isinstance(layer, Scale):
        from multilayer.files import torch_modules

        return torch_modules.Scale(layer.n)
    return None


def _activation(nn: Any, layer: Any) -> Any:
    from multilayer.files import torch_modules

    name = getattr(layer, "activation", "")
    if ACTIVATIONS.get(name) is not type(layer):
        return None
    if name in SIMPLE:
        return getattr(nn, SIMPLE[name])()
    special: dict[str, Callable[[], Any]] = {
        "step": torch_modules.Step,
        "sine": torch_modules.Sine,
        "leaky_relu": lambda: nn.LeakyReLU(layer.slope),
        "prelu": lambda: nn.PReLU(layer.n),
        "elu": lambda: nn.ELU(layer.alpha),
        "gelu": nn.GELU,
        "softplus": lambda: nn.Softplus(threshold=EXACT_FROM),
        "ramp": nn.Hardtanh,
        "softmax": lambda: nn.Softmax(dim=-1),
    }
    return special[name]()


def _prepare(model: Model | Sequential, dtype: Any) -> Any:
    from multilayer.files.torch_modules import Prepare

    if isinstance(model, Sequential):
        raise UsageError("preparation=True needs a model: a network alone has no preparation.")
    return Prepare(_single_numbers(model.preparation), dtype)


def _single_numbers(preparation: FittedPreparation) -> FittedPreparation:
    """The preparation, refused where a column is text, or a number that becomes several features."""
    for column in preparation.encoding.columns:
        if column.kind == "category" or column.numbers is not None:
            why = "is text" if column.kind == "category" else "becomes several features"
            raise RefusedError(
                f"preparation=True needs columns that are a number each, but '{column.name}' {why}. "
                "Leave it out and give the network prepared rows: model.prepared(X)."
            )
    return preparation


def from_torch(module: Any) -> Sequential:
    """The network of a `torch.nn.Sequential`, with its weights and precision; `as_model` makes a model of it.

    Understood are Linear, Dropout, BatchNorm1d, LayerNorm, PReLU, the activations of this project's table, Flatten,
    Sequential inside Sequential, and what `to_torch` gives; its preparation is left aside. Modules of a class of
    one's own are refused, since their code says what they compute.

    Raises RefusedError naming the module that is not understood, UsageError where PyTorch is missing.
    """
    torch = library("torch", "A torch.nn.Sequential")
    if type(module) is not torch.nn.Sequential:
        name = type(module).__name__
        raise UsageError(
            f"from_torch takes a torch.nn.Sequential, got {name}. Put its modules into one, in their order."
        )
    _check_plain(module)
    layers: list[Layer] = []
    named: dict[str, Any] = {}
    width = 0
    taken: dict[int, Layer] = {}
    for found in _together(torch, module):
        layer = taken.get(id(found))
        if layer is None:
            layer = _taken(torch, found, width)
        if layer is not None:
            taken[id(found)] = layer
            named |= {f"{len(layers)}.{name}": value for name, value in _values(found, layer).items()}
            layers.append(layer)
            width = getattr(layer, "n_out", getattr(layer, "n", width))
    net = Sequential(*layers, seed=None)
    _into(torch, net, named)
    return net


def _check_plain(module: Any) -> None:
    """Raise RefusedError where a module computes more than its class says, or has no numbers."""
    for name, each in module.named_modules():
        if each._forward_hooks or each._forward_pre_hooks:
            what = f"The module {name!r}" if name else "The Sequential"
            raise RefusedError(f"{what} of PyTorch has hooks, whose code says what it computes. Remove them first.")
    if any(parameter.is_meta for parameter in module.parameters()):
        raise RefusedError("The module of PyTorch has parameters on the device meta, which have no values.")


def _together(torch: Any, module: Any) -> Iterator[Any]:
    """The modules in the order x passes them, the four of a maxout layer as one."""
    nn = torch.nn
    for child in module:
        inner = list(child) if type(child) is nn.Sequential else []
        if [type(each) for each in inner] == [nn.Linear, nn.Unflatten, nn.MaxPool1d, nn.Flatten]:
            yield child
        elif type(child) is nn.Sequential:
            yield from _together(torch, child)
        else:
            yield child


def _taken(torch: Any, module: Any, width: int) -> Layer | None:
    """The layer for a module behind `width` outputs, without its weights; None for one that does nothing here."""
    nn, own = torch.nn, type(module).__module__ == "multilayer.files.torch_modules"
    kind = type(module)
    if kind is nn.Flatten or (own and kind.__name__ == "Prepare"):
        return None
    grads = [parameter.requires_grad for parameter in module.parameters()]
    frozen = bool(grads) and not any(grads)
    layer = _with_weights(nn, module, width, frozen)
    if layer is None and own:
        layer = Scale(len(module.weight), frozen) if kind.__name__ == "Scale" else Activation(kind.__name__.lower())
    layer = layer if layer is not None else _without_weights(nn, module)
    if layer is None:
        raise RefusedError(f"The module {module!r} of PyTorch is not understood: no layer of multilayer computes that.")
    return layer


def _with_weights(nn: Any, module: Any, width: int, frozen: bool) -> Layer | None:
    kind = type(module)
    if kind is nn.Linear:
        return Linear(module.in_features, module.out_features, bias=module.bias is not None, frozen=frozen)
    if kind is nn.Sequential:
        linear, apart, pool, _ = module
        size = tuple(apart.unflattened_size)
        pooled = (pool.kernel_size, pool.stride, pool.padding, pool.dilation) == (size[-1], size[-1], 0, 1)
        fits = len(size) == 2 and apart.dim == 1 and pooled and linear.bias is not None
        return Maxout(linear.in_features, size[0], size[-1], frozen=frozen) if fits else None
    if kind is nn.BatchNorm1d and module.track_running_stats and module.momentum is not None:
        return BatchNorm(module.num_features, module.momentum, module.eps, frozen)
    if kind is nn.LayerNorm and len(module.normalized_shape) == 1:
        return LayerNorm(module.normalized_shape[0], module.eps, frozen)
    if kind is nn.PReLU and (width or module.num_parameters > 1):
        return PReLU(width or module.num_parameters, frozen=frozen)
    return None


def _without_weights(nn: Any, module: Any) -> Layer | None:
    kind = type(module)
    for name, theirs in SIMPLE.items():
        if kind is getattr(nn, theirs):
            return Activation(name)
    if kind is nn.Dropout:
        return Dropout(module.p)
    if kind is nn.LeakyReLU:
        return Activation("leaky_relu", slope=module.negative_slope)
    if kind is nn.ELU:
        return Activation("elu", alpha=module.alpha)
    same = {
        "gelu": kind is nn.GELU and module.approximate == "none",
        "softplus": kind is nn.Softplus and module.beta == 1 and module.threshold >= 20,
        "ramp": kind is nn.Hardtanh and (module.min_val, module.max_val) == (-1, 1),
        "softmax": kind is nn.Softmax and module.dim in (-1, 1),
    }
    return next((Activation(name) for name, is_it in same.items() if is_it), None)


def _values(module: Any, layer: Layer) -> dict[str, Any]:
    """The module's tensors by name; those it has not are as they would start: PReLU's one slope for all, no gain."""
    found = dict(module.state_dict())
    if isinstance(layer, PReLU):
        found["weight"] = found["weight"].expand(layer.n)
    if isinstance(layer, (BatchNorm, LayerNorm)) and "weight" not in found:
        found["weight"] = layer.gain.value
    if isinstance(layer, (BatchNorm, LayerNorm)) and "bias" not in found:
        found["bias"] = layer.shift.value
    return found


def _into(torch: Any, net: Sequential, named: dict[str, Any]) -> None:
    """Give the network its weights, all of the one precision that the tensors have."""
    tensors = [value for value in named.values() if torch.is_tensor(value) and value.is_floating_point()]
    kinds = {str(value.dtype).removeprefix("torch.") for value in tensors}
    if kinds - {"float32", "float64"} or len(kinds) > 1:
        raise RefusedError(f"The module's weights must be all float32 or all float64, got {', '.join(sorted(kinds))}.")
    dtype = np.dtype(kinds.pop() if kinds else "float64")
    for parameter in net.named_weights().values():
        parameter.assign(parameter.value.astype(dtype))
    arrays = {name: value.detach().cpu().numpy() if torch.is_tensor(value) else value for name, value in named.items()}
    set_state(net, arrays)
