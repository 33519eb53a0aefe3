"""How much work a fit is worth: quick, good or best, each a network, its training and a number of them.

docs/decisions/0014-tabular-defaults.md has the measurements these were chosen by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from multilayer.recipe import Recipe


@final
@dataclass(frozen=True)
class Effort:
    """`folds` networks validate on a fold each, `seeds` times over; `bins` of a number's piecewise linear features."""

    folds: int
    seeds: int
    bins: int
    hidden: tuple[int, ...]
    epochs: int
    dropout: float
    lr: float


EFFORTS: dict[str, Effort] = {
    "quick": Effort(folds=1, seeds=1, bins=8, hidden=(128,), epochs=40, dropout=0.0, lr=0.003),
    "good": Effort(folds=5, seeds=1, bins=16, hidden=(256, 256), epochs=60, dropout=0.1, lr=0.002),
    "best": Effort(folds=8, seeds=3, bins=24, hidden=(256, 256), epochs=100, dropout=0.15, lr=0.002),
}
MOST_FEATURES = 1500
"""Bins are fewer where the columns are many, so that the first layer stays this narrow."""


def bins_for(effort: Effort, numbers: int) -> int:
    """The bins of each number where there are so many columns of them."""
    return max(2, min(effort.bins, MOST_FEATURES // max(numbers, 1)))


def recipe_for(effort: Effort, rows: int, kind: str, monitor: str, epochs: int) -> Recipe:
    """The recipe of one network that trains on so many rows."""
    settings: dict[str, Any] = {
        "hidden": list(effort.hidden),
        "activation": "silu",
        "dropout": effort.dropout,
        "optimizer": "adamw",
        "lr": effort.lr,
        "weight_decay": 0.02,
        "schedule": "cosine",
        "batch_size": batch_size(rows),
        "epochs": epochs,
        "monitor": monitor,
        "keep": "best",
        "dtype": "float32",
    }
    return Recipe.of(**settings)


def batch_size(rows: int) -> int:
    """32 rows for small tables, up to 512 for large ones."""
    for limit, size in ((1024, 32), (4096, 64), (16384, 128), (65536, 256)):
        if rows <= limit:
            return min(size, rows)
    return 512
