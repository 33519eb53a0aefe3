"""Prediction with scikit-learn: MLPClassifier.predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers.scikit import classifier, quietly
from benchmarks.timing import thread_choices

NAME = "scikit-learn"


def predictors(layers: Any, _count: int) -> list[tuple[str, int, Any]]:
    """(setting, threads, function from rows to labels)."""
    n_in, n_out = layers[0][0].shape[0], layers[-1][1].size
    estimator = classifier(tuple(b.size for _, b in layers[:-1]), batch=n_out, epochs=1)
    quietly(lambda: estimator.fit(np.zeros((n_out, n_in), dtype=np.float32), np.arange(n_out)))
    estimator.coefs_ = [W for W, _ in layers]
    estimator.intercepts_ = [b for _, b in layers]
    return [("predict", threads, estimator.predict) for threads in thread_choices()]
