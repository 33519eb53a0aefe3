from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from multilayer.data import METRICS, defaults_for, metric_named
from multilayer.errors import DataError, ShapeError
from tests.scale import cases
from tests.simd import without_simd

SEEDS = range(cases(normal=12, accept=300))


def weights_of(random, n, seed):
    return None if seed % 3 == 0 else random.integers(0, 4, n).astype(float) if seed % 3 == 1 else random.random(n)


def case(seed, k):
    """Codes with every class present, probabilities with ties, weights."""
    random = np.random.default_rng(seed)
    n = int(random.integers(30, 90))
    target = np.concatenate([np.arange(k), random.integers(0, k, n - k)])
    probs = np.round(random.dirichlet(np.ones(k), n) + 2.0 * (seed % 2) * np.eye(k)[target] * random.random((n, 1)), 2)
    probs = (probs + 0.001) / (probs + 0.001).sum(axis=1, keepdims=True)
    weight = weights_of(random, n, seed)
    if weight is not None:
        weight[:k] += 1
    return target, probs, weight


def near(found, expected):
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_binary_against_scikit_learn(seed):
    target, probs, weight = case(seed, 2)
    p, said, more = probs[:, 1], (probs[:, 1] >= 0.5).astype(int), {"sample_weight": weight}
    expected = {
        "accuracy": sk.accuracy_score(target, said, **more),
        "balanced_accuracy": sk.balanced_accuracy_score(target, said, **more),
        "f1": sk.f1_score(target, said, **more),
        "precision": sk.precision_score(target, said, zero_division=0, **more),
        "recall": sk.recall_score(target, said, **more),
        "matthews_corrcoef": sk.matthews_corrcoef(target, said, **more),
        "roc_auc": sk.roc_auc_score(target, p, **more),
        "average_precision": sk.average_precision_score(target, p, **more),
        "log_loss": sk.log_loss(target, probs, **more),
        "brier": sk.brier_score_loss(target, p, **more),
    }
    assert set(expected) == {name for name, metric in METRICS.items() if "binary" in metric.kinds}
    for name, value in expected.items():
        near(METRICS[name](target, probs, weight), value)
        near(METRICS[name](target, p, weight), value)
        near(METRICS[name](target, p[:, None], weight), value)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [3, 5])
def test_classes_against_scikit_learn(seed, k):
    target, probs, weight = case(seed, k)
    said, more = probs.argmax(axis=1), {"sample_weight": weight}
    macro = {"average": "macro", "zero_division": 0} | more
    expected = {
        "accuracy": sk.accuracy_score(target, said, **more),
        "balanced_accuracy": sk.balanced_accuracy_score(target, said, **more),
        "f1": sk.f1_score(target, said, **macro),
        "precision": sk.precision_score(target, said, **macro),
        "recall": sk.recall_score(target, said, **macro),
        "matthews_corrcoef": sk.matthews_corrcoef(target, said, **more),
        "roc_auc": sk.roc_auc_score(target, probs, multi_class="ovr", **more),
        "log_loss": sk.log_loss(target, probs, **more),
        "brier": sk.brier_score_loss(target, probs, labels=np.arange(k), scale_by_half="auto", **more),
    }
    assert set(expected) == {name for name, metric in METRICS.items() if "classes" in metric.kinds}
    for name, value in expected.items():
        near(METRICS[name](target, probs, weight), value)


@pytest.mark.parametrize("seed", SEEDS)
def test_multilabel_against_scikit_learn(seed):
    random = np.random.default_rng(seed)
    target = np.vstack([np.eye(3), random.integers(0, 2, (37, 3))]).astype(float)
    probs = np.round(random.random((40, 3)), 2)
    weight = weights_of(random, 40, seed)
    if weight is not None:
        weight[:3] += 1
    said, more = (probs >= 0.5).astype(int), {"sample_weight": weight}
    macro = {"average": "macro", "zero_division": 0} | more
    expected = {
        "accuracy": sk.accuracy_score(target, said, **more),
        "f1": sk.f1_score(target, said, **macro),
        "precision": sk.precision_score(target, said, **macro),
        "recall": sk.recall_score(target, said, **macro),
        "roc_auc": sk.roc_auc_score(target, probs, **more),
        "average_precision": sk.average_precision_score(target, probs, **more),
        "log_loss": np.mean([sk.log_loss(t, p, **more) for t, p in zip(target.T, probs.T, strict=True)]),
    }
    assert set(expected) == {name for name, metric in METRICS.items() if "multilabel" in metric.kinds}
    for name, value in expected.items():
        near(METRICS[name](target, probs, weight), value)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_out", [1, 3])
def test_regression_against_scikit_learn(seed, n_out):
    random = np.random.default_rng(seed)
    target, y = random.normal(3, 10, (2, 50, n_out))
    y = target + y * random.random()
    weight = weights_of(random, 50, seed)
    more = {"sample_weight": weight}
    expected = {
        "r2": sk.r2_score(target, y, **more),
        "explained_variance": sk.explained_variance_score(target, y, **more),
        "mse": sk.mean_squared_error(target, y, **more),
        "rmse": sk.root_mean_squared_error(target, y, **more),
        "mae": sk.mean_absolute_error(target, y, **more),
        "pinball": sk.mean_pinball_loss(target, y, **more),
    }
    assert set(expected) == {name for name, metric in METRICS.items() if "regression" in metric.kinds}
    for name, value in expected.items():
        near(METRICS[name](target, y, weight), value)
        if n_out == 1:
            near(METRICS[name](target.ravel(), y.ravel(), weight), value)
    near(metric_named("pinball(quantile=0.9)")(target, y, weight), sk.mean_pinball_loss(target, y, alpha=0.9, **more))


def test_worked_numbers():
    target, probs = np.array([0, 1, 1, 1]), np.array([0.2, 0.9, 0.4, 0.6])
    assert METRICS["accuracy"](target, probs) == 0.75
    assert METRICS["precision"](target, probs) == 1.0
    assert METRICS["recall"](target, probs) == 2 / 3
    assert METRICS["roc_auc"](target, probs) == 1.0
    assert METRICS["log_loss"](np.array([0]), np.array([[0.775, 0.225]])) == pytest.approx(0.2549, abs=5e-5)
    assert METRICS["mse"](np.array([0.0, 2.0]), np.array([1.0, 4.0])) == 2.5
    assert METRICS["rmse"](np.array([0.0, 2.0]), np.array([0.0, 0.0])) == math.sqrt(2)


def test_the_older_forms():
    target, probs = np.array([0, 1, 1, 1]), np.array([0.2, 0.9, 0.4, 0.6])
    misclassification_rate = np.mean((probs >= 0.5) != target)
    assert 1 - METRICS["accuracy"](target, probs) == misclassification_rate
    t, y = np.array([1.0, 2.0, 4.0]), np.array([0.0, 2.0, 2.0])
    rss = np.sum((t - y) ** 2)
    assert METRICS["mse"](t, y) * 3 == rss


def test_edges():
    one = np.ones(3, dtype=int)
    assert METRICS["accuracy"](one, np.array([0.5, 0.6, 0.4])) == 2 / 3
    assert METRICS["precision"](one, np.zeros(3)) == 0
    assert METRICS["matthews_corrcoef"](one, np.ones(3)) == 0
    assert math.isnan(METRICS["roc_auc"](one, np.ones(3)))
    assert math.isnan(METRICS["average_precision"](one * 0, np.ones(3)))
    assert METRICS["log_loss"](one, np.zeros(3)) == pytest.approx(52 * math.log(2), rel=1e-15)
    for name in ("r2", "explained_variance"):
        assert METRICS[name](np.full(3, 0.1), np.full(3, 0.1)) == 1
        assert METRICS[name](np.full(3, 0.1), np.arange(3.0)) == 0


def test_order_of_rows_does_not_matter_to_a_bit():
    target, probs, weight = case(5, 3)
    order = np.random.default_rng(0).permutation(len(target))
    for name in defaults_for("classes"):
        assert METRICS[name](target, probs, weight) == METRICS[name](target[order], probs[order], weight[order])


def test_same_bits_without_vector_instructions():
    code = (
        "import numpy as np\nfrom multilayer.data import METRICS\nfrom multilayer.rng import Stream\n"
        "raw = Stream(0, 'data').uniform((400, 3)) + 0.01\nw = Stream(1, 'data').uniform(400)\n"
        "probs = raw / (raw[:, :1] + raw[:, 1:2] + raw[:, 2:])\ntarget = np.arange(400) % 3\n"
        "shown = [m(target, probs, w).hex() for m in METRICS.values() if 'classes' in m.kinds]\n"
        "shown += [m(raw, probs, w).hex() for m in METRICS.values() if 'regression' in m.kinds]\n"
    )
    names: dict[str, list[str]] = {}
    exec(code, names)
    assert without_simd(code + "print(shown)").strip() == str(names["shown"])


def test_directions_and_defaults():
    lower = {"log_loss", "brier", "rmse", "mse", "mae", "pinball"}
    assert {name for name, metric in METRICS.items() if not metric.greater_is_better} == lower
    assert METRICS["accuracy"].better(0.9, 0.8)
    assert METRICS["rmse"].better(0.8, 0.9)
    headlines = {kind: defaults_for(kind)[0] for kind in ("binary", "classes", "multilabel", "regression")}
    assert headlines == {"binary": "accuracy", "classes": "accuracy", "multilabel": "accuracy", "regression": "r2"}
    for kind in headlines:
        assert all(kind in METRICS[name].kinds for name in defaults_for(kind))


@pytest.mark.parametrize(
    ("make", "error", "expected"),
    [
        (lambda: metric_named("rss"), DataError, "rss is mse times the number of values. Ask for 'mse'."),
        (
            lambda: metric_named("misclassification_rate"),
            DataError,
            "misclassification_rate is 1 - accuracy. Ask for 'accuracy'.",
        ),
        (
            lambda: metric_named("acuracy"),
            DataError,
            "There is no metric 'acuracy'. Did you mean 'accuracy'? Known: accuracy, average_precision, "
            "balanced_accuracy, brier, explained_variance, f1, log_loss, mae, matthews_corrcoef, mse, pinball, "
            "precision, r2, recall, rmse, roc_auc.",
        ),
        (
            lambda: metric_named("accuracy", "regression"),
            DataError,
            "metric 'accuracy' does not fit a regression target. "
            "Those that do: r2, explained_variance, rmse, mse, mae, pinball.",
        ),
        (lambda: metric_named("f1(beta=2)"), DataError, "metric 'f1' has no option 'beta', it has none."),
        (lambda: metric_named("pinball(q=2)"), DataError, "metric 'pinball' has no option 'q', it has quantile."),
        (
            lambda: metric_named("pinball(quantile=2)"),
            DataError,
            "quantile of pinball must be a number in [0, 1], got 2.",
        ),
        (
            lambda: METRICS["mse"](np.ones(3), np.ones(2)),
            ShapeError,
            "mse needs a prediction for every row and class or output, got target (3, 1) and prediction (2, 1).",
        ),
        (
            lambda: METRICS["accuracy"](np.array([0, 3]), np.ones((2, 3))),
            ShapeError,
            "accuracy needs a prediction for every row and class or output, got target (2,) and prediction (2, 3).",
        ),
        (
            lambda: METRICS["mse"](np.ones(2), np.array([1, np.nan])),
            DataError,
            "mse needs finite predictions, got nan.",
        ),
        (
            lambda: METRICS["mse"](np.ones(2), np.ones(2), [1.0]),
            DataError,
            "mse needs 2 weights of at least 0 and one above 0, got (1,).",
        ),
    ],
)
def test_sentences(make, error, expected):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == expected
