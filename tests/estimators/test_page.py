"""docs/estimators.md says what is so."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import re
import warnings

import pytest
from sklearn import neural_network

from multilayer.estimators import MLPClassifier, MLPRegressor
from tests.house.source import ROOT
from tests.house.test_docs_run import python_blocks

PAGE = (ROOT / "docs" / "estimators.md").read_text(encoding="utf-8")
HEADING = "| what was asked for |"


def rows(heading):
    """The cells of the table under this beginning of its heading."""
    lines = PAGE[PAGE.index(heading) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


ASKED = [(row[0], re.findall(r"`([^`]+)`", row[-1])) for row in rows(HEADING)]


@pytest.fixture(scope="module")
def names():
    """What the block before the table defines."""
    block = [source for _, source in python_blocks(PAGE[: PAGE.index(HEADING)])][-1]
    known: dict[str, object] = {}
    for example in doctest.DocTestParser().get_examples(block):
        exec(example.source, known)
    return known


@pytest.mark.parametrize(("asked", "lines"), ASKED, ids=[asked for asked, _ in ASKED])
def test_what_was_asked_for_runs(asked, lines, names):
    assert len(lines) == 1, "one line of code each"
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Maximum of")
        assert eval(lines[0], names) is not False


def test_there_are_many():
    assert len(ASKED) >= 25


def test_the_table_of_defaults_is_whole():
    """Every default that differs is in the table, with both values, and nothing else is."""
    told = {row[0].strip("`"): tuple(cell.strip("`") for cell in row[1:3]) for row in rows("| parameter |")}
    differ = {}
    pairs = ((neural_network.MLPClassifier, MLPClassifier), (neural_network.MLPRegressor, MLPRegressor))
    for theirs, ours in pairs:
        here = inspect.signature(ours).parameters
        for name, parameter in inspect.signature(theirs).parameters.items():
            if here[name].default != parameter.default:
                differ[name] = (repr(parameter.default), repr(here[name].default))
    assert {name.split("`")[0]: values for name, values in told.items()} == differ
    assert all(ours().get_params().keys() >= theirs().get_params().keys() for theirs, ours in pairs)


def test_every_parameter_of_ours_is_named():
    extra = {name for made in (MLPClassifier, MLPRegressor) for name in inspect.signature(made).parameters}
    extra -= set(inspect.signature(neural_network.MLPClassifier).parameters)
    assert [name for name in sorted(extra) if f"`{name}`" not in PAGE] == []
