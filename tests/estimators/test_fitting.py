from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    matthews_corrcoef,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from multilayer.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] + 0.7 * RNG.normal(size=60) > 0.3).astype(int) + (X[:, 1] > 1)
T = np.sin(X[:, 0]) + X[:, 1]
WEIGHT = RNG.integers(0, 4, size=60)


def classifier(**settings):
    return MLPClassifier(**{"hidden_layer_sizes": (7,), "max_iter": 6, "learning_rate": "constant", **settings})


def regressor(**settings):
    return MLPRegressor(**{"hidden_layer_sizes": (7,), "max_iter": 6, "learning_rate": "constant", **settings})


def bits(estimator):
    return [value.tobytes() for model in estimator.models_ for value in model.weights.values()]


MAKERS = {"classifier": (classifier, Y), "regressor": (regressor, T)}
SOLVERS = ("adam", "sgd", "rmsprop", "adamw")


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("batch_size", [1, 7, 32, "full"])
@pytest.mark.parametrize("kind", MAKERS)
def test_so_many_calls_of_partial_fit_are_one_fit(kind, batch_size, solver):
    make, target = MAKERS[kind]
    whole = make(solver=solver, batch_size=batch_size).fit(X, target)
    more = {"classes": np.unique(Y)} if kind == "classifier" else {}
    parts = make(solver=solver, batch_size=batch_size)
    for _ in range(6):
        parts.partial_fit(X, target, **more)
    assert bits(parts) == bits(whole)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.t_ == whole.t_


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_warm_start_goes_on_where_the_fit_ended(kind, solver, learning_rate):
    make, target = MAKERS[kind]
    how = {"solver": solver, "learning_rate": learning_rate}
    whole = make(**how).fit(X, target)
    parts = make(max_iter=2, warm_start=True, **how)
    for _ in range(3):
        parts.fit(X, target)
        assert parts.n_iter_ == 2
    assert bits(parts) == bits(whole)
    assert parts.loss_curve_ == whole.loss_curve_


def test_several_networks_go_on_together():
    whole = classifier(n_estimators=3).fit(X, Y)
    parts = classifier(n_estimators=3)
    for _ in range(6):
        parts.partial_fit(X, Y, classes=[0, 1, 2])
    assert bits(parts) == bits(whole)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_weight_is_so_many_rows(kind, solver):
    make, target = MAKERS[kind]
    how = {"solver": solver, "batch_size": "full", "weight_decay": "auto" if solver == "lbfgs" else 0.01}
    weighted = make(**how).fit(X, target, sample_weight=WEIGHT)
    repeated = make(**how).fit(np.repeat(X, WEIGHT, axis=0), np.repeat(target, WEIGHT))
    assert np.allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-7)
    for one, other in zip(weighted.coefs_, repeated.coefs_, strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_balanced_classes_are_the_weights_made_by_hand():
    counted = np.bincount(Y)
    by_hand = (len(Y) / (len(counted) * counted))[Y]
    balanced = classifier(class_weight="balanced").fit(X, Y)
    assert bits(balanced) == bits(classifier().fit(X, Y, sample_weight=by_hand))
    named = dict(enumerate(len(Y) / (len(counted) * counted)))
    assert bits(classifier(class_weight=named).fit(X, Y)) == bits(balanced)
    assert bits(classifier().fit(X, Y)) != bits(balanced)


def test_balanced_classes_count_weights_as_rows():
    how = {"class_weight": "balanced", "batch_size": "full"}
    weighted = classifier(**how).fit(X, Y, sample_weight=WEIGHT)
    repeated = classifier(**how).fit(np.repeat(X, WEIGHT, axis=0), np.repeat(Y, WEIGHT))
    assert np.allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-7)


def test_the_best_epoch_is_kept():
    """The scores of every epoch, made again by fits of so many epochs, and those of the kept weights."""
    low, high, rows, labels = X[:40], X[40:], Y[:40], Y[40:]
    fitted = classifier(max_iter=15, learning_rate_init=0.05, scoring="neg_log_loss").fit(
        low, rows, X_val=high, y_val=labels
    )
    again = [
        -log_loss(labels, classifier(max_iter=n, learning_rate_init=0.05).fit(low, rows).predict_proba(high))
        for n in range(1, 16)
    ]
    assert np.allclose(fitted.validation_scores_, again, rtol=1e-9)
    assert 0 < int(np.argmax(again)) < 14, "no example of a best epoch before the last"
    assert fitted.best_validation_score_ == max(fitted.validation_scores_)
    assert np.isclose(-log_loss(labels, fitted.predict_proba(high)), max(again), rtol=1e-9)


def test_early_stopping_stops_and_keeps_the_best():
    fitted = regressor(max_iter=400, learning_rate_init=0.05, early_stopping=True, n_iter_no_change=4)
    fitted.fit(X, T, X_val=X[40:], y_val=T[40:])
    scores = fitted.validation_scores_
    assert fitted.n_iter_ == len(scores) < 400
    assert np.isclose(r2_score(T[40:], fitted.predict(X[40:])), fitted.best_validation_score_, rtol=1e-9)
    best = int(np.argmax(scores))
    assert len(scores) - 1 - best <= 2 * 5


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_validation_rows_are_never_trained_on(class_weight):
    def curve(labels, rows=X[45:]):
        made = classifier(scoring="loss", class_weight=class_weight)
        return made.fit(X[:45], Y[:45], X_val=rows, y_val=labels).loss_curve_

    alone = classifier(class_weight=class_weight).fit(X[:45], Y[:45]).loss_curve_
    assert curve(Y[45:]) == curve(Y[45:][::-1]) == curve(Y[45:], -X[45:]) == alone


def test_validation_rows_may_lack_a_class_in_a_training_that_may_go_on():
    some = Y[45:] < 2
    classifier(warm_start=True).fit(X[:45], Y[:45], X_val=X[45:][some], y_val=Y[45:][some])


def test_groups_come_together():
    groups = np.repeat(np.arange(12), 5)
    seen: list[np.ndarray] = []

    def scorer(estimator, rows, labels):
        seen.append(rows)
        return 0.0

    classifier(scoring=scorer, validation_fraction=0.3, max_iter=1).fit(X, Y, groups=groups)
    of_row = {row.tobytes(): group for row, group in zip(X, groups, strict=True)}
    validated = [of_row[row.tobytes()] for row in seen[0]]
    assert set(np.bincount(validated, minlength=12)) == {0, 5}


BINARY = (Y > 0).astype(int)
OF_CLASSES = {
    "loss": (lambda y, p: log_loss(y, p), min),
    "log_loss": (lambda y, p: log_loss(y, p), min),
    "neg_log_loss": (lambda y, p: -log_loss(y, p), max),
    "accuracy": (lambda y, p: accuracy_score(y, p[:, 1] >= 0.5), max),
    "balanced_accuracy": (lambda y, p: balanced_accuracy_score(y, p[:, 1] >= 0.5), max),
    "f1": (lambda y, p: f1_score(y, p[:, 1] >= 0.5), max),
    "roc_auc": (lambda y, p: roc_auc_score(y, p[:, 1]), max),
    "neg_brier_score": (lambda y, p: -brier_score_loss(y, p[:, 1]), max),
    "matthews_corrcoef": (lambda y, p: matthews_corrcoef(y, p[:, 1] >= 0.5), max),
}
OF_NUMBERS = {
    "r2": (r2_score, max),
    "mae": (mean_absolute_error, min),
    "mse": (mean_squared_error, min),
    "neg_mean_squared_error": (lambda y, p: -mean_squared_error(y, p), max),
    "rmse": (root_mean_squared_error, min),
    "neg_root_mean_squared_error": (lambda y, p: -root_mean_squared_error(y, p), max),
    "neg_mean_absolute_error": (lambda y, p: -mean_absolute_error(y, p), max),
}


@pytest.mark.parametrize("scoring", OF_CLASSES)
def test_every_metric_of_classes_chooses_its_epoch(scoring):
    score, best = OF_CLASSES[scoring]
    made = classifier(scoring=scoring, max_iter=12, learning_rate_init=0.1)
    made.fit(X[:40], BINARY[:40], X_val=X[40:], y_val=BINARY[40:])
    assert made.best_validation_score_ == best(made.validation_scores_)
    assert np.isclose(score(BINARY[40:], made.predict_proba(X[40:])), made.best_validation_score_, rtol=1e-7)


@pytest.mark.parametrize("scoring", OF_NUMBERS)
def test_every_metric_of_numbers_chooses_its_epoch(scoring):
    score, best = OF_NUMBERS[scoring]
    made = regressor(scoring=scoring, max_iter=12, learning_rate_init=0.1)
    made.fit(X[:40], T[:40], X_val=X[40:], y_val=T[40:])
    assert made.best_validation_score_ == best(made.validation_scores_)
    assert np.isclose(score(T[40:], made.predict(X[40:])), made.best_validation_score_, rtol=1e-7)


def test_a_scorer_of_ones_own_is_as_the_metric_of_that_name():
    how = {"max_iter": 12, "learning_rate_init": 0.1, "n_iter_no_change": 3, "tol": 0.0}
    rows = {"X_val": X[40:], "y_val": BINARY[40:]}
    for early_stopping in (False, True):
        named = classifier(scoring="roc_auc", early_stopping=early_stopping, **how).fit(X[:40], BINARY[:40], **rows)
        own = classifier(scoring=of_auc, early_stopping=early_stopping, **how).fit(X[:40], BINARY[:40], **rows)
        assert bits(own) == bits(named)
        assert np.allclose(own.validation_scores_, named.validation_scores_)


def of_auc(estimator, rows, labels):
    return roc_auc_score(labels, estimator.predict_proba(rows)[:, 1])


def test_calibration_makes_overconfident_probabilities_honest():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(900, 30))
    labels = (rows[:, 0] + rng.normal(size=900) > 0).astype(int)
    how = {"hidden_layer_sizes": (40,), "max_iter": 60, "learning_rate_init": 0.05}
    val = {"X_val": rows[80:300], "y_val": labels[80:300]}
    plain = MLPClassifier(**how).fit(rows[:80], labels[:80], **val)
    honest = MLPClassifier(**how, calibration="temperature").fit(rows[:80], labels[:80], **val)
    fresh, truth = rows[300:], labels[300:]
    assert honest.temperature_ > 1
    assert log_loss(truth, honest.predict_proba(fresh)) < log_loss(truth, plain.predict_proba(fresh))
    assert np.array_equal(honest.predict(fresh), plain.predict(fresh))
    assert np.array_equal(honest.predict_proba(fresh).argmax(axis=1), plain.predict_proba(fresh).argmax(axis=1))


def test_networks_trained_together_are_those_fitted_alone():
    together = classifier(n_estimators=3).fit(X, Y)
    seeds = [0, *_others(2)]
    alone = [classifier(random_state=seed).fit(X, Y) for seed in seeds]
    assert bits(together) == [one for member in alone for one in bits(member)]
    mean = sum(member.predict_proba(X) for member in alone) / 3
    assert np.allclose(together.predict_proba(X), mean, rtol=1e-12)
    assert together.predict_std(X).shape == (60, 3)


def _others(count):
    from multilayer.estimators.problem import seeds_of

    return seeds_of(0, count + 1)[1:]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_row_alone_has_the_bits_it_has_among_others(kind, dtype):
    make, target = MAKERS[kind]
    made = make(n_estimators=2).fit(X.astype(dtype), target)
    answer = made.predict_proba if kind == "classifier" else made.predict
    rows = X.astype(dtype)
    whole = answer(rows)
    assert all(np.array_equal(answer(rows[place : place + 1])[0], whole[place]) for place in range(60))
    assert np.array_equal(answer(rows.tolist() if dtype is np.float64 else np.asfortranarray(rows)), whole)
    assert {coef.dtype for coef in made.coefs_} == {np.dtype(dtype)}


def test_both_precisions_learn_the_same():
    curves = [regressor(max_iter=30).fit(X.astype(dtype), T).loss_curve_ for dtype in (np.float32, np.float64)]
    assert curves[0] != curves[1]
    assert np.allclose(curves[0], curves[1], rtol=1e-3)


def test_lbfgs_ends_when_nothing_gets_lower():
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        made = classifier(solver="lbfgs", max_iter=2000, alpha=0.1).fit(X, Y)
    assert made.n_iter_ < 500


def test_a_network_starts_from_the_layers_of_another():
    first = classifier(hidden_layer_sizes=(7, 5)).fit(X, Y)
    start = regressor(hidden_layer_sizes=(7, 5), max_iter=3).fit(X, T, initial=first, frozen=1)
    assert np.array_equal(start.coefs_[0], first.coefs_[0])
    assert not np.array_equal(start.coefs_[1], first.coefs_[1])
