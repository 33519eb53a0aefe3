"""What stands around the network in a program that predicts, the same in NumPy, PyTorch and Keras: cells to features
before it, outputs to an answer behind it, and a table in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multilayer.data.column import REST
from multilayer.data.encoding import ColumnEncoding
from multilayer.data.tables.layout import MISSING_WORDS
from multilayer.engines.model import Model
from multilayer.errors import RefusedError
from multilayer.files.code import in_keras, in_pytorch, numpy_layers
from multilayer.files.code.chain import Link, chain
from multilayer.files.code.in_numpy import assembled, indented, weight_lines
from multilayer.files.code.lesson import LOADED, MOST_WEIGHTS
from multilayer.files.code.literals import WIDTH, array, docstring, listed, number, quoted, remark
from multilayer.files.code.program import Program
from multilayer.recipe.in_words import network_line

FRAMEWORKS = {"numpy": "NumPy", "pytorch": "PyTorch", "keras": "Keras", "c": "C"}
ENCODERS = {
    "number": [
        "def number(cell):",
        '    """The number, nan where the cell is empty."""',
        "    return [math.nan if cell in MISSING else float(cell)]",
    ],
    "boolean": [
        "def yes_no(cell):",
        '    """1 for true, 0 for false, nan where the cell is empty."""',
        '    known = {"true": 1.0, "1": 1.0, "1.0": 1.0, "false": 0.0, "0": 0.0, "0.0": 0.0}',
        "    return [math.nan if cell in MISSING else known[cell.lower()]]",
    ],
    "date": [
        "def days(cell):",
        '    """Days since 1970-01-01 of a date such as 2026-01-31, nan where the cell is empty."""',
        "    if cell in MISSING:",
        "        return [math.nan]",
        "    return [(datetime.fromisoformat(cell) - datetime(1970, 1, 1)) / timedelta(days=1)]",
    ],
    "category": [
        "def one_of(*categories, missing=False):",
        '    """Of a cell: 1 for its category and 0 for the others; with `missing`, a last feature for empty cells."""',
        "",
        "    def features(cell):",
        "        found = [float(cell == category) for category in categories]",
        "        return found + [float(cell in MISSING and not any(found))] * missing",
        "",
        "    return features",
    ],
}
SEVERAL = [
    "def several(encode, center, factor, *knots, gaps=False):",
    '    """Of a number: its place, within -3 and 3, how far it has come between knots, and whether it is missing."""',
    "",
    "    def features(cell):",
    "        x = encode(cell)[0]",
    "        z = min(max((x - center) * factor, -1e100), 1e100)",
    "        found = [z / math.sqrt(1 + (z / 3) ** 2)]",
    "        found += [min(max((x - a) / (b - a), 0.0), 1.0) for a, b in zip(knots, knots[1:])]",
    "        return found + [float(math.isnan(x))] * gaps",
    "",
    "    return features",
]
WITH_REST = [
    "    def features(cell):",
    f'        if cell not in (*categories, *MISSING) and "{REST}" in categories:',
    f'            cell = "{REST}"  # what all rare categories are',
]
CALLED = {"number": "number", "boolean": "yes_no", "date": "days"}


def predict(model: Model, language: str, source: str) -> Program:
    """A program that answers the rows of a table; `source` says what was trained on."""
    if model.own is not None:
        raise RefusedError("A network of your own is code already: no program can be written from a run of it.")
    links = chain(model.recipe.layers, model.n_in, model.weights)
    state = _state(links, language)
    prepared = _preparation(model)
    written = sum(value.size for value in [*state.values(), *prepared.values()]) <= MOST_WEIGHTS
    constants = [*_columns(model), *_classes(model), *_constants(prepared, written)]
    network = _network(links, language, written)
    answer = _answer(model, language)
    main = _main(model)
    made = [*encoders_of(model), *_modules(links, language), *numpy_layers.helpers([*network, *answer])]
    file = [] if written else LOADED
    text = "\n".join([*(line for lines in made for line in lines), *network, *answer, *file])
    header = _header(model, links, language, source, written)
    top = [header, _imports(text, language)]
    settings = _settings(model, language)
    after = [[*settings, *file], constants] if settings or file else [constants]
    functions = [network] if language == "numpy" else []
    weights = weight_lines(links, written=written, loaded="data") if language == "numpy" else network
    body = assembled(top, made, [*after, weights])
    rest = assembled([], [*functions, answer], [main])
    return Program(language, f"{body}\n{rest}", {} if written else {**state, **prepared})


def _state(links: Sequence[Link], language: str) -> dict[str, np.ndarray[Any, Any]]:
    if language == "pytorch":
        return in_pytorch.state_of(links)
    return in_keras.weights_of(links)


def _modules(links: Sequence[Link], language: str) -> list[list[str]]:
    if language == "numpy":
        return []
    return in_pytorch.modules(links) if language == "pytorch" else in_keras.layers(links)


def _settings(model: Model, language: str) -> list[str]:
    if model.recipe.dtype != "float64" or language == "numpy":
        return []
    return in_keras.DOUBLE if language == "keras" else ["torch.set_default_dtype(torch.float64)"]


def _network(links: Sequence[Link], language: str, written: bool) -> list[str]:
    """The network's own lines: a function in NumPy, the model and its weights elsewhere."""
    if language == "pytorch":
        state = in_pytorch.state_of(links)
        return [*in_pytorch.net_lines(links), *in_pytorch.loading(state, written=written), "net.eval()"]
    if language == "keras":
        return [*in_keras.model_lines(links), *in_keras.loading(in_keras.weights_of(links), written=written)]
    lines = [line for link in links for line in numpy_layers.forward(link, training=False)]
    shape = f"(n_samples, {links[-1].n_out})"
    said = f'    """The outputs {shape} for prepared inputs."""'
    return ["def network(x):", said, *indented(lines, 1), "    return y"]


def _imports(text: str, language: str) -> list[str]:
    standard = ["csv", "math", "sys"] if "math." in text else ["csv", "sys"]
    dates = ["from datetime import datetime, timedelta"] * ("datetime(" in text)
    path = ["from pathlib import Path"] * ("Path(" in text)
    own = {
        "numpy": ["import numpy as np"],
        "pytorch": ["import numpy as np", "import torch", "from torch import nn"],
        "keras": ["import keras", "import numpy as np"],
    }[language]
    return [*(f"import {name}" for name in standard), *dates, *path, "", *own]


def _header(model: Model, links: Sequence[Link], language: str, source: str, written: bool) -> list[str]:
    out = {
        "regression": "the number predicted for each row",
        "multilabel": "each label of a row, 0 or 1, and its probability",
    }.get(model.target.kind, "the class of each row and the probability of every class")
    return docstring(
        f"Answer rows with a multilayer perceptron trained on {remark(source)}, in {FRAMEWORKS[language]}.",
        f"{network_line([link.entry for link in links], model.n_in)}.",
        f"A table with a line of names comes in by standard input (python FILE.py < rows.csv); {out} goes out.",
        "" if written else "The .arrays.npz file beside this program holds the weights.",
    )


def _only_numbers(model: Model) -> bool:
    return all(column.as_it_is for column in model.preparation.encoding.columns)


def encoders_of(model: Model) -> list[list[str]]:
    """The functions that turn cells into features."""
    columns = model.preparation.encoding.columns
    made = [listed(map(quoted, sorted(MISSING_WORDS)), "MISSING = ", after="  # what is an empty cell")]
    for kind, lines in ENCODERS.items():
        if any(column.kind == kind for column in columns):
            rest = kind == "category" and any(REST in column.categories for column in columns)
            made.append([*lines[:3], *WITH_REST, *lines[4:]] if rest else lines)
    made += [SEVERAL] if any(column.numbers is not None for column in columns) else []
    return made


def _columns(model: Model) -> list[str]:
    """The columns by name, each with what turns its cells into features."""
    columns = model.preparation.encoding.columns
    names = [column.name for column in columns]
    if _only_numbers(model):
        if len(names) > 4 and names == [f"x{place}" for place in range(1, len(names) + 1)]:
            return [f'COLUMNS = {{f"x{{place}}": number for place in range(1, {len(names) + 1})}}']
        if len(names) > 4:
            return [*listed(map(quoted, names), "COLUMNS = dict.fromkeys(", "[]", ", number)")]
    said = [(f"{quoted(column.name)}: ", *_encoder(column)) for column in columns]
    short = [f"{name}{called}" + (f"({', '.join(given)})" if given else "") for name, called, given in said]
    line = f"COLUMNS = {{{', '.join(short)}}}"
    if len(line) <= WIDTH:
        return [line]
    lines: list[str] = []
    for name, called, given in said:
        lines += listed(given, f"{name}{called}", "()", ",", "    ") if given else [f"    {name}{called},"]
    return ["COLUMNS = {", *lines, "}"]


def _encoder(column: ColumnEncoding) -> tuple[str, list[str]]:
    """The function that encodes a column's cells: its name, and what makes it where it has to be made."""
    if column.numbers is not None:
        numbers = column.numbers
        told = [*map(number, (numbers.center, numbers.factor, *numbers.knots)), *["gaps=True"] * numbers.gaps]
        return "several", [CALLED[column.kind], *told]
    if column.kind != "category":
        return CALLED[column.kind], []
    return "one_of", [*map(quoted, column.categories), *(["missing=True"] if column.missing else [])]


def _classes(model: Model) -> list[str]:
    labels = model.target.classes
    if model.target.kind in ("binary", "classes"):
        return listed(map(quoted, labels), "CLASSES = ")
    return listed(map(quoted, model.target.names), "NAMES = ")


def _preparation(model: Model) -> dict[str, np.ndarray[Any, Any]]:
    """What the preparation needs; nothing for what it leaves as it is."""
    found, prep = {"FILL": model.preparation.fill}, model.preparation
    if prep.center.any() or (prep.factor != 1).any():
        found |= {"CENTER": prep.center, "FACTOR": prep.factor}
    if model.target.kind == "regression" and (prep.target_center.any() or (prep.target_factor != 1).any()):
        found |= {"TARGET_CENTER": prep.target_center, "TARGET_FACTOR": prep.target_factor}
    return found


def _constants(prepared: dict[str, np.ndarray[Any, Any]], written: bool) -> list[str]:
    notes = {"FILL": "  # for what is missing", "CENTER": "  # of the training rows"}
    if not written:
        return [f'{name} = data["{name}"]{notes.get(name, "")}' for name in prepared]
    lines: list[str] = []
    for name, value in prepared.items():
        if name == "FILL" and not value.any():
            lines += [f"FILL = np.zeros({value.size}){notes['FILL']}"]
        else:
            lines += array(value, f"{name} = np.array(", f"){notes.get(name, '')}")
    return lines


def _answer(model: Model, language: str) -> list[str]:
    """The function from features to the answer."""
    prepared = _preparation(model)
    centered = "(filled - CENTER) * FACTOR" if "CENTER" in prepared else "filled"
    cast = f"({centered})" if " " in centered else centered
    dtype = f".astype(np.{model.recipe.dtype})" if model.recipe.dtype == "float32" else ""
    outputs = {
        "numpy": ["y = network(x).astype(np.float64)"],
        "pytorch": ["with torch.no_grad():", "    y = net(torch.from_numpy(x)).double().numpy()"],
        "keras": ["y = model.predict(x, verbose=0).astype(np.float64)"],
    }[language]
    what = {"regression": "The numbers", "multilabel": "The probability of each label"}
    said = what.get(model.target.kind, "The probability of each class")
    return [
        "def answer(features):",
        f'    """{said} (n_samples, k) for features (n_samples, {model.n_in}), nan where one is missing."""',
        "    filled = np.where(np.isnan(features), FILL, features)",
        f"    x = {cast if dtype else centered}{dtype}",
        *indented(outputs, 1),
        *indented(_from_outputs(model), 1),
    ]


def _from_outputs(model: Model) -> list[str]:
    how, shares = model.answering, "np.where(total > 0, p / np.where(total > 0, total, 1), 1 / p.shape[1])"
    total = "total = p.sum(axis=1, keepdims=True)"
    match how:
        case "number" | "exponential" | "mean":
            y = {"exponential": "np.exp(y)", "mean": "y[:, : y.shape[1] // 2]"}.get(how, "y")
            scaled = "TARGET_CENTER" in _preparation(model)
            return [f"return {y} / TARGET_FACTOR + TARGET_CENTER" if scaled else f"return {y}"]
        case "softmax":
            return ["return softmax(y)"]
        case "shares":
            return ["p = y - np.minimum(y.min(axis=1, keepdims=True), 0)", total, f"return {shares}"]
        case "sigmoid shares":
            return ["p = sigmoid(y)", total, f"return {shares}"]
    p = "np.clip(y, 0, 1)" if how == "clipped" else "sigmoid(y)"
    one = model.target.kind == "binary" and chain(model.recipe.layers, model.n_in, {})[-1].n_out == 1
    return [f"p = {p}", "return np.hstack([1 - p, p])"] if one else [f"return {p}"]


def _main(model: Model) -> list[str]:
    """Standard input to standard output."""
    kind, name = model.target.kind, quoted(model.target.names[0])
    header, row = {
        "regression": ("NAMES", "p.tolist()"),
        "multilabel": (
            '[*NAMES, *(f"p({name})" for name in NAMES)]',
            "[*(int(one >= 0.5) for one in p), *p.tolist()]",
        ),
        "binary": (
            f'[{name}, *(f"p({{label}})" for label in CLASSES)]',
            "[CLASSES[int(p[1] >= p[0])], *p.tolist()]",
        ),
    }.get(kind, (f'[{name}, *(f"p({{label}})" for label in CLASSES)]', "[CLASSES[p.argmax()], *p.tolist()]"))
    return [
        'if __name__ == "__main__":',
        "    rows = [",
        "        [value for name, encode in COLUMNS.items() for value in encode(row[name].strip())]",
        "        for row in csv.DictReader(sys.stdin)",
        "    ]",
        '    writer = csv.writer(sys.stdout, lineterminator="\\n")',
        f"    writer.writerow({header})",
        f"    for p in answer(np.reshape(rows, (-1, {model.n_in}))):",
        f"        writer.writerow({row})",
    ]
