"""In a notebook: the curve that is drawn while a training runs, and the cards that things show themselves as."""

from __future__ import annotations

import re
import sys
import types
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import multilayer as ml
from multilayer.engines import History
from multilayer.lab import live_curve

HOSTILE = "<script>alert('x')</script>&"


class Parsed(HTMLParser):
    """Tags in order, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag != "path" and tag != "polyline":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "polyline"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def check_card(text: str) -> Parsed:
    page = Parsed(text)
    assert page.open == []
    assert "script" not in page.tags
    assert not re.search(r"(?<![-\w])(?:color|background-color)\s*:\s*#", text)  # the page's own colors, light or dark
    assert len(text) < 8000
    return page


@pytest.fixture(scope="module")
def run():
    return ml.train("moons(samples=60)", hidden=[4], epochs=3)


def test_everything_shows_itself(run):
    task = ml.tasks.get("moons(noise=0.3)")
    named = {
        "names the right class": run,
        "4-1, ReLU": run.question.recipe,
        "17 weights": run.net,
        "Two half moons": task,
        "target (binary)": task.dataset(),
    }
    for words, thing in named.items():
        assert words in check_card(thing._repr_html_()).text
        assert len(repr(thing)) < 600


def test_names_from_a_table_are_escaped():
    X = {HOSTILE: [*range(10)] * 3, HOSTILE + "y": ["a", "b", "<i>"] * 10}
    import pandas as pd

    frame = pd.DataFrame(X)
    dataset = ml.Dataset.from_frame(frame, HOSTILE + "y", name=HOSTILE)
    page = check_card(dataset._repr_html_())
    assert HOSTILE in page.text
    found = ml.train(dataset, hidden=[2], epochs=1)
    assert "i" not in check_card(found._repr_html_()).tags


class Display:
    """What `IPython.display` would be told."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def display(self, thing: Any, display_id: bool = False) -> Display:
        assert display_id
        self.shown.append(thing)
        return self

    def update(self, thing: Any) -> None:
        self.shown.append(thing)


@pytest.fixture
def notebook(monkeypatch) -> Display:
    """A notebook's shell, and a clock that goes on by a second whenever the curve looks at it."""
    told = Display()
    shell = types.SimpleNamespace(kernel=object())
    display = types.ModuleType("IPython.display")
    display.display = told.display  # type: ignore[attr-defined]
    package = types.ModuleType("IPython")
    package.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    seconds = iter(range(10**6))
    monkeypatch.setattr(live_curve.time, "monotonic", lambda: float(next(seconds)))
    return told


def test_a_training_in_a_notebook_draws_over_one_picture(notebook, run):
    again = ml.train("moons(samples=60)", hidden=[4], epochs=3)
    assert [repr(state)[:12] for state in notebook.shown] == [
        "epoch 1 of 3",
        "epoch 2 of 3",
        "epoch 3 of 3",
        "epoch 3 of 3",
    ]
    assert again.digest == run.digest
    page = check_card(notebook.shown[-1]._repr_html_())
    assert page.tags.count("polyline") == 2
    assert "validation loss" in page.text


def test_nothing_is_drawn_where_it_is_not_wanted(notebook, monkeypatch):
    ml.train("xor", hidden=[2], epochs=2, live=False)
    monkeypatch.setattr(live_curve.time, "monotonic", lambda: 0.0)  # a quick training
    ml.train("xor", hidden=[2], epochs=2)
    assert notebook.shown == []


def test_outside_of_a_notebook_nothing_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not live_curve.in_notebook()
    assert "IPython" not in sys.modules


def test_a_terminal_of_ipython_is_no_notebook(monkeypatch):
    package = types.ModuleType("IPython")
    package.get_ipython = lambda: types.SimpleNamespace()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    assert not live_curve.in_notebook()


@pytest.mark.parametrize("values", [[0.5], [0.5, np.nan, 0.1], [0.0, 0.0], [-1.0, 2.0], [np.nan], [1e-300, 1e300]])
def test_a_curve_of_whatever_comes(values):
    svg = live_curve.curve(History(("loss", "lr"), np.array([[[v, 0.1] for v in values]])), 5)
    assert "nan" not in svg
    assert "inf" not in svg
    for x, y in re.findall(r"([-\d.]+),([-\d.]+)", svg):
        assert 0 <= float(x) <= live_curve.WIDTH
        assert 0 <= float(y) <= live_curve.HEIGHT


def test_a_long_curve_stays_small():
    long = History(("loss",), np.linspace(2, 1, 100_000)[None, :, None])
    assert len(live_curve.curve(long, 100_000)) < 12_000


def test_in_a_real_kernel():
    """The cards and the curve arrive as HTML where a notebook runs."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    code = "import multilayer as ml\nfrom multilayer.lab import live_curve\nlive_curve.SECONDS = 0\n"
    code += "ml.train('moons(samples=60)', hidden=[4], epochs=3)"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    drawn, answered = book.cells[0].outputs
    assert "<svg" in drawn["data"]["text/html"]
    assert drawn["data"]["text/plain"].startswith("epoch 3 of 3: loss ")
    assert "names the right class" in answered["data"]["text/html"]
    assert answered["data"]["text/plain"].startswith("Run(moons, complete after 3 epochs")
