"""From what people give, to a dataset: a task's name, a file, a frame, arrays, a Dataset, a Reading or a Task."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from multilayer.data import Dataset, Preparation, Splitting, tasks
from multilayer.data.frame import frame_of, is_frame
from multilayer.data.tables import OPTIONS, Reading, TableOptions, is_named, read
from multilayer.errors import DataError, UsageError, sentence, shown

ENDINGS = (
    ".csv", ".tsv", ".tab", ".txt", ".data", ".dat", ".arff", ".parquet", ".arrow", ".feather", ".ipc", ".npz", ".gz",
    ".tgz", ".tar", ".zip", ".xlsx", ".xls", ".json", ".h5", ".pkl",
)  # fmt: skip
"""Names that end like this are files, whether they are there or not."""

OF_FRAMES = {"drop": "drop", "weight_column": "weight", "group": "group"}
"""The options that a frame takes too, as `Dataset.from_frame` calls them."""


@final
@dataclass(frozen=True, eq=False)
class Source:
    """A dataset, the task it came from if it was one, a word on its source, and how a file was read."""

    dataset: Dataset
    task: tasks.Task | None = None
    said: str = ""
    reading: Reading | None = None

    def recipe(self) -> dict[str, Any]:
        """The settings that the data suggests where no recipe is given."""
        suggesting = self.task or self.reading
        return dict(suggesting.recipe()) if suggesting else {}

    def splitting(self, asked: Splitting | None) -> Splitting:
        """How the rows are divided; the test part of a file is the test part whatever else is asked."""
        own = (
            self.task.splitting() if self.task else self.reading.splitting() if self.reading else None
        ) or Splitting()
        if asked is None or not own.test_rows or asked.test_rows == own.test_rows:
            return asked or own
        if asked.test:
            raise DataError(f"The data has a test part of its own: splitting must have test=0, got {asked.test:g}.")
        return replace(asked, test_rows=own.test_rows)

    def preparation(self) -> Preparation:
        """What suits the data."""
        return self.task.preparation() if self.task else self.reading.preparation() if self.reading else Preparation()


def table_options(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings that say how a file is read, None left out, and the others."""
    table = {name: value for name, value in settings.items() if name in OPTIONS and value is not None}
    return table, {name: value for name, value in settings.items() if name not in OPTIONS}


def dataset_of(
    data: Any, target: Any = None, kind: str | None = None, **options: Any
) -> tuple[Dataset, tasks.Task | None, str]:
    """The dataset of `source_of`, its task, and the word on its source."""
    source = source_of(data, target, kind, options)
    return source.dataset, source.task, source.said


def source_of(
    data: Any, target: Any = None, kind: str | None = None, options: Mapping[str, Any] | None = None
) -> Source:
    """Where the rows come from.

    `data` is a Dataset, a Reading, a Task, the name of a task with its parameters ("moons(noise=0.3)"), the path of a
    table, the name of a data set, a frame, an array, or (X, y); `target` names the target's column (or columns), or is
    y itself. `kind` overrules what the target is taken for; `options` are fields of `TableOptions`. Raises DataError
    where it is none of these, and UsageError for an option that does not go with it.
    """
    options = dict(options or {})
    _refuse_a_second_target(data, target, kind)
    if isinstance(data, (str, os.PathLike)) and looks_like_path(data):
        reading = read(data, TableOptions(target=target, kind=kind, **options))
        return Source(reading.dataset, None, str(data), reading)
    frame = is_frame(data)
    for name in options:
        if not (frame and name in OF_FRAMES):
            raise UsageError(f"{name} says how a file is read, and the data is none: leave {name} out.")
    if isinstance(data, Reading):
        return Source(data.dataset, None, "a dataset", data)
    if isinstance(data, Dataset):
        return Source(data, None, "a dataset")
    if isinstance(data, tasks.Task):
        return Source(data.dataset(), data, str(data))
    if isinstance(data, str):
        task = tasks.get(data)
        if target is not None:
            raise DataError(f"The task {task.name} has a target of its own: leave target={shown(target)} out.")
        return Source(task.dataset(), task, data)
    return _of_memory(data, target, kind, {OF_FRAMES[name]: value for name, value in options.items()})


def _refuse_a_second_target(data: Any, target: Any, kind: str | None) -> None:
    pair = isinstance(data, tuple) and len(data) == 2
    own = isinstance(data, (Dataset, Reading, tasks.Task))
    named = isinstance(data, str) and not looks_like_path(data)
    if target is not None and (pair or own):
        raise DataError(f"The data has a target of its own: leave target={shown(target)} out.")
    if kind is not None and (own or named):
        raise DataError(f"The data has a target of its own, whose kind is known: leave kind={shown(kind)} out.")


def _of_memory(data: Any, target: Any, kind: Any, roles: Mapping[str, Any]) -> Source:
    """A frame with the name of its target, or arrays."""
    if isinstance(data, tuple) and len(data) == 2:
        return Source(Dataset.from_arrays(*data, kind=kind), None, "arrays")
    if target is None:
        raise DataError(
            "data must be the name of a task, the path of a table, (X, y), or a frame with target=, got "
            f"{type(data).__name__} and no target."
        )
    if isinstance(target, str) or (is_frame(data) and _are_columns(target, data)):
        drop = [roles["drop"]] if isinstance(roles.get("drop"), str) else roles.get("drop", ())
        return Source(Dataset.from_frame(data, target, kind=kind, **{**roles, "drop": drop}), None, "a frame")
    if roles:
        raise UsageError(sentence("target", "the name of a column beside drop, weight_column and group", target))
    return Source(Dataset.from_arrays(data, target, kind=kind), None, "arrays")


def _are_columns(target: Any, frame: Any) -> bool:
    """Whether a list names columns of a frame rather than being labels."""
    names = set(frame_of(frame).columns)
    return isinstance(target, (list, tuple)) and all(isinstance(name, str) and name in names for name in target)


def looks_like_path(data: str | os.PathLike[str]) -> bool:
    """Whether the text names a file, a folder or a stored data set rather than a task; a task's name is that task's,
    whatever files there are."""
    text = os.fspath(data)
    if isinstance(data, str) and text.lower().replace("-", "_") in tasks.TASKS:
        return False
    if not isinstance(data, str) or text.lower().endswith(ENDINGS) or is_named(text):
        return True
    try:
        return bool(text) and Path(text).exists()
    except (OSError, ValueError):  # no name that a file could have
        return False
