from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, StratifiedShuffleSplit
from sklearn.utils.estimator_checks import check_estimator

from multilayer.errors import UsageError
from multilayer.estimators import MLPAutoencoder, MLPClassifier, MLPRegressor, PopulationSearchCV, search
from multilayer.estimators.fitting import DivergenceWarning
from tests.estimators.clock import Clock
from tests.scale import ACCEPT

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(48, 3))
Y = np.array(["a", "b", "c"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)]
NUMBERS = X[:, 0] - 2 * X[:, 1]
WEIGHT = DRAW.uniform(0.5, 2, 48)
GROUPS = np.arange(48) % 6
CLASSIFIER = MLPClassifier((6,), max_iter=3)
REGRESSOR = MLPRegressor((6,), max_iter=3)
SPACE = {"hidden_layer_sizes": [(4,), (5, 3)], "learning_rate_init": [0.01, 0.1]}

CASES = {
    "classes": (CLASSIFIER, Y, {"cv": 3}, {}),
    "numbers": (REGRESSOR, NUMBERS, {"cv": KFold(3, shuffle=True, random_state=1)}, {}),
    "repeated": (REGRESSOR, NUMBERS, {"cv": RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)}, {}),
    "shuffled": (CLASSIFIER, Y, {"cv": StratifiedShuffleSplit(2, test_size=0.3, random_state=0)}, {}),
    "a named score": (CLASSIFIER, Y, {"cv": 3, "scoring": "neg_log_loss"}, {}),
    "a scorer": (
        REGRESSOR,
        NUMBERS,
        {"cv": 3, "scoring": make_scorer(mean_absolute_error, greater_is_better=False)},
        {},
    ),
    "weights": (CLASSIFIER, Y, {"cv": 3}, {"sample_weight": WEIGHT}),
    "two networks": (clone(REGRESSOR).set_params(n_estimators=2), NUMBERS, {"cv": 2}, {}),
    "early stopping": (
        clone(CLASSIFIER).set_params(early_stopping=True, validation_fraction=0.2, n_iter_no_change=1),
        Y,
        {"cv": 2},
        {},
    ),
    "class weights": (clone(CLASSIFIER).set_params(class_weight="balanced"), Y, {"cv": 2}, {}),
    "class weights of uneven folds": (
        clone(CLASSIFIER).set_params(class_weight="balanced"),
        Y,
        {"cv": KFold(3, shuffle=True, random_state=3)},
        {},
    ),
    "scaled inside": (clone(REGRESSOR).set_params(input_scaling="standardize"), NUMBERS, {"cv": 2}, {}),
    "sgd": (clone(CLASSIFIER).set_params(solver="sgd"), Y, {"cv": 2}, {}),
}


@pytest.mark.parametrize(("estimator", "y", "how", "fit"), CASES.values(), ids=CASES)
def test_it_is_gridsearchcv_to_the_bit(estimator, y, how, fit):
    """Each candidate and fold trained and scored alone, as GridSearchCV does."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = GridSearchCV(estimator, SPACE, **how).fit(X, y, **fit)
        mine = PopulationSearchCV(estimator, SPACE, **how).fit(X, y, **fit)
    assert mine.cv_results_["params"] == theirs.cv_results_["params"]
    for name in theirs.cv_results_:
        if "time" not in name and name != "params":
            np.testing.assert_array_equal(mine.cv_results_[name], theirs.cv_results_[name], err_msg=name)
    for name in ("best_params_", "best_score_", "best_index_", "n_splits_"):
        assert getattr(mine, name) == getattr(theirs, name), name
    np.testing.assert_array_equal(mine.predict(X), theirs.predict(X))
    assert mine.score(X, y) == theirs.score(X, y)
    if hasattr(theirs, "predict_proba"):
        np.testing.assert_array_equal(mine.predict_proba(X), theirs.predict_proba(X))
        assert mine.classes_.tolist() == theirs.classes_.tolist()


def test_a_scorer_without_weights_is_warned_of():
    def score(estimator, X, y):
        return float(estimator.score(X, y))

    search = PopulationSearchCV(REGRESSOR, {"alpha": [0.1]}, cv=2, scoring=score, refit=False)
    with pytest.warns(UserWarning, match="takes no sample_weight: test rows count alike."):
        search.fit(X, NUMBERS, WEIGHT)


def test_folds_that_leak_would_score_otherwise():
    """A planted defect: the test rows of a fold among its training rows."""
    folds = list(KFold(3).split(X))
    leaking = [(np.arange(48), test) for _, test in folds]
    honest = PopulationSearchCV(REGRESSOR, SPACE, cv=folds).fit(X, NUMBERS)
    wrong = PopulationSearchCV(REGRESSOR, SPACE, cv=leaking).fit(X, NUMBERS)
    assert not np.array_equal(honest.cv_results_["mean_test_score"], wrong.cv_results_["mean_test_score"])


def test_groups_are_those_of_the_splitter():
    search = PopulationSearchCV(REGRESSOR, SPACE, cv=GroupKFold(3)).fit(X, NUMBERS, groups=GROUPS)
    folds = list(GroupKFold(3).split(X, NUMBERS, GROUPS))
    one = clone(REGRESSOR).set_params(**search.cv_results_["params"][0])
    scores = [one.fit(X[train], NUMBERS[train]).score(X[test], NUMBERS[test]) for train, test in folds]
    np.testing.assert_array_equal([search.cv_results_[f"split{fold}_test_score"][0] for fold in range(3)], scores)


def test_groups_come_to_the_last_fit_too():
    """Its own validation rows share no group with its training rows."""
    seen = []

    class Watched(MLPRegressor):
        def fit(self, X, y, sample_weight=None, **how):
            seen.append(how.get("groups"))
            return super().fit(X, y, sample_weight, **how)

    estimator = Watched((4,), max_iter=2, early_stopping=True, validation_fraction=0.3)
    PopulationSearchCV(estimator, {"alpha": [0.1]}, cv=GroupKFold(2)).fit(X, NUMBERS, groups=GROUPS)
    np.testing.assert_array_equal(seen[-1], GROUPS)


def test_several_seeds_are_averaged():
    search = PopulationSearchCV(REGRESSOR, {"alpha": [0.1]}, cv=2, n_seeds=3, refit=False).fit(X, NUMBERS)
    from multilayer.estimators.problem import seeds_of

    folds = list(KFold(2).split(X))
    for fold, (train, test) in enumerate(folds):
        scores = [
            MLPRegressor((6,), max_iter=3, alpha=0.1, random_state=seed)
            .fit(X[train], NUMBERS[train])
            .score(X[test], NUMBERS[test])
            for seed in seeds_of(0, 3)
        ]
        assert len(set(scores)) == 3
        assert search.cv_results_[f"split{fold}_test_score"][0] == np.mean(scores)


def test_halving_trains_the_better_third_longer():
    space = {"learning_rate_init": list(np.geomspace(1e-4, 0.3, 9))}
    search = PopulationSearchCV(MLPRegressor((6,), max_iter=9), space, cv=2, halving=True).fit(X, NUMBERS)
    results = search.cv_results_
    assert np.bincount(results["iter"]).tolist() == [9, 3, 1]
    np.testing.assert_allclose(np.unique(results["share_of_epochs"]), [1 / 9, 1 / 3, 1])
    assert results["iter"][search.best_index_] == 2
    for number in (0, 1):
        these = results["iter"] == number
        best = sorted(results["mean_test_score"][these], reverse=True)[: [3, 1][number]]
        on = [params for params, there in zip(results["params"], results["iter"] == number + 1, strict=True) if there]
        means = [
            mean
            for params, mean, there in zip(results["params"], results["mean_test_score"], these, strict=True)
            if there and params in on
        ]
        assert sorted(means, reverse=True) == best
    alone = {name: [value] for name, value in search.best_params_.items()}
    last = PopulationSearchCV(MLPRegressor((6,), max_iter=9), alone, cv=2)
    assert last.fit(X, NUMBERS).best_score_ == search.best_score_


def test_spaces_of_several_parts_and_of_distributions():
    parts = [{"alpha": [0.1, 1.0]}, {"hidden_layer_sizes": [(3,)]}]
    search = PopulationSearchCV(REGRESSOR, parts, cv=2, refit=False).fit(X, NUMBERS)
    assert search.cv_results_["params"] == [{"alpha": 0.1}, {"alpha": 1.0}, {"hidden_layer_sizes": (3,)}]
    assert search.cv_results_["param_alpha"].mask.tolist() == [False, False, True]
    drawn = {"alpha": loguniform(1e-4, 1), "activation": ["relu", "tanh"]}
    one, two, other = (
        PopulationSearchCV(REGRESSOR, drawn, cv=2, n_iter=4, refit=False, random_state=seed).fit(X, NUMBERS)
        for seed in (0, 0, 1)
    )
    assert one.cv_results_["params"] == two.cv_results_["params"] != other.cv_results_["params"]
    assert len(one.cv_results_["params"]) == 4


def test_without_refit_there_is_no_estimator():
    search = PopulationSearchCV(REGRESSOR, SPACE, cv=2, refit=False).fit(X, NUMBERS)
    assert not hasattr(search, "predict")
    assert not hasattr(search, "best_estimator_")
    assert search.best_params_ in search.cv_results_["params"]


REFUSED = {
    "estimator": (
        lambda: PopulationSearchCV(LogisticRegression(), SPACE).fit(X, Y),
        "estimator must be an estimator of multilayer, such as MLPClassifier(), got LogisticRegression(). For others "
        "use scikit-learn's GridSearchCV.",
    ),
    "space": (
        lambda: PopulationSearchCV(CLASSIFIER, {"depth": [1]}).fit(X, Y),
        "space has 'depth', which is no parameter of MLPClassifier.",
    ),
    "a value": (
        lambda: PopulationSearchCV(CLASSIFIER, {"alpha": [-1.0]}).fit(X, Y),
        "alpha must be a number of at least 0, got -1.0.",
    ),
    "n_seeds": (
        lambda: PopulationSearchCV(CLASSIFIER, SPACE, n_seeds=0).fit(X, Y),
        "n_seeds must be a whole number of at least 1, got 0.",
    ),
    "lengths": (
        lambda: PopulationSearchCV(CLASSIFIER, SPACE).fit(X, Y[:-1]),
        "X and y must have equally many rows, got 48 and 47.",
    ),
}


@pytest.mark.parametrize(("call", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_a_sentence(call, expected):
    with pytest.raises(ValueError, match=r".+") as refused:
        call()
    assert str(refused.value) == expected


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor] if ACCEPT else [MLPClassifier])
def test_scikit_learn_has_no_complaint(kind):
    """Of full batches, for repeated rows make other batches of 32: there GridSearchCV fails the same check."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = PopulationSearchCV(kind(batch_size="full"), {"alpha": [1e-4]}, cv=2)
        records = check_estimator(search, on_fail=None, on_skip=None)
    assert {r["check_name"]: str(r["exception"]) for r in records if r["status"] == "failed"} == {}
    assert sum(record["status"] == "passed" for record in records) > 40


@pytest.mark.parametrize(("halving", "trainings"), [(False, 2), (True, 4)])
def test_a_time_limit_is_shared_by_all_trainings_of_a_search(monkeypatch, halving, trainings):
    """An epoch takes a second in each of two populations; with halving six settings have two rounds."""
    clock = Clock(monkeypatch, search)
    space = {"class_weight": [None, "balanced"], "learning_rate_init": [0.01, 0.02, 0.03]}
    sought = PopulationSearchCV(MLPClassifier((4,), max_iter=300), space, cv=2, halving=halving, time_limit=40)
    sought.set_params(refit=False).fit(X, Y)
    assert 40 <= clock.epochs <= 40 + trainings, "all of the time, and each ends with the epoch that it is in"


def sought(space, estimator=CLASSIFIER, **how):
    return PopulationSearchCV(estimator, space, cv=2, **how)


REFUSED = {
    "calibration": sought({"calibration": [None, "temperature"]}),
    "a score of its own": sought({"alpha": [0.0]}, clone(CLASSIFIER).set_params(scoring=len)),
    "a limit of its own": sought({"alpha": [0.0]}, clone(CLASSIFIER).set_params(time_limit=1)),
    "several scores": sought({"alpha": [0.0]}, scoring=["accuracy", "f1"]),
    "a distribution": sought({"alpha": loguniform(1e-4, 1)}),
    "no space": sought(None),
    "an empty space": sought([]),
}
WHERE_NOT = (
    "of the estimator has no effect in a search, where all settings are trained together. Leave it out, or search"
)
SENTENCES = {
    "calibration": f"calibration {WHERE_NOT} with scikit-learn's GridSearchCV.",
    "a score of its own": f"scoring {WHERE_NOT} with scikit-learn's GridSearchCV.",
    "a limit of its own": f"time_limit {WHERE_NOT} with scikit-learn's GridSearchCV.",
    "several scores": "scoring must be the name of one metric, a scorer or none, got ['accuracy', 'f1'].",
    "a distribution": "space has a distribution for 'alpha': say by n_iter how many settings to draw.",
    "no space": "space must be a dict of lists by the name of a parameter, or a list of such, got None.",
    "an empty space": "space must be a dict of lists by the name of a parameter, or a list of such, got [].",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused_before_any_training(name):
    with pytest.raises(UsageError) as caught:
        REFUSED[name].fit(X, Y)
    assert str(caught.value) == SENTENCES[name]


def test_an_autoencoder_needs_no_y():
    found = PopulationSearchCV(MLPAutoencoder((2,), max_iter=2), {"alpha": [0.0, 0.1]}, cv=KFold(2)).fit(X)
    given = PopulationSearchCV(MLPAutoencoder((2,), max_iter=2), {"alpha": [0.0, 0.1]}, cv=KFold(2)).fit(X, X)
    np.testing.assert_array_equal(found.cv_results_["mean_test_score"], given.cv_results_["mean_test_score"])
    assert found.best_estimator_.transform(X).shape == (48, 2)


def test_trainings_that_diverge_are_warned_of():
    search = sought({"learning_rate_init": [0.01, 1e4]}, clone(REGRESSOR).set_params(solver="sgd"), refit=False)
    with pytest.warns(DivergenceWarning, match=r"^2 trainings of the search diverged; they are scored with their last"):
        search.fit(X, NUMBERS)


def test_a_fold_without_weight_is_one_sentence():
    with pytest.raises(ValueError, match="leave no weight to the 24 rows that train"):
        PopulationSearchCV(REGRESSOR, {"alpha": [0.0]}, cv=KFold(2)).fit(X, NUMBERS, np.arange(48) < 24)
