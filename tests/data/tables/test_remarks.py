"""What is said of a table's cells, and what a table cannot be read as."""

from __future__ import annotations

import re

import polars as pl
import pytest

from multilayer.data import Encoding
from multilayer.data.tables import read
from multilayer.errors import DataError
from tests.data.tables.files import write

ROWS = "".join(f"P{i:03};{i},5;{i % 7};{i * 3 % 101},25\n" for i in range(60))
NAMES = "id;size;color;y\n"


def test_missing_cells_are_counted(tmp_path):
    text = "a,b,c,y\n" + "".join(
        f"{i if i % 4 else ''},{i % 3},{'NA' if i == 9 else 'x'},{i * 0.5}\n" for i in range(40)
    )
    guesses = [str(guess) for guess in read(write(tmp_path / "t.csv", text)).guesses]
    assert "Missing cells: 10 in 'a' and 1 in 'c'." in guesses
    pl.DataFrame({"a": [1.5, float("nan"), None], "y": [0.5, 1, 2]}).write_parquet(tmp_path / "t.parquet")
    assert str(read(tmp_path / "t.parquet").guesses[-1]) == "Missing cells: 2 in 'a'."


def test_texts_that_differ_only_in_case_are_named_and_kept(tmp_path):
    site, answer = ("Wald", "wald ", "WALD", "Moor", "moor", "See"), ("Ja", "ja", "nein")
    text = "site;size;y\n" + "".join(f"{site[i % 6]};{i % 5};{answer[i % 3]}\n" for i in range(60))
    reading = read(write(tmp_path / "t.csv", text))
    assert reading.dataset.columns[0].categories == ("Moor", "See", "WALD", "Wald", "moor", "wald")
    assert [str(guess) for guess in reading.guesses[3:]] == [
        "'Moor' and 'moor' of 'site' differ only in case, and so do 3 more: each counts as a text of its own.",
        "'Ja' and 'ja' of 'y' differ only in case: each counts as a text of its own.",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "id"}, "target 'id' has 60 distinct values in 60 rows, too many for classes. Name another column "
         "with --target."),
        ({"kind": "classification"}, "target 'y' has 60 distinct values in 60 rows, too many for classes. Name another "
         "column with --target, or say --regression."),
    ],
)  # fmt: skip
def test_a_class_for_every_row_is_refused(tmp_path, options, said):
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        read(write(tmp_path / "t.csv", NAMES + ROWS), **options)


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        (NAMES + ROWS, {"delimiter": ","}, "its cells are separated by semicolons, not by commas. Leave --delimiter "
         "out."),
        (NAMES + ROWS, {"delimiter": "tab"}, "its cells are separated by semicolons, not by tabs. Leave --delimiter "
         "out."),
        ("Measured in 2023;;;\n\n" + NAMES + ROWS, {}, "the names of its columns seem to be in line 3, below 'Measured "
         "in 2023'. Take out the lines above them."),
        ("Measured in 2023\n" + NAMES + ROWS, {}, "the names of its columns seem to be in line 2, below 'Measured in "
         "2023'. Take out the lines above them."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_lines_is_said(tmp_path, text, options, why):
    place = write(tmp_path / "t.csv", text)
    with pytest.raises(DataError, match=f"^{re.escape(f'{str(place)!r} cannot be read as a csv table: {why}')}$"):
        read(place, **options)


def test_a_delimiter_that_fits_is_taken(tmp_path):
    assert read(write(tmp_path / "t.csv", "a;b\n1;2\n2;3\n3;5\n"), delimiter=";").dataset.column_names == ("a",)


def test_dates_are_no_target(tmp_path):
    text = "a,day\n" + "".join(f"{i * 0.5},2024-01-{i + 1:02}\n" for i in range(28))
    with pytest.raises(DataError, match=r"^target 'day' must be numbers, text or booleans, it holds dates\.$"):
        read(write(tmp_path / "t.csv", text), kind="regression")


def test_a_frame_without_rows_is_refused():
    frame = pl.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    from multilayer.data import Dataset

    encoding = Encoding.of(Dataset.from_frame(frame.with_columns(y=pl.Series([0, 1])), "y"))
    with pytest.raises(DataError, match=r"^X must have at least one row, got none\.$"):
        encoding.encode(frame.head(0))
