"""Whole models as ONNX files: the predictions of ONNX Runtime beside ours, and the model back to the last bit."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from multilayer.data import Dataset, Encoding, Preparation
from multilayer.engines import Data
from multilayer.engines.model import Model
from multilayer.errors import ModelFileError, RefusedError, UsageError
from multilayer.estimators import TabularMLPRegressor
from multilayer.files import export_onnx, import_onnx
from multilayer.nn import Linear, Sequential
from multilayer.recipe.layers import LAYERS
from tests.estimators.tables import small_efforts
from tests.files.networks import Case, case, far_apart, feeds, model_with
from tests.scale import cases

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")

TOLERANCE = {"float32": 2e-5, "float64": 1e-12}
"""Of the largest output, or of 1: products are summed in another order, and functions rounded by another library."""
OPTIONS: dict[str, dict[str, Any]] = {
    "linear": {"units": 5},
    "maxout": {"units": 5, "pieces": 3},
    "dropout": {"p_drop": 0.5},
}


def answered(path: Any, asked: Case) -> dict[str, Any]:
    """What ONNX Runtime says, by the name of the output."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, feeds(session, asked))
    return dict(zip([output.name for output in session.get_outputs()], found, strict=True))


def difference(path: Any, asked: Case) -> float:
    """How far apart the numbers or probabilities of ONNX Runtime and ours are."""
    found, expected = answered(path, asked), asked.model.answer(asked.rows)
    numbers = found.get("prediction", found.get("probabilities"))
    return far_apart(numbers, expected[:, 0] if np.ndim(numbers) == 1 else expected)


def without_doubt(probabilities: Any) -> Any:
    """Rows in which no rounding decides."""
    two = np.sort(probabilities, axis=1)[:, -2:]
    return (two[:, 1] - two[:, 0] > 1e-4) & (np.abs(probabilities - 0.5) > 1e-4).all(axis=1)


@pytest.mark.parametrize("number", range(cases(normal=20, accept=200)))
def test_random_networks_there_and_back(number, tmp_path):
    asked = case(number)
    path = export_onnx(asked.model, tmp_path / "model.onnx")
    onnx.checker.check_model(str(path), full_check=True)
    assert difference(path, asked) < TOLERANCE[asked.dtype.name]
    found, expected = answered(path, asked), asked.model.answer(asked.rows)
    if "label" in found:
        sure = without_doubt(expected)
        assert found["label"][sure].tolist() == asked.model.predict(asked.rows)[sure].tolist()
    back = import_onnx(path)
    assert (back.recipe, back.arithmetic) == (asked.model.recipe, asked.model.arithmetic)
    assert (back.target.kind, back.target.names) == (asked.model.target.kind, asked.model.target.names)
    assert repr(back.target.classes) == repr(asked.model.target.classes)
    assert back.answer(asked.rows).tobytes() == expected.tobytes()
    assert export_onnx(back, tmp_path / "again.onnx").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer(kind, dtype, tmp_path):
    model = model_with([{"layer": kind, **OPTIONS.get(kind, {})}], dtype)
    rows = np.random.default_rng(1).normal(scale=3, size=(50, 4)).astype(np.float32)
    asked = Case(model, rows.tolist())
    assert difference(export_onnx(model, tmp_path / "model.onnx"), asked) < TOLERANCE[dtype]


@pytest.mark.parametrize("kind", ["sigmoid", "softplus", "elu", "gelu", "mish", "softsign", "tanh", "silu", "selu"])
def test_activations_stay_finite_far_out(kind, tmp_path):
    for dtype in TOLERANCE:
        model = model_with([kind], dtype)
        asked = Case(model, [[0.0, -1e4, 1e4, 30.0], [-30.0, 1e-4, 700.0, -700.0]])
        assert difference(export_onnx(model, tmp_path / "model.onnx"), asked) < TOLERANCE[dtype]


def _planted(path: Any, change: Any) -> None:
    """Change the constants of a file by name."""
    model = onnx.load(path)
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor).copy() for tensor in model.graph.initializer}
    change(arrays)
    del model.graph.initializer[:]
    model.graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in arrays.items())
    onnx.save(model, path)


def _transposed(arrays: Any) -> None:
    arrays["0.W"] = np.ascontiguousarray(arrays["0.W"].T)


def _swapped_scale(arrays: Any) -> None:
    arrays["preparation/factor"] = 1 / arrays["preparation/factor"]


def _swapped_statistics(arrays: Any) -> None:
    arrays["1.running_mean"], arrays["1.running_var"] = arrays["1.running_var"], arrays["1.running_mean"]


def _no_fill(arrays: Any) -> None:
    arrays["preparation/fill"] = arrays["preparation/fill"] * 0


@pytest.mark.parametrize("defect", [_transposed, _swapped_scale, _swapped_statistics, _no_fill])
def test_a_planted_defect_is_seen(defect, tmp_path):
    rows = np.random.default_rng(0).normal(2.0, 3.0, size=(30, 4))
    rows[::7, 1] = np.nan
    dataset = Dataset.from_arrays(rows, rows[:, 0])
    encoding = Encoding.of(dataset)
    fitted = Preparation().fit(encoding, Data.of(dataset, encoding).x, dataset.target, np.arange(30))
    model = model_with([{"layer": "linear", "units": 4}, "batch_norm", "tanh"])
    asked = Case(dataclasses.replace(model, preparation=dataclasses.replace(fitted, **_two_targets())), rows.tolist())
    path = export_onnx(asked.model, tmp_path / "model.onnx")
    assert difference(path, asked) < TOLERANCE["float32"]
    _planted(path, defect)
    assert not difference(path, asked) <= 100 * TOLERANCE["float32"]  # a root of a negative variance is NaN


def _two_targets() -> dict[str, Any]:
    return {"target_center": np.zeros(2), "target_factor": np.ones(2)}


def test_what_the_file_says_of_itself(tmp_path):
    asked = next(
        c for c in map(case, range(100)) if [k.kind for k in c.model.preparation.encoding.columns].count("category")
    )
    model = onnx.load(export_onnx(asked.model, tmp_path / "model.onnx"))
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17), ("ai.onnx.ml", 3)]
    assert (model.ir_version, model.producer_name) == (8, "multilayer")
    assert len(model.graph.input) == len(asked.model.preparation.encoding.columns)
    for value, column in zip(model.graph.input, asked.model.preparation.encoding.columns, strict=True):
        assert value.doc_string.startswith(f"{column.name}: ")
        assert value.type.tensor_type.elem_type == onnx.TensorProto.STRING or column.kind != "category"


def test_a_column_far_from_zero_is_taken_in_float64(tmp_path):
    """Thousandths of a second beside a clock of 10^9 seconds: float32 holds steps of 64 seconds there."""
    rows = 1e9 + np.arange(40.0)[:, None] / 1000
    dataset = Dataset.from_arrays(rows, rows[:, 0] * 2)
    encoding = Encoding.of(dataset)
    fitted = Preparation().fit(encoding, Data.of(dataset, encoding).x, dataset.target, np.arange(40))
    target = dataset.target.take([])
    net = Sequential(Linear(1, 1), seed=1, dtype="float32")
    small = model_with([], n_in=1)
    recipe = dataclasses.replace(small.recipe, layers=({**small.recipe.layers[0], "units": 1},))
    asked = Case(Model(recipe, fitted, target, net.get_weights(), "reference"), rows.tolist())
    path = export_onnx(asked.model, tmp_path / "model.onnx")
    found = answered(path, asked)["prediction"]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, asked.model.predict(rows), atol=1e-6 * rows.std(), rtol=0)


@pytest.mark.parametrize("scale", [1.0, 1e40, 1e-40])
def test_knots_and_sizes_that_float32_cannot_tell_are_taken_in_float64(scale, monkeypatch, tmp_path):
    small_efforts(monkeypatch)
    draw = np.random.default_rng(0)
    rows = draw.uniform(0, 2, size=(80, 2))
    rows[:40, 0] = 1 + draw.normal(size=40) * 1e-7
    rows *= scale
    model = TabularMLPRegressor("quick", compare=False).fit(rows, draw.normal(size=80)).models_[0]
    path = export_onnx(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [given.type for given in session.get_inputs()] == ["tensor(double)"]
    assert difference(path, Case(model, rows.tolist())) < TOLERANCE["float32"]


def refused(path: Any, **options: Any) -> str:
    with pytest.raises((ModelFileError, RefusedError, UsageError)) as error:
        import_onnx(path, **options)
    return str(error.value)


@pytest.fixture
def written(tmp_path):
    return export_onnx(model_with([3, "relu"]), tmp_path / "model.onnx")


def test_files_that_cannot_be_read(written, tmp_path):
    assert refused(tmp_path / "no.onnx") == (
        f"The ONNX file {tmp_path / 'no.onnx'} could not be read: No such file or directory."
    )
    assert refused(tmp_path) == f"The ONNX file {tmp_path} could not be read: it is not a file."
    for content in (b"", b"not a model", written.read_bytes()[:200]):
        (tmp_path / "odd.onnx").write_bytes(content)
        assert refused(tmp_path / "odd.onnx") == (
            f"The file {tmp_path / 'odd.onnx'} is not an ONNX model, or it is damaged."
        )


def test_a_file_changed_since_is_refused(written):
    _planted(written, lambda arrays: arrays.update({"0.W": arrays["0.W"] * 2}))
    assert refused(written) == (
        f"The ONNX file {written} was changed after multilayer wrote it. Export the model again, and do not change it."
    )


def _document(path: Any, change: Any, *, sign: bool = True) -> None:
    """Change the document in a file; signed anew, as somebody could who wants to do harm."""
    from multilayer.files.onnx.writing import digest

    model = onnx.load(path)
    document = json.loads(model.metadata_props[0].value)
    change(document)
    if sign:
        document.pop("digest")
        document["digest"] = digest(document, model.graph)
    model.metadata_props[0].value = json.dumps(document)
    onnx.save(model, path)


def test_a_newer_format_is_said(written):
    _document(written, lambda document: document.update(format=2), sign=False)
    assert refused(written) == (
        f"The ONNX file {written} has format 2, newer than format 1 of this version. Upgrade multilayer to read it."
    )


def test_a_recipe_that_asks_for_more_than_the_file_holds(written):
    def harm(document: Any) -> None:
        document["recipe"]["layers"].insert(0, {**document["recipe"]["layers"][-1], "units": 10**9})

    _document(written, harm)
    assert refused(written) == (
        f"The ONNX file {written} holds no model that this version can read: "
        "its network has more weights than it holds."
    )
    _document(written, lambda document: document.update(target=3))
    assert refused(written) == (
        f"The ONNX file {written} holds no model that this version can read: something in it is missing or odd."
    )


def test_what_the_file_says_itself_is_not_said_again(written):
    assert refused(written, kind="classes") == (
        f"The ONNX file {written} says itself what its outputs are: leave kind and classes out."
    )


def test_code_of_ones_own_has_no_operator(tmp_path):
    class Square:
        def forward(self, x: Any, *, training: bool = False) -> Any:
            return x * x, lambda dy: 2 * x * dy

    model = dataclasses.replace(model_with([]), own=Sequential(Linear(4, 2), Square()))
    with pytest.raises(RefusedError) as error:
        export_onnx(model, tmp_path / "model.onnx")
    assert str(error.value) == "The layer Square is code of your own, which ONNX has no operator for."


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(UsageError) as error:
        export_onnx(model_with([]), tmp_path / "no" / "model.onnx")
    path = tmp_path / "no" / "model.onnx"
    assert str(error.value) == f"The ONNX file {path} could not be written: No such file or directory."


def test_a_missing_library_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(UsageError) as error:
        export_onnx(model_with([]), tmp_path / "model.onnx")
    assert str(error.value) == (
        "ONNX needs the package onnx, which is not installed. Install it with: pip install 'multilayer[onnx]'"
    )
