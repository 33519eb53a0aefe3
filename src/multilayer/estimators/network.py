"""What all estimators share: rows in, a population trained, its mean answer out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from multilayer.arrays import Array
from multilayer.data import Preparation, Target
from multilayer.engines import Member
from multilayer.errors import DataError, UsageError
from multilayer.estimators.answering import Answering
from multilayer.estimators.fitting import Fitted, Watcher, fit_members, printed, report_endings, threads_of
from multilayer.estimators.problem import Problem, Rows, seeds_of
from multilayer.estimators.rows import (
    both_or_none,
    checked_groups,
    checked_rows,
    checked_weights,
    same_rows,
    warn_unscaled,
)
from multilayer.estimators.scoring import OwnScore, monitored, shown_as
from multilayer.estimators.settings import Settings, check_settings, open_ended, recipe_of
from multilayer.estimators.transfer import frozen_layers, weights_from
from multilayer.exact import total
from multilayer.recipe import Recipe
from multilayer.recipe.layers import network


@contextmanager
def unchanged_by_failure(estimator: Any) -> Iterator[None]:
    """A fit that fails leaves the estimator as it was."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def _in_steps(estimator: Any) -> bool:
    return bool(estimator.solver != "lbfgs")


@dataclass(eq=False, repr=False)
class NetworkEstimator(Settings, Answering, BaseEstimator, ABC):
    """A multilayer perceptron behind scikit-learn's face; `MLPClassifier` and `MLPRegressor` say the rest."""

    @abstractmethod
    def _target(self, y: Any, classes: Any, *, fresh: bool) -> Target:
        """y as the engine's target."""

    @abstractmethod
    def _preparation(self) -> Preparation:
        """What is done to the columns and to the target."""

    def _weighted(self, target: Target, weight: Array | None) -> Array | None:
        """The weight of each row, those of its class included."""
        return weight

    def _learned(self, problem: Problem | None, val: Any) -> None:
        """What is fitted after the networks, or known from them alone where there is no problem any more."""

    LEARNED: ClassVar[tuple[str, ...]] = (
        *("n_features_in_", "feature_names_in_", "n_iter_", "t_", "n_outputs_", "engine_"),
        *("validation_scores_", "best_validation_score_", "best_loss_"),
    )

    def _restored(self) -> None:
        self._curves()
        self._learned(None, ())

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        groups: Any = None,
        initial: Any = None,
        frozen: int = 0,
    ) -> Any:
        """Train on X (n_samples, n_features) and y; returns self.

        X_val and y_val : validation rows of your own, instead of a share of X. Either way their metric chooses the
            epoch whose weights are kept, and stops the training where `early_stopping` says so.
        groups : (n_samples,), rows of one group come together to training or to validation.
        initial : a fitted estimator whose first layers start this network, as many as have the same shapes.
        frozen : how many of these layers stay as they are.

        Raises a ValueError naming the argument, and the column, of whatever cannot be meant.
        """
        check_settings(self)
        with unchanged_by_failure(self):
            self._fitted(X, y, sample_weight, X_val, y_val, groups, initial, frozen)
        return self

    def _fitted(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any, groups: Any, initial: Any, frozen: int
    ) -> None:
        goes_on = self.warm_start and hasattr(self, "models_")
        if goes_on and initial is not None:
            raise UsageError(
                "initial starts a network, and this one goes on from its own weights. Set warm_start=False, or leave "
                "initial out."
            )
        X = checked_rows(self, X, reset=not goes_on)
        target = self._target(y, None, fresh=not goes_on)
        same_rows(len(X), target)
        if goes_on:
            X = self._like_before(X, target)
        own = 0
        both_or_none(X_val, y_val)
        weight = checked_weights(sample_weight, X)
        groups = checked_groups(groups, len(X))
        if groups is not None and (X_val is not None or not self.validates):
            raise UsageError(
                "groups divide training from validation rows, and here nothing is divided. Leave them out, or ask for "
                "validation by early_stopping or scoring, without X_val."
            )
        if X_val is not None:
            X, target, own = self._with_own(X, target, X_val, y_val)
        warn_unscaled(self, X)
        problem = self._problem(X, target, weight, groups, own)
        fitted, val = self._trained(problem, initial=initial, frozen=frozen, goes_on=goes_on)
        self._keep(fitted, problem, val)

    def _like_before(self, X: Array, target: Target) -> Array:
        """The rows in the precision of the networks; raises UsageError where a training cannot go on with such a target
        or so many networks."""
        known = self.models_[0].target
        if len(target.names) != len(known.names):
            raise UsageError(f"y must have {len(known.names)} columns as before, got {len(target.names)}.")
        if len(self.models_) != self.n_estimators:
            raise UsageError(f"n_estimators must stay {len(self.models_)} in a training that goes on.")
        return X.astype(self.models_[0].recipe.dtype, copy=False)

    def _same_network(self, member: Member) -> None:
        """Raise UsageError where a training that goes on would have other layers."""
        net = network(member.recipe.layers, member.preparation.encoding.n_features, seed=None)
        shapes = {name: parameter.value.shape for name, parameter in net.named_weights().items()}
        if shapes != {name: value.shape for name, value in self.models_[0].weights.items()}:
            raise UsageError(
                "hidden_layer_sizes, activation, dropout and norm must leave the layers as they are in a training that "
                "goes on. To train others, start anew: clone the estimator, or set warm_start=False."
            )

    def _state_for(self, recipe: Recipe) -> Any:
        """The optimizer's state of the last call, where this recipe has the same optimizer."""
        same = bool(self._state) and self.models_[0].recipe.optimizer == recipe.optimizer
        return self._state if same else None

    def _problem(self, X: Array, target: Target, weight: Any, groups: Any, own: int) -> Problem:
        names = getattr(self, "feature_names_in_", None)
        count = len(X) - own  # validation rows of the user's count alike
        weight = self._weighted(target.take(np.arange(count)), weight)
        if own and weight is not None:
            weight = np.concatenate([weight, np.ones(own)])
        return Problem.of(X, target, names=names, weight=weight, groups=groups, own_val=own)

    def _with_own(self, X: Array, target: Target, X_val: Any, y_val: Any) -> tuple[Any, ...]:
        """The user's validation rows behind those of training."""
        try:
            below = checked_rows(self, X_val, reset=False)
            other = self._target(y_val, None, fresh=False)
        except ValueError as error:
            raise DataError(f"X_val and y_val must be as X and y. {error}") from error
        same_rows(len(below), other, "X_val and y_val")
        if len(other.names) != len(target.names):
            raise DataError(f"y_val must have {len(target.names)} columns as y, got {len(other.names)}.")
        both = Target(target.kind, np.concatenate([target.values, other.values]), target.names, target.classes)
        return np.concatenate([X, below.astype(X.dtype)]), both, len(below)

    @property
    def validates(self) -> bool:
        """Whether some of the rows are set aside for validation."""
        return self.early_stopping or self.scoring is not None

    def _trained(self, problem: Problem, *, initial: Any, frozen: int, goes_on: bool) -> tuple[Fitted, Any]:
        """The population trained, and the rows that validated it."""
        seeds = seeds_of(self.random_state, self.n_estimators)
        train, val = self._parts(problem, seeds[0])
        after = None
        if goes_on and open_ended(self) and _in_steps(self):
            after = self._state_for(self._recipe(problem, train, len(val) > 0))
        members = self._members(problem, train, val, seeds, before=self._epochs_so_far() if after else 0, frozen=frozen)
        if initial is not None:
            starts: Sequence[Mapping[str, Array] | None] = weights_from(initial, members[0].recipe, problem, seeds)
            members = [replace(member, weights=start) for member, start in zip(members, starts, strict=True)]
        if goes_on:
            self._same_network(members[0])
            known = self.models_[0].preparation
            starts = [None if after else model.weights for model in self.models_]
            members = [replace(m, preparation=known, weights=w) for m, w in zip(members, starts, strict=True)]
        watchers: list[Watcher] = printed(self.verbose)
        own_score = OwnScore(self, members, problem) if callable(self.scoring) else None
        fitted = fit_members(
            members,
            problem.data,
            engine=self.engine,
            threads=threads_of(self.n_jobs),
            time_limit=self.time_limit,
            watchers=watchers + ([own_score.watch] if own_score else []),
            after=after,
            keep_state=self.warm_start and _in_steps(self),
        )
        report_endings(fitted, may_stop=self._may_stop(members[0].recipe))
        return (own_score.best(fitted) if own_score else fitted), val

    def _parts(self, problem: Problem, seed: int, within: Rows | None = None) -> tuple[Rows, Rows]:
        """The rows that train and those that validate."""
        validates = self.validates or len(problem.own_val) > 0
        train, val = problem.parts(self.validation_fraction if validates else 0.0, seed, within)
        if len(val) and problem.dataset.weight is not None and not problem.dataset.weight[val].any():
            raise DataError(f"sample_weight must be greater than 0 in some of the {len(val)} rows that validate.")
        return train, val

    def _members(
        self, problem: Problem, train: Rows, val: Rows, seeds: Sequence[int], *, before: int = 0, frozen: int = 0
    ) -> list[Member]:
        """One member for each seed; `before` are the epochs of a training that goes on."""
        recipe = frozen_layers(self._recipe(problem, train, len(val) > 0, before), frozen)
        preparation = problem.prepared(self._preparation(), train)
        return [Member(recipe, preparation, train, val, seed) for seed in seeds]

    def _may_stop(self, recipe: Recipe) -> bool:
        """Whether a training that did not stop by itself has not converged."""
        by_loss = recipe.schedule["name"] in ("constant", "inverse_time") and recipe.keep == "last"
        by_loss = by_loss and not callable(self.scoring)
        return by_loss or recipe.optimizer["name"] == "lbfgs"

    def _recipe(self, problem: Problem, rows: Rows, validated: bool, before: int = 0) -> Recipe:
        target, weight = problem.dataset.target, problem.dataset.weight
        how: dict[str, Any] = {"dtype": problem.data.x.dtype.name, "validated": validated, "epochs_before": before}
        if weight is not None:
            how["mean_weight"] = total(weight[rows]) / len(rows)
            if not how["mean_weight"]:
                raise DataError(f"sample_weight and class_weight leave no weight to the {len(rows)} rows that train.")
        recipe = recipe_of(self, len(rows), **how)
        if validated:
            recipe = recipe.replace(monitor=monitored(self.scoring, target.kind))
        return recipe.resolve(target, len(rows))

    @available_if(_in_steps)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """One epoch over these rows; returns self.

        The optimizer goes on where the last call left it. So n calls with the same rows are `fit` with max_iter=n, to
        the bit, under a learning rate that does not know where it ends: constant, adaptive or invscaling ("auto"
        counts as constant here). `classes` are all labels that will ever come, needed in the first call of a
        classifier.
        """
        check_settings(self)
        if self.early_stopping:
            raise UsageError("partial_fit does not support early_stopping=True: no rows are set aside.")
        if getattr(self, "class_weight", None) == "balanced":
            raise UsageError("class_weight='balanced' counts all rows, and partial_fit sees some. Weigh each by label.")
        with unchanged_by_failure(self):
            self._one_epoch(X, y, classes, sample_weight)
        return self

    def _one_epoch(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> None:
        fresh = not hasattr(self, "models_")
        X = checked_rows(self, X, reset=fresh)
        target = self._target(y, classes, fresh=fresh)
        same_rows(len(X), target)
        if not fresh:
            X = self._like_before(X, target)
        problem = self._problem(X, target, checked_weights(sample_weight, X), None, 0)
        seeds = seeds_of(self.random_state, self.n_estimators)
        every = np.arange(len(X), dtype=np.int64)
        preparation = problem.prepared(self._preparation(), every) if fresh else self.models_[0].preparation
        recipe = self._recipe(problem, every, False)
        lasting = recipe.schedule if open_ended(self) else "constant"
        state = None if fresh else self._state_for(recipe)
        recipe = recipe.replace(epochs=self._epochs_so_far() * bool(state) + 1, patience=None, schedule=lasting)
        starts: list[Any] = [None] * len(seeds) if fresh or state else [model.weights for model in self.models_]
        members = [
            Member(recipe, preparation, every, seed=seed, weights=start)
            for seed, start in zip(seeds, starts, strict=True)
        ]
        if not fresh:
            self._same_network(members[0])
        threads = threads_of(self.n_jobs)
        how: dict[str, Any] = {"engine": self.engine, "threads": threads, "watchers": printed(self.verbose)}
        fitted = fit_members(members, problem.data, **how, after=state, keep_state=True)
        report_endings(fitted, may_stop=False)
        self._keep(fitted, problem, every[:0])

    _state = cast(Any, None)  # of the optimizer, for a training that goes on

    def _epochs_so_far(self) -> int:
        return len(self.history_) if self._state else 0

    def _keep(self, fitted: Fitted, problem: Problem, val: Any) -> None:
        """Everything that was learned."""
        own, before = fitted.histories[0], len(self.history_) if fitted.went_on else 0
        self.models_ = fitted.models
        self.history_ = self.history_.followed_by(own) if fitted.went_on else own
        self.n_iter_ = len(own)
        self.t_ = fitted.steps[0]
        self.engine_ = fitted.engine
        width = int(list(fitted.models[0].weights.values())[-1].shape[-1])
        self.n_outputs_ = width // 2 if fitted.models[0].answering == "mean" else width
        self._state = fitted.state
        self._scored(val, before)
        self._learned(problem, val)

    def _scored(self, val: Any, before: int) -> None:
        """scikit-learn's curves and best values; the best is that of the epochs after those before."""
        self._curves()
        curves = self.history_
        self.best_loss_ = None if len(val) else min(self.loss_curve_, default=None)
        self.validation_scores_ = self.best_validation_score_ = None
        if len(val) and len(curves):
            metric, sign, best = shown_as(self.scoring, self.models_[0].recipe.monitor)
            self.validation_scores_ = (sign * curves[metric]).tolist()
            defined = [score for score in self.validation_scores_[before:] if not math.isnan(score)]
            self.best_validation_score_ = best(defined, default=math.nan)

    def _curves(self) -> None:
        curves = self.history_
        self.loss_curve_ = curves["loss"].tolist() if len(curves) else []
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else float("nan")
        self.validation_loss_curve_ = curves["val_loss"].tolist() if "val_loss" in curves.series else None

    def _answers(self, X: Any) -> list[Array]:
        """What each network answers, in float64: probabilities or numbers (n_samples, k)."""
        check_is_fitted(self, "models_")
        if not hasattr(self, "feature_names_in_"):
            quick = [model.quick_answer(X) for model in self.models_]
            if all(answer is not None for answer in quick):
                return [answer for answer in quick if answer is not None]
        rows = checked_rows(self, X, reset=False)
        return [model.answer_encoded(rows) for model in self.models_]

    def hidden(self, X: Any) -> list[Array]:
        """The output of each layer of the first network, hidden activations first (n_samples, units)."""
        check_is_fitted(self, "models_")
        model = self.models_[0]
        prepared = model.preparation.apply(checked_rows(self, X, reset=False)).astype(model.recipe.dtype)
        return model.net.hidden(prepared)

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each dense layer of the first network, (n_in, n_out)."""
        return self._arrays("W")

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each dense layer of the first network, (n_out,)."""
        return self._arrays("b")

    def _arrays(self, kind: str) -> list[Array]:
        if not hasattr(self, "models_"):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet, so it has no weights.")
        return [value for name, value in self.models_[0].weights.items() if name.endswith(f".{kind}")]

    @property
    def n_layers_(self) -> int:
        """Layers of units: the inputs, the hidden ones, the outputs."""
        return len(self.coefs_) + 1

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags
