"""A recipe in a line, as people speak of one: "64-100-10, ReLU, Adam 0.01 along a cosine, 200 epochs of 32 rows"."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from multilayer.recipe.named import Entry

if TYPE_CHECKING:
    from multilayer.recipe.recipe import Recipe

SPELLED = {
    "relu": "ReLU", "leaky_relu": "leaky ReLU", "prelu": "PReLU", "elu": "ELU", "selu": "SELU", "gelu": "GELU",
    "silu": "SiLU", "layer_norm": "layer normalization", "batch_norm": "batch normalization",
    "adam": "Adam", "adamw": "AdamW", "adamax": "AdaMax", "nadam": "Nadam", "amsgrad": "AMSGrad", "sgd": "SGD",
    "rmsprop": "RMSprop", "adagrad": "AdaGrad", "adadelta": "AdaDelta", "adafactor": "Adafactor", "lbfgs": "L-BFGS",
    "lamb": "LAMB", "lion": "Lion", "muon": "Muon", "ftrl": "FTRL", "nesterov": "Nesterov momentum",
}  # fmt: skip
"""Names as the field writes them, where that differs from how they are typed."""
ALONG = {
    "constant": "",
    "cosine": " along a cosine",
    "step": " in steps",
    "exponential": " falling exponentially",
    "inverse_time": " falling as 1/t",
    "one_cycle": " in one cycle",
    "warm_up": " after a warm-up",
    "reduce_on_plateau": " less on plateaus",
}
SAID = ("layers", "loss", "optimizer", "lr", "schedule", "batch_size", "epochs")
"""What a line says in any case; other settings only where they are not neutral."""
USUAL = {"dtype": ("float32",), "weight_decay": (0.0,)}
"""What `resolve` chooses for most recipes, which is no news."""


def spelled(name: str) -> str:
    """A name as the field writes it.

    >>> spelled("relu"), spelled("cross_entropy")
    ('ReLU', 'cross entropy')
    """
    return SPELLED.get(name, name.replace("_", " "))


def network_line(layers: Sequence[Entry], n_in: int | None = None) -> str:
    """Widths from the inputs to the outputs, and what stands between them.

    >>> network_line([{"layer": "linear", "units": 40}, {"layer": "relu"}, {"layer": "linear", "units": 1}], 2)
    '2-40-1, ReLU'
    """
    if not layers:
        return "a network of your own"
    widths = [entry["units"] for entry in layers if "units" in entry]
    shown = [str(width).replace("auto", "?") for width in ([] if n_in is None else [n_in]) + widths]
    kinds = dict.fromkeys(_kind(entry) for entry in layers if entry["layer"] != "linear")
    return ", ".join(["-".join(shown) if len(shown) > 1 else f"{shown[0]} units", *kinds])


def _kind(entry: Entry) -> str:
    return f"dropout {entry['p_drop']:g}" if entry["layer"] == "dropout" else spelled(entry["layer"])


def training_line(recipe: Recipe) -> str:
    """How the network is trained: the loss, the optimizer, how long, and whatever is not usual.

    >>> from multilayer.recipe import Recipe
    >>> training_line(Recipe.of(loss="huber", optimizer="sgd", lr=0.1, schedule="constant", epochs=30, l2=1e-3))
    'huber loss, SGD 0.1, 30 epochs, l2 0.001'
    """
    if recipe.epochs == 0:
        return "not trained"
    loss = [] if recipe.loss == "auto" else [_loss(recipe.loss["name"])]
    return ", ".join([*loss, _optimizer(recipe), _epochs(recipe), *_unusual(recipe)])


def _loss(name: str) -> str:
    return spelled(name) if name.endswith(("error", "entropy")) else f"{spelled(name)} loss"


def _optimizer(recipe: Recipe) -> str:
    rate = "" if recipe.lr == "auto" else f" {recipe.lr:g}"
    name = "constant" if recipe.schedule == "auto" else recipe.schedule["name"]
    return f"{spelled(recipe.optimizer['name'])}{rate}{ALONG.get(name, f' by {spelled(name)}')}"


def _epochs(recipe: Recipe) -> str:
    size, epochs = recipe.batch_size, recipe.epochs
    many = "epochs by the size of the data" if epochs == "auto" else f"{epochs} epoch{'s' * (epochs != 1)}"
    rows = {"auto": "", "full": " of all rows at once", 1: " of single rows"}.get(size, f" of {size} rows")
    return f"{many}{rows}"


def _unusual(recipe: Recipe) -> list[str]:
    """The settings that are neither said already nor neutral."""
    found = []
    for field in dataclasses.fields(recipe):
        value: Any = getattr(recipe, field.name)
        if field.name not in SAID and value != field.default and value not in USUAL.get(field.name, ()):
            found.append(_setting(field.name, value))
    return found


def _setting(name: str, value: Any) -> str:
    said = {"penalize_biases": "biases penalized", "keep": f"the {value} weights kept"}.get(name)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return said or f"{name.replace('_', ' ')} {shown}"


def recipe_line(recipe: Recipe, n_in: int | None = None) -> str:
    """The whole recipe in a line.

    >>> from multilayer.recipe import Recipe
    >>> recipe_line(Recipe.of(hidden=[40], lr=0.01, epochs=50, batch_size=32), 2)
    '2-40-?, ReLU, Adam 0.01, 50 epochs of 32 rows'
    """
    return f"{network_line(recipe.layers, n_in)}, {training_line(recipe)}"
