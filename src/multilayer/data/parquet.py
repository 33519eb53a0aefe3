"""A Parquet file larger than memory: read a column at a time, and kept on disk as typed columns."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from multilayer import room
from multilayer.arrays import Array
from multilayer.data.column import Column, Heading, column_of
from multilayer.data.frame import cells_of, frame_of
from multilayer.data.stored import TypedColumns
from multilayer.errors import DataError

CELL = 24
"""Bytes that a cell takes on its way from a table in memory to a network: as read, as a typed column, as a feature."""


@final
class ParquetTable:
    """The table of a Parquet file, left in the file, with what of a polars frame can be had a column at a time."""

    def __init__(self, path: Path) -> None:
        import polars as pl

        frame = pl.scan_parquet(path)
        self._path, schema = path, frame.collect_schema()
        self.columns, self.dtypes = schema.names(), schema.dtypes()
        self._rows = int(frame.select(pl.len()).collect().item())
        self._kept: Any = None  # which rows remain
        self._changed: dict[str, Path] = {}
        self._scratch: Path | None = None
        self._last: tuple[str, Any] = ("", None)  # the column read last

    @property
    def too_large(self) -> bool:
        """Whether the decoded table would take more memory than data may take."""
        return self._rows * len(self.columns) * CELL > room.memory()

    def __len__(self) -> int:
        return self._rows if self._kept is None else int(self._kept.sum())

    def __getitem__(self, name: str) -> Any:
        """One column, as a series."""
        if self._last[0] != name:
            series = self._read(self._changed.get(name, self._path), name)
            short = self._kept is not None and len(series) > len(self)
            self._last = name, series.filter(self._kept) if short else series
        return self._last[1]

    def _read(self, path: Path, name: str) -> Any:
        import polars as pl

        try:
            return pl.scan_parquet(path).select(name).collect()[name]
        except (pl.exceptions.PolarsError, OSError) as error:
            first = str(error).strip().splitlines()[0]
            raise DataError(f"{str(self._path)!r} cannot be read as a parquet table: {first}.") from error

    def with_columns(self, series: Any) -> ParquetTable:
        """This table with another column in place of the one of that name, kept in a temporary file."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="multilayer-"))
            weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        self._changed[series.name] = self._scratch / f"{self.columns.index(series.name)}.parquet"
        series.to_frame().write_parquet(self._changed[series.name])
        self._last = series.name, series
        return self

    def filter(self, mask: Any) -> ParquetTable:
        """This table with only some of its rows."""
        assert self._kept is None, "rows are left out once"
        self._kept, self._last = mask, ("", None)
        return self

    def select(self, names: Sequence[str]) -> Any:
        """Some columns, as a frame in memory."""
        import polars as pl

        return pl.DataFrame([self[name] for name in names])


@final
class DiskColumns:
    """Columns of a large table, typed, in a temporary file: one column after the other, categories as codes."""

    def __init__(self, table: ParquetTable, names: Sequence[str]) -> None:
        self.n_samples = len(table)
        self.values: Array = room.on_disk(len(names), self.n_samples, np.float32)
        headings = []
        for place, name in enumerate(names):
            column = column_of_series(table[name])
            self._keep(place, column.values)
            headings.append(column.heading)
        self.headings: tuple[Heading, ...] = tuple(headings)

    def _keep(self, place: int, values: npt.NDArray[Any]) -> None:
        """Write a column: in float32 as long as that has lost nothing, else all in float64."""
        with np.errstate(over="ignore"):
            self.values[place] = values
        if self.values.dtype == np.float32 and not np.array_equal(self.values[place], values, equal_nan=True):
            width, rows = self.values.shape
            wide = room.on_disk(width, rows, np.float64)
            wide[:place], wide[place] = self.values[:place], values
            self.values = wide

    def __len__(self) -> int:
        return len(self.headings)

    def __getitem__(self, place: int) -> Column:
        return self._column(place, slice(None))

    def __iter__(self) -> Iterator[Column]:
        return (self[place] for place in range(len(self)))

    def _column(self, place: int, part: slice) -> Column:
        name, kind, categories, _ = self.headings[place]
        return Column(name, kind, self.values[place, part], categories)

    def in_blocks(self) -> Iterator[tuple[slice, tuple[Column, ...]]]:
        for part in room.blocks(self.n_samples, len(self)):
            yield part, tuple(self._column(place, part) for place in range(len(self)))

    def take(self, rows: npt.NDArray[np.int64]) -> TypedColumns:
        return TypedColumns(column.take(rows) for column in self)


def column_of_series(series: Any) -> Column:
    """The typed column of a polars series, its cells never as Python objects where that can be."""
    import polars as pl

    name, nothing = series.name, series.null_count() == len(series)
    if series.dtype == pl.String and not nothing:
        categories = sorted(series.drop_nulls().unique().to_list())
        codes = series.cast(pl.Enum(categories)).to_physical().cast(pl.Int64).fill_null(-1)
        return Column(name, "category", codes.to_numpy(), tuple(categories))
    if series.dtype == pl.Boolean and not nothing:
        return Column(name, "boolean", series.cast(pl.Float64).to_numpy())
    if series.dtype in (pl.Date, pl.Datetime):
        micros = series.cast(pl.Datetime("us")) if series.dtype == pl.Date else series
        missing = np.iinfo(np.int64).min  # NaT
        return column_of(name, micros.dt.timestamp("us").fill_null(missing).to_numpy().view("datetime64[us]"))
    return column_of(name, cells_of(frame_of(series.to_frame()), name))
