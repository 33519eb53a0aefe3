"""The house: which part of the package may import which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

STOREYS = (
    ("version", "errors", "calls", "card", "constraints", "arrays", "room", "exact", "rng"),
    ("nn", "optim", "neurons", "check"),
    ("data", "recipe"),
    ("_native", "engines"),
    ("estimators", "files", "pictures"),
    ("lab", "report"),
    ("cli", "serve"),
)
STOREY = {part: number for number, parts in enumerate(STOREYS) for part in parts}
FRONT_DOOR = ("__init__", "__main__")

WITHIN = {
    "arrays": {"errors", "constraints"},
    "calls": {"errors"},
    "check": {"nn", "optim"},
    "constraints": {"errors"},
    "engines": {"_native"},
    "estimators": {"files", "pictures"},
    "exact": {"errors"},
    "neurons": {"nn"},
    "pictures": {"files"},
    "recipe": {"data"},
    "lab": {"report"},
    "rng": {"errors", "exact"},
    "room": {"arrays", "errors"},
    "cli": {"serve"},
}
"""Imports drawn inside a storey; any other of them is wrong."""


def wrong_imports(package: Path) -> list[str]:
    """Every import that points up or sideways, as 'optim/sgd.py:1 imports nn'."""
    found = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        part = place.parts[0].removesuffix(".py")
        if part in FRONT_DOOR:
            continue
        if part not in STOREY:
            found.append(f"{place.as_posix()} stands in no storey")
            continue
        for line, other in imported_parts(path.read_text(encoding="utf-8"), place):
            if not may_import(part, other):
                found.append(f"{place.as_posix()}:{line} imports {other or 'the front door'}")
    return found


def may_import(part: str, other: str) -> bool:
    """Whether `part` may import `other` ('' is the front door)."""
    if other not in STOREY:
        return False
    return part == other or STOREY[other] < STOREY[part] or other in WITHIN.get(part, ())


def imported_parts(source: str, place: Path) -> Iterator[tuple[int, str]]:
    """(line, part of the package) for every import of the package's own, at any depth of the source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            home = _home(node, place)
            names = [f"{home}.{alias.name}" for alias in node.names] if home == "multilayer" else [home]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            if top == "multilayer":
                part = rest.partition(".")[0]
                yield node.lineno, part if part in STOREY else ""


def _home(node: ast.ImportFrom, place: Path) -> str:
    """The module that a `from` names, relative ones resolved."""
    if not node.level:
        return node.module or ""
    above = ("multilayer", *place.parts[:-1])
    above = above[: len(above) - node.level + 1]
    return ".".join((*above, node.module) if node.module else above)
