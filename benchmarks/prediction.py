"""Predicted labels from Python: one row, and a million, of a network trained on the digits.

All contenders have the same weights, take the raw float32 rows and give labels. For the peers the preparation of the
inputs is folded into the first layer, so that it costs them nothing.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import datasets

import multilayer as ml
from benchmarks.cases import Case
from benchmarks.results import Ratio, Row
from benchmarks.table import duration
from benchmarks.timing import Call, Contender, Effort, compare, cores, median_seconds, threads_named
from multilayer import lab

Matrix = npt.NDArray[np.float32]
Layers = list[tuple[Matrix, Matrix]]
Predict = Callable[[Matrix], Any]
MILLION = 1_000_000


PEERS = {
    "pytorch": "benchmarks.peers.pytorch_predict",
    "sklearn": "benchmarks.peers.scikit_predict",
    "onnx": "benchmarks.peers.onnx_runtime",
}


def measured(case: Case, effort: Effort) -> Row:
    million = case.unit == "million rows"
    x = rows(MILLION if million else 1)
    session, run = trained()
    peer: Any = importlib.import_module(PEERS[case.peer])
    predictors = peer.predictors(folded(run), len(x))
    check(run, predictors)
    theirs = [_contender(peer.NAME, setting, threads, predict, x) for setting, threads, predict in predictors]
    ours = _contender(f"multilayer {session.engine.name}", "run.predict", cores(), run.predict, x)
    found = compare([ours], theirs, effort, amount=1 if million else None)
    below = median_seconds(lambda: session.training.predict(x), 1 if million else 200)
    note = f"the engine's own predict: {duration(below)}"
    return case.row(times=Ratio.of(found), note=note, more={"engine_seconds": below})


@functools.cache
def trained() -> tuple[lab.Session, ml.Run]:
    """A network for the digits, as the engine has it and as a run."""
    x, y = datasets.load_digits(return_X_y=True)
    session = lab.Session(lab.ask(x, y, hidden=[128, 128], epochs=5))
    session.training.advance()
    return session, session.finish(with_baselines=False)[0]


@functools.cache
def rows(count: int) -> Matrix:
    """Digits over and over, in float32."""
    x = datasets.load_digits().data.astype(np.float32)
    return np.ascontiguousarray(x[np.arange(count) % len(x)])


def folded(run: ml.Run) -> Layers:
    """The weights and biases in order, the preparation of the inputs within the first layer."""
    places = sorted({int(name.partition(".")[0]) for name in run.weights})
    layers = [(run.weights[f"{place}.W"], run.weights[f"{place}.b"]) for place in places]
    W, b = (array.astype(np.float64) for array in layers[0])
    center, factor = run.preparation.center, run.preparation.factor
    layers[0] = factor[:, None] * W, b - (center * factor) @ W
    return [(W.astype(np.float32), b.astype(np.float32)) for W, b in layers]


def check(run: ml.Run, predictors: Sequence[tuple[str, int, Predict]]) -> None:
    """Refuse to compare what does not predict the same labels."""
    x = rows(1797)
    expected = run.predict(x)
    for setting, _, predict in predictors:
        agree = float((np.asarray(predict(x)) == expected).mean())
        if agree < 0.999:
            raise RuntimeError(f"{setting} predicts other labels than multilayer: {agree:.4f} of them agree.")


def _contender(name: str, setting: str, threads: int, predict: Predict, x: Matrix) -> Contender:
    def ready(calls: int) -> Call:
        for _ in range(3):
            predict(x[:10_000])

        def call() -> None:
            for _ in range(calls):
                predict(x)

        return call

    return Contender(name, f"{setting}, {threads_named(threads)}", threads, ready)
