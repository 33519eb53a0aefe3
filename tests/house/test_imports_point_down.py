from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.source import PACKAGE
from tests.house.storeys import imported_parts, may_import, wrong_imports


def test_imports_point_down():
    assert wrong_imports(PACKAGE) == []


@pytest.mark.parametrize(
    ("place", "line", "told"),
    [
        ("optim/sgd.py", "from multilayer.nn import Linear", "optim/sgd.py:1 imports nn"),
        ("optim/sgd.py", "import multilayer.nn.linear", "optim/sgd.py:1 imports nn"),
        ("optim/sgd.py", "from multilayer import nn", "optim/sgd.py:1 imports nn"),
        ("optim/sgd.py", "from .. import nn", "optim/sgd.py:1 imports nn"),
        ("optim/sgd.py", "from ..nn.linear import Linear", "optim/sgd.py:1 imports nn"),
        ("nn/linear.py", "from multilayer.optim import Adam", "nn/linear.py:1 imports optim"),
        ("data/tasks.py", "def f():\n    from multilayer.recipe import Recipe", "data/tasks.py:2 imports recipe"),
        ("files/mlp.py", "import multilayer", "files/mlp.py:1 imports the front door"),
        ("files/mlp.py", "from multilayer import train", "files/mlp.py:1 imports the front door"),
        ("errors.py", "from multilayer.rng import Stream", "errors.py:1 imports rng"),
        ("utilities.py", "", "utilities.py stands in no storey"),
    ],
)
def test_a_planted_import_is_named(tmp_path, place, line, told):
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(line)
    assert wrong_imports(tmp_path) == [told]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("check/gradients.py", "from multilayer.optim import Adam\nfrom multilayer.nn import Linear"),
        ("nn/linear.py", "from multilayer.nn import layer\nfrom .layer import Layer\nimport numpy"),
        ("cli/train.py", "from multilayer.lab import run\nfrom multilayer.errors import UsageError"),
        ("__init__.py", "from multilayer.cli import main"),
    ],
)
def test_an_import_that_points_down_is_not(tmp_path, place, line):
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(line)
    assert wrong_imports(tmp_path) == []


def test_the_rules_within_a_storey():
    assert may_import("recipe", "data")
    assert not may_import("data", "recipe")
    assert not may_import("optim", "nn")
    assert not may_import("nn", "optim")
    assert list(imported_parts("import numpy.linalg", Path("nn/linear.py"))) == []
