"""What a layer is: anything with `forward`.

    class Square:
        def forward(self, x, *, training=False):
            def backward(dy):
                return 2 * x * dy
            return x * x, backward

`forward` returns the output and the function that takes dL/dy to dL/dx; `backward` adds to `Parameter.grad` on its
way. What backward needs, the closure keeps, so one layer may stand twice in a network. A layer with parameters
lists them in `params`; one with other arrays that belong to its weights (running statistics) lists those in
`buffers`; one that draws random numbers has `reseed(seed, place, step)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

from multilayer.arrays import Array, Parameter
from multilayer.errors import ShapeError

Backward: TypeAlias = Callable[[Array], Array]


@runtime_checkable
class Layer(Protocol):
    """One differentiable step, y = f(x)."""

    def forward(self, x: Array, *, training: bool = False) -> tuple[Array, Backward]:
        """The output, and the function from dL/dy to dL/dx."""
        ...


def params_of(layer: Any) -> tuple[Parameter, ...]:
    """The parameters a layer lists, in order."""
    return tuple(getattr(layer, "params", ()))


def buffers_of(layer: Any) -> tuple[Parameter, ...]:
    """The arrays that belong to a layer's weights without being trained, in order."""
    return tuple(getattr(layer, "buffers", ()))


def named_params(layer: Any) -> dict[str, Parameter]:
    """The parameters by name: 'W' in a layer, '0.W' in a network."""
    if hasattr(layer, "named_params"):
        return dict(layer.named_params())
    return {parameter.name: parameter for parameter in params_of(layer)}


def named_buffers(layer: Any) -> dict[str, Parameter]:
    """The buffers by name: 'running_mean' in a layer, '1.running_mean' in a network."""
    if hasattr(layer, "named_buffers"):
        return dict(layer.named_buffers())
    return {buffer.name: buffer for buffer in buffers_of(layer)}


def check_width(layer: object, x: Array, **width: int) -> None:
    """Raise ShapeError unless x is (n_samples, width), the width being given under the name of its setting."""
    ((setting, n),) = width.items()
    if x.ndim != 2 or x.shape[1] != n:
        raise ShapeError(
            f"{type(layer).__name__} expected x of width {n}, got shape {x.shape}. "
            f"Check {setting}, or the layer before it."
        )
