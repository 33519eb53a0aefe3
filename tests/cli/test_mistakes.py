"""Whatever cannot be meant is answered with one sentence, here word for word, and nothing is left behind."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

MISTAKES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("mistakes.json").read_text(encoding="utf-8"))
FILES = {
    "broken.toml": "hidden = [4",
    "broken.json": '{"hidden": [4}',
    "unknown.toml": "hiden = [4]\n",
    "range.toml": "lr = -1\n",
    "layers.toml": 'layers = [4, "tanh", "auto"]\n'.replace('"auto"', '{layer = "linear"}'),
    "list.json": "[1, 2]",
    "future.json": '{"format": 2}',
    "names.json": '{"0.V": [[1], [1]]}',
    "words.json": '{"0.W": "one"}',
    "ragged.json": '{"0.W": [[1], [1, 2]]}',
    "empty.csv": "",
    "header.csv": "a,b,class\n",
    "onecolumn.csv": "class\nyes\nno\n",
    "constant.csv": "a,class\n1,yes\n2,yes\n3,yes\n",
    "words.csv": "a,class\n1,p\n2,q\n3,r\n",
    "ragged.csv": "a,class\n1,2,3\n",
    "table.csv": "a,b,class\n" + "1,2,yes\n3,4,no\n" * 10,
    "table.txt": "a,b,class\n1,2,yes\n",
    "fake.parquet": "nothing of the kind",
    "broken.mlp": "nothing of the kind",
}


def prepare(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: " ".join(case["words"])[:70])
def test_one_sentence_and_nothing_else(case, command, tmp_path):
    prepare(tmp_path)
    answer = command(*case["words"])
    assert answer.err == f"multilayer: {case['sentence']}\n"
    assert answer.code == 2
    assert answer.out == ""
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    assert all((tmp_path / name).read_text(encoding="utf-8") == content for name, content in FILES.items())


def test_there_are_enough_of_them(figure):
    figure("bad recipes and command lines, each one sentence", len(MISTAKES))
    assert len({tuple(case["words"]) for case in MISTAKES}) == len(MISTAKES) >= 40


def test_the_sentences_read_well():
    for sentence in (case["sentence"] for case in MISTAKES):
        assert re.fullmatch(r"\S.*\S[.?]", sentence), sentence
        assert not re.search(r"  | ,|<|object at|NoneType|Traceback|\n", sentence), sentence


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_that_cannot_be_read(ending, command, tmp_path):
    (tmp_path / f"table.{ending}").write_text("a,class\n1,2,3\n")
    answer = command("train", f"table.{ending}")
    assert answer.code == 2
    assert re.fullmatch(rf"multilayer: 'table\.{ending}' cannot be read as a {ending} table: .+\n", answer.err)


def test_a_network_larger_than_the_memory(command, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("multilayer.lab.Session", fail)
    answer = command("train", "xor")
    assert answer.code == 2
    assert answer.err == (
        "multilayer: There is not enough memory for this network or table. Try fewer units or rows.\n"
    )


def test_no_words_show_the_help(command):
    answer = command()
    assert answer.code == 2
    assert answer.out.count("Usage: multilayer") == 1
    assert answer.err == ""
