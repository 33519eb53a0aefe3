"""A digest is a name for ever: those here may change only together with the format."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilayer.data import Preparation, Splitting
from multilayer.errors import RecipeError
from multilayer.recipe import Question, Recipe, canonical, digest, weights_digest
from tests.recipe.targets import BINARY, CLASSES, NUMBERS

GIVEN = {"lr": 0.01, "schedule": "constant", "weight_decay": 0.0, "epochs": 200}
RECIPES = {
    "plain": Recipe.of(hidden=[40], optimizer="adam", **GIVEN).resolve(BINARY),
    "rich": Recipe.of(
        **{**GIVEN, "schedule": "warm_up(epochs=3, then=cosine)"},
        hidden=[8, 6],
        activation=["tanh", "elu(alpha=0.5)"],
        norm="layer",
        dropout=0.25,
        weight_init="uniform(low=-0.5, high=0.5)",
        loss="cross_entropy(label_smoothing=0.1)",
        optimizer="nesterov(momentum=0.8)",
        batch_size="full",
        l2=1e-3,
        clip_norm=2,
        patience=20,
        monitor="accuracy",
    ).resolve(CLASSES),
    "lbfgs": Recipe.of(
        **GIVEN, layers=[{"layer": "maxout", "units": 5}, {"layer": "linear"}], optimizer="lbfgs", loss="huber(delta=2)"
    ).resolve(NUMBERS),
}
DIGESTS = {
    "plain": "2db66bc7c4d393556a71b62bcf426ceab98ff3647ed4e99f8bbfa89536b49bae",
    "rich": "1208ebe5286e77370bedd71a505dd284b5514a59968782135732fbba4a1259d2",
    "lbfgs": "709ceb705f3e38b1853888da99626848e0cd3947e147e20a1325e2b266610851",
}
QUESTION = Question(RECIPES["plain"], "f" * 64, Splitting(), Preparation(), seed=7, arithmetic="reference")
QUESTION_DIGEST = "58363f709b8d922b5ce8c0caa689cfdeb88174415a091f765329cfee7726fd3e"


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_keep_their_names(name):
    assert RECIPES[name].digest == DIGESTS[name]


def test_questions_keep_their_names():
    assert QUESTION.digest == QUESTION_DIGEST


def test_a_digest_is_that_of_the_canonical_text():
    recipe = RECIPES["plain"]
    text = canonical(recipe.to_dict())
    assert json.loads(text) == recipe.to_dict()
    assert recipe.digest == hashlib.sha256(text).hexdigest()


def test_the_order_of_settings_does_not_count():
    recipe = Recipe.of(hidden=[3], lr=0.1, optimizer={"name": "adam", "beta2": 0.9, "beta1": 0.5})
    other = Recipe.of(optimizer={"beta1": 0.5, "name": "adam", "beta2": 0.9}, lr=0.1, hidden=[3])
    assert recipe.digest == other.digest
    backwards = dict(reversed(recipe.to_dict().items()))
    assert digest(backwards) == recipe.digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"lr": 1}, {"lr": 1.0}),
        ({"epochs": 50}, {"epochs": 50.0}),
        ({"l2": 0}, {"l2": -0.0}),
        ({"hidden": [4]}, {"hidden": [4.0]}),
        ({"batch_size": np.int64(8)}, {"batch_size": 8}),
        ({"lr": np.float64(0.1)}, {"lr": 0.1}),
        ({"loss": "huber(delta=2)"}, {"loss": {"name": "huber", "delta": 2.0}}),
        ({"schedule": "step"}, {"schedule": "step(every=10, factor=0.1)"}),
        ({"hidden": [4], "activation": "elu"}, {"hidden": (4,), "activation": "elu(alpha=1)"}),
    ],
)
def test_the_same_meaning_has_the_same_digest(one, other):
    assert Recipe.of(**one).digest == Recipe.of(**other).digest


@pytest.mark.parametrize(
    "change",
    [{"lr": 0.1}, {"epochs": 1}, {"l2": 1e-9}, {"patience": 3}, {"keep": "last"}, {"shuffle": "none"}, {"noise": 0.1}],
)
def test_another_setting_has_another_digest(change):
    assert RECIPES["plain"].replace(**change).digest != DIGESTS["plain"]


@given(st.integers(0, 2**64 - 1), st.none() | st.just("a" * 64))
def test_questions_survive_json(seed, start):
    question = Question(RECIPES["rich"], "d", Splitting(seed=seed), Preparation("minmax"), seed, "reference", start)
    for text in (json.dumps(question.to_dict()), canonical(question.to_dict())):
        back = Question.from_dict(json.loads(text))
        assert back == question
        assert back.digest == question.digest


def test_seeds_too_large_for_json_numbers_are_told_apart():
    assert canonical({"seed": 2**53 - 1}) == b'{"seed":9007199254740991}'
    assert canonical({"seed": [2**64 - 1]}) == b'{"seed":["18446744073709551615"]}'


DAMAGE = {
    "lacking": (lambda d: d.pop("data"), "A question must have 'data', got none."),
    "newer": (lambda d: d.update(format=2), "This version reads questions of format 1, got format 2."),
    "seed": (lambda d: d.update(seed="x"), "seed of a question must be a whole number of at least 0, got 'x'."),
    "recipe": (lambda d: d.update(recipe=3), "recipe of a question must be a table of settings, got 3."),
    "split": (lambda d: d.update(split=None), "split of a question must be a table of settings, got None."),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_questions(name):
    damage, sentence = DAMAGE[name]
    document = QUESTION.to_dict()
    damage(document)
    with pytest.raises(RecipeError) as caught:
        Question.from_dict(document)
    assert str(caught.value) == sentence


def test_a_question_must_be_a_table():
    with pytest.raises(RecipeError, match=r"^A question must be a table of settings, got \[1\]\.$"):
        Question.from_dict([1])


def test_weights_are_named_by_name_shape_precision_and_bits():
    weights = {"0.W": np.array([[1.0, 2.0]]), "0.b": np.zeros(2)}
    backwards = dict(reversed(weights.items()))
    assert weights_digest(weights) == weights_digest(backwards)
    assert weights_digest(weights) == weights_digest({**weights, "0.W": np.array([[1.0, 2.0]]).astype(">f8")})
    assert weights_digest(weights) == weights_digest({**weights, "0.W": np.asfortranarray([[1.0, 2.0]])})
    others = [np.array([[1.0, 2.0]], dtype=np.float32), np.array([[1.0], [2.0]]), np.array([[1.0, np.nextafter(2, 3)]])]
    for other in others:
        assert weights_digest({**weights, "0.W": other}) != weights_digest(weights)
    negative = {**weights, "0.b": -np.zeros(2)}
    assert weights_digest(negative) != weights_digest(weights)
