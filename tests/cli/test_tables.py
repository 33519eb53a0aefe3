"""`multilayer train FILE` and `multilayer predict RUN FILE`: what is guessed is said, and can be said otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.tables.files import TABLE, write

WINE = "".join(f"{i * 0.5};{i % 3};{i % 7}\n" for i in range(60)).replace(".", ",")
QUICK = ("--epochs", "2", "--hidden", "3")


def test_the_guesses_come_first(command):
    write(Path("wine.csv"), WINE)
    answer = command("train", "wine.csv", *QUICK)
    assert answer.code == 0
    assert answer.err.splitlines()[:6] == [
        "File      Cells are separated by semicolons. (--delimiter)",
        "          There is no line of names: the columns are x1, x2, ... by their place. (--header)",
        "          Commas in 'x1' are decimal points. (--decimal .)",
        "          No target was named, so it is the last column, 'x3'. (--target)",
        "          'x3' looks like a number with 7 values: treated as a class. (--regression)",
        "Data      wine: 2 input columns, the target one of 7 classes; rows: 36 train, 12 val, 12 test",
    ]


def test_every_guess_can_be_overridden(command):
    write(Path("wine.csv"), "a;b;quality\n" + WINE)
    words = ("--delimiter", "semicolon", "--header", "--decimal", ",", "--target", "quality", "--regression")
    answer = command("train", "wine.csv", *words, *QUICK, "--json")
    assert answer.json["reading"] == {
        "options": {
            "target": "quality",
            "kind": "regression",
            "header": True,
            "delimiter": ";",
            "decimal": ",",
        },
        "guessed": [],
    }
    assert answer.json["target"]["kind"] == "regression"
    words = ("--classification", "--kind", "classes")
    said = "multilayer: --classification and --kind say the same: give one of them.\n"
    assert command("train", "wine.csv", *words).err == said


def test_columns_by_option(command):
    rows = "".join(f"{i},{i % 5},{i % 3},{'pq'[i % 2]},{'word' if i % 4 else '-9'},{i % 2}\n" for i in range(40))
    write(Path("t.csv"), "id,a,w,who,note,y\n" + rows)
    words = ("--weight-column", "w", "--drop", "note", "--types", "a=text", "--keep-columns", "id")
    answer = command("train", "t.csv", *words, *QUICK, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["reading"]["options"]["types"] == {"a": "text"}
    assert "left out" not in answer.err
    answer = command("train", "t.csv", "--drop", "nte")
    said = "drop: there is no column 'nte'. Did you mean 'note'? Columns: id, a, w, who, note, y."
    assert (answer.code, answer.out, answer.err) == (2, "", f"multilayer: {said}\n")
    assert command("train", "t.csv", "--types", "a").err == (
        "multilayer: --types must read like zip=text,day=date, got 'a'.\n"
    )


def test_a_test_file(command):
    write(Path("train.csv"), TABLE)
    write(Path("test.csv"), TABLE)
    answer = command("train", "train.csv", "--test", "test.csv", *QUICK)
    assert "          30 rows of test.csv are the test part.\n" in answer.err
    assert (
        "Data      train: 2 input columns, the target one of 2 classes; rows: 24 train, 6 val, 30 test\n" in answer.err
    )


def test_predictions_for_a_table_without_names(command):
    write(Path("plain.data"), TABLE.partition("\n")[2].replace(",,", ",NA,").replace(",", "\t"))
    assert command("train", "plain.data", *QUICK).code == 0
    write(Path("rows.data"), "0.5\tgreen\n1.5\tred\n")
    answer = command("predict", "last", "rows.data")
    assert (answer.code, answer.err) == (0, "Row 1: 'green' of 'x2' was not in the training.\n")
    assert answer.out.splitlines()[0] == "x3"
    assert len(answer.out.splitlines()) == 3
    write(Path("rows.txt"), "0,5;green\n1,5;red\n")
    assert command("predict", "last", "rows.txt", "--no-header", "--decimal", ",").out == answer.out


def test_pictures(command):
    from PIL import Image

    for number in range(10):
        place = Path("pets") / ("cat", "dog")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), 200 * (number % 2) + number).save(place)
    answer = command("train", "pets", *QUICK, "--image-size", "2")
    assert answer.code == 0, answer.err
    assert "Data      pets: 4 input columns, the target one of 2 classes" in answer.err
    answer = command("predict", "last", "pets/cat")
    assert len(answer.out.splitlines()) == 6
    write(Path("t.csv"), TABLE)
    answer = command("predict", "last", "t.csv")
    assert answer.code == 2
    assert answer.err.startswith("multilayer: 't.csv': there is no column 'gray 1,1'.")


@pytest.mark.parametrize("words", [("--fold", "x"), ("--image-size", "0"), ("--decimal", ";"), ("--delimiter", "ab")])
def test_options_that_cannot_be_meant(words, command):
    write(Path("t.csv"), TABLE)
    answer = command("train", "t.csv", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert answer.err.startswith(f"multilayer: {words[0].lstrip('-').replace('-', '_')} must be ")


def test_what_is_read_twice_is_the_same_question(command):
    write(Path("t.csv"), TABLE)
    write(Path("t.tsv"), TABLE.replace(",", "\t"))
    found = [command("train", name, *QUICK, "--json").json for name in ("t.csv", "t.tsv")]
    assert len({record["asked"]["digest"] for record in found}) == 1
    assert np.isfinite(found[0]["answered"]["scores"]["test"]["accuracy"])
