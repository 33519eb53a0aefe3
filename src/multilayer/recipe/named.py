"""Named parts as plain data, {"name": ..., option: value ...}: optimizers, schedules, and the calls people type."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from multilayer.calls import parse_call
from multilayer.constraints import check, options_of
from multilayer.errors import RecipeError, did_you_mean, shown, unknown
from multilayer.optim import SCHEDULES

Entry: TypeAlias = dict[str, Any]


def with_name(spec: Any, key: str = "name") -> Any:
    """A call as it is typed, as data; anything else as it is.

    >>> with_name("huber(delta=2)")
    {'name': 'huber', 'delta': 2}
    """
    if not isinstance(spec, str) or "(" not in spec:
        return spec
    name, options = parse_call(spec, RecipeError)
    if key in options:
        raise RecipeError(f"'{spec}' has its name before the bracket: leave {key}={shown(options[key])} out.")
    return {key: name, **options}


def part(table: Mapping[str, Any], kind: str, spec: Any, beside: Iterable[str] = ()) -> Entry:
    """An optimizer or schedule with every own option written out; `beside` are settings of the recipe instead."""
    given = with_name(spec)
    given = {"name": given} if isinstance(given, str) else given
    if not isinstance(given, dict) or "name" not in given:
        raise RecipeError(f"{kind} must be a name or a table such as {{'name': ...}}, got {shown(spec)}.")
    name = given["name"]
    if not isinstance(name, str) or name not in table:
        raise RecipeError(unknown(kind, name, table))
    options = {n: option for n, option in options_of(table[name]).items() if n not in beside}
    for option_name in given:
        if option_name in beside and option_name != "steps_per_epoch":  # that is the engine's to know
            beside_it = f"Write {option_name}= beside {kind}=."
            raise RecipeError(f"{option_name} is a setting of its own, not an option of the {kind}. {beside_it}")
        if option_name != "name" and option_name not in options:
            raise RecipeError(no_option(f"The {kind} '{name}'", option_name, options))
    entry: Entry = {"name": name}
    for option_name, option in options.items():
        if option_name not in given and option.default is dataclasses.MISSING:
            raise RecipeError(f"The {kind} '{name}' needs its option {option_name}: {option.constraint.expects}.")
        value = given.get(option_name, option.default)
        entry[option_name] = check(option.constraint, value, f"{option_name} of {name}")
    return entry


def no_option(what: str, option: str, known: Iterable[str]) -> str:
    """The sentence for an option that does not exist.

    >>> no_option("The schedule 'step'", "evry", ["every", "factor"])
    "The schedule 'step' has no option 'evry'. Did you mean 'every'? Known: every, factor."
    """
    known = list(known)
    parts = (
        f"{what} has no option '{option}'.",
        did_you_mean(str(option), known),
        f"Known: {', '.join(known)}." if known else "It has none.",
    )
    return " ".join(one for one in parts if one)


def schedule_entry(spec: Any) -> Entry:
    """A schedule as plain data; a warm-up holds the schedule that follows it.

    >>> schedule_entry("step(every=30)")
    {'name': 'step', 'every': 30.0, 'factor': 0.1}
    """
    given = with_name(spec)
    follows = None
    if isinstance(given, dict) and given.get("name") == "warm_up":
        given = dict(given)
        follows = given.pop("then", None)
    entry = part(SCHEDULES, "schedule", given)
    if entry["name"] == "warm_up":
        entry["then"] = None if follows is None else schedule_entry(follows)
    if entry.get("mode") == "max":
        raise RecipeError("mode of reduce_on_plateau follows the monitor in a recipe. Leave it out.")
    return entry


def timed(schedule: Entry, epochs: int) -> Entry:
    """A schedule that runs over the whole training is told how long that is."""
    known = dict(schedule)
    if known.get("then"):
        known["then"] = timed(known["then"], math.ceil(epochs - known["epochs"]))
    if "epochs" in known and known["epochs"] is None:
        known["epochs"] = max(epochs, 1)
    return known
