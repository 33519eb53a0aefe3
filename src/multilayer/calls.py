"""Names with options as people type them: "moons(noise=0.2)", "leaky_relu(slope=0.1)". Parsed, never run."""

from __future__ import annotations

import ast
from typing import Any

from multilayer.errors import UsageError


def parse_call(text: str, error: type[UsageError] = UsageError) -> tuple[str, dict[str, Any]]:
    """The name and its options; values are literals (numbers, texts, true/false, lists).

    >>> parse_call("momentum(momentum=0.8, lr=1e-3)")
    ('momentum', {'momentum': 0.8, 'lr': 0.001})
    >>> parse_call("relu")
    ('relu', {})
    """
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return name, {}
    malformed = error(f"'{text}' must read like name(option=value, option=value).")
    if not rest.endswith(")"):
        raise malformed
    try:
        call = ast.parse(f"call({rest}", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise malformed from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):  # such as name(...)(...)
        raise malformed
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        raise malformed
    return name.strip(), {str(keyword.arg): _literal(keyword.value, malformed) for keyword in call.keywords}


def _literal(node: ast.expr, malformed: UsageError) -> Any:
    if isinstance(node, ast.Name):  # a bare word stands for itself; true, false and none as in TOML and JSON
        return {"true": True, "false": False, "none": None, "null": None}.get(node.id, node.id)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        raise malformed from None
