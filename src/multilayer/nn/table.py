"""From a name and options to the object: what the tables of activations and initializers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from multilayer.constraints import options_of
from multilayer.errors import RecipeError, did_you_mean, unknown


def build(
    kind: str, table: Mapping[str, type], name: object, options: Mapping[str, Any], *, meant: Mapping[str, str]
) -> Any:
    """The class that `table` holds under `name`, called with `options`; raises RecipeError where that cannot be meant.

    `meant` has names that others use, and ours for the same thing: they are suggested, never accepted.
    """
    if not isinstance(name, str) or name not in table:
        word = str(name).lower()
        raise RecipeError(unknown(kind, name, table, meant=meant.get(word, word)))
    declared = options_of(table[name])
    for option in options:
        if option not in declared:
            known = f"Known: {', '.join(declared)}." if declared else "It has none."
            parts = (f"The {kind} '{name}' has no option '{option}'.", did_you_mean(option, declared), known)
            raise RecipeError(" ".join(part for part in parts if part))
    for needed in declared.values():
        if needed.default is MISSING and needed.name not in options:
            raise RecipeError(f"The {kind} '{name}' needs the option {needed.name}.")
    return table[name](**options)
