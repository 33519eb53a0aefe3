"""Random models with everything that a model can have, and rows to predict with them."""

from __future__ import annotations

import dataclasses
import datetime
import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.data import Dataset, Encoding, Preparation, Target
from multilayer.data.column import column_of
from multilayer.data.number_features import NumberFeatures
from multilayer.engines import Data
from multilayer.engines.model import Model
from multilayer.files.foreign import as_they_are
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network
from tests.engines.native import recipes

ROWS = 40
COLORS = ("red", "blé", "green", "(rest)")
NUMBERS = Target("regression", np.empty((0, 2)), ("first", "second"))
CLASSES: dict[str, list[list[Any]]] = {
    "binary": [["no", "yes"], [0, 1], [False, True], [-1.0, 2.5]],
    "classes": [["a", "ü", "z"], [3, 1, 7, 0], [0.0, 1.0, 2.5]],
}


@dataclass(frozen=True)
class Case:
    """A model and rows (lists of cells) that it was not made for."""

    model: Model
    rows: list[list[Any]]

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.model.recipe.dtype)

    @property
    def prepared(self) -> Array:
        return self.model.prepared(self.rows)

    @property
    def outputs(self) -> Array:
        return self.model.net(self.prepared)


def case(number: int) -> Case:
    """The case of that number: any layers, any loss that fits, any columns and either precision."""
    rng = random.Random(number)
    kinds = [rng.choice(["number"] * 3 + ["boolean", "category", "date"]) for _ in range(rng.randint(1, 5))]
    kinds = ["number"] * len(kinds) if rng.random() < 0.5 else kinds
    rows = [[_cell(rng, kind) for kind in kinds] for _ in range(ROWS)]
    names = [f"column {place}" for place in range(len(kinds))]
    if len(names) > 2:
        names[2] = rng.choice(("label", "0.W", "größe", "prediction", "preparation/center"))
    target = rng.choice(("binary", "classes", "multilabel", "regression"))
    dataset = Dataset.from_arrays(rows, _target(rng, target), names=names, kind=target)
    loss = rng.choice(recipes.fitting_losses(target))
    dtype = rng.choice(("float32", "float64"))
    layers = recipes.layers(rng, loss)
    if dtype == "float64" and rng.random() < 0.2:  # in float32 a rounding moves a step by its whole height
        layers.insert(1, {"layer": "step"})
    settings = {"layers": layers, "loss": recipes.entry(rng, loss, recipes.LOSS_OPTIONS), "dtype": dtype}
    recipe = Recipe.of(**settings).resolve(dataset.target)
    how = rng.choice(("standardize", "minmax", "center", "none"))
    prepare = Preparation(inputs=how, missing=rng.choice(("mean", "median", "zero")))
    encoding = _several_features(rng, Encoding.of(dataset), dataset)
    fitted = prepare.fit(encoding, Data.of(dataset, encoding).x, dataset.target, np.arange(ROWS - 5))
    net = network(recipe.layers, encoding.n_features, seed=number, dtype=dtype)
    _disturb(np.random.default_rng(number), net)
    empty = dataset.target.take([])
    model = Model(recipe, fitted, empty, net.get_weights(), "reference")
    return Case(model, [*rows[-4:], *([_cell(rng, kind, new=True) for kind in kinds] for _ in range(12))])


def _several_features(rng: random.Random, encoding: Encoding, dataset: Dataset) -> Encoding:
    """Now and then a number or a date that becomes several features."""
    made = []
    for column, cells in zip(encoding.columns, dataset.columns, strict=True):
        several = column.kind in ("number", "date") and rng.random() < 0.15
        features = NumberFeatures.fitted(cells.values, rng.choice((1, 4)), gaps=rng.random() < 0.5) if several else None
        made.append(dataclasses.replace(column, numbers=features))
    return Encoding(tuple(made))


def _cell(rng: random.Random, kind: str, new: bool = False) -> Any:
    if rng.random() < 0.1:
        return None
    if kind == "category":
        return rng.choice(("red", "violet", "NA", "(rest)", "blé") if new else COLORS)
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "date":
        return datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=rng.randrange(9000))
    return rng.gauss(2.0, 3.0)


def _target(rng: random.Random, kind: str) -> Any:
    if kind in CLASSES:
        classes = rng.choice(CLASSES[kind])
        return [classes[place % len(classes)] for place in range(ROWS)]
    if kind == "multilabel":
        return np.array([[rng.random() < 0.5, rng.random() < 0.5, True] for _ in range(ROWS)], dtype=int)
    width = rng.choice((1, 2))
    return np.array([[abs(rng.gauss(5.0, 2.0)) for _ in range(width)] for _ in range(ROWS)])


def _disturb(draw: np.random.Generator, net: Any) -> None:
    """Every array different from where it starts, so that leaving one out would be seen."""
    for name, parameter in net.named_weights().items():
        moved = parameter.value + draw.normal(scale=0.1, size=parameter.value.shape)
        parameter.value[...] = np.abs(moved) + 0.1 if name.endswith("running_var") else moved


def model_with(layers: list[Any], dtype: str = "float32", n_in: int = 4) -> Model:
    """A model of these layers and a linear output, for `n_in` numbers as they are."""
    recipe = Recipe.of(layers=[*layers, {"layer": "linear"}], dtype=dtype).resolve(NUMBERS)
    net = network(recipe.layers, n_in, seed=3, dtype=dtype)
    _disturb(np.random.default_rng(3), net)
    return Model(recipe, as_they_are(n_in, 2), NUMBERS, net.get_weights(), "reference")


def feeds(session: Any, case: Case) -> dict[str, Array]:
    """The rows as an ONNX session takes them, by nothing but the session's own inputs."""
    inputs, columns = session.get_inputs(), case.model.preparation.encoding.columns
    cells: list[Array] = []
    for place, column in enumerate(columns):
        of_column = [row[place] for row in case.rows]
        if column.kind == "category":
            cells.append(np.array([["" if cell is None else cell] for cell in of_column], dtype=object))
        else:
            cells.append(column_of(column.name, of_column).values[:, None])
    if [each.name for each in inputs] == ["X"]:
        cells = [np.concatenate(cells, axis=1)]
    types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": object}
    return {each.name: array.astype(types[each.type]) for each, array in zip(inputs, cells, strict=True)}


def far_apart(found: Any, expected: Any) -> float:
    """The largest difference, as a share of the largest number (at least 1)."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))
