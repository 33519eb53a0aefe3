"""docs/real-tables.md from the rows that benchmarks.real_tables measured."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from benchmarks.markdown import table

Row: TypeAlias = Mapping[str, Any]

MODELS = {"linear": "linear", "gp": "Gaussian process", "hist_gradient_boosting": "boosted trees", "knn": "neighbors"}
FLAGS = {"classification": "`--classification`", "regression": "`--regression`"}
HEAD = """# Real tables

What `multilayer train FILE` reaches with its defaults, nothing prepared by hand, beside four other models on the same
rows. This page is written by `python -m benchmarks.real_tables --data FOLDER`; the files are no part of the project.

Every file is read, split (60/20/20, or by its own test rows), prepared and trained as the command does it, with one
seed; the options are those that the question needs and nothing else. A score is that of the test rows, which nothing
was chosen by; behind it stands its 95 % interval. Behind each score stand the seconds of training. The other models
are those of [`--compare`](report.md#comparing), with scikit-learn's defaults; none of them was tuned either, and none
uses the validation rows. *Over 1,000 rows* means that the model is not compared on so many training rows.
"""


def page(rows: Sequence[Row]) -> str:
    """The page, in Markdown."""
    classes = [row for row in rows if row["metric"] == "accuracy"]
    numbers = [row for row in rows if row["metric"] != "accuracy"]
    parts = [
        HEAD,
        "## Classes: accuracy\n",
        _table(classes, " / classes"),
        "## Numbers: R²\n",
        _table(numbers),
        "## Where another model is better\n",
        _losses(rows),
        "## Measured on\n",
        _machines(rows),
    ]
    return "\n".join(parts)


def _table(rows: Sequence[Row], classes: str = "") -> str:
    headings = ["data", "train / test rows", f"columns{classes}", "multilayer", *MODELS.values()]
    lines = []
    for row in rows:
        counts = f"{row['rows']['train']:,} / {row['rows']['test']:,}"
        columns = f"{row['columns']} / {row['classes']}" if classes else str(row["columns"])
        lines.append([_called(row), counts, columns, _own(row), *(_other(row, name) for name in MODELS)])
    return table(headings, lines)


def _called(row: Row) -> str:
    """The table's name, with the options that its question needs."""
    return f"{row['name']} {_options(row)}".strip()


def _options(row: Row) -> str:
    said = row["options"]
    words = [FLAGS[value] if name == "kind" else f"`--{name} {value.split('/')[-1]}`" for name, value in said.items()]
    return " ".join(words)


def _own(row: Row) -> str:
    low, high = row["interval"] or (None, None)
    between = "" if low is None else f" [{low:.3f}, {high:.3f}]"
    return f"**{row['score']:.3f}**{between} {_seconds(row['seconds'])}"


def _other(row: Row, name: str) -> str:
    if name in row["refused"]:
        most = re.search(r"at most ([\d,]+) training rows", row["refused"][name])
        return f"over {most[1]} rows" if most else row["refused"][name]
    compared = row["compared"][name]
    if compared["why"]:
        return f"failed: {compared['why']}"
    return f"{row['baselines'][name]:.3f} {_seconds(compared['seconds'])}"


def _seconds(value: float) -> str:
    return f"({value:.2g} s)" if value < 10 else f"({value:.0f} s)"


def _losses(rows: Sequence[Row]) -> str:
    """The models whose score is higher by more than the 95 % interval of the difference allows for."""
    lines = []
    for row in rows:
        for name, words in MODELS.items():
            compared = row["compared"].get(name, {})
            if compared.get("high") is not None and compared["high"] < 0:
                less = f"{-compared['high']:.3f} to {-compared['low']:.3f}"
                what = "accuracy" if row["metric"] == "accuracy" else "R²"
                lines.append(f"- **{_called(row)}**: {words}, by {less} of {what}.\n")
    said = "The 95 % interval of the difference on the test rows lies below zero here, and nowhere else:\n\n"
    return said + "".join(lines) if lines else "On no table does the interval of a difference lie below zero.\n"


def _machines(rows: Sequence[Row]) -> str:
    def told(machine: Mapping[str, Any]) -> str:
        versions = machine["versions"]
        names = ", ".join(f"{name} {versions[name]}" for name in ("multilayer", "numpy", "scikit-learn"))
        return (
            f"- {machine['processor']}, {machine['cores']} cores and as many threads for every model, "
            f"{machine['memory_gib']:g} GiB, {machine['system']}; {machine['instruction_set']}; "
            f"Python {machine['python']}, {names}; {machine['date'][:10]}\n"
        )

    loads = [row["machine"]["load"] for row in rows]
    busy = f"- The machine had other work too: a load of {min(loads):.1f} to {max(loads):.1f}\n"
    return "".join(dict.fromkeys(told(row["machine"]) for row in rows)) + busy
