"""The network: layers in a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, final

import numpy as np

from multilayer.arrays import Array, Parameter
from multilayer.card import card
from multilayer.errors import ShapeError, UsageError, sentence, unknown
from multilayer.nn import initializers
from multilayer.nn.layer import Backward, Layer, named_buffers, named_params
from multilayer.rng import Stream


@final
class Sequential:
    """y = f_k(... f_2(f_1(x))); a Sequential is itself a layer.

    `net(x)` is the output alone. `net.forward(x)` always returns the output and backward, which takes dL/dy to dL/dx.
    `training=True` changes what some layers compute: dropout drops, and batch normalization takes the batch's mean
    and variance and moves its running ones. backward adds to the `grad` of every parameter, so two calls give the
    sum; the optimizer's `step()` sets it back to zero.

    A new Sequential draws the weights of all layers from `seed`, each by its own initializer, even those that were
    set by hand or trained before: pass `seed=None` to keep what the layers already have.

    >>> net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1), seed=0)
    >>> net(np.zeros((5, 2))).shape
    (5, 1)
    >>> [name for name in net.named_params()]
    ['0.W', '0.b', '2.W', '2.b']
    """

    def __init__(self, *layers: Layer, seed: int | None = 0, dtype: Literal["float32", "float64"] = "float64") -> None:
        for position, layer in enumerate(layers):
            if isinstance(layer, list | tuple):
                raise UsageError(
                    f"Layer {position} of Sequential is a {type(layer).__name__}. Pass the layers one by one: "
                    "Sequential(Linear(2, 3), ReLU())."
                )
            if isinstance(layer, type):
                name = layer.__name__
                raise UsageError(f"Layer {position} of Sequential is the class {name} itself. Write {name}(...).")
            if not isinstance(layer, Layer):
                raise UsageError(f"Layer {position} of Sequential must have a forward method, got {layer!r}.")
        self.layers = layers
        if seed is not None:
            self.initialize(seed, dtype)

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        """The output of the last layer, and the function from dL/dy to dL/dx through all of them."""
        backwards = []
        for layer in self.layers:
            x, backward = layer.forward(x, training=training)
            backwards.append(backward)

        def backward_all(dy: Array) -> Array:
            for backward in reversed(backwards):
                dy = backward(dy)
            return dy

        return x, backward_all

    def __call__(self, x: Any) -> Array:
        """The output alone for x (n_samples, n_in), an array or rows of numbers; they take the weights' precision."""
        precision = self.params[0].value.dtype if self.params else np.float64
        return self.forward(np.asarray(x, dtype=precision))[0]

    def hidden(self, x: Array) -> list[Array]:
        """The output of every layer for x, in order; the last is the network's."""
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
        return dict(_numbered([named_params(layer) for layer in self.layers]))

    def named_buffers(self) -> dict[str, Parameter]:
        """Every buffer by its name, as in '1.running_mean'."""
        return dict(_numbered([named_buffers(layer) for layer in self.layers]))

    def initialize(
        self, seed: int, dtype: Literal["float32", "float64"] = "float64", stream_of: Callable[..., Any] = Stream
    ) -> None:
        """Draw every weight anew: parameter number k comes from the stream ("weights", place=k) of `seed`.

        The buffers are numbered after the parameters. `stream_of` makes the streams.
        """
        follows = initializers.following(self.layers)
        for place, parameter in enumerate((*self.params, *self.buffers)):
            if parameter.initializer is not None:
                draw = initializers.get(parameter.initializer, after=follows.get(id(parameter)))
                stream = stream_of(seed, "weights", place=place)
                values = draw(stream, parameter.value.shape, n_in=parameter.n_in, n_out=parameter.n_out)
                parameter.assign(values.astype(dtype))
            else:
                parameter.assign(parameter.value.astype(dtype))
        self.reseed(seed)

    def reseed(self, seed: int, step: int = 0) -> None:
        """Tell every layer that draws while training its seed, its place in the network and the step it is at.

        Places count `leaves()` from 0. A layer that stands k times in the network has the first of its places, and
        draws k times a step: it is at its own step k * `step`.
        """
        leaves = [id(layer) for layer in self.leaves()]
        for layer in self.leaves():
            reseed = getattr(layer, "reseed", None)
            if reseed is not None:
                reseed(seed, place=leaves.index(id(layer)), step=step * leaves.count(id(layer)))

    def leaves(self) -> Iterator[Layer]:
        """The layers in the order x passes them, an inner network's own in its place; one used twice comes twice.

        >>> net = Sequential(Linear(2, 2), Sequential(ReLU(), Linear(2, 1)))
        >>> [type(layer).__name__ for layer in net.leaves()]
        ['Linear', 'ReLU', 'Linear']
        """
        for layer in self.layers:
            if isinstance(layer, Sequential):
                yield from layer.leaves()
            else:
                yield layer

    def get_weights(self) -> dict[str, Array]:
        """A copy of every parameter and buffer, by name."""
        return {name: parameter.value.copy() for name, parameter in self.named_weights().items()}

    def set_weights(self, weights: Mapping[str, Any]) -> None:
        """Set the named parameters and buffers; those not named stay. Where one is wrong, it raises and changes none.

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

    def _repr_html_(self) -> str:
        count = sum(parameter.value.size for parameter in self.params)
        rows = [(str(place), _short(layer)) for place, layer in enumerate(self.layers)]
        return card(f"Sequential: {len(rows)} layers, {count:,} weights", rows)


def _short(layer: Layer) -> str:
    """A layer with its options, those left out that are as usual."""
    if not dataclasses.is_dataclass(layer):
        return type(layer).__name__
    own = [field for field in dataclasses.fields(layer) if field.init and not field.name.endswith("_init")]
    given = {field.name: getattr(layer, field.name) for field in own if getattr(layer, field.name) != field.default}
    return f"{type(layer).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def _numbered(named: Sequence[Mapping[str, Parameter]]) -> Iterator[tuple[str, Parameter]]:
    """Each layer's named parameters with its position before the name; a parameter of two layers comes once."""
    seen = set()
    for position, of_layer in enumerate(named):
        for name, parameter in of_layer.items():
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
