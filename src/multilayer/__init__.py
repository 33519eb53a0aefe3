"""multilayer: train, understand, compare and share multilayer perceptrons, with exactly repeatable results.

>>> import multilayer as ml
>>> run = ml.train("xor", hidden=[4], activation="tanh", lr=0.1, epochs=100)
>>> run.scores["train"]["accuracy"]
1.0
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from multilayer.version import __version__

if TYPE_CHECKING:
    from multilayer import check, data, engines, errors, estimators, files, lab, neurons, nn, optim, recipe
    from multilayer.data import Dataset, Preparation, Splitting, tasks
    from multilayer.estimators import MLPClassifier, MLPRegressor, TabularMLPClassifier, TabularMLPRegressor
    from multilayer.lab import Run, fit, load_run, save_run, train, train_seeds
    from multilayer.recipe import Question, Recipe

_FROM = {
    "Dataset": "data",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "Preparation": "data",
    "Question": "recipe",
    "Recipe": "recipe",
    "Run": "lab",
    "Splitting": "data",
    "TabularMLPClassifier": "estimators",
    "TabularMLPRegressor": "estimators",
    "fit": "lab",
    "load_run": "lab",
    "save_run": "lab",
    "tasks": "data",
    "train": "lab",
    "train_seeds": "lab",
}
_PACKAGES = ("check", "data", "engines", "errors", "estimators", "files", "lab", "neurons", "nn", "optim", "recipe")

__all__ = [
    "Dataset",
    "MLPClassifier",
    "MLPRegressor",
    "Preparation",
    "Question",
    "Recipe",
    "Run",
    "Splitting",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "__version__",
    "check",
    "data",
    "engines",
    "errors",
    "estimators",
    "files",
    "fit",
    "lab",
    "load_run",
    "neurons",
    "nn",
    "optim",
    "recipe",
    "save_run",
    "tasks",
    "train",
    "train_seeds",
]


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import multilayer` stays quick."""
    if name in _PACKAGES:
        return importlib.import_module(f"multilayer.{name}")
    if name in _FROM:
        value = getattr(importlib.import_module(f"multilayer.{_FROM[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'multilayer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
