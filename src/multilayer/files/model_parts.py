"""A model as a document for JSON and named arrays, and back: what every file that holds one shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, get_args

import numpy as np

from multilayer.data import FittedPreparation, Target
from multilayer.data.column import ColumnKind
from multilayer.data.encoding import Encoding
from multilayer.engines.model import Model
from multilayer.errors import DataError, ModelFileError, MultilayerError, RecipeError, RefusedError
from multilayer.recipe import Recipe
from multilayer.recipe.layers import least_weights, network

ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What a document of another form than expected can raise."""
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
    weights = section(arrays, "weights/")
    encoding = encoding_from(document["preparation"]["columns"])
    target, recipe, names = network_from(document, encoding.n_features, sum(value.size for value in weights.values()))
    if set(names) != set(weights):
        raise RecipeError("its weights are not those of its network")
    preparation = FittedPreparation.from_dict(document["preparation"], section(arrays, "preparation/"))
    weights = {name: weights[name] for name in names}
    return checked_model(Model(recipe, preparation, target, weights, str(document["arithmetic"])))


def encoding_from(columns: Sequence[Mapping[str, Any]]) -> Encoding:
    """The encoding of `Encoding.to_list`; raises DataError where a column's entries are of no known form."""
    encoding = Encoding.from_list(columns)
    if any(column.kind not in get_args(ColumnKind) for column in encoding.columns):
        raise DataError("a column is of a kind that it does not know")
    if not all(isinstance(text, str) for column in encoding.columns for text in (column.name, *column.categories)):
        raise DataError("names and categories of columns must be text")
    if not all(isinstance(column.missing, bool) for column in encoding.columns):
        raise DataError("whether a column has gaps must be true or false")
    return encoding


def network_from(document: Mapping[str, Any], n_in: int, held: int) -> tuple[Target, Recipe, list[str]]:
    """The target, the recipe and the names of its weights, for inputs of width `n_in` and so many numbers at hand."""
    target, recipe = target_from(document["target"]), Recipe.from_dict(document["recipe"])
    if recipe.resolve(target) != recipe:
        raise RecipeError("its recipe leaves something open")
    if least_weights(recipe.layers, n_in) > held:
        raise RecipeError("its network has more weights than it holds")
    return target, recipe, list(network(recipe.layers, n_in, seed=None).named_weights())


def checked_model(model: Model) -> Model:
    """The model, whose weights have the shapes and the precision that its recipe says."""
    if any(value.dtype != model.recipe.dtype for value in model.weights.values()):
        raise RecipeError(f"its weights are not all {model.recipe.dtype}, as its recipe says")
    _ = model.net  # weights of another shape are refused here
    return model


@contextmanager
def in_one_sentence(beginning: str) -> Iterator[None]:
    """Turn whatever goes wrong in reading a document into one sentence that begins so."""
    try:
        yield
    except (*ODD, MultilayerError) as error:
        reason = str(error).rstrip(".") if isinstance(error, MultilayerError) else "something in it is missing or odd"
        raise ModelFileError(f"{beginning}: {reason}.") from None


def section(arrays: Arrays, prefix: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def target_document(target: Target) -> dict[str, Any]:
    """A target without its rows."""
    return {**label_document(target), "n_out": target.n_out}


def label_document(target: Target) -> dict[str, Any]:
    """Kind, names and classes; in JSON classes of whole floats stand as whole numbers."""
    return {
        "kind": target.kind,
        "names": list(target.names),
        "classes": list(target.classes),
        "float_classes": any(isinstance(label, float) for label in target.classes),
    }


def target_from(said: Mapping[str, Any]) -> Target:
    """The target of `target_document`."""
    target = labeled_target(said, said["n_out"])
    if target.n_out != said["n_out"]:
        raise DataError(f"its target has {target.n_out} outputs and it says {said['n_out']}")
    return target


def labeled_target(said: Mapping[str, Any], n_out: int) -> Target:
    """The same with the number of outputs told from elsewhere."""
    kind = said["kind"]
    values = np.empty(0, dtype=np.int64) if kind in ("binary", "classes") else np.empty((0, n_out))
    labels = tuple(map(float, said["classes"]) if said["float_classes"] else said["classes"])
    return Target(kind, values, tuple(said["names"]), labels)
