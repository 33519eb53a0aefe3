"""scikit-learn's checks on the estimators: `python -m tests.estimators.checks NAME` prints what each check said.

A process of its own, because SciPy reads SCIPY_ARRAY_API when it is first imported: without it a check is skipped.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

os.environ["SCIPY_ARRAY_API"] = "1"

NO_DECISION = {
    "check_classifiers_multilabel_output_format_decision_function": (
        "there is no decision_function, as in scikit-learn's own"
    )
}
BY_ROWS = "a network that looks at rows one by one and not by weight: {}"
REPEATED = ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data")
NO_ROWS_ASIDE = "partial_fit sets no rows aside, and says so"
ONE_BY_ONE = (
    "check_fit_score_takes_y",
    "check_estimators_partial_fit_n_features",
    "check_n_features_in_after_fitting",
)


@dataclass(frozen=True)
class Case:
    """An estimator as the front door names it, with settings, and the checks that it cannot pass, each with why."""

    estimator: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    cannot: Mapping[str, str] = field(default_factory=dict)
    accept: bool = True  # in `make accept` alone
    may_end: bool = False  # may come to max_iter before it has converged: a warning that belongs to the settings


def weighted_by_rows(why: str) -> dict[str, str]:
    return dict.fromkeys(REPEATED, BY_ROWS.format(why))


CASES = {
    "classifier": Case("MLPClassifier", accept=False, cannot=NO_DECISION),
    "regressor": Case("MLPRegressor", accept=False),
    "autoencoder": Case("MLPAutoencoder", accept=False),
    "classifier of full batches": Case("MLPClassifier", {"batch_size": "full"}, NO_DECISION),
    "regressor of full batches": Case("MLPRegressor", {"batch_size": "full"}),
    "two classifiers": Case("MLPClassifier", {"n_estimators": 2}, NO_DECISION),
    "two regressors": Case("MLPRegressor", {"n_estimators": 2}),
    "classifier by sgd": Case("MLPClassifier", {"solver": "sgd"}, NO_DECISION, may_end=True),
    "regressor by sgd": Case(  # that scales: some checks have columns around 100, where plain descent diverges
        "MLPRegressor", {"solver": "sgd", "input_scaling": "standardize"}, may_end=True
    ),
    "classifier by lbfgs": Case("MLPClassifier", {"solver": "lbfgs"}, NO_DECISION, may_end=True),
    "regressor by lbfgs": Case("MLPRegressor", {"solver": "lbfgs"}, may_end=True),
    "classifier that scales": Case("MLPClassifier", {"input_scaling": "standardize"}, NO_DECISION),
    "classifier on the reference": Case("MLPClassifier", {"engine": "reference", "max_iter": 30}, NO_DECISION),
    "classifier of normalized layers": Case(
        "MLPClassifier", {"norm": "batch"}, NO_DECISION | weighted_by_rows("the statistics of a batch count rows")
    ),
    "regressor with dropout": Case(
        "MLPRegressor", {"dropout": 0.2}, weighted_by_rows("each row has a mask of its own")
    ),
    "classifier that stops early": Case(
        "MLPClassifier",
        {"early_stopping": True, "validation_fraction": 0.2},
        NO_DECISION | weighted_by_rows("rows are drawn for validation") | dict.fromkeys(ONE_BY_ONE, NO_ROWS_ASIDE),
    ),
    "regressor that stops early": Case(
        "MLPRegressor",
        {"early_stopping": True, "validation_fraction": 0.2},
        weighted_by_rows("rows are drawn for validation") | dict.fromkeys(ONE_BY_ONE, NO_ROWS_ASIDE),
    ),
    "calibrated classifier": Case(
        "MLPClassifier",
        {"calibration": "temperature", "validation_fraction": 0.2},
        NO_DECISION | weighted_by_rows("rows are drawn for validation"),
    ),
    "tables, classifier": Case(
        "TabularMLPClassifier",
        {"effort": "quick", "compare": False},
        NO_DECISION | weighted_by_rows("quantiles and folds count rows"),
        accept=False,
    ),
    "tables, regressor": Case(
        "TabularMLPRegressor",
        {"effort": "quick", "compare": False},
        weighted_by_rows("quantiles and folds count rows"),
        accept=False,
    ),
    "tables, classifier by default": Case(
        "TabularMLPClassifier", {}, NO_DECISION | weighted_by_rows("quantiles and folds count rows")
    ),
}
"""Another estimator is a line more."""


def said(case: Case) -> list[dict[str, str]]:
    """What scikit-learn's checks said of it, a record each."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.estimator_checks import check_estimator

    from multilayer import estimators

    warnings.simplefilter("error")
    if case.may_end:
        warnings.simplefilter("ignore", ConvergenceWarning)
    estimator = getattr(estimators, case.estimator)(**case.settings)
    records = check_estimator(estimator, on_fail=None, on_skip=None)
    return [
        {"check": r["check_name"], "status": r["status"], "why": f"{type(r['exception']).__name__}: {r['exception']}"}
        for r in records
    ]


if __name__ == "__main__":
    print(json.dumps(said(CASES[sys.argv[1]])))
