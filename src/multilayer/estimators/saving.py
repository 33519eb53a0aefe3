"""Estimators in `.mlp` files: parameters, networks and preparation, nothing that runs."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from multilayer.engines import Curves
from multilayer.errors import ModelFileError, RefusedError, UsageError, shown
from multilayer.estimators.calibration import LEAST, MOST
from multilayer.estimators.settings import check_parameters
from multilayer.files import ModelFile
from multilayer.files.model_parts import in_one_sentence, model_from, parts_of, section

FORMAT = 1
PLAIN = (str, bool, int, float, type(None))


def save_estimator(estimator: Any, path: str | os.PathLike[str]) -> Path:
    """Write a fitted estimator to a `.mlp` file, atomically; `load_estimator` reads it.

    Raises NotFittedError before `fit`, and RefusedError for a parameter that is code, such as a scorer of your own.
    """
    from sklearn.utils.validation import check_is_fitted

    from multilayer.estimators import STORED

    if type(estimator).__name__ not in STORED:
        of = " Of a search store its best_estimator_." if hasattr(estimator, "best_estimator_") else ""
        raise RefusedError(f"A {type(estimator).__name__} cannot be stored. These can: {', '.join(STORED)}.{of}")
    check_is_fitted(estimator, "models_")
    params = {name: _plain(name, value) for name, value in estimator.get_params(deep=False).items()}
    document: dict[str, Any] = {"format": FORMAT, "class": type(estimator).__name__, "params": params}
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    models = []
    for place, model in enumerate(estimator.models_):
        said, own = parts_of(model)
        models.append(said)
        arrays |= {f"models/{place}/{name}": value for name, value in own.items()}
    history = estimator.history_
    arrays |= {f"history/{name}": np.ascontiguousarray(history[name]) for name in history.series}
    learned = {name: _plain(name, value) for name, value in estimator.learned().items()}
    ModelFile(
        {"estimator": {**document, "models": models, "history": list(history.series), "learned": learned}}, arrays
    ).save(Path(path))
    return Path(path)


def load_estimator(path: str | os.PathLike[str]) -> Any:
    """The fitted estimator in a `.mlp` file; executes nothing that the file says.

    Raises ModelFileError where the file is missing, damaged, newer than this version, or holds no estimator.

    >>> import tempfile
    >>> from multilayer.estimators import MLPRegressor
    >>> fitted = MLPRegressor(max_iter=5).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_estimator(save_estimator(fitted, f"{folder}/squares.mlp"))
    >>> bool((again.predict([[1.5]]) == fitted.predict([[1.5]])).all())
    True
    """
    file = ModelFile.load(Path(path))
    source = f"The model file {path}"
    said = file.document.get("estimator")
    if not isinstance(said, Mapping):
        kind = "a run: multilayer.load_run reads it" if "record" in file.document else "no estimator"
        raise ModelFileError(f"{source} holds {kind}.")
    with in_one_sentence(f"{source} does not hold an estimator that this version can read"):
        return _estimator(said, file)


def _estimator(said: Mapping[str, Any], file: ModelFile) -> Any:
    from multilayer import estimators

    known = {name: getattr(estimators, name) for name in estimators.STORED}
    if said["class"] not in known:
        raise UsageError(f"it is a {shown(said['class'])}")
    if said["format"] != FORMAT:
        raise UsageError(f"its estimator has format {said['format']}, and this version reads {FORMAT}")
    estimator = known[said["class"]](**{name: _living(value) for name, value in said["params"].items()})
    if not said["models"]:
        raise UsageError("it has no network")
    models = [model_from(one, section(file.arrays, f"models/{place}/")) for place, one in enumerate(said["models"])]
    series = tuple(said["history"])
    curves = [file.arrays[f"history/{name}"] for name in series]
    history = Curves(series, np.stack(curves, axis=1) if series else np.empty((0, 0)))
    check_parameters(estimator)
    estimator.restore(tuple(models), history, {name: _living(value) for name, value in said["learned"].items()})
    _check_whole(estimator)
    return estimator


def _check_whole(estimator: Any) -> None:
    """Raise UsageError where what was learned does not belong together."""
    first, *others = estimator.models_
    target, width = first.target, len(first.preparation.encoding.columns)
    alike = all(
        (model.target.kind, model.target.n_out, len(model.preparation.encoding.columns))
        == (target.kind, target.n_out, width)
        for model in others
    )
    names = getattr(estimator, "feature_names_in_", None)
    if not alike or estimator.n_features_in_ != width or (names is not None and np.shape(names) != (width,)):
        raise UsageError("its networks and columns do not belong together")
    if is_classifier(estimator):
        several = target.kind in ("classes", "multilabel")
        fits = target.kind != "regression" and np.shape(estimator.classes_) == (target.n_out if several else 2,)
        if not fits or type(estimator.temperature_) is not float or not LEAST <= estimator.temperature_ <= MOST:
            raise UsageError("its classes are not those of its network")
    elif target.kind != "regression":
        raise UsageError("its network is one of classes")
    if is_regressor(estimator) and type(estimator.one_number_) is not bool:
        raise UsageError("it does not say whether it predicts one number")
    if "range_" in estimator.LEARNED and np.shape(estimator.range_) != (2, target.n_out):
        raise UsageError("its range is not that of its numbers")


def _plain(name: str, value: Any) -> Any:
    """A parameter as JSON has it; tuples and infinities as tables that say so."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return {"array": [value.dtype.str, _plain(name, value.tolist())]}
    if isinstance(value, tuple):
        return {"tuple": [_plain(name, item) for item in value]}
    if isinstance(value, list):
        return [_plain(name, item) for item in value]
    if isinstance(value, Mapping):
        return {"table": [[_plain(name, key), _plain(name, item)] for key, item in value.items()]}
    if isinstance(value, float) and not (math.isfinite(value) and not value.is_integer()):
        return {"float": repr(value)}
    if not isinstance(value, PLAIN):
        raise RefusedError(f"{name}={shown(value)} cannot be stored: a file holds numbers, words and lists, no code.")
    return value


def _array(content: Any) -> np.ndarray[Any, Any]:
    dtype, items = content
    if not re.fullmatch(r"[<>|=]?[biufUO]\d*", dtype):
        raise UsageError("a parameter is of a form that it does not know")
    return np.array(_living(items), dtype=dtype)


def _living(value: Any) -> Any:
    if isinstance(value, list):
        return [_living(item) for item in value]
    if not isinstance(value, dict):
        return value
    (kind, content), *others = value.items()
    if others or kind not in _OF_TABLE:
        raise UsageError("a parameter is of a form that it does not know")
    return _OF_TABLE[kind](content)


_OF_TABLE: dict[str, Any] = {
    "array": _array,
    "tuple": lambda items: tuple(_living(item) for item in items),
    "table": lambda pairs: {_living(key): _living(item) for key, item in pairs},
    "float": float,
}
