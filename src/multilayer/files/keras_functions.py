"""Activations that Keras lacks, registered so that a `.keras` file with them can be read where this is imported."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("multilayer")  # type: ignore[untyped-decorator]
def step(x: Any) -> Any:
    """1 where x >= 0, else 0."""
    return keras.ops.cast(x >= 0, x.dtype)


@keras.saving.register_keras_serializable("multilayer")  # type: ignore[untyped-decorator]
def sine(x: Any) -> Any:
    """sin(x)."""
    return keras.ops.sin(x)
