"""`multilayer predict`: a table in, a table out."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from multilayer import lab
from multilayer.arrays import Array
from multilayer.cli import screen, words
from multilayer.cli.saying import say
from multilayer.data.tables import read_rows, strangers
from multilayer.errors import UsageError
from multilayer.files import write_atomically
from multilayer.lab.run import Run
from multilayer.recipe.outputs import decided


def predict(
    name: str,
    file: Path,
    output: Path | None,
    *,
    proba: bool,
    carry: str | None,
    folder: Path,
    options: Mapping[str, Any],
) -> None:
    """Write the predictions for the rows of `file` as CSV, to `output` or to standard output; `carry` names its
    columns to put before them, `options` say how it is read."""
    run = lab.load_run(name, folder)
    if proba and run.target.kind == "regression":
        raise UsageError("--proba needs classes, but this run predicts numbers. Leave --proba out.")
    encoding, beside = run.preparation.encoding, words.list_of(carry or "")
    rows = read_rows(file, encoding, words.reading(options), reading=run.reading, carry=beside)
    answers = run.answer(rows.cells)
    text = as_csv(run, answers, rows.carried, proba=proba)
    if output is not None:
        _write(output, text)
    for sentence in strangers(rows.cells, encoding):
        say(sentence)
    if output is None:
        screen.put(text)
    else:
        say(f"{len(answers)} predictions written to {output}.")


def _write(output: Path, text: str) -> None:
    try:
        write_atomically(output, text.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"The predictions could not be written to {output}: {error.strerror}.") from None


def as_csv(run: Run, answers: Array, carried: Mapping[str, list[Any]], *, proba: bool) -> str:
    """The predictions under the target's name, behind columns carried along; with `--proba` a column a class."""
    predicted = decided(answers, run.target)
    columns = [f"{name} (predicted)" if name in carried else name for name in run.target.names]
    rows = predicted[:, None] if predicted.ndim == 1 else predicted
    if proba:
        labels = run.target.classes or run.target.names
        columns += [f"p({label})" for label in labels]
        rows = np.concatenate([rows.astype(object), answers.astype(object)], axis=1)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*carried, *columns])
    writer.writerows([*beside, *row] for *beside, row in zip(*carried.values(), rows.tolist(), strict=True))
    return text.getvalue()
