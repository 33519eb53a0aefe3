from __future__ import annotations

import importlib.metadata
import inspect
from types import ModuleType

import multilayer
from tests.house.source import packages


def test_every_name_on_the_door_opens():
    closed = [
        f"{package.__name__}.{name}"
        for package in packages()
        for name in getattr(package, "__all__", ())
        if not hasattr(package, name)
    ]
    assert closed == []


def test_every_public_name_is_on_the_door():
    """A class or function of a package that can be imported from it is in its `__all__` (ruff keeps that sorted)."""
    hidden = [
        f"{package.__name__}.{name}"
        for package in packages()
        if hasattr(package, "__all__")
        for name, value in vars(package).items()
        if _is_own(package, name, value) and name not in package.__all__
    ]
    assert hidden == []


def test_no_name_stands_twice():
    for package in packages():
        listed = getattr(package, "__all__", [])
        assert len(listed) == len(set(listed)), package.__name__


def test_the_front_door_lists_what_it_offers():
    assert set(multilayer.__all__) <= set(dir(multilayer))


def test_one_version():
    assert multilayer.__version__ == importlib.metadata.version("multilayer")


def _is_own(package: ModuleType, name: str, value: object) -> bool:
    if name.startswith("_") or isinstance(value, ModuleType):
        return False
    made = inspect.isclass(value) or inspect.isroutine(value)
    return made and f"{getattr(value, '__module__', '')}.".startswith(f"{package.__name__}.")
