"""The layers of a recipe: plain entries, one to one with the classes of `nn`.

An entry is {"layer": kind, option: value ...}; the options of a kind are the declared fields of its class, so a
constraint is written once, beside the mathematics. Widths are not written but follow: a linear or maxout entry says
its number of `units`, every other layer keeps the width it is given. Short forms: 40 is a linear layer of 40 units,
"relu" or "elu(alpha=0.5)" is that activation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from multilayer.constraints import Choice, Integer, Or, check, options_of
from multilayer.errors import RecipeError, UsageError, shown, unknown
from multilayer.nn import (
    ACTIVATIONS,
    BatchNorm,
    Dropout,
    LayerNorm,
    Linear,
    Maxout,
    Scale,
    Sequential,
    initializers,
)
from multilayer.recipe.named import Entry, no_option, with_name

LAYERS: dict[str, Any] = {
    "linear": Linear,
    "maxout": Maxout,
    "dropout": Dropout,
    "layer_norm": LayerNorm,
    "batch_norm": BatchNorm,
    "scale": Scale,
    **ACTIVATIONS,
}
UNITS = Or(Integer(1), Choice("auto"))
WIDTHS = ("n", "n_in", "n_out")


def dense(kind: str) -> bool:
    """Whether a kind of layer has units of its own."""
    return kind in ("linear", "maxout")


def normalized(entry: Any, where: str) -> Entry:
    """The entry in its long form, every option written out.

    >>> normalized("relu", "layer 1")
    {'layer': 'relu'}
    >>> normalized({"layer": "elu"}, "layer 1")
    {'layer': 'elu', 'alpha': 1.0}
    """
    entry = with_name(entry, key="layer")
    if isinstance(entry, str):
        entry = {"layer": entry}
    elif isinstance(entry, Integral) and not isinstance(entry, bool):
        entry = {"layer": "linear", "units": entry}
    if not isinstance(entry, dict) or "layer" not in entry:
        raise RecipeError(
            f"{where} must be a table such as {{'layer': 'linear', 'units': 40}}, a number of units or the name of an "
            f"activation, got {shown(entry)}."
        )
    kind = entry["layer"]
    if not isinstance(kind, str) or kind not in LAYERS:
        raise RecipeError(f"{where}: " + unknown("layer", kind, LAYERS))
    cls = LAYERS[kind]
    given = {name: value for name, value in entry.items() if name != "layer"}
    full: Entry = {"layer": kind}
    if dense(kind):
        full["units"] = check(UNITS, given.pop("units", "auto"), f"units of {where}")
    for field in dataclasses.fields(cls):
        if field.init and field.name not in WIDTHS:
            full[field.name] = _option(cls, field, given.pop(field.name, field.default), where)
    if given:
        known = [name for name in full if name != "layer"]
        raise RecipeError(no_option(f"{where} ({kind})", next(iter(given)), known))
    return full


def _option(cls: Any, field: dataclasses.Field[Any], value: Any, where: str) -> Any:
    if field.name.endswith("_init"):
        return value if value == "auto" else initializer_entry(value, f"{field.name} of {where}")
    if value is dataclasses.MISSING:
        raise RecipeError(f"{where} needs its {field.name}: {options_of(cls)[field.name].constraint.expects}.")
    return check(options_of(cls)[field.name].constraint, value, f"{field.name} of {where}")


def initializer_entry(spec: Any, where: str) -> Entry:
    """An initializer as plain data, {"name": ..., option: value ...}.

    >>> initializer_entry("uniform", "weight_init")
    {'name': 'uniform', 'low': -1.0, 'high': 1.0}
    """
    return named_entry(initializers.INITIALIZERS, initializers.get(with_name(spec)), "initializers", where)


def named_entry(table: dict[str, Any], instance: Any, kind: str, where: str) -> Entry:
    """An instance of one of the classes in `table` as {"name": ..., its declared options}."""
    for name, cls in table.items():
        options = options_of(cls)
        if type(instance) is cls:
            return {"name": name, **{option: getattr(instance, option) for option in options}}
    raise RecipeError(f"{where} must be one of this version's {kind} to stand in a recipe, got {shown(instance)}.")


def shorthand(
    hidden: Sequence[int],
    activation: Any,
    output_activation: Any,
    *,
    dropout: float = 0.0,
    norm: str = "none",
    bias: bool = True,
    weight_init: Any = "auto",
    bias_init: Any = "zeros",
    pieces: int = 2,
) -> list[Any]:
    """The list of layers that `hidden=[40, 40], activation="relu"` stands for.

    Each hidden layer is linear, then normalization, activation and dropout where asked for; then comes the output
    layer. `activation` is one for all or a list, one for each; "maxout" makes the linear layer itself a maxout.
    """
    activations = list(activation) if isinstance(activation, (list, tuple)) else [activation] * len(hidden)
    if len(activations) != len(hidden):
        raise RecipeError(
            f"activation must be one name, or a list with one for each hidden layer ({len(hidden)}), "
            f"got {len(activations)}."
        )
    initial = {"bias": bias, "weight_init": weight_init, "bias_init": bias_init}
    layers: list[Any] = []
    for units, chosen in zip(hidden, activations, strict=True):
        if chosen == "maxout":
            options = {name: value for name, value in initial.items() if name != "bias"}
            layers.append({"layer": "maxout", "units": units, "pieces": pieces, **options})
        else:
            layers.append({"layer": "linear", "units": units, **initial})
        if norm != "none":
            layers.append({"layer": f"{norm}_norm"})
        if chosen not in ("maxout", "identity"):
            layers.append(chosen)
        if dropout:
            layers.append({"layer": "dropout", "p_drop": dropout})
    layers.append({"layer": "linear", "units": "auto", **initial})
    if output_activation != "identity":
        layers.append(output_activation)
    return layers


def output_activation(entries: Sequence[Entry]) -> str:
    """The kind of activation after the last linear or maxout layer; "identity" when there is none."""
    for entry in reversed(entries):
        if dense(entry["layer"]):
            return "identity"
        if entry["layer"] in ACTIVATIONS:
            return str(entry["layer"])
    return "identity"


def resolved(entries: Sequence[Entry], n_out: int) -> tuple[Entry, ...]:
    """The entries with the output width and every "auto" initializer written out."""
    last = max((i for i, entry in enumerate(entries) if dense(entry["layer"])), default=None)
    if last is None:
        raise RecipeError("The network has no linear or maxout layer, so nothing could be trained. Add one to layers.")
    result = []
    for position, entry in enumerate(entries):
        entry = dict(entry)
        if dense(entry["layer"]):
            entry["units"] = _units(entry["units"], position, last, n_out)
            for name in ("weight_init", "bias_init"):
                if entry[name] == "auto":
                    after = entry["layer"] if entry["layer"] == "maxout" else _activation_after(entries, position)
                    entry[name] = initializer_entry(initializers.default_for(after), name)
        result.append(entry)
    return tuple(result)


def _units(units: Any, position: int, last: int, n_out: int) -> int:
    if position < last and units == "auto":
        raise RecipeError(f"units of layer {position} must be a whole number: only the last layer's width follows.")
    if position == last and units not in ("auto", n_out):
        raise RecipeError(
            f"The last layer must have {n_out} {'unit' if n_out == 1 else 'units'} for this target and loss, got "
            f"{units}. Leave its units out, or write 'auto'."
        )
    return n_out if position == last else int(units)


def _activation_after(entries: Sequence[Entry], position: int) -> str | None:
    for entry in entries[position + 1 :]:
        if dense(entry["layer"]):
            return None
        if entry["layer"] in ACTIVATIONS:
            return str(entry["layer"])
    return None


def least_weights(entries: Iterable[Entry], n_in: int) -> int:
    """A number of weights that the layers have at least, and of which they have at most a few times as many: what a
    file must hold before its network is made.

    >>> least_weights([{"layer": "linear", "units": 3}, {"layer": "scale"}], 2)
    9
    """
    needed, width = 0, n_in
    for entry in entries:
        if dense(entry["layer"]):
            needed, width = needed + width * entry["units"] * entry.get("pieces", 1), entry["units"]
        elif any(field.name == "n" for field in dataclasses.fields(LAYERS[entry["layer"]])):
            needed += width
    return needed


def described(net: Sequential, n_in: int) -> list[Entry] | None:
    """The entries of a network made by hand for inputs of width `n_in`; None where they cannot say it: layers or
    initializers of a user's own, a network inside the network, shared weights, weights frozen one by one.

    What the entries say is built and compared with the network itself.

    >>> described(Sequential(Linear(2, 4), Dropout(0.5)), 2)[1]
    {'layer': 'dropout', 'p_drop': 0.5}
    """
    kinds = {cls: kind for kind, cls in LAYERS.items()}
    layers: list[Any] = list(net.layers)
    if any(type(layer) not in kinds for layer in layers) or not any(dense(kinds[type(layer)]) for layer in layers):
        return None
    entries = []
    for layer in layers:
        kind = kinds[type(layer)]
        entry: Entry = {"layer": kind, **({"units": layer.n_out} if dense(kind) else {})}
        names = [field.name for field in dataclasses.fields(layer) if field.init and field.name not in WIDTHS]
        entries.append({**entry, **{name: getattr(layer, name) for name in names}})
    try:
        rebuilt = network([normalized(entry, "a layer") for entry in entries], n_in, seed=None)
        return entries if _same(net, rebuilt, n_in) else None
    except UsageError:
        return None


def _same(net: Sequential, rebuilt: Sequential, n_in: int) -> bool:
    """Whether two networks have the same weights by name and, with equal weights, the same outputs."""
    ours, theirs = net.named_weights(), rebuilt.named_weights()
    if {name: (p.value.shape, p.frozen) for name, p in ours.items()} != {
        name: (p.value.shape, p.frozen) for name, p in theirs.items()
    } or len({p.value.dtype for p in ours.values()}) != 1:
        return False
    for name, parameter in theirs.items():
        parameter.assign(ours[name].value.copy())
    x = np.linspace(-1, 1, n_in, dtype=ours[next(iter(ours))].value.dtype)[None]
    return np.array_equal(net.forward(x)[0], rebuilt.forward(x)[0], equal_nan=True)


def network(entries: Iterable[Entry], n_in: int, *, seed: int | None, dtype: Any = "float64") -> Sequential:
    """The network of resolved entries for inputs of width `n_in`, its weights drawn from `seed`.

    >>> network(resolved([normalized(40, ""), normalized("relu", ""), normalized(1, "")], 1), 2, seed=0)
    Sequential(...)
    """
    layers = []
    width = n_in
    for entry in entries:
        kind, cls = entry["layer"], LAYERS[entry["layer"]]
        options = {name: value for name, value in entry.items() if name not in ("layer", "units")}
        if dense(kind):
            layers.append(cls(width, entry["units"], **options))
            width = entry["units"]
        else:
            keeps = any(field.name == "n" for field in dataclasses.fields(cls))
            layers.append(cls(width, **options) if keeps else cls(**options))
    return Sequential(*layers, seed=seed, dtype=dtype)
