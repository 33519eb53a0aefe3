"""The project's files, as the house tests read them."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "multilayer"


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def files_of_tests() -> list[Path]:
    """Every module beneath tests/."""
    return sorted((ROOT / "tests").rglob("*.py"))


def texts() -> list[Path]:
    """README.md and every page beneath docs/."""
    pages = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in page.parts]
    return [page for page in (ROOT / "README.md", *pages) if page.exists()]


def packages() -> list[ModuleType]:
    """Every package of multilayer, imported, the front door first."""
    front = importlib.import_module("multilayer")
    inner = [found.name for found in pkgutil.walk_packages(front.__path__, "multilayer.") if found.ispkg]
    return [front, *map(importlib.import_module, inner)]


def shown(path: Path) -> str:
    """The path as it stands in a message."""
    return path.relative_to(ROOT).as_posix()
