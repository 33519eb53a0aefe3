"""The public checks find every planted error, and find nothing where none is planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multilayer import check
from multilayer.nn import losses
from multilayer.nn.layer import params_of
from tests.check.networks import layer_classes, made
from tests.check.planted import PLANTED, Case, Planted, PlantedLoss, X
from tests.check.test_contracts import target_for
from tests.figures import Figure

CAUGHT = (check.GradientError, check.ContractError)


def is_caught(case: Case) -> bool:
    case.sound()
    try:
        case.run()
    except CAUGHT:
        return True
    return False


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.name)
def test_a_planted_error_is_caught(case: Case) -> None:
    assert is_caught(case)


def test_25_of_25(figure: Figure) -> None:
    caught = sum(is_caught(case) for case in PLANTED)
    figure("planted gradient errors caught", f"{caught} of {len(PLANTED)}")
    assert caught == 25
    assert len({case.name for case in PLANTED}) == 25


@pytest.mark.parametrize("name", layer_classes())
def test_a_tenth_of_a_percent_is_caught_in_every_layer(name: str) -> None:
    layer = made(layer_classes()[name], n=3, n_in=3)
    rng = np.random.default_rng(9)
    for parameter in params_of(layer):
        parameter.value = parameter.value + 0.5 * rng.normal(size=parameter.value.shape)
    for parameter in params_of(layer):
        by_more = Planted(layer, lambda layer, back, x, y, dy, p=parameter: off(back, dy, p))
        with pytest.raises(check.GradientError, match=f"at {parameter.name}|random direction"):
            check.gradients(by_more, X)
    with pytest.raises(check.GradientError, match=r"at x\[|random direction"):
        check.gradients(Planted(layer, lambda layer, back, x, y, dy: 1.001 * back(dy)), X)


def off(backward: Any, dy: Any, parameter: Any) -> Any:
    before = parameter.grad.copy()
    dx = backward(dy)
    parameter.grad += 0.001 * (parameter.grad - before)
    return dx


@pytest.mark.parametrize("name", losses.LOSSES)
def test_a_tenth_of_a_percent_is_caught_in_every_loss(name: str) -> None:
    y, target = np.random.default_rng(8).normal(size=(5, 4)), target_for(name)
    loss = losses.get(name)
    check.loss_gradients(PlantedLoss(loss, lambda dy, y, t, w: dy), y, target)
    with pytest.raises(check.GradientError):
        check.loss_gradients(PlantedLoss(loss, lambda dy, y, t, w: 1.001 * dy), y, target)
