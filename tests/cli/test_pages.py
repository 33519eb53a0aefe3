"""The commands on the pages are run, in the order of the page, and the output shown there is what they print."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from multilayer.lab import load_run
from multilayer.pictures import PICTURES, suiting
from tests.house.source import ROOT

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[tuple[list[str], str]]:
    """(words, expected output) of every command on a page of docs."""
    text = "".join(BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")))
    found = re.findall(r"^\$ multilayer (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
    return [(shlex.split(line), output) for line, output in found]


def prepare() -> None:
    table = "".join(f"{i % 7},{i % 5},{i % 7 + 2 * (i % 5)}.5\n" for i in range(60))
    Path("table.csv").write_text("a,b,price\n" + table)


@pytest.mark.parametrize("page", ["command.md", "exercises.md"])
def test_the_commands_of_a_page(page, command):
    prepare()
    for words, expected in commands(page):
        if "3f9a" in " ".join(words) or words[:1] == ["predict"]:  # an id that is only this page's
            continue
        if page == "exercises.md" and words[:2] == ["plot", "last"]:  # the gallery of docs draws these
            assert words[-1] in suiting(load_run("last"))
            continue
        quick = (
            ["--epochs", "2"]
            if words[0] == "train" and not expected and not {"--epochs", "--weights"} & {*words}
            else []
        )
        answer = command(*words, *quick)
        assert answer.code == 0, f"{words}: {answer.err}"
        if expected:
            shown = answer.err + answer.out
            assert doctest.OutputChecker().check_output(expected, shown, doctest.ELLIPSIS), f"{words}:\n{shown}"


def test_every_picture_named_in_the_exercises_is_one():
    named = {words[2] for words, _ in commands("exercises.md") if words[:2] == ["plot", "last"]}
    assert named <= set(PICTURES)
    assert len(named) >= 7
