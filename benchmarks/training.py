"""Time per training step, with the time of a whole fit beside it."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from benchmarks import ours, problems
from benchmarks.cases import Case
from benchmarks.measurements.peak import sgemm_peak
from benchmarks.results import Fit, Ratio, Row
from benchmarks.timing import Comparison, Effort, compare, threads_named
from benchmarks.work import Trainer, Work, fits_of, steps_of

WIDE = 1000
"""From such a layer on, the share of the machine's sgemm peak is stated."""


def measured(case: Case, effort: Effort) -> Row:
    work = work_of(case)
    mine: list[Trainer] = [*ours.trainers(work)]
    theirs = peers(case, work, effort)
    trainers = {steps_of(trainer): trainer for trainer in (*mine, *theirs)}
    sides = [steps_of(trainer) for trainer in mine], [steps_of(trainer) for trainer in theirs]
    try:
        steps = compare(*sides, effort)
    except Exception as error:
        if case.peer != "torch-compile":
            raise
        return case.row(note=f"torch.compile does not work here: {str(error).splitlines()[0]}")
    fit = fitted(trainers[steps.ours], trainers[steps.theirs], case.epochs, effort)
    note, more = (wide_layers(work, steps, effort)) if max(work.hidden) > WIDE else ("", {})
    if work.problem.name.startswith("random"):
        note = f"{work.problem.name}; {note}".rstrip("; ")
    return case.row(times=Ratio.of(steps), fit=fit, note=note, more=more)


def work_of(case: Case) -> Work:
    """The network and the rows of a case."""
    assert case.batch is not None
    _, *hidden, _ = map(int, case.network.split("-"))
    problem = problems.problem(case.problem).in_batches_of(case.batch)
    return Work(problem, tuple(hidden), case.batch, case.members)


def peers(case: Case, work: Work, effort: Effort) -> Sequence[Trainer]:
    """The peer in each of its settings."""
    if case.peer == "jax":
        found: Sequence[Trainer] = importlib.import_module("benchmarks.peers.jax_scan").trainers(
            work, quick=effort.quick
        )
        return found
    if case.peer == "sklearn":
        found = importlib.import_module("benchmarks.peers.scikit").trainers(work)
        return found
    if case.peer == "torch-func":
        found = importlib.import_module("benchmarks.peers.torch_func").trainers(work, compiled=not effort.quick)
        return found
    pytorch = importlib.import_module("benchmarks.peers.pytorch")
    if case.members > 1:
        found = pytorch.one_after_another(Work(work.problem, work.hidden, work.batch), case.members)
        return found
    found = pytorch.compiled_trainers(work) if case.peer == "torch-compile" else pytorch.trainers(work)
    return found


def fitted(mine: Trainer, other: Trainer, epochs: int, effort: Effort) -> Fit:
    """Whole fits in the settings that were best for the steps."""
    epochs = max(1, epochs // 5) if effort.quick else epochs
    reached: tuple[list[float], list[float]] = [], []
    found = compare([fits_of(mine, epochs, reached[0])], [fits_of(other, epochs, reached[1])], effort, amount=1)
    return Fit(epochs, Ratio.of(found), fmean(reached[0]), fmean(reached[1]))


def wide_layers(work: Work, steps: Comparison, effort: Effort) -> tuple[str, dict[str, float]]:
    """How near the matrix products of a step come to the machine's peak, in words and numbers.

    What a step takes longer with twice the rows is products and little else: the update and the transposed weights cost
    the same whatever the batch.
    """
    threads = steps.ours.threads
    double = replace(work, problem=work.problem.in_batches_of(2 * work.batch), batch=2 * work.batch)
    both = compare(*([steps_of(ours.Ours(one, threads))] for one in (work, double)), effort)
    rate = work.flops / (both.theirs_seconds - both.ours_seconds) / 1e9
    whole = work.flops / steps.ours_seconds / 1e9
    peak = max(sgemm_peak(threads, quick=effort.quick).values())
    note = (
        f"products at {rate:.0f} GFLOP/s: {rate / peak:.0%} of the sgemm peak on {threads_named(threads)} (aim 70 %); "
        f"the whole step at {whole / peak:.0%}"
    )
    return note, {"gflops": rate, "sgemm_peak_gflops": peak, "share_of_peak": rate / peak, "step_gflops": whole}
