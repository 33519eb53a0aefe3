from __future__ import annotations

import re

from tests.house.source import modules, shown, texts

BRITISH = re.compile(
    r"\b\w*(?:(?:initial|optim|normal|regular|penal|general|standard|random|final)is(?:e|ed|es|er|ers|ing|ation)"
    r"|licence\w*|colour\w*|behaviour\w*|neighbour\w*|favour\w*|centred?|grey)\b",
    re.IGNORECASE,
)


def test_spelling_is_american():
    found = [
        f"{shown(path)}:{number} writes {word}"
        for path in [*modules(), *texts()]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for word in BRITISH.findall(line)
    ]
    assert found == []


def test_a_british_spelling_is_found():
    assert BRITISH.findall("Optimisers normalise neighbours; optimizers normalize") == [
        "Optimisers",
        "normalise",
        "neighbours",
    ]
