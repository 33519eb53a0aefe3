"""Captions tell the truth: their numbers come out the same by another way."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics
from sklearn.calibration import calibration_curve

from multilayer.lab import Session, ask, train
from multilayer.lab.again import Again
from multilayer.pictures.calibration import binned
from multilayer.pictures.confusion import counted
from multilayer.pictures.curves import kept_epoch
from multilayer.pictures.fit import added
from multilayer.pictures.gaussian_process import fitted_process
from tests.pictures.runs import picture_of, run_of


def rows_of_test(name):
    rows = Again(run_of(name)).rows
    places = rows.part("test")[1]
    return rows.dataset.take(places), rows.dataset.target.values[places]


def test_confusion():
    run = run_of("moons")
    dataset, true = rows_of_test("moons")
    matrix = sklearn.metrics.confusion_matrix(true, run.predict(dataset))
    assert (counted(true, run.predict(dataset), 2) == matrix).all()
    caption = picture_of("moons", "confusion").caption
    right = int(np.trace(matrix))
    assert f"on its 100 test rows: {right} are right ({right / 100:.1%})" in caption
    assert f"{run.scores['test']['accuracy']:.1%}" in caption
    texts = {text.get_text() for text in picture_of("moons", "confusion").figure.axes[0].texts}
    assert texts == {f"{n}\n{n / row.sum():.0%}" for row in matrix for n in row}


def test_calibration():
    run = run_of("moons")
    dataset, true = rows_of_test("moons")
    p = run.predict_proba(dataset)[:, 1]
    found = binned(p, true == 1, 10)
    holds, said = calibration_curve(true, p, n_bins=10)
    assert np.allclose(found.holds[found.count > 0], holds)
    assert np.allclose(found.said[found.count > 0], said)
    assert found.count.sum() == 100
    places = np.clip(np.ceil(p * 10).astype(int) - 1, 0, 9)
    error = sum(abs(p[places == k].mean() - true[places == k].mean()) * (places == k).sum() for k in set(places)) / 100
    assert f"error {error:.3f}." in picture_of("moons", "calibration").caption


def test_bins_hold_the_ends_and_their_intervals_are_wilsons():
    found = binned(np.array([0.0, 0.1, 1.0, 1.0]), np.array([False, True, True, True]), 2)
    assert found.count.tolist() == [2, 2]
    assert found.holds.tolist() == [0.5, 1.0]
    assert found.low[1] == pytest.approx(0.3424, abs=1e-4)  # Wilson's interval of 2 of 2
    assert found.high[1] == pytest.approx(1.0)
    assert found.error == pytest.approx((2 * 0.45 + 0) / 4)


def test_the_worst_sample_is_the_worst():
    run = run_of("iris")
    dataset, true = rows_of_test("iris")
    p = run.predict_proba(dataset)
    losses = -np.log(p[np.arange(len(true)), true])
    row = int(losses.argmax())
    caption = picture_of("iris", "sample").caption
    assert caption.startswith(f"Row {row} of the {len(true)} test rows of iris, the one with the greatest loss")
    assert f"= {losses[row]:.3g}; the mean of these rows is {sklearn.metrics.log_loss(true, p):.3g}." in caption
    chosen = run.plot("sample", row=3)
    assert f"= {losses[3]:.3g};" in chosen.caption
    assert "greatest" not in chosen.caption


def test_predicted():
    run = run_of("sine")
    dataset, true = rows_of_test("sine")
    r2, rmse = sklearn.metrics.r2_score(true, run.predict(dataset)), run.scores["test"]["rmse"]
    assert f"test r2 {r2:.4g} and rmse {rmse:.4g} on 40 rows" in picture_of("sine", "predicted").caption


def test_residuals():
    sizes = re.findall(r"(\w+) (\d\.\d+)", picture_of("sine", "fit").caption.partition("are: ")[2])
    expected = {
        words: run_of("sine").scores[part]["rmse"]
        for part, words in (("train", "training"), ("val", "validation"), ("test", "test"))
    }
    for words, size in sizes[:3]:
        assert float(size) == pytest.approx(expected[words], rel=6e-3)


@pytest.mark.parametrize("name", ["sine", "noisy"])
def test_what_the_neurons_add_is_the_curve(name):
    run = run_of(name)
    x = np.linspace(-5, 5, 50)
    terms, constant = added(run, run.net, x)
    assert terms.shape == (50, 6)
    assert np.allclose(terms.sum(axis=1) + constant, run.predict(x[:, None]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "settings", [{}, {"monitor": "accuracy"}, {"lr": 0.5}, {"keep": "last"}, {"patience": 3, "lr": 0.1}]
)
def test_the_epoch_that_is_marked_is_the_one_the_run_names(settings):
    run = train("moons", hidden=[6], **{"epochs": 25, **settings})
    named = re.search(r"epoch (\d+)", run.why) if "kept: epoch" in run.why or "of epoch" in run.why else None
    assert kept_epoch(run) == (int(named[1]) if named else None)


def test_learning_curves():
    run = run_of("moons")
    best = kept_epoch(run)
    caption = picture_of("moons", "learning-curves").caption
    of = best - 1
    assert f"At epoch {best}, the best, whose weights are kept: loss training {run.history['loss'][of]:.4g}" in caption
    assert f"validation {run.history['val_loss'][of]:.4g}; " in caption
    assert caption.endswith(f"validation accuracy {run.scores['val']['accuracy']:.4g}.")


def test_the_metric_of_the_training_rows_ends_where_the_run_scored_it():
    run = train("moons", hidden=[6], epochs=12, keep="last")
    axes = run.plot("learning-curves", train_metric=True).figure.axes[1]
    line = next(line for line in axes.lines if line.get_label() == "training")
    assert len(line.get_xdata()) == 12
    assert line.get_ydata()[-1] == pytest.approx(run.scores["train"]["accuracy"])


def test_the_gaussian_process_finds_its_own_kind():
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 10, 60)
    y = np.sin(x) + 0.1 * rng.normal(size=60)
    told, (mean, deviation) = fitted_process(x, y, np.array([5.0, 1000.0]))
    assert 0.05 < float(told.rpartition("noise ")[2]) < 0.2
    assert mean[0] == pytest.approx(np.sin(5.0), abs=0.15)
    assert mean[1] == pytest.approx(y.mean(), abs=1e-6)  # far away it knows the mean, and that it knows nothing
    assert deviation[1] > 5 * deviation[0]


def test_the_networks_beside_the_gaussian_process_are_those_of_the_seeds():
    run = run_of("sine")
    members = Again(run).siblings([0, 1])
    assert members[0].digest == run.digest != members[1].digest
    _, true = rows_of_test("sine")
    x = Again(run).rows.x[Again(run).rows.split.test]
    answers = np.stack([member.predict(x) for member in members])
    rmse = np.sqrt(np.mean((answers.mean(axis=0) - true[:, 0]) ** 2))
    assert f"mean has rmse {rmse:.3g} and" in picture_of("sine", "gaussian-process").caption


def test_the_range_of_the_training_rows():
    rows = Again(run_of("sine")).rows
    x = rows.x[rows.split.train]
    told = f"Shaded: the range of the training rows, {x.min():.4g} to {x.max():.4g};"
    assert told in picture_of("sine", "fit").caption


def test_a_linear_model_in_the_legend_is_in_sight():
    axes = picture_of("noisy", "learning-curves").figure.axes[1]
    lines = [line for line in axes.lines if line.get_label() == "linear model, validation"]
    named = [text.get_text() for text in axes.get_legend().get_texts()]
    assert ("linear model, validation" in named) == bool(lines)
    low, high = axes.get_ylim()
    assert all(low <= line.get_ydata()[0] <= high for line in lines)
    run = run_of("noisy")
    odd = {**run.baselines, "linear": {**run.baselines["linear"], "val": {"r2": -90.0, "rmse": 1.0, "mae": 1.0}}}
    far = replace(run, baselines=odd).plot("learning-curves").figure.axes[1]
    assert [text.get_text() for text in far.get_legend().get_texts()] == ["validation"]


def test_a_rate_that_hardly_moves_is_drawn_without_an_offset():
    session = Session(ask("moons(samples=60)", hidden=[3], epochs=100_000))
    session.training.advance(epochs=5)
    (run,) = session.finish()
    axes = run.plot("learning-curves").figure.axes[-1]
    axes.figure.canvas.draw()
    assert axes.yaxis.get_offset_text().get_text() == ""


def test_the_loss_of_standardized_numbers_says_so():
    picture = picture_of("sine", "learning-curves")
    assert picture.caption.startswith("Training loss of the standardized target by epoch of ")
    assert picture.figure.axes[0].get_ylabel().endswith("\nof the standardized target")
    assert picture_of("moons", "learning-curves").caption.startswith("Training loss by epoch of ")


def test_a_score_of_one_class_names_it():
    run = train("moons", hidden=[3], epochs=3, monitor="f1")
    picture = run.plot("learning-curves")
    assert picture.figure.axes[1].get_ylabel() == "f1 of '1'"
    assert "; validation f1 of '1' " in picture.caption
