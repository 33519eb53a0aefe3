"""Files whose digests are right and whose contents are not: refused with a sentence, at once, without taking memory."""

from __future__ import annotations

import contextlib
import copy
import json
import random
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from multilayer.errors import DataError, ModelFileError, MultilayerError
from multilayer.files import ModelFile
from multilayer.lab import model_of, run_of
from multilayer.lab.store import folder_name
from multilayer.recipe import Recipe, digest, weights_digest
from tests.files import runs
from tests.files.damage import HOW, ODD, edit, paths
from tests.scale import cases

SAYS = "The model file does not hold a run that this version can read: "


def forged(name: str = "binary") -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """The document and the arrays of a real file, to be changed and signed anew."""
    model = model_of(runs.run(name))
    document = json.loads(json.dumps(copy.deepcopy(model.document)))
    return document, dict(model.arrays)


def signed_question(document: dict[str, Any]) -> None:
    """Make the question's digest right again, as a forger would."""
    asked = document["record"]["asked"]
    asked["digest"] = digest(asked["question"])


def signed_weights(document: dict[str, Any], arrays: dict[str, Any]) -> None:
    weights = {name.removeprefix("weights/"): value for name, value in arrays.items() if name.startswith("weights/")}
    document["record"]["answered"]["weights"] = weights_digest(weights)


def refusal(document: dict[str, Any], arrays: dict[str, Any], megabytes: float = 8, seconds: float = 10) -> str:
    content = ModelFile(document, arrays).to_bytes()
    model = ModelFile.from_bytes(content)
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(ModelFileError) as refused:
            run_of(model)
        assert tracemalloc.get_traced_memory()[1] < megabytes * 2**20 + 20 * len(content)
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < seconds
    assert str(refused.value).startswith(SAYS)
    return str(refused.value).removeprefix(SAYS)


LINEAR = {"layer": "linear", "units": 1}
RECIPES: dict[str, tuple[dict[str, Any], str]] = {
    "a billion units": ({"layers": [10**9, "relu", 1]}, "its network needs 3000000000 weights and it holds 17."),
    "more layers than weights": ({"layers": [1] * 2000}, "its network needs 2001 weights and it holds 17."),
    "wide layers": ({"layers": [3, *["batch_norm"] * 1000, 1]}, "its network needs 3009 weights and it holds 17."),
    "10^300 units": ({"layers": [1e300, 1]}, "layer 0 must be a table such as"),
    "other widths": ({"layers": [3, "tanh", 1]}, "Weights '0.W' must have shape (2, 3), got (2, 4)."),
    "fewer layers": ({"layers": [1]}, "Weights '0.W' must have shape (2, 1), got (2, 4)."),
    "one more layer": ({"layers": [4, "tanh", 1, "scale"]}, "its weights are not those of its network."),
    "two outputs": ({"layers": [4, "tanh", 2]}, "The last layer must have 1 unit for this target and loss, got 2."),
    "no layers": ({"layers": []}, "The network has no linear or maxout layer"),
    "another precision": ({"dtype": "float64"}, "its weights are not all float64, as its recipe says."),
    "an open precision": ({"dtype": "auto"}, "its recipe leaves something open."),
    "an open loss": ({"loss": "auto"}, "its recipe leaves something open."),
    "a loss for numbers": (
        {"loss": "poisson"},
        "loss=poisson needs numbers, but the target is binary. Use loss=auto, or kind=regression.",
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_forged_recipes_are_refused(name):
    change, expected = RECIPES[name]
    document, arrays = forged()
    recipe = document["record"]["asked"]["question"]["recipe"]
    recipe.update(change)
    with contextlib.suppress(MultilayerError):
        written = Recipe.from_dict(recipe)
        document["record"]["asked"]["question"]["recipe"] = written.to_dict()
        if "layers" in change:
            resolved = written.resolve(runs.run("binary").target)
            document["record"]["asked"]["question"]["recipe"] = resolved.to_dict()
    signed_question(document)
    assert refusal(document, arrays).startswith(expected)


def test_a_flood_of_layers_is_refused():
    document, arrays = forged()
    count = cases(normal=10_001, accept=100_000)
    document["record"]["asked"]["question"]["recipe"]["layers"] = [LINEAR] * count
    signed_question(document)
    assert refusal(document, arrays) == f"its network has {count} layers, more than 10000."


@pytest.mark.parametrize("depth", [60, 400])
def test_deep_nesting_is_refused(depth):
    document, arrays = forged()
    schedule: Any = {"name": "constant"}
    for _ in range(depth):
        schedule = {"name": "warm_up", "epochs": 1, "then": schedule}
    recipe = document["record"]["asked"]["question"]["recipe"]
    recipe["schedule"], recipe["epochs"] = schedule, True
    with pytest.raises(ModelFileError):
        run_of(ModelFile.from_bytes(ModelFile(document, arrays).to_bytes()))


TARGET = {"kind": "binary", "names": ["y"]}
RECORDS: dict[str, tuple[str, Any, str]] = {
    "no id": ("record.id", KeyError, "the record has no id."),
    "an id that climbs": ("record.id", "../../ab", "id of the record must be 8 hexadecimal digits, got '../../ab'."),
    "a list for an id": ("record.id", [], "id of the record must be 8 hexadecimal digits, got []."),
    "a time with a slash": (
        "record.started",
        "20260131/x",
        "started of the record must be a time such as 2026-01-31T12:00:00+00:00, got '20260131/x'.",
    ),
    "a number for a task": ("record.task", 3, "task of the record must be text, got 3."),
    "a negative time": ("record.seconds", -1, "seconds of the record must be a number of at least 0, got -1."),
    "steps of text": (
        "record.answered.steps",
        "3",
        "steps of answered of the record must be a whole number of at least 0, got '3'.",
    ),
    "another status": ("record.answered.status", "perfect", "status of answered of the record must be one of "),
    "a score of text": (
        "record.answered.scores.train.f1",
        "1",
        "f1 of train of scores of answered of the record must be a finite number, or none, got '1'.",
    ),
    "no headline": ("record.answered.scores.train.accuracy", KeyError, "its scores lack accuracy."),
    "a series that is not there": ("record.answered.history", ["loss", "x"], "something in it is missing or odd."),
    "other epochs": ("record.answered.epochs", 10**12, "its history is not 1000000000000 numbers in every series."),
    "a list of rows": ("record.rows", [4], "rows of the record must be a table, got [4]."),
    "a machine of lists": (
        "record.machine.cpus",
        [2],
        "cpus of machine of the record must be text, a finite number, true or false, or none, got [2].",
    ),
    "another question": ("record.asked.question.seed", 1, "its question is not the one of its digest."),
    "a true seed": ("record.asked.question.seed", True, "seed of a question must be a whole number"),
    "no question": ("record.asked.question", None, "something in it is missing or odd."),
    "other weights": ("record.answered.weights", "0" * 64, "its weights are not those of its record."),
    "a short digest": (
        "record.answered.weights",
        "0",
        "weights of answered of the record must be 64 hexadecimal digits, got '0'.",
    ),
    "one class": ("record.target.classes", [0], "classes of a binary target must be two labels, got (0,)."),
    "classes of two types": (
        "record.target.classes",
        [0, "b"],
        "class labels must be all numbers or all text, got (0, 'b').",
    ),
    "a class that is a list": (
        "record.target.classes",
        [[0], [1]],
        "an entry of classes of target of the record must be text, a finite number, true or false, got [0].",
    ),
    "classes in text, said to be floats": (
        "record.target",
        {**TARGET, "classes": ["a", "b"], "float_classes": True},
        "something in it is missing or odd.",
    ),
    "another kind of target": ("record.target.kind", "classes", "its target has 2 outputs and its preparation 1."),
    "no columns": ("preparation.columns", [], "center of the preparation must be 0 finite numbers, got (2,)."),
    "columns in text": ("preparation.columns", "ab", "the columns of the preparation must be a list, got 'ab'."),
    "a wide column": (
        "preparation.columns.0",
        {"name": "x1", "kind": "category", "categories": ["a", "b"], "missing": False},
        "center of the preparation must be 3 finite numbers, got (2,).",
    ),
    "another kind of column": (
        "preparation.columns.0.kind",
        "blob",
        "kind of an entry of the columns of the preparation must be one of 'number', 'category', 'boolean', 'date', "
        "got 'blob'.",
    ),
    "no preparation": ("preparation", KeyError, "something in it is missing or odd."),
    "no record": ("record", KeyError, "something in it is missing or odd."),
    "a list for a record": ("record", [], "the record must be a table, got []."),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_forged_records_are_refused(name):
    place, value, expected = RECORDS[name]
    document, arrays = forged()
    path = tuple(int(word) if word.isdecimal() else word for word in place.split("."))
    edit(document, path, value, "delete" if value is KeyError else "set")
    assert refusal(document, arrays).startswith(expected)


ARRAYS: dict[str, tuple[str, Any, str]] = {
    "no weights": ("weights/2.b", None, "its network needs 12 weights and it holds 0."),
    "weights of another shape": (
        "weights/0.W", np.zeros((4, 2), "f4"), "Weights '0.W' must have shape (2, 4), got (4, 2)."),
    "weights that are not finite": (
        "weights/0.b",
        np.full(4, np.nan, "f4"),
        "Weights '0.b' must be finite in float64, got a NaN, an infinity or a larger number.",
    ),
    "a weight more": ("weights/9.W", np.zeros(1, "f4"), "There is no array of weights '9.W'."),
    "weights of whole numbers": (
        "weights/0.b", np.zeros(4, "i8"), "its weights are not all float32, as its recipe says."),
    "a short preparation": (
        "preparation/center", np.zeros(1), "center of the preparation must be 2 finite numbers, got (1,)."),
    "a preparation that is not finite": (
        "preparation/fill", np.full(2, np.inf), "fill of the preparation must be 2 finite numbers, got (2,)."),
    "a target divided by zero": (
        "preparation/target_factor", np.zeros(1), "the preparation of its target cannot be undone."),
    "a preparation without dimensions": ("preparation/target_center", np.zeros(()), "The preparation is incomplete"),
    "no preparation": ("preparation/factor", None, "The preparation is incomplete or damaged: KeyError('factor')."),
    "no history": ("history/lr", None, "something in it is missing or odd."),
    "a history of another length": ("history/lr", np.zeros(2), "its history is not 3 numbers in every series."),
    "a history of whole numbers": ("history/lr", np.zeros(3, "i8"), "its history is not 3 numbers in every series."),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_forged_arrays_are_refused(name):
    array, value, expected = ARRAYS[name]
    document, arrays = forged()
    if name == "no weights":
        arrays = {name: value for name, value in arrays.items() if not name.startswith("weights/")}
    elif value is None:
        del arrays[array]
    else:
        arrays[array] = value
    signed_weights(document, arrays)
    assert refusal(document, arrays).startswith(expected)


def test_forgeries_are_refused_or_harmless(figure):
    """A run that is read after any change answers, shows itself and can be stored."""
    count, read = cases(normal=200, accept=20_000), 0
    for seed in range(count):
        draw = random.Random(seed)
        name = draw.choice(("binary", "classes", "regression", "table"))
        document, arrays = forged(name)
        for _ in range(draw.choice((1, 1, 2))):
            edit(document, draw.choice(list(paths(document))), draw.choice(ODD), draw.choice(HOW))
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            signed_question(document)
        try:
            content = ModelFile(document, arrays).to_bytes()
            run = run_of(ModelFile.from_bytes(content))
        except ModelFileError:
            continue
        read += 1
        with contextlib.suppress(DataError), np.errstate(all="ignore"):  # other columns, or numbers out of range
            run.predict(runs.rows(name))
        model_of(run).to_bytes()
        assert str(run.digest) in json.dumps(run.to_dict(), allow_nan=False)
        assert folder_name(run).replace("-", "").isalnum()
        assert repr(run).startswith("Run(")
    figure("model file: forgeries refused", count - read)
    figure("model file: forgeries read and harmless", read)
