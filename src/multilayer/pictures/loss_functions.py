"""Every loss with its derivative."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from multilayer.nn import losses
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.with_slope import Curve, gallery

X = np.linspace(-3, 3, 601)
NAMES = ("loss", "its derivative")


class Example(NamedTuple):
    """The network's output x beside outputs that stay, for one target."""

    axis: str
    target: Any
    others: tuple[float, ...] = ()
    options: Mapping[str, Any] = {}


NUMBER = Example("output, target 0", [[0.0]])
SIGN = Example("logit, target +1", [[1.0]])
CHOICE = Example("true logit, others 0", [0], (0.0, 0.0))
EXAMPLES = {
    "squared_error": NUMBER,
    "absolute_error": NUMBER,
    "huber": NUMBER,
    "log": SIGN,
    "sigmoid_cross_entropy": Example("logit, target 1", [[1.0]]),
    "hinge": SIGN,
    "squared_hinge": SIGN,
    "cross_entropy": CHOICE,
    "max_margin": CHOICE,
    "poisson": Example("log of the mean, count 2", [[2.0]]),
    "gaussian_nll": Example("mean, target and log var. 0", [[0.0]], (0.0,)),
    "quantile": Example("output, target 0", [[0.0]], options={"q": 0.9}),
}
"""What each loss is drawn of."""


@picture("loss-functions", "every loss with its derivative", needs="nothing")
def loss_functions(theme: Theme) -> Drawing:
    """Every loss of the table `nn.LOSSES` for one output and one target, with its derivative by that output."""
    curves = [loss_curve(name) for name in losses.LOSSES]
    bounded = [name for name, curve in zip(losses.LOSSES, curves, strict=True) if _bounded(curve)]
    caption = (
        f"The {len(curves)} losses and their derivatives by the network's output. The derivative is where learning "
        f"starts: for {', '.join(bounded)} it never exceeds 1 in size, so a row that is far off pulls no harder than "
        "others; for the rest it grows with the error."
    )
    alt = f"{len(curves)} small line charts in two columns, one for each loss: {', '.join(losses.LOSSES)}."
    return Drawing(gallery(curves, theme, NAMES, ylim=(-2.4, 4.4)), caption, alt)


def loss_curve(name: str) -> Curve:
    """One loss, for the target of its example."""
    example = EXAMPLES[name]
    loss = losses.get({"name": name, "reduction": "sum", **example.options})
    found = [loss(np.array([[x, *example.others]]), example.target) for x in X]
    title = ", ".join([name, *(f"{option}={value:g}" for option, value in _shown(loss))])
    return Curve(
        title, X, np.array([value for value, _ in found]), np.array([dy[0, 0] for _, dy in found]), example.axis
    )


def _shown(loss: Any) -> list[tuple[str, float]]:
    return [(option, value) for option, value in vars(loss).items() if isinstance(value, float) and value]


def _bounded(curve: Curve) -> bool:
    """Whether the derivative stays within 1, to rounding."""
    return float(np.abs(curve.slope).max()) <= 1 + 1e-12
