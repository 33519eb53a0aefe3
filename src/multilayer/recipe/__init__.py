"""How a network is built and trained, and the question that has one answer."""

from multilayer.recipe.digest import canonical, digest, weights_digest
from multilayer.recipe.question import Question
from multilayer.recipe.recipe import Recipe

__all__ = ["Question", "Recipe", "canonical", "digest", "weights_digest"]
