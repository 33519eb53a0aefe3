"""From the columns of a table to prepared features, in ONNX: what `Encoding` and `FittedPreparation` do."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.data import FittedPreparation
from multilayer.data.column import MISSING_TEXTS, REST
from multilayer.data.encoding import ColumnEncoding, Encoding
from multilayer.data.number_features import FAR, LARGEST, LIMIT
from multilayer.files.onnx.graph import WITHIN, Graph, element_type, onnx

LARGEST_RATIO = 1000.0
"""float32 keeps a column whose values are up to so many of its deviations away from 0 to 1/16,000 of a deviation."""
FINEST = 1e-30
"""float32 ends at 3e38 and 1e-38: this leaves eight digits for values far from the center, or near it."""

ROWS = "n_samples"
PREPARED = "preparation/"


def single_serves(center: Array, factor: Array) -> bool:
    """Whether float32 is precise enough for numbers with this center and scale, and reaches far enough.

    >>> [single_serves(np.array([center]), np.array([0.1])) for center in (2000.0, 1e9)]
    [True, False]
    >>> [single_serves(np.array([0.0]), np.array([factor])) for factor in (1e-20, 1e-40, 1e40)]
    [True, False, False]
    """
    size = np.abs(factor[factor != 0])
    within = (size > FINEST) & (size < 1 / FINEST)
    return bool(within.all() and (np.abs(center) * np.abs(factor) <= LARGEST_RATIO).all())


def add_table(graph: Graph, preparation: FittedPreparation, taken: Collection[str]) -> tuple[list[Any], str]:
    """The graph's inputs, and the name of the prepared features (n_samples, n_features).

    A table of numbers alone is one input X. Any other has an input (n_samples, 1) for each column. `taken` are the
    names of outputs and weights, which no input may have.
    """
    columns = preparation.encoding.columns
    if all(column.kind == "number" for column in columns):
        dtype = max((_dtype(graph, preparation, place) for place in range(len(columns))), key=lambda d: d.itemsize)
        inputs = [_input("X", dtype, len(columns), ", ".join(column.name for column in columns))]
        matrix = _double(graph, "X", dtype)
        if not all(column.as_it_is for column in columns):
            places = [graph.constant(np.array([place])) for place in range(len(columns))]
            each = [graph.op("Gather", matrix, place, axis=1) for place in places]
            matrix = graph.op("Concat", *(_numbers(graph, x, c) for x, c in zip(each, columns, strict=True)), axis=1)
    else:
        inputs, parts = [], []
        for place, name in enumerate(input_names(preparation.encoding, taken)):
            column = columns[place]
            text = column.kind == "category"
            dtype = np.dtype(object) if text else _dtype(graph, preparation, place)
            inputs.append(_input(name, dtype, 1, _described(column)))
            x = name if text else _double(graph, name, dtype)
            parts.append(_category(graph, x, column) if text else _numbers(graph, x, column))
        matrix = graph.op("Concat", *parts, axis=1)
    return inputs, _prepared(graph, preparation, matrix)


def input_names(encoding: Encoding, taken: Collection[str]) -> list[str]:
    """The columns' names, behind underscores where they are taken: names in a graph are unique.

    >>> encoding = Encoding((ColumnEncoding("size", "number"), ColumnEncoding("label", "boolean")))
    >>> input_names(encoding, {"label"})
    ['size', '_label']
    """
    names: list[str] = []
    for column in encoding.columns:
        name = column.name
        while not name or name in taken or name in names or name.startswith((WITHIN, PREPARED)):
            name = f"_{name}"
        names.append(name)
    return names


def _dtype(graph: Graph, preparation: FittedPreparation, place: int) -> np.dtype[Any]:
    """The network's precision, or float64 where float32 would round this column too much."""
    columns = preparation.encoding.columns
    start = sum(len(column.feature_names) for column in columns[:place])
    numbers = columns[place].numbers
    center, factor = preparation.center[start : start + 1], preparation.factor[start : start + 1]
    if numbers is not None:
        with np.errstate(over="ignore"):
            slopes = 1 / np.diff(numbers.knots)
        center, factor = np.array([numbers.center, *numbers.knots[:-1]]), np.array([numbers.factor, *slopes])
    return graph.dtype if single_serves(center, factor) else np.dtype(np.float64)


def _input(name: str, dtype: np.dtype[Any], width: int, doc: str) -> Any:
    return onnx().helper.make_tensor_value_info(name, element_type(dtype), [ROWS, width], doc_string=doc)


def _described(column: ColumnEncoding) -> str:
    if column.kind == "date":
        return f"{column.name}: days since 1970-01-01 (UTC), NaN where missing"
    if column.kind == "category":
        return f"{column.name}: text, empty where missing"
    return f"{column.name}: {'0 or 1' if column.kind == 'boolean' else 'a number'}, NaN where missing"


def _double(graph: Graph, x: str, dtype: np.dtype[Any]) -> str:
    return x if dtype == np.float64 else graph.cast(x, np.float64)


def _category(graph: Graph, x: str, column: ColumnEncoding) -> str:
    """Each text's place among the column's features, and a 1 there: (n_samples, features)."""
    places = {category: place for place, category in enumerate(column.categories)}
    rest, width = places.get(REST, -1), len(column.feature_names)
    missing = width - 1 if column.missing else -1
    codes = {**dict.fromkeys(sorted(MISSING_TEXTS), missing), **places}
    code = graph.op(
        *("LabelEncoder", x),
        domain="ai.onnx.ml",
        keys_strings=list(codes),
        values_int64s=list(codes.values()),
        default_int64=rest,
    )
    return graph.cast(graph.op("Equal", code, graph.constant(np.arange(width)[None])), np.float64)


def _numbers(graph: Graph, x: str, column: ColumnEncoding) -> str:
    """A number's features (n_samples, features), as `data.number_features` has them; NaN stays NaN."""
    numbers = column.numbers
    if numbers is None:
        return x
    double = functools.partial(graph.number, dtype=np.float64)
    gap = graph.op("IsNaN", x)
    x = graph.op("Where", gap, double(numbers.center), x)  # what Clip makes of NaN is left open
    away = graph.op("Clip", graph.op("Sub", x, double(numbers.center)), double(-LARGEST), double(LARGEST))
    z = graph.op("Clip", graph.op("Mul", away, double(numbers.factor)), double(-FAR), double(FAR))
    third = graph.op("Div", z, double(LIMIT))
    root = graph.op("Sqrt", graph.op("Add", graph.op("Mul", third, third), double(1)))
    features = [graph.op("Div", z, root)]
    if numbers.knots:
        knots = np.array([numbers.knots])
        past = graph.op("Sub", x, graph.constant(knots[:, :-1]))
        share = graph.op("Div", past, graph.constant(np.diff(knots)))
        features.append(graph.op("Clip", share, double(0), double(1)))
    known = graph.op("Where", gap, double(np.nan), graph.op("Concat", *features, axis=1))
    return graph.op("Concat", known, graph.cast(gap, np.float64), axis=1) if numbers.gaps else known


def _prepared(graph: Graph, preparation: FittedPreparation, matrix: str) -> str:
    """(filled - center) * factor in float64, then of the network's precision."""
    arrays = {name: getattr(preparation, name) for name in ("fill", "center", "factor")}
    fill, center, factor = (graph.constant(value, PREPARED + name) for name, value in arrays.items())
    filled = graph.op("Where", graph.op("IsNaN", matrix), fill, matrix)
    prepared = graph.op("Mul", graph.op("Sub", filled, center), factor)
    return prepared if graph.dtype == np.float64 else graph.cast(prepared, graph.dtype)
