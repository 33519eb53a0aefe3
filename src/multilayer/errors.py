"""The exceptions of multilayer and the one grammar of their sentences.

    MultilayerError
    ├── UsageError          something the caller can put right (also a ValueError); the command exits with 2
    │   ├── RecipeError     a network or training setting that cannot be meant
    │   ├── DataError       a table, an array, a task or a split that cannot be used
    │   ├── ShapeError      arrays that do not fit each other or the network
    │   ├── RefusedError    a combination that an engine or a layer does not run, with the reason
    │   ├── RunNotFoundError  no run of that name
    │   └── ModelFileError  a model file that is damaged, foreign or newer than this version
    └── DivergedError       a training whose loss or weights left the finite numbers; the command exits with 3

A sentence says what, where, what was expected, what came and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MultilayerError(Exception):
    """Every error that multilayer raises on purpose."""


class UsageError(MultilayerError, ValueError):
    """Something the caller can put right."""


class RecipeError(UsageError):
    """A network or training setting that cannot be meant."""


class DataError(UsageError):
    """A table, an array, a task or a split that cannot be used."""


class ShapeError(UsageError):
    """Arrays that do not fit each other or the network."""


class RefusedError(UsageError):
    """A combination that an engine or a layer does not run; the sentence says why."""


class RunNotFoundError(UsageError):
    """No run, or more than one, goes by that name."""


class ModelFileError(UsageError):
    """A model file that is damaged, foreign or newer than this version."""


class DivergedError(MultilayerError):
    """A training whose loss or weights left the finite numbers."""


def shown(value: object, limit: int = 60) -> str:
    """The value as it appears in a sentence: its repr, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def sentence(what: str, expected: str, got: object, do: str = "") -> str:
    """The common sentence.

    >>> sentence("lr", "a number greater than 0", -1, "Try lr=0.01.")
    'lr must be a number greater than 0, got -1. Try lr=0.01.'
    """
    return f"{what} must be {expected}, got {shown(got)}." + (f" {do}" if do else "")


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A closing question when one of `choices` is near `word`, else an empty text.

    >>> did_you_mean("leaky_rely", ["relu", "leaky_relu"])
    "Did you mean 'leaky_relu'?"
    """
    folded = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return f"Did you mean '{folded[near[0]]}'?" if near else ""


def unknown(kind: str, word: object, choices: Iterable[str], *, meant: str = "") -> str:
    """The sentence for a name that is not on a list; `meant` is looked for instead of the word when given.

    >>> unknown("activation", "rely", ["relu", "tanh"])
    "There is no activation 'rely'. Did you mean 'relu'? Known: relu, tanh."
    """
    names = sorted(choices)
    hint = did_you_mean(meant or str(word), names)
    parts = [f"There is no {kind} {shown(word)}.", hint, f"Known: {', '.join(names)}."]
    return " ".join(part for part in parts if part)
