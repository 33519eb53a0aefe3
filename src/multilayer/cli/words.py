"""From the words of a command line to values; whether the values can be meant is decided where they are declared."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multilayer.data.tables import TableOptions
from multilayer.errors import UsageError, unknown
from multilayer.recipe.layers import dense


def asked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `lab.ask` in the options of `multilayer train`, those left out left out."""
    given = {name: word for name, word in options.items() if word is not None and name not in NOT_ASKED}
    values = {name: READ.get(name, value)(word) for name, word in given.items()} | kind(options)
    by_hand = weights(options["weights"], options["bias"])
    flags = {"bias": False} if options.get("no_bias") else {}
    flags |= {"penalize_biases": True} if options.get("penalize_biases") else {}
    return {**values, **flags, **seeds(options), **({"weights": by_hand} if by_hand else {})}


def seeds(options: Mapping[str, Any]) -> dict[str, Any]:
    """The seeds that --seed and --seeds say together: so many from the first one on."""
    first, many = options.get("seed"), options.get("seeds")
    if many is None:
        return {} if first is None else {"seeds": (value(first),)}
    count, start = value(many), 0 if first is None else value(first)
    if not isinstance(count, int) or not 2 <= count <= MOST_SEEDS:
        raise UsageError(f"--seeds must be how many, a whole number from 2 to {MOST_SEEDS}, got '{many}'.")
    return {"seeds": tuple(range(start, start + count)) if isinstance(start, int) else (start,)}


def seconds(word: str | None) -> float | None:
    """A time in seconds.

    >>> seconds("30s"), seconds("2m"), seconds("1.5h"), seconds(None)
    (30.0, 120.0, 5400.0, None)
    """
    if word is None:
        return None
    found = TIME.fullmatch(word.strip().lower())
    if not found or not float(found[1]):
        raise UsageError(f"--time-limit must be a time such as 30s, 2m or 1h, got '{word}'.")
    return float(found[1]) * UNITS[found[2]]


def metric(word: str) -> str:
    """A metric by its name here, in whatever case and with whatever hyphens; names from elsewhere are explained."""
    from multilayer.data.metrics import FORMS, METRICS

    name = unicodedata.normalize("NFKC", word.strip().lower().replace("-", "_"))
    if name in FORMS:
        raise UsageError(FORMS[name])
    if name not in ("loss", *METRICS):
        raise UsageError(unknown("metric", word, ("loss", *METRICS), meant=name))
    return name


def kind(options: Mapping[str, Any]) -> dict[str, str]:
    """What --classification, --regression and --kind say together."""
    said, word = options.get("classification"), options.get("kind")
    if said is None:
        return {} if word is None else {"kind": word}
    if word is not None:
        raise UsageError(f"--{'classification' if said else 'regression'} and --kind say the same: give one of them.")
    return {"kind": "classification" if said else "regression"}


def reading(options: Mapping[str, Any]) -> TableOptions:
    """How the rows to predict are read."""
    given = {name: options[name] for name in ("header", "delimiter", "decimal", "encoding", "missing")}
    return TableOptions(**{name: READ.get(name, value)(word) for name, word in given.items() if word is not None})


def types(word: str) -> dict[str, str]:
    """What columns are, by name.

    >>> types("zip=text,when=%d.%m.%Y")
    {'zip': 'text', 'when': '%d.%m.%Y'}
    """
    pairs = [pair.rpartition("=") for pair in list_of(word)]
    if any(not equals for _, equals, _ in pairs):
        raise UsageError(f"--types must read like zip=text,day=date, got '{word}'.")
    return {name: kind for name, _, kind in pairs}


def setting(word: str) -> Any:
    """As `value`, for options that take one number; raises UsageError where a comma stands for the decimal point."""
    if DECIMAL_COMMA.fullmatch(word.strip()):
        raise UsageError(f"Decimals stand behind a point here: write {word.strip().replace(',', '.')}, got '{word}'.")
    return value(word)


def value(word: str) -> Any:
    """A number where the word reads as one, else the word.

    >>> value("0.1"), value("3"), value("full")
    (0.1, 3, 'full')
    """
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(word.lower(), word)


def widths(word: str) -> list[Any]:
    """The hidden layers: "40,40" as [40, 40], "none" as [].

    >>> widths("40,40"), widths("none"), widths("40;forty")
    ([40, 40], [], ['40;forty'])
    """
    if word.strip().lower() == "none":
        return []
    parts = re.split(r"[x×;\s]+", word.strip())
    if len(parts) > 1 and all(part.isdecimal() for part in parts):
        raise UsageError(f"--hidden must be widths with commas, got '{word}'. Write --hidden {','.join(parts)}.")
    return [value(part.strip()) for part in word.split(",")]


def names(word: str) -> Any:
    """One name, or a list of them: commas inside brackets belong to a name's options.

    >>> names("relu,tanh"), names("uniform(low=0, high=1)")
    (['relu', 'tanh'], 'uniform(low=0, high=1)')
    """
    parts, depth = [""], 0
    for character in word:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts] if len(parts) > 1 else word


def list_of(word: str) -> list[str]:
    """Names with commas between them; one that has a comma stands between double quotes.

    >>> list_of('gp, knn'), list_of('age,"name, first"')
    (['gp', 'knn'], ['age', 'name, first'])
    """
    return [part.strip() for part in next(csv.reader([word], skipinitialspace=True), [])]


def numbers(word: str, option: str) -> list[float]:
    """A list of finite numbers with commas; raises UsageError naming the option."""
    try:
        found = [float(part) for part in word.split(",")]
    except ValueError:
        raise UsageError(f"{option} must be numbers with commas such as 1,1, got '{word}'.") from None
    if not all(np.isfinite(found)):
        raise UsageError(f"{option} must be finite numbers, got '{word}'.")
    return found


def weights(word: str | None, bias: str | None) -> dict[str, Any] | None:
    """Weights by name: of a single layer from numbers (input by input, its outputs beside each other), or from a
    JSON file that maps names to lists.

    >>> weights("1,1", "-1.5")
    {'0.W': [[1.0], [1.0]], '0.b': [-1.5]}
    """
    if word is None and bias is None:
        return None
    if word is None:
        raise UsageError("--bias needs --weights beside it: give both, or neither.")
    if word.endswith(".json"):
        if bias is not None:
            raise UsageError("--bias cannot stand beside a file of weights: put the biases into the file.")
        return _weights_file(Path(word))
    named: dict[str, Any] = {}
    found = numbers(word, "--weights")
    biases = numbers(bias, "--bias") if bias is not None else None
    n_out = len(biases) if biases else 1
    if len(found) % n_out:
        raise UsageError(f"--weights must be a multiple of the {n_out} biases in number, got {len(found)}.")
    named["0.W"] = np.reshape(found, (-1, n_out)).tolist()
    return named if biases is None else {**named, "0.b": biases}


def check_one_layer(word: str | None, layers: Sequence[Mapping[str, Any]]) -> None:
    """Refuse numbers as the weights of a network that has more than one layer."""
    n_layers = sum(dense(entry["layer"]) for entry in layers)
    if word is not None and not word.endswith(".json") and n_layers > 1:
        raise UsageError(
            f"--weights with numbers sets one layer, but the network has {n_layers}. Write --hidden none, or put the "
            "weights into a JSON file."
        )


def _weights_file(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The weights {path} could not be read: {error.strerror}.") from None
    except ValueError as error:
        raise UsageError(f"The weights {path} are not valid JSON: {str(error).rstrip('.')}.") from None
    if not isinstance(found, dict):
        raise UsageError(f"The weights {path} must map names such as '0.W' to lists, got a {type(found).__name__}.")
    return found


READ: dict[str, Callable[[str], Any]] = {
    "compare": list_of,
    "hidden": widths,
    "monitor": metric,
    "activation": names,
    "target": str,
    "recipe": str,
    "drop": list_of,
    "keep_columns": list_of,
    "missing": list_of,
    "types": types,
    "header": bool,
    **dict.fromkeys(("lr", "l1", "l2", "weight_decay", "dropout", "noise", "min_delta"), setting),
    **dict.fromkeys(("clip_value", "clip_norm", "max_norm"), setting),
    **dict.fromkeys(("weight_column", "group", "test", "delimiter", "decimal", "encoding"), str),
}
"""How an option's word is read; `value` reads the others."""
NOT_ASKED = (
    *("data", "report", "classification", "kind", "runs", "json_output", "engine", "seed", "seeds", "weights", "bias"),
    *("no_bias", "penalize_biases", "time_limit", "threads", "save_recipe", "quiet"),
)
TIME, UNITS = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)"), {"s": 1, "m": 60, "h": 3600}
MOST_SEEDS = 1000
DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
