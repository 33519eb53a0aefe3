"""One fit has the same bits from any number of threads at once, and after any interruption."""

from __future__ import annotations

import signal
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from multilayer.estimators import MLPClassifier, MLPRegressor
from tests.scale import cases

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(1)
X = RNG.normal(size=(80, 5))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
INTERRUPTIONS = cases(normal=10, accept=100)


def made(**settings):
    return MLPClassifier(**{"hidden_layer_sizes": (9,), "max_iter": 8, **settings})


def digest(estimator):
    return tuple(value.tobytes() for model in estimator.models_ for value in model.weights.values())


def fit(seed):
    return digest(made(random_state=seed, n_estimators=2).fit(X, Y))


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_fits_at_once_are_fits_alone(threads):
    alone = [fit(seed) for seed in range(8)]
    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(fit, range(8))) == alone


def test_one_estimator_answers_many_threads_at_once():
    fitted = made().fit(X, Y)
    alone = fitted.predict_proba(X)
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(answer, alone) for answer in pool.map(fitted.predict_proba, [X] * 40))


@pytest.mark.parametrize("n_jobs", [1, 2, 3, -1])
def test_the_bits_do_not_depend_on_n_jobs(n_jobs):
    assert digest(made(n_jobs=n_jobs, n_estimators=3).fit(X, Y)) == digest(made(n_jobs=1, n_estimators=3).fit(X, Y))


class Interrupted:
    """A scorer that raises the signal of the keyboard when it is asked for the n-th time."""

    def __init__(self, at: int) -> None:
        self.at, self.asked = at, 0

    def __call__(self, estimator, rows, labels):
        self.asked += 1
        if self.asked == self.at:
            signal.raise_signal(signal.SIGINT)
        return estimator.score(rows, labels)


@pytest.fixture
def _keyboard():
    """The signal interrupts, as at a terminal; a process in the background is born deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_keyboard")
def test_an_interrupted_fit_leaves_a_clean_estimator_and_the_next_fit_its_bits(figure):
    """Interrupted in every epoch in turn; what was trained is kept, and counts as so many epochs."""
    whole = digest(made().fit(X, Y))
    shorter = {n: digest(made(learning_rate="constant", max_iter=n).fit(X, Y)) for n in range(1, 9)}
    for number in range(INTERRUPTIONS):
        at = number % 8 + 1
        estimator = made(scoring=Interrupted(at), learning_rate="constant")
        rows = {"X_val": X[:20], "y_val": Y[:20]}
        with pytest.warns(UserWarning, match="The training was interrupted; the estimator holds what it had"):
            estimator.fit(X, Y, **rows)
        assert estimator.n_iter_ == at
        assert len(estimator.loss_curve_) == len(estimator.validation_scores_) == at
        assert np.isnan(estimator.validation_scores_).tolist() == [False] * (at - 1) + [True]
        best = int(np.argmax(estimator.validation_scores_[:-1])) + 1 if at > 1 else 1
        assert digest(estimator) == shorter[best]
        assert np.isfinite(estimator.predict_proba(X)).all()
        assert digest(estimator.set_params(scoring=None, learning_rate="auto").fit(X, Y)) == whole
    figure("fits interrupted, the next with its bits", INTERRUPTIONS)


class Stop(Exception):
    """What a user's scorer may raise."""


def test_a_scorer_that_fails_ends_the_fit_and_changes_nothing():
    estimator = made().fit(X, Y)
    before = digest(estimator)

    def failing(*_):
        raise Stop

    with pytest.raises(Stop):
        estimator.set_params(scoring=failing).fit(X, Y)
    assert digest(estimator) == before
    assert digest(estimator.set_params(scoring=None).fit(X, Y)) == before


def test_a_time_limit_ends_with_the_epoch_it_is_in():
    estimator = made(time_limit=1e-9, max_iter=500, learning_rate="constant")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator.fit(X, Y)
    assert estimator.n_iter_ == 1
    assert np.isfinite(MLPRegressor(time_limit=1e-9).fit(X, Y).predict(X)).all()
