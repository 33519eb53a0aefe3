"""Networks from elsewhere as models: what their outputs mean, and which label each is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multilayer.errors import UsageError
from multilayer.files import as_model
from multilayer.nn import Linear, PReLU, ReLU, Scale, Sequential, Sigmoid, Softmax

X = np.random.default_rng(2).normal(size=(30, 2))


def test_the_end_of_the_network_says_the_kind():
    kinds = {
        "classes": Sequential(Linear(2, 3), Softmax()),
        "binary": Sequential(Linear(2, 1), Sigmoid()),
        "multilabel": Sequential(Linear(2, 3), Sigmoid()),
        "regression": Sequential(Linear(2, 3)),
    }
    for kind, net in kinds.items():
        model = as_model(net)
        assert model.target.kind == kind
        expected = net(X) if kind != "binary" else np.concatenate([1 - net(X), net(X)], axis=1)
        np.testing.assert_allclose(model.answer(X), expected, rtol=1e-12)
        assert model.preparation.encoding.feature_names == ("x1", "x2")


def test_a_softmax_of_two_outputs_is_two_classes():
    net = Sequential(Linear(2, 2), Softmax())
    model = as_model(net, classes=[False, True], columns=["width", "height"])
    assert (model.target.kind, model.preparation.encoding.feature_names) == ("binary", ("width", "height"))
    np.testing.assert_allclose(model.answer(X), net(X), rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), net(X).argmax(axis=1) == 1)


@pytest.mark.parametrize("tail", [[], [Softmax()], [Scale(3), PReLU(3)], [ReLU()]])
def test_labels_are_sorted_and_the_outputs_with_them(tail):
    net = Sequential(Linear(2, 4), ReLU(), Linear(4, 3), *tail, seed=4)
    names = np.array(["red", "green", "blue"])
    model = as_model(net, classes=names.tolist())
    assert model.target.classes == ("blue", "green", "red")
    expected = net(X)
    sure = np.sort(expected, axis=1)[:, -1] > np.sort(expected, axis=1)[:, -2]
    assert model.predict(X)[sure].tolist() == names[expected.argmax(axis=1)][sure].tolist()


def test_one_output_is_the_probability_of_the_second_label():
    net = Sequential(Linear(2, 1), Sigmoid())
    for classes in (["no", "yes"], ["yes", "no"]):
        model = as_model(net, classes=classes)
        chosen = [classes[int(probability >= 0.5)] for probability in net(X)[:, 0]]
        assert model.predict(X).tolist() == chosen


WRONG: dict[str, tuple[Any, dict[str, Any]]] = {
    "classes must be 3 labels, in the order of the outputs, got ('a', 'b').": (
        Sequential(Linear(2, 3)),
        {"classes": ["a", "b"]},
    ),
    "classes of a network of one output must be sorted, got ('b', 'a').": (
        Sequential(Linear(2, 1), Scale(1)),
        {"classes": ["b", "a"], "kind": "binary"},
    ),
    "classes of the target must be sorted and distinct, got ('a', 'a').": (
        Sequential(Linear(2, 2)),
        {"classes": ["a", "a"]},
    ),
    "columns must be 2 names, one for each input, got 1.": (Sequential(Linear(2, 2)), {"columns": ["a"]}),
    "The network has no linear or maxout layer, so it is no multilayer perceptron.": (Sequential(ReLU()), {}),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_cannot_be_meant(sentence):
    net, options = WRONG[sentence]
    with pytest.raises(UsageError) as error:
        as_model(net, **options)
    assert str(error.value) == sentence


def test_what_no_recipe_can_say():
    shared = Linear(2, 2)
    with pytest.raises(UsageError) as error:
        as_model(Sequential(shared, ReLU(), shared))
    assert str(error.value) == (
        "A network with layers of your own, with shared weights or with weights frozen one by one cannot be told "
        "by a recipe, so it cannot become a model. Use it as a network: net(x)."
    )
