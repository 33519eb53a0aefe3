"""Files of estimators whose digest is right and whose content is not."""

from __future__ import annotations

import copy
import json
import random

import numpy as np
import pytest

from multilayer.errors import ModelFileError
from multilayer.estimators import load_estimator
from multilayer.files import ModelFile
from tests.estimators.tables import small_efforts
from tests.estimators.test_saving import ODD, UNREADABLE, X, fitted, refusal
from tests.scale import cases


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_efforts(monkeypatch)


def test_newer_files(tmp_path):
    path = tmp_path / "model.mlp"
    document, arrays = opened("numbers", path)
    document["estimator"]["format"] = 2
    ModelFile(document, arrays).save(path)
    assert refusal(path) == UNREADABLE.format(path, "its estimator has format 2, and this version reads 1")


def opened(name, path):
    """The document, to be changed, and the arrays of a stored estimator."""
    file = ModelFile.load(fitted(name).save(path))
    return copy.deepcopy(json.loads(json.dumps(file.document))), dict(file.arrays)


def forged(name, change, path) -> str:
    """What is said of a file whose digest is right and whose document was changed."""
    document, arrays = opened(name, path)
    change(document["estimator"], arrays)
    ModelFile(document, arrays).save(path)
    return refusal(path).removeprefix(UNREADABLE.split("{}")[0].format() + str(path)).partition("can read: ")[2]


def put(*path_and_value):
    *path, value = path_and_value

    def change(document, arrays):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return change


def drop(*path):
    def change(document, arrays):
        for key in path[:-1]:
            document = document[key]
        del document[path[-1]]

    return change


def without_array(document, arrays):
    del arrays["models/0/weights/0.W"]


def other_shape(document, arrays):
    arrays["models/0/weights/0.W"] = np.ascontiguousarray(arrays["models/0/weights/0.W"].T)


def other_dtype(document, arrays):
    arrays["models/0/weights/0.W"] = arrays["models/0/weights/0.W"].astype(np.float32)


def no_numbers(document, arrays):
    arrays["models/0/preparation/factor"] = np.full(3, np.nan)


FORGERIES = {
    "a class of its own": ("numbers", put("class", "Pipeline"), "it is a 'Pipeline'."),
    "a class by path": ("numbers", put("class", "os.system"), "it is a 'os.system'."),
    "a function": ("numbers", put("class", "load_estimator"), "it is a 'load_estimator'."),
    "no class": ("numbers", drop("class"), f"{ODD}."),
    "a list for a class": ("numbers", put("class", ["MLPRegressor"]), f"{ODD}."),
    "another class": ("numbers", put("class", "MLPClassifier"), f"{ODD}."),
    "the class of classes": ("two classes", put("class", "MLPRegressor"), f"{ODD}."),
    "a parameter too many": ("numbers", put("params", "code", "1"), f"{ODD}."),
    "an odd parameter": (
        "numbers",
        put("params", "max_iter", "many"),
        "max_iter must be a whole number of at least 1, got 'many'.",
    ),
    "an odd effort": ("table", put("params", "effort", "x"), "effort must be one of 'quick', 'good', 'best', got 'x'."),
    "an unknown form": (
        "numbers",
        put("params", "alpha", {"call": "os.system"}),
        "a parameter is of a form that it does not know.",
    ),
    "an array of records": (
        "three classes",
        put("learned", "classes_", {"array": ["datetime64[s]", [1, 2, 3]]}),
        "a parameter is of a form that it does not know.",
    ),
    "no networks": ("numbers", put("models", []), "it has no network."),
    "something learned": ("numbers", put("learned", "coefs_", []), "MLPRegressor learns no coefs_."),
    "something learned of a table": (
        "array of numbers",
        put("learned", "models_", []),
        "TabularMLPRegressor learns no models_.",
    ),
    "classes too few": (
        "three classes",
        put("learned", "classes_", {"array": ["|O", ["a", "b"]]}),
        "its classes are not those of its network.",
    ),
    "no classes": ("three classes", drop("learned", "classes_"), f"{ODD}."),
    "a temperature of 0": (
        "calibrated",
        put("learned", "temperature_", {"float": "0.0"}),
        "its classes are not those of its network.",
    ),
    "a word for a temperature": (
        "table",
        put("learned", "temperature_", "hot"),
        "its classes are not those of its network.",
    ),
    "columns": ("numbers", put("learned", "n_features_in_", 4), "its networks and columns do not belong together."),
    "names": (
        "names",
        put("learned", "feature_names_in_", {"array": ["|O", ["a"]]}),
        "its networks and columns do not belong together.",
    ),
    "a range": (
        "array of numbers",
        put("learned", "range_", {"array": ["<f8", [[0.5], [1.5], [2.5]]]}),
        "its range is not that of its numbers.",
    ),
    "no range": ("array of numbers", drop("learned", "range_"), f"{ODD}."),
    "one number or several": (
        "numbers",
        put("learned", "one_number_", "yes"),
        "it does not say whether it predicts one number.",
    ),
    "weights missing": ("numbers", without_array, "its network has more weights than it holds."),
    "weights turned": ("numbers", other_shape, None),
    "weights of another type": ("numbers", other_dtype, "its weights are not all float64, as its recipe says."),
    "no numbers": (
        "numbers",
        no_numbers,
        "factor of the preparation must be 3 finite numbers, got (3,).",
    ),
    "a history that is not there": ("numbers", put("history", ["loss", "val_loss"]), f"{ODD}."),
}


@pytest.mark.parametrize(("name", "change", "expected"), FORGERIES.values(), ids=FORGERIES)
def test_forged_files_are_a_sentence(name, change, expected, tmp_path):
    said = forged(name, change, tmp_path / "model.mlp")
    assert said == expected if expected is not None else said.endswith(".")


def test_forged_at_random_it_loads_or_says_why(tmp_path):
    """Any value of the document replaced by an odd one: an estimator that predicts, or one sentence."""
    path = tmp_path / "model.mlp"
    odd = [None, True, -1, 0, 1.5, 10**6, "x", [], {}, [[]], {"float": "nan"}, {"tuple": []}, {"array": ["|O", []]}]
    for name in ("three classes", "array of numbers"):
        draw = random.Random(name)
        original, arrays = opened(name, path)
        places = list(walk(original["estimator"]))
        for _ in range(cases(normal=60, accept=5000)):
            document = copy.deepcopy(original)
            put(*draw.choice(places), draw.choice(odd))(document["estimator"], arrays)
            ModelFile(document, arrays).save(path)
            said = sentence_or_rows(path)
            assert said == len(X) or (str(said).startswith(f"The model file {path} ") and str(said).endswith("."))


def sentence_or_rows(path):
    """Why a file is refused, or how many rows its estimator predicts."""
    try:
        model = load_estimator(path)
    except ModelFileError as error:
        return str(error)
    return len(model.predict(X))


def walk(value, path=()):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from walk(one, (*path, key))
