"""Fashion-MNIST from disk with scikit-learn, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.fashion_mnist import BATCH, CLASSES, HIDDEN, TRAIN, VAL, Epoch, fashion_arrays
from benchmarks.peers.scikit import classifier

NAME = "scikit-learn"


def trained(seed: int, threads: int) -> Iterator[Epoch]:
    x, y, x_test, y_test = fashion_arrays()
    estimator = classifier(HIDDEN, BATCH, epochs=1, random_state=seed)
    while True:
        estimator.partial_fit(x[TRAIN], y[TRAIN], classes=np.arange(CLASSES))
        yield Epoch(estimator.score(x[VAL], y[VAL]), lambda: estimator.score(x_test, y_test))
