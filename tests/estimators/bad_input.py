"""Inputs that cannot be meant, by name: each is a call that must be refused."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from multilayer.estimators import MLPClassifier, MLPRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3))
Y = np.arange(12) % 2
T = X[:, 0] * 2
LABELS = np.where(Y == 1, "yes", "no")
NAMED = pd.DataFrame(X, columns=["age", "income", "height"])
FULL = np.ones(11)


def put(value: Any, dtype: Any = float) -> Any:
    """X with one cell, of row 4 and column 1, replaced."""
    changed = X.astype(dtype)
    changed[4, 1] = value
    return changed


def frame(value: Any) -> pd.DataFrame:
    """The same as a frame with names."""
    return pd.DataFrame(put(value, object), columns=NAMED.columns)


def classifier(**settings: Any) -> Any:
    return MLPClassifier(**{"hidden_layer_sizes": 4, "max_iter": 1, **settings})


def regressor(**settings: Any) -> Any:
    return MLPRegressor(**{"hidden_layer_sizes": 4, "max_iter": 1, **settings})


def fitted() -> Any:
    return classifier().fit(X, Y)


def goes_on(**settings: Any) -> Any:
    return classifier(warm_start=True, **settings).fit(X, Y)


CALLS: dict[str, Callable[[], Any]] = {
    "X holds infinity": lambda: classifier().fit(put(np.inf), Y),
    "X holds minus infinity in a frame": lambda: classifier().fit(frame(-np.inf).astype(float), Y),
    "X holds what float32 cannot": lambda: classifier().fit(put(np.inf, np.float32), Y),
    "X holds text": lambda: classifier().fit(put("tall", object), Y),
    "X holds text in a frame": lambda: classifier().fit(frame("tall"), Y),
    "X holds a date": lambda: classifier().fit(frame(datetime.date(2020, 1, 2)), Y),
    "X holds dates of NumPy": lambda: classifier().fit(np.full((12, 3), np.datetime64("2020-01-01")), Y),
    "X holds dates of pandas": lambda: classifier().fit(NAMED.assign(income=pd.Timestamp("2020-01-01")), Y),
    "X holds a category": lambda: classifier().fit(NAMED.assign(income=pd.Categorical(list(LABELS))), Y),
    "X holds complex numbers": lambda: classifier().fit(np.full((1, 1), 1j), [0]),
    "X holds a table in a cell": lambda: classifier().fit(put({}, object), Y),
    "X is a list with text": lambda: classifier().fit([[1.0, "x"], [2.0, 3.0]], [0, 1]),
    "X is None": lambda: classifier().fit(None, Y),
    "X is a number": lambda: classifier().fit(3.0, Y),
    "X is the name of a file": lambda: classifier().fit("table.csv", Y),
    "X has one dimension": lambda: classifier().fit([1.0, 2.0], [0, 1]),
    "X has three dimensions": lambda: classifier().fit(X[:, :, None], Y),
    "X is ragged": lambda: classifier().fit([[1.0, 2.0], [3.0]], [0, 1]),
    "X has no rows": lambda: classifier().fit(np.empty((0, 3)), []),
    "X has no columns": lambda: classifier().fit(np.empty((12, 0)), Y),
    "X is sparse and holds infinity": lambda: classifier().fit(sparse.csr_matrix(put(np.inf)), Y),
    "y is None": lambda: classifier().fit(X, None),
    "y holds NaN": lambda: classifier().fit(X, np.where(Y == 1, np.nan, 0.0)),
    "y holds None": lambda: classifier().fit(X, np.array([None] * 6 + [1] * 6, dtype=object)),
    "y is continuous": lambda: classifier().fit(X, T),
    "y has one class": lambda: classifier().fit(X, np.ones(12)),
    "y is short": lambda: classifier().fit(X, Y[:7]),
    "y has three dimensions": lambda: classifier().fit(X, Y[:, None, None]),
    "y has two columns of classes": lambda: classifier().fit(X, np.column_stack([Y, np.arange(12) % 3])),
    "y mixes numbers and text": lambda: classifier().fit(X, np.array([1] * 6 + ["a"] * 6, dtype=object)),
    "numbers are None": lambda: regressor().fit(X, None),
    "numbers hold NaN": lambda: regressor().fit(X, np.where(Y == 1, np.nan, T)),
    "numbers hold infinity": lambda: regressor().fit(X, np.where(Y == 1, np.inf, T)),
    "numbers are text": lambda: regressor().fit(X, LABELS),
    "numbers are dates": lambda: regressor().fit(X, np.full(12, np.datetime64("2020-01-01"))),
    "numbers have three dimensions": lambda: regressor().fit(X, T[:, None, None]),
    "numbers are short": lambda: regressor().fit(X, T[:5]),
    "counts are negative": lambda: regressor(loss="poisson").fit(X, np.full(12, -2.5)),
    "predict before fit": lambda: classifier().predict(X),
    "predict another width": lambda: fitted().predict(X[:, :2]),
    "predict one dimension": lambda: fitted().predict([1.0, 2.0, 3.0]),
    "predict infinity": lambda: fitted().predict(put(np.inf)),
    "predict text": lambda: fitted().predict(put("tall", object)),
    "predict other names": lambda: classifier().fit(NAMED, Y).predict(NAMED.rename(columns={"income": "wage"})),
    "predict names in another order": lambda: classifier().fit(NAMED, Y).predict(NAMED[["income", "age", "height"]]),
    "predict no rows": lambda: fitted().predict(X[:0]),
    "spread of one network": lambda: fitted().predict_std(X),
    "spread of one network of numbers": lambda: regressor().fit(X, T).predict(X, return_std=True),
    "hidden before fit": lambda: classifier().hidden(X),
    "weights are negative": lambda: classifier().fit(X, Y, sample_weight=-np.ones(12)),
    "weights hold NaN": lambda: classifier().fit(X, Y, sample_weight=np.r_[FULL, np.nan]),
    "weights hold infinity": lambda: regressor().fit(X, T, sample_weight=np.r_[FULL, np.inf]),
    "weights are zero": lambda: classifier().fit(X, Y, sample_weight=np.zeros(12)),
    "weights are short": lambda: classifier().fit(X, Y, sample_weight=np.ones(5)),
    "weights have two dimensions": lambda: classifier().fit(X, Y, sample_weight=np.ones((12, 2))),
    "weights are text": lambda: classifier().fit(X, Y, sample_weight="heavy"),
    "class_weight has no such class": lambda: classifier(class_weight={0: 1, 7: 2}).fit(X, Y),
    "class_weight is another word": lambda: classifier(class_weight="fair").fit(X, Y),
    "class_weight is negative": lambda: classifier(class_weight={0: -1, 1: 1}).fit(X, Y),
    "class_weight of labels": lambda: classifier(class_weight="balanced").fit(X, np.column_stack([Y, 1 - Y])),
    "class_weight of some rows": lambda: classifier(class_weight="balanced").partial_fit(X, Y, [0, 1]),
    "X_val without y_val": lambda: classifier().fit(X, Y, X_val=X),
    "y_val without X_val": lambda: classifier().fit(X, Y, y_val=Y),
    "X_val of another width": lambda: classifier().fit(X, Y, X_val=X[:, :2], y_val=Y),
    "X_val holds infinity": lambda: classifier().fit(X, Y, X_val=put(np.inf), y_val=Y),
    "y_val is short": lambda: classifier().fit(X, Y, X_val=X, y_val=Y[:5]),
    "y_val has other classes": lambda: classifier().fit(X, Y, X_val=X, y_val=Y + 5),
    "y_val holds NaN": lambda: regressor().fit(X, T, X_val=X, y_val=T * np.nan),
    "y_val has two columns": lambda: regressor().fit(X, T, X_val=X, y_val=np.column_stack([T, T])),
    "groups divide nothing": lambda: classifier().fit(X, Y, groups=np.arange(12)),
    "groups beside validation rows": lambda: classifier().fit(X, Y, X_val=X, y_val=Y, groups=np.arange(12)),
    "groups are short": lambda: classifier(early_stopping=True).fit(X, Y, groups=[1, 2]),
    "groups have two dimensions": lambda: classifier(early_stopping=True).fit(X, Y, groups=np.ones((12, 2))),
    "groups are one": lambda: classifier(early_stopping=True).fit(X, Y, groups=np.ones(12)),
    "too few rows to validate": lambda: classifier(early_stopping=True, validation_fraction=0.05).fit(X, Y),
    "more frozen than there are": lambda: classifier().fit(X, Y, frozen=2),
    "fewer frozen than none": lambda: classifier().fit(X, Y, frozen=-1),
    "initial is not fitted": lambda: classifier().fit(X, Y, initial=classifier()),
    "initial is no estimator": lambda: classifier().fit(X, Y, initial="net"),
    "initial has another shape": lambda: classifier().fit(X, Y, initial=classifier().fit(X[:, :2], Y)),
    "partial_fit stops early": lambda: classifier(early_stopping=True).partial_fit(X, Y, [0, 1]),
    "partial_fit meets a new class": lambda: classifier().partial_fit(X, Y, [0, 1]).partial_fit(X, Y + 1),
    "partial_fit with other classes": lambda: fitted().partial_fit(X, Y, [0, 1, 2]),
    "partial_fit of one class": lambda: classifier().partial_fit(X, Y, [0]),
    "partial_fit of another width": lambda: fitted().partial_fit(X[:, :2], Y),
    "partial_fit of more numbers": lambda: regressor().fit(X, T).partial_fit(X, np.column_stack([T, T])),
    "goes on with new classes": lambda: goes_on().fit(X, Y * 2),
    "goes on with another width": lambda: goes_on().fit(X[:, :2], Y),
    "goes on with another layer": lambda: goes_on().set_params(hidden_layer_sizes=5).fit(X, Y),
    "goes on with dropout": lambda: goes_on().set_params(dropout=0.5).fit(X, Y),
    "goes on from another's layers": lambda: goes_on().fit(X, Y, initial=fitted()),
    "y holds None among texts": lambda: classifier().fit(X, ["a", None, "b"] * 4),
    "y holds a missing text of pandas": lambda: classifier().fit(X, pd.Series(["a", pd.NA, "b"] * 4, dtype="string")),
    "y is one number": lambda: classifier().fit(X, 5),
    "numbers hold a missing one of pandas": lambda: regressor().fit(X, pd.Series([1.0, pd.NA] * 6, dtype=object)),
    "numbers are dates in a list": lambda: regressor().fit(X, list(pd.date_range("2020", periods=12))),
    "numbers hold a text at the end": lambda: regressor().fit(X, ["1.5"] * 11 + ["x"]),
    "groups hold None": lambda: classifier(early_stopping=True).fit(X, Y, groups=["a", None] * 6),
    "X holds durations of pandas": lambda: classifier().fit(NAMED.assign(income=pd.to_timedelta(range(12), "D")), Y),
    "no weight for those that validate": lambda: regressor(early_stopping=True, validation_fraction=0.25).fit(
        X, T, np.arange(12) == 5
    ),
    "no weight for those that train": lambda: classifier(class_weight={0: 0, 1: 0}).fit(X, Y),
    "f1_macro of two classes": lambda: classifier(scoring="f1_macro").fit(X, Y, X_val=X, y_val=Y),
    "goes on with more networks": lambda: goes_on(n_estimators=2).set_params(n_estimators=3).fit(X, Y),
    "n_hidden_layers of two widths": lambda: classifier(hidden_layer_sizes=(3, 4), n_hidden_layers=2).fit(X, Y),
    "adaptive rate of another solver": lambda: classifier(learning_rate="adaptive", solver="rmsprop").fit(X, Y),
    "l1 by L-BFGS": lambda: classifier(solver="lbfgs", l1=0.1).fit(X, Y),
    "dropout by L-BFGS": lambda: classifier(solver="lbfgs", dropout=0.1).fit(X, Y),
    "noise by L-BFGS": lambda: classifier(solver="lbfgs", noise=0.1).fit(X, Y),
    "a loss for classes on numbers": lambda: regressor(loss="cross_entropy").fit(X, T),
    "target_scaling": lambda: regressor(target_scaling="log").fit(X, T),
    "a scorer says NaN": lambda: classifier(scoring=lambda *_: np.nan, validation_fraction=0.3).fit(X, Y),
    "a scorer says None": lambda: classifier(scoring=lambda *_: None, validation_fraction=0.3).fit(X, Y),
    "diverges at once": lambda: regressor(
        solver="sgd", learning_rate_init=1e9, activation="identity", batch_size=2
    ).fit(X, T),
}

PARAMETERS: dict[str, tuple[Any, ...]] = {
    "hidden_layer_sizes": ((0,), -1, "100", (3.5,), None),
    "activation": ("rely", ["relu", "tanh"], 3),
    "solver": ("adamm", None, "rmsprop(beta=2)"),
    "alpha": (-1, "x", float("nan")),
    "batch_size": (0, "all", 2.5),
    "learning_rate": ("cosin", None),
    "learning_rate_init": (0, "fast"),
    "power_t": (-1,),
    "max_iter": (0, 2.5),
    "shuffle": ("yes",),
    "random_state": (-1, "seed", 1.5),
    "tol": (-1,),
    "verbose": ("loud",),
    "warm_start": (3,),
    "momentum": (1, -0.1),
    "nesterovs_momentum": ("no",),
    "early_stopping": ("loss",),
    "validation_fraction": (0, 1),
    "beta_1": (1,),
    "beta_2": (-0.1,),
    "epsilon": (0,),
    "n_iter_no_change": (0, 2.5),
    "max_fun": (0,),
    "n_hidden_layers": (-1, 1.5),
    "dropout": (1, "half"),
    "norm": ("group",),
    "loss": ("mse",),
    "weight_init": ("big",),
    "l1": (-1,),
    "weight_decay": (-1,),
    "noise": (-1,),
    "max_norm": (0,),
    "clip_norm": (-1,),
    "input_scaling": ("log",),
    "scoring": ("acuracy", "r2"),
    "n_estimators": (0, 1.5),
    "time_limit": (0,),
    "n_jobs": (0,),
    "engine": ("gpu",),
    "calibration": ("platt",),
}
"""Of a classifier, values out of range."""

CALLS |= {
    f"{name}={value!r}": (lambda name=name, value=value: classifier(**{name: value}).fit(X, Y))
    for name, values in PARAMETERS.items()
    for value in values
}
