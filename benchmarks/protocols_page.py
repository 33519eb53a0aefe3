"""docs/protocols.md from the rows that benchmarks.protocols measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.markdown import table

HEAD = """# Published protocols, repeated

What others have published of multilayer perceptrons on public data, and what the estimators reach under the same
protocol. This page is written by `python -m benchmarks.protocols --data FOLDER`; the files are no part of the project.

Behind a mean stands its standard error over splits or seeds; behind a published figure what its source gives as such.
*Reached* says whether ours is better, or within two of the two standard errors together.
"""


def page(rows: Sequence[Mapping[str, Any]]) -> str:
    """The page, in Markdown."""
    head = ["data", "measure", "published", "ours", "reached", "by", "processor seconds"]
    lines = []
    for row in rows:
        scores = np.array(row["scores"])
        mean, error = float(scores.mean()), float(scores.std(ddof=1) / math.sqrt(len(scores)))
        away = mean - row["published"] if row["metric"] == "RMSE" else row["published"] - mean
        reached = "better" if away < 0 else "yes" if away <= 2 * math.hypot(error, row["error"]) else "**no**"
        figures = [f"{row['published']:g} ± {row['error']:g}", f"{mean:.4g} ± {error:.2g} ({len(scores)})"]
        lines.append(
            [row["name"], row["metric"], *figures, reached, f"`{row['ours']}`", f"{row['processor_seconds']:.0f}"]
        )
    sources = "".join(f"- {row['name']}: {row['source']}\n" for row in rows)
    machines = sorted({str(row["machine"]["processor"]) for row in rows})
    return "\n".join(
        [HEAD, table(head, lines), "## Sources\n", sources, "## Measured on\n", "".join(f"- {m}\n" for m in machines)]
    )
