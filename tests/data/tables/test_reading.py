"""One table in many forms is one dataset; what nobody said is said."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import multilayer as ml
from multilayer.data import Dataset, fingerprint
from multilayer.data.column import REST
from multilayer.data.encoding import Encoding
from multilayer.data.tables import read, read_rows
from multilayer.errors import DataError, UsageError
from tests.data.tables.files import TABLE, forms, write


def test_every_form_is_the_same_dataset(tmp_path):
    frame = pl.read_csv(TABLE.encode())
    expected = fingerprint(Dataset.from_frame(frame, "kind"))
    found = {name: fingerprint(read(place).dataset) for name, place in forms(tmp_path).items()}
    assert {name for name, digest in found.items() if digest != expected} == set()
    assert len(found) == 24


def test_a_table_without_names_has_the_same_columns(tmp_path):
    rows = write(tmp_path / "rows.csv", TABLE.partition("\n")[2])
    reading = read(rows)
    assert reading.dataset.column_names == ("x1", "x2")
    assert fingerprint(reading.dataset) == fingerprint(read(write(tmp_path / "t.csv", TABLE)).dataset)
    assert [str(guess) for guess in reading.guesses] == [
        "Cells are separated by commas. (--delimiter)",
        "There is no line of names: the columns are x1, x2, ... by their place. (--header)",
        "No target was named, so it is the last column, 'x3'. (--target)",
        "Missing cells: 10 in 'x2'.",
    ]


@pytest.mark.parametrize(
    ("first", "names"),
    [
        ("0,1,2,target", ("0", "1", "2")),
        (",0,1,2", ("x1", "0", "1")),
        ("0,1,2,red", ("x1", "x2", "x3")),
        ("0,1,3,target", ("x1", "x2", "x3")),
    ],
    ids=["with a name at the end", "behind an empty one", "a row of a class", "a row"],
)
def test_a_first_line_that_counts_up_holds_names(tmp_path, first, names):
    rows = numbered(40, lambda i: f"{i * 0.5},{i % 3},{i * 0.25},{'red' if i % 2 else 'blue'}\n")
    rows = rows.replace("red", "7").replace("blue", "8") if first.startswith(",") else rows
    assert read(write(tmp_path / "t.csv", f"{first}\n{rows}")).dataset.column_names == names


def said(tmp_path, text, **options):
    """The guesses of a table, without those on its form."""
    guesses = [str(guess) for guess in read(write(tmp_path / "t.csv", text), **options).guesses]
    return [guess for guess in guesses if not guess.startswith(("Cells", "The first line", "No target"))]


def numbered(count, row):
    return "".join(row(number) for number in range(count))


def test_few_values_are_asked_about_in_words(tmp_path):
    wine = "acid,quality\n" + numbered(60, lambda i: f"{i * 0.1:.1f},{i % 7}\n")
    assert said(tmp_path, wine) == ["'quality' looks like a number with 7 values: treated as a class. (--regression)"]
    assert said(tmp_path, wine, kind="regression") == []
    letters = "x,letter\n" + numbered(260, lambda i: f"{i},{i % 26}\n")
    assert said(tmp_path, letters) == [
        "'letter' has 26 whole numbers as values: treated as a number. (--classification)"
    ]
    assert read(tmp_path / "t.csv", kind="classification").dataset.target.kind == "classes"
    two = "x,y\n" + numbered(40, lambda i: f"{i},{i % 2}\n")
    assert said(tmp_path, two) == ["'y' has the values 0 and 1 alone: treated as two classes. (--regression)"]
    assert read(tmp_path / "t.csv", kind="regression").dataset.target.kind == "regression"


def test_identifiers_are_left_out_and_constants_named(tmp_path):
    text = "id,name,same,x,y\n" + numbered(30, lambda i: f"{i + 1},person {i},5,{i % 4},{'ab'[i % 2]}\n")
    assert said(tmp_path, text) == [
        "id is left out: it numbers the rows. (--keep-columns id)",
        "name is left out: nearly every row has a text of its own there. (--keep-columns name)",
        "same holds the same in every row, and so cannot help. (--drop same)",
    ]
    assert read(tmp_path / "t.csv").dataset.column_names == ("same", "x")
    kept = read(tmp_path / "t.csv", keep_columns=["id", "name"], drop=["same"]).dataset
    assert kept.column_names == ("id", "name", "x")


def test_a_column_that_counts_is_an_input_where_it_is_called_otherwise(tmp_path):
    text = "hour,y\n" + numbered(30, lambda i: f"{i},{i * 0.5}\n")
    assert read(write(tmp_path / "t.csv", text)).dataset.column_names == ("hour",)


def test_rare_texts_become_one(tmp_path):
    text = "town,x,y\n" + numbered(2000, lambda i: f"town {i * i % 701},{i % 5},{'ab'[i % 2]}\n")
    reading = read(write(tmp_path / "t.csv", text))
    town = reading.dataset.columns[0]
    assert len(town.categories) == 101
    assert REST in town.categories
    assert str(reading.guesses[-1]) == (
        "'town' has 351 different texts: the 100 most frequent count, the rest are one. (--drop town)"
    )
    encoding = Encoding.of(reading.dataset)
    rows = encoding.encode(pl.DataFrame({"town": ["nowhere", None], "x": [1, 2]}))
    place = encoding.feature_names.index(f"town={REST}")
    assert rows[:, place].tolist() == [1, 0]
    assert rows[:, :101].sum() == 1


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1,5", "-2", "3,25"], "number", [1.5, -2, 3.25]),
        (["1.234,5", "2,0", "7"], "number", [1234.5, 2, 7]),
        (['"1,234"', '"12"', '"1,234,567.5"'], "number", [1234, 12, 1234567.5]),
        (["1", "-", "3"], "number", [1, np.nan, 3]),
        (["True", "FALSE", "NA"], "boolean", [1, 0, np.nan]),
        (["2020-01-01", "?", "1970-01-03"], "date", [18262, np.nan, 2]),
        (["1970-01-02T12:00:00", "1970-01-01T00:00:00", ""], "date", [1.5, 0, np.nan]),
        (["1970-01-02 12:00:00+02:00", "1970-01-01 00:00:00+00:00", "NA"], "date", [1 + 10 / 24, 0, np.nan]),
        (["31.12.1970", "01.02.1970", "null"], "date", [364, 31, np.nan]),
        (["12/31/1970", "01/02/1970", "null"], "date", [364, 1, np.nan]),
        (["02/01/1970", "01/02/1970", "null"], "date", [1, 31, np.nan]),
        (["red", "blue", "NULL"], "category", [1, 0, -1]),
        (["99999999999999999999", "1", "n/a"], "number", [1e20, 1, np.nan]),
    ],
)
def test_what_cells_are(tmp_path, cells, kind, values):
    text = "a;b;y\n" + "".join(f"{cell};{place};{place * 1.5}\n" for place, cell in enumerate(cells))
    column = read(write(tmp_path / "t.csv", text)).dataset.columns[0]
    assert column.kind == kind
    np.testing.assert_allclose(column.values, values)


def test_types_count_over_what_cells_look_like(tmp_path):
    text = "zip,day,y\n" + "01234,03/04/1970,1.5\n99999,05/06/1970,2.5\n"
    dataset = read(write(tmp_path / "t.csv", text), types={"zip": "text", "day": "%m/%d/%Y"}).dataset
    assert dataset.columns[0].categories == ("01234", "99999")
    assert dataset.columns[1].values.tolist() == [62, 125]


def test_what_the_first_rows_do_not_tell(tmp_path):
    text = "a,b,c,y\n" + numbered(1500, lambda i: f"{i % 9},{i % 9},,{i}\n") + "1.5,word,7,3\n5000000000,2,8,4\n"
    columns = read(write(tmp_path / "t.csv", text)).dataset.columns
    assert [column.kind for column in columns] == ["number", "category", "number"]
    assert columns[0].values[-2:].tolist() == [1.5, 5e9]
    assert np.nansum(columns[2].values) == 15


def test_the_target_by_name_number_and_list(tmp_path):
    place = write(tmp_path / "t.csv", "a,b,c\n1,2.5,3.5\n2,3.5,1.5\n4,0.5,1.5\n")
    assert read(place, target="b").dataset.target.names == ("b",)
    assert read(place, target="1").dataset.target.names == ("a",)
    assert read(place, target=-2).dataset.target.names == ("b",)
    assert read(place, target="b, c").dataset.target.names == ("b", "c")
    with pytest.raises(DataError, match=r"^target: there is no column 4\. There are 3, counted from 1\.$"):
        read(place, target="4")


def test_rows_without_a_target_are_left_out(tmp_path):
    text = "a,y\n" + numbered(10, lambda i: f"{i},{i * 0.5}\n") + "3,\n4,NA\n"
    assert said(tmp_path, text) == ["2 rows without a target are left out."]
    assert read(tmp_path / "t.csv").dataset.n_samples == 10


def test_a_test_file_is_the_test_part(tmp_path):
    rows = numbered(40, lambda i: f"{i},{('red', 'blue')[i % 2]},{'<=50K' if i % 3 else '>50K'}\n")
    train = write(tmp_path / "adult.data", rows)
    text = "|1x3 Cross validator\n1,green,<=50K.\n2,?,>50K.\n"
    test = write(tmp_path / "adult.test", text)
    reading = read(train, test=test)
    assert [str(guess) for guess in reading.guesses[3:]] == [
        "The full stops behind the labels in adult.test are left out.",
        "2 rows of adult.test are the test part.",
        "Missing cells: 1 in 'x2'.",
    ]
    assert reading.dataset.n_samples == 42
    split = reading.splitting().apply(reading.dataset)
    assert split.test.tolist() == [40, 41]
    assert (len(split.train), len(split.val)) == (32, 8)
    run = ml.train(train, test=test, epochs=2, hidden=[3])
    assert run.rows == {"train": 32, "val": 8, "test": 2}
    assert run.reading["options"] == {"test": str(test)}


def test_a_test_part_goes_with_folds_and_its_own_splitting_only(tmp_path):
    train = write(tmp_path / "a.csv", TABLE)
    reading = read(train, test=train)
    folds = reading.splitting().folds(reading.dataset, 3)
    assert all(fold.test.tolist() == list(range(30, 60)) for fold in folds)
    assert sorted(np.concatenate([fold.val for fold in folds])) == list(range(30))
    assert ml.Splitting.from_dict(reading.splitting().to_dict()) == reading.splitting()
    assert "test_rows" not in ml.Splitting().to_dict()
    with pytest.raises(
        DataError, match=r"^The data has a test part of its own: splitting must have test=0, got 0\.2\.$"
    ):
        ml.train(reading, splitting=ml.Splitting())


def test_weights_and_groups(tmp_path):
    text = "a,w,who,y\n" + numbered(40, lambda i: f"{i % 7},{i % 3},{'pqrstuvw'[i % 8]},{i % 2}\n")
    dataset = read(write(tmp_path / "t.csv", text), weight_column="w", group="who").dataset
    assert dataset.column_names == ("a",)
    assert dataset.weight.tolist()[:4] == [0, 1, 2, 0]
    assert dataset.group.tolist()[:9] == [0, 1, 2, 3, 4, 5, 6, 7, 0]


def test_rows_to_predict_are_read_as_those_of_the_training(tmp_path):
    encoding = Encoding.of(read(write(tmp_path / "t.csv", "zip;x;y\nA1;1,5;a\n12;2;b\n")).dataset)
    rows = read_rows(write(tmp_path / "new.csv", "x,zip\n3.5,12\n1,B2\n"), encoding).cells
    assert encoding.encode(rows).tolist() == [[1, 0, 3.5], [0, 0, 1]]
    plain = Encoding.of(read(write(tmp_path / "p.csv", "1.5,red,a\n2.5,blue,b\n")).dataset)
    rows = read_rows(write(tmp_path / "new.csv", "0.5,blue\n"), plain).cells
    assert plain.encode(rows).tolist() == [[0.5, 1, 0]]
    wrong = write(tmp_path / "new.csv", "zip,x\n12,many\n")
    with pytest.raises(DataError, match=r"^column 'x' of '.*new\.csv' must be numbers, got 'many' in row 1\.$"):
        read_rows(wrong, encoding)


def test_options_are_for_files():
    with pytest.raises(UsageError, match=r"^test says how a file is read, and the data is none: leave test out\.$"):
        ml.train("moons", test="rows.csv")


def test_a_run_on_a_file_is_asked_again_as_it_was_read(tmp_path):
    from multilayer.lab.again import Again

    text = "a;w;y\n" + numbered(40, lambda i: f"{i % 7},5;{i};{i % 2}\n")
    place = write(tmp_path / "t.csv", text)
    run = ml.train(str(place), "y", drop=["w"], kind="classification", epochs=1, hidden=[2])
    assert Again(run).rows.dataset.column_names == ("a",)
