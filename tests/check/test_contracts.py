"""The contracts hold for everything on the package's tables, and say what is broken where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multilayer import check, nn, optim
from multilayer.constraints import options_of
from multilayer.nn import losses
from tests.check.networks import ACTIVATIONS, layer_classes, made

X = np.random.default_rng(6).normal(size=(5, 4))


def target_for(name: str) -> Any:
    """A target for y (5, 4)."""
    numbers = np.random.default_rng(7).normal(size=(5, 4 // losses.outputs_per_target(losses.get(name))))
    if name == "poisson":
        return np.abs(numbers)
    forms = {
        "numbers": numbers,
        "signs": np.where(numbers > 0, 1, -1),
        "bits": np.clip(numbers + 0.5, 0, 1),
        "classes": np.array([1, 0, 3, 2, 2]),
    }
    return forms[losses.takes(losses.get(name))]


@pytest.mark.parametrize("name", layer_classes())
def test_every_layer(name: str) -> None:
    check.layer_contract(lambda: made(layer_classes()[name]), X)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name: str) -> None:
    check.layer_contract(lambda: made(ACTIVATIONS[name]), X)


def test_a_network_is_a_layer() -> None:
    def network() -> nn.Sequential:
        inner = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.2))
        return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm(3), nn.Tanh(), inner, nn.Linear(3, 2), seed=2)

    check.layer_contract(network, X)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss(name: str, reduction: str) -> None:
    y = np.random.default_rng(8).normal(size=(5, 4))
    check.loss_contract(losses.get({"name": name, "reduction": reduction}), y, target_for(name))


@pytest.mark.parametrize("name", optim.OPTIMIZERS)
def test_every_optimizer(name: str) -> None:
    cls = optim.OPTIMIZERS[name]
    plain = {"weight_decay": 0.0} if "weight_decay" in options_of(cls) else {}
    check.optimizer_contract(lambda params: cls(params, **plain))


class Doubled:
    """y = 2 x, as a user might write it, with one promise broken."""

    def __init__(self, breaks: str = "") -> None:
        self.breaks, self.calls = breaks, 0
        self.a = nn.Parameter("a", np.full(1, 2.0))
        self.params = (self.a,)

    def forward(self, x: Any, *, training: bool = False) -> tuple[Any, Any]:
        self.calls += 1
        a = self.a
        y = x * a.value
        if self.breaks == "x":
            x *= a.value
        if self.breaks == "precision":
            y = y.astype(np.float64)
        if self.breaks == "rows":
            y = y[:-1]
        if self.breaks == "noise":
            y = y + self.calls
        if self.breaks == "learns":
            a.value += 1.0

        def backward(dy: Any) -> Any:
            if self.breaks == "dy":
                dy *= 1.0 + (dy > 0)
            if self.breaks == "y":
                np.multiply(y, 2, out=y)
            a.grad[...] = (x * dy).sum() + (0 if self.breaks == "sets" else a.grad)
            return (dy * a.value)[:, :1] if self.breaks == "dx" else dy * a.value

        return y, backward


LAYER_BREAKS = [
    ("rows", "Doubled must give one output row for each input row: 5 became 4."),
    ("precision", "Doubled must keep the precision of x forward: float32 became float64."),
    ("dx", "Doubled must give dx the shape of x: (5, 4) became (5, 1)."),
    ("x", "Doubled must not change the x it is given."),
    ("dy", "Doubled must not change the dy it is given."),
    ("y", "Doubled must not change in backward the y it has given."),
    ("noise", "Doubled must predict the same for the same x."),
    ("learns", "Doubled must not change a in prediction."),
    ("sets", "Doubled must add to the gradient of a in backward, not set it."),
]


def test_a_users_layer() -> None:
    check.layer_contract(Doubled, X)


@pytest.mark.parametrize(("breaks", "text"), LAYER_BREAKS)
def test_a_layer_that_breaks_a_promise(breaks: str, text: str) -> None:
    with pytest.raises(check.ContractError) as caught:
        check.layer_contract(lambda: Doubled(breaks), X)
    assert str(caught.value) == text


class Formless:
    """y = 2 x, without the form of a layer."""

    def __init__(self, breaks: str = "") -> None:
        self.breaks = breaks
        self.a = nn.Parameter("a", np.full(1, 2.0))
        listed = {"arrays": (self.a.value,), "alone": self.a, "names": (self.a, nn.Parameter("a", np.ones(1)))}
        self.params: Any = listed.get(breaks, (self.a,))

    def forward(self, x: Any, *, training: bool = False) -> Any:
        y = 2 * x

        def backward(dy: Any) -> Any:
            return None if self.breaks == "dx" else 2 * dy

        returned = {"y": y, "pair": (y, 2 * y), "list": (y.tolist(), backward), "three": (y, backward, x)}
        return returned.get(self.breaks, (y, backward))


class Untrained:
    def forward(self, x: Any) -> Any:
        return x, lambda dy: dy


class Asking:
    def forward(self, x: Any, *, training: bool) -> Any:
        return x, lambda dy: dy


class Without:
    pass


FORM_BREAKS = [
    ("dx", "Formless must return dx from backward, an array of floats: got None."),
    ("y", "Formless must return y and backward from forward: got an array of float64."),
    (
        "pair",
        "Formless must return y and backward from forward: got a tuple of an array of float64, an array of float64.",
    ),
    (
        "three",
        "Formless must return y and backward from forward: got a tuple of an array of float64, a function, an "
        "array of float64.",
    ),
    ("list", "Formless must return y as an array of floats: got a list."),
    ("arrays", "Formless must list multilayer.nn.Parameter objects in params: got an array of float64 at 0."),
    ("alone", "Formless must list multilayer.nn.Parameter objects in params: got a Parameter."),
    ("names", "Formless must give its params different names: a, a."),
]


@pytest.mark.parametrize(("breaks", "text"), FORM_BREAKS)
def test_what_has_not_the_form_of_a_layer(breaks: str, text: str) -> None:
    with pytest.raises(check.ContractError) as caught:
        check.layer_contract(lambda: Formless(breaks), X)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (
            Untrained,
            "Untrained must have a forward that can be called as forward(x) and forward(x, training=True): "
            "got an unexpected keyword argument 'training'.",
        ),
        (
            Asking,
            "Asking must have a forward that can be called as forward(x) and forward(x, training=True): "
            "missing a required argument: 'training'.",
        ),
        (Without, "Without must have a method forward(x, *, training=False)."),
        (
            nn.ReLU(),
            "make_layer must be a class or a function that makes a new layer, got ReLU(). Write lambda: ReLU(...).",
        ),
        (
            nn.Sequential(nn.ReLU()),
            "make_layer must be a class or a function that makes a new layer, got Sequential(\n  ReLU()\n). "
            "Write lambda: Sequential(...).",
        ),
        (7, "make_layer must be a class or a function that makes a new layer, got 7."),
    ],
)
def test_what_makes_no_layer(layer: Any, text: str) -> None:
    with pytest.raises(check.ContractError) as caught:
        check.layer_contract(layer, X)
    assert str(caught.value) == text


class Tripled(Doubled):
    """Its gradient by a is three times what it should be."""

    def forward(self, x: Any, *, training: bool = False) -> Any:
        y, backward = super().forward(x, training=training)

        def three_times(dy: Any) -> Any:
            before = self.a.grad.copy()
            dx = backward(dy)
            self.a.grad += 2 * (self.a.grad - before)
            return dx

        return y, three_times


def test_a_wrong_gradient_is_named_by_parameter_index_and_ratio() -> None:
    with pytest.raises(check.GradientError) as caught:
        check.layer_contract(Tripled, X)
    said = str(caught.value)
    assert said.startswith("The gradient of Tripled at a[0] is ")
    assert said.endswith("(ratio 3). It is 3 times too large: is a mean taken for a sum, or a term added twice?")


class Cubed:
    """mean |y - t|^3, as a user might write it, with one promise broken."""

    def __init__(self, breaks: str = "") -> None:
        self.breaks = breaks

    def __call__(self, y: Any, target: Any, weight: Any = None) -> tuple[Any, Any]:
        w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
        if self.breaks == "weight" and weight is not None:
            w = np.ones(len(y))
        error = y.astype(float) - target
        if self.breaks == "y":
            y += 1
        total = w.sum() if self.breaks != "count" else len(y)
        share = (w / (total or 1.0) / y.shape[1])[:, None]
        if self.breaks == "rows":
            share = share * len(y)
        value, dy = (share * np.abs(error) ** 3).sum(), share * 3 * error * np.abs(error)
        return value if self.breaks == "float" else float(value), dy if self.breaks == "dy" else dy.astype(y.dtype)


LOSS_BREAKS = [
    ("float", "Cubed must give its value as a float: got float64."),
    ("dy", "Cubed must give dy the precision of y: float32 became float64."),
    ("y", "Cubed must not change the y it is given."),
    ("weight", "Cubed must give 0 with derivative 0 when all weights are 0."),
    ("count", "Cubed must take a weight of 0 as the row's removal."),
    ("rows", "Cubed must take a weight of 0 as the row's removal."),
]


def test_a_users_loss() -> None:
    check.loss_contract(Cubed(), X, np.zeros((5, 4)))


@pytest.mark.parametrize(("breaks", "text"), LOSS_BREAKS)
def test_a_loss_that_breaks_a_promise(breaks: str, text: str) -> None:
    with pytest.raises(check.ContractError) as caught:
        check.loss_contract(Cubed(breaks), X, np.zeros((5, 4)))
    assert str(caught.value) == text


class Descent:
    """Gradient descent with a memory, as a user might write it, with one promise broken."""

    def __init__(self, params: Any, breaks: str = "") -> None:
        self.params, self.breaks, self.steps = params, breaks, 0

    def step(self) -> None:
        self.steps += 1
        for parameter in self.params:
            if parameter.frozen and self.breaks != "frozen":
                continue
            change = parameter.grad / parameter.value.dtype.type(10 * self.steps)
            if self.breaks == "restless":
                change = change + parameter.value.dtype.type(0.1)
            if self.breaks == "precision":
                change = change.astype(np.float64)
            if self.breaks != "idle":
                parameter.value = parameter.value - change
            if self.breaks != "keeps":
                parameter.grad[...] = 0

    def state(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def restore(self, saved: dict[str, Any]) -> None:
        self.steps = 0 if self.breaks == "forgets" else saved["steps"]


OPTIMIZER_BREAKS = [
    ("idle", "Descent must move W in step."),
    ("keeps", "Descent must clear the gradient of W in step."),
    ("precision", "Descent must keep the precision of W: became float64."),
    ("frozen", "Descent must not move a frozen parameter."),
    ("restless", "Descent must not move W when the first gradient is zero."),
    ("forgets", "Descent must continue W with the same bits after restore(state())."),
]


def test_a_users_optimizer() -> None:
    check.optimizer_contract(Descent)


@pytest.mark.parametrize(("breaks", "text"), OPTIMIZER_BREAKS)
def test_an_optimizer_that_breaks_a_promise(breaks: str, text: str) -> None:
    with pytest.raises(check.ContractError) as caught:
        check.optimizer_contract(lambda params: Descent(params, breaks))
    assert str(caught.value) == text
