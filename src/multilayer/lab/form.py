"""The form of a stored record: which entries it has, and what each may be."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, TypeAlias, final, get_args

from multilayer.constraints import REFUSED, Choice, Constraint, Flag, Integer, Maybe, Real, check
from multilayer.data.target import TargetKind
from multilayer.errors import ModelFileError, sentence
from multilayer.lab.run import RunStatus

Form: TypeAlias = Any
"""A constraint, {name: form} for a table with these entries, [form] for a list of such, `Each`, or None: anything."""


@final
@dataclass(frozen=True)
class Each:
    """A table whose entries, whatever their names, have one form."""

    form: Form


@final
@dataclass(frozen=True)
class Text(Constraint):
    """Text, the whole of which fits a pattern."""

    pattern: str = r"(?s:.*)"
    expects: str = "text"

    def accept(self, value: object) -> Any:
        return value if isinstance(value, str) and re.fullmatch(self.pattern, value) else REFUSED


@final
@dataclass(frozen=True)
class Label(Constraint):
    """Text, a finite number, true or false."""

    expects = "text, a finite number, true or false"

    def accept(self, value: object) -> Any:
        plain = isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value))
        return value if plain else REFUSED


@final
@dataclass(frozen=True)
class Score(Constraint):
    """A finite number; None stands for a score that is not a number."""

    expects = "a finite number, or none"

    def accept(self, value: object) -> Any:
        return math.nan if value is None else Real().accept(value)


DIGEST = Text("[0-9a-f]{64}", "64 hexadecimal digits")
SCORES = Each(Each(Score()))
RECORD: Form = {
    "id": Text("[0-9a-f]{8}", "8 hexadecimal digits"),
    "task": Text(),
    "source": Text(),
    "reading": Each(None),
    "asked": {"digest": DIGEST, "question": None},
    "answered": {
        "status": Choice(*get_args(RunStatus)),
        "why": Text(),
        "weights": DIGEST,
        "epochs": Integer(0),
        "steps": Integer(0),
        "scores": SCORES,
        "baselines": Each(SCORES),
        "compared": Each({"seconds": Real(0), "low": Maybe(Real()), "high": Maybe(Real()), "why": Text()}),
        "intervals": Each([Real()]),
        "observed": Each(Maybe(Label())),
        "history": [Text()],
    },
    "rows": Each(Integer(0)),
    "target": {
        "kind": Choice(*get_args(TargetKind)),
        "names": [Text()],
        "classes": [Label()],
        "float_classes": Flag(),
    },
    "engine": Each(Text()),
    "machine": Each(Maybe(Label())),
    "started": Text(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+00:00", "a time such as 2026-01-31T12:00:00+00:00"
    ),
    "seconds": Real(0),
}
COLUMNS: Form = [
    {
        "name": Text(),
        "kind": Choice("number", "category", "boolean", "date"),
        "categories": [Text()],
        "missing": Flag(),
    }
]


def checked(value: Any, form: Form, where: str) -> Any:
    """What a form asks for, and nothing else of the value; raises ModelFileError where it does not have that form.

    >>> checked({"steps": 3, "more": []}, {"steps": Integer(0)}, "the record")
    {'steps': 3}
    """
    if form is None:
        return value
    if isinstance(form, Constraint):
        return check(form, value, where, ModelFileError)
    if isinstance(form, list):
        if not isinstance(value, list):
            raise ModelFileError(sentence(where, "a list", value))
        return [checked(inner, form[0], f"an entry of {where}") for inner in value]
    if not isinstance(value, dict):
        raise ModelFileError(sentence(where, "a table", value))
    entries = dict.fromkeys(value, form.form) if isinstance(form, Each) else form
    missing = [name for name in entries if name not in value]
    if missing:
        raise ModelFileError(f"{where} has no {missing[0]}")
    return {name: checked(value[name], inner, f"{name} of {where}") for name, inner in entries.items()}
