"""Files that cannot be used: each is answered with one sentence, here word for word."""

from __future__ import annotations

import gzip
import os
import re
import resource
import struct
import zipfile
import zlib

import numpy as np
import polars as pl
import pytest

from multilayer.data.tables import read, text_file
from multilayer.errors import UsageError
from tests.data.tables.files import idx, write

ROWS = "".join(f"{i % 7},{i * 1.5},{'yes' if i % 3 else 'no'}\n" for i in range(40))
GOOD = "a,b,class\n" + ROWS
CSV = "{p} cannot be read as a csv table: "

TEXTS: list[tuple[str, str | bytes, dict, str]] = [
    ("empty.csv", "", {}, CSV + "it is empty."),
    ("blank.csv", "\n\n  \n", {}, CSV + "it is empty."),
    ("header.csv", "a,b,class\n", {}, "target 'class' must have at least one row, got none."),
    ("one.csv", "a,class\n1,yes\n", {},
     "target 'class' must have at least two distinct values, it is 'yes' in every row."),
    ("c.csv", "a,y\n" + "1,2\n" * 30, {}, "target 'y' must have at least two distinct values, it is 2 in every row."),
    ("m.csv", "a,y\n" + "1,\n" * 30, {}, "target 'y' is missing in every row. Name another column with --target."),
    ("x.csv", "a,y\n" + "".join(f"{i},{i}\n" for i in range(60)) + "x12,3\n", {},
     "column 'a' looks like numbers, but 'x12' in row 61 is none (1 of 61 cells). Correct it, or say --missing \"x12\" "
     'or --types "a=text".'),
    ("g.csv", GOOD, {"kind": "regression"}, "target 'class' must be numbers, got text ('no')."),
    ("short.csv", GOOD + "1,2\n", {}, CSV + "line 42 has 2 cells, but the line of names has 3."),
    ("wide.csv", GOOD + "1,2,no,4\n", {}, CSV + "line 42 has 4 cells, but the line of names has 3."),
    ("plain.csv", ROWS + "1\n", {}, CSV + "line 41 has 1 cell, but the first line has 3."),
    ("quoted.csv", 'a,b\n"1",2\n"2",2\n1\n', {}, CSV + "line 4 has 1 cell, but the line of names has 2."),
    ("text.parquet", GOOD, {}, "{p} cannot be read as a parquet table: it does not begin with PAR1."),
    ("empty.parquet", "", {}, "{p} cannot be read as a parquet table: it is empty."),
    ("text.npz", GOOD, {}, "{p} cannot be read as an npz table: it does not begin with PK."),
    ("cut.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-20], {},
     "{p} cannot be unpacked: it ends too early. Fetch it again."),
    ("odd.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:20] + b"\xff" * 40, {},
     "{p} cannot be unpacked: it is damaged. Fetch it again."),
    ("table.zip", b"PK\x03\x04" + bytes(60), {},
     "{p} is a zip archive or a spreadsheet. Unpack it, or save the table in it as CSV."),
    ("binary.csv", bytes(range(256)), {}, CSV + "it is no text, byte 1 is 0x00."),
    ("nul.csv", b"a,b\n1,2\n\x003,4\n", {}, CSV + "it is no text, byte 9 is 0x00."),
    ("half.csv", "a,b\né,1\n".encode("utf-16")[:-1], {}, CSV + "it is not written in utf-16 (truncated data)."),
    ("ascii.csv", "a,b\né,1\n", {"encoding": "ascii"},
     CSV + "it is not written in ascii (ordinal not in range(128))."),
    ("twice.csv", "a,a,class\n1,2,yes\n3,4,no\n", {}, CSV + "the column 'a' occurs twice. Rename one of them."),
    ("page.csv", b"%PDF-1.4", {}, "{p} is no table but a PDF file."),
    ("data.pkl", b"\x80\x04\x95", {},
     "{p} is no table but a pickle, which could run anything; save it as .npz or CSV."),
    ("inf.csv", GOOD + "1,inf,yes\n", {},
     "column 'b' must be finite or missing (NaN), got inf in row 40. Replace or remove it."),
    ("free.csv", "a,note\n" + "".join(f"{i},text {i}\n" for i in range(1200)), {},
     "target 'note' has 1,200 distinct values in 1,200 rows, too many for classes. Name another column with --target."),
    ("g.csv", GOOD, {"target": "clas"},
     "target: there is no column 'clas'. Did you mean 'class'? Columns: a, b, class."),
    ("g.csv", GOOD, {"drop": ["bb"]}, "drop: there is no column 'bb'. Did you mean 'b'? Columns: a, b, class."),
    ("g.csv", GOOD, {"group": "g"}, "group: there is no column 'g'. Columns: a, b, class."),
    ("g.csv", GOOD, {"types": {"q": "text"}}, "types: there is no column 'q'. Columns: a, b, class."),
    ("g.csv", GOOD, {"types": {"a": "nmber"}},
     "types of 'a' must be number, text, boolean, date or a date's form such as %m/%d/%Y, got 'nmber'. "
     "Did you mean 'number'?"),
    ("g.csv", GOOD, {"types": {"class": "number"}, "target": "a"},
     "column 'class' must be numbers, got 'no' in row 1."),
    ("g.csv", GOOD, {"drop": ["a", "b"]}, "dataset 'g' must have at least one input column, it has none."),
    ("g.csv", GOOD, {"drop": ["a", "b", "class"]}, "{p} must have a column for the target, it has none left."),
    ("g.csv", GOOD, {"drop": "a", "keep_columns": "a"}, "'a' is both in drop and in keep_columns: say one of them."),
    ("g.csv", GOOD, {"weight_column": "class", "target": "a"},
     "weight column 'class' must hold numbers, it holds text."),
    ("w.csv", "a,w,y\n" + "1,-1,p\n2,2,q\n" * 9, {"weight_column": "w"},
     "weight column 'w' must hold numbers of at least 0, got -1 in row 1."),
    ("w.csv", "a,w,y\n" + "1,1,p\n2,,q\n" * 9, {"weight_column": "w"},
     "weight column 'w' must hold numbers of at least 0, got a missing cell in row 2."),
    ("g.csv", GOOD, {"encoding": "nope"},
     "encoding must be an encoding such as 'utf-8', 'latin-1' or 'utf-16', or none, got 'nope'."),
    ("g.csv", GOOD, {"delimiter": "xx"},
     "delimiter must be one character, or one of 'comma', 'semicolon', 'tab', 'pipe', 'blanks', or none, got 'xx'."),
    ("b.arff", "@relation x\n@attribute a numeric\n@data\nx\n", {},
     "{p} cannot be read as an arff table: column 'a' is declared numeric, but holds 'x'."),
    ("n.arff", "@relation x\n@attribute a numeric\n", {}, "{p} cannot be read as an arff table: it has no line @data."),
    ("r.arff", "@relation x\n@attribute a real\n@attribute b {x,y}\n@data\n1\n", {},
     "{p} cannot be read as an arff table: line 5 has 1 cell, but 2 are declared."),
    ("i-ubyte", idx(np.zeros((3, 2))), {},
     "{p} is one of several IDX files. Name the folder that holds images and labels."),
]  # fmt: skip


def refused(place, **options) -> str:
    with pytest.raises(UsageError) as caught:
        read(place, **options)
    return str(caught.value)


@pytest.mark.parametrize(("name", "content", "options", "expected"), TEXTS)
def test_one_sentence(name, content, options, expected, tmp_path):
    place = write(tmp_path / name, content)
    assert refused(place, **options) == expected.replace("{p}", repr(str(place)))
    assert [found.name for found in tmp_path.iterdir()] == [name]


TESTS = [
    ("a,class\n1,yes\n", "The test file {t} lacks a column of g.csv: There is no column 'b'. Columns: a, class."),
    ("a,b,class\n1,2,maybe\n", "target 'class' of the test file {t} has 'maybe', which is not among the others."),
    ("a,b,class\nx,2,yes\n", "column 'a' of the test file {t} must be numbers, got 'x' in row 1."),
    ("a,b,class\n", "The test file {t} has no rows."),
]


@pytest.mark.parametrize(("content", "expected"), TESTS)
def test_a_test_file_that_does_not_fit(content, expected, tmp_path):
    place, test = write(tmp_path / "g.csv", GOOD), write(tmp_path / "t.csv", content)
    assert refused(place, test=test) == expected.replace("{t}", repr(str(test)))


def test_a_damaged_parquet_file(tmp_path):
    pl.read_csv(GOOD.encode()).write_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    for number, damaged in enumerate((whole[:-30], whole[:60], whole[: len(whole) // 2] + whole[-8:])):
        place = write(tmp_path / f"cut{number}.parquet", damaged)
        assert refused(place).startswith(
            f"{str(place)!r} cannot be read as a parquet table: it is damaged or cut short"
        )


def test_a_damaged_arrow_file(tmp_path):
    pl.read_csv(GOOD.encode()).write_ipc(tmp_path / "whole.arrow")
    place = write(tmp_path / "cut.arrow", (tmp_path / "whole.arrow").read_bytes()[:200])
    assert refused(place).startswith(f"{str(place)!r} cannot be read as an arrow table: it is damaged or cut short")


def test_bombs_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(text_file, "MOST_UNPACKED", 2**20)
    monkeypatch.setattr("multilayer.data.tables.arrays.MOST_UNPACKED", 2**20)
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"0,1\n" * 2**18) for _ in range(40)) + packer.flush()
    place = write(tmp_path / "bomb.csv.gz", bomb)
    trap = "unpacks to more than 200 times its size: it is a trap, not a table."
    assert refused(place) == f"{str(place)!r} {trap} Unpack it yourself if it is one."
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", bytes(40 * 2**20))
    assert refused(tmp_path / "bomb.npz") == f"{str(tmp_path / 'bomb.npz')!r} {trap}"


@pytest.mark.parametrize("before", [b"", b"1,2\n" * 20000])
def test_an_endless_line_takes_no_memory(before, tmp_path):
    place = tmp_path / "long.csv"
    with place.open("wb") as file:
        file.write(b"a,b\n" + before)
        for _ in range(64):
            file.write(b"1" * 2**20)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (
        refused(place) == f"{str(place)!r} cannot be read as a csv table: it has a line of more than 4,194,304 bytes."
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 40 * 1024  # KiB


def test_arrays_that_do_not_fit(tmp_path):
    np.savez(tmp_path / "pickled.npz", X=np.array([{}, {}], dtype=object), y=[0, 1])
    np.savez(tmp_path / "names.npz", a=np.ones(3))
    np.savez(tmp_path / "lengths.npz", X=np.ones((5, 2)), y=np.ones(4))
    found = {
        name: refused(tmp_path / f"{name}.npz").partition("npz table: ")[2] for name in ("pickled", "names", "lengths")
    }
    assert found == {
        "pickled": "it holds Python objects, which are not loaded.",
        "names": "it holds a, not X and y or images and labels.",
        "lengths": "it has 5 rows and 4 answers.",
    }
    np.savez(tmp_path / "good.npz", X=np.ones((5, 2)), y=[0, 1, 0, 1, 0])
    assert refused(tmp_path / "good.npz", target="y") == "'good' is no table of columns: leave target out."


def test_idx_files_that_say_more_than_they_hold(tmp_path):
    huge = struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 28)
    place = write(tmp_path / "train-images-idx3-ubyte", huge + b"abc")
    assert refused(tmp_path) == f"{str(tmp_path)!r} lacks the file train-labels-... of its IDX files."
    write(tmp_path / "train-labels-idx1-ubyte", idx(np.zeros(4)))
    assert refused(tmp_path).startswith(
        f"{str(place)!r} cannot be read as an idx table: it says 2147483648 x 2147483648"
    )
    write(place, idx(np.zeros((3, 2, 2))))
    assert refused(tmp_path).endswith("its train part has 3 images and 4 labels.")


def test_what_is_no_file(tmp_path):
    assert refused(tmp_path / "good.csv") == f"There is no file {str(tmp_path / 'good.csv')!r}."
    write(tmp_path / "goods.csv", GOOD)
    assert refused(tmp_path / "good.csv").endswith("Near it: goods.csv.")
    assert re.fullmatch(
        r"'.*' is a folder without pictures by class and .* Name a table in it, such as goods\.csv\.", refused(tmp_path)
    )
    assert refused("/dev/null") == "'/dev/null' is no file and no folder. Name a table."


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    place = write(tmp_path / "secret.csv", GOOD)
    place.chmod(0)
    assert refused(place) == f"{str(place)!r} cannot be read: Permission denied."


def test_there_are_enough_of_them(figure):
    figure("bad files, each one sentence", len(TEXTS) + len(TESTS) + 16)
    assert len(TEXTS) + len(TESTS) + 16 >= 60
