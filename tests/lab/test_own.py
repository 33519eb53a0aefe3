"""Networks, layers and losses of one's own: trained, recorded truthfully, stored where that can be done."""

from __future__ import annotations

import numpy as np
import pytest

import multilayer as ml
from multilayer.errors import RecipeError, UsageError
from multilayer.nn import Linear, Sequential, Tanh

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1, 0])


class Square:
    def forward(self, x, *, training=False):
        def backward(dy):
            return 2 * x * dy

        return x * x, backward


class FourthPower:
    """A loss of one's own on numbers."""

    def __call__(self, y, target, weight=None):
        error = y - target
        return float(np.mean(error**4)), 4 * error**3 / error.size


def network(units=4, seed=0):
    return Sequential(Linear(2, units), Tanh(), Linear(units, 1), seed=seed)


def test_a_network_made_by_hand_is_recorded_as_what_it_is(tmp_path):
    run = ml.fit(network(), X, Y, lr=0.1, epochs=50)
    assert [entry["layer"] for entry in run.question.recipe.layers] == ["linear", "tanh", "linear"]
    assert run.n_parameters == 17
    ml.save_run(run, tmp_path)
    assert (ml.load_run("last", tmp_path).predict_proba(X) == run.predict_proba(X)).all()


def test_its_record_is_enough_to_train_it_again():
    net = network()
    start = net.get_weights()
    run = ml.fit(net, X, Y, lr=0.1, epochs=20)
    everything = ml.Splitting(train=1.0, val=0.0, test=0.0)
    again = ml.train(X, Y, recipe=run.question.recipe, weights=start, splitting=everything, engine="reference")
    assert again.digest == run.digest
    assert again.question.digest == run.question.digest


def test_other_networks_and_other_starts_are_other_questions():
    digests = {ml.fit(net, X, Y, epochs=1).question.digest for net in (network(), network(5), network(seed=1))}
    own = {
        ml.fit(Sequential(Linear(2, 3), Square(), Linear(3, 1), seed=seed), X, Y, epochs=1).question.digest
        for seed in (0, 1)
    }
    assert len(digests | own) == 5


def test_a_run_does_not_follow_its_network():
    net = Sequential(Linear(2, 4), Square(), Linear(4, 1), seed=0)
    run = ml.fit(net, X, Y, epochs=5)
    probs = run.predict_proba(X)
    ml.fit(net, X, Y, epochs=50, lr=0.1)
    assert (run.predict_proba(X) == probs).all()
    with pytest.raises(ValueError, match="read-only"):
        run.weights["0.W"][0, 0] = 1


def test_a_loss_of_ones_own():
    x = np.linspace(-1, 1, 50)[:, None]
    net = Sequential(Linear(1, 20), Tanh(), Linear(20, 1), seed=0)
    run = ml.fit(net, x, np.sin(2 * x[:, 0]), loss=FourthPower(), lr=0.05, epochs=200)
    assert run.scores["train"]["r2"] > 0.95
    assert run.question.to_dict()["own"] == "loss FourthPower()"
    plain = ml.fit(
        Sequential(Linear(1, 20), Tanh(), Linear(20, 1), seed=0), x, np.sin(2 * x[:, 0]), lr=0.05, epochs=200
    )
    assert plain.digest != run.digest
    with pytest.raises(UsageError, match="cannot be stored"):
        ml.save_run(run, "nowhere")


@pytest.mark.parametrize(
    ("weights", "bias", "right"), [([[1.0], [1.0]], -1.0, [0, 1, 1, 1]), ([[1.0], [1.0]], -1.5, [0, 0, 0, 1])]
)
def test_a_neuron_at_its_threshold_fires_in_predictions_and_scores(weights, bias, right):
    task = "or" if sum(right) == 3 else "and"
    run = ml.train(task, hidden=[], weights={"0.W": weights, "0.b": [bias]}, epochs=0)
    assert run.predict(X).tolist() == right
    assert run.scores["train"]["accuracy"] == 1


def test_counts_and_likelihoods_below_zero_are_no_divergence():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 1))
    counts = generator.poisson(np.exp(4 + 0.3 * x[:, 0])).astype(float)
    for seed in range(3):
        assert ml.train(x, counts, loss="poisson", hidden=[8], epochs=5, seed=seed).status == "complete"
    sharp = ml.train(
        x, 0.001 * x[:, 0], loss="gaussian_nll", hidden=[8], epochs=20, prepare=ml.Preparation(target="none")
    )
    assert sharp.history["loss"][-1] < -1
    assert sharp.status == "complete"


def test_a_frame_keeps_its_names_beside_an_array():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"size": [1.0, 2.0, 3.0, 4.0] * 5, "city": ["a", "b", "a", "c"] * 5})
    run = ml.train(frame, np.arange(20.0), hidden=[4], epochs=2)
    assert run.preparation.encoding.feature_names[0] == "size"
    assert len(run.predict(frame)) == 20


def test_what_only_the_test_rows_say_does_not_count():
    polars = pytest.importorskip("polars")
    city = ["a", "b"] * 50
    target = np.arange(100.0)
    split = ml.Splitting().apply(ml.Dataset.from_arrays(np.zeros((100, 1)), target))
    city[int(split.test[0])] = "only here"
    run = ml.train(polars.DataFrame({"city": city}), target, hidden=[4], epochs=2)
    new, unseen = polars.DataFrame({"city": ["only here"]}), polars.DataFrame({"city": ["never seen"]})
    assert run.predict(new) == run.predict(unseen)


def test_a_metric_is_not_monitored_without_rows_for_it():
    with pytest.raises(RecipeError) as caught:
        ml.train("xor", monitor="accuracy")
    assert str(caught.value) == (
        "monitor=accuracy is measured on validation rows, and there are none. "
        "Use monitor=loss, or keep some rows for validation."
    )


def test_what_stands_behind_a_sigmoid_does_not_hide_it():
    net = Sequential(Linear(2, 4), Tanh(), Linear(4, 1), ml.nn.Sigmoid(), ml.nn.Dropout(0.1), seed=0)
    with pytest.raises(RecipeError, match="would be applied twice"):
        ml.fit(net, X, Y, epochs=1)
    run = ml.fit(net, X, Y, loss="squared_error", lr=0.1, epochs=20)
    assert run.question.recipe.layers[3] == {"layer": "sigmoid"}
    assert np.array_equal(run.net(X), net(X))


def test_shared_weights_are_kept_as_they_are():
    first, second = Linear(2, 2), Linear(2, 2)
    second.W = first.W
    second.params = (first.W, second.b)
    net = Sequential(first, Tanh(), second, Tanh(), Linear(2, 1), seed=0)
    run = ml.fit(net, X, Y, lr=0.1, epochs=30)
    assert run.question.own is not None
    assert np.array_equal(run.predict_proba(X), run.answer(X))
    assert np.array_equal(run.net(X), net(X))


def test_a_network_of_the_wrong_width_is_refused_before_training():
    y = np.array([0, 1, 2, 1])
    net = Sequential(Sequential(Linear(2, 4), Tanh(), Linear(4, 4)))
    before = net.get_weights()
    with pytest.raises(RecipeError) as caught:
        ml.fit(net, X, y, epochs=1)
    assert str(caught.value) == (
        "Your network must give outputs of shape (n_samples, 3) for this target and loss, got (1, 4) for one row."
    )
    assert all(np.array_equal(value, before[name]) for name, value in net.get_weights().items())


def test_a_loss_of_numbers_sees_the_numbers_given():
    seen = []

    class Watched:
        def __call__(self, y, target, weight=None):
            seen.extend(np.unique(target).tolist())
            return float(np.mean((y - target) ** 2)), 2 * (y - target) / y.size

    ml.fit(network(), X, np.where(Y, 1.0, -1.0), loss=Watched(), epochs=1)
    assert set(seen) == {-1.0, 1.0}


def test_runs_with_code_of_ones_own_are_not_stored(tmp_path):
    run = ml.train(
        X, X[:, 0] + X[:, 1] / 3, hidden=[3], loss=FourthPower(), epochs=1, splitting=ml.Splitting(1.0, 0.0, 0.0)
    )
    with pytest.raises(UsageError, match="cannot be stored"):
        ml.save_run(run, tmp_path)


def test_own_code_is_told_apart_by_its_settings_and_not_by_its_place_in_memory():
    class Power:
        def __init__(self, p):
            self.p = p

        def __call__(self, y, target, weight=None):
            error = y - target
            return float(np.mean(error**self.p)), self.p * error ** (self.p - 1) / error.size

    y = np.array([0.0, 1.0, 2.5, 4.0])
    digests = [ml.fit(network(), X, y, loss=Power(p), epochs=1).question.digest for p in (2, 2, 4)]
    assert digests[0] == digests[1] != digests[2]
    own = [ml.fit(Sequential(Linear(2, 3), Square(), Linear(3, 1)), X, Y, epochs=1).question.digest for _ in range(2)]
    assert own[0] == own[1]


def test_labels_in_a_list_are_labels():
    assert ml.train(X, ["no", "yes", "yes", "no"], epochs=1, splitting=ml.Splitting(1.0, 0.0, 0.0)).target.classes == (
        "no",
        "yes",
    )


@pytest.mark.parametrize("loss", ["hinge", "huber", "squared_error", "sigmoid_cross_entropy", "cross_entropy"])
def test_two_labels_called_classes_train_by_every_loss(loss):
    everything = ml.Splitting(train=1.0, val=0.0, test=0.0)
    run = ml.train(X, Y, kind="classes", loss=loss, hidden=[4], epochs=2, splitting=everything)
    assert run.predict_proba(X).shape == (4, 2)


def test_a_run_survives_an_interruption_of_its_baselines(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("multilayer.lab.session.baselines", interrupted)
    run = ml.train("xor", epochs=2)
    assert (run.status, run.baselines) == ("complete", {})


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"splitting": ml.Splitting()}, "fit decides splitting itself: leave it out, or use train."),
        ({"loss": ml.nn.Huber}, "loss must be a loss such as Huber(), got the class itself."),
        ({"loss": FourthPower(), "reduction": "sum"}, "A loss of your own reduces as it likes: leave reduction out."),
    ],
)
def test_what_fit_refuses(asked, sentence):
    with pytest.raises(UsageError) as caught:
        ml.fit(network(), X, Y, **asked)
    assert str(caught.value) == sentence


def test_a_dataset_that_says_classes_keeps_them_under_a_loss_of_numbers():
    data = ml.Dataset.from_arrays(X, Y)
    run = ml.train(data, hidden=[3], loss=FourthPower(), epochs=1, splitting=ml.Splitting(1.0, 0.0, 0.0))
    assert run.target.kind == "binary"
