"""Runs on disk: a folder each, `<date>-<task>-<id>`, holding run.json and model.mlp."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multilayer.data import FittedPreparation, Target, defaults_for
from multilayer.engines import Curves
from multilayer.errors import ModelFileError, RefusedError, RunNotFoundError, UsageError
from multilayer.files import ModelFile, write_atomically
from multilayer.files.model_parts import in_one_sentence, labeled_target, section
from multilayer.lab.baselines import ALWAYS, RIVALS
from multilayer.lab.form import COLUMNS, RECORD, checked
from multilayer.lab.run import Run
from multilayer.recipe import Question, digest
from multilayer.recipe.layers import least_weights

RECORD_FILE, MODEL_FILE = "run.json", "model.mlp"
PARTS = ("train", "val", "test")
BASELINES = (*ALWAYS, *RIVALS)
LATER: dict[str, Any] = {"compared": {}, "intervals": {}, "observed": {}}
"""Entries of `answered` that records of 0.1 did not have yet, as they stand for those."""
MOST_LAYERS = 10_000


def model_of(run: Run) -> ModelFile:
    """The run as a model file: the record, the weights, the preparation and the history.

    The record is that of `Run.to_dict`, with the names of the history's series in place of their values.
    """
    if run.question.own is not None:
        raise RefusedError(
            "A run with layers or a loss of your own cannot be stored: they are code, which a file does not hold. "
            "Keep its weights instead."
        )
    if len(run.question.recipe.layers) > MOST_LAYERS:
        raise RefusedError(f"A run of more than {MOST_LAYERS} layers cannot be stored.")
    preparation, arrays = run.preparation.to_dict()
    named: dict[str, np.ndarray[Any, Any]] = {f"preparation/{name}": value for name, value in arrays.items()}
    named |= {f"weights/{name}": value for name, value in run.weights.items()}
    named |= {f"history/{name}": run.history[name] for name in run.history.series}
    record = run.to_dict()
    record["answered"] = {**record["answered"], "history": list(run.history.series)}
    return ModelFile({"record": record, "preparation": preparation}, named)


def run_of(model: ModelFile, source: str = "The model file") -> Run:
    """The run in a model file; raises ModelFileError where it does not hold one."""
    with in_one_sentence(f"{source} does not hold a run that this version can read"):
        return _run_of(model)


def _run_of(model: ModelFile) -> Run:
    record = checked(_completed(model.document["record"]), RECORD, "the record")
    answered = record["answered"]
    question = _question(record["asked"])
    preparation = _preparation(model)
    target = _target(record["target"], len(preparation.target_center))
    if question.recipe.resolve(target) != question.recipe:
        raise ModelFileError("its recipe leaves something open")
    weights = _weights(model, question, preparation.encoding.n_features)
    metrics = defaults_for(target.kind)
    run = Run(
        id=record["id"],
        task=record["task"],
        source=record["source"],
        question=question,
        target=target,
        preparation=preparation,
        weights=weights,
        status=answered["status"],
        why=answered["why"],
        steps=answered["steps"],
        history=_history(model, answered["history"], answered["epochs"]),
        scores=_scores(answered["scores"], metrics),
        baselines={
            name: _scores(found, metrics) for name, found in _in_order(answered["baselines"], BASELINES).items()
        },
        compared=_in_order(answered["compared"], BASELINES),
        intervals={name: (ends[0], ends[1]) for name, ends in _in_order(answered["intervals"], metrics).items()},
        observed=answered["observed"],
        reading=record["reading"],
        rows=_in_order(record["rows"], PARTS),
        engine=record["engine"],
        machine=record["machine"],
        started=record["started"],
        seconds=record["seconds"],
    )
    if run.digest != answered["weights"]:
        raise ModelFileError("its weights are not those of its record")
    if set(run.net.named_weights()) != set(weights):
        raise ModelFileError("its weights are not those of its network")
    return run


def _completed(record: Any) -> Any:
    """A record with the entries it did not have yet, where it has the form of one."""
    answered = record.get("answered") if isinstance(record, dict) else None
    return {"reading": {}, **record, "answered": {**LATER, **answered}} if isinstance(answered, dict) else record


def _question(asked: dict[str, Any]) -> Question:
    layers = len(asked["question"]["recipe"]["layers"])
    if layers > MOST_LAYERS:
        raise ModelFileError(f"its network has {layers} layers, more than {MOST_LAYERS}")
    question = Question.from_dict(asked["question"])
    if not asked["digest"] == question.digest == digest(asked["question"]):
        raise ModelFileError("its question is not the one of its digest")
    return question


def _preparation(model: ModelFile) -> FittedPreparation:
    columns = checked(model.document["preparation"]["columns"], COLUMNS, "the columns of the preparation")
    preparation = FittedPreparation.from_dict({"columns": columns}, section(model.arrays, "preparation/"))
    if not preparation.target_factor.all():
        raise ModelFileError("the preparation of its target cannot be undone")
    return preparation


def _target(said: dict[str, Any], n_out: int) -> Target:
    found = labeled_target(said, n_out)
    if found.n_out != n_out:
        raise ModelFileError(f"its target has {found.n_out} outputs and its preparation {n_out}")
    return found


def _weights(model: ModelFile, question: Question, n_in: int) -> dict[str, np.ndarray[Any, Any]]:
    """The weights; a recipe that asks for more than the file holds is refused before any are made room for."""
    weights = section(model.arrays, "weights/")
    held = sum(value.size for value in weights.values())
    needed = least_weights(question.recipe.layers, n_in)
    if needed > held:
        raise ModelFileError(f"its network needs {needed} weights and it holds {held}")
    if any(value.dtype != question.recipe.dtype for value in weights.values()):
        raise ModelFileError(f"its weights are not all {question.recipe.dtype}, as its recipe says")
    return weights


def _history(model: ModelFile, series: list[str], epochs: int) -> Curves:
    found = [model.arrays[f"history/{name}"] for name in series]
    if any(values.shape != (epochs,) or values.dtype != np.float64 for values in found):
        raise ModelFileError(f"its history is not {epochs} numbers in every series")
    return Curves(tuple(series), np.stack(found, axis=1) if series else np.empty((epochs, 0)))


def _scores(found: Mapping[str, Mapping[str, float]], metrics: Sequence[str]) -> dict[str, dict[str, float]]:
    """Scores in the order they are shown in; JSON sorts by name."""
    if any(metrics[0] not in scores for scores in found.values()):
        raise ModelFileError(f"its scores lack {metrics[0]}")
    return {part: _in_order(scores, metrics) for part, scores in _in_order(found, PARTS).items()}


def _in_order(found: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The entries in the order of `names`, those not among them last."""
    return {name: found[name] for name in (*filter(found.__contains__, names), *(n for n in found if n not in names))}


def folder_name(run: Run) -> str:
    """`<date>-<task>-<id>`, the task reduced to letters, digits and hyphens."""
    task = re.sub(r"[^A-Za-z0-9]+", "-", Path(run.task).stem).strip("-")[:40] or "data"
    return f"{run.started[:10]}-{task}-{run.id}"


def save_run(run: Run, folder: str | Path = "runs") -> Path:
    """Store a run in a folder of its own under `folder`; returns it. Nothing is left behind where that fails.

    Raises UsageError where the run is stored there already, for a record is never written over, and where it could
    not be read again.
    """
    place = Path(folder) / folder_name(run)
    model = model_of(run).to_bytes()
    run_of(ModelFile.from_bytes(model), "The file to be stored")
    record = json.dumps(run.to_dict(), indent=2, ensure_ascii=False).encode("utf-8") + b"\n"
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"The run {run.id} is already stored in {place}.") from None
    except (OSError, ValueError) as error:
        raise _not_stored(place, error) from None
    try:
        write_atomically(place / MODEL_FILE, model)
        write_atomically(place / RECORD_FILE, record)
    except BaseException as error:
        shutil.rmtree(place, ignore_errors=True)
        if isinstance(error, OSError):
            raise _not_stored(place, error) from None
        raise
    return place


def _not_stored(place: Path, error: OSError | ValueError) -> UsageError:
    return UsageError(f"The run could not be stored in {place}: {getattr(error, 'strerror', None) or error}.")


def find_run(name: str, folder: str | Path = "runs") -> Path:
    """The folder of a run: "last", a path, its id, or any beginning of its id or folder's name that is unique."""
    if Path(name).is_dir() and (Path(name) / RECORD_FILE).is_file():
        return Path(name)
    places = sorted(path.parent for path in Path(folder).glob(f"*/{RECORD_FILE}"))
    if not places:
        raise RunNotFoundError(f"There are no runs in {Path(folder)}. Train one first, or name its folder.")
    if name == "last":
        return max(places, key=_age)
    found = [place for place in places if place.name.startswith(name) or place.name.split("-")[-1].startswith(name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise RunNotFoundError(f"There is no run '{name}' in {Path(folder)}. Say last, or the beginning of its id.")
    names = ", ".join(place.name for place in found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    raise RunNotFoundError(f"'{name}' is the beginning of {len(found)} runs: {names}. Give more of the id.")


def _age(place: Path) -> tuple[str, int]:
    """When a run was started and stored; one whose record cannot be read counts as the oldest."""
    try:
        started = json.loads((place / RECORD_FILE).read_bytes())["started"]
        return checked(started, RECORD["started"], "started"), (place / RECORD_FILE).stat().st_mtime_ns
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "", 0


def load_run(name: str | Path, folder: str | Path = "runs") -> Run:
    """The run of that name (as for `find_run`), or in that model file."""
    path = Path(name)
    if path.suffix != ".mlp":
        path = find_run(str(name), folder) / MODEL_FILE
    file = ModelFile.load(path)
    if "estimator" in file.document:
        reader = "multilayer.estimators.load_estimator"
        raise ModelFileError(f"The model file {path} holds an estimator: {reader} reads it.")
    return run_of(file, f"The model file {path}")
