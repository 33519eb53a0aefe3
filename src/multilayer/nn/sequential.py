"""The network: layers in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.errors import ShapeError, UsageError, sentence, unknown
from multilayer.nn import initializers
from multilayer.nn.layer import Backward, Layer, buffers_of, params_of
from multilayer.rng import Stream


@final
class Sequential:
    """y = f_k(... f_2(f_1(x))); `net(x)` predicts, `net.forward(x, training=True)` also returns backward.

    The weights of all layers are drawn from `seed`, each by its own initializer; `seed=None` keeps the values the
    layers already have. A Sequential is itself a layer.

    >>> net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1), seed=0)
    >>> net(np.zeros((5, 2))).shape
    (5, 1)
    >>> [name for name in net.named_params()]
    ['0.W', '0.b', '2.W', '2.b']
    """

    def __init__(self, *layers: Layer, seed: int | None = 0, dtype: Literal["float32", "float64"] = "float64") -> None:
        for position, layer in enumerate(layers):
            if isinstance(layer, type):
                name = layer.__name__
                raise UsageError(f"Layer {position} of Sequential is the class {name} itself. Write {name}(...).")
            if not isinstance(layer, Layer):
                raise UsageError(f"Layer {position} of Sequential must have a forward method, got {layer!r}.")
        self.layers = layers
        if seed is not None:
            self.initialize(seed, dtype)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        backwards = []
        for layer in self.layers:
            x, backward = layer.forward(x, training=training)
            backwards.append(backward)

        def backward_all(dy: Array) -> Array:
            for backward in reversed(backwards):
                dy = backward(dy)
            return dy

        return x, backward_all

    def __call__(self, x: Array) -> Array:
        return self.forward(x)[0]

    def hidden(self, x: Array) -> list[Array]:
        """The output of every layer for x, in order."""
        outputs = []
        for layer in self.layers:
            x = layer.forward(x)[0]
            outputs.append(x)
        return outputs

    @property
    def params(self) -> tuple[Parameter, ...]:
        """Every parameter, in order; one shared by two layers appears once."""
        return tuple(self.named_params().values())

    @property
    def buffers(self) -> tuple[Parameter, ...]:
        """Every array that belongs to the weights without being trained, in order."""
        return tuple(self.named_buffers().values())

    def named_params(self) -> dict[str, Parameter]:
        """Every parameter by its name, '<position>.<name>', as in '0.W'."""
        return dict(_named(self.layers, params_of, nested="named_params"))

    def named_buffers(self) -> dict[str, Parameter]:
        """Every buffer by its name, as in '1.running_mean'."""
        return dict(_named(self.layers, buffers_of, nested="named_buffers"))

    def initialize(self, seed: int, dtype: Literal["float32", "float64"] = "float64") -> None:
        """Draw every weight anew: parameter number k comes from the stream ("weights", place=k) of `seed`.

        The buffers are numbered after the parameters.
        """
        follows = initializers.following(self.layers)
        for place, parameter in enumerate((*self.params, *self.buffers)):
            if parameter.initializer is not None:
                draw = initializers.get(parameter.initializer, after=follows.get(id(parameter)))
                stream = Stream(seed, "weights", place=place)
                values = draw(stream, parameter.value.shape, n_in=parameter.n_in, n_out=parameter.n_out)
                parameter.assign(values.astype(dtype))
            else:
                parameter.assign(parameter.value.astype(dtype))
        self.reseed(seed)

    def reseed(self, seed: int, step: int = 0) -> None:
        """Tell every layer that draws while training its seed, its place in the network and the step it is at.

        Places count the layers from 0, those of an inner network included.
        """
        for place, layer in enumerate(self._leaves()):
            reseed = getattr(layer, "reseed", None)
            if reseed is not None:
                reseed(seed, place=place, step=step)

    def _leaves(self) -> Iterator[Layer]:
        for layer in self.layers:
            if isinstance(layer, Sequential):
                yield from layer._leaves()
            else:
                yield layer

    def get_weights(self) -> dict[str, Array]:
        """A copy of every parameter and buffer, by name."""
        return {name: parameter.value.copy() for name, parameter in self.named_weights().items()}

    def set_weights(self, weights: Mapping[str, Any]) -> None:
        """Set the named parameters and buffers; those not named stay. Raises before anything is changed.

        >>> net = Sequential(Linear(2, 1))
        >>> net.set_weights({"0.W": [[1.0], [1.0]], "0.b": [-1.5]})
        >>> net(np.array([[1.0, 1.0]]))
        array([[0.5]])
        """
        own = self.named_weights()
        changes = []
        for name, value in weights.items():
            if name not in own:
                raise UsageError(unknown("array of weights", name, own))
            changes.append((own[name], _fitting(name, value, own[name].value)))
        for old, new in changes:
            old.value[...] = new

    def named_weights(self) -> dict[str, Parameter]:
        """Every parameter and buffer by its name."""
        return {**self.named_params(), **self.named_buffers()}

    def __repr__(self) -> str:
        inner = ",\n".join(f"  {layer!r}" for layer in self.layers)
        return f"Sequential(\n{inner}\n)"


def _named(layers: tuple[Any, ...], listed: Any, nested: str) -> Iterator[tuple[str, Parameter]]:
    """(name, parameter) of every layer, a shared parameter once; an inner network contributes dotted names."""
    seen = set()
    for position, layer in enumerate(layers):
        if hasattr(layer, nested):
            inner = getattr(layer, nested)().items()
        else:
            inner = [(parameter.name, parameter) for parameter in listed(layer)]
        for name, parameter in inner:
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield f"{position}.{name}", parameter


def _fitting(name: str, value: Any, old: Array) -> Array:
    """The value as an array that can take the place of the old one."""
    what = f"Weights '{name}'"
    try:
        with np.errstate(over="ignore"):
            new = np.asarray(value, dtype=old.dtype)
    except (TypeError, ValueError):
        raise UsageError(sentence(what, "numbers in rows of one length", value)) from None
    if new.shape != old.shape:
        raise ShapeError(f"{what} must have shape {old.shape}, got {new.shape}.")
    if not np.isfinite(new).all():
        raise UsageError(f"{what} must be finite in {old.dtype}, got a NaN, an infinity or a larger number.")
    return new
