"""The first sentence is true: its numbers are recomputed from predictions, by scikit-learn and SciPy."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error

import multilayer as ml
from multilayer.data import Splitting
from multilayer.lab import Run, ask, train, train_seeds
from multilayer.report.answer import first_sentence, further_sentences, verdict

DRAWS = np.random.default_rng(3)
LINEAR = (DRAWS.normal(size=(200, 3)), None)
LINEAR = (LINEAR[0], np.where(LINEAR[0] @ [1, -1, 0.5] + 0.8 * DRAWS.normal(size=200) > 0, "up", "down"))
TASKS = ("moons", "iris", "circles", "gaussians(classes=3)", "breast_cancer", "wine", LINEAR)
NUMBERS = ("sin(x)", "x^2", "diabetes", "x^3 on [-2, 2]")


def rows(run: Run, data):
    """The test rows: true values, answers."""
    asked = ask(data)
    test = asked.split.test
    return asked.dataset.target.values[test], run.answer(asked.dataset.take(test))


@pytest.mark.parametrize("data", TASKS, ids=str)
@pytest.mark.parametrize("epochs", [1, 20])
def test_the_share_named_rightly(data, epochs):
    run = train(data, epochs=epochs, hidden=[12], seed=epochs)
    truth, probs = rows(run, data)
    codes = probs.argmax(axis=1)
    share = accuracy_score(truth, codes)
    interval = binomtest(int((codes == truth).sum()), len(truth)).proportion_ci(method="wilson")
    said = re.fullmatch(
        r"The network names the right class for ([\d.]+) % of ([\d,]+) rows it never saw "
        r"\(([\d.]+) to ([\d.]+) %, 95 % interval\), (.*) a linear model's ([\d.]+) %\.",
        first_sentence([run]),
    )
    assert said
    assert float(said[1]) == pytest.approx(100 * share, abs=0.05)
    assert int(said[2].replace(",", "")) == len(truth)
    assert float(said[3]) == pytest.approx(100 * interval.low, abs=0.06)
    assert float(said[4]) == pytest.approx(100 * interval.high, abs=0.06)
    linear = run.baselines["linear"]["test"]["accuracy"]
    assert float(said[6]) == pytest.approx(100 * linear, abs=0.05)
    assert said[5].startswith(("better", "above")) == (share > linear)


@pytest.mark.parametrize("data", NUMBERS)
@pytest.mark.parametrize("epochs", [1, 40])
def test_the_variance_explained(data, epochs):
    run = train(data, epochs=epochs, hidden=[12], seed=epochs)
    truth, y = rows(run, data)
    r2, sentence = r2_score(truth, y), first_sentence([run])
    error = float(re.search(r"a root mean square error of ([\d.e+-]+)", sentence)[1].rstrip("."))
    assert error == pytest.approx(root_mean_squared_error(truth, y), rel=0.006)
    if r2 > 0:
        said = re.search(r"explains ([\d.]+) % of their variance \((-?[\d.]+) to ([\d.]+) %", sentence)
        low, high = run.intervals["r2"]
        assert float(said[1]) == pytest.approx(100 * r2, abs=0.05)
        assert (float(said[2]), float(said[3])) == (
            pytest.approx(100 * low, abs=0.06),
            pytest.approx(100 * high, abs=0.06),
        )
    else:
        assert f"no better than their mean would be (r2 {r2:.3f})" in sentence


def given(own: float, linear: float, low: float | None, high: float | None, **others: float) -> Run:
    """A run whose scores on the test rows are these."""
    run = train("moons(samples=60)", hidden=[3], epochs=1, engine="reference")
    scores = {part: {**found, "accuracy": own} for part, found in run.scores.items()}
    models = {"trivial": 0.5, "linear": linear, **others}
    baselines = {name: {part: {"accuracy": value} for part in scores} for name, value in models.items()}
    entry = {"seconds": 0.1, "low": low, "high": high, "why": ""}
    sure = {"seconds": 0.1, "low": 0.1, "high": 0.2, "why": ""}
    compared = {name: entry if name != "trivial" else sure for name in models}
    return replace(run, scores=scores, baselines=baselines, compared=compared, intervals={"accuracy": (0.7, 0.9)})


@pytest.mark.parametrize(
    ("run", "ends"),
    [
        (given(0.9, 0.8, 0.05, 0.15), "95 % interval), better than a linear model's 80.0 %."),
        (given(0.9, 0.8, -0.05, 0.25), "above, but by no more than chance may explain, a linear model's 80.0 %."),
        (given(0.8, 0.8, -0.1, 0.1), "no better than a linear model's 80.0 %."),
        (given(0.8, 0.9, -0.2, 0.05), "no better than a linear model's 90.0 %."),
        (given(0.8, 0.9, -0.2, -0.05), "worse than a linear model's 90.0 %."),
        (given(1.0, 0.99996, -0.1, 0.1), "above, but by no more than chance may explain, a linear model's 99.996 %."),
    ],
)
def test_a_linear_model_that_is_not_beaten_is_said_so(run, ends):
    assert first_sentence([run]).endswith(ends)


def test_every_other_model_that_is_not_beaten_is_named():
    run = given(0.8, 0.7, -0.2, 0.05, gp=0.9, hist_gradient_boosting=0.8, knn=0.79)
    assert further_sentences([run]) == [
        "There is no clear difference between the network and a Gaussian process: 80.0 % against 90.0 %.",
        "There is no clear difference between the network and boosted trees: 80.0 % against 80.0 %.",
        "There is no clear difference between the network and the nearest neighbors: 80.0 % against 79.0 %.",
    ]
    worse = replace(run, compared={name: {**e, "low": -0.3, "high": -0.1} for name, e in run.compared.items()})
    assert "The network is clearly worse than a Gaussian process: 80.0 % against 90.0 %." in further_sentences([worse])
    failed = replace(run, compared={**run.compared, "gp": {**run.compared["gp"], "why": "LinAlgError: singular"}})
    assert "A Gaussian process failed: LinAlgError: singular." in further_sentences([failed])


def test_verdicts_follow_the_interval():
    assert verdict(0.9, 0.8, None) == verdict(0.9, 0.8, (0.01, 0.2)) == "better than"
    assert verdict(0.8, 0.9, None) == verdict(0.8, 0.9, (-0.2, -0.01)) == "worse than"
    assert verdict(0.8, 0.9, (-0.2, 0.01)) == verdict(0.8, 0.8, (-0.1, 0.1)) == "no better than"


def test_several_seeds_speak_of_their_mean():
    runs = train_seeds("moons", seeds=range(4), hidden=[8], epochs=15)
    values = np.array([run.scores["test"]["accuracy"] for run in runs])
    half = 3.182446 * values.std(ddof=1) / 2
    said = re.match(
        r"Over 4 seeds, the network names .* for ([\d.]+) % .* \(([\d.]+) to ([\d.]+) %, ", first_sentence(runs)
    )
    expected = 100 * np.array([values.mean(), values.mean() - half, values.mean() + half])
    np.testing.assert_allclose([float(said[place]) for place in (1, 2, 3)], expected, atol=0.06)
    assert "95 % interval of the mean over seeds)" in first_sentence(runs)


def test_without_rows_for_a_test_it_says_so():
    run = train("xor", hidden=[4], activation="tanh", lr=0.1, epochs=100)
    assert first_sentence([run]) == (
        "The network names the right class for 100 % of the 4 rows it was trained on, better than a linear model's "
        "50.0 %."
    )
    assert "No rows were kept for a test, so this does not say how it does on rows it never saw." in further_sentences(
        [run]
    )
    run = train("moons", epochs=1, splitting=Splitting(0.5, 0.5, 0.0))
    assert "of the 250 rows that chose its best epoch, " in first_sentence([run])


def test_the_name_of_the_target_is_used():
    X = DRAWS.normal(size=(90, 2))
    data = ml.Dataset.from_arrays(X, np.where(X[:, 0] > 0, "oak", "elm"))
    named = replace(data, target=replace(data.target, names=("species",)))
    assert "names the right species for" in first_sentence([train(named, epochs=2)])
    odd = replace(data, target=replace(data.target, names=("<b>\u202e",)))
    assert "names the right class for" in first_sentence([train(odd, epochs=2)])


def test_what_ended_early_or_was_never_trained_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        diverged = train("moons", optimizer="sgd", lr=1e6)
    assert further_sentences([diverged])[0] == f"The training diverged: {diverged.why}."
    by_hand = train("and", hidden=[], weights={"0.W": [[1], [1]], "0.b": [-1.5]}, epochs=0)
    assert "Nothing was trained: the weights were set by hand." in further_sentences([by_hand])
    assert "; without a hidden layer it is a linear model itself (the best one has 100 %)." in first_sentence([by_hand])
    empty = replace(by_hand, scores={"train": {"accuracy": math.nan}})
    assert first_sentence([empty]).startswith("The network has no score: ")
