from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss

from multilayer.data.column import REST
from multilayer.estimators import TabularMLPClassifier, TabularMLPRegressor, ensemble, tabular
from multilayer.estimators.efforts import EFFORTS
from multilayer.recipe import weights_digest
from tests.estimators.clock import Clock
from tests.estimators.tables import NUMBERS, TABLE, Y, answers, classifier, people, regressor, small_efforts

NAN = np.nan


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_efforts(monkeypatch)


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


def test_the_same_fit_has_the_same_bits():
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
    model = regressor().fit(X, 3 * X[:, 0], X_val=X, y_val=np.where(X[:, 0] < 1, 3 * X[:, 0], 4))
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


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("limit", [1000, 40, 20, 7.5, 0.1])
def test_a_time_limit_plans_fewer_epochs_and_ends_in_time(monkeypatch, limit, views):
    """An epoch takes a second for each way of seeing the table; one of each is trained to find that out."""
    small_efforts(monkeypatch, epochs=40, bins=4 * (views - 1))
    clock = Clock(monkeypatch, ensemble)
    model = classifier("good", time_limit=limit).fit(TABLE, Y)
    planned = min(max(int((limit * tabular.PLANNED - views) / views + 1e-9), 1), 40)
    assert abs(model.n_iter_ - planned) <= (planned < 40)
    assert clock.epochs == views * (model.n_iter_ + 1)
    assert clock.now - 100 <= max(limit, 2 * views)
    assert {one.recipe.epochs for one in model.models_} == {model.n_iter_}, "the learning rate comes to its end"


@pytest.mark.parametrize("views", [1, 2])
def test_a_training_that_slows_down_still_ends_in_time(monkeypatch, views):
    small_efforts(monkeypatch, epochs=40, bins=4 * (views - 1))
    clock = Clock(monkeypatch, ensemble)
    real = tabular.TabularEstimator._affordable

    def then_slower(self, *given):
        planned = real(self, *given)
        clock.seconds_an_epoch = 3.0
        return planned

    monkeypatch.setattr(tabular.TabularEstimator, "_affordable", then_slower)
    model = classifier("good", time_limit=30).fit(TABLE, Y)
    assert model.n_iter_ < model.models_[0].recipe.epochs
    assert clock.now - 100 <= 30 + 3 * views, "each population ends with the epoch that it is in"
