"""How a file is to be read and what its columns are for, as far as anybody said so; the rest is guessed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, TypeAlias, final, get_args

from multilayer.constraints import REFUSED, Choice, Constraint, Flag, Integer, Maybe, check, options_of
from multilayer.data.column import ColumnKind
from multilayer.data.target import TargetKind
from multilayer.errors import DataError, UsageError, did_you_mean, sentence, unknown

Names: TypeAlias = tuple[str, ...]

BLANKS = " "
"""The delimiter of cells that are separated by any number of blanks."""

TYPE_WORDS: dict[str, ColumnKind] = {"number": "number", "text": "category", "boolean": "boolean", "date": "date"}
"""What `types` may say of a column."""


@final
@dataclass(frozen=True)
class _Delimiter(Constraint):
    """One character, or one of the words for those that are hard to type."""

    WORDS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "blank": BLANKS, "blanks": BLANKS}  # noqa: RUF012
    expects = "one character, or one of 'comma', 'semicolon', 'tab', 'pipe', 'blanks'"

    def accept(self, value: object) -> Any:
        if not isinstance(value, str):
            return REFUSED
        word = self.WORDS.get(value, value.replace("\\t", "\t"))
        return word if len(word) == 1 and word.isascii() and not word.isalnum() and word not in "\"'\r\n." else REFUSED


@final
@dataclass(frozen=True)
class _Encoding(Constraint):
    """An encoding that Python knows."""

    expects = "an encoding such as 'utf-8', 'latin-1' or 'utf-16'"

    def accept(self, value: object) -> Any:
        try:
            "".encode(value) if isinstance(value, str) else value.fail  # type: ignore[attr-defined]
        except (LookupError, AttributeError, TypeError, ValueError):
            return REFUSED
        return value


@final
@dataclass(frozen=True)
class TableOptions:
    """What was said about a file; None and empty mean that it is found out.

    target         name of the target's column, its number counted from 1 (from the end: -1), or several of them
    kind           "binary", "classes", "multilabel" or "regression"; "classification" lets the labels decide
    drop           columns to leave out
    keep_columns   columns to keep that would be left out
    weight_column  the column of sample weights
    group          the column whose equal cells stay together in one part of the rows
    test           a file with the same columns: the test part
    header         whether the first line holds the names
    delimiter      one character, or "tab", "comma", "semicolon", "pipe", "blanks"
    decimal        "." or ","
    encoding       "utf-8", "latin-1", "utf-16" ...
    missing        further words that mean a missing cell
    types          {column: "number", "text", "boolean", "date", or a date's form such as "%m/%d/%Y"}
    fold           which of a folder's fixed splits, counted from 0
    image_size     images become squares of so many pixels
    """

    target: Any = None
    kind: str | None = None
    drop: Names = ()
    keep_columns: Names = ()
    weight_column: str | None = None
    group: str | None = None
    test: str | os.PathLike[str] | None = None
    header: Annotated[bool | None, Maybe(Flag())] = None
    delimiter: Annotated[str | None, Maybe(_Delimiter())] = None
    decimal: Annotated[str | None, Maybe(Choice(".", ","))] = None
    encoding: Annotated[str | None, Maybe(_Encoding())] = None
    missing: Names = ()
    types: Mapping[str, str] = field(default_factory=dict)
    fold: Annotated[int | None, Maybe(Integer(0))] = None
    image_size: Annotated[int | None, Maybe(Integer(1, 1024))] = None

    def __post_init__(self) -> None:
        for name in ("drop", "keep_columns", "missing"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        for option in options_of(TableOptions).values():
            object.__setattr__(
                self, option.name, check(option.constraint, getattr(self, option.name), option.name, UsageError)
            )
        kinds = (*get_args(TargetKind), "classification")
        if self.kind is not None and self.kind not in kinds:
            raise DataError(unknown("target kind", self.kind, kinds))
        if not isinstance(self.types, Mapping):
            raise UsageError(sentence("types", "a table of columns and kinds such as {'zip': 'text'}", self.types))
        for column, word in self.types.items():
            if word not in TYPE_WORDS and "%" not in str(word):
                expected = "number, text, boolean, date or a date's form such as %m/%d/%Y"
                raise UsageError(sentence(f"types of {column!r}", expected, word, did_you_mean(str(word), TYPE_WORDS)))

    def to_dict(self) -> dict[str, Any]:
        """What was said, as plain data for JSON."""
        found = {name: getattr(self, name) for name in self.given}
        return {name: _plain(value) for name, value in found.items()}

    @property
    def given(self) -> list[str]:
        """The names of what was said."""
        plain = TableOptions.__dataclass_fields__
        return [name for name in plain if getattr(self, name) not in (None, (), {})]


OPTIONS = tuple(option.name for option in fields(TableOptions))


def _names(what: str, given: object) -> Names:
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Sequence) or any(not isinstance(name, str) for name in given):
        raise UsageError(sentence(what, "a list of texts", given))
    return tuple(given)


def _plain(value: Any) -> Any:
    """Paths as text, tuples as lists, anything else as it is."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
