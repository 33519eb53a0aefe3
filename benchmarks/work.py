"""What is to be trained, and what a trainer of it must offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from benchmarks.timing import Call, Contender

if TYPE_CHECKING:
    from benchmarks.problems import Problem

LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8


@dataclass(frozen=True, eq=False)
class Work:
    """A network, a problem in whole batches, and how many members are trained on it."""

    problem: Problem
    hidden: tuple[int, ...]
    batch: int
    members: int = 1

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.problem.n_in, *self.hidden, self.problem.n_out)

    @property
    def steps_per_epoch(self) -> int:
        return len(self.problem.train) // self.batch

    @property
    def binary(self) -> bool:
        """Whether the network has one output, a logit."""
        return self.problem.n_out == 1

    @property
    def flops(self) -> float:
        """Floating-point operations of a step's matrix products: forward, weight gradients, input gradients."""
        products = [n_in * n_out for n_in, n_out in zip(self.widths[:-1], self.widths[1:], strict=True)]
        return 2.0 * self.batch * self.members * (3 * sum(products) - products[0])


class Trainer(Protocol):
    """One way of training a Work: a library in one setting."""

    name: str
    setting: str
    threads: int
    multiple: int  # of steps
    times: float  # what is trained stands for so many like it

    def ready(self, steps: int) -> Call:
        """New weights, warmed up; the call makes so many steps."""
        ...

    def fit(self, epochs: int) -> Callable[[], float]:
        """The call makes a whole fit and returns the validation accuracy of the weights it kept."""
        ...


def steps_of(trainer: Trainer) -> Contender:
    """Its training steps as a contender."""
    return Contender(
        trainer.name, trainer.setting, trainer.threads, trainer.ready, trainer.multiple, times=trainer.times
    )


def fits_of(trainer: Trainer, epochs: int, accuracies: list[float]) -> Contender:
    """Its whole fits as a contender, a fit a block; every accuracy reached is added to `accuracies`."""

    def ready(_: int) -> Call:
        fit = trainer.fit(epochs)
        return lambda: accuracies.append(fit())

    return Contender(trainer.name, trainer.setting, trainer.threads, ready, times=trainer.times)
