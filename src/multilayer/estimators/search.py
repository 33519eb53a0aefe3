"""`PopulationSearchCV`: settings x folds x seeds, trained as one population."""

from __future__ import annotations

import inspect
import itertools
import math
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, final

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import ParameterGrid, ParameterSampler, check_cv
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from multilayer import engines
from multilayer.constraints import Boolean, Integer, Maybe, Real
from multilayer.engines import Member
from multilayer.errors import UsageError, sentence
from multilayer.estimators.fitting import DivergenceWarning, TimeLeft, fit_members, threads_of
from multilayer.estimators.network import NetworkEstimator
from multilayer.estimators.problem import Problem, Rows, seeds_of
from multilayer.estimators.rows import checked_groups, checked_rows, checked_weights, same_rows
from multilayer.estimators.scoring import with_networks
from multilayer.estimators.settings import check_parameters, check_settings

Params = Mapping[str, Any]


@final
@dataclass(frozen=True, eq=False)
class _Trial:
    """One setting on one fold under one seed: an estimator and the members that it is."""

    candidate: int
    fold: int
    estimator: NetworkEstimator
    test: Rows
    members: list[Member]


def _refitted(search: Any) -> bool:
    return bool(search.refit)


@dataclass(eq=False, repr=False)
class PopulationSearchCV(MetaEstimatorMixin, BaseEstimator):
    """The best setting of an estimator by cross-validation, with scikit-learn's attributes.

    All settings, folds and seeds are trained at once, whatever their depth and width. A fold's test rows train nothing
    and stop nothing: where a setting validates (`early_stopping`, `scoring` ...), it does so on rows of its training
    part.

    estimator : an `MLPClassifier`, `MLPRegressor`, or a kin of theirs.
    space : {parameter: list or distribution with `rvs`}, or a list of such.
    cv : folds, as in scikit-learn; 5 by default, stratified for classes.
    n_iter : how many settings to draw from the space; None takes every one of a space of lists.
    n_seeds : networks of different seeds for each setting and fold; their scores are averaged.
    halving : first all settings for few epochs, then the better third for three times as many, and so on up to
        `max_iter` (Jamieson & Talwalkar, AISTATS 2016). Scores of earlier rounds stay in `cv_results_`.
    scoring : a name or a scorer of scikit-learn; the estimator's own `score` by default. It is given the sample weights
        of the test rows, where it takes any.
    refit : fit the best setting on all rows, as `best_estimator_`.
    time_limit : seconds that the search may take, before the refit; trainings end with the epoch they are in.
    n_jobs : threads; all processors by default.

    `cv_results_`, `best_params_`, `best_score_`, `best_index_`, `best_estimator_`, `n_splits_`, `scorer_` are those of
    scikit-learn's GridSearchCV; times are each setting's share of the population's.

    >>> from sklearn.datasets import load_iris
    >>> from multilayer.estimators import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"hidden_layer_sizes": [(10,), (20, 20)], "learning_rate_init": [0.001, 0.03]}
    >>> search = PopulationSearchCV(MLPClassifier(max_iter=20), space, cv=3).fit(X, y)
    >>> search.best_params_["learning_rate_init"]
    0.03
    """

    estimator: Any
    space: Any
    cv: Any = None
    n_iter: Annotated[int | None, Maybe(Integer(1))] = None
    n_seeds: Annotated[int, Integer(1)] = 1
    halving: Boolean = False
    scoring: Any = None
    refit: Boolean = True
    random_state: Any = 0
    time_limit: Annotated[float | None, Maybe(Real(0, open_low=True))] = None
    n_jobs: Annotated[int | None, Maybe(Integer(-1))] = None

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, *, groups: Any = None) -> Any:
        """Search on X (n_samples, n_features) and y; returns self."""
        self._check()
        candidates = self._candidates()
        base = clone(self.estimator)
        X_checked = checked_rows(base, X, reset=True)
        target = base._target(
            X if y is None and not base.__sklearn_tags__().target_tags.required else y, None, fresh=True
        )
        same_rows(len(X_checked), target)
        weight = checked_weights(sample_weight, X_checked)
        splitter = check_cv(self.cv, y, classifier=is_classifier(base))
        folds = list(splitter.split(X_checked, y, groups))
        codes = checked_groups(groups, len(X_checked))
        self.scorer_ = check_scoring(base, self.scoring)
        self.n_splits_ = len(folds)
        rows = _Rows(X_checked, target, base._labels_of(target), weight, codes, folds)
        self._results(candidates, self._rounds(base, candidates, rows))
        if self.refit:
            started = time.perf_counter()
            best = clone(self.estimator).set_params(**self.best_params_)
            given = {"sample_weight": sample_weight, "groups": groups if best.validates else None}
            how = {name: value for name, value in given.items() if value is not None}
            self.best_estimator_ = best.fit(X, y, **how)
            self.refit_time_ = time.perf_counter() - started
        return self

    def _check(self) -> None:
        check_parameters(self)
        if not isinstance(self.estimator, NetworkEstimator):
            raise UsageError(
                sentence("estimator", "an estimator of multilayer, such as MLPClassifier()", self.estimator)
                + " For others use scikit-learn's GridSearchCV."
            )

        if self.scoring is not None and not isinstance(self.scoring, str) and not callable(self.scoring):
            raise UsageError(sentence("scoring", "the name of one metric, a scorer or none", self.scoring))

    def _candidates(self) -> list[Params]:
        spaces = [self.space] if isinstance(self.space, Mapping) else self.space
        if not isinstance(spaces, Sequence) or not spaces or not all(isinstance(each, Mapping) for each in spaces):
            raise UsageError(sentence("space", "a dict of lists by the name of a parameter, or a list of such", spaces))
        known = self.estimator.get_params()
        for name in itertools.chain(*spaces):
            if name not in known:
                raise UsageError(f"space has {name!r}, which is no parameter of {type(self.estimator).__name__}.")
        drawn = next((name for each in spaces for name, values in each.items() if hasattr(values, "rvs")), None)
        if self.n_iter is None and drawn is not None:
            raise UsageError(f"space has a distribution for {drawn!r}: say by n_iter how many settings to draw.")
        if self.n_iter is None:
            return list(ParameterGrid(self.space))
        random = np.random.RandomState(seeds_of(self.random_state, 1)[0])
        return list(ParameterSampler(self.space, self.n_iter, random_state=random))

    def _rounds(self, base: NetworkEstimator, candidates: Sequence[Params], rows: _Rows) -> list[_Round]:
        """One round with every epoch, or several with more epochs for fewer settings."""
        alive, rounds, time_left = list(range(len(candidates))), list[_Round](), TimeLeft(self.time_limit)
        depth = int(math.log(len(candidates), 3) + 1e-9) if self.halving and len(candidates) > 2 else 0
        for left in range(depth, -1, -1):
            trials = [trial for place in alive for trial in self._trials(base, place, candidates[place], rows, left)]
            scores, seconds = self._scored(trials, rows, time_left.share(1, left + 1))
            rounds.append(_Round(alive, scores, seconds, 3**left))
            ranked = sorted(alive, key=lambda place: -_worst_if_nan(np.mean(scores[place])))
            alive = sorted(ranked[: max(1, math.ceil(len(alive) / 3))])
        return rounds

    def _trials(self, base: Any, place: int, params: Params, rows: _Rows, left: int) -> list[_Trial]:
        own = clone(self.estimator).set_params(**params)
        check_settings(own)
        _refuse_what_a_search_leaves_out(own)
        own.max_iter = max(1, math.ceil(own.max_iter / 3**left))
        _know(own, base)
        trials = []
        for fold, (train, test) in enumerate(rows.folds):
            problem = rows.problem(own, fold)
            for seed in seeds_of(own.random_state, self.n_seeds):
                fit_rows, val = own._parts(problem, seed, np.asarray(train, dtype=np.int64))
                members = own._members(problem, fit_rows, val, seeds_of(seed, own.n_estimators))
                trials.append(_Trial(place, fold, own, np.asarray(test), members))
        return trials

    def _scored(
        self, trials: Sequence[_Trial], rows: _Rows, limit: float | None
    ) -> tuple[dict[int, npt.NDArray[np.float64]], float]:
        """The scores of each setting (folds,), and the seconds of all."""
        started = time.perf_counter()
        found: dict[tuple[int, int], list[float]] = {}
        weights = rows.weight if rows.weight is not None and _takes_weights(self.scorer_) else None
        time_left, to_come, diverged = TimeLeft(limit), sum(len(trial.members) for trial in trials), 0
        for population in _populations(trials):
            members = [member for trial in population for member in trial.members]
            threads = threads_of(self.n_jobs)
            data = rows.problem(population[0].estimator, population[0].fold).data
            engine = population[0].estimator.engine
            share = time_left.share(len(members), to_come)
            fitted = fit_members(members, data, engine=engine, threads=threads, time_limit=share)
            to_come -= len(members)
            diverged += fitted.statuses.count("diverged")
            models = iter(fitted.models)
            for trial in population:
                own = with_networks(trial.estimator, tuple(itertools.islice(models, len(trial.members))))
                weighed = {} if weights is None else {"sample_weight": weights[trial.test]}
                score = float(self.scorer_(own, rows.X[trial.test], rows.y[trial.test], **weighed))
                found.setdefault((trial.candidate, trial.fold), []).append(score)
        if diverged:
            said = f"{diverged} trainings of the search diverged; they are scored with their last good weights."
            warnings.warn(said, DivergenceWarning, stacklevel=4)
        scores: dict[int, npt.NDArray[np.float64]] = {}
        for candidate in dict.fromkeys(trial.candidate for trial in trials):
            scores[candidate] = np.array([np.mean(found[candidate, fold]) for fold in range(self.n_splits_)])
        return scores, time.perf_counter() - started

    def _results(self, candidates: Sequence[Params], rounds: Sequence[_Round]) -> None:
        """`cv_results_` of all rounds, the best of the last one first in rank."""
        lines = [(number, one, place) for number, one in enumerate(rounds) for place in one.alive]
        scores = np.array([one.scores[place] for _, one, place in lines])  # lines x folds
        params = [dict(candidates[place]) for _, _, place in lines]
        means = scores.mean(axis=1)
        last = np.array([number == len(rounds) - 1 for number, _, _ in lines])
        order = np.where(last, 0.0, 1e6) + rankdata(-np.array([_worst_if_nan(mean) for mean in means]), method="min")
        seconds = np.array([one.seconds / len(one.alive) / self.n_splits_ for _, one, _ in lines])
        results: dict[str, Any] = {
            "mean_fit_time": seconds,
            "std_fit_time": np.zeros(len(lines)),
            "mean_score_time": np.zeros(len(lines)),
            "std_score_time": np.zeros(len(lines)),
        }
        for name in dict.fromkeys(itertools.chain(*params)):
            cells: Any = np.ma.MaskedArray(np.empty(len(lines), dtype=object), mask=True)
            for place, own in enumerate(params):
                if name in own:
                    cells[place] = own[name]
            results[f"param_{name}"] = cells
        results["params"] = params
        results |= {f"split{fold}_test_score": scores[:, fold] for fold in range(self.n_splits_)}
        results |= {"mean_test_score": means, "std_test_score": scores.std(axis=1)}
        results["rank_test_score"] = rankdata(order, method="min").astype(np.int32)
        if self.halving:
            results["iter"] = np.array([number for number, _, _ in lines])
            results["share_of_epochs"] = np.array([1 / one.divisor for _, one, _ in lines])
        self.cv_results_ = results
        self.best_index_ = int(results["rank_test_score"].argmin())
        self.best_params_ = params[self.best_index_]
        self.best_score_ = float(means[self.best_index_])

    @available_if(_refitted)
    def predict(self, X: Any) -> Any:
        """The best estimator's answer."""
        return self._best.predict(X)

    @available_if(lambda search: _refitted(search) and hasattr(search.estimator, "predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """The best estimator's probabilities."""
        return self._best.predict_proba(X)

    def score(self, X: Any, y: Any = None) -> float:
        """The best estimator's score by `scoring`."""
        return float(self.scorer_(self._best, X, y))

    @property
    def _best(self) -> Any:
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_

    @property
    def classes_(self) -> Any:
        """The classes of the best estimator."""
        return self._best.classes_

    @property
    def n_features_in_(self) -> int:
        """The columns that were trained on."""
        return int(self._best.n_features_in_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        own = self.estimator.__sklearn_tags__() if isinstance(self.estimator, BaseEstimator) else tags
        tags.estimator_type, tags.classifier_tags = own.estimator_type, own.classifier_tags
        tags.regressor_tags, tags.input_tags, tags.target_tags = own.regressor_tags, own.input_tags, own.target_tags
        return tags


@final
@dataclass(frozen=True, eq=False)
class _Round:
    """Settings that were alive, their scores, the seconds of all, and what their epochs were divided by."""

    alive: Sequence[int]
    scores: Mapping[int, npt.NDArray[np.float64]]
    seconds: float
    divisor: int


@final
@dataclass(eq=False)
class _Rows:
    """The rows of a search, made ready once for each way of weighing them."""

    X: Any
    target: Any
    y: npt.NDArray[Any]
    weight: Any
    groups: Any
    folds: list[tuple[Any, Any]]

    def __post_init__(self) -> None:
        self._problems: dict[str, Problem] = {}

    def problem(self, estimator: Any, fold: int) -> Problem:
        key = weighing(estimator, fold)
        if key not in self._problems:
            weight = self.weight
            if _balanced(estimator):  # by the rows that train alone
                weight = np.zeros(len(self.X))
                train = self.folds[fold][0]
                weight[train] = 1.0 if self.weight is None else self.weight[train]
            self._problems[key] = estimator._problem(self.X, self.target, weight, self.groups, 0)
        return self._problems[key]


def weighing(estimator: Any, fold: int) -> str:
    """What tells one way of weighing the rows of a fold from another."""
    return f"balanced in fold {fold}" if _balanced(estimator) else repr(getattr(estimator, "class_weight", None))


def _balanced(estimator: Any) -> bool:
    own = getattr(estimator, "class_weight", None)
    return isinstance(own, str) and own == "balanced"


def _refuse_what_a_search_leaves_out(estimator: Any) -> None:
    """Raise UsageError for what comes after each training, or beside it, where all are trained together."""
    left_out = {
        "calibration": getattr(estimator, "calibration", None) is not None,
        "scoring": callable(estimator.scoring),
        "time_limit": estimator.time_limit is not None,
    }
    for name, asked in left_out.items():
        if asked:
            raise UsageError(
                f"{name} of the estimator has no effect in a search, where all settings are trained together. Leave it "
                "out, or search with scikit-learn's GridSearchCV."
            )


def _populations(trials: Sequence[_Trial]) -> list[list[_Trial]]:
    """Trials that can be trained together: of one engine and one weighing of the rows."""
    found: dict[tuple[str, str], list[_Trial]] = {}
    for trial in trials:
        chosen, _ = engines.choose(trial.members[0].recipe, trial.estimator.engine)
        key = (chosen.name, weighing(trial.estimator, trial.fold))
        found.setdefault(key, []).append(trial)
    return list(found.values())


def _know(estimator: Any, other: Any) -> None:
    """Tell an estimator what another learned from X and y before any training."""
    for name in ("n_features_in_", "classes_", "one_number_"):
        if hasattr(other, name):
            setattr(estimator, name, getattr(other, name))


def _takes_weights(scorer: Any) -> bool:
    """Whether a scorer weighs rows; one that does not is warned of."""
    accepts = getattr(scorer, "_accept_sample_weight", None)  # scikit-learn's own scorers
    takes = bool(accepts()) if accepts else "sample_weight" in inspect.signature(scorer).parameters
    if not takes:
        warnings.warn(f"The scoring {scorer} takes no sample_weight: test rows count alike.", stacklevel=4)
    return takes


def _worst_if_nan(score: Any) -> float:
    return -math.inf if math.isnan(score) else float(score)
