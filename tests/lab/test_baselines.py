"""Models to compare with: what scikit-learn itself gives on the same rows, and refusals before anything is trained."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor, kernels
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

import multilayer as ml
from multilayer.data import Dataset, Splitting, Target
from multilayer.data.intervals import difference, intervals, paired, wilson
from multilayer.errors import UsageError
from multilayer.files import ModelFile
from multilayer.lab import Session, ask, model_of, run_of
from multilayer.lab.baselines import ALWAYS, RIVALS
from tests.scale import cases

QUICK = {"hidden": [3], "epochs": 1}
DRAWS = np.random.default_rng(8)
X = DRAWS.normal(size=(120, 3))


def sides(data):
    """The prepared inputs and the rows of the question."""
    asked = ask(data, **QUICK)
    return asked.fitted.apply(asked.data.x), asked.dataset.target.values, asked.split


def test_classes_are_what_scikit_learn_says():
    run = ml.train("iris", compare=["knn", "hist-gradient-boosting"], **QUICK)
    x, y, split = sides("iris")
    for name, model in (
        ("knn", KNeighborsClassifier(5)),
        ("hist_gradient_boosting", HistGradientBoostingClassifier(random_state=0)),
    ):
        model.fit(x[split.train], y[split.train])
        for part in ("train", "val", "test"):
            rows = getattr(split, part)
            assert run.baselines[name][part]["accuracy"] == pytest.approx(
                accuracy_score(y[rows], model.predict(x[rows]))
            )


def test_numbers_are_what_scikit_learn_says():
    run = ml.train("sin(x)", compare=["knn", "gp"], **QUICK)
    x, y, split = sides("sin(x)")
    y = y[:, 0]
    process = GaussianProcessRegressor(
        kernels.ConstantKernel() * kernels.RBF() + kernels.WhiteKernel(), normalize_y=True, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name, model in (("knn", KNeighborsRegressor(5)), ("gp", process)):
            model.fit(x[split.train], y[split.train])
            expected = r2_score(y[split.test], model.predict(x[split.test]))
            assert run.baselines[name]["test"]["r2"] == pytest.approx(expected, abs=1e-3)
    assert run.baselines["gp"]["test"]["r2"] > 0.999


@pytest.mark.parametrize(
    "y",
    [
        np.array(["a", "b", "c"])[DRAWS.integers(0, 3, 120)],
        (X > 0).astype(int)[:, :2],
        np.stack([X[:, 0], X[:, 1] ** 2], axis=1),
        np.stack([(X[:, 0] > 0).astype(int), np.r_[1, np.zeros(119, dtype=int)]], axis=1),
    ],
    ids=["classes", "labels", "two numbers", "a label that nearly never holds"],
)
def test_every_kind_of_target(y):
    run = ml.train((X, y), compare=list(RIVALS), **QUICK)
    assert list(run.baselines) == [*ALWAYS, *RIVALS]
    assert list(run.compared) == [*ALWAYS, *RIVALS]
    for name in RIVALS:
        assert run.compared[name]["why"] == ""
        assert run.compared[name]["seconds"] > 0
        assert set(run.baselines[name]) == set(run.scores)


def test_they_repeat_themselves_and_are_stored():
    first, again = (ml.train("moons(samples=120)", compare=["gp", "knn"], **QUICK) for _ in range(2))
    assert first.baselines == again.baselines
    read = run_of(ModelFile.from_bytes(model_of(first).to_bytes()))
    assert read.baselines == first.baselines
    assert (read.compared, read.intervals, read.observed) == (first.compared, first.intervals, first.observed)
    assert [str(advice) for advice in read.advice] == [str(advice) for advice in first.advice]


def test_only_training_rows_are_learned_from():
    """Labels of other rows may be anything: the answers stay."""
    X = DRAWS.normal(size=(90, 2))
    y = (X[:, 0] > 0).astype(int)
    asked = ask((X, y), compare=["knn", "hist_gradient_boosting"], **QUICK)
    other = y.copy()
    other[asked.split.test] = 1 - other[asked.split.test]
    found = []
    for values in (y, other):
        target = Target("binary", values, asked.dataset.target.names, asked.dataset.target.classes)
        changed = replace(asked, dataset=replace(asked.dataset, target=target), data=replace(asked.data, target=target))
        session = Session(changed)
        session.training.advance()
        found.append(session.finish()[0].baselines)
    for name in ("knn", "hist_gradient_boosting"):
        assert found[0][name]["train"] == found[1][name]["train"]
        share = found[0][name]["test"]["accuracy"]
        assert found[1][name]["test"]["accuracy"] == pytest.approx(1 - share)


def test_weights_of_rows_are_heeded():
    y = np.where(X[:, 0] + DRAWS.normal(size=120) > 0, "a", "b")
    weight = np.where(y == "a", 50.0, 0.02)
    data = Dataset.from_arrays(X, y, weight=weight)
    run = ml.train(data, compare=["hist_gradient_boosting"], **QUICK)
    x, codes, split = sides(data)
    train, test = split.train, split.test
    theirs = HistGradientBoostingClassifier(random_state=0).fit(x[train], codes[train], sample_weight=weight[train])
    expected = accuracy_score(codes[test], theirs.predict(x[test]), sample_weight=weight[test])
    assert run.baselines["hist_gradient_boosting"]["test"]["accuracy"] == pytest.approx(expected)
    assert expected != accuracy_score(codes[test], theirs.predict(x[test]))


@pytest.mark.parametrize(
    ("data", "compare", "sentence"),
    [
        (
            "moons",
            ["knnn"],
            "There is no model to compare with 'knnn'. Did you mean 'knn'? Known: gp, hist_gradient_boosting, knn, "
            "linear, trivial.",
        ),
        ("moons", 3, "compare must be a list of names such as ['gp', 'knn'], got 3."),
        (
            "moons(samples=2000)",
            ["gp"],
            "gp compares on at most 1,000 training rows of classes, for its time grows with their cube; got 1,200. "
            "Leave gp out of compare, or train on fewer rows.",
        ),
        (
            "function(samples=6000)",
            "gp",
            "gp compares on at most 3,000 training rows of numbers, for its time grows with their cube; got 3,600. "
            "Leave gp out of compare, or train on fewer rows.",
        ),
        (
            Dataset.from_arrays(X, X[:, 0], weight=np.ones(120)),
            ["knn"],
            "knn cannot weigh rows, and the data has weights. Leave knn out of compare; these can: "
            "hist_gradient_boosting.",
        ),
    ],
)
def test_refusals_come_before_the_training(data, compare, sentence):
    with pytest.raises(UsageError) as error:
        ask(data, compare=compare, epochs=10**9)
    assert str(error.value) == sentence


@pytest.mark.parametrize("data", ["iris", "diabetes"])
def test_the_linear_model_of_large_data_is_nearly_that_of_small(monkeypatch, data):
    minimum = ml.train(data, **QUICK).baselines["linear"]["train"]
    monkeypatch.setattr("multilayer.lab.baselines.FULL_NUMBERS", 0)
    near = ml.train(data, **QUICK).baselines["linear"]["train"]
    assert near != minimum
    headline = next(iter(minimum))
    assert near[headline] == pytest.approx(minimum[headline], abs=0.005)


def test_linear_and_trivial_may_be_asked_for():
    assert list(ml.train("xor", compare=["linear", "trivial"], **QUICK).baselines) == list(ALWAYS)


def test_a_model_that_fails_leaves_the_run(monkeypatch):
    def broken(*_):
        raise np.linalg.LinAlgError("the matrix is\nsingular")

    monkeypatch.setattr("multilayer.lab.baselines.rival_answer", broken)
    run = ml.train("moons(samples=60)", compare=["gp"], **QUICK)
    assert (run.status, list(run.baselines)) == ("complete", list(ALWAYS))
    assert run.compared["gp"]["why"] == "LinAlgError: the matrix is singular"


def test_what_was_compared_before_an_interruption_remains(monkeypatch):
    def tired(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("multilayer.lab.baselines.rival_answer", tired)
    run = ml.train("moons(samples=60)", compare=["knn"], **QUICK)
    assert (run.status, list(run.baselines)) == ("complete", list(ALWAYS))


def test_the_interval_of_accuracy_is_wilsons():
    for right, n in ((0, 7), (7, 7), (49, 50), (3, 8), (500, 1000)):
        expected = binomtest(right, n).proportion_ci(method="wilson")
        assert wilson(right / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_weights_count_as_the_rows_they_are_worth():
    target = Target("binary", np.array([0, 1] * 20), classes=(0, 1))
    probs = np.where(np.arange(40)[:, None] < 30, np.eye(2)[target.values], 0.5)
    even = intervals(target, probs, None)["accuracy"]
    assert intervals(target, probs, np.full(40, 3.0))["accuracy"] == pytest.approx(even)
    half = np.where(np.arange(40) % 4 < 2, 1.0, 0.0)
    low, high = intervals(target, probs, half)["accuracy"]
    assert high - low > even[1] - even[0]


@pytest.mark.parametrize("noise", [0.2, 1.0])
def test_intervals_of_numbers_hold_as_often_as_they_say(noise, figure):
    """By simulation: 95 % intervals that hold the law's own value, of rmse, mae, r2 and a difference of two r2."""
    draws, held, n = np.random.default_rng(17), np.zeros(4), cases(normal=300, accept=4000)
    share = noise**2 / (1 + noise**2)
    for _ in range(n):
        law = draws.normal(size=60)
        target = Target("regression", (law + noise * draws.normal(size=60))[:, None])
        found = intervals(target, law[:, None], None)
        worse = law + 0.5 * draws.normal(size=60)
        truth = {"rmse": noise, "mae": noise * np.sqrt(2 / np.pi), "r2": 1 - share}
        inside = [found[name][0] <= value <= found[name][1] for name, value in truth.items()]
        low, high = difference(target, law[:, None], worse[:, None], None)
        held += [*inside, low <= 0.25 / (1 + noise**2) <= high]
    figure(f"95 % intervals of rmse, mae, r2 and a difference that hold, noise {noise}", np.round(held / n, 3).tolist())
    assert (held / n > 0.9).all()
    assert (held / n < 0.985).all()


def test_the_interval_of_a_difference_holds_as_often_as_it_says():
    draws, held, n = np.random.default_rng(18), 0, cases(normal=500, accept=5000)
    for _ in range(n):
        outcome = draws.choice(3, size=80, p=[0.1, 0.04, 0.86])
        low, high = paired((outcome == 0).mean(), (outcome == 1).mean(), 80)
        held += low <= 0.06 <= high
    assert 0.93 < held / n < 0.99


def test_no_interval_where_there_is_none():
    empty = Splitting(1.0, 0.0, 0.0)
    assert ml.train("moons(samples=60)", splitting=empty, **QUICK).intervals == {}
    flat = Target("regression", np.ones((9, 1)))
    assert "r2" not in intervals(flat, np.zeros((9, 1)), None)
    assert intervals(flat, np.full((9, 1), np.nan), None) == {}
    assert difference(flat, np.zeros((9, 1)), np.ones((9, 1)), None) is None
    assert intervals(Target("regression", np.ones((2, 1))), np.zeros((2, 1)), None) == {}
