"""Which columns are inputs: what identifies a row is left out, and rare texts become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from multilayer.data.column import REST
from multilayer.data.tables.cells import words_of
from multilayer.data.tables.guess import Guess, counted, listed
from multilayer.data.tables.options import TableOptions

LEAST_ROWS = 20
"""Below so many rows nothing is concluded from cells being different."""

MOST_CATEGORIES = 100
"""A text column has so many categories at most, the most frequent ones; all others are `REST`."""

OWN_TEXT = 0.9
"""A text column with more different cells than this share of its rows identifies rows rather than describing them."""

CALLED_ID = re.compile(
    r"(id|idx|index|key|uuid|guid|row|row name|rowid|unnamed: 0|.*[ _.-](id|uuid|guid)|.*[a-z]I[dD])"
)


def identifiers(table: Any, names: Sequence[str], options: TableOptions) -> tuple[list[str], list[Guess]]:
    """The input columns that only tell rows apart, unless they are to be kept or are all there is."""
    if len(table) < LEAST_ROWS:
        return [], []
    found = {name: why for name in names if name not in options.keep_columns and (why := _identifies(table[name]))}
    if len(found) == len(names):
        return [], []
    guesses = [
        Guess(
            f"{listed(some)} {'is' if len(some) == 1 else 'are'} left out: {why}.", f"--keep-columns {words_of(some)}"
        )
        for why in dict.fromkeys(found.values())
        for some in [[name for name in found if found[name] == why]]
    ]
    return list(found), guesses


def _identifies(series: Any) -> str:
    """Why a column only tells rows apart; empty where it does not."""
    import polars as pl

    filled = len(series) - series.null_count()
    if series.dtype == pl.String and filled >= LEAST_ROWS and series.n_unique() > OWN_TEXT * filled:
        return "nearly every row has a text of its own there"
    if not series.dtype.is_integer() or series.null_count() or series.n_unique() < len(series):
        return ""
    steps = series.diff().drop_nulls()
    counts = bool((steps == 1).all()) and series[0] in (0, 1)
    called = bool(CALLED_ID.fullmatch(series.name) or CALLED_ID.fullmatch(series.name.casefold()))
    if called or (counts and series.name == "x1"):
        return "it numbers the rows" if counts else "it is another number in every row, and called an identifier"
    return ""


def remarks(table: Any, names: Sequence[str], targets: Sequence[str]) -> list[Guess]:
    """A word on input columns that hold the same in every row (they stay, so that rows to come may differ), on missing
    cells, and on texts, those of the targets too, that differ only in case."""
    same, missing, alike = [], [], []
    for name in names:
        series = table[name]
        if len(table) > 1 and series.drop_nulls().n_unique() <= 1 and _same(series):
            same.append(name)
        count = int(series.null_count() + (series.is_nan().sum() if series.dtype.is_float() else 0))
        missing += [f"{count:,} in {name!r}"] * (count > 0)
        alike += _alike(series)
    alike += [guess for name in targets for guess in _alike(table[name])]
    guesses = []
    if same:
        said = f"{listed(same)} {'holds' if len(same) == 1 else 'hold'} the same in every row, and so cannot help."
        guesses.append(Guess(said, f"--drop {words_of(same)}"))
    if missing:
        guesses.append(Guess(f"Missing cells: {listed(missing)}."))
    return guesses + alike


def _alike(series: Any) -> list[Guess]:
    """A word on the texts of a column that differ only in case."""
    import polars as pl

    if series.dtype != pl.String:
        return []
    cells = series.drop_nulls().unique().sort()
    folded = cells.str.to_lowercase()
    if folded.n_unique() == len(cells):
        return []
    twice = cells.filter(folded.is_duplicated())
    first = [repr(cell) for cell in twice.filter(twice.str.to_lowercase() == twice[0].lower())]
    more = f", and so do {len(twice) - len(first)} more" if len(twice) > len(first) else ""
    return [Guess(f"{listed(first)} of {series.name!r} differ only in case{more}: each counts as a text of its own.")]


def _same(series: Any) -> bool:
    """Whether all cells are filled alike, or all missing."""
    return series.null_count() in (0, len(series))


def rare_texts(table: Any, names: Sequence[str], rows: int) -> tuple[Any, list[Guess]]:
    """The frame with the texts of long-tailed columns that are not among the most frequent made one.

    Only the first `rows` count, which are those that are not a test file's.
    """
    import polars as pl

    guesses = []
    for name in names:
        series = table[name]
        if series.dtype != pl.String or series.n_unique() <= MOST_CATEGORIES + 1:
            continue
        counts = (
            series.head(rows).drop_nulls().value_counts(name="n_rows").sort(["n_rows", name], descending=[True, False])
        )
        distinct = len(counts)
        if distinct <= MOST_CATEGORIES:
            continue
        kept = counts[name].head(MOST_CATEGORIES)
        rare = series.is_not_null() & ~series.is_in(kept.implode())
        table = table.with_columns(series.set(rare, REST).alias(name))
        said = f"{name!r} has {counted(distinct, 'different text')}: the {MOST_CATEGORIES} most frequent count, "
        said += "the rest are one."
        guesses.append(Guess(said, f"--drop {words_of([name])}"))
    return table, guesses
