"""How much work a fit is worth: quick, good or best, a number of networks and how each is trained.

docs/decisions/0012-tabular-defaults.md has the measurements these were chosen by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

from multilayer.data.dataset import TargetKind
from multilayer.recipe import Recipe

BINS = 16


@final
@dataclass(frozen=True)
class Effort:
    """So many networks, each validated by one of so many folds and trained for so many epochs or more; with `bins` a
    number is also piecewise linear features between so many quantiles, for some of the networks."""

    folds: int
    networks: int
    hidden: tuple[int, ...] = (128, 128)
    epochs: int = 60
    bins: int = BINS

    def views(self, kind: TargetKind) -> tuple[int, ...]:
        """The bins that networks see a number in, in turn; 0 is the number alone. Thresholds are what trees have before
        networks: where numbers are to be predicted most networks have them, where classes are, most do not.

        >>> EFFORTS["good"].views("regression"), EFFORTS["good"].views("classification")
        ((16, 0, 16), (0, 16, 0))
        """
        return (self.bins, 0, self.bins) if kind == "regression" else (0, self.bins, 0)


EFFORTS: dict[str, Effort] = {
    "quick": Effort(folds=5, networks=2),
    "good": Effort(folds=5, networks=5),
    "best": Effort(folds=7, networks=21),
}
MOST_FEATURES = 1500
"""Bins are fewer where the columns are many, so that the first layer stays this narrow."""
LEAST_EPOCHS, MOST_EPOCHS = 10, 400
FEW_ROWS_SEEN, MANY_ROWS_SEEN = 150_000, 2_000_000
"""Training rows that a network meets, each counted as often as it is met: at least, and at most."""
LR = 0.01


def bins_for(bins: int, numbers: int) -> int:
    """The bins of each number where there are so many columns of them."""
    return min(bins, max(2, MOST_FEATURES // max(numbers, 1)))


def epochs_for(effort: Effort, rows: int, kind: TargetKind) -> int:
    """The epochs of a network that trains on so many rows; more for numbers where rows are few, so that the steps
    suffice: an error goes on falling where the log loss of classes has long turned.

    >>> [epochs_for(EFFORTS["good"], rows, "regression") for rows in (100, 500, 5_000, 100_000)]
    [400, 300, 60, 20]
    """
    least = min(FEW_ROWS_SEEN // rows, MOST_EPOCHS) if kind == "regression" else 0
    return max(LEAST_EPOCHS, min(max(effort.epochs, least), MANY_ROWS_SEEN // rows))


def recipe_for(effort: Effort, rows: int, monitor: str, epochs: int) -> Recipe:
    """The recipe of one network that trains on so many rows. A learned scale of each feature comes first, so that a
    useless one can fade early (the front scale of RealMLP: Holzmüller, Grinsztajn & Steinwart, NeurIPS 2024)."""
    settings: dict[str, Any] = {
        "hidden": list(effort.hidden),
        "activation": "relu",
        "optimizer": "adamw",
        "lr": LR,
        "weight_decay": decay_for(rows),
        "schedule": "cosine",
        "batch_size": batch_size(rows),
        "epochs": epochs,
        "monitor": monitor,
        "keep": "best",
        "dtype": "float32",
    }
    network = Recipe.of(**settings)
    return replace(network, layers=({"layer": "scale"}, *network.layers))


def decay_for(rows: int) -> float:
    """0.3 up to 1,000 rows, and less the more there are: so much in all, however many steps an epoch has.

    >>> decay_for(500), decay_for(10_000)
    (0.3, 0.03)
    """
    return 0.3 * min(1.0, 1000 / rows)


def batch_size(rows: int) -> int:
    """32 rows for small tables, up to 256 for large ones."""
    for limit, size in ((16_384, 32), (32_768, 64), (65_536, 128)):
        if rows <= limit:
            return min(size, rows)
    return 256
