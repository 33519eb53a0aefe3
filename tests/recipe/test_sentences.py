"""Whatever cannot be meant is refused with one sentence, here word for word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from multilayer.errors import RecipeError
from multilayer.nn import Huber, SquaredError
from multilayer.recipe import Recipe
from tests.recipe.targets import TARGETS

SENTENCES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("sentences.json").read_text(encoding="utf-8"))
BY_KIND = {target.kind: target for target in TARGETS}


def resolved(settings, sentence, target=None):
    recipe = Recipe.of(**settings)
    return recipe.resolve(BY_KIND[target]) if target else recipe


@pytest.mark.parametrize("case", SENTENCES, ids=lambda case: json.dumps(case["settings"])[:60])
def test_bad_recipes(case):
    with pytest.raises(RecipeError) as caught:
        resolved(**case)
    assert str(caught.value) == case["sentence"]


def test_the_sentences_read_well():
    for sentence in (case["sentence"] for case in SENTENCES):
        assert re.fullmatch(r"\S.*\S[.?]", sentence), sentence
        assert not re.search(r"  | [.,](?!\.)|<|object at|NoneType|Traceback", sentence), sentence


def test_a_loss_of_ones_own_has_no_plain_data():
    class Mine:
        def __call__(self, y, target, weight=None):
            return 0.0, y

        def __repr__(self):
            return "Mine()"

    said = r"loss must be one of this version's losses to stand in a recipe, got Mine\(\)\."
    with pytest.raises(RecipeError, match=said):
        Recipe.of(loss=Mine())


def test_a_loss_object_must_not_hide_a_reduction():
    said = r"^reduction is a setting of its own, not an option of the loss\. Write reduction=sum beside loss=\.$"
    for loss in (Huber(reduction="sum"), SquaredError(reduction="sum")):
        with pytest.raises(RecipeError, match=said):
            Recipe.of(loss=loss)


def test_replace_refuses_what_is_no_setting_and_what_is_a_network():
    with pytest.raises(RecipeError, match=r"^There is no setting 'epoch'\. Did you mean 'epochs'\?$"):
        Recipe.of().replace(epoch=3)
    said = r"^A recipe has its layers already, so hidden cannot change them\. Write layers=\[\.\.\.\]\.$"
    with pytest.raises(RecipeError, match=said):
        Recipe.of().replace(hidden=[3])


def test_an_unknown_format():
    with pytest.raises(RecipeError, match=r"^This version reads recipes of format 1, got format 2\.$"):
        Recipe.from_dict({**Recipe.of().to_dict(), "format": 2})


FILES = {
    "broken.toml": (b"hidden = [40", "The recipe {path} is not valid TOML: Unclosed array (at end of document)."),
    "broken.json": (
        b'{"hidden": [40}',
        "The recipe {path} is not valid JSON: Expecting ',' delimiter: line 1 column 15 (char 14).",
    ),
    "empty.json": (b"", "The recipe {path} is not valid JSON: Expecting value: line 1 column 1 (char 0)."),
    "list.json": (b"[1, 2]", "The recipe {path} must be a table of settings, got [1, 2]."),
    "bytes.toml": (b"\xff\xfe\x00", "The recipe {path} must be text in UTF-8, got other bytes."),
    "deep.json": (b"[" * 100000, "The recipe {path} is not valid JSON: it is nested too deeply."),
    "wrong.toml": (b"lr = -1", "In the recipe {path}: lr must be a number greater than 0 or 'auto', got -1."),
    "newer.toml": (b"format = 9", "In the recipe {path}: This version reads recipes of format 1, got format 9."),
}


@pytest.mark.parametrize("name", FILES)
def test_bad_files(tmp_path, name):
    content, sentence = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        Recipe.read(path)
    assert str(caught.value) == sentence.format(path=path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(RecipeError) as caught:
        Recipe.read(tmp_path / "none.toml")
    assert str(caught.value) == f"The recipe {tmp_path / 'none.toml'} could not be read: No such file or directory."
    with pytest.raises(RecipeError) as caught:
        Recipe.read(tmp_path)
    assert str(caught.value) == f"The recipe {tmp_path} could not be read: Is a directory."
