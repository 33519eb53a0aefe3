"""Random recipes in both engines: single steps, whole trajectories, and what a network answers."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import numpy as np
import pytest

from multilayer.engines import Member, Reference, native
from multilayer.engines.native_engine import Native
from multilayer.nn.losses import LOSSES
from multilayer.recipe import Recipe
from tests.engines.native.lockstep import MARGIN, REPEATS, UNIT, Compared, Jostle, Jostled, apart, lockstep
from tests.engines.native.recipes import OPTIMIZER_OPTIONS, Case, case, entry
from tests.scale import cases

pytestmark = pytest.mark.skipif(not native.instruction_set(), reason="no native engine here")

LEAST_EPS = 1e-8
"""The native engine counts eps as at least 2^-50, by rule, and flushes squares below 2^-100; the reference does not."""
KINKED = ("relu", "leaky_relu", "prelu", "ramp", "selu", "elu", "maxout")
SMOOTH = ("tanh", "gelu", "softplus", "silu", "mish", "softsign", "sine")
SMOOTH_LOSSES = ("squared_error", "log", "sigmoid_cross_entropy", "cross_entropy", "squared_hinge", "gaussian_nll")
STEADY = {
    **{name: {} for name in ("sgd", "momentum", "nesterov", "ftrl")},
    **{name: {"eps": 1e-2} for name in ("adagrad", "rmsprop", "adam", "adamw", "amsgrad", "adamax", "nadam")},
    "adadelta": {"eps": 1e-4},
}
"""Optimizers whose step is a smooth function of the gradients, also where these are zero but for rounding."""


def comparable(one: Case, optimizer: dict[str, Any] | None = None) -> Member | None:
    """The member with an eps that both engines take as it is; None for one without steps, or that has no likelihood."""
    recipe, targets = one.member.recipe, one.table.dataset.target.values
    counts = recipe.loss["name"] == "poisson"
    if not recipe.epochs or (counts and (one.member.preparation.target_forward(targets) < 0).any()):
        return None
    optimizer = dict(optimizer or recipe.optimizer)
    if "eps" in optimizer:
        optimizer["eps"] = max(optimizer["eps"], LEAST_EPS)
    return dataclasses.replace(one.member, recipe=recipe.replace(optimizer=optimizer))


def report(figure: Any, what: str, steps: int, everything: list[Compared]) -> None:
    loose = sum(one.loose for one in everything)
    figure(f"{what}: comparisons", steps)
    figure(f"{what}: quantities", len(everything))
    figure(f"{what}: quantities that rounding decides", loose)
    figure(f"{what}: largest difference, in parts of what is allowed", max(one.error for one in everything))
    assert loose < 0.05 * len(everything)


def test_the_first_step_of_random_recipes(figure):
    everything, compared = [], 0
    for number in range(cases(normal=60, accept=500)):
        one = case(number)
        member = comparable(one)
        if member is not None:
            everything += checked(number, member, one, (0,))
            compared += 1
    report(figure, "first steps of random recipes, native and reference", compared, everything)


def test_later_steps_of_random_recipes(figure):
    everything, compared = [], 0
    for number in range(1000, 1000 + cases(normal=39, accept=500)):
        one, draws = case(number), random.Random(number)
        member = comparable(one, entry(draws, [*OPTIMIZER_OPTIONS][number % len(OPTIMIZER_OPTIONS)], OPTIMIZER_OPTIONS))
        if member is not None:
            found = checked(number, member, one, (draws.randint(1, 5), draws.randint(6, 40)))
            everything += found
            compared += sum(quantity.name == "weight_sum" for quantity in found)
    report(figure, "later steps of random recipes, native and reference", compared, everything)


def checked(number: int, member: Member, one: Case, points: Any, **given: int) -> list[Compared]:
    try:
        return lockstep(member, one.table.data, points, **given)
    except AssertionError as error:
        raise AssertionError(f"case {number}: {error}") from None


def smooth(number: int) -> tuple[Case, Member]:
    """A member without kinks: a training that rounding does not send another way."""
    one, draws = case(number), np.random.default_rng(number)
    losses = [name for name in SMOOTH_LOSSES if fits(name, one)]
    optimizer = str(draws.choice([*STEADY]))
    settings = {
        **one.settings,
        "layers": [smoothed(each, draws) for each in one.settings["layers"]],
        "loss": str(draws.choice(losses)),
        "optimizer": {"name": optimizer, **STEADY[optimizer]},
        "lr": 0.03 if optimizer != "adadelta" else 1.0,
        **{"l1": 0.0, "patience": None, "keep": "last", "epochs": 30, "monitor": "loss", "reduction": "mean"},
    }
    recipe = Recipe.of(**settings).resolve(one.table.dataset.target)
    return one, dataclasses.replace(one.member, recipe=recipe)


def fits(loss: str, one: Case) -> bool:
    try:
        Recipe.of(**{**one.settings, "loss": loss}).resolve(one.table.dataset.target)
    except ValueError:
        return False
    return loss in LOSSES


def smoothed(given: dict[str, Any], draws: np.random.Generator) -> dict[str, Any]:
    if given["layer"] == "maxout":
        return {"layer": "linear", **({"units": given["units"]} if "units" in given else {})}
    return {"layer": str(draws.choice(SMOOTH))} if given["layer"] in KINKED else given


def test_trajectories_of_smooth_recipes(figure):
    everything, compared = [], cases(normal=9, accept=200)
    for number in range(2000, 2000 + compared):
        one, member = smooth(number)
        everything += checked(number, member, one, (0,), steps=10 + number % 21, repeats=4)
    report(figure, "trajectories of 10 to 30 steps, native and reference", compared, everything)


def rows_of(one: Case, draws: np.random.Generator) -> dict[str, Any]:
    """Rows of the table in every form an array can have."""
    x = np.asarray(one.table.data.x, dtype=np.float64)
    some = draws.integers(0, len(x), int(draws.choice([2, 17, 300])))
    wide = np.zeros((2 * len(some), x.shape[1] + 3))
    wide[::2, 1:-2] = x[some]
    return {
        "C": x[some],
        "Fortran": np.asfortranarray(x[some]),
        "strided": wide[::2, 1:-2],
        "backwards": x[some][::-1, ::-1][::-1, ::-1],
        "float32": x[some].astype(np.float32),
        "float32 Fortran": np.asfortranarray(x[some].astype(np.float32)),
        "no rows": x[:0],
        "one row": x[some[:1]],
    }


def answers(training: Any, x: Any, output: int) -> dict[str, Any]:
    hidden = {f"hidden {place}": values for place, values in enumerate(training.hidden(x))}
    return {**hidden, "predict": training.predict(x), "input_gradient": training.input_gradient(x, output=output)}


def test_answers_for_rows_of_every_form(figure):
    compared, closest = 0, 0.0
    for number in range(3000, 3000 + cases(normal=25, accept=300)):
        one = case(number)
        member = comparable(one)
        if member is None:
            continue
        closest = max(closest, answers_agree(number, one, member))
        compared += 1
    figure("answers of random networks, native and reference: networks", compared)
    figure("answers of random networks: largest difference, in parts of what is allowed", closest)


def answers_agree(number: int, one: Case, member: Member) -> float:
    """The largest difference, in parts of what is allowed."""
    draws, dtype, worst = np.random.default_rng(number), member.recipe.dtype, 0.0
    reference = Reference().start([member], one.table.data)
    reference.advance(steps=3)
    trained = Native().start([dataclasses.replace(member, weights=reference.weights())], one.table.data)
    net = reference.learners[0].net
    layers = net.layers
    output = int(draws.integers(reference.predict(one.table.data.x[:1]).shape[1]))
    for form, x in rows_of(one, draws).items():
        net.layers = layers
        ours, theirs = answers(trained, x, output), answers(reference, x, output)
        jostle = Jostle(draws, UNIT[dtype])
        net.layers = Jostled.all(layers, jostle)
        others = [answers(reference, x, output) for _ in range(REPEATS)]
        for name, value in theirs.items():
            assert ours[name].dtype == np.dtype(dtype), (number, form, name)
            size = np.abs(value).max(initial=0)
            spread = max(apart(other[name], value).max(initial=0) for other in others)
            allowed = 64 * UNIT[dtype] * size + MARGIN * spread
            error = apart(ours[name], value).max(initial=0)
            assert error <= allowed, f"case {number}: {name} of {form}: {error} apart of {size}, {spread}"
            worst = max(worst, float(error / allowed) if allowed else 0.0)
    return worst


@pytest.mark.parametrize("rows", [1, 2, 16, 17, 255, 256, 257, 700])
def test_a_row_alone_is_its_row_in_a_batch(rows):
    for number in range(4000, 4000 + cases(normal=12, accept=100)):
        one = case(number)
        member = comparable(one)
        if member is None:
            continue
        training = Native().start([member], one.table.data)
        training.advance(steps=2)
        x = np.resize(one.table.data.x, (rows, one.table.data.x.shape[1]))
        together = answers(training, x, 0)
        for row in {0, rows // 2, rows - 1}:
            for name, values in answers(training, x[row : row + 1], 0).items():
                assert values.tobytes() == together[name][row : row + 1].tobytes(), (number, name, row)
