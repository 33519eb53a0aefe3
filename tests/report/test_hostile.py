"""Names of columns, classes, tasks and cells cannot break out of the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multilayer.data import Dataset, Target
from multilayer.lab import Run, train
from multilayer.lab.again import Again
from multilayer.report import page
from tests.report.hostile import strings
from tests.report.parsed import parsed
from tests.scale import cases


def table(name: str, label: str) -> Dataset:
    """A hostile column name, class, table name and cell; harmless where the texts are."""
    X = [[float(i % 7), label if i % 2 else "calm"] for i in range(60)]
    y = [label if i % 3 else "calm" for i in range(60)]
    data = Dataset.from_arrays(X, y, names=[name, "other"], name=name)
    return replace(data, target=Target(data.target.kind, data.target.values, (name,), data.target.classes))


def report(name: str, label: str) -> tuple[Run, str]:
    data = table(name, label)
    run = train(data, hidden=[2], epochs=1, engine="reference")
    run = replace(run, source=name, why=label, machine={**run.machine, name: label}, reading={"guessed": [label]})
    return run, page([run], Again(run, data), "none")


@pytest.fixture(scope="module")
def harmless():
    return parsed(report("name", "label")[1])


def test_hostile_names_stay_text(harmless, figure):
    names = list(dict.fromkeys([*strings()[57:90:11], *strings()[:: cases(normal=10, accept=1)]]))
    for name in names:
        _, text = report(name, f"{name}!")
        found = parsed(text)
        assert found.mistakes == []
        assert found.shape == harmless.shape, repr(name)
        assert [attrs for tag, attrs in found.elements if tag == "meta"] == [
            attrs for tag, attrs in harmless.elements if tag == "meta"
        ]
        assert found.words("style") == harmless.words("style")
        assert not set(text) & set("\x00\x07\x1b\u202a\u202e\u2066\u2069\u200f")
        assert len(text) < 100_000
    assert len(strings()) == len(set(strings())) == 200
    figure("hostile names that stay text in a report", f"{len(names)} of {len(names)}")


def test_a_planted_hole_would_be_found(harmless):
    """The comparison sees an element that a name brought along."""
    text = report("name", "label")[1].replace("<bdi>name</bdi>", "<bdi><script>alert(1)</script></bdi>", 1)
    assert parsed(text).shape != harmless.shape


def test_pictures_of_hostile_names_stay_pictures():
    name = "</svg><script>alert(1)</script>\u202e"
    data = table(name, f"{name}!")
    run = train(data, hidden=[2], epochs=1, engine="reference")
    found = parsed(page([run], Again(run, data), ["confusion"]))
    images = [attrs for tag, attrs in found.elements if tag in ("img", "source")]
    assert len(images) == 2
    assert all((attrs.get("src") or attrs.get("srcset") or "").startswith("data:image/") for attrs in images)
    assert "script" not in {tag for tag, _ in found.elements}
    assert found.mistakes == []
