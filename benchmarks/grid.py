"""A search over 20 settings by 5 folds on the digits, end to end, against GridSearchCV on all cores."""

from __future__ import annotations

import itertools
from typing import Any, TypeAlias

import numpy as np
from sklearn import datasets
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.cases import Case
from benchmarks.peers.scikit import classifier, quietly
from benchmarks.results import Ratio, Row
from benchmarks.timing import Call, Contender, Effort, compare, cores, threads_named
from multilayer.data import Dataset, Encoding, Preparation, Splitting
from multilayer.engines import Data, Member, choose
from multilayer.recipe import Recipe

Best: TypeAlias = tuple[float, tuple[float, float]]  # mean validation accuracy, and its (lr, alpha)
FOLDS, BATCH, HIDDEN = 5, 200, 100
LRS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
ALPHAS = (0.0, 1e-3, 1e-1, 1.0)
"""As scikit-learn has them: its penalty is alpha/2 times the squared weights over the rows of a batch."""


def measured(case: Case, effort: Effort) -> Row:
    epochs = 4 if effort.quick else 50
    x, y = datasets.load_digits(return_X_y=True)
    x = x.astype(np.float32)
    best: dict[str, Best] = {}
    searched(x[:300], y[:300], 1)  # the processes that GridSearchCV works with stay from now on

    def of_ours(_: int) -> Call:
        return lambda: best.update(ours=population(x, y, epochs))

    def of_theirs(_: int) -> Call:
        return lambda: best.update(theirs=searched(x, y, epochs))

    threads = cores()
    ours = Contender("multilayer", f"one population, {threads_named(threads)}", threads, of_ours)
    theirs = Contender("scikit-learn GridSearchCV", f"{threads} processes", threads, of_theirs)
    found = compare([ours], [theirs], effort, amount=1)
    note = f"{epochs} epochs; best validation accuracy ours {best['ours'][0]:.4f}, theirs {best['theirs'][0]:.4f}"
    return case.row(times=Ratio.of(found), note=note)


def population(x: Any, y: Any, epochs: int) -> Best:
    """Every fold of every setting as a member."""
    dataset = Dataset.from_arrays(x, y)
    encoding = Encoding.of(dataset)
    data = Data.of(dataset, encoding)
    folds = Splitting(train=0.8, val=0.2, test=0.0).folds(dataset, FOLDS)
    prepared = [Preparation().fit(encoding, data.x, dataset.target, fold.train) for fold in folds]
    settings = list(itertools.product(LRS, ALPHAS))
    recipes = [_recipe(lr, alpha, epochs).resolve(dataset.target) for lr, alpha in settings]
    empty = np.empty(0, dtype=np.int64)
    members = [
        Member(recipe, fitted, fold.train, empty)
        for recipe in recipes
        for fold, fitted in zip(folds, prepared, strict=True)
    ]
    training = choose(recipes[0])[0].start(members, data, threads=cores())
    training.advance()
    scores = np.empty((len(settings), FOLDS))
    for member, (setting, fold) in enumerate(itertools.product(range(len(settings)), range(FOLDS))):
        rows = folds[fold].val
        codes = training.predict(data.x[rows], member).argmax(axis=1)
        scores[setting, fold] = (codes == dataset.target.values[rows]).mean()
    means = scores.mean(axis=1)
    return float(means.max()), settings[int(means.argmax())]


def searched(x: Any, y: Any, epochs: int) -> Best:
    """The same by scikit-learn."""
    pipeline = make_pipeline(StandardScaler(), classifier((HIDDEN,), BATCH, epochs))
    grid = {"mlpclassifier__learning_rate_init": LRS, "mlpclassifier__alpha": ALPHAS}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(pipeline, grid, cv=folds, n_jobs=-1, refit=False, scoring="accuracy")
    quietly(lambda: search.fit(x, y))
    lr, alpha = (float(search.best_params_[name]) for name in grid)
    return float(search.best_score_), (lr, alpha)


def _recipe(lr: float, alpha: float, epochs: int) -> Recipe:
    shared = {"activation": "relu", "optimizer": "adam", "schedule": "constant", "dtype": "float32", "keep": "last"}
    return Recipe.of(hidden=[HIDDEN], lr=lr, l2=alpha / BATCH, batch_size=BATCH, epochs=epochs, **shared)
