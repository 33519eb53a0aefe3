"""`--save-recipe`: the resolved recipe as a file."""

from __future__ import annotations

from pathlib import Path

from multilayer.errors import UsageError
from multilayer.files import write_atomically
from multilayer.recipe import Recipe

ENDINGS = (".toml", ".json")


def writable(name: str | None) -> Path | None:
    """Where the recipe goes; raises UsageError before any work where it could not be written."""
    if name is None:
        return None
    path = Path(name)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"--save-recipe must name a .toml or .json file, got '{name}'.")
    if not path.parent.is_dir():
        raise UsageError(f"--save-recipe: there is no folder {path.parent} to write {path.name} in.")
    if path.is_dir():
        raise UsageError(f"--save-recipe must name a file, but {path} is a folder.")
    return path


def write(recipe: Recipe, path: Path | None) -> None:
    """Write the recipe as a whole or not at all."""
    if path is None:
        return
    text = recipe.to_json() if path.suffix.lower() == ".json" else recipe.to_toml()
    try:
        write_atomically(path, text.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"The recipe could not be written to {path}: {error.strerror}.") from None
