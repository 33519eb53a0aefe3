"""Small random trainings of every kind, and programs run as a reader would run them."""

from __future__ import annotations

import contextlib
import csv
import io
import random
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multilayer.data import Dataset, Splitting
from multilayer.files.code import Program
from multilayer.lab import Run, train

CLASS_LOSSES = ["auto", "log", "hinge", "squared_hinge", "squared_error", "cross_entropy", "max_margin"]
LOSSES = {
    "binary": CLASS_LOSSES,
    "classes": [*CLASS_LOSSES, {"name": "cross_entropy", "label_smoothing": 0.1}],
    "multilabel": ["auto", "log", "hinge", "squared_error"],
    "regression": ["auto", "absolute_error", {"name": "huber", "delta": 0.5}, "poisson", "gaussian_nll", "quantile"],
}
ACTIVATIONS = [
    *("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign"),
    *("ramp", "sine", "softmax", "identity"),
]
OPTIMIZERS = [
    *("sgd", "momentum", "nesterov", "adam", "adamw", "amsgrad", "adamax", "nadam", "rmsprop", "adagrad", "adadelta"),
    *("lion", {"name": "rmsprop", "centered": True, "momentum": 0.5}),
]
SCHEDULES = [
    *("constant", "cosine", {"name": "step", "every": 1, "factor": 0.5}, "exponential", "inverse_time", "one_cycle"),
    *("coslog4", {"name": "warm_up", "epochs": 1.5, "then": "cosine"}, {"name": "reduce_on_plateau", "patience": 0}),
]


def table(rng: random.Random, kind: str, rows: int) -> Dataset:
    """Numbers, often with a category and a boolean, sometimes missing cells, and a target of this kind."""
    colors, mixed, holes = ["red", "blé", "green"], rng.random() < 0.5, rng.random() < 0.5
    cells: list[list[Any]] = [[rng.gauss(3, 2), rng.gauss(0, 10)] for _ in range(rows)]
    if mixed:
        cells = [[*row, rng.choice(colors), rng.random() < 0.5] for row in cells]
    if holes:
        for row in cells[:: rng.randint(3, 5)]:
            row[rng.randrange(len(row))] = None
    y: Any = {
        "binary": lambda: [("no", "yes")[i % 2] for i in range(rows)],
        "classes": lambda: [("a", "b", "c")[i % 3] for i in range(rows)],
        "multilabel": lambda: [[i % 2, i // 2 % 2] for i in range(rows)],
        "regression": lambda: [[float(i % 7), float(i % 3)] for i in range(rows)],
    }[kind]()
    return Dataset.from_arrays(cells, np.array(y), kind=kind)  # type: ignore[arg-type]


def layers(rng: random.Random) -> list[Any]:
    """None to three hidden layers with whatever can stand between them."""
    found: list[Any] = [{"layer": "scale"}] if rng.random() < 0.2 else []
    for _ in range(rng.randint(0, 3)):
        if rng.random() < 0.2:
            found.append({"layer": "maxout", "units": rng.randint(1, 5), "pieces": rng.randint(1, 3)})
            continue
        frozen = rng.random() < 0.1
        found.append({"layer": "linear", "units": rng.randint(2, 6), "bias": rng.random() < 0.8, "frozen": frozen})
        if rng.random() < 0.3:
            found.append({"layer": rng.choice(["layer_norm", "batch_norm"]), "frozen": rng.random() < 0.2})
        found.append(rng.choice(ACTIVATIONS))
    return [*found, {"layer": "linear", "units": "auto", "bias": rng.random() < 0.9}]


def settings(rng: random.Random, kind: str) -> dict[str, Any]:
    """A recipe, most often with one or two settings out of the ordinary."""

    def some(share: float, **given: Any) -> dict[str, Any]:
        return given if rng.random() < share else {}

    return {
        "layers": layers(rng),
        "loss": rng.choice(LOSSES[kind]),
        "optimizer": rng.choice(OPTIMIZERS),
        "lr": rng.choice([0.003, 0.01]),
        "schedule": rng.choice(SCHEDULES),
        "batch_size": rng.choice([4, 7, "full"]),
        "shuffle": rng.choice(["full", "full", "none", "blocks:4"]),
        "epochs": rng.randint(1, 4),
        "dtype": rng.choice(["float32", "float64", "float64"]),
        **some(0.2, reduction="sum", lr=0.001),
        **some(0.2, l1=0.01),
        **some(0.2, l2=0.02),
        **some(0.2, weight_decay=0.1),
        **some(0.2, penalize_biases=True),
        **some(0.15, max_norm=0.8),
        **some(0.15, clip_value=0.1),
        **some(0.15, clip_norm=0.5),
    }


def random_run(seed: int) -> tuple[Run, Dataset]:
    """A short training of a random network on random rows."""
    rng = random.Random(seed)
    kind = rng.choice(["binary", "classes", "multilabel", "regression"])
    data = table(rng, kind, rng.randint(16, 30))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a divergence is a run like any other
        splitting = Splitting(train=1.0, val=0.0, test=0.0)
        return train(data, seed=seed, splitting=splitting, **settings(rng, kind)), data


def executed(program: Program, folder: Path, rows: str = "") -> tuple[str, dict[str, Any]]:
    """What a Python program prints when it is saved and run in this process, and its names afterwards."""
    place = program.save(folder / f"program_{program.language}.py")
    names: dict[str, Any] = {"__name__": "__main__", "__file__": str(place)}
    printed, before = io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(rows)
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            if program.language == "keras":  # which hands NumPy tensors of PyTorch in a way that goes out of use
                warnings.simplefilter("ignore", DeprecationWarning)
            exec(compile(place.read_text(encoding="utf-8"), str(place), "exec"), names)
    finally:
        sys.stdin = before
    return printed.getvalue(), names


def compiled(program: Program, folder: Path, rows: str) -> str:
    """What a program in C prints for these rows; it must compile without a warning."""
    place = program.save(folder / "program.c")
    strict = ["-Wall", "-Wextra", "-Werror", "-std=c99", "-pedantic"]
    subprocess.run(["cc", *strict, place, "-lm", "-o", folder / "program"], check=True)
    return subprocess.run([folder / "program"], input=rows, capture_output=True, text=True, check=True).stdout


def losses(printed: str) -> list[float]:
    """The losses of a program that trains."""
    lines = [line.split() for line in printed.splitlines()]
    assert [int(number) for number, _ in lines] == list(range(1, len(lines) + 1))
    return [float(loss) for _, loss in lines]


def as_csv(run: Run, cells: Sequence[Sequence[Any]]) -> str:
    """Rows as a Python program reads them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in run.preparation.encoding.columns])
    writer.writerows([["" if cell is None else cell for cell in row] for row in cells])
    return text.getvalue()


def as_numbers(run: Run, cells: Sequence[Sequence[Any]]) -> str:
    """Rows as a program in C reads them."""
    return "".join(" ".join(_numbers(run, row)) + "\n" for row in cells)


def _numbers(run: Run, row: Sequence[Any]) -> list[str]:
    found = []
    for column, cell in zip(run.preparation.encoding.columns, row, strict=True):
        if cell is None:
            found.append("nan")
        elif column.kind == "category":
            found.append(str(column.categories.index(cell) if cell in column.categories else -1))
        else:
            found.append(repr(float(cell)))
    return found


def table_of(printed: str) -> list[list[str]]:
    """The cells below the header of what a Python program printed."""
    return list(csv.reader(io.StringIO(printed)))[1:]


def words_of(printed: str) -> list[list[str]]:
    """The words of each line of what a program in C printed."""
    return [line.split() for line in printed.splitlines()]


def answers(rows: Sequence[Sequence[str]], k: int) -> np.ndarray[Any, Any]:
    """The numbers at the end of every row."""
    return np.array([[float(cell) for cell in row[-k:]] for row in rows])


def said(run: Run, language: str, cells: Any, folder: Path) -> np.ndarray[Any, Any]:
    """What a program that predicts answers to these rows."""
    program, k = run.code(language, "predict"), run.answer(cells).shape[1]  # type: ignore[arg-type]
    if language == "c":
        return answers(words_of(compiled(program, folder, as_numbers(run, cells))), k)
    return answers(table_of(executed(program, folder, as_csv(run, cells))[0]), k)
