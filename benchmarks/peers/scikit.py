"""scikit-learn: MLPClassifier with its own loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.timing import Call, thread_choices, threads_named
from benchmarks.work import BETA1, BETA2, EPS, LR, Work


class Scikit:
    """`fit` for so many epochs; `threads` are those of its BLAS."""

    name = "scikit-learn"
    times = 1.0

    def __init__(self, work: Work, threads: int) -> None:
        self.work, self.threads = work, threads
        self.setting = threads_named(threads)
        self.multiple = work.steps_per_epoch

    def ready(self, steps: int) -> Call:
        estimator = classifier(self.work.hidden, self.work.batch, epochs=steps // self.work.steps_per_epoch)
        x, y = self.work.problem.x, self.work.problem.y
        return lambda: quietly(lambda: estimator.fit(x, y))

    def fit(self, epochs: int) -> Callable[[], float]:
        """With `early_stopping` it validates after each epoch and keeps the best weights; it is never let stop."""
        problem = self.work.problem
        x, y = np.concatenate([problem.x, problem.x_val]), np.concatenate([problem.y, problem.y_val])
        share = len(problem.y_val) / len(y)

        def call() -> float:
            settings: dict[str, Any] = {"early_stopping": True, "validation_fraction": share}
            estimator = classifier(self.work.hidden, self.work.batch, epochs, **settings)
            quietly(lambda: estimator.fit(x, y))
            return float(max(estimator.validation_scores_))

        return call


def classifier(hidden: tuple[int, ...], batch: int, epochs: int, **settings: Any) -> MLPClassifier:
    """The estimator with the recipe that all share, made to go on for all epochs."""
    return MLPClassifier(
        **{
            **{"hidden_layer_sizes": hidden, "batch_size": batch, "max_iter": epochs, "alpha": 0.0},
            **{"solver": "adam", "learning_rate_init": LR, "beta_1": BETA1, "beta_2": BETA2, "epsilon": EPS},
            **{"tol": 0.0, "n_iter_no_change": epochs + 1, "random_state": 0},
            **settings,
        }
    )


def quietly(call: Call) -> Any:
    """The call without the warning that so many epochs were not enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return call()


def trainers(work: Work) -> list[Scikit]:
    return [Scikit(work, threads) for threads in thread_choices()]
