"""Networks as `torch.nn.Sequential`, their weights as safetensors, and back."""

from __future__ import annotations

import copy
import dataclasses
import sys
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from multilayer.data import Dataset, Encoding, Preparation
from multilayer.engines import Data
from multilayer.errors import ModelFileError, RefusedError, ShapeError, UsageError
from multilayer.files import as_model, from_torch, load_state_dict, save_state_dict, to_torch
from multilayer.nn import Linear, ReLU, Scale, Sequential, Softmax
from multilayer.recipe.layers import LAYERS
from tests.files.networks import Case, case, far_apart, model_with
from tests.files.test_onnx import OPTIONS
from tests.scale import cases

torch = pytest.importorskip("torch", reason="the package torch is not installed")

TOLERANCE = {"float32": 1e-5, "float64": 1e-13}
"""Of the largest output, or of 1: products are summed in another order, and functions rounded by another library."""


def outputs(module: Any, x: Any) -> Any:
    with torch.no_grad():
        return module(torch.tensor(x)).numpy()


@pytest.mark.parametrize("number", range(cases(normal=20, accept=200)))
def test_random_networks_there_and_back(number, tmp_path):
    asked = case(number)
    module = to_torch(asked.model)
    assert far_apart(outputs(module, asked.prepared), asked.outputs) < TOLERANCE[asked.dtype.name]
    back = as_model(from_torch(module), like=asked.model)
    assert back.recipe == asked.model.recipe
    assert back.answer(asked.rows).tobytes() == asked.model.answer(asked.rows).tobytes()

    path = save_state_dict(asked.model, tmp_path / "weights.safetensors")
    other = copy.deepcopy(module)
    for tensor in other.state_dict().values():
        tensor.zero_()
    safetensors = pytest.importorskip("safetensors.torch")
    other.load_state_dict(safetensors.load_file(path), strict=True)
    assert outputs(other, asked.prepared).tobytes() == outputs(module, asked.prepared).tobytes()
    blank = dataclasses.replace(asked.model, weights={k: v * 0 + 1 for k, v in asked.model.weights.items()})
    assert load_state_dict(blank, path).answer(asked.rows).tobytes() == asked.model.answer(asked.rows).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer(kind, dtype):
    model = model_with([{"layer": kind, **OPTIONS.get(kind, {})}], dtype)
    rows = np.random.default_rng(1).normal(scale=9, size=(50, 4))
    asked = Case(model, rows.tolist())
    module = to_torch(model)
    assert far_apart(outputs(module, asked.prepared), asked.outputs) < TOLERANCE[dtype]
    assert from_torch(module).get_weights().keys() == model.net.get_weights().keys()


def test_names_are_those_of_pytorch():
    net = Sequential(Linear(3, 4), Scale(4), ReLU(), Linear(4, 2, bias=False))
    assert list(to_torch(net).state_dict()) == ["0.weight", "0.bias", "1.weight", "3.weight"]


def test_the_preparation_as_a_first_module():
    rows = [[1.5, True], [None, False], [7.0, None], [4.0, True]]
    dataset = Dataset.from_arrays(rows, [0.0, 1.5, 2.0, 3.0])
    encoding = Encoding.of(dataset)
    fitted = Preparation(missing="median").fit(encoding, Data.of(dataset, encoding).x, dataset.target, np.arange(4))
    small = model_with([], n_in=2)
    model = dataclasses.replace(small, preparation=dataclasses.replace(fitted, **_targets()))
    module = to_torch(model, preparation=True)
    raw = np.array([[1.5, 1.0], [np.nan, 0.0], [7.0, np.nan], [4.0, 1.0]])
    assert far_apart(outputs(module, raw), model.net(model.prepared(rows))) < TOLERANCE["float32"]
    assert len(from_torch(module).layers) == len(model.net.layers)

    text = dataclasses.replace(encoding.columns[1], kind="category", categories=("a",))
    mixed = dataclasses.replace(fitted, encoding=Encoding((encoding.columns[0], text)))
    with pytest.raises(RefusedError) as error:
        to_torch(dataclasses.replace(model, preparation=mixed), preparation=True)
    assert str(error.value) == (
        "preparation=True needs columns that are a number each, but 'x2' is text. "
        "Leave it out and give the network prepared rows: model.prepared(X)."
    )


def _targets() -> dict[str, Any]:
    return {"target_center": np.zeros(2), "target_factor": np.ones(2)}


def test_frozen_layers_require_no_gradients():
    net = Sequential(Linear(2, 3, frozen=True), Linear(3, 1))
    module = to_torch(net)
    assert [parameter.requires_grad for parameter in module.parameters()] == [False, False, True, True]
    assert [layer.frozen for layer in from_torch(module).layers] == [True, False]


def test_a_layer_that_stands_twice_is_one_module():
    shared = Linear(2, 2)
    module = to_torch(Sequential(shared, ReLU(), shared))
    assert module[0] is module[2]
    back = from_torch(module)
    assert back.layers[0] is back.layers[2]


def test_a_planted_defect_is_seen():
    asked = Case(model_with([{"layer": "linear", "units": 4}, "tanh"]), np.eye(4).tolist())
    module = to_torch(asked.model)
    with torch.no_grad():
        module[0].weight.copy_(module[0].weight.T.clone())
    assert far_apart(outputs(module, asked.prepared), asked.outputs) > 100 * TOLERANCE["float32"]


def test_networks_that_pytorch_made():
    nn = torch.nn
    inner = nn.Sequential(nn.PReLU(), nn.BatchNorm1d(4, affine=False), nn.LayerNorm(4, elementwise_affine=False))
    module = nn.Sequential(nn.Flatten(), nn.Linear(3, 4), inner, nn.Linear(4, 3), nn.Softmax(dim=1)).eval()
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    net = from_torch(module)
    assert far_apart(net(x), outputs(module, x)) < TOLERANCE["float32"]
    model = as_model(net, classes=["a", "b", "c"])
    assert isinstance(net.layers[-1], Softmax)
    assert far_apart(model.answer(x), outputs(module, x)) < TOLERANCE["float32"]


def refused(module: Any) -> str:
    with pytest.raises(UsageError) as error:
        from_torch(module)
    return str(error.value)


def test_what_is_not_understood_is_named():
    nn = torch.nn
    assert refused(nn.Linear(2, 2)) == (
        "from_torch takes a torch.nn.Sequential, got Linear. Put its modules into one, in their order."
    )
    for module in (nn.Conv1d(1, 1, 2), nn.ReLU6(), nn.GELU("tanh"), nn.Softplus(beta=2.0), nn.LogSoftmax(dim=1)):
        assert refused(nn.Sequential(nn.Linear(2, 2), module)) == (
            f"The module {module!r} of PyTorch is not understood: no layer of multilayer computes that."
        )
    assert refused(nn.Sequential(nn.Linear(2, 2)).to(torch.bfloat16)) == (
        "The module's weights must be all float32 or all float64, got bfloat16."
    )


def test_modules_that_compute_more_than_their_class_says_are_refused():
    nn = torch.nn

    class Tripled(nn.Sequential):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return 3 * super().forward(x)

    assert refused(Tripled(nn.Linear(2, 2))) == (
        "from_torch takes a torch.nn.Sequential, got Tripled. Put its modules into one, in their order."
    )
    inner = Tripled(nn.Linear(2, 2))
    assert refused(nn.Sequential(inner)).startswith(f"The module {inner!r} of PyTorch is not understood")
    hooked = nn.Sequential(nn.Linear(2, 2))
    hooked[0].register_forward_hook(lambda module, given, y: 3 * y)
    assert refused(hooked) == (
        "The module '0' of PyTorch has hooks, whose code says what it computes. Remove them first."
    )
    assert refused(nn.Sequential(nn.Linear(2, 2, device="meta"))) == (
        "The module of PyTorch has parameters on the device meta, which have no values."
    )


@pytest.mark.parametrize(("shape", "pool"), [((2, 3, 2), (3,)), ((4, 3), (3, 1)), ((4, 3), (2,))])
def test_what_is_no_maxout_is_refused(shape, pool):
    nn = torch.nn
    parts = nn.Linear(3, 12), nn.Unflatten(1, shape), nn.MaxPool1d(*pool), nn.Flatten()
    assert "is not understood" in refused(nn.Sequential(nn.Sequential(*parts)))


def test_code_of_ones_own_has_no_module():
    class Square:
        def forward(self, x: Any, *, training: bool = False) -> Any:
            return x * x, lambda dy: 2 * x * dy

    with pytest.raises(RefusedError) as error:
        to_torch(Sequential(Linear(2, 2), Square()))
    assert str(error.value) == "The layer Square is code of your own, which PyTorch has no module for."


def test_weights_that_do_not_belong(tmp_path):
    model = model_with([], n_in=2)
    path = tmp_path / "weights.safetensors"
    good = {"0.weight": np.ones((2, 2), np.float32), "0.bias": np.zeros(2, np.float32)}
    wrong: dict[str, tuple[dict[str, Any], type[UsageError]]] = {
        "The weights lack the array '0.bias' of this network.": ({"0.weight": good["0.weight"]}, UsageError),
        "Weights '0.weight' must have shape (2, 2), got (2, 3).": (
            {**good, "0.weight": np.ones((2, 3), np.float32)},
            ShapeError,
        ),
        "There is no array of this network's weights '1.bias'. Did you mean '0.bias'? Known: 0.bias, 0.weight.": (
            {**good, "1.bias": good["0.bias"]},
            UsageError,
        ),
        "Weights '0.bias' must be finite numbers in float32 or float64, got float32, [nan, 0.0] ...": (
            {**good, "0.bias": np.array([np.nan, 0], np.float32)},
            UsageError,
        ),
    }
    for sentence, (arrays, kind) in wrong.items():
        save_file(arrays, path)
        with pytest.raises(kind) as error:
            load_state_dict(model, path)
        assert str(error.value) == sentence
    path.write_bytes(b"not safetensors")
    with pytest.raises(ModelFileError) as damaged:
        load_state_dict(model, path)
    assert str(damaged.value) == f"The file {path} holds no float32 or float64 weights in safetensors form."
    with pytest.raises(ModelFileError) as missing:
        load_state_dict(model, tmp_path / "no.safetensors")
    place = tmp_path / "no.safetensors"
    assert str(missing.value) == f"The weights {place} could not be read: No such file or directory."


def test_a_network_that_does_not_fit_the_model_it_is_to_be_like():
    with pytest.raises(RefusedError) as error:
        as_model(Sequential(Linear(3, 2), dtype="float32"), like=model_with([]))
    assert str(error.value) == "The network must have 4 inputs, one for each prepared feature, got 3."


def test_a_missing_library_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError) as error:
        to_torch(Sequential(Linear(2, 2)))
    assert str(error.value) == (
        "A torch.nn.Sequential needs the package torch, which is not installed. "
        "Install it with: pip install 'multilayer[torch]'"
    )
