"""Programs written from runs are run, and agree with the runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import multilayer as ml
from multilayer.data import Dataset
from multilayer.data.encoding import ColumnEncoding, Encoding
from multilayer.data.number_features import NumberFeatures
from multilayer.engines.model import Model
from multilayer.errors import RefusedError, UsageError
from multilayer.files.code import in_c, in_keras, in_numpy, in_pytorch, numpy_losses, numpy_optimizers, predicting
from multilayer.files.code.literals import number, quoted, quoted_in_c
from multilayer.lab import Run
from multilayer.nn import Linear, Sequential
from multilayer.recipe import Recipe
from tests.files import runs
from tests.files.lessons import (
    answers,
    as_csv,
    as_numbers,
    compiled,
    executed,
    losses,
    random_run,
    said,
    table_of,
    words_of,
)
from tests.scale import cases

MANY = {"numpy": 16, "pytorch": 6, "keras": 2, "c": 8}
"""Random networks in an ordinary test; each takes Keras seconds."""
LANGUAGES = ("numpy", "pytorch", "keras", "c")
HOSTILE = (
    '"""\nraise SystemExit(9)\n"""',
    "*/ int x = ; /*",
    "it's \\",
    "{x!r} %s",
    "\u202eabc",
    "??/",
    "a,b\tc",
    "é" * 70,
)


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    yield
    _precision_again()


def needs(language: str) -> None:
    """Skip where this machine cannot run a program in the language."""
    if language == "keras":
        os.environ.setdefault("KERAS_BACKEND", "torch")
    if language in ("keras", "pytorch"):
        module = {"pytorch": "torch"}.get(language, language)
        pytest.importorskip(module, reason=f"{module} is not installed")
    if language == "c" and not shutil.which("cc"):
        pytest.skip("there is no C compiler")


def disagreement(run: Run, program: Any, folder: Path) -> float:
    """How far the losses of a program are from the run's, beside the largest of these."""
    printed, _ = executed(program, folder)
    wanted = run.history["loss"]
    return float(np.abs(losses(printed) - wanted).max() / np.abs(wanted).max())


@pytest.mark.parametrize("language", ["numpy", "pytorch", "keras"])
def test_random_trainings_have_the_losses_of_the_run(language, tmp_path, figure):
    needs(language)
    refused, ties, worst = 0, 0, 0.0
    for seed in range(cases(normal=MANY[language], accept=200)):
        run, data = random_run(seed)
        try:
            program = run.code(language, data=data)
        except RefusedError:
            refused += 1
            continue
        off = disagreement(run, program, tmp_path)
        _precision_again()
        if off >= (1e-5 if run.question.recipe.dtype == "float64" else 1e-4):
            assert a_tie_may_decide(run.question.recipe, language), (seed, run.question.recipe)
            ties += 1
        else:
            worst = max(worst, off)
    assert ties <= 4
    assert refused <= (0 if language == "numpy" else 0.5 * MANY[language] + 90)
    figure(f"largest difference of losses, {language}", worst)


def a_tie_may_decide(recipe: Recipe, language: str) -> bool:
    """Lion takes the sign of what may cancel to nothing but rounding, and Keras shares a derivative among equal pieces
    of a maxout, as all are where no unit below is active."""
    maxout = any(entry["layer"] == "maxout" for entry in recipe.layers)
    return bool(recipe.optimizer["name"] == "lion" or (maxout and language == "keras"))


def _precision_again() -> None:
    """A program sets the precision for itself; here the next one shares its process."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_default_dtype(sys.modules["torch"].float32)
    if "keras" in sys.modules:
        sys.modules["keras"].config.set_floatx("float32")
        sys.modules["keras"].config.set_dtype_policy("float32")


@pytest.mark.parametrize("language", LANGUAGES)
def test_random_networks_answer_as_the_run(language, tmp_path, figure):
    needs(language)
    worst = 0.0
    for seed in range(cases(normal=MANY[language], accept=200)):
        run, data = random_run(seed)
        cells = rows_of(data)
        wanted = run.answer(cells)
        off = np.abs(said(run, language, cells, tmp_path) - wanted).max() / max(1.0, np.abs(wanted).max())
        exact = run.question.recipe.dtype == "float64" and language != "keras"  # on PyTorch it takes rows as float32
        assert off < (1e-9 if exact else 2e-5), (seed, run.question.recipe)
        worst = max(worst, float(off))
        _precision_again()
    figure(f"largest difference of answers, {language}", worst)


def rows_of(data: Dataset) -> list[list[Any]]:
    """The dataset's cells, and a row of what was never seen."""
    found: list[list[Any]] = []
    for column in data.columns:
        missing = column.missing
        shown = (
            [column.categories[code] for code in column.values] if column.kind == "category" else column.values.tolist()
        )
        values = [bool(one) if column.kind == "boolean" else one for one in shown]
        found.append([None if gap else value for gap, value in zip(missing, values, strict=True)])
    unseen = ["purple" if column.kind == "category" else None for column in data.columns]
    return [*map(list, zip(*found, strict=True)), unseen]


@pytest.mark.parametrize("language", ["numpy", "pytorch", "c"])
@pytest.mark.parametrize("name", ["table", "large numbers", "multilabel", "boolean classes", "diverged", "by hand"])
def test_runs_of_every_kind_answer_alike(name, language, tmp_path):
    needs(language)
    run, cells = runs.run(name), runs.rows(name)
    cells = cells if isinstance(cells, list) else cells.tolist()
    wanted = run.answer(cells)
    assert np.allclose(said(run, language, cells, tmp_path), wanted, rtol=2e-6, atol=2e-6)


def test_the_labels_are_the_runs(tmp_path):
    run, cells = runs.run("table"), runs.rows("table")
    wanted = run.predict(cells).tolist()
    table, _ = executed(run.code("numpy", "predict"), tmp_path, as_csv(run, cells))
    assert [row[0] for row in table_of(table)] == wanted
    lines = compiled(run.code("c"), tmp_path, as_numbers(run, cells))
    assert [row[0] for row in words_of(lines)] == wanted


@pytest.mark.parametrize("language", ["numpy", "c"])
def test_numbers_that_become_several_features(language, tmp_path):
    X = np.array([[0.5, 2.0], [np.nan, -1.0], [3.0, 5.0], [1.0, 0.25], [-2.0, 7.0]])
    data = Dataset.from_arrays(X, ["a", "b", "c", "a", "b"])
    fitted = [NumberFeatures.fitted(X[:, 0], 3, gaps=True), NumberFeatures.fitted(X[:, 1], 1)]
    columns = [ColumnEncoding(f"x{i + 1}", "number", (), False, one) for i, one in enumerate(fitted)]
    encoding = Encoding(tuple(columns))
    preparation = ml.Preparation().fit(encoding, encoding.encode(data), data.target, np.arange(5))
    recipe = ml.Recipe.of(hidden=[3], dtype="float64").resolve(data.target, 5)
    net = Sequential(Linear(encoding.n_features, 3), *_relu(), Linear(3, 3), seed=1)
    model = Model(recipe, preparation, data.target.take([]), net.get_weights(), "reference")
    program, run = predicting(model, language, "x"), type("Asked", (), {"preparation": preparation})
    cells = [[None if np.isnan(cell) else cell for cell in row] for row in X.tolist()]
    if language == "c":
        rows = words_of(compiled(program, tmp_path, as_numbers(run, cells)))
    else:
        rows = table_of(executed(program, tmp_path, as_csv(run, cells))[0])
    assert np.allclose(answers(rows, 3), model.answer(X), atol=1e-12)


def _relu() -> list[Any]:
    from multilayer.nn import ReLU

    return [ReLU()]


def test_large_weights_stand_in_a_file_beside(tmp_path):
    run = ml.train("digits", hidden=[16], epochs=1)
    program = run.code("numpy", "predict")
    assert set(program.arrays) == {"W1", "b1", "W2", "b2", "FILL", "CENTER", "FACTOR"}
    assert repr(program) == f"Program(numpy, {program.text.count(chr(10))} lines, 7 arrays beside it)"
    cells = np.random.default_rng(0).uniform(0, 16, (5, 64)).tolist()
    assert np.allclose(said(run, "numpy", cells, tmp_path), run.answer(cells), atol=1e-6)
    training = run.code("pytorch")
    assert set(training.arrays) == {"inputs", "targets", "orders", "0.weight", "0.bias", "2.weight", "2.bias"}
    assert disagreement(run, training, tmp_path) < 1e-5


@pytest.mark.parametrize("language", ["numpy", "pytorch"])
def test_other_random_numbers_are_said(language, tmp_path):
    run = ml.train("moons", hidden=[8], dropout=0.3, noise=0.1, epochs=4)
    program = run.code(language)
    title = " ".join(program.text.split('"""')[1].split())
    assert "the random numbers of dropout and noise are others here, so the curves agree in shape only." in title
    found = losses(executed(program, tmp_path)[0])
    assert found[-1] < found[0]
    assert np.allclose(found, run.history["loss"], rtol=0.3)


def test_the_last_weights_are_the_runs_too(tmp_path):
    run = ml.train("wine", hidden=[5], norm="batch", keep="last", epochs=3, dtype="float64")
    _, names = executed(run.code("numpy"), tmp_path)
    for name, own in {"W1": "0.W", "b1": "0.b", "mean1": "1.running_mean", "variance1": "1.running_var"}.items():
        assert np.allclose(names[name], run.weights[own], rtol=1e-9), name


@pytest.mark.parametrize(
    ("where", "key", "of"),
    [
        (numpy_optimizers.RULES, "adam", numpy_optimizers.RULES["adamax"]),
        (
            numpy_losses.PER_ELEMENT,
            "sigmoid_cross_entropy",
            ([], "softplus(y) - target * y", "0.99 * sigmoid(y) - target"),
        ),
        (in_pytorch.ACTIVATIONS, "tanh", "Softsign"),
    ],
    ids=["optimizer", "slope", "activation"],
)
def test_a_planted_defect_is_found(where, key, of, monkeypatch, tmp_path):
    run = ml.train("moons", hidden=[4], activation="tanh", epochs=2)
    language = "pytorch" if where is in_pytorch.ACTIVATIONS else "numpy"
    needs(language)
    assert disagreement(run, run.code(language), tmp_path) < 1e-5
    monkeypatch.setitem(where, key, of)
    assert disagreement(run, run.code(language), tmp_path) > 1e-4


def test_a_planted_order_is_found(monkeypatch, tmp_path):
    run = ml.train("moons", hidden=[4], epochs=2)
    monkeypatch.setattr("multilayer.files.code.lesson.epoch_order", lambda n, **_: np.arange(n))
    assert disagreement(run, run.code("numpy"), tmp_path) > 1e-4


@pytest.mark.parametrize("language", ["numpy", "pytorch", "c"])
def test_names_cannot_break_out(language, tmp_path):
    needs(language)
    X = [[HOSTILE[i % 8], float(i % 5), HOSTILE[(i + 1) % 3]] for i in range(16)]
    labels = [HOSTILE[i % 8] for i in range(16)]
    data = Dataset.from_arrays(X, labels, names=[HOSTILE[0], HOSTILE[1], HOSTILE[2]])
    run = ml.train(data, hidden=[3], epochs=20, splitting=runs.ALL_TRAIN)
    program = predicting(run.model, language, f"{HOSTILE[0]}{HOSTILE[1]}{HOSTILE[5]}")
    wanted = run.predict(X).tolist()
    if language == "c":
        printed = compiled(program, tmp_path, as_numbers(run, X))
        assert all(line.startswith(label) for line, label in zip(_lines(printed, wanted), wanted, strict=True))
        return
    printed, _ = executed(program, tmp_path, as_csv(run, X))
    assert [row[0] for row in table_of(printed)] == wanted
    assert "\u202e" not in program.text
    executed(run.code(language, data=data), tmp_path)


def _lines(printed: str, labels: list[str]) -> list[str]:
    """The output divided where the labels stand, which may have line feeds themselves."""
    found = []
    for label in labels:
        start = len(label) + printed[len(label) :].index("\n") + 1
        found.append(printed[:start])
        printed = printed[start:]
    return found


def test_literals_are_read_back_to_the_bit():
    rng = np.random.default_rng(3)
    for kind in (np.float32, np.float64):
        values = (rng.normal(size=2000) * 10.0 ** rng.integers(-30, 30, 2000)).astype(kind)
        assert all(kind(float(number(value))) == value for value in values)
    for text in HOSTILE:
        assert eval(quoted(text)) == text
    assert quoted_in_c("??/\n\0") == '"\\077\\077\\057\\012\\000"'


def test_the_programs_pass_ruff(tmp_path):
    ruff = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))
    if not ruff:
        pytest.skip("ruff is not installed")
    for seed in range(12):
        run, data = random_run(seed)
        for language in ("numpy", "pytorch", "keras"):
            run.code(language, "predict").save(tmp_path / f"{language}_predict_{seed}.py")
            try:
                run.code(language, data=data).save(tmp_path / f"{language}_train_{seed}.py")
            except RefusedError:
                continue
    done = subprocess.run([ruff, "check", "--isolated", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def trained(**settings: Any) -> Run:
    return ml.train("moons", hidden=[3], epochs=2, **settings)


@pytest.mark.parametrize(
    ("settings", "language", "sentence"),
    [
        ({"optimizer": "lamb"}, "numpy",
         "optimizer=lamb cannot be said in a few lines of NumPy. Train with adam, or ask for what=predict."),
        ({"optimizer": "lbfgs"}, "pytorch",
         "optimizer=lbfgs is not in PyTorch as it is here. Train with adam, or ask for what=predict."),
        ({"optimizer": "nadam"}, "keras", "optimizer=nadam is not in Keras as it is here. Ask for numpy or pytorch."),
        ({"optimizer": "momentum", "schedule": "cosine"}, "keras",
         "The momentum of optimizer=momentum holds the learning rate in Keras, so that a schedule acts otherwise. "
         "Ask for numpy or pytorch."),
        ({"clip_value": 1.0, "clip_norm": 1.0}, "keras",
         "Keras clips by value or by norm, not by both. Ask for numpy or pytorch."),
        ({"norm": "batch", "batch_size": 1}, "pytorch",
         "PyTorch normalizes no batch of one row, and the last batch of this run has one. Ask for numpy or keras."),
    ],
)  # fmt: skip
def test_what_cannot_be_said_simply_is_refused(settings, language, sentence):
    with pytest.raises(RefusedError) as refused:
        trained(**settings).code(language)
    assert str(refused.value) == sentence


def test_other_sentences(tmp_path):
    run = trained()
    for asked, sentence in {
        ("torch", None): "There is no language 'torch'. Did you mean 'pytorch'? Known: c, keras, numpy, pytorch.",
        ("numpy", "learn"): "There is no kind of program 'learn'. Known: predict, train.",
        ("c", "train"): "A program in C predicts; for one that trains ask for numpy, pytorch or keras.",
    }.items():
        with pytest.raises(UsageError) as refused:
            run.code(*asked)
        assert str(refused.value) == sentence
    with pytest.raises(RefusedError, match=r"^This run was not trained, so no program trains it again\. Ask for what"):
        runs.run("by hand").code("numpy")
    with pytest.raises(UsageError, match=r"^This program is saved as \.c, got '.*m\.py'\.$"):
        run.code("c").save(tmp_path / "m.py")
    with pytest.raises(UsageError, match=r"^The program could not be saved as .*m\.py: No such file or directory\.$"):
        run.code("numpy").save(tmp_path / "none" / "m.py")
    own = ml.fit(Sequential(Linear(1, 1), Linear(1, 1), Sequential(Linear(1, 1))), [[0.0], [1.0]], [0.0, 1.0], epochs=1)
    with pytest.raises(RefusedError, match=r"^A network of your own is code already: no program can be written"):
        own.code("c")


def test_weights_that_are_too_many_for_c(monkeypatch):
    monkeypatch.setattr(in_c, "MOST_NUMBERS", 10)
    with pytest.raises(RefusedError) as refused:
        trained().code("c")
    assert str(refused.value) == (
        "A program in C carries its weights in its text, and 13 are too many for that (at most 10). "
        "Ask for numpy or pytorch."
    )


def test_every_activation_and_every_loss_is_known():
    from multilayer.nn import ACTIVATIONS
    from multilayer.nn.losses import LOSSES

    layers = {"identity", "prelu", "step", "sine"}
    assert set(ACTIVATIONS) == {"identity", "prelu", *in_numpy.numpy_layers.ACTIVATIONS}
    assert set(ACTIVATIONS) - layers <= {*in_pytorch.ACTIVATIONS, "leaky_relu", "elu", "softmax"}
    assert set(ACTIVATIONS) - layers <= {*in_keras.ACTIVATIONS, "leaky_relu", "elu"}
    assert set(ACTIVATIONS) - {"identity", "prelu", "softmax"} == set(in_c.ACTIVATIONS)
    assert set(LOSSES) == {*in_pytorch.LOSSES, *in_pytorch.LONGER_LOSSES} == set(in_keras.LOSSES)


def test_the_page_shows_the_programs_of_its_run():
    """docs/code.md; its losses are those of the native engine, the same on every machine."""
    page = (Path(__file__).parents[2] / "docs" / "code.md").read_text(encoding="utf-8")
    run = ml.train("xor", hidden=[4], activation="tanh", lr=0.1, epochs=100)
    if run.engine["name"] != "native":
        pytest.skip("the native engine is not built")
    for language in ("numpy", "keras"):
        assert f"```python\n{run.code(language).text}```" in page
