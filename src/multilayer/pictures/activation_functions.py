"""Every activation with its derivative."""

from __future__ import annotations

import dataclasses

import numpy as np

from multilayer.arrays import Array
from multilayer.errors import RefusedError
from multilayer.nn import ACTIVATIONS, Layer
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.with_slope import Curve, gallery

X = np.linspace(-4, 4, 801)
SHOWN = ("slope", "alpha")
NAMES = ("y", "its derivative y′")


@picture("activation-functions", "every activation with its derivative", needs="nothing")
def activation_functions(theme: Theme) -> Drawing:
    """Every activation of the table `nn.ACTIVATIONS` from -4 to 4, with its derivative."""
    curves = [activation_curve(name) for name in ACTIVATIONS]
    steepest = [(steepest_slope(name), name) for name in ACTIVATIONS]
    flat = min((size, name) for size, name in steepest if size)
    steep = max(steepest)
    caption = (
        f"The {len(curves)} activations and their derivatives for inputs from -4 to 4. Backpropagation multiplies by "
        f"the derivative once in every layer: it is at most {flat[0]:.3g} for {flat[1]} and at most {steep[0]:.3g} for "
        f"{steep[1]}. Softmax is drawn as its first output for the logits x and 0, prelu with its first slope."
    )
    alt = f"{len(curves)} small line charts in two columns, one for each activation: {', '.join(ACTIVATIONS)}."
    return Drawing(gallery(curves, theme, NAMES, ylim=(-1.9, 2.4)), caption, alt)


def activation_curve(name: str) -> Curve:
    """One activation with its options as they are by default."""
    layer = _layer(name)
    title = ", ".join([name, *(f"{option}={value:g}" for option, value in vars(layer).items() if option in SHOWN)])
    return Curve(title, X, *_with_slope(name, layer, X), note=f"y′ ≤ {steepest_slope(name):.3g}")


def steepest_slope(name: str) -> float:
    """The largest derivative anywhere, the far ends included."""
    return float(_with_slope(name, _layer(name), np.concatenate([X, [-40.0, 40.0]]))[1].max())


def _layer(name: str) -> Layer:
    cls = ACTIVATIONS[name]
    by_width = any(field.name == "n" for field in dataclasses.fields(cls))
    layer: Layer = cls(1) if by_width else cls()
    return layer


def _with_slope(name: str, layer: Layer, x: Array) -> tuple[Array, Array]:
    """The values and derivatives at each x; softmax takes a second logit, 0."""
    logits = np.stack([x, np.zeros_like(x)], axis=1) if name == "softmax" else x[:, None]
    y, backward = layer.forward(logits)
    dy = np.zeros_like(y)
    dy[:, 0] = 1
    try:
        return y[:, 0], backward(dy)[:, 0]
    except RefusedError:  # a step is flat on both sides
        return y[:, 0], np.zeros_like(x)
