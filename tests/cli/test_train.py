"""`multilayer train`: ask, watch, store, show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from multilayer.engines import native
from multilayer.lab import load_run
from tests.house.source import ROOT

ENGINE = "native" if native.instruction_set() else "reference"
SMALL = ("moons(samples=40)", "--hidden", "4", "--epochs", "3")


def keys(value: Any) -> Any:
    """The names in a document, without the values."""
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    if isinstance(value, list):
        found = [keys(inner) for inner in value]
        return found if any(found) else []
    return None


def test_a_run_folder_a_summary_and_words_on_the_way(command):
    answer = command("train", *SMALL)
    assert answer.code == 0
    (place,) = Path("runs").iterdir()
    assert {path.name for path in place.iterdir()} == {"run.json", "model.mlp"}
    assert answer.out.splitlines()[0].split() == ["score", "train", "val", "test"]
    assert "  linear model" in answer.out
    assert answer.out.endswith(f"Stored in {place}\n")
    said = answer.err.splitlines()
    assert said[:2] == [
        "Data      moons: 2 input columns, the target one of 2 classes; rows: 24 train, 8 val, 8 test",
        "Training  2-4-1, ReLU, sigmoid cross entropy, Adam 0.01 along a cosine, 3 epochs of 32 rows; seed 0",
    ]
    assert [line.split("  ")[0] for line in said[2 if ENGINE == "native" else 3 :]] == [
        "epoch 1/3",
        "epoch 2/3",
        "epoch 3/3",
    ]


def test_lines_fit_eighty_columns(command):
    assert max(map(len, command("train", *SMALL).out.splitlines())) <= 80


def test_json_is_the_record_and_its_folder(command):
    answer = command("train", *SMALL, "--json")
    record = json.loads((Path(answer.json["folder"]) / "run.json").read_text(encoding="utf-8"))
    assert answer.json == {**record, "folder": answer.json["folder"]}
    assert answer.json["format"] == 1


def test_the_committed_example_of_json(command):
    """Written by: multilayer train "moons(samples=40)" --hidden 4 --epochs 3 --json > docs/train.json"""
    example = json.loads((ROOT / "docs" / "train.json").read_text(encoding="utf-8"))
    answer = command("train", *SMALL, "--json")
    assert keys(answer.json) == keys(example)
    assert example["folder"].startswith("runs/")


def test_the_same_command_twice_has_the_same_weights(command):
    first, again = (command("train", *SMALL, "--json").json for _ in range(2))
    other = command("train", *SMALL, "--json", "--seed", "1").json
    assert first["answered"]["weights"] == again["answered"]["weights"] != other["answered"]["weights"]
    assert first["asked"]["digest"] == again["asked"]["digest"] != other["asked"]["digest"]
    assert first["id"] != again["id"]


def test_seeds(command):
    record = command("train", *SMALL, "--json", "--seed", "3", "--split-seed", "5").json
    assert record["asked"]["question"]["seed"] == 3
    assert '"seed": 5' in json.dumps(record["asked"]["question"]["split"])


def test_weights_by_hand(command):
    words = ("train", "and", "--hidden", "none", "--weights", "1,1", "--bias", "-1.5", "--epochs", "0")
    record = command(*words, "--json").json
    assert record["answered"]["scores"] == {"train": record["answered"]["scores"]["train"]}
    assert record["answered"]["scores"]["train"]["accuracy"] == 1.0
    assert record["answered"]["steps"] == 0
    run = load_run("last")
    assert run.weights["0.W"].tolist() == [[1], [1]]
    assert run.weights["0.b"].tolist() == [-1.5]
    answer = command(*words)
    assert "Training  2-1, not trained; seed 0\n" in answer.err
    assert "Not trained: 3 weights set by hand.\n" in answer.out


def test_weights_from_a_file(command):
    by_hand = {"0.W": [[1, 1], [1, 1]], "0.b": [-0.5, -1.5], "2.W": [[1], [-1]], "2.b": [-0.5]}
    Path("xor.json").write_text(json.dumps(by_hand))
    words = ("--hidden", "2", "--activation", "step", "--weights", "xor.json", "--epochs", "0")
    record = command("train", "xor", *words, "--json").json
    assert record["answered"]["scores"]["train"]["accuracy"] == 1.0


def test_negative_numbers_are_no_options(command):
    words = ("--hidden", "none", "--weights", "-1,-1", "--bias", "1.5", "--epochs", "0")
    assert command("train", "and", *words, "--json").json["answered"]["scores"]["train"]["accuracy"] == 0.0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("recipe.toml", 'hidden = [7, 7]\nactivation = "tanh"\nepochs = 2\nlr = 0.5\n'),
        ("recipe.json", '{"hidden": [7, 7], "activation": "tanh", "epochs": 2, "lr": 0.5}'),
    ],
)
def test_options_count_over_a_recipe(name, content, command):
    Path(name).write_text(content)
    recipe = command("train", "xor", "--recipe", name, "--json").json["asked"]["question"]["recipe"]
    assert (recipe["epochs"], recipe["lr"]) == (2, 0.5)
    assert [layer.get("units", layer["layer"]) for layer in recipe["layers"]] == [7, "tanh", 7, "tanh", 1]
    words = ("--recipe", name, "--lr", "0.25", "--hidden", "3", "--json")
    recipe = command("train", "xor", *words).json["asked"]["question"]["recipe"]
    assert (recipe["epochs"], recipe["lr"]) == (2, 0.25)
    assert [layer.get("units", layer["layer"]) for layer in recipe["layers"]] == [3, "tanh", 1]


def test_a_table_and_its_target(command):
    Path("table.csv").write_text("a,kind,size\n" + "1,x,2.5\n2,y,3\n3,x,1\n4,y,2\n" * 5)
    last = command("train", "table.csv", "--epochs", "2", "--json").json
    assert (last["target"]["kind"], last["target"]["names"]) == ("regression", ["size"])
    named = command("train", "table.csv", "--target", "kind", "--epochs", "2", "--json").json
    assert (named["target"]["kind"], named["target"]["classes"]) == ("binary", ["x", "y"])
    assert named["source"] == "table.csv"


def test_a_divergence_is_told_with_its_step_and_kept(command):
    answer = command("train", "moons", "--optimizer", "sgd", "--lr", "1e6")
    assert answer.code == 3
    assert answer.err.splitlines()[-1].startswith("Diverged: the training loss grew from 0.851 to ")
    assert " at step 2; the starting weights are kept. Try a smaller lr than 1e+06." in answer.err
    run = load_run("last")
    assert run.status == "diverged"
    assert all(np.isfinite(value).all() for value in run.weights.values())
    assert command("train", "moons", "--optimizer", "sgd", "--lr", "1e6", "--json").json["answered"]["epochs"] == 0


def test_an_interruption_keeps_what_was_learned(command, monkeypatch):
    from multilayer.cli import live

    def tired(self: Any, history: Any) -> None:
        if history.values.shape[1] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(live._Lines, "watch", tired)
    answer = command("train", *SMALL)
    assert answer.code == 130
    assert "Interrupted: what was learned so far is kept.\n" in answer.err
    run = load_run("last")
    assert (run.status, run.epochs) == ("interrupted", 2)


def test_an_interruption_before_the_training(command, monkeypatch):
    def tired(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("multilayer.lab.ask", tired)
    answer = command("train", *SMALL)
    assert (answer.code, answer.out, answer.err) == (130, "", "multilayer: Interrupted.\n")


def test_a_fault_of_ours_is_one_sentence_and_a_file(command, monkeypatch, tmp_path):
    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("a planted\nfault")

    monkeypatch.setattr("multilayer.lab.ask", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answer = command("train", *SMALL)
    (report,) = tmp_path.glob("multilayer-*.txt")
    said = f"This is a fault of multilayer (KeyError: 'a planted\\nfault'). The traceback is in {report}"
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"multilayer: {said}; please report it.\n"
    assert "Traceback (most recent call last)" in report.read_text()
