"""Declared constraints: what a setting may be, said once, checked everywhere.

A setting is declared where it lives, as the type of a dataclass field:

    @dataclass(frozen=True)
    class ELU:
        alpha: Positive = 1.0

        def __post_init__(self) -> None:
            check_fields(self)

The same declaration checks the constructor's argument, the recipe's entry and the command's option, and
writes the sentence when one of them cannot be meant.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
from abc import ABC, abstractmethod
from typing import Annotated, Any, final, get_type_hints

from multilayer.errors import RecipeError, did_you_mean, sentence

REFUSED = object()
"""What `accept` returns for a value outside the constraint (None may be a legal value)."""


class Constraint(ABC):
    """A set of values with a description in words."""

    expects: str
    """Completes the sentence 'must be ...'."""

    @abstractmethod
    def accept(self, value: object) -> Any:
        """The value in its plain form (int, float, bool, str ...), or REFUSED."""

    def hint(self, value: object) -> str:
        """A closing question for a near miss."""
        return ""


def _float(value: numbers.Real) -> float:
    """The value as float64; a whole number beyond its range counts as infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


@final
@dataclasses.dataclass(frozen=True)
class Real(Constraint):
    """A finite number in an interval; `open_low` and `open_high` exclude the ends."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    @property
    def expects(self) -> str:  # type: ignore[override]
        if self.low == -math.inf and self.high == math.inf:
            return "a finite number"
        if self.high == math.inf:
            return f"a number greater than {self.low:g}" if self.open_low else f"a number of at least {self.low:g}"
        left, right = "(["[not self.open_low], ")]"[not self.open_high]
        return f"a number in {left}{self.low:g}, {self.high:g}{right}"

    def accept(self, value: object) -> Any:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            return REFUSED
        number = _float(value)
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return number if math.isfinite(number) and above and below else REFUSED


@final
@dataclasses.dataclass(frozen=True)
class Integer(Constraint):
    """A whole number in a closed interval; 3.0 is accepted as 3."""

    low: int | None = None
    high: int | None = None

    @property
    def expects(self) -> str:  # type: ignore[override]
        if self.low is not None and self.high is not None:
            return f"a whole number from {self.low} to {self.high}"
        return "a whole number" if self.low is None else f"a whole number of at least {self.low}"

    def accept(self, value: object) -> Any:
        if isinstance(value, bool) or not isinstance(value, numbers.Real) or not _float(value).is_integer():
            return REFUSED
        number = int(value) if isinstance(value, numbers.Integral) else int(float(value))
        inside = (self.low is None or number >= self.low) and (self.high is None or number <= self.high)
        return number if inside else REFUSED


@final
@dataclasses.dataclass(frozen=True)
class Flag(Constraint):
    """True or false, and nothing that merely counts as such."""

    expects = "true or false"

    def accept(self, value: object) -> Any:
        return value if isinstance(value, bool) else REFUSED


@final
@dataclasses.dataclass(frozen=True, init=False)
class Choice(Constraint):
    """One word from a list."""

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    @property
    def expects(self) -> str:  # type: ignore[override]
        words = ", ".join(f"'{word}'" for word in self.words)
        return f"one of {words}" if len(self.words) > 1 else words

    def accept(self, value: object) -> Any:
        return value if isinstance(value, str) and value in self.words else REFUSED

    def hint(self, value: object) -> str:
        return did_you_mean(value, self.words) if isinstance(value, str) else ""


@final
@dataclasses.dataclass(frozen=True)
class Maybe(Constraint):
    """Another constraint, or None."""

    inner: Constraint

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"{self.inner.expects}, or none"

    def accept(self, value: object) -> Any:
        return None if value is None else self.inner.accept(value)

    def hint(self, value: object) -> str:
        return self.inner.hint(value)


@final
@dataclasses.dataclass(frozen=True)
class Or(Constraint):
    """One constraint or the other, tried in this order."""

    first: Constraint
    second: Constraint

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"{self.first.expects} or {self.second.expects}"

    def accept(self, value: object) -> Any:
        accepted = self.first.accept(value)
        return self.second.accept(value) if accepted is REFUSED else accepted

    def hint(self, value: object) -> str:
        return self.first.hint(value) or self.second.hint(value)


Positive = Annotated[float, Real(0, open_low=True)]
NonNegative = Annotated[float, Real(0)]
Fraction = Annotated[float, Real(0, 1, open_high=True)]
Unit = Annotated[float, Real(0, 1)]
Finite = Annotated[float, Real()]
Count = Annotated[int, Integer(1)]
Natural = Annotated[int, Integer(0)]
Boolean = Annotated[bool, Flag()]
MaybePositive = Annotated[float | None, Maybe(Real(0, open_low=True))]


@dataclasses.dataclass(frozen=True)
class Option:
    """A declared setting: its constraint and its default (`dataclasses.MISSING` when it has none)."""

    name: str
    constraint: Constraint
    default: Any


@functools.cache
def options_of(cls: type) -> dict[str, Option]:
    """The declared settings of a dataclass, by name, in order.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Leaky:
    ...     slope: Fraction = 0.01
    >>> options_of(Leaky)["slope"].default
    0.01
    """
    hints = get_type_hints(cls, include_extras=True)
    found = {}
    for field in dataclasses.fields(cls):
        for extra in getattr(hints[field.name], "__metadata__", ()):
            if isinstance(extra, Constraint):
                found[field.name] = Option(field.name, extra, field.default)
    return found


def check(constraint: Constraint, value: object, what: str, error: type[Exception] = RecipeError) -> Any:
    """The value in its plain form; raises `error` with the sentence otherwise.

    >>> check(Real(0, 1), 0.5, "momentum")
    0.5
    """
    accepted = constraint.accept(value)
    if accepted is REFUSED:
        raise error(sentence(what, constraint.expects, value, constraint.hint(value)))
    return accepted


def check_fields(self: Any) -> None:
    """Check every declared field of a dataclass instance, and bring it into its plain form."""
    for option in options_of(self.__class__).values():
        what = f"{option.name} of {type(self).__name__}"
        object.__setattr__(self, option.name, check(option.constraint, getattr(self, option.name), what))
