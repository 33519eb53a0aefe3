"""What other models make of the same rows: the trivial and the linear one always, scikit-learn's where asked for."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from multilayer import exact
from multilayer.arrays import Array
from multilayer.data import Dataset, FittedPreparation, Split, Target
from multilayer.data.intervals import difference
from multilayer.engines import Data, Member, choose
from multilayer.engines.contract import Rows
from multilayer.errors import RefusedError, UsageError, sentence, unknown
from multilayer.lab.score import answered
from multilayer.recipe import Recipe
from multilayer.recipe.outputs import answer, one_hot
from multilayer.room import in_words, memory

ALWAYS = ("trivial", "linear")
LINEAR_L2 = 0.01
LINEAR_NUMBERS = 2**25
"""The best linear model is sought on training rows of at most so many numbers, evenly spaced: 256 MiB in float64."""

FULL_NUMBERS = 2**22
"""Up to so many numbers its every step passes over all rows, which takes some seconds; beyond, over some rows."""

LINEAR_ROWS, LINEAR_PASSES, LINEAR_STEPS = 200, 10, 10_000
"""Then a step takes so many rows, and there are so many passes over all of them or so many steps, whichever is more."""

NEIGHBORS = 5
TREES = ("forest", "tree", "boost", "gbm", "gbdt")
"""What is in the names of models made of trees."""


@final
@dataclass(frozen=True)
class Rival:
    """A model of scikit-learn: what makes it for so many training rows, and where it must be refused.

    `most_rows` are the training rows up to which it is done in a minute or so, for classes and for numbers.
    """

    classifier: Callable[[int], Any]
    regressor: Callable[[int], Any]
    most_rows: tuple[int | None, int | None]
    because: str
    weighs: bool


def _gp_classifier(_: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessClassifier, kernels

    return GaussianProcessClassifier(kernels.ConstantKernel() * kernels.RBF(), random_state=0)


def _gp_regressor(_: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels

    kernel = kernels.ConstantKernel() * kernels.RBF() + kernels.WhiteKernel()
    return GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)


def _trees_classifier(_: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=0)


def _trees_regressor(_: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(random_state=0)


def _neighbors_classifier(rows: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(min(NEIGHBORS, rows))


def _neighbors_regressor(rows: int) -> Any:
    from sklearn.neighbors import KNeighborsRegressor

    return KNeighborsRegressor(min(NEIGHBORS, rows))


RIVALS = {
    "gp": Rival(_gp_classifier, _gp_regressor, (1000, 3000), "its time grows with their cube", False),
    "hist_gradient_boosting": Rival(_trees_classifier, _trees_regressor, (None, None), "", True),
    "knn": Rival(
        *(_neighbors_classifier, _neighbors_regressor, (30_000, 30_000), "its time grows with their square", False)
    ),
}
"""A Gaussian process (RBF kernel, its scales and noise fitted), boosted trees and the 5 nearest neighbors, all with
scikit-learn's other defaults and random_state 0."""


@final
@dataclass(frozen=True, eq=False)
class Baseline:
    """What a model answers to all rows (n_samples, k), and the seconds that took; where it failed, why."""

    answers: Array | None
    seconds: float
    why: str = ""


def wanted(compare: Any, dataset: Dataset, split: Split) -> tuple[str, ...]:
    """The rivals asked for, each once, in the order of the list; "linear", which is always there, may be among them.

    Raises UsageError for a name that is not known, and RefusedError for a rival that these rows are too many for, or
    that cannot weigh them.
    """
    given = [compare] if isinstance(compare, str) else compare
    if not isinstance(given, Collection) or not all(isinstance(name, str) for name in given):
        raise UsageError(sentence("compare", f"a list of names such as {['gp', 'knn']}", compare))
    names = {name.strip().lower().replace("-", "_") for name in given}
    known = (*ALWAYS, *RIVALS)
    for name in sorted(names.difference(known)):
        meant = "hist_gradient_boosting" if any(word in name for word in TREES) else ""
        raise UsageError(unknown("model to compare with", name, known, meant=meant))
    chosen = tuple(name for name in RIVALS if name in names)
    for name in chosen:
        _check(name, dataset, len(split.train))
    return chosen


def _check(name: str, dataset: Dataset, rows: int) -> None:
    rival = RIVALS[name]
    numbers = dataset.target.kind == "regression"
    most = rival.most_rows[numbers]
    if most is not None and rows > most:
        kind = "numbers" if numbers else "classes"
        raise RefusedError(
            f"{name} compares on at most {most:,} training rows of {kind}, for {rival.because}; got {rows:,}. "
            f"Leave {name} out of compare, or train on fewer rows."
        )
    if dataset.weight is not None and not rival.weighs:
        able = ", ".join(other for other, found in RIVALS.items() if found.weighs)
        raise RefusedError(
            f"{name} cannot weigh rows, and the data has weights. Leave {name} out of compare; these can: {able}."
        )


def baselines(
    dataset: Dataset,
    data: Data,
    preparation: FittedPreparation,
    split: Split,
    compare: Sequence[str] = (),
    found: dict[str, Baseline] | None = None,
) -> dict[str, Baseline]:
    """The trivial, the linear and the rivals' answers to all rows, each fitted on the training rows alone.

    They are entered into `found` one by one, so that those already done remain where one is interrupted.
    """
    found = {} if found is None else found
    makers: dict[str, Callable[[], Array]] = {
        "trivial": lambda: trivial_answer(dataset.target, split.train, dataset.weight, dataset.n_samples),
        "linear": lambda: linear_answer(data, preparation, split.train),
        **{name: _rival_maker(name, data, preparation, split.train) for name in compare},
    }
    for name, make in makers.items():
        clock = time.perf_counter()
        answers, why = _made(make) if name in RIVALS else (make(), "")
        found[name] = Baseline(answers, time.perf_counter() - clock, why)
    return found


def _rival_maker(name: str, data: Data, preparation: FittedPreparation, train: Rows) -> Callable[[], Array]:
    return lambda: rival_answer(name, data, preparation, train)


def _made(make: Callable[[], Array]) -> tuple[Array | None, str]:
    """A rival's answers, or why there are none: the run itself must not be lost for them."""
    try:
        return make(), ""
    except (ArithmeticError, MemoryError, ValueError) as error:
        return None, " ".join(f"{type(error).__name__}: {error}".split())[:200]


def trivial_answer(target: Target, train: Rows, weight: Array | None, n: int) -> Array:
    """The best answer that looks at no input, for n rows: the class frequencies, or the mean, of the training rows."""
    numbers = target.values[train]
    if target.kind in ("binary", "classes"):
        numbers = one_hot(numbers, len(target.classes))
    w = np.ones(len(train)) if weight is None else weight[train]
    total = exact.total(w)
    mean = np.array([exact.total(w * column) / total for column in numbers.T])
    return np.tile(mean, (n, 1))


def linear_answer(data: Data, preparation: FittedPreparation, train: Rows) -> Array:
    """The answer of the best linear model to all rows: no hidden layer, trained to its minimum.

    L-BFGS finds that in rows of up to `FULL_NUMBERS` numbers; in more, Adam comes as near to it as matters in a
    fraction of the time. Of many training rows it sees `LINEAR_NUMBERS` numbers' worth.

    Classes take l2 = 0.01 / (total weight of the training rows) on the weights, scikit-learn's logistic regression
    with C=100: enough for separable classes to have a minimum, too little to spoil the model on a few rows. Labels
    share it, their losses being averaged.
    """
    rows = _evenly_spaced(data, train)
    total = len(rows) if data.weight is None else exact.total(data.weight[rows])
    labels = data.target.n_out if data.target.kind == "multilabel" else 1
    l2 = 0.0 if data.target.kind == "regression" else LINEAR_L2 / (total * labels)
    way = _by_lbfgs() if len(rows) * data.x.shape[1] <= FULL_NUMBERS else _by_adam(len(rows))
    recipe = Recipe.of(hidden=[], l2=l2, keep="last", **way).resolve(data.target)
    training = choose(recipe)[0].start([Member(recipe, preparation, rows)], data)
    training.advance()
    outputs = answered(training.predict, data.x, np.arange(len(data.x)))
    return answer(outputs, recipe.loss["name"], "identity", data.target, preparation)


def _by_lbfgs() -> dict[str, Any]:
    return {"optimizer": "lbfgs", "epochs": 100, "shuffle": "none"}


def _by_adam(rows: int) -> dict[str, Any]:
    epochs = max(LINEAR_PASSES, math.ceil(LINEAR_STEPS / math.ceil(rows / LINEAR_ROWS)))
    return {"optimizer": "adam", "lr": 0.003, "schedule": "cosine", "batch_size": LINEAR_ROWS, "epochs": epochs}


def _evenly_spaced(data: Data, train: Rows) -> Rows:
    """The training rows; as many of those with a weight as may be, evenly spaced, where all hold too many numbers."""
    most = max(LINEAR_NUMBERS // data.x.shape[1], 1)
    if len(train) > most and data.weight is not None:
        train = train[data.weight[train] > 0]
    return train[np.arange(most) * len(train) // most] if len(train) > most else train


def rival_answer(name: str, data: Data, preparation: FittedPreparation, train: Rows) -> Array:
    """The answer of a model of scikit-learn, fitted on the prepared training rows, to all rows.

    Several labels or numbers are fitted one by one. Raises ValueError or ArithmeticError where the model fails.
    """
    needed, target = 8 * data.x.size, data.target
    if needed > memory():
        raise MemoryError(f"the prepared rows need {in_words(needed)}, and data may take {in_words(memory())}")
    x = preparation.apply(data.x)
    weight = None if data.weight is None else data.weight[train]
    if target.kind in ("binary", "classes"):
        return _shares(RIVALS[name].classifier(len(train)), x, target.values, train, weight, len(target.classes))
    if target.kind == "multilabel":
        bits = target.values.astype(np.int64)
        columns = [_shares(RIVALS[name].classifier(len(train)), x, b, train, weight, 2)[:, 1] for b in bits.T]
        return np.stack(columns, axis=1)
    numbers = preparation.target_forward(target.values)
    fitted = [_fitted(RIVALS[name].regressor(len(train)), x[train], y[train], weight) for y in numbers.T]
    return preparation.target_inverse(np.stack([model.predict(x) for model in fitted], axis=1))


def _shares(model: Any, x: Array, codes: Rows, train: Rows, weight: Array | None, k: int) -> Array:
    """Class probabilities (n_samples, k), 0 for a class that no training row has."""
    seen = np.unique(codes[train])
    shares = np.zeros((len(x), k))
    if len(seen) == 1:
        shares[:, seen] = 1.0
    else:
        shares[:, seen] = _fitted(model, x[train], codes[train], weight).predict_proba(x)
    return shares


def _fitted(model: Any, x: Array, y: Array | Rows, weight: Array | None) -> Any:
    """The model, fitted; that the search for a Gaussian process's scales ends at a bound is no news to anyone."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, y) if weight is None else model.fit(x, y, sample_weight=weight)


def against(
    found: Mapping[str, Baseline], test: Target | None, answers: Array | None, rows: Rows, weight: Array | None
) -> dict[str, dict[str, Any]]:
    """For the record of a run, by model: the seconds it took, the interval (`low`, `high`) of the run's headline score
    on the test rows minus the model's, None where there is none, and `why` a model failed, else an empty text."""
    table = {}
    for name, baseline in found.items():
        between = None
        if test is not None and answers is not None and baseline.answers is not None:
            between = difference(test, answers, baseline.answers[rows], weight)
        low, high = between or (None, None)
        table[name] = {"seconds": baseline.seconds, "low": low, "high": high, "why": baseline.why}
    return table
