"""What a training will take of the machine's memory, known before any of it is taken."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from multilayer.engines.contract import Data, Member
from multilayer.errors import RefusedError
from multilayer.recipe import Recipe
from multilayer.recipe.layers import dense
from multilayer.room import in_words, machine_memory

COPIES = 6
"""Arrays of a parameter's size: itself, its gradient, two moments, the last epoch's and the best one's."""


def check_memory(members: Sequence[Member], data: Data, threads: int | None) -> None:
    """Raise RefusedError, with the sizes, where these members cannot fit into the machine's memory."""
    available = machine_memory()
    batches, parameters = 0.0, 0.0
    for member in members:
        own, batch = sizes(member.recipe, data.x.shape[1], len(member.train))
        parameters += own
        batches = max(batches, batch)
    needed = parameters + batches * min(threads or os.cpu_count() or 1, max(len(members), 1))
    if needed > available:
        raise RefusedError(
            f"The training needs about {in_words(needed)} of memory ({in_words(parameters)} for parameters and "
            f"moments, the rest for batches), and this machine has {in_words(available)}. "
            "Use fewer units, a smaller batch_size or fewer members."
        )


def sizes(recipe: Recipe, n_in: int, n_train: int) -> tuple[float, float]:
    """Bytes of a member's parameters with all their copies, and of one of its batches."""
    rows = n_train if recipe.batch_size == "full" else min(int(recipe.batch_size), n_train)
    parameters, units, width = 0, n_in, n_in
    for entry in recipe.layers:
        if dense(entry["layer"]):
            parameters += entry.get("pieces", 1) * (width + 1) * entry["units"]
            width = entry["units"]
        units += width
    size = np.dtype(recipe.dtype).itemsize
    return float(COPIES * parameters * size), float(2 * units * rows * size)
