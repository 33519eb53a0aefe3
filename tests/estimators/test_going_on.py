"""Fits that go on where another ended, with other rows or settings than before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multilayer.estimators import MLPClassifier, MLPRegressor

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 4))
Y = (X[:, 0] + 0.3 * DRAW.normal(size=60) > 0).astype(int)
OWN = {"X_val": X[:9], "y_val": Y[:9]}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def made(**settings: Any) -> Any:
    how = {"max_iter": 5, "solver": "sgd", "learning_rate": "constant", "warm_start": True, **settings}
    return MLPClassifier((8,), **how)


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("first", ["own rows", "early stopping", "scoring"])
def test_rows_that_validated_before_do_not_hold_back_a_fit_without_any(first, engine):
    model = made(engine=engine, early_stopping=first == "early stopping")
    model.set_params(scoring="accuracy" if first == "scoring" else None)
    model.fit(X, Y, **(OWN if first == "own rows" else {}))
    before = model.coefs_[0].copy()
    model.set_params(max_iter=50, early_stopping=False, scoring=None).fit(X, Y)
    assert (model.n_iter_, len(model.loss_curve_)) == (50, 55)
    assert model.loss_curve_[-1] < model.loss_curve_[4]
    assert np.abs(model.coefs_[0] - before).max() > 1e-3
    assert np.isnan(model.validation_loss_curve_).tolist() == [False] * 5 + [True] * 50


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_rows_that_validate_from_now_on(engine):
    model = made(engine=engine).fit(X, Y).fit(X, Y, **OWN)
    assert (model.n_iter_, len(model.loss_curve_)) == (5, 10)
    assert np.isnan(model.validation_scores_).tolist() == [True] * 5 + [False] * 5
    assert model.best_validation_score_ == max(model.validation_scores_[5:])


def test_the_engines_agree_on_what_goes_on():
    answers = [
        made(engine=engine, max_iter=20).fit(X, Y, **OWN).fit(X, 1 - Y, **OWN).fit(X, Y).predict_proba(X)
        for engine in ("native", "reference")
    ]
    np.testing.assert_allclose(*answers, rtol=1e-9)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_the_best_of_other_rows_is_forgotten(engine):
    """Labels the other way round: what was best for the first is the worst for these."""
    model = made(engine=engine, max_iter=100, learning_rate_init=0.1).fit(X, Y, **OWN)
    assert model.fit(X, 1 - Y, X_val=X[:9], y_val=1 - Y[:9]).score(X, 1 - Y) > 0.5
    assert model.best_validation_score_ == max(model.validation_scores_[-model.n_iter_ :])


def test_an_epoch_after_a_validated_fit_counts():
    model = made(scoring="accuracy").fit(X, Y)
    before = model.coefs_[0].copy()
    model.set_params(scoring=None).partial_fit(X, Y)
    assert np.abs(model.coefs_[0] - before).max() > 1e-5
    assert (model.n_iter_, len(model.loss_curve_)) == (1, 6)


@pytest.mark.parametrize("dtypes", [("float64", "float32"), ("float32", "float64")])
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_rows_of_another_precision_are_taken_in_that_of_the_network(how, dtypes):
    first, second = (X.astype(dtype) for dtype in dtypes)
    model = made().partial_fit(first, Y, classes=[0, 1])
    getattr(model, how)(second, Y)
    same = made().partial_fit(first, Y, classes=[0, 1])
    getattr(same, how)(second.astype(dtypes[0]), Y)
    assert model.coefs_[0].dtype == dtypes[0]
    np.testing.assert_array_equal(model.predict_proba(first), same.predict_proba(first))


@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_another_optimizer_starts_from_the_weights(how):
    model = made(max_iter=50, learning_rate_init=0.1).fit(X, Y)
    before = model.coefs_[0].copy()
    getattr(model.set_params(solver="adam", max_iter=1, learning_rate_init=1e-9), how)(X, Y)
    np.testing.assert_allclose(model.coefs_[0], before, atol=1e-6)
    assert len(model.loss_curve_) == 1


def test_a_score_of_ones_own_sees_rows_as_the_fit_did():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    asked = made(scoring=lambda model, rows, labels: model.score(rows, labels)).fit(frame, Y)
    assert asked.feature_names_in_.tolist() == list("abcd")
    tempered = MLPClassifier((8,), max_iter=5, calibration="temperature").fit(frame, Y)
    assert tempered.predict_proba(frame).shape == (60, 2)


def test_one_number_is_one_output():
    assert MLPRegressor((3,), loss="gaussian_nll", max_iter=1).fit(X, X[:, 0]).n_outputs_ == 1
    assert MLPRegressor((3,), loss="gaussian_nll", max_iter=1).fit(X, X[:, :2]).n_outputs_ == 2
