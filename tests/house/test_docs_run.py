from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.house.source import ROOT, shown, texts

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def python_blocks(text: str) -> list[tuple[int, str]]:
    """(line, source) of every block of Python in a Markdown text."""
    return [(text.count("\n", 0, match.start(1)), match[1]) for match in BLOCK.finditer(text)]


@pytest.mark.parametrize("path", texts(), ids=shown)
def test_the_examples_of_a_page_run(path, tmp_path, monkeypatch, capsys):
    """The blocks of one page share their names, as a reader who types along would have it."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for line, source in python_blocks(path.read_text(encoding="utf-8")):
        if ">>>" in source:
            test = doctest.DocTestParser().get_doctest(source, {}, shown(path), str(path), line)
            test.globs = names
            runner.run(test, clear_globs=False)
        else:
            compile(source, f"{path}:{line}", "exec")
    assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out


def test_there_are_examples_to_run():
    readme = ROOT / "README.md"
    assert any(">>>" in source for path in texts() for _, source in python_blocks(path.read_text(encoding="utf-8")))
    assert python_blocks(readme.read_text(encoding="utf-8")), "README.md shows no Python"


def test_a_wrong_example_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```python\n>>> 1 + 1\n3\n```\n")
    ((line, source),) = python_blocks(page.read_text())
    test = doctest.DocTestParser().get_doctest(source, {}, "page", str(page), line)
    silent: list[str] = []
    assert (line, doctest.DocTestRunner().run(test, out=silent.append).failed) == (3, 1)


def test_the_paths_named_on_a_page_exist():
    """`src/...`, `examples/...` and the like between backquotes are files of the project."""
    named = re.compile(r"`((?:src|tests|examples|native|docs)/[\w./-]+\.\w+)`")
    missing = [
        f"{shown(path)} names {found}"
        for path in texts()
        for found in named.findall(Path(path).read_text(encoding="utf-8"))
        if not (ROOT / found).exists() and found != "docs/acceptance.md"
    ]
    assert missing == []
