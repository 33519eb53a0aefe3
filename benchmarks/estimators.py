"""The estimators on real tables beside their peers, on the same random splits: docs/estimators-measured.md.

    python -m benchmarks.estimators --data FOLDER                  every table, split and model that is not there yet
    python -m benchmarks.estimators --models mlp sklearn --splits 3
    python -m benchmarks.estimators --page                         the page anew from what was measured

Each split holds out a fifth of the rows, stratified for classes, and trains on at most 2,000 of the others; the model
sees nothing of the held-out rows. Every model has one thread, for beside other work two wait for each other: boosted
trees then take thirty times as long. One line a table, split and model in benchmarks/estimators.jsonl, kept as soon as
it is there; a model that fails has the reason in place of scores. The peers: pip install -e '.[peers]'.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.__main__ import allow_all_threads
from benchmarks.estimators_page import page

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "estimators.jsonl", HERE.parent / "docs" / "estimators-measured.md"
MOST_ROWS, MOST_TESTED = 2000, 10_000
CLASSES, NUMBERS = "classification", "regression"


@dataclass(frozen=True)
class Table:
    """A file in the folder of data (or a set that scikit-learn brings), and what kind of question it is."""

    name: str
    path: str
    kind: str
    target: str | None = None


TABLES = (
    *(Table(name, f"small/{name}.csv", CLASSES) for name in ("sonar", "pima-indians-diabetes", "breast-cancer")),
    Table("credit-g", "small/credit-g.arff.gz", CLASSES),
    Table("winequality-red, classes", "small/winequality-red.csv", CLASSES),
    Table("winequality-white, classes", "small/winequality-white.csv", CLASSES),
    Table("banknote_authentication", "small/banknote_authentication.csv", CLASSES),
    *(Table(name, f"pmlb/{name}.tsv.gz", CLASSES) for name in ("vowel", "yeast", "car", "spambase", "churn")),
    *(Table(name, f"pmlb/{name}.tsv.gz", CLASSES) for name in ("waveform_40", "texture", "nursery", "magic", "letter")),
    Table("adult", "adult/adult.data.gz", CLASSES),
    Table("mnist1d", "mnist1d/mnist1d.npz", CLASSES),
    *(Table(name, f"sklearn:{name}", CLASSES) for name in ("iris", "wine", "breast_cancer", "digits")),
    Table("diabetes", "sklearn:diabetes", NUMBERS),
    Table("abalone", "small/abalone.csv", NUMBERS),
    Table("winequality-red", "small/winequality-red.csv", NUMBERS),
    Table("winequality-white", "small/winequality-white.csv", NUMBERS),
    *(Table(name, f"uci-hl/{name}.tar.gz", NUMBERS) for name in ("yacht", "energy", "concrete", "power-plant")),
    Table("pol", "pmlb/201_pol.tsv.gz", NUMBERS),
    Table("california_housing", "california/california_housing.csv.gz", NUMBERS),
    Table("house_16H", "pmlb/574_house_16H.tsv.gz", NUMBERS),
    Table("diamonds", "diamonds/diamonds.csv.gz", NUMBERS, target="price"),
)


@dataclass(frozen=True, eq=False)
class Problem:
    """One table: a pandas frame with text and gaps as they are, the same as numbers alone, and the target."""

    frame: Any
    numbers: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    kind: str


def problem(table: Table, folder: Path) -> Problem:
    import pandas as pd
    import sklearn.datasets

    from multilayer.data import Dataset, Encoding
    from multilayer.data.tables import read

    if table.path.startswith("sklearn:"):
        bunch = getattr(sklearn.datasets, f"load_{table.path.partition(':')[2]}")()
        dataset = Dataset.from_arrays(bunch.data, bunch.target, kind=None if table.kind == CLASSES else "regression")
    else:
        options = {"target": table.target} if table.target else {}
        dataset = read(str(folder / table.path), kind=table.kind, **options).dataset
    cells = {}
    for column in dataset.columns:
        if column.kind == "category":
            words = np.array([*column.categories, None], dtype=object)
            cells[column.name] = pd.Series(words[column.values], dtype="object")
        else:
            cells[column.name] = pd.Series(column.values)
    matrix = np.asarray(Encoding.of(dataset).matrix(dataset), dtype=np.float64)
    filled = np.where(np.isnan(matrix), np.nanmean(matrix, axis=0), matrix)
    values = dataset.target.values
    return Problem(pd.DataFrame(cells), filled, values[:, 0] if values.ndim == 2 else values, table.kind)


def splits(p: Problem, count: int) -> Iterator[tuple[Any, Any]]:
    """Training and held-out rows."""
    from sklearn.model_selection import train_test_split

    for split in range(count):
        rows = np.arange(len(p.y))
        stratify = p.y if p.kind == CLASSES and np.bincount(p.y).min() > 1 else None
        train, test = train_test_split(rows, test_size=0.2, random_state=split, stratify=stratify)
        yield np.sort(train[:MOST_ROWS]), np.sort(test[:MOST_TESTED])


Maker = Callable[[Problem, int], tuple[Any, Any]]
"""From a problem and a seed to an estimator and the rows that it takes."""


def _scaled(make: Callable[[int], Any]) -> Callable[[Problem, int], tuple[Any, Any]]:
    def maker(p: Problem, seed: int) -> tuple[Any, Any]:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), make(seed)), p.numbers

    return maker


def _mlp(p: Problem, seed: int) -> tuple[Any, Any]:
    from multilayer.estimators import MLPClassifier, MLPRegressor

    make: Any = MLPClassifier if p.kind == CLASSES else MLPRegressor
    return _scaled(lambda s: make(random_state=s, n_jobs=1))(p, seed)


def _sklearn(p: Problem, seed: int) -> tuple[Any, Any]:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    make: Any = MLPClassifier if p.kind == CLASSES else MLPRegressor
    return _scaled(lambda s: make(random_state=s))(p, seed)


def _tabular(effort: str) -> Maker:
    def maker(p: Problem, seed: int) -> tuple[Any, Any]:
        from multilayer.estimators import TabularMLPClassifier, TabularMLPRegressor

        make: Any = TabularMLPClassifier if p.kind == CLASSES else TabularMLPRegressor
        return make(effort, random_state=seed, compare=False, n_jobs=1), p.frame

    return maker


def _typed(p: Problem) -> Any:
    """The frame with text as pandas' categories."""
    return p.frame.astype({name: "category" for name in p.frame if p.frame[name].dtype == object})


def _trees(p: Problem, seed: int) -> tuple[Any, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make: Any = HistGradientBoostingClassifier if p.kind == CLASSES else HistGradientBoostingRegressor
    return make(random_state=seed, categorical_features="from_dtype"), _typed(p)


def _lightgbm(p: Problem, seed: int) -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier, LGBMRegressor

    make: Any = LGBMClassifier if p.kind == CLASSES else LGBMRegressor
    return make(random_state=seed, n_jobs=1, verbose=-1), _typed(p)


def _catboost(p: Problem, seed: int) -> tuple[Any, Any]:
    from catboost import CatBoostClassifier, CatBoostRegressor

    words = [name for name in p.frame if p.frame[name].dtype == object]
    frame = p.frame.assign(**{name: p.frame[name].fillna("missing").astype(str) for name in words})
    make: Any = CatBoostClassifier if p.kind == CLASSES else CatBoostRegressor
    return make(random_seed=seed, thread_count=1, verbose=0, cat_features=words, allow_writing_files=False), frame


def _pytabkit(name: str) -> Maker:
    def maker(p: Problem, seed: int) -> tuple[Any, Any]:
        import pytabkit

        make = getattr(pytabkit, f"{name}_{'Classifier' if p.kind == CLASSES else 'Regressor'}")
        numeric = p.frame.select_dtypes("number")
        frame = _typed(p).assign(**{column: numeric[column].fillna(numeric[column].mean()) for column in numeric})
        return make(device="cpu", random_state=seed, n_threads=1, verbosity=0), frame

    return maker


MODELS: dict[str, Maker] = {
    "mlp": _mlp,
    "sklearn": _sklearn,
    "quick": _tabular("quick"),
    "good": _tabular("good"),
    "best": _tabular("best"),
    "hist_gradient_boosting": _trees,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "realmlp_td": _pytabkit("RealMLP_TD"),
    "tabm_d": _pytabkit("TabM_D"),
}


def measured(p: Problem, model: str, split: int, train: Any, test: Any) -> dict[str, Any]:
    """Scores on the held-out rows and the seconds of the fit and of the prediction."""
    from threadpoolctl import threadpool_limits

    estimator, X = MODELS[model](p, split)
    part = (lambda rows: X.iloc[rows]) if hasattr(X, "iloc") else (lambda rows: X[rows])
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        started, busy = time.perf_counter(), time.process_time()
        estimator.fit(part(train), p.y[train])
        seconds, processor = time.perf_counter() - started, time.process_time() - busy
        started = time.perf_counter()
        answers = estimator.predict_proba(part(test)) if p.kind == CLASSES else estimator.predict(part(test))
        predicting = time.perf_counter() - started
    times = {"seconds": seconds, "processor_seconds": processor, "seconds_predicting": predicting}
    return {**_scores(p, np.asarray(answers), estimator, test), **times}


def _scores(p: Problem, answers: Any, estimator: Any, test: Any) -> dict[str, float]:
    from sklearn.metrics import log_loss

    if p.kind == NUMBERS:
        return {"rmse": float(np.sqrt(np.mean((np.ravel(answers) - p.y[test]) ** 2)))}
    classes = np.asarray(estimator.classes_).astype(np.int64)
    probs = np.zeros((len(test), int(p.y.max()) + 1))
    probs[:, classes] = answers
    right = float(np.mean(classes[answers.argmax(axis=1)] == p.y[test]))
    clipped = np.clip(probs, 1e-15, None)
    clipped /= clipped.sum(axis=1, keepdims=True)
    return {"accuracy": right, "log_loss": float(log_loss(p.y[test], clipped, labels=np.arange(probs.shape[1])))}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.estimators", description="Estimators on real tables.")
    parser.add_argument("--data", type=Path, default=os.environ.get("MULTILAYER_DATA"), help="the folder of the data")
    parser.add_argument("--models", nargs="*", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--tables", nargs="*", help="these tables only")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    allow_all_threads()
    known = [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []
    kept = {(row["table"], row["split"], row["model"]) for row in known}
    with ROWS.open("a") as file:
        for table in () if asked.page else TABLES:
            if asked.tables and table.name not in asked.tables:
                continue
            wanted = [(s, m) for s in range(asked.splits) for m in asked.models if (table.name, s, m) not in kept]
            if not wanted:
                continue
            p = problem(table, asked.data)
            dealt = list(splits(p, asked.splits))
            for split, model in wanted:
                row = {
                    "table": table.name,
                    "kind": table.kind,
                    "split": split,
                    "model": model,
                    "rows": len(dealt[0][0]),
                }
                row["columns"] = p.frame.shape[1]
                try:
                    row |= measured(p, model, split, *dealt[split])
                except Exception as error:
                    row["failed"] = f"{type(error).__name__}: {error}"[:300]
                known.append({**row, "machine": machine.record()["processor"]})
                file.write(json.dumps(known[-1]) + "\n")
                file.flush()
            print(f"{table.name}: {len(wanted)} measured", flush=True)
    PAGE.write_text(page(known))
    print(f"Wrote {PAGE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
