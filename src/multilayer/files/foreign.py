"""A network that came from elsewhere, as a model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from multilayer.data import FittedPreparation, Target
from multilayer.data.encoding import ColumnEncoding, Encoding
from multilayer.data.target import Label, TargetKind, sorted_labels
from multilayer.engines.model import Model
from multilayer.errors import DataError, RefusedError, sentence
from multilayer.nn import Dropout, Linear, Maxout, Sequential, Sigmoid
from multilayer.recipe import Recipe
from multilayer.recipe.layers import described, network
from multilayer.recipe.named import Entry
from multilayer.recipe.outputs import ON_LOGITS


def as_model(
    net: Sequential,
    *,
    like: Model | None = None,
    kind: TargetKind | None = None,
    classes: Sequence[Label] | None = None,
    columns: Sequence[str] | None = None,
) -> Model:
    """A model that predicts with this network.

    With `like` it has that model's preparation, target and training settings: for a network that was exported, trained
    further elsewhere, and taken back. It predicts in that model's arithmetic.

    Else its inputs are numbers as they are, in columns x1, x2, ... or as `columns` calls them; a missing one counts 0.
    `kind` is that of the target; where it is not said, "classes" after a softmax, "binary" or "multilabel" after a
    sigmoid, otherwise "regression". `classes` are the labels in the order of the outputs, 0, 1, ... where they are not
    given; the model has them sorted, and its outputs with them. It predicts in the reference's arithmetic.

    Raises RefusedError for a network that no recipe can say, DataError for classes that are not its outputs'.

    >>> from multilayer.nn import Linear, Softmax
    >>> net = Sequential(Linear(2, 3), Softmax())
    >>> model = as_model(net, classes=["a", "b", "c"])
    >>> model.target.kind, model.predict([[0.0, 0.0]]).shape, model.answer([[0.0, 0.0]]).shape
    ('classes', (1,), (1, 3))
    """
    n_in, width = widths(net)
    entries = described(Sequential(*net.leaves(), seed=None), n_in)
    if entries is None:
        raise RefusedError(
            "A network with layers of your own, with shared weights or with weights frozen one by one cannot be told "
            "by a recipe, so it cannot become a model. Use it as a network: net(x)."
        )
    dtype = str(net.params[0].value.dtype)
    if like is not None:
        recipe = like.recipe if _plain(entries) == _plain(like.recipe.layers) else _replaced(like, entries)
        return _with_weights(net, recipe, like.preparation, like.target, like.arithmetic)
    entries, loss, kind = _question(entries, width, "classes" if classes is not None and kind is None else kind)
    labels = tuple(range(max(width, 2))) if classes is None else tuple(classes)
    if kind in ("binary", "classes"):
        net, labels = _sorted(net, width, labels)
    target = _target(kind, width if kind in ("multilabel", "regression") else 1, labels)
    recipe = Recipe.of(layers=entries, loss=loss, dtype=dtype).resolve(target)
    return _with_weights(net, recipe, as_they_are(n_in, target.n_out, columns), target, "reference")


def _sorted(net: Sequential, width: int, classes: tuple[Label, ...]) -> tuple[Sequential, tuple[Label, ...]]:
    """The classes in the order that a target has them, and the network with its outputs in that order."""
    if len(classes) != max(width, 2):
        expected = f"{max(width, 2)} labels, in the order of the outputs"
        raise DataError(sentence("classes", expected, classes))
    labels = tuple(sorted_labels(classes))
    if labels == classes or len(labels) != len(classes):
        return net, classes
    net = copy.deepcopy(net)
    leaves = list(net.leaves())
    last = max(place for place, layer in enumerate(leaves) if isinstance(layer, (Linear, Maxout)))
    plain = all(isinstance(layer, (Sigmoid, Dropout)) for layer in leaves[last + 1 :])
    if width == 1 and not (plain and isinstance(leaves[last], Linear)):
        raise DataError(sentence("classes of a network of one output", "sorted", classes))
    order = [classes.index(label) for label in labels]
    for layer in leaves[last:]:
        for array in (*getattr(layer, "params", ()), *getattr(layer, "buffers", ())):
            array.value[...] = -array.value if width == 1 else array.value[..., order]
    return net, labels


def widths(net: Sequential) -> tuple[int, int]:
    """How many inputs and outputs a network has; raises RefusedError where no layer says so."""
    for layer in net.leaves():
        n = getattr(layer, "n_in", getattr(layer, "n", None))
        if n is not None:
            return int(n), int(net(np.zeros((1, n))).shape[1])
    raise RefusedError("The network has no linear or maxout layer, so it is no multilayer perceptron.")


def as_they_are(n_in: int, n_out: int, columns: Sequence[str] | None = None) -> FittedPreparation:
    """The preparation that changes nothing; what is missing counts 0."""
    names = [f"x{place + 1}" for place in range(n_in)] if columns is None else list(columns)
    if len(names) != n_in:
        raise RefusedError(sentence("columns", f"{n_in} names, one for each input", len(names)))
    encoding = Encoding(tuple(ColumnEncoding(name, "number") for name in names))
    zero, one = np.zeros(n_in), np.ones(n_in)
    return FittedPreparation(encoding, zero, one, zero, np.zeros(n_out), np.ones(n_out))


def _question(entries: list[Entry], width: int, kind: TargetKind | None) -> tuple[list[Entry], str, TargetKind]:
    """The layers, the loss and the kind of target: a sigmoid or softmax at the end becomes part of the loss."""
    ending = entries[-1]["layer"]
    if kind is None and ending == "sigmoid":
        kind = "binary" if width == 1 else "multilabel"
    kind = kind or ("classes" if ending == "softmax" else "regression")
    if kind == "classes" and width <= 2:
        kind = "binary"
    if kind == "regression":
        return entries, "auto", kind
    if ending in ON_LOGITS:
        return entries[:-1], ON_LOGITS[ending], kind
    return entries, "cross_entropy" if kind == "binary" and width == 2 else "auto", kind


def _target(kind: TargetKind, n_out: int, classes: tuple[Label, ...]) -> Target:
    if kind in ("binary", "classes"):
        return Target(kind, np.empty(0, dtype=np.int64), ("target",), classes)
    names = ("target",) if n_out == 1 else tuple(f"target{place + 1}" for place in range(n_out))
    return Target(kind, np.empty((0, n_out)), names)


def _replaced(like: Model, entries: list[Entry]) -> Recipe:
    return like.recipe.replace(layers=tuple(entries)).resolve(like.target)


def _with_weights(
    net: Sequential, recipe: Recipe, preparation: FittedPreparation, target: Target, arithmetic: str
) -> Model:
    """The model whose network has this one's weights, in their order: a recipe may have left out an activation."""
    if preparation.encoding.n_features != widths(net)[0]:
        expected = f"{preparation.encoding.n_features} inputs, one for each prepared feature"
        raise RefusedError(sentence("The network", expected, widths(net)[0]).replace("must be", "must have"))
    told = network(recipe.layers, widths(net)[0], seed=None)
    arrays = net.get_weights().values()
    weights = {name: value.astype(recipe.dtype) for name, value in zip(told.named_weights(), arrays, strict=True)}
    return Model(recipe, preparation, target, weights, arithmetic)


def _plain(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries without what only counts before training: initializers, and the slope that a PReLU starts with."""
    start = ("weight_init", "bias_init")
    plain = [{name: value for name, value in entry.items() if name not in start} for entry in entries]
    return [{**entry, "slope": 0.0} if entry["layer"] == "prelu" else entry for entry in plain]
