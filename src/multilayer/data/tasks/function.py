"""Functions to be learned by regression: expressions of x, and polynomials by their coefficients."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, final

import numpy as np

from multilayer.constraints import REFUSED, Constraint, NonNegative, Real
from multilayer.data.dataset import Dataset
from multilayer.data.tasks import expression
from multilayer.data.tasks.table import Points, measured
from multilayer.data.tasks.task import Generated, Samples, Seed, Streams, check_parameters
from multilayer.errors import DataError

POSITION, NOISE = 0, 1
PROBES = 257
"""Evenly spaced points at which a function must have a value: the ends, the middle and between."""

End = Annotated[float, Real(-1e9, 1e9)]


@final
@dataclass(frozen=True)
class Formula(Constraint):
    """The text of an expression; `expression.parse` says what is wrong with one."""

    expects = "an expression in quotes such as 'x^3 - 2*x'"

    def accept(self, value: object) -> Any:
        return value if isinstance(value, str) else REFUSED


@final
@dataclass(frozen=True)
class Coefficients(Constraint):
    """One to twenty numbers."""

    expects = "a list of 1 to 20 numbers between -1e9 and 1e9, the constant first, such as [0, -2, 0, 1]"

    def accept(self, value: object) -> Any:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= 20:
            return REFUSED
        numbers = tuple(Real(-1e9, 1e9).accept(number) for number in value)
        return REFUSED if REFUSED in numbers else numbers


class Curve(Generated):
    """A function of inputs that are uniform on [low, high), with normal noise added to its values."""

    low: float
    high: float
    noise: float

    def recipe(self) -> dict[str, Any]:
        return {"epochs": 500}

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.low < self.high:
            raise DataError(f"low of {self.name} must be below high, got low={self.low:g} and high={self.high:g}.")
        probe = self.low + (self.high - self.low) * (np.arange(PROBES) / (PROBES - 1.0))
        self.values(np.repeat(probe[:, None], len(self.inputs()), axis=1))

    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return ("x",)

    def output(self) -> str:
        """The name of the number to predict."""
        return "y"

    @abstractmethod
    def values(self, x: Points) -> Points:
        """The function without noise: x (n, inputs) to (n,)."""

    def draw(self, n: int, streams: Streams) -> Dataset:
        x = self.low + (self.high - self.low) * streams(POSITION).uniform((n, len(self.inputs())))
        y = self.values(x) + self.noise * streams(NOISE).normal(n)
        return measured(self.name, x, y, self.inputs(), self.output())


@final
@dataclass(frozen=True)
class Function(Curve):
    """The values of an expression of x (or of x1, x2, ...) on a range.

    >>> Function("x^2", low=0, high=1).values(np.array([[3.0]]))
    array([9.])
    """

    name = "function"
    about = "An expression of x on a range; the expression alone is a task too: 'sin(x) on [-3, 3]'."
    kind = "regression"
    source = "Your own."

    expression: Annotated[str, Formula()] = "sin(x)"
    low: End = -3.0
    high: End = 3.0
    noise: NonNegative = 0.0
    samples: Samples = 200
    data_seed: Seed = 0

    def inputs(self) -> tuple[str, ...]:
        return expression.variables(expression.parse(self.expression))

    def values(self, x: Points) -> Points:
        columns = {name: x[:, k] for k, name in enumerate(self.inputs())}
        return expression.evaluate(expression.parse(self.expression), columns)


RANGE = re.compile(r"(?P<expression>.*?)\s+on\s*\[(?P<low>[^\[\],]*),(?P<high>[^\[\],]*)\]\s*", re.DOTALL)


def from_text(text: str) -> Function:
    """The task of an expression with or without its range.

    >>> from_text("x^3 - 2*x on [-2, 2]")
    Function(expression='x^3 - 2*x', low=-2.0, high=2.0, noise=0.0, samples=200, data_seed=0)
    """
    found = RANGE.fullmatch(text)
    if not found:
        return Function(text.strip())
    return Function(found["expression"].strip(), low=_end(found["low"]), high=_end(found["high"]))


def _end(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        message = f"The ends of a range are numbers, such as 'sin(x) on [-3, 3]', got {text.strip()!r}."
        raise DataError(message) from None


@final
@dataclass(frozen=True)
class Polynomial(Curve):
    """c0 + c1 x + c2 x^2 + ... by Horner's rule.

    >>> Polynomial(coefficients=[1, 0, 2]).values(np.array([[3.0]]))
    array([19.])
    """

    name = "polynomial"
    about = "A polynomial of x given by its coefficients, the constant first."
    kind = "regression"
    source = "Your own."

    coefficients: Annotated[tuple[float, ...], Coefficients()] = (0.0, -2.0, 0.0, 1.0)
    low: End = -2.0
    high: End = 2.0
    noise: NonNegative = 0.0
    samples: Samples = 200
    data_seed: Seed = 0

    def values(self, x: Points) -> Points:
        y = np.zeros(len(x))
        with np.errstate(over="ignore", invalid="ignore"):
            for coefficient in reversed(self.coefficients):
                y = y * x[:, 0] + coefficient
        if not np.all(np.isfinite(y)):
            raise DataError("The polynomial leaves the finite numbers on its range. Choose another range.")
        return y
