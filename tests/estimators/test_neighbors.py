"""Estimators among scikit-learn's tools and other people's frames."""

from __future__ import annotations

import copy
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import set_config
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from multilayer.estimators import MLPAutoencoder, MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
NAMES = ["a", "b", "c", "d"]


def classifier(**settings):
    return MLPClassifier(**{"hidden_layer_sizes": (8,), "max_iter": 15, **settings})


def regressor(**settings):
    return MLPRegressor(**{"hidden_layer_sizes": (8,), "max_iter": 15, **settings})


@pytest.mark.parametrize("settings", [{}, {"n_estimators": 2}, {"warm_start": True, "solver": "sgd", "max_iter": 3}])
def test_copies_answer_alike_before_and_after_they_have_predicted(settings, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = classifier(**settings).fit(X, Y)
    unused = pickle.loads(pickle.dumps(fitted))
    answered = fitted.predict_proba(X)
    fitted.hidden(X)
    joblib.dump(fitted, tmp_path / "it.joblib")
    for other in (
        unused,
        pickle.loads(pickle.dumps(fitted)),
        copy.deepcopy(fitted),
        joblib.load(tmp_path / "it.joblib"),
    ):
        assert np.array_equal(other.predict_proba(X), answered)
        other.partial_fit(X, Y)
    assert np.array_equal(fitted.predict_proba(X), answered)


def test_a_pickle_holds_no_rows():
    few, many = (len(pickle.dumps(classifier().fit(np.tile(X, (n, 1)), np.tile(Y, n)))) for n in (1, 40))
    assert many < few + 500


def test_a_clone_fits_to_the_same_bits():
    fitted = classifier(n_estimators=2, dropout=0.1).fit(X, Y)
    again = clone(fitted).fit(X, Y)
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert repr(clone(fitted)) == repr(fitted)


def test_parameters_are_scikit_learns_way():
    made = make_pipeline(StandardScaler(), classifier())
    made.set_params(mlpclassifier__alpha=0.5)
    assert made.get_params()["mlpclassifier__alpha"] == 0.5
    with pytest.raises(ValueError, match="Invalid parameter 'alfa' for estimator MLPClassifier"):
        classifier().set_params(alfa=1)


def test_searches_and_folds():
    grid = {"mlpclassifier__n_hidden_layers": [1, 2], "mlpclassifier__hidden_layer_sizes": [4, 8]}
    search = GridSearchCV(make_pipeline(StandardScaler(), classifier(max_iter=40)), grid, cv=3).fit(X, Y)
    assert search.best_score_ > 0.8
    kept = cross_validate(classifier(), X, Y, cv=3, scoring=["accuracy", "neg_log_loss"], return_estimator=True)
    assert len({each.coefs_[0].tobytes() for each in kept["estimator"]}) == 3


def test_others_that_fit_them_inside():
    assert CalibratedClassifierCV(classifier(), cv=3).fit(X, Y).predict_proba(X).shape == (50, 3)
    assert BaggingClassifier(classifier(max_iter=40), n_estimators=3, random_state=0).fit(X, Y).score(X, Y) > 0.6
    assert StackingClassifier([("a", classifier()), ("b", classifier(alpha=1.0))]).fit(X, Y).score(X, Y) > 0.7
    assert VotingRegressor([("a", regressor()), ("b", regressor(alpha=1.0))]).fit(X, Y).predict(X).shape == (50,)
    several = MultiOutputClassifier(classifier()).fit(X, np.column_stack([Y, Y[::-1]]))
    assert several.predict(X).shape == (50, 2)
    fitted = regressor(max_iter=60).fit(X, X[:, 0])
    assert permutation_importance(fitted, X, X[:, 0], n_repeats=3, random_state=0).importances_mean.argmax() == 0


def test_random_states_of_scikit_learns_tools_are_taken():
    """Bagging hands every member a number drawn from 0 to 2^31, and a RandomState may be given."""
    one = classifier(random_state=np.random.RandomState(3)).fit(X, Y).coefs_[0]
    other = classifier(random_state=np.random.RandomState(3)).fit(X, Y).coefs_[0]
    assert np.array_equal(one, other)
    drawn = [classifier(random_state=None).fit(X, Y).coefs_[0] for _ in range(2)]
    assert not np.array_equal(*drawn)


@pytest.mark.parametrize("frame", [pd.DataFrame, lambda rows, columns: pl.DataFrame(rows, schema=columns)])
def test_frames_of_any_kind(frame):
    rows = frame(X, columns=NAMES) if frame is pd.DataFrame else frame(X, NAMES)
    fitted = classifier().fit(rows, Y)
    assert list(fitted.feature_names_in_) == NAMES
    assert np.array_equal(fitted.predict_proba(rows), classifier().fit(X, Y).predict_proba(X))
    labels = pd.Series(np.array(["one", "two", "three"])[Y])
    assert set(classifier().fit(rows, labels).predict(rows)) <= {"one", "two", "three"}


def test_rows_without_names_warn_where_names_were_trained_on():
    fitted = classifier().fit(pd.DataFrame(X, columns=NAMES), Y)
    with pytest.warns(UserWarning, match="X does not have valid feature names, but MLPClassifier was fitted with"):
        fitted.predict(X)
    with pytest.warns(UserWarning, match="X has feature names, but MLPClassifier was fitted without feature names"):
        classifier().fit(X, Y).predict(pd.DataFrame(X, columns=NAMES))


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output(container):
    code = MLPAutoencoder(hidden_layer_sizes=(6, 2, 6), max_iter=5).set_output(transform=container).fit(X).transform(X)
    assert list(code.columns) == ["mlpautoencoder0", "mlpautoencoder1"]
    made = make_pipeline(StandardScaler(), classifier()).set_output(transform=container)
    assert made.fit(pd.DataFrame(X, columns=NAMES), Y).predict(pd.DataFrame(X, columns=NAMES)).shape == (50,)


def test_metadata_is_routed():
    set_config(enable_metadata_routing=True)
    try:
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        own = classifier(scoring="loss", validation_fraction=0.2)
        made = make_pipeline(scaler, own.set_fit_request(sample_weight=True, groups=True))
        made.fit(X, Y, sample_weight=np.ones(50), groups=np.arange(50))
    finally:
        set_config(enable_metadata_routing=False)


def test_threads_of_joblib():
    alone = classifier().fit(X, Y).predict_proba(X)
    jobs = (joblib.delayed(classifier().fit)(X, Y) for _ in range(4))
    for fitted in joblib.Parallel(n_jobs=2, backend="threading")(jobs):
        assert np.array_equal(fitted.predict_proba(X), alone)
