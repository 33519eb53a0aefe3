"""Which engine trains a recipe."""

from __future__ import annotations

from multilayer.engines.contract import Engine
from multilayer.engines.native_engine import Native
from multilayer.engines.reference import Reference
from multilayer.errors import RefusedError, UsageError, unknown
from multilayer.recipe import Recipe

ENGINES: dict[str, type[Native] | type[Reference]] = {"native": Native, "reference": Reference}
WORDS = {
    "native": "the same bits on every machine, at its full speed.",
    "reference": "it trains whatever gradients can train.",
}


def choose(recipe: Recipe, engine: str = "auto") -> tuple[Engine, str]:
    """The engine, and one sentence on why it is this one.

    "auto" takes the first engine that does not refuse the recipe; a name insists on one, and raises RefusedError
    with the reason where it refuses.
    """
    if engine not in ("auto", *ENGINES):
        raise UsageError(unknown("engine", engine, ["auto", *ENGINES]))
    reasons: list[str] = []
    for name in ENGINES if engine == "auto" else [engine]:
        chosen = ENGINES[name]()
        reason = chosen.refuses(recipe)
        if reason is None:
            because = "as asked for." if engine == name else reasons[0] if reasons else WORDS[name]
            return chosen, f"{name}, {because}" if engine == name else f"{name}: {because}"
        reasons.append(reason)
    raise RefusedError(reasons[-1])
