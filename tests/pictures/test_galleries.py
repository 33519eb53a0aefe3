"""The galleries of activations and losses: all of them, each with the right derivative."""

from __future__ import annotations

import numpy as np
import pytest

from multilayer.nn import ACTIVATIONS
from multilayer.nn.losses import LOSSES
from multilayer.pictures import drawn
from multilayer.pictures.activation_functions import activation_curve, steepest_slope
from multilayer.pictures.loss_functions import EXAMPLES, loss_curve
from tests.pictures.test_layout import cut_off, overlapping


@pytest.fixture(scope="module")
def gallery():
    return {name: drawn(name) for name in ("activation-functions", "loss-functions")}


@pytest.mark.parametrize(("name", "registered"), [("activation-functions", ACTIVATIONS), ("loss-functions", LOSSES)])
def test_every_one_that_is_registered_has_its_panel(gallery, name, registered):
    titles = [axes.get_title(loc="left") for axes in gallery[name].figure.axes if axes.axison]
    assert [title.partition(",")[0] for title in titles] == list(registered)
    assert set(EXAMPLES) == set(LOSSES)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_of_an_activation_is_its_curves(name):
    """By central differences of the drawn curve, away from its kinks and jumps."""
    _compare(activation_curve(name))


@pytest.mark.parametrize("name", LOSSES)
def test_the_slope_of_a_loss_is_its_curves(name):
    _compare(loss_curve(name))


def _compare(curve):
    h = curve.x[1] - curve.x[0]
    between = (curve.y[2:] - curve.y[:-2]) / (2 * h)
    smooth = (np.abs(np.diff(curve.slope, 2)) < 1e-2) & (np.abs(np.diff(curve.y, 2)) < 0.2)
    assert smooth.mean() > 0.98
    np.testing.assert_allclose(
        curve.slope[1:-1][smooth], between[smooth], atol=2e-3 * (1 + np.abs(between[smooth]).max())
    )


def test_a_wrong_slope_is_seen():
    curve = activation_curve("tanh")
    wrong = type(curve)(curve.title, curve.x, curve.y, 1.02 * curve.slope)
    with pytest.raises(AssertionError):
        _compare(wrong)


def test_the_steepest_slopes_are_those_of_the_textbooks(gallery):
    known = {"sigmoid": 0.25, "tanh": 1, "relu": 1, "softplus": 1, "softsign": 1, "step": 0, "softmax": 0.25}
    assert {name: steepest_slope(name) for name in known} == pytest.approx(known)
    assert steepest_slope("gelu") == pytest.approx(1.1289, abs=1e-4)  # at the square root of 2
    assert "at most 0.25 for sigmoid and at most 1.76 for selu" in gallery["activation-functions"].caption


def test_the_bounded_losses_are_told(gallery):
    assert (
        "for absolute_error, huber, log, sigmoid_cross_entropy, hinge, cross_entropy, max_margin, quantile it never "
        "exceeds 1" in gallery["loss-functions"].caption
    )


@pytest.mark.parametrize("name", ["activation-functions", "loss-functions"])
def test_nothing_overlaps_and_nothing_is_cut_off(gallery, name):
    assert overlapping(gallery[name]) == []
    assert cut_off(gallery[name]) == []
    for axes in gallery[name].figure.axes:
        left, right = axes._left_title, axes._right_title
        assert not right.get_text() or left.get_window_extent().x1 < right.get_window_extent().x0
