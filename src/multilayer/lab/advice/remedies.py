"""The settings that help a recipe against overfitting and underfitting, as options of the command and in Python."""

from __future__ import annotations

from multilayer.recipe import Recipe

BENDING = (
    *("maxout", "sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish"),
    *("softplus", "softsign", "ramp", "sine", "step"),
)


def held_back(recipe: Recipe) -> tuple[str, str]:
    """What keeps a network from learning rows by heart and is not there yet; patience is not among it, since the best
    epoch is kept anyway."""
    options: list[tuple[str, str]] = []
    widths = _widths(recipe)
    if recipe.keep == "last":
        options.append(("--keep best", 'keep="best"'))
    if recipe.l2 < 0.01:
        options.append(("--l2 0.01", "l2=0.01"))
    if widths and recipe.optimizer["name"] != "lbfgs" and not any(e["layer"] == "dropout" for e in recipe.layers):
        options.append(("--dropout 0.2", "dropout=0.2"))
    if not options and max(widths, default=0) > 1:
        options.append(_hidden([max(width // 2, 1) for width in widths]))
    if not options:
        options.append((f"--l2 {10 * recipe.l2:g}", f"l2={10 * recipe.l2:g}"))
    return " ".join(command for command, _ in options), ", ".join(python for _, python in options)


def follow_closer(recipe: Recipe) -> tuple[str, str]:
    """What lets a network follow the data more closely."""
    for name in ("l2", "l1", "weight_decay"):
        if getattr(recipe, name) >= 0.02:
            return f"--{name.replace('_', '-')} 0", f"{name}=0"
    if any(entry["layer"] == "dropout" and entry["p_drop"] >= 0.5 for entry in recipe.layers):
        return "--dropout 0", "dropout=0"
    widths = _widths(recipe)
    if widths and not bends(recipe):
        return "--activation relu", 'activation="relu"'
    return _hidden([max(2 * width, 40) for width in widths] + ([40] if len(widths) < 2 else []))


def _hidden(widths: list[int]) -> tuple[str, str]:
    return f"--hidden {','.join(map(str, widths))}", f"hidden={widths}"


def _widths(recipe: Recipe) -> list[int]:
    """Those of the hidden layers."""
    return [entry["units"] for entry in recipe.layers if "units" in entry][:-1]


def bends(recipe: Recipe) -> bool:
    """Whether anything in the network is not linear."""
    return any(entry["layer"] in BENDING for entry in recipe.layers)
