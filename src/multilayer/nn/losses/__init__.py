"""The losses: how far the network's output is from the target, with the derivative by the output.

>>> import numpy as np
>>> loss = get({"name": "huber", "delta": 2})
>>> loss(np.array([[3.0]]), [0.0])
(4.0, array([[2.]]))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from multilayer.errors import RecipeError, shown
from multilayer.nn.losses.entropy import CrossEntropy, Log, SigmoidCrossEntropy
from multilayer.nn.losses.loss import Loss, Reduction, TargetForm
from multilayer.nn.losses.margin import Hinge, MaxMargin, SquaredHinge
from multilayer.nn.losses.regression import AbsoluteError, GaussianNLL, Huber, Poisson, Quantile, SquaredError
from multilayer.nn.table import build

LOSSES: dict[str, type[Loss]] = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "log": Log,
    "sigmoid_cross_entropy": SigmoidCrossEntropy,
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "cross_entropy": CrossEntropy,
    "max_margin": MaxMargin,
    "poisson": Poisson,
    "gaussian_nll": GaussianNLL,
    "quantile": Quantile,
}

MEANT = {
    "mse": "squared_error",
    "mean_squared_error": "squared_error",
    "square": "squared_error",
    "l2": "squared_error",
    "mae": "absolute_error",
    "mean_absolute_error": "absolute_error",
    "l1": "absolute_error",
    "smooth_l1": "huber",
    "pinball": "quantile",
    "bce": "sigmoid_cross_entropy",
    "bce_with_logits": "sigmoid_cross_entropy",
    "binary_crossentropy": "sigmoid_cross_entropy",
    "binary_cross_entropy": "sigmoid_cross_entropy",
    "logistic": "sigmoid_cross_entropy",
    "log_loss": "sigmoid_cross_entropy",
    "softmax": "cross_entropy",
    "log_softmax": "cross_entropy",
    "nll": "cross_entropy",
    "softmax_cross_entropy": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
}
"""Names used elsewhere, and ours for the same loss: suggested, never accepted."""

NOTES = {
    "squared_error": "It is half the squared error, so its derivative is y - target.",
    "sigmoid_cross_entropy": "It takes logits: the network ends without a sigmoid.",
    "cross_entropy": "It takes logits: the network ends without a softmax.",
}
"""What whoever comes with another name should know."""


def get(spec: Any) -> Loss:
    """The loss that `spec` means: a name, {"name": ..., options}, or a loss itself.

    >>> get("hinge")
    Hinge(margin=1.0, reduction='mean')
    """
    if isinstance(spec, str):
        return _made(spec, {})
    if isinstance(spec, Mapping) and "name" in spec:
        return _made(spec["name"], {option: value for option, value in spec.items() if option != "name"})
    if callable(spec) and not isinstance(spec, type):
        return cast(Loss, spec)
    raise RecipeError(
        f"loss must be a name, a dictionary with a name, or a loss object, got {shown(spec)}. "
        'For example "huber", {"name": "huber", "delta": 2} or Huber(delta=2).'
    )


def takes(loss: Loss) -> TargetForm:
    """What a loss wants as target; a user's own loss that does not say takes numbers."""
    return cast(TargetForm, getattr(loss, "takes", "numbers"))


def outputs_per_target(loss: Loss) -> int:
    """How many outputs of the network one target number needs."""
    return int(getattr(loss, "outputs_per_target", 1))


def _made(name: Any, options: Mapping[str, Any]) -> Loss:
    ours = MEANT.get(str(name).lower(), "")
    try:
        return cast(Loss, build("loss", LOSSES, name, options, meant=MEANT))
    except RecipeError as error:
        if ours not in NOTES:
            raise
        said, known, names = str(error).partition("Known:")
        raise RecipeError(f"{said}{NOTES[ours]} {known}{names}") from None


__all__ = [
    "LOSSES",
    "AbsoluteError",
    "CrossEntropy",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "Log",
    "Loss",
    "MaxMargin",
    "Poisson",
    "Quantile",
    "Reduction",
    "SigmoidCrossEntropy",
    "SquaredError",
    "SquaredHinge",
    "TargetForm",
    "get",
    "outputs_per_target",
    "takes",
]
