"""Random networks with a loss at their end, at points where they have a derivative."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from multilayer import nn
from multilayer.check.repeatable import repeatable
from multilayer.constraints import options_of
from multilayer.nn import losses
from multilayer.nn.layer import Backward, params_of

WIDTHS = {"n": 4, "n_in": 4, "n_out": 3, "p_drop": 0.4}
"""Values for the settings of a layer that have no default."""


def made(cls: type[Any], **widths: int) -> Any:
    """A layer of a class from the widths it asks for."""
    asked = {**WIDTHS, **widths}
    needed = [name for name, option in options_of(cls).items() if name in WIDTHS]
    return cls(**{name: asked[name] for name in needed})


def layer_classes() -> dict[str, type[Any]]:
    """Every layer of the package but Sequential, Step (which has no derivative) and protocols."""
    found = {name: getattr(nn, name) for name in nn.__all__}
    return {
        name: thing
        for name, thing in found.items()
        if inspect.isclass(thing) and hasattr(thing, "forward") and thing not in (nn.Layer, nn.Sequential, nn.Step)
    }


ACTIVATIONS = {name: cls for name, cls in nn.ACTIVATIONS.items() if cls is not nn.Step}
BETWEEN = [nn.LayerNorm, nn.BatchNorm, nn.Scale]


class Ended:
    """A network followed by a loss: a layer whose only output is the loss's value."""

    def __init__(self, net: nn.Sequential, loss: Any, target: Any, weight: Any) -> None:
        self.net, self.loss, self.target, self.weight = net, loss, target, weight
        self.params, self.buffers, self.named_params = net.params, net.buffers, net.named_params

    def reseed(self, seed: int, place: int, step: int) -> None:
        self.net.reseed(seed, step=step)

    def forward(self, x: Any, *, training: bool = False) -> tuple[Any, Backward]:
        y, backward = self.net.forward(x, training=training)
        value, dy = self.loss(y, self.target, self.weight)
        return np.array(value), lambda scale: backward(scale * dy)


@dataclass
class Draw:
    """A random network, its input and how many inputs were drawn until none was near a kink."""

    ended: Ended
    x: Any
    draws: int


def some(rng: np.random.Generator, most: int) -> int:
    """A whole number from 1 to `most`, small ones being likelier."""
    return 1 + int(most * rng.random() ** 2)


def random_layers(rng: np.random.Generator, n_in: int, n_out: int) -> list[Any]:
    layers: list[Any] = []
    for _ in range(rng.integers(0, 5)):
        width = some(rng, 16)
        if rng.random() < 0.2:
            layers.append(nn.Maxout(n_in, width, pieces=int(rng.integers(1, 4))))
        else:
            dropped = bool(layers) and isinstance(layers[-1], nn.Dropout)  # no bias after all dropped is 0, a kink
            layers.append(nn.Linear(n_in, width, bias=bool(rng.random() < 0.8) or dropped))
            if rng.random() < 0.4:
                layers.append(made(BETWEEN[rng.integers(len(BETWEEN))], n=width))
            layers.append(made(rng.choice(list(ACTIVATIONS.values())), n=width))
        if rng.random() < 0.25:
            layers.append(nn.Dropout(float(rng.uniform(0, 0.7))))
        n_in = width
    return [*layers, nn.Linear(n_in, n_out)]


def random_ending(rng: np.random.Generator, loss: Any, n_out: int) -> list[Any]:
    """Now and then an output activation; not before max-margin, where two saturated outputs tie: a kink everywhere."""
    if isinstance(loss, nn.MaxMargin) or rng.random() > 0.25:
        return []
    return [made(rng.choice(list(ACTIVATIONS.values())), n=n_out)]


LOSS_OPTIONS = {"delta": (0.2, 2.0), "margin": (0.2, 2.0), "q": (0.1, 0.9), "label_smoothing": (0.0, 0.5)}


def random_loss(rng: np.random.Generator) -> Any:
    name = rng.choice(list(losses.LOSSES))
    options = {
        option: float(rng.uniform(*LOSS_OPTIONS[option]))
        for option in options_of(losses.LOSSES[name])
        if option in LOSS_OPTIONS
    }
    return losses.get({"name": name, "reduction": str(rng.choice(["mean", "sum"])), **options})


def random_target(rng: np.random.Generator, loss: Any, n_samples: int, n_out: int) -> Any:
    numbers = rng.normal(size=(n_samples, n_out // losses.outputs_per_target(loss)))
    if isinstance(loss, nn.Poisson):
        return np.abs(numbers)
    forms = {
        "numbers": numbers,
        "signs": np.where(numbers > 0, 1, -1),
        "bits": np.clip(numbers + 0.5, 0, 1),
        "classes": rng.integers(0, n_out, size=n_samples),
    }
    return forms[losses.takes(loss)]


def draw(case: int) -> Draw:
    """Network number `case`: depth 0 to 4, width 1 to 16, batch 1 to 8, weights of 0 among the samples'."""
    rng = np.random.default_rng([20, case])
    loss = random_loss(rng)
    n_samples, n_in = int(rng.integers(1, 9)), some(rng, 16)
    fewest = 2 if losses.takes(loss) == "classes" else 1
    n_out = losses.outputs_per_target(loss) * int(rng.integers(fewest, 9))
    layers = [*random_layers(rng, n_in, n_out), *random_ending(rng, loss, n_out)]
    net = nn.Sequential(*layers, seed=case)
    for parameter in net.params:
        parameter.value += 0.2 * rng.normal(size=parameter.value.shape)
    target = random_target(rng, loss, n_samples, n_out)
    weight = rng.integers(0, 3, size=n_samples) * rng.uniform(0.2, 2, size=n_samples) if rng.random() < 0.5 else None
    ended = Ended(net, loss, target, weight)
    for draws in range(1, 100):
        x = rng.normal(size=(n_samples, n_in))
        tame(ended, x)
        if not near_kink(ended, x):
            return Draw(ended, x, draws)
    raise AssertionError(f"Network {case} has a kink everywhere.")


def tame(ended: Ended, x: Any) -> None:
    """Halve the weights while the loss is so large that its differences have no digits left."""
    while loss_at(ended, x) > 1000:
        for parameter in ended.params:
            parameter.value *= 0.5


def loss_at(ended: Ended, x: Any) -> float:
    with repeatable(ended, np.float64) as forward:
        return float(forward(x, True)[0])


NEAR = 1e-4


def near_kink(ended: Ended, x: Any) -> bool:
    """Whether any activation, maxout or the loss has a kink within NEAR of what arrives there."""
    bent = False
    with repeatable(ended, np.float64):
        ended.reseed(0, 0, 0)
        for layer in ended.net.layers:
            if isinstance(layer, nn.Maxout):
                bent = bent or close_race(layer, x)
            elif not params_of(layer) or isinstance(layer, nn.PReLU):
                bent = bent or bends(layer, x)
            x = layer.forward(x, training=True)[0]
    return bent or loss_bends(ended, x)


def close_race(layer: Any, x: Any) -> bool:
    z = np.sort(x @ layer.W.value + layer.b.value[:, None, :], axis=0)
    return bool(len(z) > 1 and (z[-1] - z[-2]).min() < NEAR)


def bends(layer: Any, x: Any) -> bool:
    """The slope changes by over 1/100 within NEAR; dropout and softmax never do when all inputs move together."""
    if isinstance(layer, nn.Dropout):
        return False
    low, here, high = (layer.forward(x + move)[0] for move in (-NEAR, 0.0, NEAR))
    return bool((np.abs(high - 2 * here + low) > 0.01 * NEAR).any())


def loss_bends(ended: Ended, y: Any) -> bool:
    """The same for the loss by each output, relative to the slope's size."""
    for index in np.ndindex(y.shape):
        values = []
        for move in (-NEAR, 0.0, NEAR):
            moved = y[index[0] : index[0] + 1].copy()
            moved[0, index[1]] += move
            values.append(ended.loss(moved, ended.target[index[0] : index[0] + 1])[0] * y.shape[1])
        slope = abs(values[2] - values[0]) / (2 * NEAR)
        if abs(values[2] - 2 * values[1] + values[0]) > 0.05 * NEAR * (1 + slope):
            return True
    return False
