"""`train` and `fit`: a question asked and answered in one call."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from multilayer.constraints import Real, check
from multilayer.data import Preparation, Splitting
from multilayer.errors import UsageError, sentence
from multilayer.lab.asking import ask
from multilayer.lab.live_curve import LiveCurve, in_notebook
from multilayer.lab.run import Run
from multilayer.lab.session import Session
from multilayer.nn import Sequential


class DivergenceWarning(UserWarning):
    """A training left the finite numbers; the run says at which step, and keeps its last good weights."""


def train(
    data: Any,
    target: Any = None,
    *,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    time_limit: float | None = None,
    live: bool = True,
    **asked: Any,
) -> Run:
    """Train a network and return the run.

    `data` is the name of a task ("moons", "moons(noise=0.3)", "sin(x)"), the path of a table, a frame with
    `target=`, or X with y behind it. A target of text, of true and false, of two distinct numbers, or of at most 20
    distinct whole numbers is classes, any other is numbers to predict; `kind` ("binary", "classes", "multilabel",
    "regression") overrules that. Other arguments: `recipe` (a Recipe, its data, or the path of a .toml or .json file),
    `splitting` or `split_seed`, `prepare` ("standardize", "center", "minmax", "none" or a Preparation), `weights`
    set by hand, `compare` (such as ["gp", "hist_gradient_boosting", "knn"]: models of scikit-learn, fitted on the same
    rows and kept in the run's `baselines`), and every setting of `Recipe.of`: hidden, activation, loss, optimizer, lr,
    epochs, l2, ... After `time_limit` seconds the training ends with the epoch it is in. In a notebook a training of
    more than half a second draws its learning curve while it runs, unless `live=False`.

    Raises a UsageError for whatever cannot be meant. A training that diverges warns and returns the run with status
    "diverged"; one that is interrupted from the keyboard returns what it had.

    >>> run = train("xor", hidden=[4], activation="tanh", lr=0.1, epochs=100)
    >>> run.predict([[0, 1], [1, 1]])
    array([1, 0])
    """
    how: dict[str, Any] = {"engine": engine, "threads": threads, "time_limit": time_limit, "live": live}
    return train_seeds(data, target, seeds=[seed], **how, **asked)[0]


def train_seeds(
    data: Any,
    target: Any = None,
    *,
    seeds: Iterable[int],
    engine: str = "auto",
    threads: int | None = None,
    time_limit: float | None = None,
    live: bool = True,
    **asked: Any,
) -> list[Run]:
    """Train one network for each seed, as one population; arguments as for `train`.

    >>> [run.question.seed for run in train_seeds("xor", seeds=range(3), epochs=1)]
    [0, 1, 2]
    """
    if not isinstance(seeds, Iterable):
        raise UsageError(sentence("seeds", "several whole numbers such as range(5)", seeds))
    question = ask(data, target, seeds=tuple(seeds), **asked)
    session = Session(question, engine=engine, threads=threads, time_limit=time_limit)
    try:
        _advance(session, live=live)
    except KeyboardInterrupt:
        warnings.warn("The training was interrupted; the run holds what it had.", stacklevel=2)
    runs = session.finish()
    for run in runs:
        if run.status == "diverged":
            warnings.warn(f"Diverged: {run.why}.", DivergenceWarning, stacklevel=3)
    return runs


def _advance(session: Session, *, live: bool) -> None:
    """Train to the end, drawing the curve in a notebook."""
    curve = LiveCurve(session.asked.recipe.epochs) if live and in_notebook() else None
    if curve is None and session.time_limit is None:
        session.training.advance()
        return
    try:
        for history in session:
            if curve is not None:
                curve.watch(history)
    finally:
        if curve is not None:
            curve.close()


def fit(net: Sequential, X: Any, y: Any, *, seed: int = 0, val: float = 0.0, **settings: Any) -> Run:
    """Train a network of your own in place, layers or a loss of your own included; returns the run.

    `loss` may be any callable as in `nn.losses`. A run of layers and a loss of this version can be stored like any
    other; one with your own cannot, since they are code. Inputs and numbers are not prepared unless `prepare` says so.
    `val` is the share of rows kept for validation; other arguments are the training settings of `Recipe.of`
    (optimizer, lr, epochs, ...).

    >>> from multilayer.nn import Linear, Sequential, Tanh
    >>> net = Sequential(Linear(2, 4), Tanh(), Linear(4, 1), seed=0)
    >>> run = fit(net, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], lr=0.1, epochs=100)
    >>> run.predict([[0, 1], [1, 1]])
    array([1, 0])
    """
    for name in ("splitting", "engine", "network", "weights", "recipe"):
        if name in settings:
            raise UsageError(f"fit decides {name} itself: leave it out, or use train.")
    check(Real(0, 1, open_high=True), val, "val")
    splitting = Splitting(train=1.0 - val, val=val, test=0.0)
    settings.setdefault("prepare", Preparation(inputs="none", target="none"))
    if not isinstance(net, Sequential):
        raise UsageError(sentence("net", "a Sequential, such as Sequential(Linear(2, 1))", net))
    return train((X, y), seed=seed, engine="reference", network=net, splitting=splitting, **settings)
