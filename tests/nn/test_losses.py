"""Values and derivatives of the losses against PyTorch, and what holds for every loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from multilayer.errors import UsageError
from multilayer.nn import losses
from multilayer.nn.losses import LOSSES
from tests.scale import cases


def torch_hinge(y: torch.Tensor, c: torch.Tensor, margin: float = 1.0) -> torch.Tensor:
    return torch.clamp(margin - c * y, min=0)


def torch_max_margin(y: torch.Tensor, c: torch.Tensor, margin: float = 1.0) -> torch.Tensor:
    own = y.gather(1, c[:, None])
    rivals = y.scatter(1, c[:, None], -torch.inf).max(dim=1, keepdim=True).values
    return torch.clamp(rivals + margin - own, min=0)


def torch_gaussian(y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    mean, log_variance = y.chunk(2, dim=1)
    return F.gaussian_nll_loss(mean, t, log_variance.exp(), eps=1e-30, reduction="none")


def torch_quantile(y: torch.Tensor, t: torch.Tensor, q: float = 0.5) -> torch.Tensor:
    return torch.maximum(q * (t - y), (q - 1) * (t - y))


def torch_cross_entropy(y: torch.Tensor, t: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    return F.cross_entropy(y, t, reduction="none", label_smoothing=label_smoothing)[:, None]


TORCH: dict[str, Callable[..., torch.Tensor]] = {
    "squared_error": lambda y, t: 0.5 * F.mse_loss(y, t, reduction="none"),
    "absolute_error": lambda y, t: F.l1_loss(y, t, reduction="none"),
    "huber": lambda y, t, delta=1.0: F.huber_loss(y, t, delta=delta, reduction="none"),
    "log": lambda y, c: F.soft_margin_loss(y, c, reduction="none"),
    "sigmoid_cross_entropy": lambda y, t: F.binary_cross_entropy_with_logits(y, t, reduction="none"),
    "hinge": torch_hinge,
    "squared_hinge": lambda y, c, margin=1.0: torch_hinge(y, c, margin) ** 2,
    "cross_entropy": torch_cross_entropy,
    "max_margin": torch_max_margin,
    "poisson": lambda y, t: F.poisson_nll_loss(y, t, log_input=True, full=False, reduction="none"),
    "gaussian_nll": torch_gaussian,
    "quantile": torch_quantile,
}
"""The loss of each element (n_samples, m)."""

VARIANTS: list[tuple[str, dict[str, float]]] = [
    *((name, {}) for name in LOSSES),
    ("huber", {"delta": 0.3}),
    ("hinge", {"margin": 0.4}),
    ("squared_hinge", {"margin": 2.5}),
    ("max_margin", {"margin": 0.4}),
    ("cross_entropy", {"label_smoothing": 0.15}),
    ("quantile", {"q": 0.9}),
]


def problem(name: str, seed: int, soft: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """y and a target that suits the loss."""
    rng = np.random.default_rng(seed)
    n_samples, width = int(rng.integers(1, 9)), 2 * int(rng.integers(1, 4))
    y = rng.normal(size=(n_samples, width)) * 2
    if name == "gaussian_nll":
        return y, rng.normal(size=(n_samples, width // 2))
    if name == "poisson":
        return y, rng.poisson(2.0, size=y.shape).astype(float)
    numbers = rng.normal(size=y.shape)
    forms = {
        "numbers": numbers,
        "signs": np.where(numbers > 0, 1.0, -1.0),
        "bits": np.clip(numbers + 0.5, 0, 1),
        "classes": rng.dirichlet(np.ones(width), size=n_samples) if soft else rng.integers(0, width, size=n_samples),
    }
    return y, forms[losses.get(name).takes]


def by_torch(name: str, options: dict[str, float], y: Any, t: Any, reduction: str, weight: Any) -> tuple[float, Any]:
    yt = torch.tensor(y, dtype=torch.float64, requires_grad=True)
    each = TORCH[name](yt, torch.tensor(t), **options)
    w = torch.ones(len(y), dtype=torch.float64) if weight is None else torch.tensor(weight)
    rows = each.mean(dim=1) @ w / w.sum() if reduction == "mean" else each.sum(dim=1) @ w
    rows.backward()
    return rows.item(), yt.grad.numpy()


def test_every_loss_has_an_oracle() -> None:
    assert set(TORCH) == set(LOSSES)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_value_and_derivative_are_pytorchs(
    name: str, options: dict[str, float], reduction: str, weighted: bool
) -> None:
    for seed in range(cases(normal=10, accept=200)):
        y, t = problem(name, seed, soft=name == "cross_entropy" and seed % 2 == 1)
        weight = np.random.default_rng(seed).uniform(0, 3, size=len(y)) if weighted else None
        value, dy = losses.get({"name": name, "reduction": reduction, **options})(y, t, weight)
        expected, slope = by_torch(name, options, y, t, reduction, weight)
        assert value == pytest.approx(expected, rel=1e-10, abs=1e-10)
        np.testing.assert_allclose(dy, slope, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", LOSSES)
def test_float32_is_float64_rounded(name: str) -> None:
    y, t = problem(name, seed=3)
    y = y.astype(np.float32)
    value, dy = losses.get(name)(y, t)
    exact, slope = losses.get(name)(y.astype(np.float64), t)
    assert dy.dtype == np.float32
    assert value == exact
    np.testing.assert_array_equal(dy, slope.astype(np.float32))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_weights_that_sum_to_zero_and_no_rows_give_zero(name: str, reduction: str) -> None:
    y, t = problem(name, seed=5)
    loss = losses.get({"name": name, "reduction": reduction})
    value, dy = loss(y, t, np.zeros(len(y)))
    assert (value, dy.any()) == (0.0, False)
    value, dy = loss(y[:0], t[:0])
    assert (value, dy.shape) == (0.0, (0, y.shape[1]))


@pytest.mark.parametrize(
    ("name", "y", "t"),
    [("squared_error", 1e200, 0.0), ("huber", 1e308, -1e308), ("poisson", 1e4, 1.0), ("squared_hinge", -1e200, 1.0)],
)
def test_overflow_is_quiet_and_weight_zero_removes_it(name: str, y: float, t: float) -> None:
    loss = losses.get(name)
    assert loss(np.array([[y]]), [t])[0] == np.inf
    value, dy = loss(np.array([[y], [0.5]]), [t, 1.0], [0, 2])
    expected, slope = loss(np.array([[0.5]]), [1.0])
    assert value == expected
    np.testing.assert_array_equal(dy, [[0.0], slope[0]])


def test_kinks() -> None:
    here = np.array([[1.0]])
    for name in ("absolute_error", "quantile", "hinge", "squared_hinge"):
        assert losses.get(name)(here, [1.0]) == (0.0, [[0.0]])
    assert losses.get("max_margin")(np.array([[1.0, 0.0]]), [0])[1].tolist() == [[0.0, 0.0]]


def test_max_margin_takes_the_first_of_equals() -> None:
    value, dy = losses.get("max_margin")(np.array([[0.0, 2.0, 2.0]]), [0])
    assert value == 3.0
    assert dy.tolist() == [[-1.0, 1.0, 0.0]]


def test_worked_cross_entropy() -> None:
    """A textbook example: p = 0.775 gives 0.2549 with the natural logarithm; 0.3677, as printed, is log base 2."""
    value, _ = losses.get("cross_entropy")(np.log(np.array([[0.775, 0.116, 0.039, 0.070]])), [0])
    assert round(value, 4) == 0.2549
    assert round(value / np.log(2), 4) == 0.3677


logits = st.floats(-50, 50)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(x=logits, bit=st.integers(0, 1))
def test_log_sigmoid_and_two_class_cross_entropy_are_one(x: float, bit: int) -> None:
    column = np.array([[x]])
    value, dy = losses.get("sigmoid_cross_entropy")(column, [bit])
    assert losses.get("log")(column, [2 * bit - 1]) == (value, dy)
    both, slopes = losses.get("cross_entropy")(np.array([[0.0, x]]), [bit])
    assert both == pytest.approx(value, rel=1e-14, abs=0)
    assert slopes[0, 1] == pytest.approx(dy[0, 0], rel=1e-14, abs=0)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(x=st.lists(logits, min_size=3, max_size=3), c=st.integers(0, 2), shift=st.integers(-8, 8))
def test_cross_entropy_knows_no_common_shift(x: list[float], c: int, shift: int) -> None:
    y = np.round(np.array([x]) * 1024) / 1024  # so that the shift is exact
    value, dy = losses.get("cross_entropy")(y, [c])
    moved, slope = losses.get("cross_entropy")(y + shift, [c])
    assert value == moved
    np.testing.assert_array_equal(dy, slope)
    assert abs(dy.sum()) < 1e-15
    onehot, same = losses.get("cross_entropy")(y, np.eye(3)[[c]])
    assert onehot == value
    np.testing.assert_array_equal(same, dy)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([0.25, 0.5, 2.0, 1024.0]), name=st.sampled_from([*LOSSES]))
def test_weights_are_relative_in_a_mean_and_absolute_in_a_sum(seed: int, factor: float, name: str) -> None:
    y, t = problem(name, seed)
    weight = np.random.default_rng(seed).uniform(0.1, 2, size=len(y))
    mean, total = losses.get(name), losses.get({"name": name, "reduction": "sum"})
    assert mean(y, t, weight * factor)[0] == mean(y, t, weight)[0]
    assert total(y, t, weight * factor)[0] == factor * total(y, t, weight)[0]


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_relations(seed: int) -> None:
    y, t = problem("squared_error", seed)
    square, wide = losses.get("squared_error")(y, t), losses.get({"name": "huber", "delta": 1e9})(y, t)
    assert wide[0] == pytest.approx(square[0], rel=1e-14)
    half, absolute = losses.get("quantile")(y, t), losses.get("absolute_error")(y, t)
    assert half[0] == pytest.approx(absolute[0] / 2, rel=1e-14)
    unit = losses.get("gaussian_nll")(np.hstack([y, np.zeros_like(y)]), t)
    assert unit[0] == pytest.approx(square[0], rel=1e-14)


@pytest.mark.parametrize("target", [[0, 2, 1], [[0], [2], [1]], [0.0, 2.0, 1.0], np.eye(3)[[0, 2, 1]]])
@pytest.mark.parametrize("name", ["cross_entropy", "max_margin"])
def test_classes_in_any_form(name: str, target: Any) -> None:
    y = np.array([[1.0, 2.0, 0.5], [0.0, 0.1, 3.0], [1.0, 1.0, 1.5]])
    assert losses.get(name)(y, target)[0] == losses.get(name)(y, np.array([0, 2, 1]))[0]


Y2 = np.zeros((3, 2))
BAD = [
    (
        *("squared_error", Y2, np.zeros(3), None),
        "SquaredError expected a target of shape (3, 2), got (3,). The last layer's n_out must be the number of "
        "targets per sample.",
    ),
    (
        *("squared_error", [[1.0]], [1.0], None),
        "SquaredError expected y as a float32 or float64 array, got a list.",
    ),
    (
        *("hinge", np.zeros(3), [1, 1, -1], None),
        "Hinge expected y of shape (n_samples, n_out), got (3,). One output is a column: y.reshape(-1, 1).",
    ),
    (
        *("squared_error", np.zeros((2, 1)), [0.0, np.nan], None),
        "SquaredError expected targets that are finite numbers, got nan in row 1. Drop or fill missing targets first.",
    ),
    (
        *("log", np.zeros((2, 1)), [1, 0], None),
        "Log expected targets that are -1 or 1, got 0 in row 1. Targets of 0 and 1 become signs by 2 * target - 1.",
    ),
    (
        *("sigmoid_cross_entropy", np.zeros((2, 1)), [1, -1], None),
        "SigmoidCrossEntropy expected targets that are from 0 to 1, got -1 in row 1. Signs become targets of 0 and 1 "
        "by (target + 1) / 2.",
    ),
    (
        *("cross_entropy", Y2, [0, 1, 2], None),
        "CrossEntropy expected targets that are whole numbers from 0 to 1, got 2 in row 2. Classes are counted from 0.",
    ),
    (
        *("cross_entropy", Y2, ["cat", "dog", "cat"], None),
        "CrossEntropy expected numbers as target, got values such as 'cat'. Turn labels into class indices first: "
        "numpy.unique(labels, return_inverse=True)[1].",
    ),
    (
        *("cross_entropy", Y2, np.ones((3, 2)), None),
        "CrossEntropy expected target rows that sum to 1, got 2 in row 0. For classes that do not exclude each other "
        "use sigmoid_cross_entropy.",
    ),
    (
        *("cross_entropy", np.zeros((3, 1)), [0, 1, 0], None),
        "CrossEntropy expected at least 2 outputs, one per class, got 1. For two classes on one output use "
        "sigmoid_cross_entropy, log or hinge.",
    ),
    (
        *("cross_entropy", Y2, np.zeros((3, 3)), None),
        "CrossEntropy expected class indices of shape (3,) or a target of shape (3, 2), got (3, 3). The last layer's "
        "n_out must be the number of classes.",
    ),
    (
        *("max_margin", Y2, np.full((3, 2), 0.5), None),
        "MaxMargin expected targets that are rows with a single 1 or class indices, got [0.5 0.5] in row 0.",
    ),
    (
        *("poisson", np.zeros((1, 1)), [-1], None),
        "Poisson expected targets that are at least 0, got -1 in row 0. A Poisson mean cannot be negative.",
    ),
    (
        *("gaussian_nll", np.zeros((1, 3)), [1], None),
        "GaussianNLL expected an even number of outputs, means and then log variances, got 3. The last layer's n_out "
        "must be twice the number of targets per sample.",
    ),
    (
        *("squared_error", Y2, Y2, [1, 1]),
        "Sample weights must have shape (3,), one per row of y, got (2,).",
    ),
    (
        *("squared_error", Y2, Y2, [1, -2, 1]),
        "Sample weights must be finite and at least 0, got -2 in row 1.",
    ),
    (
        *("squared_error", Y2, Y2, ["a", "b", "c"]),
        "Sample weights must be numbers, got a list.",
    ),
]


@pytest.mark.parametrize(("name", "y", "target", "weight", "text"), BAD)
def test_what_does_not_fit_is_said(name: str, y: Any, target: Any, weight: Any, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        losses.get(name)(y, target, weight)
    assert str(caught.value) == text


KNOWN = f"Known: {', '.join(sorted(LOSSES))}."


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("hubber", f"There is no loss 'hubber'. Did you mean 'huber'? {KNOWN}"),
        (
            "mse",
            "There is no loss 'mse'. Did you mean 'squared_error'? "
            f"It is half the squared error, so its derivative is y - target. {KNOWN}",
        ),
        (
            "bce",
            "There is no loss 'bce'. Did you mean 'sigmoid_cross_entropy'? "
            f"It takes logits: the network ends without a sigmoid. {KNOWN}",
        ),
        ({"name": "huber", "detla": 2}, "The loss 'huber' has no option 'detla'. Did you mean 'delta'? "),
        ({"name": "huber", "delta": 0}, "delta of Huber must be a number greater than 0, got 0."),
        ({"name": "quantile", "q": 1}, "q of Quantile must be a number in (0, 1), got 1."),
        (
            {"name": "log", "reduction": "avg"},
            "reduction of Log must be one of 'mean', 'sum', got 'avg'.",
        ),
        (
            7,
            "loss must be a name, a dictionary with a name, or a loss object, got 7. "
            'For example "huber", {"name": "huber", "delta": 2} or Huber(delta=2).',
        ),
    ],
)
def test_a_loss_that_cannot_be_meant(spec: Any, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        losses.get(spec)
    assert str(caught.value).startswith(text)


def test_get_takes_names_dictionaries_and_losses() -> None:
    assert losses.get("huber") == losses.Huber()
    assert losses.get({"name": "huber", "delta": 2, "reduction": "sum"}) == losses.Huber(2.0, "sum")

    def own(y: Any, target: Any, weight: Any = None) -> tuple[float, Any]:
        return 0.0, y

    assert losses.get(own) is own
    assert losses.takes(own) == "numbers"
    assert losses.outputs_per_target(own) == 1
    assert losses.outputs_per_target(losses.GaussianNLL()) == 2
