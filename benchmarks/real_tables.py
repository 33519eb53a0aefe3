"""Every real table with the command's defaults, beside four other models: docs/real-tables.md.

    python -m benchmarks.real_tables --data FOLDER             every table; FOLDER is MULTILAYER_DATA where left out
    python -m benchmarks.real_tables --only sonar adult        these again
    python -m benchmarks.real_tables --only                    none: the page anew from what was measured

Nothing is prepared by hand: a table is one path, and the options that its question needs. Each row is kept as soon as
it is there, in benchmarks/real_tables.jsonl; tables that stand there are not trained on again unless named.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.__main__ import allow_all_threads
from benchmarks.real_tables_page import page

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "real_tables.jsonl", HERE.parent / "docs" / "real-tables.md"


@dataclass(frozen=True)
class Table:
    """A file in the folder of data, and the arguments of `ml.train` that its question needs."""

    name: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict)


CLASSES, NUMBERS = {"kind": "classification"}, {"kind": "regression"}
TABLES = (
    Table("sonar", "small/sonar.csv"),
    Table("pima-indians-diabetes", "small/pima-indians-diabetes.csv"),
    Table("banknote_authentication", "small/banknote_authentication.csv"),
    Table("breast-cancer", "small/breast-cancer.csv"),
    Table("credit-g", "small/credit-g.arff.gz"),
    Table("winequality-red", "small/winequality-red.csv"),
    Table("winequality-white", "small/winequality-white.csv"),
    Table("two_spirals", "synthetic/two_spirals_194.csv"),
    Table("mnist1d", "mnist1d/mnist1d.npz"),
    Table("vowel", "pmlb/vowel.tsv.gz"),
    Table("yeast", "pmlb/yeast.tsv.gz"),
    Table("car", "pmlb/car.tsv.gz"),
    Table("spambase", "pmlb/spambase.tsv.gz"),
    Table("churn", "pmlb/churn.tsv.gz"),
    Table("waveform_40", "pmlb/waveform_40.tsv.gz"),
    Table("texture", "pmlb/texture.tsv.gz"),
    Table("nursery", "pmlb/nursery.tsv.gz"),
    Table("magic", "pmlb/magic.tsv.gz"),
    Table("letter", "pmlb/letter.tsv.gz", CLASSES),
    Table("adult", "adult/adult.data.gz", {"test": "adult/adult.test.gz"}),
    Table("abalone", "small/abalone.csv"),
    Table("winequality-red", "small/winequality-red.csv", NUMBERS),
    Table("winequality-white", "small/winequality-white.csv", NUMBERS),
    Table("yacht", "uci-hl/yacht.tar.gz"),
    Table("energy", "uci-hl/energy.tar.gz"),
    Table("concrete", "uci-hl/concrete.tar.gz"),
    Table("power-plant", "uci-hl/power-plant.tar.gz"),
    Table("pol", "pmlb/201_pol.tsv.gz", NUMBERS),
    Table("california_housing", "california/california_housing.csv.gz"),
    Table("house_16H", "pmlb/574_house_16H.tsv.gz"),
    Table("diamonds", "diamonds/diamonds.csv.gz", {"target": "price"}),
    Table("fashion-mnist", "fashion-mnist"),
)


def measured(table: Table, folder: Path) -> dict[str, Any]:
    """A row of the page as plain data; the models that refuse so many rows are left out, with what they say."""
    import multilayer as ml
    from multilayer.errors import RefusedError
    from multilayer.lab.baselines import RIVALS

    options = {name: str(folder / value) if name == "test" else value for name, value in table.options.items()}
    compare, refused = list(RIVALS), {}
    while True:
        try:
            run = ml.train(str(folder / table.path), compare=compare, **options)
        except RefusedError as error:
            name = str(error).split()[0]
            if name not in compare:
                raise
            compare.remove(name)
            refused[name] = str(error)
        else:
            return _row(table, run, refused)


def _row(table: Table, run: Any, refused: Mapping[str, str]) -> dict[str, Any]:
    metric = next(iter(run.scores["test"]))
    return {
        "name": table.name,
        "path": table.path,
        "options": dict(table.options),
        "rows": run.rows,
        "columns": len(run.preparation.encoding.columns),
        "features": run.preparation.encoding.n_features,
        "classes": len(run.target.classes) if metric == "accuracy" else 0,
        "metric": metric,
        "score": run.scores["test"][metric],
        "interval": run.intervals.get(metric),
        "status": run.status,
        "why": run.why,
        "seconds": run.seconds,
        "baselines": {name: scores["test"][metric] for name, scores in run.baselines.items()},
        "compared": run.compared,
        "refused": dict(refused),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.real_tables", description="Real tables with the defaults.")
    told = os.environ.get("MULTILAYER_DATA")
    parser.add_argument("--data", type=Path, default=told, required=not told, help="the folder of the data")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these tables, also where they were measured before")
    return parser.parse_args()


def key(row: Mapping[str, Any]) -> str:
    """What tells rows apart."""
    return json.dumps([row["path"], row["options"]], sort_keys=True)


def main() -> int:
    asked = arguments()
    allow_all_threads()
    kept = {key(row): row for row in map(json.loads, ROWS.read_text().splitlines())} if ROWS.exists() else {}
    for table in TABLES:
        place = key({"path": table.path, "options": dict(table.options)})
        if table.name not in asked.only if asked.only is not None else place in kept:
            continue
        clock = time.perf_counter()
        row = {**measured(table, asked.data), "machine": machine.record()}
        kept[place] = row
        ROWS.write_text("".join(f"{json.dumps(row)}\n" for row in kept.values()))
        print(f"{table.name}: {row['metric']} {row['score']:.3f}, {time.perf_counter() - clock:.0f} s", flush=True)
    order = [key({"path": table.path, "options": dict(table.options)}) for table in TABLES]
    PAGE.write_text(page([kept[place] for place in order if place in kept]))
    print(f"Wrote {PAGE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
