"""Networks as `keras.Sequential`, and back; with the backend that KERAS_BACKEND names."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest

import multilayer as ml
from multilayer.errors import RefusedError, UsageError
from multilayer.files import as_model, from_keras, to_keras
from multilayer.nn import Linear, ReLU, Sequential
from multilayer.recipe.layers import LAYERS
from tests.files.networks import Case, case, far_apart, model_with
from tests.files.test_onnx import OPTIONS
from tests.scale import cases

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the libraries below Keras
    keras = pytest.importorskip("keras", reason="the package keras is not installed, or none of its backends")

TOLERANCE = {"float32": 1e-5, "float64": 2e-6}
"""Of the largest output, or of 1. Keras computes part of a float64 network in float32, but for TensorFlow."""


def outputs(network: Any, x: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a softmax of one output is meant here
        return keras.ops.convert_to_numpy(network(x))


@pytest.mark.parametrize("number", range(cases(normal=20, accept=200)))
def test_random_networks_there_and_back(number):
    asked = case(number)
    network = to_keras(asked.model)
    assert far_apart(outputs(network, asked.prepared), asked.outputs) < TOLERANCE[asked.dtype.name]
    back = as_model(from_keras(network), like=asked.model)
    assert back.recipe == asked.model.recipe
    assert back.answer(asked.rows).tobytes() == asked.model.answer(asked.rows).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_as_a_file(kind, dtype, tmp_path):
    model = model_with([{"layer": kind, **OPTIONS.get(kind, {})}], dtype)
    rows = np.random.default_rng(1).normal(scale=9, size=(50, 4))
    asked = Case(model, rows.tolist())
    to_keras(model).save(tmp_path / "net.keras")
    network = keras.saving.load_model(tmp_path / "net.keras")
    assert far_apart(outputs(network, asked.prepared), asked.outputs) < TOLERANCE[dtype]
    assert from_keras(network).get_weights().keys() == model.net.get_weights().keys()


def test_frozen_layers_are_not_trainable():
    network = to_keras(Sequential(Linear(2, 3, frozen=True), Linear(3, 1)))
    assert [layer.trainable for layer in network.layers] == [False, True]
    assert [layer.frozen for layer in from_keras(network).layers] == [True, False]


def test_a_layer_that_stands_twice_is_one_layer():
    shared = Linear(2, 2)
    network = to_keras(Sequential(shared, ReLU(), shared))
    x = np.array([[1.0, -2.0]])
    assert far_apart(outputs(network, x), Sequential(shared, ReLU(), shared, seed=None)(x)) < TOLERANCE["float64"]
    back = from_keras(network)
    assert back.layers[0] is back.layers[2]


def test_a_planted_defect_is_seen():
    asked = Case(model_with([{"layer": "linear", "units": 4}, "tanh"]), np.eye(4).tolist())
    network = to_keras(asked.model)
    kernel, bias = network.layers[0].get_weights()
    network.layers[0].set_weights([kernel.T, bias])
    assert far_apart(outputs(network, asked.prepared), asked.outputs) > 100 * TOLERANCE["float32"]


def test_networks_that_keras_made():
    of = keras.layers
    inner = keras.Sequential([keras.Input((4,)), of.PReLU(), of.BatchNormalization(center=False, scale=False)])
    layers = [of.Dense(4, activation="swish"), inner, of.LayerNormalization(scale=False), of.ReLU(), of.ELU(0.5)]
    layers += [of.Dense(4, activation="leaky_relu"), of.ReLU(negative_slope=0.1), of.LeakyReLU(), of.Flatten()]
    network = keras.Sequential([keras.Input((3,)), *layers, of.Dense(3), of.Softmax()])
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    net = from_keras(network)
    assert far_apart(net(x), outputs(network, x)) < TOLERANCE["float32"]
    assert far_apart(as_model(net).answer(x), outputs(network, x)) < TOLERANCE["float32"]


def refused(network: Any) -> str:
    with pytest.raises(UsageError) as error:
        from_keras(network)
    return str(error.value)


def test_what_is_not_understood_is_named():
    of = keras.layers
    assert refused(of.Dense(2)) == "from_keras takes a keras.Sequential, got Dense."
    assert refused(keras.Sequential([of.Dense(2)])) == (
        "from_keras takes a network with weights: build it first, as in model.build((None, n_in))."
    )
    for layer in (
        of.GaussianNoise(0.1, name="odd"),
        of.ReLU(max_value=6, name="odd"),
        of.UnitNormalization(name="odd"),
    ):
        assert refused(keras.Sequential([keras.Input((2,)), of.Dense(2), layer])) == (
            f"The layer {type(layer).__name__} named 'odd' of Keras is not understood: "
            "no layer of multilayer computes that."
        )
    assert refused(keras.Sequential([keras.Input((2,)), of.Dense(2, activation="exponential")])) == (
        "The activation 'exponential' of Keras is not understood: no layer of multilayer computes that."
    )


def test_a_class_of_ones_own_is_refused():
    class Tripled(keras.Sequential):  # type: ignore[misc]
        def call(self, *given: Any, **how: Any) -> Any:
            return 3 * super().call(*given, **how)

    made = Tripled([keras.Input((2,)), keras.layers.Dense(2)], name="mine")
    assert refused(made) == "from_keras takes a keras.Sequential, got Tripled."
    assert refused(keras.Sequential([keras.Input((2,)), made])).startswith("The layer Tripled named 'mine' of Keras")


@pytest.mark.parametrize(
    ("name", "reason"), [("a\0.keras", "embedded null byte"), ("none/a.keras", "No such file or directory")]
)
def test_a_place_that_cannot_be_written(name, reason, tmp_path):
    run = ml.train("xor", hidden=[2], epochs=1)
    with pytest.raises(UsageError) as error:
        run.export(tmp_path / name)
    assert str(error.value) == f"The Keras file {tmp_path / name} could not be written: {reason}."


def test_code_of_ones_own_has_no_layer():
    class Square:
        def forward(self, x: Any, *, training: bool = False) -> Any:
            return x * x, lambda dy: 2 * x * dy

    with pytest.raises(RefusedError) as error:
        to_keras(Sequential(Linear(2, 2), Square()))
    assert str(error.value) == "The layer Square is code of your own, which Keras has no layer for."


def test_a_missing_library_or_backend_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(UsageError) as error:
        to_keras(Sequential(Linear(2, 2)))
    assert str(error.value) == (
        "A keras.Sequential needs the package keras, which is not installed. "
        "Install it with: pip install 'multilayer[keras]'"
    )

    def no_backend(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

    monkeypatch.setattr("importlib.import_module", no_backend)
    with pytest.raises(UsageError) as error:
        to_keras(Sequential(Linear(2, 2)))
    assert str(error.value) == (
        "A keras.Sequential needs the package keras, and that needs tensorflow, which is not installed. "
        "Install it, or choose another backend, as in KERAS_BACKEND=torch."
    )
