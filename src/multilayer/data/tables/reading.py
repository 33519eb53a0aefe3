"""From a path to a dataset, with a sentence for everything that nobody said."""

from __future__ import annotations

import dataclasses
import functools
import operator
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from multilayer import room
from multilayer.data.column import column_of
from multilayer.data.dataset import Dataset
from multilayer.data.frame import cells_of, frame_of, no_column
from multilayer.data.parquet import DiskColumns, ParquetTable, column_of_series
from multilayer.data.preparation import Preparation
from multilayer.data.split import Splitting
from multilayer.data.stored import ArrayColumns, Columns, TypedColumns
from multilayer.data.tables.arrays import (
    Arrays,
    fixed_split,
    has_fixed_splits,
    idx_arrays,
    idx_files,
    npz_arrays,
)
from multilayer.data.tables.cells import kinds_of
from multilayer.data.tables.guess import Guess, counted
from multilayer.data.tables.images import class_folders, image_arrays
from multilayer.data.tables.inputs import identifiers, rare_texts, remarks
from multilayer.data.tables.joining import matched, members_of
from multilayer.data.tables.loading import NAMED_LIKE_TABLES, existing, form_of, load
from multilayer.data.tables.named import folder_of, is_named
from multilayer.data.tables.options import TableOptions
from multilayer.data.tables.target import kind_of, target_columns
from multilayer.data.tables.text_file import unpacked
from multilayer.data.target import Target, target_of
from multilayer.errors import DataError, UsageError

VAL = 0.2
"""The share of the other rows that is kept for val where the test part is given."""


@final
@dataclass(frozen=True, eq=False)
class Reading:
    """A dataset, and what was guessed in reading it; printed, it is the guesses.

    The last `n_test` rows are the test part where that is greater than 0. `forms` is how the numbers and dates of
    columns are written where that is not the common way, such as {"day": "%d.%m.%Y", "size": "decimal comma"}.
    """

    dataset: Dataset
    guesses: tuple[Guess, ...] = ()
    n_test: int = 0
    images: bool = False
    options: TableOptions = field(default_factory=TableOptions)
    forms: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """What was said and what was guessed, as plain data for JSON."""
        suggested = {"suggested": self.recipe()} if self.recipe() else {}
        forms = {"forms": dict(self.forms)} if self.forms else {}
        return {"options": self.options.to_dict(), "guessed": list(map(str, self.guesses)), **forms, **suggested}

    def recipe(self) -> dict[str, Any]:
        """The settings that suit the data where nobody gives them: images are wide, and want a smaller rate."""
        return {"hidden": [256, 128], "lr": 0.003, "batch_size": 128} if self.images else {}

    def splitting(self) -> Splitting | None:
        """How the rows are divided where the file says so."""
        return Splitting(1 - VAL, VAL, 0.0, test_rows=self.n_test) if self.n_test else None

    def preparation(self) -> Preparation:
        """How the columns are prepared unless asked otherwise."""
        return Preparation(inputs="channel") if self.images else Preparation()

    def __str__(self) -> str:
        return "\n".join(map(str, self.guesses))

    def __repr__(self) -> str:
        return f"Reading({self.dataset!r})\n{self}"


def read(path: str | os.PathLike[str], options: TableOptions | None = None, **given: Any) -> Reading:
    """Read a table, a folder of pictures, arrays, or a data set by name; `given` are the fields of `TableOptions`.

    Raises DataError where it cannot be read, and UsageError for an option that cannot be meant.

    >>> from pathlib import Path
    >>> size = Path("flowers.csv").write_text("color;length\\nred;1,5\\nblue;2,5\\nblue;2,25\\n")
    >>> print(read("flowers.csv"))
    Cells are separated by semicolons. (--delimiter)
    The first line holds the names of the columns. (--no-header)
    Commas in 'length' are decimal points. (--decimal .)
    No target was named, so it is the last column, 'length'. (--target)
    """
    options = dataclasses.replace(options or TableOptions(), **given)
    return dataclasses.replace(_reading_of(path, options), options=options)


def _reading_of(path: str | os.PathLike[str], options: TableOptions) -> Reading:
    if isinstance(path, str) and is_named(path) and not Path(path).exists():
        folder = folder_of(path)
        with tempfile.TemporaryDirectory(prefix="multilayer-") as scratch:
            found = idx_arrays(folder, Path(scratch))
        said = Guess(f"The files are those in {folder}.")
        return _of_arrays(dataclasses.replace(found, guesses=(said, *found.guesses)), path, options)
    place = existing(Path(path))
    with tempfile.TemporaryDirectory(prefix="multilayer-") as scratch:
        return _read(place, Path(scratch), options)


def _read(place: Path, scratch: Path, options: TableOptions) -> Reading:
    stem = _stem(place)
    if place.is_dir():
        return _of_arrays(_of_folder(place, scratch, options), stem, options)
    if not place.is_file():
        raise DataError(f"{str(place)!r} is no file and no folder. Name a table.")
    inner = unpacked(place, scratch)
    form = form_of(inner, place)
    if form == "npz":
        return _of_arrays(npz_arrays(inner, place), stem, options)
    if form == "idx":
        raise DataError(f"{str(place)!r} is one of several IDX files. Name the folder that holds images and labels.")
    if form == "tar":
        return _of_arrays(_of_folder(members_of(inner, place, scratch), scratch, options, place), stem, options)
    return _of_table(place, scratch, options)


def _stem(place: Path) -> str:
    """The name without its endings."""
    name = place.name or place.resolve().name
    for ending in (".gz", ".tar", place.suffix if place.suffix != ".gz" else Path(place.stem).suffix):
        name = name.removesuffix(ending) if ending and not place.is_dir() else name
    return name


def _of_folder(folder: Path, scratch: Path, options: TableOptions, name: Path | None = None) -> Arrays:
    name = name or folder
    try:
        if idx_files(folder):
            return idx_arrays(folder, scratch)
        inside = [folder, folder / "data", *(place / "data" for place in sorted(folder.iterdir()) if place.is_dir())]
        split = next((place for place in inside if has_fixed_splits(place)), None)
        if split is not None:
            return fixed_split(split, options.fold)
        if class_folders(folder):
            return image_arrays(folder, options.image_size)
    except OSError as error:
        raise DataError(f"{str(name)!r} cannot be read: {error.strerror}.") from None
    tables = sorted(place.name for place in folder.iterdir() if place.suffix.lower() in NAMED_LIKE_TABLES)
    near = f" Name a table in it, such as {tables[0]}." if tables else ""
    raise DataError(f"{str(name)!r} is a folder without pictures by class and without IDX files.{near}")


def _of_arrays(found: Arrays, name: str, options: TableOptions) -> Reading:
    """The reading of rows of numbers; what is said about columns of a table is refused."""
    for said in options.given:
        if said not in ("kind", "image_size", "fold"):
            raise UsageError(f"{name!r} is no table of columns: leave {said} out.")
    assert found.y is not None
    kind = options.kind
    if kind == "classification":
        kind = "binary" if len(np.unique(found.y)) == 2 else "classes"
    names = [found.target] if np.ndim(found.y) == 1 else None
    target = target_of(found.y, kind=kind, names=names)  # type: ignore[arg-type]
    dataset = Dataset(name, ArrayColumns(found.X, found.names), target)
    return Reading(dataset, found.guesses, found.n_test, found.images)


def _of_table(place: Path, scratch: Path, options: TableOptions) -> Reading:
    loaded = load(place, scratch, options)
    table, guesses, header, forms = loaded.frame, list(loaded.guesses), loaded.header, loaded.forms
    del loaded  # so that the columns of the frame can be let go one by one
    names = list(table.columns)
    _check_names(names, options)
    targets, said = target_columns(names, options, str(place))
    guesses += said
    n_test = 0
    if options.test is not None:
        if isinstance(table, ParquetTable):
            raise UsageError(f"{str(place)!r} is larger than memory: put the test rows into it, and leave test out.")
        table, n_test, said = _with_test(table, place, Path(options.test), scratch, options, header, targets, forms)
        guesses += said
    table, n_test, said = _with_targets_only(table, targets, n_test)
    guesses += said
    if not len(table):
        raise DataError(f"target {targets[0]!r} must have at least one row, got none.")
    kind, asked = kind_of([table[name] for name in targets], options)
    aside = {*targets, options.weight_column, options.group, *options.drop}
    inputs = [name for name in names if name not in aside]
    left_out, said = identifiers(table, inputs, options)
    inputs = [name for name in inputs if name not in left_out]
    guesses += asked + said + remarks(table, inputs, targets)
    table, said = rare_texts(table, inputs, len(table) - n_test)
    dataset = _dataset(_stem(place), table, inputs, targets, kind, options)
    return Reading(dataset, tuple(guesses + said), n_test, forms=forms)


def _check_names(names: Sequence[str], options: TableOptions) -> None:
    """Every column that was named must be there, and have one role."""
    roles: dict[str, Sequence[str | None]] = {
        "weight_column": [options.weight_column],
        "group": [options.group],
        "drop": options.drop,
        "keep_columns": options.keep_columns,
        "types": list(options.types),
    }
    for role, columns in roles.items():
        for column in columns:
            if column is not None and column not in names:
                raise DataError(no_column(column, names, role))
    both = [name for name in options.drop if name in options.keep_columns]
    if both:
        raise UsageError(f"{both[0]!r} is both in drop and in keep_columns: say one of them.")


def _with_test(
    table: Any,
    place: Path,
    test: Path,
    scratch: Path,
    options: TableOptions,
    header: bool,
    targets: Sequence[str],
    forms: Mapping[str, str],
) -> tuple[Any, int, list[Guess]]:
    """The rows of the test file below the others."""
    here = scratch / "test"
    here.mkdir()
    same = options if header else dataclasses.replace(options, header=False)
    known = {name: kind for name, kind in kinds_of(table).items() if name not in targets}
    of = f" of the test file {str(test)!r}"
    second = load(existing(test), here, same, names=table.columns, kinds=known, forms=forms, of=of)
    return matched(table, second.frame, place, test, targets)


def _with_targets_only(table: Any, targets: Sequence[str], n_test: int) -> tuple[Any, int, list[Guess]]:
    """The frame without the rows that have no target, and the number of test rows that are left."""
    mask = ~functools.reduce(operator.or_, (_missing(table[name]) for name in targets))
    lacking = len(mask) - int(mask.sum())
    if not lacking:
        return table, n_test, []
    if lacking == len(table):
        raise DataError(f"target {targets[0]!r} is missing in every row. Name another column with --target.")
    kept_test = int(mask.tail(n_test).sum()) if n_test else 0
    said = Guess(f"{counted(lacking, 'row')} without a target {'is' if lacking == 1 else 'are'} left out.")
    return table.filter(mask), kept_test, [said]


def _missing(series: Any) -> Any:
    return series.is_null() | series.is_nan() if series.dtype.is_float() else series.is_null()


def _dataset(
    name: str, table: Any, inputs: Sequence[str], targets: Sequence[str], kind: Any, options: TableOptions
) -> Dataset:
    """The frame as a dataset; its columns are taken out of it one by one, so that none is there twice."""
    face = frame_of(table.select([*targets, *filter(None, (options.weight_column, options.group))]))
    target = _target(table, face, targets, kind)
    weight = None if options.weight_column is None else _weights(face, options.weight_column)
    group = None
    if options.group is not None:
        codes = column_of("group", cells_of(face, options.group))
        if codes.missing.any():
            raise DataError(
                f"group {options.group!r} must have no missing cells, got one in row {int(codes.missing.argmax()) + 1}."
            )
        group = np.unique(codes.values, return_inverse=True)[1].astype(np.int64)
    if not inputs:
        raise DataError(f"dataset {name!r} must have at least one input column, it has none.")
    return Dataset(name, columns_of(table, inputs), target, weight, group)


def _target(table: Any, face: Any, targets: Sequence[str], kind: Any) -> Target:
    """The target; a column of text without an object for each cell."""
    import polars as pl

    if len(targets) == 1 and table[targets[0]].dtype == pl.String and kind in (None, "binary", "classes"):
        column = column_of_series(table[targets[0]])
        if kind != "binary" or len(column.categories) == 2:
            kind = kind or ("binary" if len(column.categories) == 2 else "classes")
            return Target(kind, column.values, tuple(targets), column.categories)
    y = [cells_of(face, column) for column in targets]
    return target_of(y[0] if len(y) == 1 else np.stack(y, axis=1), kind=kind, names=list(targets))


def _weights(face: Any, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    column = column_of(name, cells_of(face, name))
    if column.kind not in ("number", "boolean"):
        raise DataError(f"weight column {name!r} must hold numbers, it holds text.")
    wrong = ~(column.values >= 0)
    if wrong.any():
        row = int(wrong.argmax())
        got = "a missing cell" if column.missing[row] else f"{column.values[row]:g}"
        raise DataError(f"weight column {name!r} must hold numbers of at least 0, got {got} in row {row + 1}.")
    return np.asarray(column.values)


def columns_of(table: Any, names: Sequence[str]) -> Columns:
    """Columns of a polars frame; numbers alone become one array that the engine reads where it lies."""
    if isinstance(table, ParquetTable):
        return DiskColumns(table, names)
    if all(table[name].dtype.is_numeric() for name in names):
        return ArrayColumns(_array(table, names), names)
    return TypedColumns(column_of_series(table[name]) for name in names)


def _array(table: Any, names: Sequence[str]) -> Any:
    """The numbers (n_samples, n_columns): float32 where that loses nothing, else float64; NaN where missing.

    The columns are taken out of the frame, so that none is in memory twice.
    """
    exact = all(_fits_float32(table[name]) for name in names)
    rows = room.matrix(len(table), len(names), np.float32 if exact else np.float64)
    for place, name in enumerate(names):
        rows[:, place] = table.drop_in_place(name).to_numpy()
    return rows


def _fits_float32(series: Any) -> bool:
    if not series.dtype.is_integer():
        return False
    return len(series) == series.null_count() or bool(max(abs(series.min()), abs(series.max())) <= 2**24)
