"""Numbers, names and prose as source code: what a reader of the program gets back is what was written, to the bit.

Names come from files and may hold anything; in the source they are strings whose odd characters are escaped, or words
of a comment from which they cannot break out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np

WIDTH = 100
"""No line is longer, but for a single long name."""

SHORT = 40
"""Rows of a matrix up to this length stand beside each other."""

ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(value: object) -> str:
    """A Python literal: text between double quotes, everything that does not print escaped.

    >>> print(quoted('a "b" \\u202e'), quoted(True), quoted(1.5))
    "a \\"b\\" \\u202e" True 1.5
    """
    return f'"{"".join(map(_character, value))}"' if isinstance(value, str) else repr(value)


def _character(one: str) -> str:
    if one in ESCAPES:
        return ESCAPES[one]
    if one.isprintable():
        return one
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"


def quoted_in_c(text: str) -> str:
    """A C string of the text's UTF-8 bytes, all but plain ones escaped (so no trigraphs either).

    >>> print(quoted_in_c('blé?"'))
    "bl\\303\\251\\077\\042"
    """
    plain = re.compile(rb"[A-Za-z0-9 .,:;=()<>+_-]")
    data = text.encode("utf-8", "surrogatepass")
    shown = (chr(byte) if plain.match(bytes([byte])) else f"\\{byte:03o}" for byte in data)
    return f'"{"".join(shown)}"'


def remark(value: object, limit: int = 60) -> str:
    """A name in a comment or a docstring: letters, digits and harmless signs; others become "_".

    >>> remark('price */ [EUR]')
    'price __ _EUR_'
    """
    text = re.sub(r"[^\w .,:;=()<>+-]", "_", str(value).replace("\n", " "))
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def docstring(*paragraphs: str) -> list[str]:
    """The lines of a module's docstring, the first paragraph being its title."""
    filled = [line for text in paragraphs if text for line in ("", *textwrap.wrap(text, WIDTH))][1:]
    return [f'"""{filled[0]}', *filled[1:], '"""'] if len(filled) > 1 else [f'"""{filled[0]}"""']


def number(value: Any) -> str:
    """The shortest text that is read back as the same number.

    >>> number(np.float32(0.1)), number(0.1), number(np.int64(3))
    ('0.1', '0.1', '3')
    """
    item = value.item() if isinstance(value, np.generic) else value
    text = str(value) if isinstance(value, np.float32) else repr(item)
    if isinstance(value, np.float32) and np.float32(float(text)) != value:  # rounded twice, to another number
        text = repr(item)
    return text


def listed(items: Iterable[str], before: str, brackets: str = "()", after: str = "", indent: str = "") -> list[str]:
    """`before(a, b, c)after`, in one line if it fits, else several.

    >>> listed(["1", "2"], "SIZES = ")
    ['SIZES = (1, 2)']
    """
    items = list(items)
    lone = "," if len(items) == 1 and brackets == "()" and before.endswith("= ") else ""
    line = f"{indent}{before}{brackets[0]}{', '.join(items)}{lone}{brackets[1]}{after}"
    if len(line) <= WIDTH:
        return [line]
    inner = f"{indent}    "
    return [f"{indent}{before}{brackets[0]}", *filled(items, inner), f"{indent}{brackets[1]}{after}"]


def filled(items: Iterable[str], indent: str) -> list[str]:
    """Items with commas behind them, as many to a line as it holds."""
    lines, line = [], ""
    for item in items:
        if line and len(indent) + len(line) + len(item) + 2 > WIDTH:
            lines.append(f"{indent}{line}")
            line = ""
        line += f"{' ' if line else ''}{item},"
    return [*lines, f"{indent}{line}"] if line else lines


def array(value: np.ndarray[Any, Any], before: str, after: str = "", indent: str = "") -> list[str]:
    """`before[[1.0, 2.0], [3.0, 4.0]]after`, row by row where one line does not hold it.

    >>> array(np.array([[1.0], [2.0]]), "W = np.array(", ")")
    ['W = np.array([[1.0], [2.0]])']
    """
    line = f"{indent}{before}{_nested(value)}{after}"
    if len(line) <= WIDTH:
        return [line]
    if value.ndim == 1:
        return listed(map(number, value), before, "[]", after, indent)
    texts = [_nested(row) for row in value]
    if max(map(len, texts)) <= SHORT:
        return listed(texts, before, "[]", after, indent)
    rows = [part for row in value for part in array(row, "", ",", f"{indent}    ")]
    return [f"{indent}{before}[", *rows, f"{indent}]{after}"]


def _nested(value: np.ndarray[Any, Any]) -> str:
    return f"[{', '.join(map(number if value.ndim == 1 else _nested, value))}]"


def call(name: str, *given: str, after: str = "", indent: str = "") -> list[str]:
    """A call, its arguments one below the other where a line does not hold them."""
    line = f"{indent}{name}({', '.join(given)}){after}"
    if len(line) <= WIDTH:
        return [line]
    return [f"{indent}{name}(", *(f"{indent}    {part}," for part in given), f"{indent}){after}"]


def options(given: dict[str, Any], usual: dict[str, Any]) -> list[str]:
    """`name=value` of those that are not what the framework takes anyway.

    >>> options({"lr": 0.1, "eps": 1e-08}, {"eps": 1e-08})
    ['lr=0.1']
    """
    return [f"{name}={quoted(value)}" for name, value in given.items() if name not in usual or usual[name] != value]
