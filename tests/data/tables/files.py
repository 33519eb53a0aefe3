"""Files to read: the same small table in many forms."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import polars as pl

HEADER = "size,color,kind"
ROWS = [f"{number * 0.5},{('red', 'blue', '')[number % 3]},{'ab'[number % 2]}" for number in range(30)]
TABLE = "\n".join([HEADER, *ROWS]) + "\n"


def write(place: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    """A file with this content, in this encoding."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return place


def forms(folder: Path) -> dict[str, Path]:
    """The table in every form that has names for its columns."""
    cells = [line.split(",") for line in TABLE.splitlines()]
    quoted = "\n".join(",".join(f"'{cell}'" if cell.isalpha() else cell for cell in row) for row in cells) + "\n"
    arff = (
        "% a comment\n@relation t\n@attribute size real\n@attribute color {red, blue}\n@attribute kind {a, b}\n@data\n"
    )
    frame = pl.read_csv(TABLE.encode())
    frame.write_parquet(folder / "t.parquet")
    frame.write_ipc(folder / "t.arrow")
    texts: dict[str, str | bytes] = {
        "comma.csv": TABLE,
        "carriage.csv": TABLE.replace("\n", "\r\n"),
        "old_mac.csv": TABLE.replace("\n", "\r"),
        "semicolon.csv": TABLE.replace(",", ";"),
        "decimal.csv": TABLE.replace(",", ";").replace(".", ","),
        "tab.tsv": TABLE.replace(",", "\t"),
        "pipe.txt": TABLE.replace(",", "|"),
        "spaced.csv": TABLE.replace(",", ", "),
        "blanks.data": TABLE.replace(",,", ",NA,").replace(",", "   "),
        "bom.csv": TABLE.encode("utf-8-sig"),
        "utf16.csv": TABLE.encode("utf-16"),
        "utf16le.csv": TABLE.encode("utf-16-le"),
        "gzipped.csv.gz": gzip.compress(TABLE.encode()),
        "gzipped_without_a_name": gzip.compress(TABLE.encode()),
        "single_quotes.csv": quoted,
        "double_quotes.csv": quoted.replace("'", '"'),
        "missing.csv": TABLE.replace(",,", ",?,"),
        "blank_lines.csv": "\n" + TABLE.replace("\n5.0", "\n\n5.0") + "\n\n",
        "comments.csv": "# made by hand\n# in a minute\n" + TABLE,
        "one_too_many.csv": TABLE.replace("a\n", "a,\n").replace("b\n", "b,\n"),
        "no_end.csv": TABLE.rstrip("\n"),
        "t.arff": arff + "\n".join(ROWS).replace(",,", ",?,"),
    }
    found = {name: write(folder / name, content) for name, content in texts.items()}
    return found | {"t.parquet": folder / "t.parquet", "t.arrow": folder / "t.arrow"}


def idx(array: np.ndarray) -> bytes:
    """An IDX file of bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
