"""A model as a document for JSON and named arrays, and back: what every file that holds one shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from multilayer.data import FittedPreparation, Target
from multilayer.data.column import ColumnKind
from multilayer.data.encoding import Encoding
from multilayer.engines.model import Model
from multilayer.errors import DataError, RecipeError, RefusedError
from multilayer.recipe import Recipe
from multilayer.recipe.layers import least_weights, network

Arrays = Mapping[str, np.ndarray[Any, Any]]


def parts_of(model: Model) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """The document {"recipe", "target", "preparation", "arithmetic"}, and the arrays "preparation/..." and
    "weights/..."; raises RefusedError for a network with layers of a user's own."""
    if model.own is not None:
        raise RefusedError("A network with layers of your own cannot be stored: they are code. Keep its weights.")
    preparation, arrays = model.preparation.to_dict()
    named: dict[str, np.ndarray[Any, Any]] = {f"preparation/{name}": value for name, value in arrays.items()}
    named |= {f"weights/{name}": np.asarray(value) for name, value in model.weights.items()}
    document = {
        "recipe": model.recipe.to_dict(),
        "target": target_document(model.target),
        "preparation": preparation,
        "arithmetic": model.arithmetic,
    }
    return document, named


def model_from(document: Mapping[str, Any], arrays: Arrays) -> Model:
    """The model of `parts_of`; raises a UsageError where the parts do not belong together, before a network is made
    that would have more weights than there are."""
    target, recipe = target_from(document["target"]), Recipe.from_dict(document["recipe"])
    encoding = Encoding.from_list(document["preparation"]["columns"])
    if any(column.kind not in get_args(ColumnKind) for column in encoding.columns):
        raise DataError("a column is of a kind that it does not know")
    if not all(isinstance(text, str) for column in encoding.columns for text in (column.name, *column.categories)):
        raise DataError("names and categories of columns must be text")
    if not all(isinstance(column.missing, bool) for column in encoding.columns):
        raise DataError("whether a column has gaps must be true or false")
    if recipe.resolve(target) != recipe:
        raise RecipeError("its recipe leaves something open")
    weights = section(arrays, "weights/")
    if least_weights(recipe.layers, encoding.n_features) > sum(value.size for value in weights.values()):
        raise RecipeError("its network has more weights than it holds")
    if any(value.dtype != recipe.dtype for value in weights.values()):
        raise RecipeError(f"its weights are not all {recipe.dtype}, as its recipe says")
    names = list(network(recipe.layers, encoding.n_features, seed=None).named_weights())
    if set(names) != set(weights):
        raise RecipeError("its weights are not those of its network")
    preparation = FittedPreparation.from_dict(document["preparation"], section(arrays, "preparation/"))
    model = Model(recipe, preparation, target, {name: weights[name] for name in names}, str(document["arithmetic"]))
    _ = model.net  # weights of another shape are refused here
    return model


def section(arrays: Arrays, prefix: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def target_document(target: Target) -> dict[str, Any]:
    """A target without its rows; in JSON classes of whole floats stand as whole numbers."""
    return {
        "kind": target.kind,
        "names": list(target.names),
        "classes": list(target.classes),
        "float_classes": any(isinstance(label, float) for label in target.classes),
        "n_out": target.n_out,
    }


def target_from(said: Mapping[str, Any]) -> Target:
    """The target of `target_document`."""
    kind, n_out = said["kind"], said["n_out"]
    values = np.empty(0, dtype=np.int64) if kind in ("binary", "classes") else np.empty((0, n_out))
    labels = tuple(map(float, said["classes"]) if said["float_classes"] else said["classes"])
    target = Target(kind, values, tuple(said["names"]), labels)
    if target.n_out != n_out:
        raise DataError(f"its target has {target.n_out} outputs and it says {n_out}")
    return target
