"""What every test and every example in a docstring finds at hand."""

from __future__ import annotations

import os
import sys
from typing import Any

import hypothesis
import numpy as np
import pytest

import multilayer as ml

os.environ.setdefault("KERAS_BACKEND", "torch")  # its default, TensorFlow, is not among what the tests install
pytest_plugins = ["pytester", "tests.figures"]

hypothesis.settings.register_profile("multilayer", derandomize=True, deadline=None)
hypothesis.settings.load_profile("multilayer")


@pytest.fixture(autouse=True)
def _names_of_the_package(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """An example in a docstring knows its module's names, the public names of its package, `np` and `ml`."""
    if isinstance(request.node, pytest.DoctestItem):
        own = request.node.dtest.globs
        package = sys.modules.get(own.get("__package__") or "")
        public = {name: getattr(package, name) for name in getattr(package, "__all__", ())}
        at_hand = {"np": np, "ml": ml} | public
        doctest_namespace.clear()
        doctest_namespace.update({name: value for name, value in at_hand.items() if name not in own})


@pytest.fixture(autouse=True)
def _examples_write_nowhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example that writes files writes them into a folder of its own."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))
