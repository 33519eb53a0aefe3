"""`multilayer predict`: a table in, a table out."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from multilayer.lab import load_run

FLOWERS = {"color": ["red", "blue", "green", "red"] * 10, "size": [1.5, 2, None, 4] * 10, "kind": [*"abab"] * 10}


@pytest.fixture
def trained(command, tmp_path):
    """A run of a table with a category, and rows to predict."""
    pl.DataFrame(FLOWERS).write_csv(tmp_path / "flowers.csv")
    pl.DataFrame(FLOWERS).drop("kind").head(4).write_csv(tmp_path / "rows.csv")
    answer = command("train", "flowers.csv", "--hidden", "4", "--epochs", "3", "--json")
    assert answer.code == 0, answer.err
    return load_run("last", tmp_path / "runs")


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_output_is_what_the_run_predicts(command, trained):
    answer = command("predict", "last", "rows.csv")
    assert (answer.code, answer.err) == (0, "Row 3: 'size' is missing.\n")
    header, *rows = rows_of(answer.out)
    assert header == ["kind"]
    assert [row[0] for row in rows] == trained.predict(pl.read_csv("rows.csv")).tolist()


def test_probabilities_to_the_last_bit(command, trained):
    header, *rows = rows_of(command("predict", "last", "rows.csv", "--proba").out)
    assert header == ["kind", "p(a)", "p(b)"]
    found = np.array([row[1:] for row in rows], dtype=float)
    assert found.tobytes() == trained.predict_proba(pl.read_csv("rows.csv")).tobytes()


def test_every_name_of_a_run(command, trained):
    place = next(Path("runs").iterdir())
    names = ["last", trained.id, trained.id[:4], place.name, str(place), str(place / "model.mlp")]
    assert len({command("predict", name, "rows.csv").out for name in names}) == 1


def test_columns_in_any_order_and_more_of_them(command, trained):
    rows = pl.read_csv("rows.csv")
    rows.select("size", "color", pl.lit(1).alias("more")).write_csv("other.csv")
    rows.write_parquet("rows.parquet")
    expected = command("predict", "last", "rows.csv").out
    assert command("predict", "last", "other.csv").out == expected
    assert command("predict", "last", "rows.parquet").out == expected


def test_into_a_file(command, trained):
    answer = command("predict", "last", "rows.csv", "-o", "out.csv")
    said = "Row 3: 'size' is missing.\n4 predictions written to out.csv.\n"
    assert (answer.code, answer.out, answer.err) == (0, "", said)
    assert Path("out.csv").read_text() == command("predict", "last", "rows.csv").out


def test_columns_are_carried_along_as_they_are_written(command, trained):
    rows = "id,color,size,kind\n007,red,1.50,a\n008,violet,NA,b\n009,pink,3,b\n"
    Path("rows.csv").write_text(rows)
    plain = rows_of(command("predict", "last", "rows.csv").out)[1:]
    answer = command("predict", "last", "rows.csv", "--with", "id,size,kind")
    assert answer.err == (
        "Rows 2 and 3: 'violet' and 'pink' of 'color' were not in the training.\nRow 2: 'size' is missing.\n"
    )
    carried = [["id", "size", "kind", "kind (predicted)"], ["007", "1.50", "a"], ["008", "", "b"], ["009", "3", "b"]]
    assert rows_of(answer.out) == [carried[0], *(row + own for row, own in zip(carried[1:], plain, strict=True))]
    answer = command("predict", "last", "rows.csv", "--with", "ident")
    said = "'rows.csv': there is no column 'ident'. Columns: id, color, size, kind."
    assert (answer.code, answer.out, answer.err) == (2, "", f"multilayer: {said}\n")


def test_the_path_of_a_file_in_python(trained):
    assert trained.predict("rows.csv").tolist() == trained.predict(pl.read_csv("rows.csv")).tolist()
    assert trained.predict_proba(Path("rows.csv")).shape == (4, 2)
    assert trained.prepared("rows.csv").shape == (4, 4)


def test_numbers_come_back_to_the_last_bit(command):
    assert command("train", "x^2", "--epochs", "3", "--hidden", "4").code == 0
    Path("rows.csv").write_text("x\n0.5\n-1\n")
    header, *rows = rows_of(command("predict", "last", "rows.csv").out)
    run = load_run("last")
    assert header == list(run.target.names)
    assert np.array(rows, dtype=float)[:, 0].tobytes() == run.predict([[0.5], [-1]]).tobytes()
    answer = command("predict", "last", "rows.csv", "--proba")
    said = "--proba needs classes, but this run predicts numbers. Leave --proba out."
    assert (answer.code, answer.out, answer.err) == (2, "", f"multilayer: {said}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["last", "none.csv"], "There is no file 'none.csv'. Near it: flowers.csv, rows.csv, wrong.csv."),
        (["last", "wrong.csv"], "'wrong.csv': there is no column 'size'. Did you mean 'sise'? Columns: color, sise."),
        (["zz", "rows.csv"], "There is no run 'zz' in runs. Say last, or the beginning of its id."),
        (["last", "rows.csv", "-o", "no/out.csv"], "The predictions could not be written to no/out.csv: "),
        (["last", "rows.csv", "-o", "runs"], "The predictions could not be written to runs: "),
    ],
)
def test_what_cannot_be_predicted(words, said, command, trained):
    Path("wrong.csv").write_text("color,sise\nred,1\n")
    answer = command("predict", *words)
    assert (answer.code, answer.out) == (2, "")
    assert re.fullmatch(f"multilayer: {re.escape(said)}.*\n", answer.err)
    assert not list(Path().glob(".*.tmp"))
