"""The whole in a second: a tour of what multilayer does."""

from __future__ import annotations

import numpy as np

import multilayer as ml

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1, 0])


def test_a_question_has_one_answer():
    first, second = (ml.train("xor", epochs=30, seed=3) for _ in range(2))
    assert first.digest == second.digest
    assert first.question.digest == second.question.digest
    assert ml.train("xor", epochs=30, seed=4).digest != first.digest


def test_from_arrays_to_a_file_and_back(tmp_path):
    run = ml.train((X, Y), hidden=[4], activation="tanh", lr=0.1, epochs=100, splitting=ml.Splitting(1.0, 0.0, 0.0))
    assert run.predict(X).tolist() == Y.tolist()
    ml.save_run(run, tmp_path)
    again = ml.load_run("last", tmp_path)
    assert (again.predict_proba(X) == run.predict_proba(X)).all()
    assert again.digest == run.digest


def test_a_layer_of_ones_own():
    class Square:
        def forward(self, x, *, training=False):
            def backward(dy):
                return 2 * x * dy

            return x * x, backward

    net = ml.nn.Sequential(ml.nn.Linear(2, 4), Square(), ml.nn.Linear(4, 1), seed=0)
    assert ml.fit(net, X, Y, lr=0.1, epochs=100).scores["train"]["accuracy"] == 1
    assert ml.check.gradients(net, X).compared > 0


def test_neurons_of_1943():
    net = ml.neurons.compile("(a or b) and not (a and b)")
    assert [bool(net(a=a, b=b)) for a, b in X.astype(int)] == [False, True, True, False]
