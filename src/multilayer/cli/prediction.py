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
from multilayer.data.tables import read_rows
from multilayer.errors import UsageError
from multilayer.files import write_atomically
from multilayer.lab.run import Run
from multilayer.recipe.outputs import decided


def predict(
    name: str, file: Path, output: Path | None, *, proba: bool, folder: Path, options: Mapping[str, Any]
) -> None:
    """Write the predictions for the rows of `file` as CSV, to `output` or to standard output; `options` say how it is
    read."""
    run = lab.load_run(name, folder)
    if proba and run.target.kind == "regression":
        raise UsageError("--proba needs classes, but this run predicts numbers. Leave --proba out.")
    rows = read_rows(file, run.preparation.encoding, words.reading(options))
    text = as_csv(run, run.answer(rows), proba=proba)
    if output is None:
        screen.put(text)
        return
    try:
        write_atomically(output, text.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"The predictions could not be written to {output}: {error.strerror}.") from None
    say(f"{text.count(chr(10)) - 1} predictions written to {output}.")


def as_csv(run: Run, answers: Array, *, proba: bool) -> str:
    """The predictions under the target's name, with `--proba` a column a class."""
    predicted = decided(answers, run.target)
    columns = list(run.target.names)
    rows = predicted[:, None] if predicted.ndim == 1 else predicted
    if proba:
        labels = run.target.classes or run.target.names
        columns += [f"p({label})" for label in labels]
        rows = np.concatenate([rows.astype(object), answers.astype(object)], axis=1)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows.tolist())
    return text.getvalue()
