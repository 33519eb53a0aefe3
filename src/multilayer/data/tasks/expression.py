"""Expressions of x as people type them, "x^3 - 2*x": parsed to a tree and evaluated with the exact functions.

    sum      = product { ("+" | "-") product }
    product  = signed { ("*" | "/") signed }
    signed   = "-" signed | power
    power    = atom [ ("^" | "**") signed ]          (so -x^2 is -(x^2), and 2^3^2 is 2^(3^2))
    atom     = number | "pi" | "e" | variable | function "(" sum ")" | "(" sum ")"

The variable is x, or the variables are x1 ... x9. Nothing else can be said, and nothing is run as code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, final

import numpy as np

from multilayer import exact
from multilayer.data.tasks.table import Points
from multilayer.errors import DataError, shown, unknown

LONGEST = 200
"""Characters of an expression."""
DEEPEST = 20
"""Brackets, signs and powers within each other."""

CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": exact.sin,
    "cos": exact.cos,
    "tan": lambda a: exact.sin(a) / exact.cos(a),
    "sinh": exact.sinh,
    "cosh": exact.cosh,
    "tanh": exact.tanh,
    "exp": exact.exp,
    "log": exact.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
VARIABLE = re.compile(r"x[1-9]?")
TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z]\w*)|(?P<sign>\*\*|[-+*/^()]))",
    re.ASCII,
)


@final
@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@final
@dataclass(frozen=True)
class Variable:
    """One of the inputs."""

    name: str


@final
@dataclass(frozen=True)
class Operation:
    """A function or an operator ("neg" is the sign) of its parts; `text` is its piece of the expression."""

    symbol: str
    parts: tuple[Tree, ...]
    text: str


Tree: TypeAlias = Number | Variable | Operation


def parse(text: str) -> Tree:
    """The tree of an expression; a DataError with the position where it cannot be read.

    >>> parse("2*x")
    Operation(symbol='*', parts=(Number(value=2.0), Variable(name='x')), text='2*x')
    """
    if len(text) > LONGEST:
        raise DataError(f"An expression has at most {LONGEST} characters, this one has {len(text)}: {shown(text)}.")
    return _Reader(text).read()


def variables(tree: Tree) -> tuple[str, ...]:
    """The inputs of an expression in order: ("x",), or ("x1", ..., "xk") up to the highest that occurs."""
    used = _used(tree)
    if "x" in used and len(used) > 1:
        raise DataError("An expression is of x or of x1, x2, ..., not of both.")
    if not used:
        raise DataError("An expression must contain x (or x1, x2, ...).")
    return ("x",) if "x" in used else tuple(f"x{k}" for k in range(1, int(max(used)[1:]) + 1))


def _used(tree: Tree) -> set[str]:
    match tree:
        case Variable(name):
            return {name}
        case Operation(_, parts):
            return set().union(*(_used(part) for part in parts))
    return set()


@final
class _Reader:
    """The text and the place of the next token."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokens())
        self.next = 0
        self.depth = 0

    def read(self) -> Tree:
        tree = self._sum()
        if self._kind():
            self._fail("expected an operator")
        return tree

    def _tokens(self) -> list[tuple[str, str, int, int]]:
        """(kind, text, start, end) of every token."""
        tokens, at = [], 0
        end = len(self.text.rstrip())
        while at < end:
            found = TOKEN.match(self.text, at)
            if not found:
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                self._refuse(at, f"'{self.text[at]}' has no meaning here")
            kind = str(found.lastgroup)
            tokens.append((kind, found[kind], found.start(kind), found.end()))
            at = found.end()
        return tokens

    def _kind(self) -> str:
        """The sign itself, "number", "name", or "" at the end."""
        if self.next == len(self.tokens):
            return ""
        kind, text, *_ = self.tokens[self.next]
        return text if kind == "sign" else kind

    def _take(self) -> str:
        self.next += 1
        return self.tokens[self.next - 1][1]

    def _start(self) -> int:
        return self.tokens[self.next][2] if self.next < len(self.tokens) else len(self.text)

    def _operation(self, symbol: str, parts: tuple[Tree, ...], start: int) -> Operation:
        return Operation(symbol, parts, self.text[start : self.tokens[self.next - 1][3]])

    def _sum(self) -> Tree:
        start, left = self._start(), self._product()
        while self._kind() in ("+", "-"):
            left = self._operation(self._take(), (left, self._product()), start)
        return left

    def _product(self) -> Tree:
        start, left = self._start(), self._signed()
        while self._kind() in ("*", "/"):
            left = self._operation(self._take(), (left, self._signed()), start)
        return left

    def _signed(self) -> Tree:
        self._deeper()
        start = self._start()
        if self._kind() == "-":
            self._take()
            tree: Tree = self._operation("neg", (self._signed(),), start)
        else:
            tree = self._power()
        self.depth -= 1
        return tree

    def _power(self) -> Tree:
        start, base = self._start(), self._atom()
        if self._kind() not in ("^", "**"):
            return base
        self._take()
        return self._operation("^", (base, self._signed()), start)

    def _atom(self) -> Tree:
        kind = self._kind()
        if kind == "number":
            return self._number()
        if kind == "name":
            return self._name()
        if kind == "(":
            return self._bracket()
        self._fail("expected a number, x, a function or '('")

    def _number(self) -> Tree:
        start, value = self._start(), float(self._take())
        if not math.isfinite(value):
            self._refuse(start, "the number is too large")
        return Number(value)

    def _bracket(self) -> Tree:
        self._take()
        tree = self._sum()
        if self._kind() != ")":
            self._fail("expected ')'")
        self._take()
        return tree

    def _name(self) -> Tree:
        start, name = self._start(), self._take()
        if self._kind() == "(" and name in FUNCTIONS:
            return self._operation(name, (self._bracket(),), start)
        if name in FUNCTIONS:
            self._fail(f"expected '(' after {name}")
        if self._kind() == "(":
            self._refuse(start, _lower(unknown("function", name, FUNCTIONS)))
        if name in CONSTANTS:
            return Number(CONSTANTS[name])
        if not VARIABLE.fullmatch(name):
            self._refuse(start, _lower(unknown("name", name, (*CONSTANTS, "x", "x1 ... x9"))))
        return Variable(name)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            self._refuse(self._start(), f"brackets, signs and powers are nested more than {DEEPEST} deep")

    def _fail(self, reason: str) -> NoReturn:
        found = f"'{self.tokens[self.next][1]}'" if self._kind() else "the end"
        self._refuse(self._start(), f"{reason}, found {found}")

    def _refuse(self, at: int, reason: str) -> NoReturn:
        end = "" if reason.endswith((".", "?")) else "."
        raise DataError(f"The expression {shown(self.text)} cannot be read at position {at + 1}: {reason}{end}")


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def evaluate(tree: Tree, inputs: Mapping[str, Points]) -> Points:
    """The values of an expression at arrays of its inputs; a DataError where it has none.

    >>> evaluate(parse("-x^2"), {"x": np.array([1.0, 3.0])})
    array([-1., -9.])
    """
    with np.errstate(all="ignore"):
        value = _value(tree, inputs)
    return np.array(np.broadcast_to(value, np.broadcast_shapes(*(x.shape for x in inputs.values()))))


def _value(tree: Tree, inputs: Mapping[str, Points]) -> Points:
    match tree:
        case Number(value):
            return np.array(value)
        case Variable(name):
            return inputs[name]
    parts = [_value(part, inputs) for part in tree.parts]
    allowed, reason = DOMAINS.get(tree.symbol, (None, ""))
    if allowed is not None:
        _insist(allowed(*parts), tree, reason, inputs)
    result = _apply(tree.symbol, parts)
    _insist(np.isfinite(result), tree, "it leaves the finite numbers", inputs)
    return result


def _apply(symbol: str, parts: list[Points]) -> Points:
    match symbol:
        case "+":
            return parts[0] + parts[1]
        case "-":
            return parts[0] - parts[1]
        case "*":
            return parts[0] * parts[1]
        case "/":
            return parts[0] / parts[1]
        case "^":
            return np.asarray(exact.power(parts[0], parts[1]), dtype=np.float64)
        case "neg":
            return -parts[0]
    return np.asarray(FUNCTIONS[symbol](parts[0]), dtype=np.float64)


DOMAINS: dict[str, tuple[Callable[..., Points], str]] = {
    "/": (lambda a, b: b != 0.0, "it divides by zero"),
    "log": (lambda a: a > 0.0, "log needs a number above 0"),
    "sqrt": (lambda a: a >= 0.0, "sqrt needs a number of at least 0"),
    "^": (
        lambda b, c: ((np.floor(c) == c) | (b >= 0.0)) & ((b != 0.0) | (c >= 0.0)),
        "a negative number has whole powers only, and zero none below 0",
    ),
}


def _insist(fine: Points, tree: Operation, reason: str, inputs: Mapping[str, Points]) -> None:
    """Raise with the first place where the operation is not fine."""
    if np.all(fine):
        return
    first = int(np.argmin(np.broadcast_to(fine, np.shape(next(iter(inputs.values()))))))
    where = ", ".join(f"{name} = {x[first]:g}" for name, x in inputs.items())
    raise DataError(f"{tree.text} has no value at {where}: {reason}. Choose another range or another expression.")
