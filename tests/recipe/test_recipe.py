from __future__ import annotations

import dataclasses
import json
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings

from multilayer.data import Target
from multilayer.nn import ACTIVATIONS, Huber, losses
from multilayer.optim import OPTIMIZERS, SCHEDULES
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network
from tests.recipe.targets import BINARY, CLASSES, LABELS, NUMBERS, TARGETS, settings_and_target
from tests.scale import cases

many = settings(max_examples=cases(normal=40, accept=3000))


def kinds(recipe: Recipe) -> list[str]:
    return [entry["layer"] for entry in recipe.layers]


def test_the_shorthand_becomes_layers():
    recipe = Recipe.of(hidden=[40, 20], activation=["tanh", "elu(alpha=0.5)"], norm="batch", dropout=0.1)
    assert kinds(recipe) == [
        "linear",
        "batch_norm",
        "tanh",
        "dropout",
        "linear",
        "batch_norm",
        "elu",
        "dropout",
        "linear",
    ]
    assert [recipe.layers[i]["units"] for i in (0, 4, 8)] == [40, 20, "auto"]
    assert recipe.layers[3] == {"layer": "dropout", "p_drop": 0.1}
    assert recipe.layers[6] == {"layer": "elu", "alpha": 0.5}


def test_the_default_network():
    recipe = Recipe.of()
    assert kinds(recipe) == ["linear", "relu", "linear"]
    assert recipe.layers[0]["units"] == 100


@pytest.mark.parametrize("hidden", [[], None, ()])
def test_no_hidden_layer(hidden):
    assert kinds(Recipe.of(hidden=hidden)) == ["linear"]


@pytest.mark.parametrize("hidden", [7, np.int64(7), [7.0], (np.int32(7),)])
def test_one_hidden_layer(hidden):
    assert Recipe.of(hidden=hidden) == Recipe.of(hidden=[7])


def test_maxout_bias_initializers_and_output_activation():
    recipe = Recipe.of(hidden=[3], activation="maxout", pieces=4, weight_init="he_uniform", output_activation="tanh")
    assert kinds(recipe) == ["maxout", "linear", "tanh"]
    assert recipe.layers[0]["pieces"] == 4
    assert recipe.layers[1]["weight_init"]["name"] == "he_uniform"
    recipe = Recipe.of(hidden=[3], bias=False, activation="identity", bias_init="constant(value=0.5)")
    assert kinds(recipe) == ["linear", "linear"]
    assert not recipe.layers[0]["bias"]
    assert recipe.layers[0]["bias_init"] == {"name": "constant", "value": 0.5}


def test_layers_with_settings_of_their_own():
    linear = {"layer": "linear", "units": 5, "bias": False, "weight_init": {"name": "normal", "std": 0.1}}
    recipe = Recipe.of(layers=[linear, "elu(alpha=2)", 3, {"layer": "prelu"}, "scale", {"layer": "linear"}])
    assert kinds(recipe) == ["linear", "elu", "linear", "prelu", "scale", "linear"]
    assert recipe.layers[0]["weight_init"] == {"name": "normal", "mean": 0.0, "std": 0.1}
    net = network(recipe.resolve(BINARY).layers, n_in=2, seed=0)
    assert net(np.zeros((1, 2))).shape == (1, 1)


def test_long_form_and_shorthand_are_the_same_recipe():
    assert Recipe.of(hidden=[40], activation="tanh") == Recipe.of(layers=[40, "tanh", {"layer": "linear"}])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_stands_in_a_recipe(name):
    recipe = Recipe.of(hidden=[4], activation=name).resolve(CLASSES)
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert network(recipe.layers, n_in=3, seed=0)(np.zeros((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_stands_in_a_recipe(name):
    recipe = Recipe.of(optimizer=name).resolve(NUMBERS)
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert recipe.lr > 0


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_stands_in_a_recipe(name):
    recipe = Recipe.of(schedule=name, epochs=30).resolve(NUMBERS)
    assert recipe.schedule.get("epochs", 30) in (5.0, 30)
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_resolves_for_some_target(name):
    assert any(resolves(Recipe.of(loss=name), target) for target in TARGETS)


def resolves(recipe: Recipe, target: Target) -> bool:
    try:
        return recipe.resolve(target).loss == recipe.loss
    except ValueError:
        return False


def test_a_loss_object_is_its_plain_data():
    assert Recipe.of(loss=Huber(delta=2)).loss == {"name": "huber", "delta": 2.0}


@many
@given(settings_and_target())
def test_recipes_survive_json_and_toml(drawn):
    chosen, target = drawn
    recipe = Recipe.of(**chosen)
    for one in (recipe, recipe.resolve(target)):
        assert Recipe.from_dict(json.loads(one.to_json())) == one
        assert Recipe.from_dict(tomllib.loads(one.to_toml())) == one
        assert Recipe.from_dict(one.to_dict()).digest == one.digest


@many
@given(settings_and_target())
def test_resolving_decides_everything_once(drawn):
    chosen, target = drawn
    recipe = Recipe.of(**chosen).resolve(target)
    assert "auto" not in json.dumps(recipe.to_dict())
    assert recipe.resolve(target) == recipe


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_files(tmp_path, suffix):
    recipe = Recipe.of(hidden=[3], schedule="warm_up(then=cosine)", patience=3)
    path = tmp_path / f"recipe.{suffix}"
    path.write_text(recipe.to_json() if suffix == "json" else recipe.to_toml(), encoding="utf-8")
    assert Recipe.read(path) == recipe
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as some editors begin a file
    assert Recipe.read(str(path)) == recipe


def test_a_file_in_shorthand(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('hidden = [8, 8]\noptimizer = "momentum(momentum=0.8)"\nl2 = 1e-3\n')
    assert Recipe.read(path) == Recipe.of(hidden=[8, 8], optimizer="momentum(momentum=0.8)", l2=1e-3)


def test_the_initializer_follows_the_activation():
    by_activation = {"relu": "he_normal", "tanh": "glorot_uniform", "selu": "lecun_normal"}
    for activation, expected in by_activation.items():
        layers = Recipe.of(hidden=[4], norm="layer", activation=activation).resolve(BINARY).layers
        assert layers[0]["weight_init"]["name"].split("_")[0] == expected.split("_")[0]
    given_one = Recipe.of(hidden=[4], activation="relu", weight_init="zeros").resolve(BINARY)
    assert given_one.layers[0]["weight_init"] == {"name": "zeros"}


@pytest.mark.parametrize(
    ("target", "ends", "loss", "units", "kept"),
    [
        (BINARY, "identity", "sigmoid_cross_entropy", 1, False),
        (BINARY, "sigmoid", "sigmoid_cross_entropy", 1, False),
        (BINARY, "softmax", "cross_entropy", 2, False),
        (BINARY, "tanh", "squared_error", 1, True),
        (CLASSES, "identity", "cross_entropy", 3, False),
        (CLASSES, "softmax", "cross_entropy", 3, False),
        (CLASSES, "sigmoid", "sigmoid_cross_entropy", 3, False),
        (LABELS, "identity", "sigmoid_cross_entropy", 2, False),
        (LABELS, "sigmoid", "sigmoid_cross_entropy", 2, False),
        (NUMBERS, "identity", "squared_error", 2, False),
        (NUMBERS, "sigmoid", "squared_error", 2, True),
    ],
)
def test_the_automatic_loss(target, ends, loss, units, kept):
    recipe = Recipe.of(hidden=[4], output_activation=ends).resolve(target)
    assert recipe.loss["name"] == loss
    assert recipe.layers[-2 if kept else -1]["units"] == units
    assert (recipe.layers[-1]["layer"] == ends) == kept


@pytest.mark.parametrize("ends", ["sigmoid", "softmax"])
def test_an_output_activation_stays_with_a_plain_loss(ends):
    recipe = Recipe.of(hidden=[4], output_activation=ends, loss="squared_error").resolve(CLASSES)
    assert kinds(recipe)[-1] == ends


def test_a_gaussian_likelihood_has_two_outputs_for_each_number():
    assert Recipe.of(loss="gaussian_nll").resolve(NUMBERS).layers[-1]["units"] == 4


def test_lbfgs_takes_all_rows_in_float64():
    recipe = Recipe.of(optimizer="lbfgs").resolve(NUMBERS)
    assert (recipe.batch_size, recipe.dtype, recipe.schedule, recipe.lr) == (
        "full",
        "float64",
        {"name": "constant"},
        1.0,
    )


def test_schedules_are_told_the_length_of_the_training():
    recipe = Recipe.of(epochs=50, schedule="warm_up(epochs=4.5, then=cosine)").resolve(NUMBERS)
    assert recipe.schedule["then"]["epochs"] == 46
    assert Recipe.of(epochs=3, schedule="warm_up(then=cosine)").resolve(NUMBERS).schedule["then"]["epochs"] == 1


def test_plain_data_is_a_copy():
    recipe = Recipe.of(weight_init="normal")
    before = recipe.digest
    document = recipe.to_dict()
    document["optimizer"]["beta1"] = 0
    document["layers"][0]["weight_init"]["std"] = 7
    assert recipe.digest == before


def test_replace_changes_one_setting():
    recipe = Recipe.of(lr=0.1)
    assert recipe.replace(epochs=3) == Recipe.of(lr=0.1, epochs=3)
    assert recipe.epochs == "auto"


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe.of().lr = 0.5
