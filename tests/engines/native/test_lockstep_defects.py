"""The lockstep catches what it is there for: defects planted in the reference, one at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from multilayer.engines import native, reference
from multilayer.nn import BatchNorm, Dropout, LayerNorm
from multilayer.nn.losses import entropy, loss, regression
from multilayer.nn.losses.regression import Quantile
from multilayer.optim import Momentum, Nesterov, Optimizer, RMSprop, adam, adam_kin, optimizer
from multilayer.rng import Stream
from tests.engines.contract import Table, tables
from tests.engines.native.lockstep import lockstep

pytestmark = pytest.mark.skipif(not native.instruction_set(), reason="no native engine here")

TABLES = tables()
POINTS = (0, 1, 7)

Plant = Callable[[pytest.MonkeyPatch], None]
DEFECTS: dict[str, tuple[str, dict[str, Any], Plant]] = {}


def defect(table: str, **settings: Any) -> Callable[[Plant], Plant]:
    """A defect by the name of its function, with the table and the settings that show it."""

    def register(plant: Plant) -> Plant:
        DEFECTS[plant.__name__] = table, settings, plant
        return plant

    return register


@defect("classes", optimizer="adam")
def wrong_decay_of_the_moments(patch):
    def mean(mean, new, beta):
        mean += (1 - beta**1.001) * (new - mean)

    patch.setattr(adam, "running_mean", mean)


@defect("classes", optimizer="adam")
def no_bias_correction(patch):
    def direction(grad, state, t, beta1, beta2, eps):
        adam.running_mean(state["m"], grad, beta1)
        adam.running_mean(state["v"], grad * grad, beta2)
        return state["m"] / (np.sqrt(state["v"]) + eps)

    patch.setattr(adam, "adam_direction", direction)


@defect("classes", optimizer="adam")
def betas_swapped(patch):
    original = adam.adam_direction
    patch.setattr(adam, "adam_direction", lambda g, s, t, beta1, beta2, eps: original(g, s, t, beta2, beta1, eps))


@defect("classes", optimizer="adam(eps=0.001)")
def eps_inside_the_root(patch):
    def direction(grad, state, t, beta1, beta2, eps):
        adam.running_mean(state["m"], grad, beta1)
        adam.running_mean(state["v"], grad * grad, beta2)
        return state["m"] / (1 - beta1**t) / np.sqrt(state["v"] / (1 - beta2**t) + eps)

    patch.setattr(adam, "adam_direction", direction)


@defect("numbers", optimizer="nadam(momentum_decay=0.5)")
def momentum_of_the_step_before(patch):
    original = adam_kin.NAdam._momentum
    patch.setattr(adam_kin.NAdam, "_momentum", lambda self, t: original(self, t - 1))


@defect("numbers", optimizer="amsgrad(beta2=0.5)")
def a_maximum_that_forgets(patch):
    original = adam_kin.AMSGrad.rule

    def rule(self, grad, value, state, lr, t):
        state["vmax"][...] = 0
        return original(self, grad, value, state, lr, t)

    patch.setattr(adam_kin.AMSGrad, "rule", rule)


@defect("numbers", optimizer="rmsprop(centered=True)")
def a_variance_that_is_not_centered(patch):
    original = RMSprop.rule

    def rule(self, grad, value, state, lr, t):
        state["mean"][...] = 0
        return original(self, grad, value, state, lr, t)

    patch.setattr(RMSprop, "rule", rule)


@defect("numbers", optimizer="nesterov")
def momentum_that_does_not_look_ahead(patch):
    patch.setattr(Nesterov, "rule", Momentum.rule)


@defect("numbers", optimizer="adamw", weight_decay=0.1)
def decay_after_the_step(patch):
    def apply(self, parameter, state, lr):
        parameter.value += self.rule(parameter.grad, parameter.value, state, lr, self.steps)
        if parameter.kind == "weight":
            parameter.value -= (lr * self.weight_decay) * parameter.value

    patch.setattr(Optimizer, "_apply", apply)


@defect("numbers", optimizer="sgd", l2=0.1, bias_init="uniform")
def a_penalty_on_biases(patch):
    patch.setattr(optimizer, "penalized", lambda params, biases: tuple(params))


@defect("numbers", optimizer="sgd", l1=0.1, clip_value=0.05)
def clipping_before_the_penalty(patch):
    def add(params, l1, l2):
        for parameter in params:
            np.clip(parameter.grad, -0.05, 0.05, out=parameter.grad)
            parameter.grad += l1 * np.sign(parameter.value)

    patch.setattr(optimizer, "add_penalty_gradient", add)
    patch.setattr(Optimizer, "_clip", lambda self, params: None)


@defect("numbers", optimizer="sgd", clip_norm=0.1)
def a_norm_for_each_array(patch):
    original = Optimizer._clip

    def clip(self, params):
        for parameter in params:
            original(self, [parameter])

    patch.setattr(Optimizer, "_clip", clip)


@defect("numbers", optimizer="sgd", max_norm=0.5)
def the_largest_norm_of_rows(patch):
    def apply(self, parameter, state, lr):
        value = parameter.value
        value += self.rule(parameter.grad, value, state, lr, self.steps)
        if value.ndim > 1:
            norms = np.sqrt(np.square(value).sum(axis=-1, keepdims=True))
            value *= np.minimum(1, self.max_norm / np.maximum(norms, 1e-300))

    patch.setattr(Optimizer, "_apply", apply)


@defect("numbers", optimizer="sgd", schedule="cosine")
def a_schedule_one_step_ahead(patch):
    patch.setattr(Optimizer, "lr_now", lambda self: self.lr * self.schedule((self.steps + 1) / self.steps_per_epoch))


@defect("numbers", optimizer="sgd", schedule="step(every=7)", epochs=20)
def a_schedule_that_counts_steps(patch):
    patch.setattr(Optimizer, "lr_now", lambda self: self.lr * self.schedule(self.steps))


@defect("numbers", optimizer="sgd", hidden=[8, 8], dropout=0.4)
def dropout_one_step_ahead(patch):
    original = Dropout.reseed
    patch.setattr(Dropout, "reseed", lambda self, seed, place=0, step=0: original(self, seed, place, step + 1))


@defect("numbers", optimizer="sgd", hidden=[8, 8], dropout=0.4)
def a_mask_off_by_one(patch):
    original = Stream.keep
    patch.setattr(Stream, "keep", lambda self, size, p_drop: np.roll(original(self, size, p_drop), 1))


@defect("numbers", optimizer="sgd", hidden=[8, 8], dropout=0.4)
def dropout_that_does_not_divide(patch):
    original = Dropout.forward

    def forward(self, x, *, training=False):
        y, backward = original(self, x, training=training)
        return y * (1 - self.p_drop) if training else y, backward

    patch.setattr(Dropout, "forward", forward)


@defect("numbers", optimizer="sgd", norm="batch")
def a_running_variance_that_is_biased(patch):
    def moments(self, x):
        mean, variance = x.mean(axis=0), x.var(axis=0)
        for buffer, batch in ((self.running_mean, mean), (self.running_var, variance)):
            buffer.value[...] = (1 - self.momentum) * buffer.value + self.momentum * batch
        return mean, variance

    patch.setattr(BatchNorm, "_moments", moments)


@defect("numbers", optimizer="sgd", norm="layer")
def an_unbiased_variance_in_layer_norm(patch):
    original = LayerNorm.forward

    def forward(self, x, *, training=False):
        y, backward = original(self, x, training=training)
        return (y - self.shift.value) * math.sqrt((self.n - 1) / self.n) + self.shift.value, backward

    patch.setattr(LayerNorm, "forward", forward)


@defect("classes", optimizer="sgd", loss="cross_entropy(label_smoothing=0.2)")
def smoothing_that_gives_nothing_to_the_others(patch):
    original = entropy.targets.shares

    def shares(target, shape, of):
        k = shape[1]
        t = original(target, shape, of)
        return t - of.label_smoothing / k / (1 - of.label_smoothing) * (1 - t)  # cancels s / k in all but the true one

    patch.setattr(entropy.targets, "shares", shares)


@defect("numbers", optimizer="sgd", loss="quantile(q=0.2)")
def the_quantile_of_the_other_side(patch):
    original = Quantile.__call__

    def call(self, y, target, weight=None):
        return original(Quantile(1 - self.q, self.reduction), y, target, weight)

    patch.setattr(Quantile, "__call__", call)


@defect("numbers", optimizer="sgd", lr=1e-3)
def a_sum_in_place_of_the_mean(patch):
    patch.setattr(
        regression, "reduced", lambda each, slope, how, weight, dtype: loss.reduced(each, slope, "sum", weight, dtype)
    )


@defect("weighted", optimizer="sgd")
def a_mean_over_rows_in_place_of_weights(patch):
    def reduced(each, slope, how, weight, dtype):
        share = np.ones(len(each)) if weight is None else weight
        share = (share / each.size)[:, None]
        return float((share * each).sum()), (share * slope).astype(dtype)

    patch.setattr(regression, "reduced", reduced)


@defect("numbers", optimizer="sgd", noise=0.1)
def noise_of_the_step_before(patch):
    patch.setattr(
        reference,
        "Stream",
        lambda seed, use, step: Stream(seed, use, step=max(step - 1, 0)),
    )


@defect("numbers", optimizer="sgd")
def the_order_of_the_next_epoch(patch):
    original = reference.epoch_order
    patch.setattr(
        reference,
        "epoch_order",
        lambda n, seed, epoch, shuffle: original(n, seed=seed, epoch=epoch + 1, shuffle=shuffle),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_caught(monkeypatch, name, dtype):
    table, settings, plant = DEFECTS[name]
    chosen: Table = TABLES[table]
    member = chosen.member(**{"seed": 3, "activation": "tanh", "dtype": dtype, **settings})
    lockstep(member, chosen.data, POINTS)
    plant(monkeypatch)
    with pytest.raises(AssertionError, match="apart"):
        lockstep(member, chosen.data, POINTS)


def test_enough_defects_are_planted(figure):
    figure("defects planted in the reference, each caught by the lockstep in both precisions", len(DEFECTS))
    assert len(DEFECTS) >= 25
