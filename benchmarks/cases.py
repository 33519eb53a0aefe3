"""The rows of the table: what is measured against whom, and the ratio aimed at."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.results import Row
from benchmarks.timing import Effort


@dataclass(frozen=True)
class Case:
    """One row. `kind` names the module and the function that measure it; `target` is the least ratio aimed at."""

    name: str
    kind: str
    peer: str
    network: str
    batch: int | None
    target: float | None = None
    problem: str = ""
    members: int = 1
    epochs: int = 0  # of a whole fit
    quick: bool = True  # whether the quick form has it
    unit: str = "step"

    def measured(self, effort: Effort) -> Row:
        """The row; one that says why where there is nothing to measure."""
        try:
            measure: Callable[[Case, Effort], Row] = importlib.import_module(f"benchmarks.{self.kind}").measured
            return measure(self, effort)
        except ModuleNotFoundError as error:
            return self.row(note=f"not measured: {error.name} is not installed")
        except Exception as error:  # so that the other rows are measured all the same
            traceback.print_exc()
            return self.row(note=f"failed: {type(error).__name__}: {error}", failed=True)

    def row(self, **found: Any) -> Row:
        """A row of this case; without `times` it was not measured."""
        about = (self.name, self.network, self.batch, self.members, self.peer, self.unit, self.target)
        return Row(*about, **{"times": None, **found})


def _training(name: str, problem: str, peer: str, target: float | None, epochs: int, *, quick: bool = True) -> Case:
    """A case from a name such as 2-40-1-b32."""
    network, _, batch = name.rpartition("-b")
    full_name = f"{name}-{peer}"
    return Case(full_name, "training", peer, network, int(batch), target, problem, epochs=epochs, quick=quick)


def _population(peer: str, target: float) -> Case:
    name, unit = f"population-1024-{peer}", "step of all members"
    return Case(name, "training", peer, "2-40-1", 32, target, "moons", members=1024, epochs=20, unit=unit)


def _prediction(name: str, peer: str, target: float, unit: str) -> Case:
    return Case(f"{name}-{peer}", "prediction", peer, "64-128-128-10", None, target, "digits", unit=unit)


def _fashion(peer: str) -> Case:
    name, unit = f"fashion-{peer}", "training to 89 % on test"
    return Case(name, "fashion", peer, "784-256-128-10", 128, None, "Fashion-MNIST", quick=False, unit=unit)


CASES = (
    _training("2-40-1-b32", "moons", "pytorch", 150, 100),
    _training("2-40-1-b32", "moons", "sklearn", 150, 100),
    _training("2-40-1-b32", "moons", "jax", 8, 400),
    _training("2-8-8-1-b10", "moons", "pytorch", 250, 50),
    _training("2-40-1-b1", "moons", "pytorch", 300, 5),
    _training("30-100-1-b32", "breast cancer", "sklearn", 30, 100),
    _training("64-128-128-10-b32", "digits", "pytorch", 6, 30),
    _training("64-100-10-b200", "digits", "sklearn", 10, 100),
    _training("784-256-128-10-b128", "Fashion-MNIST", "pytorch", 1.7, 1),
    _training("784-1024-1024-10-b128", "part of Fashion-MNIST", "pytorch", 1.1, 1),
    _population("pytorch", 500),
    _population("jax", 20),
    _population("torch-func", 20),
    Case("grid-digits", "grid", "sklearn", "64-100-10", 200, 12, "digits", members=100, unit="search"),
    _prediction("predict-one", "pytorch", 3, "row"),
    _prediction("predict-one", "sklearn", 25, "row"),
    _prediction("predict-one", "onnx", 1, "row"),
    _prediction("predict-million", "onnx", 1, "million rows"),
    _training("2-40-1-b32", "moons", "torch-compile", None, 100, quick=False),
    _training("64-128-128-10-b32", "digits", "torch-compile", None, 30, quick=False),
    _training("784-256-128-10-b128", "Fashion-MNIST", "torch-compile", None, 1, quick=False),
    _training("784-256-128-10-b128", "Fashion-MNIST", "jax", None, 1, quick=False),
    _fashion("pytorch"),
    _fashion("sklearn"),
)
"""Those without a target stand beside the others for the whole picture."""


def chosen(names: list[str], *, quick: bool) -> list[Case]:
    """The cases so named, or whose names begin so; without names all, or all that the quick form has."""
    if not names:
        return [case for case in CASES if case.quick or not quick]
    return [case for case in CASES if any(case.name == name or case.name.startswith(f"{name}-") for name in names)]
