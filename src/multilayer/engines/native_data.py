"""Members, rows and weights as plain data: what the compiled module is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.engines.contract import Data, Member

SETTINGS = (
    "reduction", "lr", "l1", "l2", "penalize_biases", "weight_decay", "max_norm", "clip_value",
    "clip_norm", "noise", "min_delta", "monitor", "keep",
)  # fmt: skip

MOST = 2**53
"""No training comes to so many epochs, and the compiled module counts a little further."""


def pairs(weights: Mapping[str, Array]) -> list[tuple[str, Array]]:
    return [(name, np.ascontiguousarray(value)) for name, value in weights.items()]


def table(data: Data) -> dict[str, Any]:
    """The shared rows; arrays in C order are not copied."""
    one_of = data.target.kind in ("binary", "classes")
    values = data.target.values
    return {
        "x": np.ascontiguousarray(data.x, dtype=None if data.x.dtype == np.float32 else np.float64),
        "kind": data.target.kind,
        "outputs": 1 if one_of else int(values.shape[1]),
        "target": np.ascontiguousarray(values, dtype=np.int64 if one_of else np.float64),
        "weight": None if data.weight is None else np.ascontiguousarray(data.weight, dtype=np.float64),
    }


def plain_member(member: Member) -> dict[str, Any]:
    """A member as plain data and arrays."""
    recipe, prepared, rows = member.recipe, member.preparation, max(len(member.train), 1)
    patience = None if recipe.patience is None else min(recipe.patience, MOST)
    return {
        **{name: getattr(recipe, name) for name in SETTINGS},
        "shuffle": _within(recipe.shuffle, rows),
        "epochs": min(recipe.epochs, MOST),
        "patience": patience,
        "layers": [_numbers({**entry, "name": entry["layer"]}) for entry in recipe.layers],
        "loss": _numbers(recipe.loss),
        "optimizer": _numbers(recipe.optimizer),
        "schedule": _numbers(recipe.schedule),
        "batch_size": 0 if recipe.batch_size == "full" else min(recipe.batch_size, rows),
        "seed": member.seed,
        "train": np.ascontiguousarray(member.train, dtype=np.int64),
        "val": np.ascontiguousarray(member.val, dtype=np.int64),
        **{name: np.ascontiguousarray(getattr(prepared, name)) for name in ("center", "factor", "fill")},
        **{name: np.ascontiguousarray(getattr(prepared, name)) for name in ("target_center", "target_factor")},
    }


def _within(shuffle: str, rows: int) -> str:
    """The same shuffle of so many rows, with a block of no more."""
    name, _, size = shuffle.partition(":")
    return f"{name}:{min(int(size), rows)}" if size else name


def _numbers(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's name and its numbers; a schedule's `then` likewise."""
    plain = {name: value for name, value in entry.items() if name == "name" or isinstance(value, (bool, int, float))}
    return plain | ({"then": _numbers(entry["then"])} if entry.get("then") else {})
