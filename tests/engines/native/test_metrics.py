"""Sums, answers and metrics of the native engine have the bits of `exact`, `answer` and METRICS."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest

from multilayer.data import METRICS, FittedPreparation, Target
from multilayer.data.encoding import Encoding
from multilayer.engines.native import instruction_sets
from multilayer.exact import total
from multilayer.recipe.outputs import answer
from tests.engines.native.probes import probes
from tests.scale import cases

SEEDS = range(cases(normal=1, accept=60))
HUGE = 2.0**1023
SMALLEST = 2.0**-1074


@pytest.fixture(params=instruction_sets(), scope="module")
def native(request):
    return probes(request.param)


# Sums


def same(found, expected):
    assert float(found).hex() == float(expected).hex()


@pytest.mark.parametrize(
    "values",
    [
        [],
        [-0.0],
        [-0.0, -0.0],
        [-0.0] * 40,
        [1.0, -1.0],
        [1e100, 1.0, -1e100],
        [0.1] * 10,
        [1.0, 2.0**-53],
        [1.0, 2.0**-53, SMALLEST],
        [1.0, 2.0**-53, -SMALLEST],
        [1.0 + 2.0**-52, 2.0**-53, -SMALLEST],
        [-1.0, -(2.0**-53), -SMALLEST],
        [2.0 - 2.0**-52, 2.0**-53],
        [SMALLEST] * 3,
        [-SMALLEST, 2.0**-1022],
        [2.0**-1022 - SMALLEST, SMALLEST, 2.0**-1022],
        [2.0**53, 1.0, SMALLEST],
        [HUGE, HUGE, -HUGE],
        [HUGE] * 3,
        [-HUGE] * 40,
        [HUGE, HUGE, -HUGE, -HUGE, 3.0, SMALLEST],
        [HUGE * (2 - 2.0**-52), HUGE * 2.0**-53],
        [HUGE * (2 - 2.0**-52), HUGE * 2.0**-53, -SMALLEST],
        [math.inf, 1.0, HUGE, HUGE],
        [math.inf, -math.inf],
        [math.inf] * 30 + [-math.inf],
        [-math.inf] * 30,
        [math.nan] + [1.0] * 30,
        [HUGE] * 20 + [-HUGE] * 20 + [0.1] * 20,
    ],
)
def test_sums_at_the_ends(native, values):
    for n in (1, 5):
        repeated = values * n
        same(native.total(np.array(repeated, dtype=np.float64)), total(repeated))


@pytest.mark.parametrize("exponents", [0, 1, 20, 60, 300, 1000])
@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 16, 17, 31, 200, 1023, 1024, 1025, 5000])
def test_random_sums(native, n, exponents):
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        values = np.ldexp(random.standard_normal(n), random.integers(-exponents, exponents + 1, n))
        same(native.total(values), total(values))
        cancelling = random.permutation(np.concatenate([values, -values, [1e-300]]))
        same(native.total(cancelling), 1e-300)
        same(native.total(np.rint(values)), total(np.rint(values)))


@pytest.mark.parametrize("n", [3, 20, 300])
def test_sums_that_are_halfway_between_two_numbers(native, n):
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        values = np.concatenate([random.integers(1, 2**53, n) * 1.0, [2.0**53, 2.0**-60 * random.integers(-1, 2)]])
        same(native.total(values), total(values))


# Answers and scores


@dataclass(frozen=True)
class Form:
    """A kind of target, a loss, and how many classes, labels or numbers there are."""

    kind: str
    loss: str
    k: int

    @property
    def outputs(self) -> int:
        if self.kind == "binary":
            return 2 if self.loss in ("cross_entropy", "max_margin") else 1
        return 2 * self.k if self.loss == "gaussian_nll" else self.k


ON_BITS = ("sigmoid_cross_entropy", "log", "hinge", "squared_hinge", "squared_error", "absolute_error", "huber")
ON_CLASSES = (*ON_BITS, "cross_entropy", "max_margin")
ON_NUMBERS = ("squared_error", "absolute_error", "huber", "quantile", "poisson", "gaussian_nll")
FORMS = [
    *(Form("binary", loss, 2) for loss in ON_CLASSES),
    *(Form("classes", loss, k) for loss in ON_CLASSES for k in (2, 3, 11)),
    *(Form("multilabel", loss, k) for loss in ON_BITS for k in (1, 5)),
    *(Form("regression", loss, k) for loss in ON_NUMBERS for k in (1, 3)),
]
EACH_ANSWER = ("sigmoid_cross_entropy", "hinge", "squared_error", "cross_entropy", "poisson", "gaussian_nll")


def each(forms):
    return pytest.mark.parametrize("form", forms, ids=lambda form: f"{form.kind}-{form.loss}-{form.k}")


each_form = each(FORMS)
each_answer = each([form for form in FORMS if form.loss in EACH_ANSWER])  # one loss for each way to answer


def random_outputs(random, n, units):
    return random.standard_normal((n, units)) * 3


def outputs_in_single(random, n, units):
    return random_outputs(random, n, units).astype(np.float32).astype(np.float64)


def tied_outputs(random, n, units):
    return np.rint(random_outputs(random, n, units))


def constant_outputs(random, n, units):
    return np.full((n, units), random.choice([-0.5, -0.0, 0.0, 0.5, 1.0]))


def far_outputs(random, n, units):
    """Large enough for functions to underflow, not to overflow."""
    return random.uniform(-800.0, 700.0, (n, units))


def close_outputs(random, n, units):
    """Logits about 0 or about another, so close that their probabilities may be equal."""
    steps = random.integers(-40, 41, (n, units)) * 2.0**-56
    return random.choice([0.0, 1.0, -3.0], (n, 1)) + random.choice([1.0, 8.0, 64.0], (n, 1)) * steps


OUTPUTS = (random_outputs, outputs_in_single, tied_outputs, constant_outputs, far_outputs, close_outputs)


def all_weights(random, n):
    some = random.random(n) * random.integers(0, 2, n)
    return (None, random.random(n), random.integers(0, 4, n).astype(float), some, np.ldexp(some, 900), np.zeros(n))


def random_target(random, form, n):
    """Of all the data; some classes do not occur, and sometimes only one does."""
    if form.kind in ("binary", "classes"):
        codes = random.integers(0, random.integers(1, form.k + 1), n)
        return Target(form.kind, codes, classes=tuple(range(form.k)))
    if form.kind == "multilabel":
        return Target(form.kind, (random.random((n, form.k)) < random.random(form.k)).astype(np.float64))
    values = random.standard_normal((n, form.k)) * 4
    return Target(form.kind, np.rint(values) if random.random() < 0.5 else values)


def preparation_of(random, form):
    none = np.zeros(0)
    center, factor = random.standard_normal(form.k), random.uniform(0.1, 5.0, form.k)
    return FittedPreparation(Encoding(()), none, none, none, center, factor)


def expected_score(name, form, outputs, target, rows, weight, preparation):
    with np.errstate(all="ignore"):
        answers = answer(outputs, form.loss, "identity", target, preparation)
        if not np.isfinite(answers).all() or (weight is not None and not weight[rows].any()):
            return math.nan
        return METRICS[name](target.values[rows], answers, None if weight is None else weight[rows])


def native_score(native, name, form, outputs, target, rows, weight, preparation):
    codes, values = np.zeros(0, dtype=np.int64), np.zeros(0)
    if target.values.ndim == 1:
        codes = target.values
    else:
        values = target.values
    scales = preparation.target_center, preparation.target_factor
    return native.score(name, form.loss, form.kind, outputs, codes, values, rows, weight, *scales)


def metrics_of(form):
    return [name for name, metric in METRICS.items() if form.kind in metric.kinds]


def check_scores(native, random, form, outputs, target, rows, weight):
    preparation = preparation_of(random, form)
    for name in metrics_of(form):
        arguments = (name, form, outputs, target, rows, weight, preparation)
        found, expected = native_score(native, *arguments), expected_score(*arguments)
        assert found.hex() == expected.hex(), f"{name} is {found!r}, not {expected!r}"


@each_form
@pytest.mark.parametrize("make", OUTPUTS, ids=lambda make: make.__name__)
def test_answers(native, form, make):
    for seed, n in itertools.product(SEEDS, (1, 53)):
        random = np.random.default_rng(seed)
        target, preparation = random_target(random, form, n), preparation_of(random, form)
        outputs = make(random, n, form.outputs)
        scales = preparation.target_center, preparation.target_factor
        expected = answer(outputs, form.loss, "identity", target, preparation)
        np.testing.assert_array_equal(native.answers(form.loss, form.kind, outputs, *scales), expected, strict=True)


@each_answer
@pytest.mark.parametrize("make", OUTPUTS, ids=lambda make: make.__name__)
def test_scores(native, form, make):
    for seed, n in itertools.product(SEEDS, (1, 2, 24, 41)):
        random = np.random.default_rng(seed)
        target = random_target(random, form, n + 9)
        rows = random.permutation(n + 9)[:n].astype(np.int64)
        outputs = make(random, n, form.outputs)
        weights = all_weights(random, n + 9)
        for weight in (weights[0], weights[1 + (seed + n) % 5]):
            check_scores(native, random, form, outputs, target, rows, weight)


@each_answer
def test_scores_of_perfect_and_of_constant_answers(native, form):
    random = np.random.default_rng(5)
    rows = np.arange(30)
    target = random_target(random, form, 30)
    if form.kind == "regression":
        target = Target(form.kind, np.repeat(target.values[:1], 30, axis=0))
        outputs = np.tile(target.values, form.outputs // form.k)
    else:
        truth = target.values[:, None] == np.arange(2 - form.outputs, form.k) if target.values.ndim == 1 else None
        outputs = 40.0 * (target.values if truth is None else truth[:, -form.outputs :]) - 20.0
    for weight in all_weights(random, 30):
        check_scores(native, random, form, outputs, target, rows, weight)
        check_scores(native, random, form, np.zeros_like(outputs), target, rows, weight)


@each_answer
def test_scores_of_unbounded_outputs(native, form):
    random = np.random.default_rng(6)
    target, rows = random_target(random, form, 20), np.arange(20)
    infinite = [] if form.kind == "classes" and form.loss == "squared_error" else [math.inf, -math.inf]
    for value in (1e308, -1e308, *infinite):
        outputs = random_outputs(random, 20, form.outputs)
        outputs[3, 0] = value
        check_scores(native, random, form, outputs, target, rows, None)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_shares_of_infinity_have_no_score(native, value):
    random = np.random.default_rng(6)
    form, outputs = Form("classes", "squared_error", 3), random_outputs(random, 5, 3)
    outputs[3, 0] = value
    data = random_target(random, form, 5), np.arange(5), None, preparation_of(random, form)
    assert math.isnan(native_score(native, "accuracy", form, outputs, *data))


@each_answer
def test_scores_of_a_nan_are_nan(native, form):
    random = np.random.default_rng(7)
    target, rows, preparation = random_target(random, form, 20), np.arange(20), preparation_of(random, form)
    for row in (0, 19):
        outputs = random_outputs(random, 20, form.outputs)
        outputs[row, 0] = math.nan
        for name in metrics_of(form):
            assert math.isnan(native_score(native, name, form, outputs, target, rows, None, preparation))


@pytest.mark.parametrize("loss", ["sigmoid_cross_entropy", "cross_entropy"])
def test_decisions_where_the_probabilities_are_about_to_be_equal(native, loss):
    """What is decided is found without the probabilities, and is what these decide."""
    form = Form("binary", loss, 2)
    edge = 2.0**-54
    gaps = [sign * factor * edge for sign in (-1, 1) for factor in (0.0, 0.5, 1 - 2.0**-53, 1, 1 + 2.0**-52, 2, 3, 17)]
    outputs = np.array(gaps)[:, None]
    if loss == "cross_entropy":
        outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=1)
    target = Target("binary", np.ones(len(gaps), dtype=np.int64), classes=(0, 1))
    for row in range(len(gaps)):
        rows = np.array([row])
        check_scores(native, np.random.default_rng(0), form, outputs[row : row + 1], target, rows, None)
