"""A target of each kind, and random recipes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from multilayer.data import Target

BINARY = Target("binary", np.array([0, 1, 1]), ("y",), ("no", "yes"))
CLASSES = Target("classes", np.array([0, 1, 2]), ("y",), (1, 2, 3))
LABELS = Target("multilabel", np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]), ("a", "b"))
NUMBERS = Target("regression", np.array([[0.5, 1.0], [2.0, 3.0]]), ("a", "b"))
TARGETS = [BINARY, CLASSES, LABELS, NUMBERS]

positive = st.floats(1e-6, 1e3)
unit = st.floats(0, 1)
count = st.integers(1, 200)
initializer = st.one_of(
    st.just("auto"),
    st.sampled_from(["he_normal", "glorot_uniform", "zeros", "lecun_normal", "orthogonal"]),
    st.builds(lambda a, b: {"name": "uniform", "low": -a, "high": b}, positive, positive),
    st.builds(lambda a: {"name": "normal", "scale": a} if a < 0 else {"name": "constant", "value": a}, positive),
)
activation = st.one_of(
    st.sampled_from(["relu", "tanh", "sigmoid", "gelu", "identity", "leaky_relu", "softplus", "selu"]),
    st.builds(lambda a: {"layer": "elu", "alpha": a}, positive),
    st.builds(lambda a: f"elu(alpha={a!r})", positive),
)
dense = st.one_of(
    count,
    st.builds(
        lambda units, bias, init: {"layer": "linear", "units": units, "bias": bias, "weight_init": init},
        count,
        st.booleans(),
        initializer,
    ),
    st.builds(lambda units, pieces: {"layer": "maxout", "units": units, "pieces": pieces}, count, st.integers(2, 5)),
)
other = st.one_of(
    activation,
    st.builds(lambda p: {"layer": "dropout", "p_drop": p}, st.floats(0, 0.99)),
    st.sampled_from(["layer_norm", "batch_norm"]),
)
network = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "hidden": st.lists(count, max_size=3),
            "activation": st.one_of(activation, st.just("maxout")),
            "norm": st.sampled_from(["none", "layer", "batch"]),
            "bias": st.booleans(),
            "weight_init": initializer,
            "pieces": st.integers(2, 5),
        },
    ),
    st.builds(
        lambda first, rest: {"layers": [first, *rest, {"layer": "linear"}]}, dense, st.lists(dense | other, max_size=4)
    ),
)
plain_schedule = st.one_of(
    st.sampled_from(["auto", "constant", "cosine", "one_cycle", "coslog4", "reduce_on_plateau"]),
    st.builds(lambda every, factor: {"name": "step", "every": every, "factor": factor}, positive, st.floats(0.01, 1)),
    st.builds(lambda epochs: {"name": "cosine", "epochs": epochs}, st.one_of(st.none(), count)),
)
schedule = st.recursive(
    plain_schedule,
    lambda then: st.builds(
        lambda epochs, then: {"name": "warm_up", "epochs": epochs, **({} if then == "auto" else {"then": then})},
        positive,
        st.none() | then,
    ),
    max_leaves=3,
)
optimizer = st.one_of(
    st.sampled_from(["sgd", "adam", "adamw", "lion", "muon", "adafactor", "ftrl"]),
    st.builds(lambda m: {"name": "momentum", "momentum": m}, st.floats(0, 0.99)),
    st.builds(lambda m: f"nesterov(momentum={m!r})", st.floats(0, 0.99)),
)
maybe = st.none() | positive
LOSSES: dict[str, Any] = {
    "binary": ["auto", "log", "hinge(margin=2)", "squared_error", {"name": "cross_entropy", "label_smoothing": 0.1}],
    "classes": ["auto", "cross_entropy(label_smoothing=0.25)", {"name": "max_margin", "margin": 0.5}, "huber"],
    "multilabel": ["auto", "sigmoid_cross_entropy", "squared_hinge"],
    "regression": ["auto", {"name": "huber", "delta": 2}, "quantile(q=0.9)", "gaussian_nll", "poisson"],
}
TRAINING = {
    "reduction": st.sampled_from(["mean", "sum"]),
    "optimizer": optimizer,
    "lr": st.just("auto") | positive,
    "schedule": schedule,
    "batch_size": st.sampled_from(["auto", "full", 1, 32.0]),
    "shuffle": st.sampled_from(["full", "none", "blocks:7"]),
    "epochs": st.integers(300, 400),
    "l1": st.sampled_from([0, 0.1]),
    "l2": positive,
    "penalize_biases": st.booleans(),
    "weight_decay": st.just("auto") | positive,
    "max_norm": maybe,
    "clip_value": maybe,
    "clip_norm": maybe,
    "noise": unit,
    "patience": st.none() | st.integers(1, 199),
    "min_delta": unit,
    "keep": st.sampled_from(["best", "last"]),
    "dtype": st.sampled_from(["auto", "float32", "float64"]),
}


@st.composite
def settings_and_target(draw: Any) -> tuple[dict[str, Any], Target]:
    """Settings that `Recipe.of` takes, and a target that they resolve for."""
    target = draw(st.sampled_from(TARGETS))
    training = draw(st.fixed_dictionaries({}, optional={**TRAINING, "loss": st.sampled_from(LOSSES[target.kind])}))
    return {**draw(network), **training}, target
