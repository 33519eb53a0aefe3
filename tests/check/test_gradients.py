"""The gradient checker over random networks of every layer, activation and loss."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer import check, nn
from multilayer.nn import losses
from tests.check.networks import ACTIVATIONS, draw, layer_classes
from tests.figures import Figure
from tests.scale import cases

NETWORKS = cases(normal=150, accept=2000)
CHUNK = 25


@pytest.mark.parametrize("first", range(0, NETWORKS, CHUNK))
def test_random_networks(first: int) -> None:
    for case in range(first, first + CHUNK):
        drawn = draw(case)
        report = check.gradients(drawn.ended, drawn.x)
        assert report.worst.excess <= 1


def test_few_points_are_drawn_again_for_a_kink(figure: Figure) -> None:
    networks = cases(normal=100, accept=2000)
    draws = sum(draw(case).draws for case in range(networks))
    figure("random networks with checked gradients", NETWORKS)
    figure("random networks drawn again for a kink", f"{draws - networks} of {draws}")
    assert draws - networks <= 0.05 * draws


def test_random_networks_are_of_everything() -> None:
    seen: set[type] = set()
    for case in range(NETWORKS):
        ended = draw(case).ended
        seen |= {type(ended.loss), *map(type, ended.net.layers)}
    assert seen >= {*losses.LOSSES.values(), *ACTIVATIONS.values(), *layer_classes().values()}


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm(4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2), seed=1)


X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [0.0, 1.0, 1.0]])


def test_the_network_is_left_as_found() -> None:
    own = net()
    own.params[0].grad += 1.0
    before = own.get_weights()
    held = [(parameter.value, parameter.grad) for parameter in (*own.params, *own.buffers)]
    check.gradients(own, X)
    for name, value in own.get_weights().items():
        np.testing.assert_array_equal(value, before[name])
    for parameter, (value, grad) in zip((*own.params, *own.buffers), held, strict=True):
        assert parameter.value is value
        assert parameter.grad is grad
    assert (own.params[0].grad == 1.0).all()


def test_a_float32_network_is_checked_in_float64() -> None:
    single = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), seed=1, dtype="float32")
    assert check.gradients(single, X.astype(np.float32)).worst.excess < 0.1
    assert single.params[0].value.dtype == np.float32


def test_the_report_counts_and_names() -> None:
    report = check.gradients(nn.Sequential(nn.Linear(3, 2), seed=1), X)
    assert report.compared == 9 + 6 + 2 + 4
    only = check.gradients(nn.Sequential(nn.Linear(3, 2), seed=1), X, entries=False)
    assert only.compared == 4
    assert only.worst.where.startswith("random direction")


def test_prediction_is_checked_too() -> None:
    assert check.gradients(net(), X, training=False).worst.excess < 1


def test_loss_gradients() -> None:
    report = check.loss_gradients(nn.CrossEntropy(), np.array([[1.0, 2.0], [0.0, 1.0]]), [0, 1], [0, 2])
    assert report.compared == 4 + 4


class Cube:
    """y = x^3 with a derivative that misses by a factor."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def forward(self, x, *, training=False):
        return x**3, lambda dy: self.factor * 3 * x**2 * dy


@pytest.mark.parametrize(
    ("factor", "guess"),
    [
        (-1.0, "The sign is wrong."),
        (0.0, "Nothing arrives there: is it added to the gradient, and is every path followed?"),
        (3.0, "It is 3 times too large: is a mean taken for a sum, or a term added twice?"),
        (1.001, "If a kink of the function lies there, check at another point."),
    ],
)
def test_the_sentence(factor: float, guess: str) -> None:
    with pytest.raises(check.GradientError) as caught:
        check.gradients(Cube(factor), np.array([[2.0]]))
    text = str(caught.value)
    assert text.startswith("The gradient of Cube at ")
    assert "by backward, but differences give" in text
    assert text.endswith(f"(ratio {factor:.6g}). {guess}")
    assert isinstance(caught.value, AssertionError)


def test_a_derivative_where_the_function_is_flat_is_said() -> None:
    class Leaky:
        def forward(self, x, *, training=False):
            return np.maximum(x, 0), lambda dy: dy

    with pytest.raises(check.GradientError) as caught:
        check.gradients(Leaky(), np.array([[-2.0]]))
    assert str(caught.value).endswith(
        "differences give 0 (ratio inf). "
        "Nothing should arrive there: does backward use what forward used, the same mask for example?"
    )


def test_an_entry_is_named_before_a_direction_that_is_farther_off() -> None:
    for seed in range(20):
        with pytest.raises(check.GradientError, match=r"at x\[0, \d\] is .* \(ratio 1.001\)"):
            check.gradients(Cube(1.001), np.array([[2.0, -1.0, 0.5]]), seed=seed)


def test_a_derivative_that_is_not_a_number_is_the_worst() -> None:
    with pytest.raises(check.GradientError, match=r"at x\[0, 1\] is nan by backward.* It is not finite."):
        check.gradients(NanThere(), np.array([[1.0, 2.0]]))


class NanThere:
    def forward(self, x, *, training=False):
        return 2 * x, lambda dy: 2 * dy * [1.0, np.nan]


def test_a_gradient_of_another_shape_is_said() -> None:
    with pytest.raises(check.GradientError) as caught:
        check.gradients(Summed(), X)
    assert str(caught.value) == "The gradient of Summed by x must have its shape (3, 3), got (3,)."


class Summed:
    def forward(self, x, *, training=False):
        return x, lambda dy: dy.sum(axis=0)
