"""What `multilayer train` takes besides the first options: the whole recipe, a metric, a limit, several seeds."""

from __future__ import annotations

import inspect
import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest

from multilayer.cli import words
from multilayer.cli.app import train
from multilayer.data.intervals import over_seeds
from multilayer.lab import Session, load_run
from multilayer.recipe import Recipe
from multilayer.recipe.recipe import setting_names

SMALL = ("train", "moons(samples=60)", "--hidden", "4", "--epochs", "3")
EVERY = {
    "reduction": ("sum", "sum"),
    "optimizer": ("momentum(momentum=0.8)", {"name": "momentum", "momentum": 0.8}),
    "lr": ("0.05", 0.05),
    "schedule": ("step(every=2)", {"name": "step", "every": 2.0, "factor": 0.1}),
    "batch_size": ("7", 7),
    "shuffle": ("blocks:8", "blocks:8"),
    "epochs": ("4", 4),
    "l1": ("0.001", 0.001),
    "l2": ("0.002", 0.002),
    "weight_decay": ("0.003", 0.003),
    "max_norm": ("3", 3.0),
    "clip_value": ("2", 2.0),
    "clip_norm": ("1.5", 1.5),
    "noise": ("0.1", 0.1),
    "patience": ("2", 2),
    "min_delta": ("0.0001", 0.0001),
    "monitor": ("f1", "f1"),
    "keep": ("last", "last"),
    "dtype": ("float64", "float64"),
}


def test_every_setting_is_an_option():
    options = set(inspect.signature(train).parameters) | {"bias"}  # --no-bias; --bias sets one by hand
    assert set(setting_names()) - options == {"layers"}


def test_every_option_reaches_the_recipe(command):
    given = [word for name, (text, _) in EVERY.items() for word in (f"--{name.replace('_', '-')}", text)]
    network = ["--hidden", "4,3", "--activation", "tanh,elu(alpha=0.5)", "--dropout", "0.1", "--norm", "layer"]
    network += ["--weight-init", "uniform(low=-1, high=1)", "--bias-init", "constant(value=0.1)"]
    answer = command("train", "moons(samples=60)", *given, *network, "--penalize-biases", "--json")
    assert answer.code == 0, answer.err
    recipe = answer.json["asked"]["question"]["recipe"]
    assert {name: recipe[name] for name in EVERY} == {name: value for name, (_, value) in EVERY.items()}
    assert recipe["penalize_biases"] is True
    kinds = ["linear", "layer_norm", "tanh", "dropout", "linear", "layer_norm", "elu", "dropout", "linear"]
    assert [layer["layer"] for layer in recipe["layers"]] == kinds
    assert recipe["layers"][0]["bias_init"] == {"name": "constant", "value": 0.1}


def test_no_bias_and_pieces(command):
    layers = command(*SMALL, "--activation", "maxout", "--pieces", "3", "--json").json["asked"]["question"]["recipe"]
    assert layers["layers"][0]["pieces"] == 3
    weights = load_run(command(*SMALL, "--no-bias", "--json").json["id"]).weights
    assert sorted(weights) == ["0.W", "2.W"]


@pytest.mark.parametrize("name", ["recipe.toml", "recipe.json"])
def test_a_saved_recipe_asks_the_same_question(name, command):
    asked = command(*SMALL, "--l2", "0.01", "--save-recipe", name, "--json").json["asked"]
    assert Recipe.read(name).to_dict() == asked["question"]["recipe"]
    text = Path(name).read_text(encoding="utf-8")
    document = tomllib.loads(text) if name.endswith("toml") else json.loads(text)
    assert "auto" not in json.dumps(document)
    assert command("train", "moons(samples=60)", "--recipe", name, "--json").json["asked"] == asked
    assert not list(Path().glob(".*.tmp"))


def test_the_metric_selects_and_is_shown_first(command):
    answer = command(*SMALL, "--metric", "ROC-AUC")
    assert answer.out.splitlines()[2].split()[0] == "roc_auc"
    assert answer.out.splitlines()[3].startswith("  linear model")
    assert "val roc auc" in answer.err.splitlines()[-1].split("  ")[1]
    run = load_run("last")
    assert run.metric == run.question.recipe.monitor == "roc_auc"
    assert "test roc_auc" in repr(run)


def test_a_metric_that_is_no_default_is_scored_too(command):
    record = command(*SMALL, "--metric", "matthews_corrcoef", "--json").json
    assert all("matthews_corrcoef" in scores for scores in record["answered"]["scores"].values())
    assert "matthews_corrcoef" in record["answered"]["baselines"]["linear"]["test"]


def test_a_metric_that_should_be_small(command):
    answer = command("train", "x^2", "--metric", "mae", "--epochs", "60")
    assert answer.out.splitlines()[2].split()[0] == "mae"
    assert "linear model is" not in answer.out


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a second whenever it is read."""
    seconds = iter(range(10**6))
    monkeypatch.setattr("multilayer.lab.session.time.perf_counter", lambda: float(next(seconds)))


def test_a_time_limit_ends_with_an_epoch_and_keeps_the_best(command, clock):
    answer = command("train", "moons(samples=60)", "--hidden", "4", "--time-limit", "7s")
    assert answer.code == 0
    assert answer.err.splitlines()[-1] == "The time limit of 7 s is reached: what was learned so far is kept."
    run = load_run("last")
    assert (run.status, run.epochs) == ("interrupted", 7)
    assert run.why.startswith("time limit of 7 s reached after 7 epochs, the best kept: epoch ")
    assert "Time limit of 7 s reached after 7 epochs" in answer.out


def test_a_training_within_its_limit_is_complete(command):
    answer = command(*SMALL, "--time-limit", "1h")
    assert "time limit" not in answer.err
    assert load_run("last").status == "complete"


def test_a_limit_changes_no_bit_of_what_was_done(command):
    whole = command(*SMALL, "--json").json["answered"]
    assert command(*SMALL, "--json", "--time-limit", "2m").json["answered"]["weights"] == whole["weights"]


def test_seeds_are_trained_together_and_summed_up(command):
    answer = command(*SMALL, "--seeds", "3", "--seed", "5", "--json")
    assert answer.code == 0, answer.err
    runs = answer.json["runs"]
    assert [run["asked"]["question"]["seed"] for run in runs] == [5, 6, 7]
    values = [run["answered"]["scores"]["test"]["accuracy"] for run in runs]
    mean, (low, high) = over_seeds(values)
    assert answer.json["scores"]["test"]["accuracy"] == {"mean": mean, "low": low, "high": high, "seeds": 3}
    alone = command(*SMALL, "--seed", "6", "--json").json
    assert alone["answered"]["weights"] == runs[1]["answered"]["weights"]


def test_last_is_the_best_seed_on_the_validation_rows(command):
    answer = command(*SMALL, "--seeds", "4", "--json").json
    validated = [run["answered"]["scores"]["val"]["accuracy"] for run in answer["runs"]]
    best = answer["runs"][int(np.argmax(validated))]["id"]
    assert answer["best"] == load_run("last").id == best
    assert len(list(Path("runs").iterdir())) == 4


def test_the_table_of_seeds(command):
    answer = command(*SMALL, "--seeds", "3")
    lines = answer.out.splitlines()
    assert lines[0].split() == ["train", "val", "test"]
    assert lines[1].split() == ["seed", "run", "accuracy", "accuracy", "accuracy", "epochs"]
    assert [line.split()[0] for line in lines[3:6]] == ["0", "1", "2"]
    assert sum(line.endswith("best") for line in lines) == 1
    assert "Over 3 seeds the test accuracy is " in answer.out
    assert max(map(len, lines)) <= 80
    assert answer.err.splitlines()[-1].endswith("  mean of 3 seeds")


def test_one_seed_that_diverges_is_no_disaster(command):
    answer = command(*SMALL, "--seeds", "2", "--optimizer", "sgd", "--lr", "1e6")
    assert answer.code == 3
    assert "Diverged: seed 0: " in answer.err
    assert "Diverged: seed 1: " in answer.err


def test_the_committed_example_of_seeds(command):
    """Written by: multilayer train "moons(samples=40)" --hidden 4 --epochs 3 --seeds 2 --json > docs/seeds.json"""
    from tests.cli.test_train import keys
    from tests.house.source import ROOT

    example = json.loads((ROOT / "docs" / "seeds.json").read_text(encoding="utf-8"))
    words = ("train", "moons(samples=40)", "--hidden", "4", "--epochs", "3", "--seeds", "2", "--json")
    assert keys(command(*words).json) == keys(example)


def test_quiet(command):
    answer = command(*SMALL, "--quiet")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[0].split()[0] == "score"
    assert command("train", "xor", "-q", "--lr", "0").err.startswith("multilayer: lr must be ")


def test_threads_change_no_bit(command):
    one, two = (command(*SMALL, "--threads", n, "--json").json["answered"]["weights"] for n in ("1", "2"))
    assert one == two


@pytest.mark.parametrize(("word", "found"), [("30s", 30), ("2m", 120), ("1.5 H", 5400)])
def test_times(word, found):
    assert math.isclose(words.seconds(word), found)


@pytest.mark.parametrize("rows", [0, 1, 10_000])
def test_small_tables_have_two_hundred_epochs(rows):
    from tests.recipe.targets import BINARY

    assert Recipe.of().resolve(BINARY, rows).epochs == 200


def test_epochs_by_the_size_of_the_data():
    from tests.recipe.targets import BINARY

    found = [Recipe.of().resolve(BINARY, rows) for rows in (10_100, 30_000, 200_000, 10**7)]
    assert [recipe.epochs for recipe in found] == [198, 66, 10, 10]
    assert [recipe.schedule["epochs"] for recipe in found] == [198, 66, 10, 10]
    assert Recipe.of(epochs=200).resolve(BINARY, 10**7).epochs == 200
    assert Recipe.of(patience=20).resolve(BINARY, 10**7).epochs == 200
    assert Recipe.of(batch_size="full").resolve(BINARY, 10**7).epochs == 200


def test_the_size_counts_training_rows_in_the_laboratory():
    import multilayer as ml

    X = np.arange(40_000.0)[:, None]
    asked = ml.lab.ask((X, X[:, 0] % 7), hidden=[2], kind="regression")
    assert len(asked.split.train) == 24_000
    assert asked.recipe.epochs == 83
    assert isinstance(Session(asked), Session)
