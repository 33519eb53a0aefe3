"""The question: what determines the trained weights, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from multilayer.constraints import Integer, check
from multilayer.data import Preparation, Splitting
from multilayer.errors import RecipeError, shown
from multilayer.recipe.digest import digest
from multilayer.recipe.recipe import FORMAT, Recipe


@final
@dataclass(frozen=True)
class Question:
    """A resolved recipe, the data's fingerprint, the split, the preparation, the seed and the arithmetic.

    `start` is the digest of the starting weights where they were set by hand, else None. `own` describes what
    no recipe can say: layers or a loss of a user's own; a question without them leaves it out. The digest of a question
    is its name: the same question has the same answer.
    """

    recipe: Recipe
    data: str
    splitting: Splitting
    preparation: Preparation
    seed: int
    arithmetic: str
    start: str | None = None
    own: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of `to_dict()`."""
        return digest(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        document = {
            "format": FORMAT,
            "recipe": self.recipe.to_dict(),
            "data": self.data,
            "split": self.splitting.to_dict(),
            "preparation": self.preparation.to_dict(),
            "seed": self.seed,
            "arithmetic": self.arithmetic,
            "start": self.start,
        }
        return document if self.own is None else {**document, "own": self.own}

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Question:
        """The question of such data; raises RecipeError where something is missing or of another format."""
        if not isinstance(document, Mapping):
            raise RecipeError(f"A question must be a table of settings, got {shown(document)}.")
        try:
            version = document["format"]
            if version != FORMAT:
                raise RecipeError(f"This version reads questions of format {FORMAT}, got format {shown(version)}.")
            for name in ("recipe", "split", "preparation"):
                if not isinstance(document[name], Mapping):
                    raise RecipeError(f"{name} of a question must be a table of settings, got {shown(document[name])}.")
            return Question(
                Recipe.from_dict(document["recipe"]),
                str(document["data"]),
                Splitting.from_dict({name: _whole(value) for name, value in document["split"].items()}),
                Preparation.from_dict(document["preparation"]),
                check(Integer(0), _whole(document["seed"]), "seed of a question"),
                str(document["arithmetic"]),
                document["start"],
                document.get("own"),
            )
        except KeyError as error:
            raise RecipeError(f"A question must have {error.args[0]!r}, got none.") from None


def _whole(value: Any) -> Any:
    """The number that stands as text in canonical JSON, being too large for it; anything else as it is."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value
