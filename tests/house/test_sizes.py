from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.house.source import ROOT, files_of_tests, modules, shown

LONGEST_FILE = 400
LONGEST_FUNCTION = 50


def test_files_are_short():
    sources = [*modules(), *files_of_tests(), *sorted((ROOT / "native").rglob("*.[ch]pp"))]
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short():
    long = {}
    for path in [*modules(), *files_of_tests()]:
        for name, length in _functions(path):
            if length > LONGEST_FUNCTION:
                long[f"{shown(path)}:{name}"] = length
    assert long == {}


def test_sizes_are_reported(figure):
    lengths = [length for path in modules() for _, length in _functions(path)]
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in modules()]
    figure("modules of the package", len(lines))
    figure("lines of the package", sum(lines))
    figure("median lines of a module", float(median(lines)))
    figure("median lines of a function", float(median(lengths)))
    figure("lines of the longest function", max(lengths))
    assert median(lengths) <= 13


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, number of lines of the body) of every function; signature and docstring are declarations."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
