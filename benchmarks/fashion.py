"""Fashion-MNIST from disk to 89 % test accuracy: total seconds.

Everybody reads the files, brings the pixels into [0, 1], trains epoch by epoch, and measures validation accuracy after
each. When it is the best so far, the test rows are scored; at 89 % the training ends. All of this is on the clock.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.fashion_mnist import BATCH, HIDDEN, TRAIN, VAL, Epoch, fashion_folder, fashion_rows
from benchmarks.problems import prepared
from benchmarks.results import Ratio, Row
from benchmarks.timing import Call, Contender, Effort, compare, cores, thread_choices, threads_named
from benchmarks.work import LR
from multilayer.engines import Member, choose
from multilayer.recipe import Recipe

MOST_EPOCHS, AIM = 40, 0.89

PEERS = {"pytorch": "benchmarks.peers.pytorch_fashion", "sklearn": "benchmarks.peers.scikit_fashion"}
Training = Callable[[int, int], Iterator[Epoch]]  # of seed and threads


def measured(case: Case, effort: Effort) -> Row:
    effort = replace(effort, fits=1 if effort.quick else 3, least=1 if effort.quick else 3)
    reached: dict[str, list[tuple[int, float]]] = {}
    peer = importlib.import_module(PEERS[case.peer])
    most = MOST_EPOCHS if fashion_folder() else 2
    ours = [_contender("multilayer", by_ours, cores(), reached, most)]
    others = [_contender(peer.NAME, peer.trained, threads, reached, most) for threads in thread_choices()]
    found = compare(ours, others, effort, amount=1)
    said = [_said(who, reached[who]) for who in ("multilayer", peer.NAME)]
    note = "" if fashion_folder() else "random rows, so 2 epochs only; "
    return case.row(times=Ratio.of(found), note=note + "; ".join(said))


def _contender(name: str, training: Training, threads: int, reached: dict[str, Any], most: int) -> Contender:
    """A training a block, each under the next seed."""
    seeds = iter(range(1_000))

    def ready(_: int) -> Call:
        seed = next(seeds)
        return lambda: reached.setdefault(name, []).append(to_aim(training(seed, threads), most))

    return Contender(name, threads_named(threads), threads, ready)


def to_aim(training: Iterator[Epoch], most: int) -> tuple[int, float]:
    """The number of epochs until the weights chosen by validation reach the aim, and what they reach on test."""
    best, test = -1.0, 0.0
    for number, epoch in enumerate(training, start=1):
        if epoch.val > best:
            best, test = epoch.val, epoch.test()
        if test >= AIM or number == most:
            break
    return number, test


def by_ours(seed: int, threads: int) -> Iterator[Epoch]:
    x, y = fashion_rows("train")
    rows = np.arange(len(x), dtype=np.int64)
    problem = prepared("Fashion-MNIST", x, y, train=rows[TRAIN], val=rows[VAL])
    x_test, y_test = fashion_rows("t10k")
    settings: dict[str, Any] = {"activation": "relu", "optimizer": "adam", "lr": LR, "schedule": "constant"}
    recipe = Recipe.of(hidden=list(HIDDEN), batch_size=BATCH, epochs=MOST_EPOCHS, monitor="accuracy", **settings)
    recipe = recipe.resolve(problem.data.target)
    member = Member(recipe, problem.fitted, problem.train, problem.val, seed=seed)
    training = choose(recipe)[0].start([member], problem.data, threads=threads)
    encoded = x_test.astype(np.float64)

    def test() -> float:
        return float((training.predict(encoded).argmax(axis=1) == y_test).mean())

    while training.status() == "training":
        yield Epoch(float(training.advance(epochs=1)["val_accuracy"][0, -1]), test)


def _said(name: str, reached: list[tuple[int, float]]) -> str:
    return f"{name}: {fmean(n for n, _ in reached):.1f} epochs to {fmean(test for _, test in reached):.4f}"
