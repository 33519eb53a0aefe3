"""docs/pictures.md lists every picture, as the list itself has it."""

from __future__ import annotations

import re

from multilayer.pictures import PICTURES
from tests.house.source import ROOT

NEEDS = {
    "nothing": "nothing",
    "run": "the run",
    "rows": "its rows",
    "training": "its training",
    "estimator": "an estimator",
}


def test_the_page_lists_every_picture():
    page = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \| (.*?) \| ?(.*?) ?\|$", page, re.MULTILINE)
    listed = [(name, shows, needs, re.findall(r"`(\w+)`", options)) for name, shows, needs, options in rows]
    assert listed == [(e.name, e.shows, NEEDS[e.needs], e.options) for e in PICTURES.values()]
