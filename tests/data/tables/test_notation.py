"""How numbers and dates are written: one odd cell is named, in training and in rows to predict."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
import pytest

from multilayer.data import Encoding
from multilayer.data.tables import read, read_rows
from multilayer.data.tables.notation import FORMS, dates
from multilayer.errors import DataError
from tests.data.tables.files import write

DAYS = [date(2023, 1 + place % 12, 1 + place % 28) for place in range(84)]


def table(tmp_path, cells, name="t.csv"):
    """A table of one column `a` of text cells and a target."""
    return write(tmp_path / name, "a;y\n" + "".join(f"{cell};{i * 0.5}\n" for i, cell in enumerate(cells)))


@pytest.mark.parametrize(
    ("cells", "wrong", "words", "got"),
    [
        ([f"{i},5" for i in range(60)], "ca. 12", "numbers with decimal commas", "'ca. 12' in row 61"),
        ([f"{i},5" for i in range(60)], "14.5", "numbers with decimal commas", "'14.5' in row 61"),
        ([f"{i},500" for i in range(60)], "many", "numbers with commas between thousands", "'many' in row 61"),
        ([f"{i}" for i in range(60)], "x", "numbers", "'x' in row 61"),
        ([f"{d:%d.%m.%Y}" for d in DAYS], "2023-06-22", "dates (dd.mm.yyyy)", "'2023-06-22' in row 85"),
        ([f"{d:%d.%m.%Y}" for d in DAYS], "22.06.23", "dates (dd.mm.yyyy)", "'22.06.23' in row 85"),
        ([f"{d:%d.%m.%Y}" for d in DAYS], "31.02.2023", "dates (dd.mm.yyyy)", "'31.02.2023' in row 85"),
        ([f"{d:%Y-%m-%d %H:%M}" for d in DAYS], "soon", "dates (yyyy-mm-dd hh:mm)", "'soon' in row 85"),
    ],
)
def test_a_mistake_among_numbers_or_dates_is_named(tmp_path, cells, wrong, words, got):
    place, count = table(tmp_path, [*cells, wrong]), len(cells) + 1
    with pytest.raises(DataError) as caught:
        read(place)
    assert str(caught.value) == (
        f"column 'a' looks like {words}, but {got} is none (1 of {count} cells). Correct it, or say "
        f'--missing "{wrong}" or --types "a=text".'
    )
    assert read(place, missing=[wrong]).dataset.columns[0].kind in ("number", "date")
    assert read(place, types={"a": "text"}, keep_columns=["a"]).dataset.columns[0].kind == "category"
    with pytest.raises(DataError, match=r"^column 'a' looks like "):
        read(place, target="a")


def test_a_column_that_is_dropped_may_have_mistakes(tmp_path):
    rows = "".join(f"{i},5;{i % 7};{i * 0.5}\n" for i in range(60))
    assert read(write(tmp_path / "t.csv", f"a;b;y\n{rows}ca. 12;3;1\n"), drop=["a"]).dataset.column_names == ("b",)


def test_texts_are_not_taken_for_dates_or_numbers(tmp_path):
    cells = [f"{'xyz'[i % 3]}{i % 30}-{i % 7}.x" for i in range(90)]
    assert read(table(tmp_path, cells), keep_columns=["a"]).dataset.columns[0].kind == "category"


@pytest.mark.parametrize(
    ("cells", "types", "said"),
    [
        (["14,0", "16,0", "ca. 12"], "number", "must be numbers, got 'ca. 12' in row 3."),
        (["14,0", "warm", "3"], "number", "must be numbers, got 'warm' in row 2."),
        (["1,000", "warm", "1,234.5"], "number", "must be numbers, got 'warm' in row 2."),
        (["1.2.2024", "2024-02-01", "3.2.2024"], "date", "must be dates (dd.mm.yyyy), got '2024-02-01' in row 2."),
        (["01/02/2024", "13/02/2024"], "%m/%d/%Y", "must be dates (mm/dd/yyyy), got '13/02/2024' in row 2."),
        (["20240201", "20240231"], "%Y%m%d", "must be dates (yyyymmdd), got '20240231' in row 2."),
        (["true", "maybe"], "boolean", "must be booleans, got 'maybe' in row 2."),
    ],
)
def test_the_first_cell_that_is_not_as_said_is_named(tmp_path, cells, types, said):
    with pytest.raises(DataError, match=f"^column 'a' {re.escape(said)}$"):
        read(table(tmp_path, cells), types={"a": types})


def test_years_of_two_digits_are_those_of_strptime(tmp_path):
    cells = ["01.01.69", "31.12.99", "01.01.00", "31.12.68"]
    assert dates("%d.%m.%y").read(pl.Series(cells)).dt.year().to_list() == [1969, 1999, 2000, 2068]
    reading = read(table(tmp_path, [*cells, "NA"]))
    assert reading.dataset.columns[0].values[:2].tolist() == [-365, 10956]
    assert "'a' holds dates such as 01.01.69. Years of two digits are from 1969 to 2068." in str(reading)
    assert reading.forms == {"a": "%d.%m.%y"}
    either = read(table(tmp_path, ["01/02/23", "03/04/23"]))
    assert str(either.guesses[2]) == (
        "Dates in 'a' are taken as day, month, year. Years of two digits are from 1969 to 2068. "
        '(--types "a=%m/%d/%y")'
    )


def test_no_form_takes_a_year_of_two_digits_for_one_of_four():
    for form in FORMS:
        if "%Y" in form and "%Y%m%d" not in form:
            text = date(2024, 6, 22).strftime(form.replace("%Y", "%y").replace("%.f", "").replace("%#z", "+0000"))
            assert dates(form).read(pl.Series([text])).to_list() == [None], form


@pytest.mark.parametrize(
    ("trained", "cells", "said"),
    [
        ("%d.%m.%Y", ["2024-06-22", "08.09.2024"], "must be dates (dd.mm.yyyy), got '2024-06-22' in row 1."),
        ("%d.%m.%Y", ["08.09.2024", "someday"], "must be dates (dd.mm.yyyy), got 'someday' in row 2."),
        ("%d.%m.%Y", ["08.09.2024", "31.02.2024"], "must be dates (dd.mm.yyyy), got '31.02.2024' in row 2."),
        ("%d.%m.%Y", ["22.06.24"], "must be dates (dd.mm.yyyy), got '22.06.24' in row 1."),
        ("%d.%m.%y", ["22.06.24", "22.06.2024"], "must be dates (dd.mm.yy), got '22.06.2024' in row 2."),
        ("%d.%m.%Y", ["06/22/2024"], "must be dates (dd.mm.yyyy), got '06/22/2024' in row 1."),
        ("%d.%m.%Y", ["20240622"], "must be dates (dd.mm.yyyy), got '20240622' in row 1."),
        ("%Y-%m-%d", ["22.06.2024"], "must be dates (yyyy-mm-dd), got '22.06.2024' in row 1."),
    ],
)
def test_dates_to_predict_are_written_as_in_training(tmp_path, trained, cells, said):
    reading = read(table(tmp_path, [day.strftime(trained) for day in DAYS]))
    encoding, record = Encoding.of(reading.dataset), reading.to_dict()
    new = table(tmp_path, cells, "new.csv")
    with pytest.raises(DataError, match=f"^column 'a' of {re.escape(repr(str(new)))} {re.escape(said)}$"):
        read_rows(new, encoding, reading=record)


def test_dates_of_one_meaning_and_those_of_an_old_record_are_read(tmp_path):
    reading = read(table(tmp_path, [f"{day:%m/%d/%Y}" for day in DAYS]))
    encoding, record = Encoding.of(reading.dataset), reading.to_dict()
    assert record["forms"] == {"a": "%m/%d/%Y"}
    for cells in (["03/04/2024"], ["2024-03-04"], ["2024-03-04 00:00:00"]):
        rows = read_rows(table(tmp_path, cells, "new.csv"), encoding, reading=record)
        assert encoding.encode(rows.cells).tolist() == [[19786]]
    rows = read_rows(table(tmp_path, ["04.03.2024"], "new.csv"), encoding)
    assert encoding.encode(rows.cells).tolist() == [[19786]]


def test_commas_to_predict_mean_what_they_meant_in_training(tmp_path):
    decimals = read(table(tmp_path, [f"{i},125" for i in range(30)] + ["1,5"]))
    thousands = read(table(tmp_path, [f"{i},125" for i in range(30)]))
    new = table(tmp_path, ["1,234"], "new.csv")
    for reading, wanted in ((decimals, 1.234), (thousands, 1234)):
        encoding = Encoding.of(reading.dataset)
        assert encoding.encode(read_rows(new, encoding, reading=reading.to_dict()).cells).tolist() == [[wanted]]


def test_a_word_for_a_missing_cell_is_one_in_rows_to_predict(tmp_path):
    reading = read(table(tmp_path, [*range(30), "dark"]), missing=["dark"])
    encoding = Encoding.of(reading.dataset)
    rows = read_rows(table(tmp_path, ["dark", "3"], "new.csv"), encoding, reading=reading.to_dict())
    assert encoding.encode(rows.cells)[1].tolist() == [3]


def test_a_file_of_names_alone_has_no_rows(tmp_path):
    encoding = Encoding.of(read(table(tmp_path, range(30))).dataset)
    new = write(tmp_path / "new.csv", "a;y\n")
    said = f"{str(new)!r} has no rows to predict, only the names of its columns."
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        read_rows(new, encoding)


def test_columns_that_training_did_not_have_may_hold_anything(tmp_path):
    encoding = Encoding.of(read(table(tmp_path, range(30))).dataset)
    new = write(tmp_path / "new.csv", "a;b\n" + "".join(f"{i};{i},5\n" for i in range(60)) + "3;ca. 12\n")
    assert len(read_rows(new, encoding).cells) == 61
