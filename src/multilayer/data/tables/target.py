"""Which column is the target, and what its values are taken for, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multilayer.data.frame import no_column
from multilayer.data.tables.guess import Guess, counted
from multilayer.data.tables.options import TableOptions
from multilayer.data.target import MOST_CLASSES, TargetKind
from multilayer.errors import DataError, UsageError, sentence, shown

MANY_CLASSES = 1000
"""More classes than this are a mistake, and so are more than 20 that have fewer than two rows each on average."""

PERHAPS_CLASSES = 100
"""Whole numbers with up to so many distinct values are asked about."""


def target_columns(names: Sequence[str], options: TableOptions, path: str) -> tuple[list[str], list[Guess]]:
    """The target's columns, and a word on them where nobody named any."""
    aside = {*options.drop, options.weight_column, options.group}
    if options.target is None:
        free = [name for name in names if name not in aside]
        if not free:
            raise DataError(f"{path!r} must have a column for the target, it has none left.")
        return [free[-1]], [Guess(f"No target was named, so it is the last column, {free[-1]!r}.", "--target")]
    if isinstance(options.target, (list, tuple)):
        wanted = [_column(name, names) for name in options.target]
    elif isinstance(options.target, str) and options.target not in names and "," in options.target:
        wanted = [_column(name.strip(), names) for name in options.target.split(",")]
    else:
        wanted = [_column(options.target, names)]
    if not wanted:
        raise DataError("target must name at least one column, got none.")
    return wanted, []


def _column(word: Any, names: Sequence[str]) -> str:
    """The column of that name, or with that number: 1 is the first, -1 the last."""
    if isinstance(word, str) and word in names:
        return word
    if isinstance(word, bool) or not isinstance(word, (str, int)):
        raise UsageError(sentence("target", "a column's name, or its number counted from 1", word))
    try:
        number = int(word)
    except ValueError:
        raise DataError(no_column(str(word), names, "target")) from None
    if number == 0 or abs(number) > len(names):
        raise DataError(f"target: there is no column {number}. There are {len(names)}, counted from 1.")
    return names[number - 1 if number > 0 else number]


def kind_of(series: Sequence[Any], options: TableOptions) -> tuple[TargetKind | None, list[Guess]]:
    """The kind that was asked for, None where the values decide, and a word on values that could be either.

    `series` are the target's columns as polars has them. Raises DataError for a target that cannot be one.
    """
    if len(series) > 1:
        return (None if options.kind == "classification" else options.kind), []  # type: ignore[return-value]
    column = series[0]
    distinct = column.n_unique()
    if distinct < 2:
        cell = column[0]
        raise DataError(
            f"target {column.name!r} must have at least two distinct values, it is {shown(cell, 40)} in every row."
        )
    classes = options.kind in ("binary", "classes", "classification")
    number = column.dtype.is_numeric()
    many = distinct > MANY_CLASSES or (distinct > MOST_CLASSES and distinct * 2 > len(column))
    if (classes or (options.kind is None and not number)) and many:
        do = "Name another column with --target" + (", or say --regression." if number else ".")
        raise DataError(
            f"target {column.name!r} has {distinct:,} distinct values in {counted(len(column), 'row')}, too many for "
            f"classes. {do}"
        )
    if options.kind == "classification":
        return ("binary" if distinct == 2 else "classes"), []
    if options.kind is not None or not number:
        return options.kind, []  # type: ignore[return-value]
    return None, _asked_about(column, distinct)


def _asked_about(column: Any, distinct: int) -> list[Guess]:
    """What is said of numbers that could be classes, and of classes that could be numbers."""
    name, whole = column.name, column.dtype.is_integer()
    if distinct == 2:
        low, high = column.min(), column.max()
        return [Guess(f"{name!r} has the values {low:g} and {high:g} alone: treated as two classes.", "--regression")]
    if whole and distinct <= MOST_CLASSES:
        return [Guess(f"{name!r} looks like a number with {distinct} values: treated as a class.", "--regression")]
    round_ = whole or bool((column == column.round()).all())
    if round_ and distinct <= PERHAPS_CLASSES:
        return [Guess(f"{name!r} has {distinct} whole numbers as values: treated as a number.", "--classification")]
    return []
