"""Which engine trains a recipe."""

from __future__ import annotations

from multilayer.engines.contract import Engine
from multilayer.engines.reference import Reference
from multilayer.errors import RefusedError, UsageError, unknown
from multilayer.recipe import Recipe

ENGINES: dict[str, type[Reference]] = {"reference": Reference}


def choose(recipe: Recipe, engine: str = "auto") -> tuple[Engine, str]:
    """The engine, and one sentence on why it is this one.

    "auto" takes the first engine that does not refuse the recipe; a name insists on one, and raises RefusedError
    with the reason where it refuses.
    """
    if engine != "auto" and engine not in ENGINES:
        raise UsageError(unknown("engine", engine, ["auto", *ENGINES]))
    reasons = []
    for name, cls in ENGINES.items():
        if engine not in ("auto", name):
            continue
        reason = cls().refuses(recipe)
        if reason is None:
            return (
                cls(),
                f"{name}, as asked for." if engine == name else f"{name}: it trains whatever gradients can train.",
            )
        reasons.append(reason)
    raise RefusedError(reasons[0])
