from __future__ import annotations

import keyword

from tests.house.source import files_of_tests, modules, shown

EMPTY_NAMES = {"utils", "util", "common", "core", "base", "helpers", "helper", "manager", "misc", "tools"}


def test_no_module_has_an_empty_name():
    assert [shown(path) for path in modules() if EMPTY_NAMES & {path.stem, path.parent.name}] == []


def test_module_names_can_be_imported():
    bad = [shown(path) for path in modules() if not path.stem.isidentifier() or keyword.iskeyword(path.stem)]
    assert bad == []


def test_test_folders_are_packages():
    """Two test files may share a name only in packages."""
    folders = {path.parent for path in files_of_tests()}
    assert [shown(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
