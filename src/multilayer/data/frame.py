"""Tables from outside: pandas, polars and PyArrow frames through narwhals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from multilayer.errors import DataError, did_you_mean, sentence

TRUE_FALSE = {"True": True, "False": False, "TRUE": True, "FALSE": False, "true": True, "false": False}


def frame_of(frame: Any) -> Any:
    """The frame behind narwhals' one face; refuses what is no frame, or a lazy one."""
    import narwhals as nw

    try:
        table = nw.from_native(frame, eager_only=True, pass_through=False)
    except TypeError as error:
        what = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
        do = "Collect a lazy frame first; pass arrays to Dataset.from_arrays."
        raise DataError(f"frame must be a pandas, polars or PyArrow table, got {what}. {do}") from error
    except nw.exceptions.DuplicateError as error:
        raise DataError("the column names of a frame must be distinct, one occurs twice. Rename it.") from error
    if any(not isinstance(name, str) for name in table.columns):
        do = "Rename them first, in pandas with frame.rename(columns=str)."
        raise DataError(sentence("the column names of a frame", "text", list(table.columns)[:5], do))
    return table


def is_frame(table: object) -> bool:
    """Whether narwhals knows the object as an eager frame, told by its module so that arrays stay cheap."""
    return type(table).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow", "narwhals", "modin", "cudf")


def wanted_names(table: Any, aside: Mapping[str, Sequence[str]]) -> list[str]:
    """The input columns: all but those set aside, which must exist."""
    names = list(table.columns)
    for role, columns in aside.items():
        for column in columns:
            if column not in names:
                raise DataError(no_column(column, names, role))
    return [name for name in names if not any(name in columns for columns in aside.values())]


def no_column(column: str, names: Sequence[str], role: str = "") -> str:
    """The sentence for a column that a table does not have."""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    start = f"{role}: there" if role else "There"
    same = [name for name in names if name.casefold() == column.casefold()]
    near = f"Did you mean {same[0]!r}?" if same else did_you_mean(column, names)
    parts = [f"{start} is no column {column!r}.", near, f"Columns: {shown}."]
    return " ".join(part for part in parts if part)


def cells_of(table: Any, name: str) -> npt.NDArray[Any]:
    """One column's cells: integers, float64, booleans, datetime-like numbers or objects, missing ones kept missing."""
    import narwhals as nw

    series = table[name]
    dtype = series.dtype
    if dtype.is_temporal() and dtype in (nw.Date, nw.Datetime):
        return _dates(series.cast(nw.Datetime("us")) if dtype == nw.Date else series)
    missing = bool(series.is_null().any())
    if dtype.is_integer() and dtype not in (nw.Int128, nw.UInt128) and not missing:
        return np.asarray(series.to_numpy())
    if dtype.is_numeric():
        return np.array(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if dtype == nw.Boolean and not missing:
        return np.asarray(series.to_numpy(), dtype=np.bool_)
    cells = np.empty(len(series), dtype=object)
    cells[:] = series.to_list()
    if dtype in (nw.Categorical, nw.Enum):
        cells[:] = [cell if cell is None or cell != cell else str(cell) for cell in cells]
    return cells


def _dates(series: Any) -> npt.NDArray[Any]:
    """Microseconds since 1970-01-01 as datetime64, missing ones NaT."""
    micros = series.dt.timestamp("us").to_list()
    return np.array([None if cell is None or cell != cell else int(cell) for cell in micros], dtype="datetime64[us]")
