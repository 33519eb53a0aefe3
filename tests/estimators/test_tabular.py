from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from multilayer.data.column import REST
from multilayer.estimators import TabularMLPClassifier, TabularMLPRegressor
from multilayer.estimators.efforts import EFFORTS
from multilayer.estimators.tables import LEAST_ROWS, MOST_CATEGORIES
from tests.estimators.tables import NUMBERS, TABLE, Y, classifier, refusal, regressor, small_efforts

NAN = np.nan


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_efforts(monkeypatch)


FITTED = None


@pytest.fixture
def fitted() -> TabularMLPClassifier:
    """One fit for all that only look at it."""
    global FITTED
    FITTED = FITTED or classifier().fit(TABLE, Y)
    return FITTED


FORMS = {
    "polars": pl.from_pandas,
    "pyarrow": pa.Table.from_pandas,
    "objects": lambda table: table.astype(object).where(table.notna(), None).to_numpy(),
    "lists": lambda table: table.astype(object).where(table.notna(), None).to_numpy().tolist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_table_learns_the_same(fitted, form):
    table = FORMS[form](TABLE)
    own = classifier().fit(table, Y)
    np.testing.assert_array_equal(own.predict_proba(table), fitted.predict_proba(TABLE))
    assert hasattr(own, "feature_names_in_") == (form in ("polars", "pyarrow"))


def test_numbers_in_arrays_sparse_rows_and_frames_learn_the_same():
    X = np.random.default_rng(0).poisson(0.7, (40, 3)).astype(float)
    y = X[:, 0] - X[:, 1]
    expected = regressor().fit(X, y).predict(X)
    for form in (X.tolist(), csr_array(X), pd.DataFrame(X), X.astype(np.float32), np.asfortranarray(X)):
        np.testing.assert_array_equal(regressor().fit(form, y).predict(form), expected)


def test_what_becomes_of_each_column(fitted):
    alone = ["age", "age=missing", "town=Bonn", "town=Rome", "town=Ulm", "town=missing", "own", "since"]
    assert fitted.get_feature_names_out().tolist() == alone
    names = regressor().fit(TABLE, Y == "yes").get_feature_names_out().tolist()
    assert [name for name in names if " from " not in name] == alone
    assert sum(name.startswith("age from ") for name in names) == 4
    assert fitted.feature_names_in_.tolist() == ["age", "town", "own", "since"]
    assert fitted.n_features_in_ == 4


HEAD = TABLE.head(4)
PREDICTABLE = {
    "an unseen category": HEAD.assign(town="Oslo"),
    "a missing boolean": HEAD.assign(own=[None, True, False, True]),
    "a missing date": HEAD.assign(since=pd.NaT),
    "nothing but gaps": pd.DataFrame({name: [None] * 4 for name in TABLE}),
    "integers": HEAD.assign(age=41),
    "float32": HEAD.assign(age=np.float32(41)),
    "nullable integers": HEAD.assign(age=pd.array([1, None, 3, 4], dtype="Int64")),
    "a categorical": HEAD.assign(town=HEAD["town"].astype("category")),
    "0 and 1 for booleans": HEAD.assign(own=[0, 1, 1, 0]),
    "a boolean for numbers": HEAD.assign(age=True),
    "a time zone": HEAD.assign(since=pd.Timestamp("2021-05-01", tz="UTC")),
    "huge numbers": HEAD.assign(age=[1e300, -1e300, 1.7e308, -1.7e308]),
}


@pytest.mark.parametrize("table", PREDICTABLE.values(), ids=PREDICTABLE)
def test_these_tables_can_be_predicted(fitted, table):
    probs = fitted.predict_proba(table)
    assert np.isfinite(probs).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-12)


IMPOSSIBLE = {
    "text in numbers": (HEAD.assign(age="x"), "column 'age' must be numbers as in training, got text."),
    "numbers in text": (HEAD.assign(town=3), "column 'town' must be text as in training, got numbers."),
    "2 in booleans": (HEAD.assign(own=2), "column 'own' must be booleans as in training, got numbers."),
    "text in dates": (HEAD.assign(since="2020-01-01"), "column 'since' must be dates as in training, got text."),
    "an infinity": (
        HEAD.assign(age=math.inf),
        "column 'age' must be finite or missing (NaN), got inf in row 0. Replace or remove it.",
    ),
    "mixed cells": (
        HEAD.assign(town=["Ulm", 3, "Ulm", "Ulm"]),
        "column 'town' must be of one kind, it mixes text ('Ulm') and numbers (3). Clean it or drop it.",
    ),
    "no rows": (HEAD.head(0), "X must have at least one row, got none."),
    "a series": (
        HEAD["age"],
        "frame must be a pandas, polars or PyArrow table, got pandas.Series. Collect a lazy frame first; pass arrays "
        "to Dataset.from_arrays.",
    ),
    "equal names": (
        HEAD.set_axis(["age", "age", "own", "since"], axis=1),
        "the column names of a frame must be distinct, one occurs twice. Rename it.",
    ),
    # these three are scikit-learn's own words, which its checks of estimators demand
    "a missing column": (
        HEAD.drop(columns="town"),
        "The feature names should match those that were passed during fit.\nFeature names seen at fit time, yet now "
        "missing:\n- town\n",
    ),
    "a column too many": (
        HEAD.assign(more=1),
        "The feature names should match those that were passed during fit.\nFeature names unseen at fit time:\n"
        "- more\n",
    ),
    "another order": (
        HEAD[["town", "age", "own", "since"]],
        "The feature names should match those that were passed during fit.\nFeature names must be in the same order as "
        "they were in fit.\n",
    ),
}


@pytest.mark.parametrize(("table", "expected"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_meant_is_a_sentence(fitted, table, expected):
    assert refusal(lambda: fitted.predict(table)) == expected


UNFIT = {
    "no rows": ({"X": TABLE.head(0), "y": []}, "X must have at least one row, got none."),
    "lengths": ({"X": TABLE, "y": Y[:-1]}, "X and y must have equally many rows, got 60 and 59."),
    "one class": ({"X": TABLE, "y": ["no"] * 60}, "y must have at least two classes, got one class: ['no']."),
    "ragged rows": (
        {"X": [[1, "a"], [2]], "y": [0, 1]},
        "X must be two-dimensional (n_samples, n_columns), got (2,). For a single column pass X.reshape(-1, 1).",
    ),
    "infinity": (
        {"X": [[1.0, math.inf], [2.0, 3.0]], "y": [0, 1]},
        "column 'x2' must be finite or missing (NaN), got inf in row 0. Replace or remove it.",
    ),
    "half a validation": (
        {"X": TABLE, "y": Y, "X_val": TABLE},
        "X_val and y_val go together, got one without the other.",
    ),
    "validation lengths": (
        {"X": TABLE, "y": Y, "X_val": TABLE, "y_val": Y[:3]},
        "X_val and y_val must have equally many rows, got 60 and 3.",
    ),
    "text in validation numbers": (
        {"X": TABLE, "y": Y, "X_val": TABLE.assign(age="x"), "y_val": Y},
        "column 'age' must be numbers as in training, got text.",
    ),
    "dates in validation numbers": (
        {"X": TABLE, "y": Y, "X_val": TABLE.assign(age=TABLE["since"]), "y_val": Y},
        "column 'age' must be numbers as in training, got dates.",
    ),
    "a class of validation alone": (
        {"X": TABLE, "y": Y, "X_val": TABLE, "y_val": ["maybe"] * 60},
        "y must hold the classes of the first call, ['no' 'yes'], got ['maybe'].",
    ),
    "groups": (
        {"X": TABLE, "y": Y, "groups": [1, 2]},
        "groups must have one value for each of the 60 rows of X, got shape (2,).",
    ),
    "negative weights": (
        {"X": TABLE, "y": Y, "sample_weight": [-1.0] + [1.0] * 59},
        "sample_weight must be finite numbers of at least 0, got -1.0 in row 0.",
    ),
}


@pytest.mark.parametrize(("given", "expected"), UNFIT.values(), ids=UNFIT)
def test_what_cannot_be_learned_is_a_sentence(given, expected):
    assert refusal(lambda: classifier().fit(**given)) == expected


SETTINGS = {
    "effort": ({"effort": "fast"}, "effort must be one of 'quick', 'good', 'best', got 'fast'."),
    "time_limit": ({"time_limit": 0}, "time_limit must be a number greater than 0, or none, got 0."),
    "compare": ({"compare": "all"}, "compare must be true or false, got 'all'."),
    "scoring": ({"scoring": len}, "scoring must be the name of a metric, got <built-in function len>."),
    "engine": ({"engine": "torch"}, "engine must be one of 'auto', 'native', 'reference', got 'torch'."),
}


@pytest.mark.parametrize(("settings", "expected"), SETTINGS.values(), ids=SETTINGS)
def test_settings_are_checked(settings, expected):
    assert refusal(lambda: classifier(**settings).fit(TABLE, Y)) == expected


def test_a_metric_of_another_kind_of_target_is_refused():
    assert refusal(lambda: classifier(scoring="r2").fit(TABLE, Y)).startswith(
        "scoring='r2' does not fit a binary target."
    )


def test_a_fit_that_fails_leaves_the_estimator_as_it_was(fitted):
    model = pickle.loads(pickle.dumps(fitted))
    refusal(lambda: model.fit(TABLE[["age"]], Y[:-1]))
    assert model.n_features_in_ == 4
    np.testing.assert_array_equal(model.predict_proba(HEAD), fitted.predict_proba(HEAD))


def test_rare_categories_are_one():
    cells = ["often"] * 30 + ["seldom"] * LEAST_ROWS + ["rare"] * (LEAST_ROWS - 1) + ["once"]
    model = regressor().fit(pd.DataFrame({"word": cells}), np.arange(len(cells)))
    assert model.get_feature_names_out().tolist() == [f"word={REST}", "word=often", "word=seldom"]
    said = model.predict(pd.DataFrame({"word": ["rare", "once", "never seen", "often"]}))
    assert said[0] == said[1] == said[2] != said[3]


def test_no_more_categories_than_the_most_frequent():
    cells = [f"{place:03}" for place in range(MOST_CATEGORIES + 10) for _ in range(LEAST_ROWS + (place >= 10))]
    model = regressor().fit(pd.DataFrame({"word": cells}), np.arange(len(cells)))
    names = model.get_feature_names_out().tolist()
    assert names == [f"word={REST}", *(f"word={place:03}" for place in range(10, MOST_CATEGORIES + 10))]


def test_several_labels_a_row():
    bits = np.c_[Y == "yes", TABLE["own"]].astype(int)
    model = classifier("good").fit(TABLE, bits)
    assert model.predict_proba(TABLE).shape == (60, 2)
    assert set(np.unique(model.predict(TABLE))) <= {0, 1}
    assert model.classes_.tolist() == [0, 1]
    assert TabularMLPClassifier("quick").fit(TABLE, bits).report_ == {}


def test_several_numbers_a_row():
    both = np.c_[NUMBERS, -NUMBERS]
    model = regressor("good").fit(TABLE, both)
    said, spread = model.predict(TABLE, return_std=True)
    assert said.shape == spread.shape == (60, 2)
    assert (spread > 0).any()
    np.testing.assert_array_equal(said, np.clip(said, both.min(axis=0), both.max(axis=0)))


def test_one_network_has_no_spread(fitted):
    assert refusal(lambda: fitted.predict_std(HEAD)) == (
        "One network has no spread. Fit with effort='good', say, for a standard deviation."
    )


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("rows", [1, 2, 5, 19, 20])
def test_tiny_tables(effort, rows):
    X = np.arange(2.0 * rows).reshape(rows, 2)
    model = TabularMLPRegressor(effort, compare=rows == 20).fit(X, X[:, 0])
    assert np.isfinite(model.predict(X)).all()
    assert bool(model.report_) == (rows == 20)


def test_odd_tables():
    rows = 30
    y = np.arange(float(rows))
    constant = regressor().fit(np.c_[np.ones(rows), y], y)
    assert constant.get_feature_names_out()[0] == "x1"
    one = regressor().fit(y[:, None], y)
    assert one.n_features_in_ == 1
    many = regressor().fit(np.random.default_rng(0).normal(size=(rows, 300)), y)
    assert np.isfinite(many.predict(np.zeros((2, 300)))).all()
    nothing = TabularMLPClassifier("quick").fit(np.full((rows, 2), NAN), np.arange(rows) % 2)
    assert list(nothing.report_) == ["why_no_hist_gradient_boosting"]
    assert np.isfinite(nothing.predict_proba([[1.0, 2.0]])).all()
    flat = regressor("good").fit(y[:, None], np.full(rows, 7.0))
    np.testing.assert_array_equal(flat.predict(y[:, None]), np.full(rows, 7.0))


def test_a_class_of_one_row_is_no_failure():
    rare = np.array(["no"] * 59 + ["yes"])
    model = TabularMLPClassifier("good").fit(TABLE, rare)
    assert model.classes_.tolist() == ["no", "yes"]
    assert np.isfinite(model.predict_proba(TABLE)).all()


def test_importances_find_the_planted_column(monkeypatch):
    small_efforts(monkeypatch, epochs=60, hidden=(16,))
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {"noise": draw.normal(size=120), "word": draw.choice(["a", "b"], 120), "also": draw.random(120)}
    )
    y = np.where(table["word"] == "a", 1.0, -1.0) + 0.1 * table["also"]
    model = regressor().fit(table, y)
    for form in (table, pl.from_pandas(table), pa.Table.from_pandas(table)):
        found = model.importances(form, y)
        assert next(iter(found)) == "word"
        assert found["word"] > 1 > 0.2 > abs(found["noise"])
    assert model.importances(table, y) == found
    assert list(found.values()) == sorted(found.values(), reverse=True)
    with pytest.raises(ValueError, match="repeats must be a whole number of at least 1, got 0"):
        model.importances(table, y, repeats=0)


def test_it_is_an_estimator_like_others(fitted):
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    with pytest.raises(ValueError, match="not fitted"):
        again.predict(TABLE)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(TABLE), fitted.predict_proba(TABLE))
    search = GridSearchCV(classifier(), {"effort": ["quick", "good"]}, cv=2).fit(TABLE, Y)
    assert search.best_params_["effort"] in ("quick", "good")
    piped = make_pipeline(FunctionTransformer(lambda table: table.drop(columns="since")), classifier()).fit(TABLE, Y)
    assert piped.predict(TABLE).shape == (60,)
    scores = cross_validate(regressor(), TABLE, NUMBERS, cv=3, scoring=("r2", "neg_mean_absolute_error"))
    assert len(scores["test_r2"]) == 3
