"""Fashion-MNIST from disk to 89 % test accuracy: total seconds.

Everybody reads the files, brings the pixels into [0, 1], trains epoch by epoch, and measures validation accuracy after
each. When it is the best so far, the test rows are scored; at 89 % the training ends. All of this is on the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import problems
from benchmarks.cases import Case
from benchmarks.peers.scikit import classifier
from benchmarks.problems import fashion_rows, prepared
from benchmarks.results import Ratio, Row
from benchmarks.timing import Call, Contender, Effort, compare, cores, thread_choices, threads_named
from benchmarks.work import LR
from multilayer.engines import Member, choose
from multilayer.recipe import Recipe

HIDDEN, BATCH, MOST_EPOCHS, AIM = (256, 128), 128, 40, 0.89
TRAIN = slice(0, 50_000)
VAL = slice(50_000, 60_000)
Score = Callable[[], float]


@dataclass(frozen=True)
class Epoch:
    """The validation accuracy after an epoch, and how to score the test rows."""

    val: float
    test: Score


Training = Callable[[int, int], Iterator[Epoch]]  # of seed and threads


def measured(case: Case, effort: Effort) -> Row:
    effort = replace(effort, fits=1 if effort.quick else 3, least=1 if effort.quick else 3)
    reached: dict[str, list[tuple[int, float]]] = {}
    theirs = {"pytorch": by_pytorch, "sklearn": by_scikit}[case.peer]
    name = {"pytorch": "PyTorch eager", "sklearn": "scikit-learn"}[case.peer]
    most = MOST_EPOCHS if problems.fashion_folder() else 2
    ours = [_contender("multilayer", by_ours, cores(), reached, most)]
    others = [_contender(name, theirs, threads, reached, most) for threads in thread_choices()]
    found = compare(ours, others, effort, amount=1)
    said = [_said(who, reached[who]) for who in ("multilayer", name)]
    note = "" if problems.fashion_folder() else "random rows, so 2 epochs only; "
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


def by_pytorch(seed: int, threads: int) -> Iterator[Epoch]:
    import torch
    from torch.nn import functional

    from benchmarks.peers.pytorch import network

    torch.manual_seed(seed)
    x, y, x_test, y_test = (torch.from_numpy(array) for array in _arrays())
    net = network((problems.PIXELS, *HIDDEN, problems.CLASSES))
    optimizer = torch.optim.Adam(net.parameters(), lr=LR, fused=True)

    def accuracy(x: torch.Tensor, y: torch.Tensor) -> float:
        with torch.inference_mode():
            return float((net(x).argmax(1) == y).float().mean())

    while True:
        order: Any = torch.randperm(TRAIN.stop)
        for rows in order.split(BATCH):
            loss: Any = functional.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        yield Epoch(accuracy(x[VAL], y[VAL]), lambda: accuracy(x_test, y_test))


def by_scikit(seed: int, threads: int) -> Iterator[Epoch]:
    x, y, x_test, y_test = _arrays()
    estimator = classifier(HIDDEN, BATCH, MOST_EPOCHS, random_state=seed)
    while True:
        estimator.partial_fit(x[TRAIN], y[TRAIN], classes=np.arange(problems.CLASSES))
        yield Epoch(estimator.score(x[VAL], y[VAL]), lambda: estimator.score(x_test, y_test))


def _arrays() -> tuple[Any, Any, Any, Any]:
    """Pixels in [0, 1], by the smallest and the largest value of each in the training rows, and codes."""
    x, y = fashion_rows("train")
    x_test, y_test = fashion_rows("t10k")
    low, high = x[TRAIN].min(axis=0).astype(np.float32), x[TRAIN].max(axis=0).astype(np.float32)
    factor = 1 / np.where(high > low, high - low, 1)
    both = [(pixels.astype(np.float32) - low) * factor for pixels in (x, x_test)]
    return both[0], y.astype(np.int64), both[1], y_test.astype(np.int64)


def _said(name: str, reached: list[tuple[int, float]]) -> str:
    return f"{name}: {fmean(n for n, _ in reached):.1f} epochs to {fmean(test for _, test in reached):.4f}"
