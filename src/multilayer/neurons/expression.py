"""Logical expressions: the grammar, and the tree it gives.

    expression = either { "->" either }
    either     = odd { "or" odd }
    odd        = all { "xor" all }
    all        = negation { "and" negation }
    negation   = { "not" } atom
    atom       = name | "true" | "false" | "(" expression ")"

So `not` binds tightest, then `and`, `xor`, `or`, and `->` last, read from the right. The text is parsed, never run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from multilayer.errors import UsageError, did_you_mean, shown

WORDS = ("and", "or", "not", "xor", "true", "false")
NESTING = 50
"""How deep parentheses may stand in each other."""

TOKEN = re.compile(r"\s*([^\W\d]\w*|->|\S)")


@final
@dataclass(frozen=True)
class Name:
    """A variable."""

    name: str


@final
@dataclass(frozen=True)
class Constant:
    """`true` or `false`."""

    value: bool


@final
@dataclass(frozen=True)
class Not:
    """The opposite of another expression."""

    of: Tree


@final
@dataclass(frozen=True)
class Many:
    """Two or more expressions joined by one word; `xor` of many is true when an odd number of them is."""

    word: Literal["and", "or", "xor"]
    parts: tuple[Tree, ...]


Tree: TypeAlias = Name | Constant | Not | Many


def parse(text: str) -> Tree:
    """The tree of an expression.

    >>> parse("a and not b")
    Many(word='and', parts=(Name(name='a'), Not(of=Name(name='b'))))
    """
    if not isinstance(text, str):
        raise UsageError(f"An expression must be text such as 'a and not b', got {shown(text)}.")
    reader = _Reader(text)
    tree = reader.expression()
    reader.finish()
    return tree


def names_of(text: str) -> tuple[str, ...]:
    """The variables of an expression, each once, in the order in which they first stand in it.

    >>> names_of("b or a and b")
    ('b', 'a')
    """
    return tuple(dict.fromkeys(word for word, _ in _tokens(text) if word.isidentifier() and word not in WORDS))


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """(token, position counted from 1), and at last an empty token where the text ends."""
    for match in TOKEN.finditer(text):
        yield match[1], match.start(1) + 1
    yield "", len(text.rstrip()) + 1


@final
class _Reader:
    """Recursive descent, one method for each line of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.place = 0
        self.depth = 0

    @property
    def token(self) -> str:
        return self.tokens[self.place][0]

    def take(self, *words: str) -> bool:
        """Step over the next token if it is one of these."""
        found = self.token in words
        self.place += found
        return found

    def expression(self) -> Tree:
        # a -> (b -> c) says: not a, or not b, or c
        parts = self.chain("->", self.either)
        *conditions, conclusion = parts
        return Many("or", (*(Not(part) for part in conditions), conclusion)) if conditions else conclusion

    def either(self) -> Tree:
        return _many("or", self.chain("or", self.odd))

    def odd(self) -> Tree:
        return _many("xor", self.chain("xor", self.all))

    def all(self) -> Tree:
        return _many("and", self.chain("and", self.negation))

    def chain(self, word: str, part: Callable[[], Tree]) -> list[Tree]:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return parts

    def negation(self) -> Tree:
        negated = False
        while self.take("not"):
            negated = not negated
        atom = self.atom()
        return Not(atom) if negated else atom

    def atom(self) -> Tree:
        word = self.token
        if self.take("true", "false"):
            return Constant(word == "true")
        if self.take("("):
            return self.parentheses()
        if word in WORDS or not word.isidentifier():
            raise self.error("a name")
        self.place += 1
        return Name(word)

    def parentheses(self) -> Tree:
        self.depth += 1
        if self.depth > NESTING:
            raise UsageError(f"Parentheses may stand in each other {NESTING} deep. Write the expression in parts.")
        tree = self.expression()
        if not self.take(")"):
            raise self.error("')'")
        self.depth -= 1
        return tree

    def finish(self) -> None:
        if self.token:
            raise self.error("'and', 'or', 'xor', '->' or the end")

    def error(self, expected: str) -> UsageError:
        """The one sentence: what was expected, after what, where, and what stands there."""
        word, position = self.tokens[self.place]
        after = f"after '{self.tokens[self.place - 1][0]}'" if self.place else "at the start"
        got = f"'{word}'" if word else "the end"
        hint = did_you_mean(word.lower(), WORDS) if word.lower() not in ("", word) else ""
        where = f"at character {position} of {shown(self.text)}"
        return UsageError(f"Expected {expected} {after} {where}, got {got}." + (f" {hint}" if hint else ""))


def _many(word: Literal["and", "or", "xor"], parts: list[Tree]) -> Tree:
    return Many(word, tuple(parts)) if len(parts) > 1 else parts[0]
