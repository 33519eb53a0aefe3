"""What a program that trains needs beside the network: rows, order, starting weights, and what came of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, final

import numpy as np

from multilayer.arrays import Array
from multilayer.engines.batches import epoch_order
from multilayer.engines.model import Model
from multilayer.files.code.chain import Link, chain
from multilayer.files.code.literals import array, docstring, number, remark
from multilayer.recipe import Recipe
from multilayer.recipe.in_words import recipe_line

MOST_ROWS, MOST_WEIGHTS = 100, 100
"""So many numbers of the rows, and of the weights, still stand in a program."""
LOADED = ['with np.load(Path(__file__).with_suffix(".arrays.npz")) as file:', "    data = dict(file)"]
"""How a program gets the arrays beside it."""
MOST_VISITS = 2**25
"""An order of more rows than this, all epochs together, is not kept: the program shuffles by itself."""


@final
@dataclass(frozen=True, eq=False)
class Lesson:
    """A training as it was asked: `inputs` (n_samples, n_features) and `targets` are its training rows, prepared and
    in the form that the loss takes; `start` are the weights before the first step; `losses` and `rates` those of each
    epoch; `source` says what the rows are of, `validated` whether other rows chose the weights to keep."""

    model: Model
    seed: int
    source: str
    inputs: Array
    targets: np.ndarray[Any, Any]
    start: Mapping[str, Array]
    losses: Array
    rates: Array
    validated: bool

    @property
    def recipe(self) -> Recipe:
        return self.model.recipe

    @property
    def epochs(self) -> int:
        return len(self.losses)

    @property
    def links(self) -> list[Link]:
        return chain(self.recipe.layers, self.model.n_in, self.start, training=True)

    @property
    def batch_size(self) -> int:
        size = self.recipe.batch_size
        return len(self.inputs) if size == "full" else min(int(size), len(self.inputs))

    @property
    def in_batches(self) -> bool:
        """Whether an epoch has more than one step."""
        return self.batch_size < len(self.inputs)

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.inputs) / self.batch_size)

    @cached_property
    def order(self) -> str:
        """How an epoch's rows are ordered: "kept" as they are, "given" in the arrays, or "drawn" by the program."""
        if not self.in_batches or self.recipe.shuffle == "none":
            return "kept"
        return "given" if self.epochs * len(self.inputs) <= MOST_VISITS else "drawn"

    def orders(self) -> np.ndarray[Any, Any]:
        """The order of the rows in each epoch (epochs, n_samples), in the smallest type that holds it."""
        rows, shuffle = len(self.inputs), self.recipe.shuffle
        small = np.min_scalar_type(rows)
        found = [epoch_order(rows, seed=self.seed, epoch=epoch, shuffle=shuffle) for epoch in range(self.epochs)]
        return np.array(found, dtype=small)

    @property
    def draws(self) -> list[str]:
        """What is drawn at random while training, and so differs between frameworks."""
        dropout = any(entry["layer"] == "dropout" and entry["p_drop"] for entry in self.recipe.layers)
        found = ["dropout"] * dropout + ["noise"] * bool(self.recipe.noise) + ["the shuffle"] * (self.order == "drawn")
        return found

    @cached_property
    def carried(self) -> bool:
        """Whether the rows stand in the program itself."""
        return self.order != "given" and self.inputs.size + self.targets.size <= MOST_ROWS

    @cached_property
    def written(self) -> bool:
        """Whether the starting weights stand in the program itself."""
        return sum(value.size for value in self.start.values()) <= MOST_WEIGHTS

    def arrays(self, weights: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """What the program reads from the file beside it; the weights under the names it calls them by."""
        found: dict[str, np.ndarray[Any, Any]] = {}
        if not self.carried:
            found |= {"inputs": self.inputs, "targets": self.targets}
        if self.order == "given":
            found["orders"] = self.orders()
        return found if self.written else {**found, **weights}

    def header(self, framework: str) -> list[str]:
        """The program's docstring: what it trains, on what, and how its losses compare with the run's."""
        line = recipe_line(self.recipe.replace(epochs=self.epochs) if self.epochs else self.recipe, self.model.n_in)
        title = f"Train a multilayer perceptron on {remark(self.source)} with {framework}."
        return docstring(title, f"{line}.", self._compared(), self._beside(), self._kept())

    def _compared(self) -> str:
        first, last = f"{self.losses[0]:.6g}", f"{self.losses[-1]:.6g}"
        run = f"{first} in epoch 1" + (f", {last} in epoch {self.epochs}" if self.epochs > 1 else "")
        if self.draws:
            return (
                f"The starting weights and the settings are those of a run of multilayer whose losses were {run}; "
                f"the random numbers of {' and '.join(self.draws)} are others here, so the curves agree in shape only."
            )
        return (
            "The starting weights, the batches and every step are those of a run of multilayer, so the losses printed "
            f"here are that run's but for rounding: {run}."
        )

    def _beside(self) -> str:
        if self.carried and self.written:
            return ""
        what = [] if self.carried else [f"the {len(self.inputs)} training rows, prepared"]
        what += ["the order of the rows in each epoch"] if self.order == "given" else []
        what += [] if self.written else ["the starting weights"]
        held = f"{', '.join(what[:-1])}{' and ' * (len(what) > 1)}{what[-1]}"
        return f"The .arrays.npz file beside this program holds {held}."

    def _kept(self) -> str:
        if not self.validated or self.recipe.keep != "best":
            return ""
        return "The run kept the weights of the epoch that did best on validation rows; here the last remain."


def reading(lesson: Lesson, literal: Callable[[np.dtype[Any]], tuple[str, str]], loaded: tuple[str, str]) -> list[str]:
    """The lines that get the rows: what stands around a literal of a type, and around an array from the file."""
    lines = [] if lesson.carried and lesson.written else list(LOADED)
    for name, value in (("inputs", lesson.inputs), ("targets", lesson.targets)):
        if lesson.carried:
            before, after = literal(value.dtype)
            lines += array(value, f"{name} = {before}", after)
        else:
            lines.append(f'{name} = {loaded[0]}data["{name}"]{loaded[1]}  # {value.shape}')
    if lesson.order == "given":
        shape = (lesson.epochs, len(lesson.inputs))
        whole = ".astype(np.int64)" * bool(loaded[0])
        lines.append(f'orders = {loaded[0]}data["orders"]{whole}{loaded[1]}  # {shape}, of the rows in each epoch')
    return lines


def factor_lines(lesson: Lesson) -> list[str]:
    """`factor(step)`, what multiplies the learning rate; no line where that is 1 at all times."""
    if lesson.recipe.schedule["name"] == "constant":
        return []
    body = _factor(lesson, lesson.recipe.schedule, lesson.recipe.epochs)
    if not lesson.in_batches:  # a step is an epoch
        body = [re.sub(r"\btime\b", "step", line).replace("step // 1,", "step,") for line in body]
    timed = any("time" in line for line in body)
    return [
        "def factor(step):",
        '    """What multiplies the learning rate in a step, counted from 0."""',
        *([f"    time = step / {lesson.steps_per_epoch}  # in epochs"] if timed else []),
        *(f"    {line}" for line in body),
    ]


def _factor(lesson: Lesson, schedule: Mapping[str, Any], epochs: float) -> list[str]:
    """The body of `factor`, of `time` in epochs, of which there are so many."""
    at = {name: number(value) for name, value in schedule.items() if isinstance(value, (int, float))}
    share = (
        f"time / {at.get('epochs')}" if schedule.get("epochs", 0) >= epochs else f"min(time / {at.get('epochs')}, 1)"
    )
    match schedule["name"]:
        case "step":
            return [f"return {at['factor']} ** (time // {at['every']})"]
        case "exponential":
            return [f"return {at['gamma']} ** time"]
        case "inverse_time":
            power = schedule.get("power", 1.0)
            return [
                f"return (1 + {at['decay']} * time) ** -{power}"
                if power != 1
                else f"return 1 / (1 + {at['decay']} * time)"
            ]
        case "cosine":
            return [f"return {_between(1.0, schedule['floor'], share)}"]
        case "warm_up":
            rest = schedule["then"] or {"name": "constant"}
            after = _factor(lesson, rest, epochs - schedule["epochs"])
            later = [f"time = time - {at['epochs']}"] if any("time" in line for line in after) else []
            start = at["start"]
            return [
                f"if time < {at['epochs']}:",
                f"    return {start} + (1 - {start}) * time / {at['epochs']}",
                *later,
                *after,
            ]
        case "one_cycle":
            start, peak = schedule["start"], at["peak"]
            up = _between(start, 1.0, f"share / {peak}")
            down = _between(1.0, start * schedule["end"], f"(share - {peak}) / (1 - {peak})")
            return [f"share = {share}", f"if share < {peak}:", f"    return {up}", f"return {down}"]
        case "coslog4":
            return [f"share = {share}", "return (1 - math.cos(2 * math.pi * math.log2(1 + 15 * share))) / 2"]
        case "reduce_on_plateau":
            return _recorded(lesson)
    return ["return 1.0"]


def _between(first: float, last: float, share: str) -> str:
    """From `first` at share 0 to `last` at share 1 along half a cosine."""
    if (first, last) == (1.0, 0.0):
        return f"(1 + math.cos(math.pi * {share})) / 2"
    low, high, way = (number(float(f"{value:.15g}")) for value in (last, first, abs(first - last)))
    if first < last:
        return f"{high} + {way} * (1 - math.cos(math.pi * {share})) / 2"
    return f"{low} + {way} * (1 + math.cos(math.pi * {share})) / 2"


def _recorded(lesson: Lesson) -> list[str]:
    """The factors that the run met: what it watched, its validation rows, is not in the program."""
    runs = [(rate, len(list(same))) for rate, same in groupby((lesson.rates / lesson.recipe.lr).tolist())]
    said = " + ".join(f"[{number(rate)}] * {count}" for rate, count in runs)
    return [
        f"factors = {said}  # by epoch, as the run met them",
        f"return factors[min(step // {lesson.steps_per_epoch}, {lesson.epochs - 1})]",
    ]
