"""The shorthand of a network: `hidden=[40, 40], activation="relu"` and what goes with it, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Annotated, Any

import numpy as np

from multilayer.constraints import Boolean, Choice, Count, Fraction, Integer, check, options_of
from multilayer.errors import RecipeError, shown, unknown
from multilayer.nn import ACTIVATIONS
from multilayer.recipe.layers import initializer_entry, normalized
from multilayer.recipe.named import with_name

SHORTHAND = (
    "hidden",
    "activation",
    "output_activation",
    "dropout",
    "norm",
    "bias",
    "weight_init",
    "bias_init",
    "pieces",
)


@dataclass(frozen=True)
class _Shorthand:
    """The constraints of the shorthand settings."""

    dropout: Fraction = 0.0
    norm: Annotated[str, Choice("none", "layer", "batch")] = "none"
    bias: Boolean = True
    pieces: Annotated[int, Integer(2)] = 2


@dataclass(frozen=True)
class _Widths:
    units: Count = 1


def checked_shorthand(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `layers.shorthand`, checked."""
    settings = dict(settings)
    network: dict[str, Any] = {"hidden": _hidden(settings.pop("hidden", (100,)))}
    chosen = settings.pop("activation", "relu")
    network["activation"] = (
        [_activation(one) for one in chosen] if isinstance(chosen, (list, tuple)) else _activation(chosen)
    )
    network["output_activation"] = _activation(settings.pop("output_activation", "identity"))
    if network["output_activation"] == "maxout":
        raise RecipeError("output_activation cannot be maxout: it is a layer with weights of its own, not a function.")
    for name in ("weight_init", "bias_init"):
        value = settings.pop(name, "auto" if name == "weight_init" else "zeros")
        network[name] = value if value == "auto" else initializer_entry(with_name(value), name)
    for name, option in options_of(_Shorthand).items():
        network[name] = check(option.constraint, settings.pop(name, option.default), name)
    return network


def _hidden(hidden: Any) -> list[int]:
    """The widths of the hidden layers; one number is one layer, None and "none" are none."""
    if hidden is None or (isinstance(hidden, str) and hidden == "none"):
        return []
    hidden = hidden.tolist() if isinstance(hidden, np.ndarray) else hidden
    widths = (hidden,) if isinstance(hidden, Integral) and not isinstance(hidden, bool) else hidden
    if not isinstance(widths, (list, tuple)):
        raise RecipeError(f"hidden must be a list of whole numbers such as [40, 40], got {shown(hidden)}.")
    width = options_of(_Widths)["units"].constraint
    return [check(width, units, f"hidden[{place}]") for place, units in enumerate(widths)]


def _activation(spec: Any) -> Any:
    """A name, or an entry with options; "maxout" passes as a name."""
    given = with_name(spec, key="layer")
    name = given["layer"] if isinstance(given, dict) and "layer" in given else given
    if name == "maxout":
        if isinstance(given, dict) and len(given) > 1:
            raise RecipeError(f"maxout takes its number of pieces from the setting pieces, got {shown(spec)}.")
        return "maxout"
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise RecipeError(unknown("activation", name, [*ACTIVATIONS, "maxout"]))
    return normalized(given, "activation") if isinstance(given, dict) else given
