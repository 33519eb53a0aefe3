"""The columns of a table: typed and in memory, or left where they are and read one at a time.

An array of numbers is shared, never copied: a `numpy.memmap` larger than memory as well as an array in memory. Whoever
reads a column gets it as `Column` has it, so that no result depends on where the numbers lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, final

import numpy as np
import numpy.typing as npt

from multilayer import room
from multilayer.arrays import Array
from multilayer.data.column import Column, Heading

AT_ONCE = 16
"""A working copy takes this share of the memory that data may take, and an array is read through this often at most."""


class Columns(Protocol):
    """Typed columns of equally many rows; those that are not in memory are read when they are asked for."""

    n_samples: int
    headings: tuple[Heading, ...]

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Column: ...

    def __iter__(self) -> Iterator[Column]: ...

    def in_blocks(self) -> Iterator[tuple[slice, tuple[Column, ...]]]:
        """Consecutive rows of all columns: where they stand, and their cells, typed by themselves."""
        ...

    def take(self, rows: npt.NDArray[np.int64]) -> Columns:
        """Some of the rows, in memory; categories stay as they are."""
        ...


@final
class TypedColumns:
    """Columns in memory."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._columns = tuple(columns)
        self.n_samples = len(self._columns[0].values) if self._columns else 0
        self.headings = tuple(column.heading for column in self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, place: int) -> Column:
        return self._columns[place]

    def __iter__(self) -> Iterator[Column]:
        return iter(self._columns)

    def in_blocks(self) -> Iterator[tuple[slice, tuple[Column, ...]]]:
        yield slice(0, self.n_samples), self._columns

    def take(self, rows: npt.NDArray[np.int64]) -> TypedColumns:
        return TypedColumns(column.take(rows) for column in self._columns)


@final
class ArrayColumns:
    """The columns of an array of numbers (n_samples, n_columns), which is shared.

    Raises DataError where a number is infinite.

    >>> columns = ArrayColumns(np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32), ["width", "height"])
    >>> columns[1].values
    array([2., 4.])
    """

    def __init__(self, rows: npt.NDArray[Any], names: Sequence[str]) -> None:
        self.rows, self.n_samples = rows, len(rows)
        self.headings = tuple(Heading(name, "number") for name in names)
        if any(np.isinf(rows[part]).any() for part in room.blocks(len(rows), rows.shape[1], room.CACHED)):
            for _ in self:  # the first such column says so
                pass

    @property
    def shared(self) -> Array | None:
        """The rows as an engine reads them, not copied: float32 or float64 in C order; None for any other array."""
        engine_reads = self.rows.dtype in (np.float32, np.float64) and self.rows.flags.c_contiguous
        return self.rows if engine_reads else None

    def __len__(self) -> int:
        return len(self.headings)

    def __getitem__(self, place: int) -> Column:
        return Column(self.headings[place].name, "number", self.rows[:, place])

    def __iter__(self) -> Iterator[Column]:
        for heading, values in zip(self.headings, by_column(self.rows), strict=True):
            yield Column(heading.name, "number", values)

    def in_blocks(self) -> Iterator[tuple[slice, tuple[Column, ...]]]:
        names = [heading.name for heading in self.headings]
        for part in room.blocks(*self.rows.shape):
            cells = self.rows[part]
            yield part, tuple(Column(name, "number", cells[:, place]) for place, name in enumerate(names))

    def take(self, rows: npt.NDArray[np.int64]) -> ArrayColumns:
        return ArrayColumns(self.rows[rows], [heading.name for heading in self.headings])


def by_column(rows: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Each column of an array (n_samples, n_columns) in turn, contiguous.

    As many as a working copy has room for are gathered in one reading of the rows. Where that would take more than
    `AT_ONCE` readings, all are first written to a temporary file, one after the other.

    >>> [column.tolist() for column in by_column(np.array([[1, 2], [3, 4]]))]
    [[1, 3], [2, 4]]
    """
    n_samples, width = rows.shape
    some = max(1, room.memory() // AT_ONCE // max(rows.dtype.itemsize * n_samples, 1))
    if rows.flags.f_contiguous:
        yield from rows.T
    elif width > some * AT_ONCE:
        flipped = room.on_disk(width, n_samples, rows.dtype)
        yield from _flipped(rows, flipped)
    else:
        for start in range(0, width, some):
            few = rows[:, start : start + some]
            yield from _flipped(few, np.empty(few.shape[::-1], rows.dtype))


def _flipped(rows: npt.NDArray[Any], to: npt.NDArray[Any]) -> npt.NDArray[Any]:
    for part in room.blocks(len(rows), rows.shape[1], room.CACHED):
        to[:, part] = rows[part].T
    return to
