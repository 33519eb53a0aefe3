from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss, r2_score

import multilayer as ml
from multilayer.data import Dataset, Splitting, tasks
from multilayer.errors import DataError, RecipeError, RefusedError, UsageError
from multilayer.lab import DivergenceWarning, Session, ask
from multilayer.nn import Dropout, Linear, Sequential, Sigmoid, Softmax, Step, Tanh
from multilayer.nn.losses import SigmoidCrossEntropy

RNG = np.random.default_rng(5)
X = RNG.normal(size=(120, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
QUICK = {"hidden": [4], "epochs": 3, "engine": "reference"}


def columns() -> dict[str, list[float]]:
    return {"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "sign": Y.tolist()}


def test_every_form_of_the_same_table_has_the_same_weights(tmp_path):
    frame = pl.DataFrame(columns())
    frame.write_csv(tmp_path / "table.csv")
    from_frame = ml.train(frame, target="sign", **QUICK)
    runs = [
        ml.train(pd.DataFrame(columns()), target="sign", **QUICK),
        ml.train(tmp_path / "table.csv", target="sign", **QUICK),
        ml.train(str(tmp_path / "table.csv"), target="sign", **QUICK),
        ml.train(Dataset.from_frame(frame, "sign"), **QUICK),
    ]
    assert {run.question.digest for run in runs} == {from_frame.question.digest}
    assert {run.digest for run in (*runs, ml.train((X, Y), **QUICK))} == {from_frame.digest}


def test_a_task_by_name_is_the_task():
    runs = [ml.train(task, **QUICK) for task in ("moons(noise=0.3)", tasks.get("moons(noise=0.3)"))]
    assert runs[0].question.digest == runs[1].question.digest
    assert runs[0].digest == runs[1].digest
    assert runs[0].task == "moons"
    assert ml.train("moons", **QUICK).question.digest != runs[0].question.digest


def test_seeds_move_the_training_alone():
    runs = ml.train_seeds("moons", seeds=[0, 1, 1], **QUICK)
    assert len({run.digest for run in runs}) == 2
    assert runs[1].digest == ml.train("moons", seed=1, **QUICK).digest
    assert len({run.question.data for run in runs}) == 1
    assert ml.train("moons", split_seed=1, **QUICK).digest != runs[0].digest


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        ((X, Y), ["accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss", "brier"]),
        ((X, np.digitize(X[:, 0], [-0.5, 0.5])), ["accuracy", "balanced_accuracy", "f1", "log_loss"]),
        ((X, (X > 0).astype(int)), ["accuracy", "f1", "roc_auc", "log_loss"]),
        ((X, X[:, 0] ** 2), ["r2", "rmse", "mae"]),
    ],
)
def test_scores_and_baselines_are_there(data, keys):
    run = ml.train(data, **QUICK)
    every = [run.scores, run.baselines["trivial"], run.baselines["linear"]]
    assert [list(scores) for scores in every] == [["train", "val", "test"]] * 3
    assert all(list(part) == keys for scores in every for part in scores.values())
    assert all(math.isfinite(value) for scores in every for part in scores.values() for value in part.values())
    assert run.headline == keys[0]
    assert run.rows == {"train": 72, "val": 24, "test": 24}


def test_the_linear_baseline_of_numbers_is_least_squares():
    y = X @ [1.5, -2.0] + 0.3 * X[:, 0] ** 2 + RNG.normal(size=120)
    run = ml.train((X, y), **QUICK)
    split = Splitting().apply(Dataset.from_arrays(X, y))
    theirs = LinearRegression().fit(X[split.train], y[split.train])
    for part in ("train", "val", "test"):
        rows = getattr(split, part)
        assert run.baselines["linear"][part]["r2"] == pytest.approx(
            r2_score(y[rows], theirs.predict(X[rows])), abs=1e-3
        )
    assert run.baselines["trivial"]["train"]["r2"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("task", ["moons", "iris", "breast_cancer"])
def test_the_linear_baseline_of_classes_is_logistic_regression(task):
    run = ml.train(task, **QUICK)
    asked = ask(task)
    prepared, y = asked.fitted.apply(asked.data.x), asked.dataset.target.values
    train, test = asked.split.train, asked.split.test
    theirs = LogisticRegression(C=100, max_iter=5000, tol=1e-10).fit(prepared[train], y[train])
    ours = run.baselines["linear"]
    assert ours["train"]["log_loss"] == pytest.approx(
        log_loss(y[train], theirs.predict_proba(prepared[train])), abs=1e-3
    )
    assert ours["test"]["log_loss"] == pytest.approx(log_loss(y[test], theirs.predict_proba(prepared[test])), abs=1e-3)
    assert ours["test"]["accuracy"] == pytest.approx(theirs.score(prepared[test], y[test]), abs=1e-3)


def test_the_linear_baseline_heeds_sample_weights():
    weight = np.where(Y == 1, 3.0, 1.0)
    run = ml.train(Dataset.from_arrays(X, Y, weight=weight), **QUICK)
    asked = ask(Dataset.from_arrays(X, Y, weight=weight))
    train = asked.split.train
    prepared = asked.fitted.apply(X)[train]
    theirs = LogisticRegression(C=100, tol=1e-10).fit(prepared, Y[train], sample_weight=weight[train])
    expected = log_loss(Y[train], theirs.predict_proba(prepared), sample_weight=weight[train])
    assert run.baselines["linear"]["train"]["log_loss"] == pytest.approx(expected, abs=1e-3)
    share = weight[train][Y[train] == 1].sum() / weight[train].sum()
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert run.baselines["trivial"]["train"]["log_loss"] == pytest.approx(entropy)


def test_the_linear_baseline_knows_what_one_neuron_can_learn():
    accuracy = {
        task: ml.train(task, epochs=1).baselines["linear"]["train"]["accuracy"] for task in ("and", "or", "xor")
    }
    assert accuracy == {"and": 1.0, "or": 1.0, "xor": 0.5}


def test_weights_by_hand_make_an_and():
    run = ml.train("and", hidden=[], weights={"0.W": [[1], [1]], "0.b": [-1.5]}, epochs=0)
    assert run.scores["train"]["accuracy"] == 1
    assert run.status == "complete"
    assert run.predict([[0, 0], [0, 1], [1, 0], [1, 1]]).tolist() == [0, 0, 0, 1]
    assert run.question.start is not None
    other = ml.train("and", hidden=[], weights={"0.W": [[1], [1]], "0.b": [-0.5]}, epochs=0)
    assert other.question.digest != run.question.digest


def test_predictions_take_rows_in_every_form():
    run = ml.train(pl.DataFrame(columns()), target="sign", **QUICK)
    frame = pl.DataFrame(columns()).drop("sign")
    assert (run.predict(frame) == run.predict(frame.to_pandas())).all()
    assert (run.predict(frame) == run.predict(X)).all()
    assert np.allclose(run.predict_proba(frame).sum(axis=1), 1)


class Square:
    """A user's own layer."""

    def forward(self, x, *, training=False):
        def backward(dy):
            return 2 * x * dy

        return x * x, backward


def test_a_network_with_a_layer_of_ones_own_is_trained_in_place():
    net = Sequential(Linear(2, 6), Square(), Linear(6, 1), seed=1)
    before = net.get_weights()
    run = ml.fit(net, X, Y, lr=0.05, epochs=60, val=0.2)
    assert run.scores["val"]["accuracy"] > 0.9
    assert not (net.get_weights()["0.W"] == before["0.W"]).all()
    assert (run.predict(X) == (net(X)[:, 0] >= 0)).all()
    assert run.rows == {"train": 96, "val": 24}
    assert run.question.recipe.dtype == "float64"


def test_a_network_of_ones_own_may_end_in_a_sigmoid_with_a_plain_loss():
    net = Sequential(Linear(2, 6), Tanh(), Linear(6, 1), Sigmoid(), seed=1)
    run = ml.fit(net, X, Y, loss="squared_error", epochs=2)
    assert np.allclose(run.predict_proba(X)[:, 1], net(X)[:, 0])


OWN = {
    "sigmoid": (
        Sequential(Linear(2, 1), Sigmoid()),
        {},
        "loss=sigmoid_cross_entropy takes logits, but your network ends in Sigmoid, which would be applied twice. "
        "Leave that layer out, or use loss=squared_error.",
    ),
    "softmax": (
        Sequential(Linear(2, 3), Sequential(Linear(3, 2), Softmax())),
        {"loss": "cross_entropy"},
        "loss=cross_entropy takes logits, but your network ends in Softmax, which would be applied twice. Leave that "
        "layer out, or use loss=squared_error.",
    ),
    "described": (
        Sequential(Linear(2, 1)),
        {"hidden": [3]},
        "A network of your own brings its layers and weights: leave hidden out.",
    ),
    "precision": (
        Sequential(Linear(2, 1)),
        {"dtype": "float32"},
        "Your network is in float64, got dtype=float32. Leave dtype out.",
    ),
    "nothing": (Sequential(Tanh()), {}, "Your network has no parameters, so nothing could be trained."),
    "drawing": (
        Sequential(Linear(2, 3), Dropout(0.5), Linear(3, 1)),
        {"optimizer": "lbfgs"},
        "L-BFGS needs an objective that does not change: leave out noise and dropout.",
    ),
    "val": (Sequential(Linear(2, 1)), {"val": 1.5}, "val must be a number in [0, 1), got 1.5."),
}


@pytest.mark.parametrize("name", OWN)
def test_networks_of_ones_own_that_cannot_be_meant(name):
    net, settings, sentence = OWN[name]
    with pytest.raises(RecipeError) as caught:
        ml.fit(net, X, Y, **settings)
    assert str(caught.value) == sentence


BAD = [
    ({"data": "mooons"}, DataError, "There is no task 'mooons'. Did you mean 'moons'?"),
    ({"data": "xor", "target": "a"}, DataError, "The task xor has a target of its own: leave target='a' out."),
    ({"data": (X, Y), "target": "a"}, DataError, "The data has a target of its own: leave target='a' out."),
    ({"data": [X, Y]}, DataError, "data must be the name of a task, the path of a table, (X, y), or a frame with "),
    ({"data": "nothing.csv", "target": "a"}, DataError, "There is no file 'nothing.csv'."),
    ({"epochs": "ten"}, RecipeError, "epochs must be a whole number of at least 0 or 'auto', got 'ten'."),
    ({"epochs": 0}, RecipeError, "epochs=0 trains nothing: set the weights by hand (weights=...), or ask for "),
    ({"seed": -1}, RecipeError, "seed must be a whole number from 0 to 2^64 - 1, got -1."),
    ({"seed": True}, RecipeError, "seed must be a whole number from 0 to 2^64 - 1, got True."),
    ({"recipe": 5}, RecipeError, "recipe must be a Recipe, a table of settings, or the path of a .toml or .json "),
    (
        {"recipe": {"layers": [1], "hidden": [4]}},
        RecipeError,
        "layers already says the whole network, so hidden cannot ",
    ),
    ({"weights": [1], "epochs": 0}, RecipeError, "weights must be a table of arrays by name such as {'0.W': ..., '0."),
    ({"weights": {"W": 1}, "epochs": 0}, UsageError, "There is no array of weights 'W'. Known: 0.W, 0.b, 2.W, 2.b."),
    ({"weights": {"0.b": [1]}, "epochs": 0}, UsageError, "Weights '0.b' must have shape (100,), got (1,)."),
    ({"engine": "nativ"}, UsageError, "There is no engine 'nativ'."),
    ({"activation": "step"}, RefusedError, "A step activation cannot be trained by gradients: its derivative is zero"),
    ({"prepare": "standardise"}, RecipeError, "prepare must be one of 'standardize', 'center', "),
]


@pytest.mark.parametrize(("asked", "error", "sentence"), BAD, ids=lambda value: None)
def test_what_cannot_be_meant_is_refused_before_training(asked, error, sentence):
    with pytest.raises(error) as caught:
        ml.train(**{"data": "xor", "hidden": [100], **asked} if "recipe" not in asked else {"data": "xor", **asked})
    assert str(caught.value).startswith(sentence)


def test_a_step_layer_of_ones_own_is_refused():
    with pytest.raises(RefusedError, match=r"^A step activation cannot be trained by gradients"):
        ml.fit(Sequential(Linear(2, 3), Step(), Linear(3, 1)), X, Y)


def test_settings_count_over_the_recipe_over_the_task():
    run = ml.train("xor", recipe={"epochs": 3, "patience": None, "hidden": [7]}, epochs=2, engine="reference")
    assert (run.epochs, run.question.recipe.layers[0]["units"]) == (2, 7)
    run = ml.train("moons", recipe=ml.Recipe.of(hidden=[5]), epochs=2, engine="reference")
    assert (run.epochs, run.question.recipe.layers[0]["units"]) == (2, 5)


def interrupted(monkeypatch, after, **given):
    calls = []
    original = SigmoidCrossEntropy.__call__

    def stop(self, *args):
        calls.append(1)
        if len(calls) > after:
            monkeypatch.setattr(SigmoidCrossEntropy, "__call__", original)
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(SigmoidCrossEntropy, "__call__", stop)
    with pytest.warns(UserWarning, match=r"^The training was interrupted; the run holds what it had\.$"):
        return ml.train("moons", engine="reference", **given)


@pytest.mark.parametrize("after", [0, 1, 7, 50])
def test_an_interrupted_training_is_a_run(monkeypatch, after):
    run = interrupted(monkeypatch, after, hidden=[4], epochs=200)
    assert run.status == "interrupted"
    assert run.why.startswith(f"interrupted after {run.epochs} epochs")
    assert run.steps <= after
    assert math.isfinite(run.scores["test"]["log_loss"])
    assert json.loads(json.dumps(run.to_dict(), allow_nan=False))["answered"]["status"] == "interrupted"


def test_a_diverged_training_warns_and_is_a_run():
    with pytest.warns(DivergenceWarning, match=r"^Diverged: .* at step \d+; .* are kept\. Try a smaller lr than 1e"):
        run = ml.train("sin(x)", optimizer="sgd", lr=1e12, epochs=30, engine="reference")
    assert run.status == "diverged"
    json.dumps(run.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "data", ["moons", "iris", "sin(x)", (X, (X > 0).astype(int)), (X, np.where(Y, "p", "n"))], ids=str
)
def test_records_are_plain_json(data):
    run = ml.train(data, **QUICK)
    document = run.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["asked"]["digest"] == run.question.digest
    assert document["answered"]["weights"] == run.digest
    assert len(document["answered"]["history"]["loss"]) == 3


def test_a_session_is_a_stream():
    session = Session(ask("moons", hidden=[4], epochs=5), engine="reference")
    lengths = [history.values.shape[1] for history in session]
    assert lengths == [1, 2, 3, 4, 5]
    assert session.finish(with_baselines=False)[0].baselines == {}
