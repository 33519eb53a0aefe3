"""Multilayer perceptrons that others wrote as ONNX: PyTorch, skl2onnx, and operators by hand."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from multilayer.errors import ModelFileError, RefusedError
from multilayer.files import import_onnx
from tests.files.networks import far_apart
from tests.scale import ACCEPT

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")

TOLERANCE = 2e-5
X = np.random.default_rng(5).normal(size=(40, 3)).astype(np.float32)
W = np.random.default_rng(6).normal(size=(3, 3)).astype(np.float32)


def file(path: Any, nodes: list[Any], constants: dict[str, Any], *, inputs: int = 1, width: int = 3) -> Any:
    """An ONNX file of these nodes (operator, inputs, output, options), from x to y."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    made = [helper.make_node(op, list(names), [to], **options) for op, names, to, options in nodes]
    heads = [helper.make_tensor_value_info(name, kind, ["n", 3]) for name in ("x", "x2")[:inputs]]
    tail = [helper.make_tensor_value_info("y", kind, ["n", width])]
    arrays = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(made, "g", heads, tail, arrays)
    onnx.save(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=9
        ),
        path,
    )
    return path


def said(path: Any) -> Any:
    """What ONNX Runtime says of X."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: X})


ROOT2 = np.float32(math.sqrt(2))
FORMS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "silu": ([("Sigmoid", "h", "s", {}), ("Mul", "sh", "y", {})], {}),
    "mish": ([("Softplus", "h", "s", {}), ("Tanh", "s", "t", {}), ("Mul", "ht", "y", {})], {}),
    "gelu, half first": (
        [
            ("Mul", "hc", "a", {}),
            ("Div", "hr", "d", {}),
            ("Erf", "d", "e", {}),
            ("Add", "eo", "g", {}),
            ("Mul", "ag", "y", {}),
        ],
        {"c": np.float32(0.5), "r": ROOT2, "o": np.float32(1)},
    ),
    "gelu, half last": (
        [
            ("Mul", "hr", "d", {}),
            ("Erf", "d", "e", {}),
            ("Add", "oe", "g", {}),
            ("Mul", "hg", "a", {}),
            ("Mul", "ca", "y", {}),
        ],
        {"c": np.float32(0.5), "r": 1 / ROOT2, "o": np.float32(1)},
    ),
    "silu of a silu": (
        [("Sigmoid", "h", "s", {}), ("Mul", "hs", "k", {}), ("Sigmoid", "k", "t", {}), ("Mul", "tk", "y", {})],
        {},
    ),
    "softsign": ([("Abs", "h", "a", {}), ("Add", "ao", "s", {}), ("Div", "hs", "y", {})], {"o": np.float32(1)}),
    "ramp": ([("Clip", "hlu", "y", {})], {"l": np.float32(-1), "u": np.float32(1)}),
    "relu as a clip": ([("Clip", "hl", "y", {})], {"l": np.float32(0)}),
    "softplus with a threshold": (
        [("Softplus", "h", "s", {}), ("Greater", "ht", "g", {}), ("Where", "ghs", "y", {})],
        {"t": np.float32(20)},
    ),
    "scaled": ([("Mul", "hv", "y", {})], {"v": np.float32([1.0, -2.0, 0.5])}),
    "divided": ([("Div", "hv", "y", {})], {"v": np.float32([1.0, -2.0, 0.5])}),
    "one slope for all": ([("PRelu", "hv", "y", {})], {"v": np.float32([0.3])}),
    "half a product": ([("Gemm", "hWb", "y", {"alpha": 0.5, "beta": 2.0, "transB": 1})], {}),
    "nothing": ([("Identity", "h", "a", {}), ("Cast", "a", "c", {"to": 1}), ("Flatten", "c", "y", {})], {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_an_activation(form, tmp_path):
    nodes, constants = FORMS[form]
    head = [("MatMul", "xW", "z", {}), ("Add", "bz", "h", {})]
    named = {"W": W, "b": W[0], **constants}
    path = file(
        tmp_path / "net.onnx", [*head, *((op, [*names], to, options) for op, names, to, options in nodes)], named
    )
    assert far_apart(import_onnx(path).answer(X), said(path)[0]) < TOLERANCE


def test_what_prepares_the_inputs_becomes_the_preparation(tmp_path):
    nodes = [("Sub", "xm", "c", {}), ("Div", "cd", "p", {}), ("Gemm", "pW", "y", {})]
    constants = {"W": W, "m": np.float32([[1, 2, 3]]), "d": np.float32([[2, 4, 5]])}
    model = import_onnx(file(tmp_path / "net.onnx", nodes, constants))
    assert model.preparation.center.tolist() == [1, 2, 3]
    assert model.preparation.factor.tolist() == pytest.approx([0.5, 0.25, 0.2])
    assert len(model.net.layers) == 1
    assert far_apart(model.answer(X), said(tmp_path / "net.onnx")[0]) < TOLERANCE


NAN_IMPUTED: dict[str, Any] = {"domain": "ai.onnx.ml", "replaced_value_float": math.nan}
REFUSED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "foreign operator": (
        [("MatMul", "xW", "h", {}), ("Cos", "h", "y", {})],
        {"W": W},
        "has the operator Cos, which is not understood: a multilayer perceptron is a chain of Add, BatchNormalization, "
        "Cast, Clip, Div, Dropout, Elu, Flatten, Gelu, Gemm, Identity, Imputer, LayerNormalization, LeakyRelu, MatMul, "
        "Mish, Mul, PRelu, Relu, Reshape, Scaler, Selu, Sigmoid, Sin, Softmax, Softplus, Softsign, Sub, Tanh, Where.",
    ),
    "a product of its own": (
        [("MatMul", "xW", "h", {}), ("Mul", "hh", "y", {})],
        {"W": W},
        "has the operator Mul in a form that no layer has.",
    ),
    "the tanh form of GELU": (
        [("MatMul", "xW", "h", {}), ("Gelu", "h", "y", {"approximate": "tanh"})],
        {"W": W},
        "has the operator Gelu in a form that no layer has.",
    ),
    "a shortcut": (
        [("MatMul", "xW", "h", {}), ("Add", "hx", "y", {})],
        {"W": W},
        "has the operator Add in a form that no layer has.",
    ),
    "a shifted activation": (
        [("MatMul", "xW", "h", {}), ("Relu", "h", "r", {}), ("Add", "rb", "y", {})],
        {"W": W, "b": W[0]},
        "adds a constant behind an activation, which no layer does.",
    ),
    "more inputs than weights": (
        [("Relu", "x", "y", {})],
        {"W": W[0, 0]},
        "has 3 inputs and fewer weights, so it is no multilayer perceptron.",
    ),
    "a circle": (
        [("Relu", "a", "h", {}), ("Tanh", "h", "a", {}), ("MatMul", "aW", "y", {})],
        {"W": W},
        "is no chain from its input to its output: it runs in a circle.",
    ),
    "a maker that is missing": (
        [("MatMul", "qW", "y", {})],
        {"W": W},
        "is no chain from its input to its output: nothing gives 'q'.",
    ),
    "whole numbers between": (
        [("MatMul", "xW", "h", {}), ("Cast", "h", "i", {"to": 7}), ("Cast", "i", "y", {"to": 1})],
        {"W": W},
        "has the operator Cast in a form that no layer has.",
    ),
    "a dropout that goes on": (
        [("MatMul", "xW", "h", {}), ("Dropout", "hrt", "y", {})],
        {"W": W, "r": np.float32(0.5), "t": np.array(True)},
        "has the operator Dropout in a form that no layer has.",
    ),
    "zeros that are filled": (
        [("Imputer", "x", "f", {"domain": "ai.onnx.ml", "imputed_value_floats": [1.0]}), ("MatMul", "fW", "y", {})],
        {"W": W},
        "has the operator Imputer in a form that no layer has.",
    ),
    "an input multiplied by 0 and moved": (
        [("Mul", "xv", "m", {}), ("Add", "mb", "a", {}), ("MatMul", "aW", "y", {})],
        {"W": W, "v": np.float32([0, 1, 1]), "b": W[0]},
        "fills gaps twice, or multiplies inputs by 0, which no preparation does.",
    ),
    "gaps filled twice": (
        [
            *(
                ("Imputer", a, b, {**NAN_IMPUTED, "imputed_value_floats": [c]})
                for a, b, c in (("x", "f", 1.0), ("f", "g", 2.0))
            ),
            ("MatMul", "gW", "y", {}),
        ],
        {"W": W},
        "fills gaps twice, or multiplies inputs by 0, which no preparation does.",
    ),
    "no product": (
        [("Relu", "x", "y", {})],
        {"W": W},
        "has no product of its input with a matrix, so it is no multilayer perceptron.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_named(case, tmp_path):
    nodes, constants, sentence = REFUSED[case]
    path = file(tmp_path / "net.onnx", nodes, constants)
    with pytest.raises(RefusedError) as error:
        import_onnx(path)
    assert str(error.value) == f"The ONNX file {path} {sentence}"


def test_two_inputs_are_no_perceptron(tmp_path):
    path = file(tmp_path / "net.onnx", [("MatMul", "xW", "h", {}), ("Add", ["h", "x2"], "y", {})], {"W": W}, inputs=2)
    with pytest.raises(RefusedError) as error:
        import_onnx(path)
    assert str(error.value) == (
        f"The ONNX file {path} must have one input of floats (n_samples, n_in) to be a multilayer perceptron, "
        "got x, x2."
    )


def test_weights_in_another_file_are_not_opened(tmp_path):
    path = file(tmp_path / "net.onnx", [("MatMul", "xW", "y", {})], {"W": W})
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="elsewhere", size_threshold=0)
    with pytest.raises(ModelFileError) as error:
        import_onnx(path)
    assert str(error.value) == (
        f"The ONNX file {path} keeps weights in another file, which is not opened. Write it whole: in PyTorch by "
        "torch.onnx.export(..., external_data=False)."
    )


@pytest.mark.parametrize("place", ["secret.bin", "/etc/passwd", "missing.bin"])
def test_a_constant_in_another_file_is_not_opened(place, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(W.tobytes())
    kind = onnx.TensorProto
    elsewhere = kind(name="c", data_type=kind.FLOAT, dims=W.shape, data_location=kind.EXTERNAL)
    entry = elsewhere.external_data.add()
    entry.key, entry.value = "location", place
    path = file(tmp_path / "net.onnx", [("Constant", [], "W", {"value": elsewhere}), ("MatMul", "xW", "y", {})], {})
    with pytest.raises(ModelFileError, match=r"^The ONNX file .* keeps weights in another file, which is not opened\."):
        import_onnx(path)


def test_an_unknown_type_of_numbers_is_one_sentence(tmp_path):
    path = file(tmp_path / "net.onnx", [("MatMul", "xW", "y", {})], {"W": W})
    written = onnx.load(path)
    written.graph.initializer[0].data_type = 999
    onnx.save(written, path)
    with pytest.raises(RefusedError) as error:
        import_onnx(path)
    assert str(error.value) == f"The ONNX file {path} has a constant that cannot be read: 999."


@pytest.mark.parametrize(("whole", "kind"), [(1, "binary"), (5, "regression")])
def test_only_1_less_p_is_left_aside(whole, kind, tmp_path):
    """What else stands beside p is no form of a perceptron."""
    nodes = [("Gemm", "xw", "h", {}), ("Sigmoid", "h", "p", {}), ("Sub", "op", "q", {})]
    constants = {"w": W[:, :1], "o": np.float32(whole)}
    path = file(tmp_path / "net.onnx", [*nodes, ("Concat", "qp", "y", {"axis": 1})], constants, width=2)
    if kind == "binary":
        assert far_apart(import_onnx(path).answer(X), said(path)[0]) < TOLERANCE
        return
    with pytest.raises(RefusedError, match="has the operator Concat, which is not understood"):
        import_onnx(path)


def torch_network() -> Any:
    """Everything that PyTorch and we have, in evaluation mode, with running statistics of its own."""
    torch = pytest.importorskip("torch", reason="the package torch is not installed")
    nn = torch.nn
    torch.manual_seed(3)
    activations = [nn.GELU(), nn.SiLU(), nn.Mish(), nn.Hardtanh(), nn.Softsign(), nn.PReLU(4), nn.ELU(0.5), nn.SELU()]
    activations += [nn.LeakyReLU(0.1), nn.Softplus(), nn.Tanh(), nn.ReLU(), nn.Sigmoid(), nn.PReLU()]
    layers = [nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LayerNorm(4)]
    for activation in activations:
        layers += [nn.Linear(4, 4, bias=activation is not activations[1]), activation]
    net = nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(4, 3), nn.Softmax(-1))
    net[1].running_mean += 0.3
    net[1].running_var *= 2
    return net.eval()


@pytest.mark.parametrize("dynamo", [False, True][: 1 + ACCEPT])  # the second way takes half a minute to import
def test_a_network_of_pytorch(dynamo, tmp_path):
    net = torch_network()
    torch = pytest.importorskip("torch")
    if dynamo:
        pytest.importorskip("onnxscript", reason="the package onnxscript is not installed")
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"external_data": False, "verbose": False} if dynamo else {}
        torch.onnx.export(net, (torch.tensor(X[:2]),), str(path), dynamo=dynamo, **options)
    model = import_onnx(path, classes=["a", "b", "c"])
    expected = net(torch.tensor(X)).detach().numpy()
    assert (model.target.kind, model.recipe.loss["name"]) == ("classes", "cross_entropy")
    assert far_apart(model.answer(X), expected) < TOLERANCE
    assert model.predict(X).tolist() == np.array(["a", "b", "c"])[expected.argmax(axis=1)].tolist()


SKLEARN = ("binary", "classes", "multilabel", "number", "numbers", "pipeline")


@pytest.mark.parametrize("kind", SKLEARN)
def test_a_network_of_scikit_learn(kind, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx", reason="the package skl2onnx is not installed")
    trained, rows = _trained(kind)
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path.write_bytes(skl2onnx.to_onnx(trained, X[:1]).SerializeToString())
    model = import_onnx(path)
    expected = trained.predict(rows) if kind.startswith("number") else trained.predict_proba(rows)
    found = model.predict(rows) if kind.startswith("number") else model.answer(rows)
    assert far_apart(found, expected) < TOLERANCE
    if not kind.startswith("number"):
        assert model.predict(rows).tolist() == trained.predict(rows).tolist()


def _trained(kind: str) -> tuple[Any, Any]:
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    settings: Any = {"hidden_layer_sizes": (5, 4), "max_iter": 30, "random_state": 0}
    targets = {
        "binary": (X[:, 0] > 0).astype(int),
        "classes": np.array(["u", "v", "w"])[X.argmax(axis=1)],
        "multilabel": (X[:, :2] > 0).astype(int),
        "number": X[:, 0],
        "numbers": X[:, :2],
        "pipeline": (X[:, 0] > 0).astype(int),
    }
    rows = X.copy()
    trained: Any = MLPRegressor(**settings) if kind.startswith("number") else MLPClassifier(**settings)
    if kind == "pipeline":
        rows[::5, 1] = np.nan
        trained = make_pipeline(SimpleImputer(), StandardScaler(), trained)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they need not converge
        return trained.fit(rows, targets[kind]), rows
