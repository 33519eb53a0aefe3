"""From what people give, to a dataset: a task's name, a file, a frame, arrays, a Dataset or a Task."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from multilayer.data import Dataset, tasks
from multilayer.data.frame import frame_of, is_frame
from multilayer.data.target import TargetKind
from multilayer.errors import DataError, shown

TABLES = (".csv", ".tsv", ".parquet", ".txt", ".gz", ".arrow", ".feather")


def dataset_of(data: Any, target: Any = None, kind: TargetKind | None = None) -> tuple[Dataset, tasks.Task | None, str]:
    """The dataset, the task it came from if it was one, and a word on its source.

    `data` is a Dataset, a Task, the name of a task with its parameters ("moons(noise=0.3)"), the path of a table, a
    frame, an array, or (X, y); `target` names the target's column (or columns), or is y itself. `kind` overrules what
    the target is taken for. Raises DataError where it is none of these.
    """
    pair = isinstance(data, tuple) and len(data) == 2
    own = isinstance(data, (Dataset, tasks.Task)) or (isinstance(data, str) and not looks_like_path(data))
    if target is not None and (pair or isinstance(data, (Dataset, tasks.Task))):
        raise DataError(f"The data has a target of its own: leave target={shown(target)} out.")
    if kind is not None and own:
        raise DataError(f"The data has a target of its own, whose kind is known: leave kind={shown(kind)} out.")
    if isinstance(data, Dataset):
        return data, None, "a dataset"
    if isinstance(data, tasks.Task):
        return data.dataset(), data, str(data)
    if isinstance(data, (str, os.PathLike)):
        if looks_like_path(data):
            return Dataset.from_path(Path(data), target, kind=kind), None, str(data)
        task = tasks.get(str(data))
        if target is not None:
            raise DataError(f"The task {task.name} has a target of its own: leave target={shown(target)} out.")
        return task.dataset(), task, str(data)
    if pair:
        return Dataset.from_arrays(*data, kind=kind), None, "arrays"
    if target is None:
        raise DataError(
            "data must be the name of a task, the path of a table, (X, y), or a frame with target=, got "
            f"{type(data).__name__} and no target."
        )
    if isinstance(target, str) or (is_frame(data) and _are_columns(target, data)):
        return Dataset.from_frame(data, target, kind=kind), None, "a frame"
    return Dataset.from_arrays(data, target, kind=kind), None, "arrays"


def _are_columns(target: Any, frame: Any) -> bool:
    """Whether a list names columns of a frame rather than being labels."""
    names = set(frame_of(frame).columns)
    return isinstance(target, (list, tuple)) and all(isinstance(name, str) and name in names for name in target)


def looks_like_path(data: str | os.PathLike[str]) -> bool:
    """Whether the text names a file rather than a task; a task's name is that task's, whatever files there are."""
    text = os.fspath(data)
    if isinstance(data, str) and text.lower().replace("-", "_") in tasks.TASKS:
        return False
    return not isinstance(data, str) or text.lower().endswith(TABLES) or Path(text).is_file()
