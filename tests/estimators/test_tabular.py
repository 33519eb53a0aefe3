from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from multilayer.data.column import REST
from multilayer.estimators import TabularMLPClassifier, TabularMLPRegressor, ensemble, tabular
from multilayer.estimators.efforts import EFFORTS
from multilayer.estimators.tables import LEAST_ROWS, MOST_CATEGORIES
from multilayer.recipe import weights_digest
from tests.estimators.tables import answers, people, small_efforts

TABLE = people()
Y = answers(TABLE)
NUMBERS = TABLE["age"].fillna(40).to_numpy() * 3 + 8 * (TABLE["town"] == "Ulm").to_numpy()
NAN = np.nan


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_efforts(monkeypatch)


def classifier(effort="quick", **settings) -> TabularMLPClassifier:
    return TabularMLPClassifier(effort, **{"compare": False, **settings})


def regressor(effort="quick", **settings) -> TabularMLPRegressor:
    return TabularMLPRegressor(effort, **{"compare": False, **settings})


FITTED = None


@pytest.fixture
def fitted() -> TabularMLPClassifier:
    """One fit for all that only look at it."""
    global FITTED
    FITTED = FITTED or classifier().fit(TABLE, Y)
    return FITTED


def seats_of(monkeypatch, fit):
    """The networks of a fit, each with its rows."""
    seen = []
    real = tabular.seats

    def watched(*given):
        seen.append(real(*given))
        return seen[-1]

    monkeypatch.setattr(tabular, "seats", watched)
    fit()
    return seen[0]


def refusal(call) -> str:
    with pytest.raises(ValueError, match=r".+") as caught:
        call()
    return str(caught.value)


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
    names = fitted.get_feature_names_out().tolist()
    assert [name for name in names if " from " not in name] == [
        *("age", "age=missing", "town=Bonn", "town=Rome", "town=Ulm", "town=missing", "own", "since")
    ]
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


@pytest.mark.parametrize("effort", EFFORTS)
def test_folds_are_disjoint_and_no_network_is_validated_by_its_training_rows(monkeypatch, effort):
    members = seats_of(monkeypatch, lambda: classifier(effort).fit(TABLE, Y))
    how = EFFORTS[effort]
    assert len(members) == how.networks
    assert faults(members, how.folds, 60) == []
    assert len({member.seed for member in members}) == len(members)
    for member in members:  # both classes in both parts
        assert len(set(Y[member.train])) == len(set(Y[member.val])) == 2


def faults(members, folds, rows) -> list[str]:
    """What is wrong with these parts."""
    found = []
    for member in members:
        if set(member.train) & set(member.val):
            found.append("a validation row trains")
    vals = [member.val for member in members[:folds]]
    if len(vals) == folds and sorted(np.concatenate(vals)) != list(range(rows)):
        found.append("the validation parts are no partition")
    return found


def test_leaking_folds_would_be_found(monkeypatch):
    members = seats_of(monkeypatch, lambda: classifier("good").fit(TABLE, Y))
    first = members[0]
    leaking = [replace(first, train=np.arange(60)), *members[1:]]
    assert faults(leaking, 3, 60) == ["a validation row trains"]
    assert faults([members[0], members[0], members[2]], 3, 60) == ["the validation parts are no partition"]


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("count", [2, 7])
def test_groups_never_straddle(monkeypatch, effort, count):
    groups = np.array([f"group {place % count}" for place in range(60)])
    members = seats_of(monkeypatch, lambda: classifier(effort).fit(TABLE, Y, groups=groups))
    for member in members:
        assert len(member.val)
        assert not set(groups[member.train]) & set(groups[member.val])


def test_a_single_group_has_no_validation(monkeypatch):
    members = seats_of(monkeypatch, lambda: classifier("good").fit(TABLE, Y, groups=np.zeros(60)))
    assert [(len(member.train), len(member.val)) for member in members] == [(60, 0)] * 3


def test_the_labels_of_validation_rows_change_no_training(monkeypatch):
    """With the last epoch kept, other labels there are other scores but the same weights."""
    members = seats_of(monkeypatch, lambda: regressor().fit(TABLE, NUMBERS))
    val = members[0].val
    real = tabular.recipe_for
    monkeypatch.setattr(tabular, "recipe_for", lambda *given: real(*given).replace(keep="last"))
    other = NUMBERS.copy()
    other[val] += 1000
    one, two = regressor().fit(TABLE, NUMBERS), regressor().fit(TABLE, other)
    assert weights_digest(one.models_[0].weights) == weights_digest(two.models_[0].weights)
    assert one.history_["val_loss"].tolist() != two.history_["val_loss"].tolist()
    train = members[0].train
    other[train[0]] += 1000
    assert weights_digest(regressor().fit(TABLE, other).models_[0].weights) != weights_digest(one.models_[0].weights)


def test_rows_of_ones_own_validate(monkeypatch):
    below = people(25, seed=1).assign(town="Oslo")
    members = seats_of(monkeypatch, lambda: classifier("good").fit(TABLE, Y, X_val=below, y_val=answers(below)))
    for member in members:
        np.testing.assert_array_equal(member.train, np.arange(60))
        np.testing.assert_array_equal(member.val, np.arange(60, 85))
        names = member.view.encoding.feature_names
        assert not {"town=Oslo", f"town={REST}"} & set(names), "a category of validation rows alone has no feature"
        towns = [place for place, name in enumerate(names) if name.startswith("town=")]
        assert not member.view.data.x[60:, towns].any()


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


def test_a_category_that_a_fold_has_not_trained_on_counts_for_nothing():
    """Its weights are as they were drawn: what they say is noise."""
    rows = 60
    table = pd.DataFrame({"x": np.arange(rows) % 7, "word": ["a"] * rows})
    groups = np.arange(rows) % 3
    table.loc[groups == 0, "word"] = "b"
    model = classifier("good").fit(table, np.arange(rows) % 2, groups=groups)
    prepared = [network.preparation for network in model.models_]
    factors = [one.factor[one.encoding.feature_names.index("word=b")] for one in prepared]
    assert sorted(factors) == [0, 1, 1]


def test_a_row_of_weight_zero_is_as_if_it_were_not_there():
    weight = np.tile([1.0, 0.0, 2.0], 20)
    kept = weight > 0
    one = classifier("good").fit(TABLE, Y, sample_weight=weight)
    two = classifier("good").fit(TABLE[kept], Y[kept], sample_weight=weight[kept])
    np.testing.assert_array_equal(one.predict_proba(TABLE), two.predict_proba(TABLE))


def test_weights_and_class_weights_count(monkeypatch):
    rare = np.array(["no"] * 50 + ["yes"] * 10)
    first, *_ = seats_of(monkeypatch, lambda: classifier(class_weight="balanced").fit(TABLE, rare))
    np.testing.assert_allclose(np.unique(first.view.data.weight), [60 / 100, 60 / 20])
    first, *_ = seats_of(monkeypatch, lambda: classifier(class_weight={"yes": 5}).fit(TABLE, rare, np.full(60, 2.0)))
    np.testing.assert_allclose(np.unique(first.view.data.weight), [2, 10])


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


def test_the_same_fit_has_the_same_bits(monkeypatch):
    small_efforts(monkeypatch, dropout=0.2)
    digests = {}
    for seed, threads in ((0, 1), (0, 2), (1, 1)):
        model = classifier("good", random_state=seed, n_jobs=threads).fit(TABLE, Y)
        digests[seed, threads] = [weights_digest(one.weights) for one in model.models_]
    assert digests[0, 1] == digests[0, 2]
    assert not set(digests[0, 1]) & set(digests[1, 1])
    assert len(set(digests[0, 1])) == 3


def test_a_row_is_the_same_alone_and_among_others():
    model = classifier("good").fit(TABLE, Y)
    whole = model.predict_proba(TABLE)
    for row in (0, 3, 5, 59):
        assert model.predict_proba(TABLE.iloc[[row]]).tobytes() == whole[[row]].tobytes()


def test_predictions_stay_within_the_range_of_the_training_targets(monkeypatch):
    small_efforts(monkeypatch, epochs=30, hidden=(32,))
    X = np.linspace(0, 1, 60)[:, None]
    model = regressor().fit(X, 3 * X[:, 0], X_val=X, y_val=100 + X[:, 0])
    assert model.range_.tolist() == [[0.0], [3.0]], "validation rows do not widen it"
    said = model.predict(np.array([[-1e9], [-5.0], [0.5], [5.0], [1e9]]))
    np.testing.assert_array_equal(said, np.clip(said, 0, 3))
    raw = model.models_[0].answer_encoded(model.encoding_.encode(np.array([[-1e9], [1e9]])))
    assert raw.min() < 0 or raw.max() > 3, "the network itself goes beyond it"


def test_the_temperature_is_that_of_the_rows_held_out():
    """Recomputed with SciPy, from the networks' own answers to rows that they did not train on."""
    from scipy.optimize import minimize_scalar
    from scipy.special import softmax

    towns = TABLE["town"].fillna("Ulm").to_numpy()
    model = classifier("good")
    with pytest.MonkeyPatch.context() as patch:
        members = seats_of(patch, lambda: model.fit(TABLE, towns))
    pairs = list(zip(model.models_, members, strict=True))
    logits = np.log(np.concatenate([net.answer_encoded(member.view.data.x[member.val]) for net, member in pairs]))
    true = towns[np.concatenate([member.val for member in members])]

    def cost(log_temperature):
        return log_loss(true, softmax(logits / np.exp(log_temperature), axis=1))

    best = minimize_scalar(cost, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-9})
    assert model.temperature_ == pytest.approx(np.exp(best.x), rel=1e-3)
    each = [softmax(np.log(net.answer(TABLE)) / model.temperature_, axis=1) for net in model.models_]
    np.testing.assert_allclose(model.predict_proba(TABLE), np.mean(each, axis=0), rtol=1e-6)


def test_the_report_says_the_truth():
    """Both scores by hand: the network's answers to its validation rows, and boosted trees fitted here."""
    model = TabularMLPClassifier("good")
    with pytest.MonkeyPatch.context() as patch:
        members = seats_of(patch, lambda: model.fit(TABLE, Y))
    train, val = members[0].train, members[0].val
    codes = TABLE["town"].astype("category").cat.codes.to_numpy().astype(float)
    table = np.c_[TABLE["age"], np.where(codes < 0, NAN, codes), TABLE["own"], TABLE["since"].astype("int64")]
    trees = HistGradientBoostingClassifier(categorical_features=[1], random_state=0).fit(table[train], Y[train])
    theirs = trees.predict_proba(table[val])
    ours = model.models_[0].answer(TABLE.iloc[val])
    report = model.report_
    for name, probs in (("network", ours), ("hist_gradient_boosting", theirs)):
        labels = model.classes_[probs.argmax(axis=1)]
        assert report[name]["accuracy"] == pytest.approx(accuracy_score(Y[val], labels))
        assert report[name]["log_loss"] == pytest.approx(log_loss(Y[val], probs), rel=1e-6)
    gap = report["network"]["accuracy"] - report["hist_gradient_boosting"]["accuracy"]
    assert report["better"] == ("network" if gap > 0 else "hist_gradient_boosting" if gap < 0 else "neither")
    assert (report["rows"], report["metric"]) == (len(val), "accuracy")
    assert report["seconds_of_hist_gradient_boosting"] > 0


def test_the_report_of_numbers():
    model = TabularMLPRegressor("quick").fit(TABLE, NUMBERS)
    assert model.report_["metric"] == "r2"
    gap = model.report_["network"]["r2"] - model.report_["hist_gradient_boosting"]["r2"]
    assert model.report_["better"] == ("network" if gap > 0 else "hist_gradient_boosting")


class Clock:
    """Seconds that pass when an epoch is trained, and in no other way."""

    def __init__(self, monkeypatch, seconds_an_epoch: float = 1.0) -> None:
        self.now, self.epochs, self.seconds_an_epoch = 100.0, 0, seconds_an_epoch
        monkeypatch.setattr("time.perf_counter", lambda: self.now)
        real = ensemble.fit_members

        def slow(members, data, *, watchers=(), **how):
            def tick(underway):
                self.now += self.seconds_an_epoch
                self.epochs += 1
                return True

            return real(members, data, watchers=[*watchers, tick], **how)

        monkeypatch.setattr(ensemble, "fit_members", slow)


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("limit", [1000, 40, 20, 7.5, 0.1])
def test_a_time_limit_plans_fewer_epochs_and_ends_in_time(monkeypatch, limit, views):
    """An epoch takes a second for each way of seeing the table; one of each is trained to find that out."""
    small_efforts(monkeypatch, epochs=40, views=(0, 4)[:views])
    clock = Clock(monkeypatch)
    model = classifier("good", time_limit=limit).fit(TABLE, Y)
    planned = min(max(int((limit * tabular.PLANNED - views) / views + 1e-9), 1), 40)
    assert abs(model.n_iter_ - planned) <= (planned < 40)
    assert clock.epochs == views * (model.n_iter_ + 1)
    assert clock.now - 100 <= max(limit, 2 * views)
    assert {one.recipe.epochs for one in model.models_} == {model.n_iter_}, "the learning rate comes to its end"


@pytest.mark.parametrize("views", [1, 2])
def test_a_training_that_slows_down_still_ends_in_time(monkeypatch, views):
    small_efforts(monkeypatch, epochs=40, views=(0, 4)[:views])
    clock = Clock(monkeypatch)
    real = tabular.TabularEstimator._affordable

    def then_slower(self, *given):
        planned = real(self, *given)
        clock.seconds_an_epoch = 3.0
        return planned

    monkeypatch.setattr(tabular.TabularEstimator, "_affordable", then_slower)
    model = classifier("good", time_limit=30).fit(TABLE, Y)
    assert model.n_iter_ < model.models_[0].recipe.epochs
    assert clock.now - 100 <= 30 + 3 * views, "each population ends with the epoch that it is in"


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
