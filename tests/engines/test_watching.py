"""Looking into the layers: what is seen is what another route computes, and looking changes nothing."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from multilayer.engines import watch
from multilayer.engines.watching import MOST_ROWS, Lens, looks
from multilayer.errors import UsageError
from multilayer.lab import Session, ask
from multilayer.nn import Linear, ReLU, Sequential, SigmoidCrossEntropy

ENGINES = ("native", "reference")


def session(task="moons(samples=120)", engine="native", **settings):
    settings = {"hidden": [6, 5], "epochs": 4, "keep": "last", **settings}
    return Session(ask(task, **settings), engine=engine)


def watched(asked: Session, **settings):
    return watch(asked.training, asked.members, asked.asked.data, **settings)


@pytest.mark.parametrize("engine", ENGINES)
def test_looking_changes_no_bit(engine):
    alone, seen = session(engine=engine), session(engine=engine)
    alone.training.advance()
    watched(seen)
    for name, value in alone.training.weights().items():
        np.testing.assert_array_equal(seen.training.weights()[name], value)
    np.testing.assert_array_equal(seen.training.history.values, alone.training.history.values)


@pytest.mark.parametrize("engine", ENGINES)
def test_activations_are_those_of_hidden(engine):
    """By the engine's own forward pass."""
    asked = session(engine=engine)
    data = asked.asked.data
    for found in looks(asked.training, asked.members, data, rows=range(50)):
        first = found[0]
        break
    fresh = session(engine=engine)
    for place, y in enumerate(fresh.training.hidden(data.x[:50])):
        assert first.mean[place] == pytest.approx(float(y.mean(dtype=np.float64)), abs=1e-6)
        spreads = [statistics.pvariance(map(float, column)) for column in y.T]
        assert first.std[place] == pytest.approx(math.sqrt(statistics.mean(spreads)), rel=1e-5)
        assert first.zero[place] == np.count_nonzero(y == 0) / y.size
        assert first.dead[place] == np.mean([not column.any() for column in y.T])


def test_gradients_are_those_of_small_steps():
    """By central differences of the mean loss, written here by hand."""
    asked = session(activation="tanh", dtype="float64")
    member, data = asked.members[0], asked.asked.data
    rows = np.arange(30)
    look = Lens(member, data, rows).look(asked.training, 0)
    weights, x = asked.training.weights(), member.preparation.apply(data.x[rows])
    bits = data.target.values[rows][:, None]

    def loss(changed):
        h = x
        for place in (0, 2):
            h = np.tanh(h @ changed[f"{place}.W"] + changed[f"{place}.b"])
        z = h @ changed["4.W"] + changed["4.b"]
        return float(np.mean(np.logaddexp(0, z) - bits * z))

    for column, name in enumerate(("0.W", "2.W", "4.W")):
        slopes = []
        for at in np.ndindex(weights[name].shape):
            values = []
            for step in (1e-5, -1e-5):
                moved = {key: value.copy() for key, value in weights.items()}
                moved[name][at] += step
                values.append(loss(moved))
            slopes.append((values[0] - values[1]) / 2e-5)
        assert look.gradient[column] == pytest.approx(np.sqrt(np.sum(np.square(slopes))), rel=1e-6)


def test_updates_are_those_between_two_weights():
    asked, twin = session(), session()
    (seen,) = watched(asked)
    for row in range(4):
        before = twin.training.weights()
        twin.training.advance(steps=1)
        after = twin.training.weights()
        for column, name in enumerate(seen.arrays):
            old, new = before[name].astype(float).ravel(), after[name].astype(float).ravel()
            assert seen.size[row, column] == pytest.approx(np.sqrt(old @ old))
            assert seen.update[row, column] == pytest.approx(np.sqrt((new - old) @ (new - old)) / np.sqrt(old @ old))
        twin.training.advance(epochs=1)
    assert np.isnan(seen.update[-1]).all()
    assert seen.epoch.tolist() == [0, 1, 2, 3, 4]
    assert seen.step.tolist() == [0, 3, 6, 9, 12]


def test_a_planted_dead_unit_is_counted():
    asked = session()
    weights = asked.training.weights()
    weights["2.W"][:, 1], weights["2.b"][1] = 0, -1
    asked.training.set_weights(weights)
    lens = Lens(asked.members[0], asked.asked.data)
    assert [lens.layers[place] for place in lens.hidden] == ["1.relu", "3.relu"]
    assert lens.look(asked.training, 0).dead[list(lens.hidden)].tolist() == [0, 0.2]


def test_a_vanishing_gradient_is_seen_and_a_healthy_one_is_not():
    deep = {"hidden": [10] * 8, "epochs": 1}
    vanishing = watched(session(activation="sigmoid", weight_init="glorot_normal", **deep))[0].gradient[0]
    healthy = watched(session(activation="relu", **deep))[0].gradient[0]
    assert vanishing[0] < 1e-4 * vanishing[-1]
    assert healthy[0] > 1e-2 * healthy[-1]


def test_a_vanished_gradient_is_not_lost_in_float32():
    """1e-30 squared is 0 in float32; the looking is in float64."""
    asked = session(activation="identity", hidden=[3, 3])
    weights = asked.training.weights()
    tiny = {name: value * np.float32(1e-20) for name, value in weights.items() if not name.startswith("0")}
    asked.training.set_weights(tiny)
    look = Lens(asked.members[0], asked.asked.data).look(asked.training, 0)
    assert 1e-44 < look.gradient[0] < 1e-36


def test_a_population_is_watched_member_by_member():
    asked = Session(ask("moons(samples=120)", hidden=[4], epochs=3, seeds=[0, 1], keep="last"))
    both = watched(asked)
    alone = watched(Session(ask("moons(samples=120)", hidden=[4], epochs=3, seeds=[1], keep="last")))[0]
    np.testing.assert_array_equal(both[1].gradient, alone.gradient)
    assert not np.array_equal(both[0].gradient, both[1].gradient)


def test_every_is_kept_and_full_batches_are_not_skipped():
    assert watched(session(epochs=5), every=2)[0].epoch.tolist() == [0, 2, 4, 5]
    assert watched(session(epochs=3, batch_size="full"))[0].epoch.tolist() == [0, 1, 2, 3]


def test_the_end_is_left_out_where_other_weights_are_kept():
    assert watched(session(keep="best"))[0].epoch.tolist() == [0, 1, 2, 3]
    diverged = watched(session(lr=1e30, optimizer="sgd", epochs=20))[0]
    assert len(diverged.epoch) <= 20
    assert np.isfinite(diverged.gradient[0]).all()


def test_dropout_is_off_and_batch_statistics_are_of_the_rows():
    asked = session(dropout=0.5, norm="batch")
    (seen,) = watched(asked)
    assert seen.layers[:4] == ("0.linear", "1.batch_norm", "2.relu", "3.dropout")
    assert [seen.layers[place] for place in seen.hidden] == ["2.relu", "6.relu"]
    np.testing.assert_array_equal(seen.mean[:, 2], seen.mean[:, 3])
    np.testing.assert_allclose(seen.mean[0, 1], 0, atol=1e-12)
    np.testing.assert_allclose(seen.std[0, 1], 1, atol=1e-2)


def test_a_network_of_your_own_is_watched():
    class Twice:
        def forward(self, x, *, training=False):
            return 2 * x, lambda dy: 2 * dy

    net = Sequential(Linear(2, 3), Twice(), ReLU(), Sequential(Linear(3, 1)), seed=1)
    asked = Session(ask("xor", network=net, loss=SigmoidCrossEntropy(), epochs=2, keep="last"))
    before = net.get_weights()
    lens = Lens(asked.members[0], asked.asked.data)
    lens.look(asked.training, 0)
    assert lens.layers == ("0.linear", "1.Twice", "2.relu", "3.linear")
    assert lens.arrays == ("0.W", "3.0.W")
    assert all((net.get_weights()[name] == value).all() for name, value in before.items())
    assert len(watched(asked)[0].epoch) == 3


def test_many_rows_are_thinned():
    assert watched(session("moons(samples=3000)", epochs=1))[0].n_rows == MOST_ROWS
    assert watched(session(epochs=1))[0].n_rows == 72


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([0, 120], "rows must be numbers from 0 to 119, one for each row, got 120."),
        ([-1], "rows must be numbers from 0 to 119, one for each row, got -1."),
        ([], "rows must be the numbers of some rows such as range(100), got []."),
        (3, "rows must be the numbers of some rows such as range(100), got 3."),
        ([0.5], "rows must be the numbers of some rows such as range(100), got [0.5]."),
    ],
)
def test_rows_that_are_not_there(rows, said):
    with pytest.raises(UsageError) as error:
        watched(session(), rows=rows)
    assert str(error.value) == said


def test_every_is_a_whole_number():
    with pytest.raises(UsageError, match=r"^every must be a whole number of at least 1, got 0\.$"):
        watched(session(), every=0)
