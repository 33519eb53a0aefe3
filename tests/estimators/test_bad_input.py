"""What cannot be meant is one sentence that names it, and a fit that fails changes nothing."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

from multilayer.errors import UsageError
from tests.estimators.bad_input import CALLS, LABELS, NAMED, PARAMETERS, X, Y, classifier, regressor

SENTENCES = json.loads(Path(__file__).with_suffix(".json").with_stem("bad_input").read_text(encoding="utf-8"))
"""The kind of error and its sentence, by the name of the call."""

THEIRS = 24
"""So many characters of a sentence of scikit-learn's or NumPy's are compared: the rest changes with their versions."""


def test_every_call_has_its_sentence(figure):
    assert list(CALLS) == list(SENTENCES)
    assert len(CALLS) >= 60
    figure("bad inputs of an estimator, each with its sentence", len(CALLS))


def test_every_parameter_has_a_value_out_of_range():
    free = {"class_weight"}  # in calls of its own
    assert set(classifier().get_params()) - set(PARAMETERS) == free


@pytest.mark.parametrize("name", CALLS)
def test_bad_input_is_refused_in_one_sentence(name):
    kind, sentence = SENTENCES[name]
    with pytest.raises((ValueError, TypeError)) as caught:
        CALLS[name]()
    assert type(caught.value).__name__ == kind
    if isinstance(caught.value, UsageError):
        assert str(caught.value) == sentence
        assert "\n" not in sentence
    else:
        assert str(caught.value)[:THEIRS] == sentence[:THEIRS]


def test_parameters_are_named_by_the_names_they_have_here():
    """No sentence speaks of the recipe's names where the estimator has others."""
    others = ("schedule must", "optimizer must", "lr must", " lr than", "monitor=", "batch must", "'weight'")
    assert [name for name, (_, text) in SENTENCES.items() for other in others if other in text] == []


FITS = {
    "another width, one class": lambda e: e.fit(X[:, :2], np.ones(12)),
    "other names, other classes": lambda e: e.fit(NAMED, np.where(Y == 1, "a", "b"), sample_weight=-np.ones(12)),
    "infinity": lambda e: e.fit(np.full((3, 3), np.inf), [0, 1, 0]),
    "validation rows": lambda e: e.fit(X[:, :1], LABELS, X_val=X, y_val=LABELS),
    "too few rows": lambda e: e.set_params(early_stopping=True).fit(X[:4, :2], LABELS[:4]),
    "groups": lambda e: e.fit(X[:, :2], LABELS, groups=[1]),
    "partial_fit": lambda e: e.partial_fit(X, Y + 1),
    "a parameter": lambda e: e.set_params(alpha=-1).fit(X[:, :2], Y),
    "a scorer of one's own": lambda e: e.set_params(scoring=broken, validation_fraction=0.3).fit(X[:, :2], LABELS),
}


def broken(estimator, X, y):
    raise RuntimeError("broken")


@pytest.mark.parametrize("name", FITS)
def test_a_failed_fit_leaves_the_estimator_as_it_was(name):
    estimator = classifier().fit(X, Y)
    before, answered = dict(vars(estimator)), estimator.predict_proba(X)
    with pytest.raises((ValueError, RuntimeError)):
        FITS[name](estimator)
    params = set(estimator.get_params())
    now = {key: value for key, value in vars(estimator).items() if key not in params}
    assert {key for key in now if now[key] is not before.get(key)} == set()
    assert set(now) == set(before) - params
    assert np.array_equal(estimator.predict_proba(X), answered)


def test_an_estimator_that_never_was_fitted_stays_so():
    estimator = classifier()
    before = pickle.dumps(estimator)
    with pytest.raises(ValueError, match="sample_weight"):
        estimator.fit(NAMED, Y, sample_weight=-np.ones(12))
    assert pickle.dumps(estimator) == before


def test_what_is_odd_but_can_be_meant_is_taken():
    """Missing values, integers, booleans, Fortran order, lists, one row, a constant column."""
    missing = X.copy()
    missing[::3, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rows in (missing, (X * 5).astype(int), X > 0, np.asfortranarray(X), X.tolist(), np.ones((12, 2))):
            assert np.isfinite(classifier().fit(rows, Y).predict_proba(rows)).all()
        assert regressor().fit([[1.0, 2.0]], [3.0]).predict([[1.0, 2.0]]).shape == (1,)
