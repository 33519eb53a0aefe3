"""A test file below the file it belongs to, and an archive as the folder it was."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from multilayer.data.frame import no_column
from multilayer.data.tables.guess import Guess, counted, listed
from multilayer.data.tables.text_file import MOST_UNPACKED
from multilayer.errors import DataError, shown


def matched(table: Any, test: Any, place: Path, name: Path, targets: Sequence[str]) -> tuple[Any, int, list[Guess]]:
    """The rows of a test file below the others, their number, and what is to be said.

    Raises DataError where it lacks a column, or its target is another.
    """
    import polars as pl

    if not isinstance(test, pl.DataFrame):
        raise DataError(f"The test file {str(name)!r} is too large to be read at once.")
    for column in table.columns:
        if column not in test.columns:
            raise DataError(
                f"The test file {str(name)!r} lacks a column of {place.name}: {no_column(column, test.columns)}"
            )
    if not len(test):
        raise DataError(f"The test file {str(name)!r} has no rows.")
    more = [column for column in test.columns if column not in table.columns]
    said = [Guess(f"{listed(more)} of the test file {'is' if len(more) == 1 else 'are'} left aside.")] if more else []
    test = test.select(table.columns)
    for column in targets:
        if table[column].dtype == pl.String:
            test, dots = _same_labels(table[column], test, name)
            said += dots
        elif test[column].dtype == pl.String and len(test[column].drop_nulls()):
            cell = test[column].drop_nulls()[0]
            raise DataError(f"target {column!r} of the test file {str(name)!r} must be numbers, got {shown(cell, 40)}.")
    joined = pl.concat([table, test], how="vertical_relaxed")
    return (
        joined,
        len(test),
        [
            *said,
            Guess(f"{counted(len(test), 'row')} of {name.name} {'is' if len(test) == 1 else 'are'} the test part."),
        ],
    )


def _same_labels(labels: Any, test: Any, name: Path) -> tuple[Any, list[Guess]]:
    """The test rows with the labels of the others; a full stop behind every one of them is taken off."""
    column = labels.name
    known, found = set(labels.drop_nulls()), test[column].cast(type(labels.dtype))
    new = sorted(set(found.drop_nulls()) - known)
    if new and all(label.endswith(".") and label[:-1] in known for label in set(found.drop_nulls())):
        said = Guess(f"The full stops behind the labels in {name.name} are left out.")
        return test.with_columns(found.str.strip_suffix(".").alias(column)), [said]
    if new:
        told = (
            f"{listed([repr(label) for label in new])}, which {'is' if len(new) == 1 else 'are'} not among the others"
        )
        raise DataError(f"target {column!r} of the test file {str(name)!r} has {told}.")
    return test.with_columns(found.alias(column)), []


def members_of(archive: Path, name: Path, folder: Path) -> Path:
    """The folder that an archive of a folder unpacks to: plain files alone, none of them outside it."""
    place = folder / "archive"
    try:
        with tarfile.open(archive) as tar:
            if sum(member.size for member in tar.getmembers()) > MOST_UNPACKED:
                raise DataError(f"{str(name)!r} holds more than a table. Unpack it, and name the table in it.")
            tar.extractall(place, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise DataError(f"{str(name)!r} cannot be unpacked: {str(error).rstrip('.')}.") from None
    return place
