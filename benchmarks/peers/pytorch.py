"""PyTorch: the usual loop, with fused Adam, rows indexed in memory and gradients set to None; and the same compiled."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.timing import Call, thread_choices, threads_named
from benchmarks.work import LR, Work

GATHERED_AT_ONCE = 1 << 20
"""Up to so many numbers, an epoch's rows are gathered at once and then cut into batches, which is quicker."""


class Eager:
    """A module, a loss and torch.optim.Adam."""

    name = "PyTorch eager"
    multiple = 1

    def __init__(self, work: Work, threads: int, *, stands_for: int = 1) -> None:
        """`stands_for` members are trained one after another, in the time of the work's own so many times."""
        self.work, self.threads, self.times = work, threads, float(stands_for)
        self.setting = threads_named(threads)
        self.x, self.y = tensors(work, work.problem.x, work.problem.y)
        self.x_val, self.y_val = tensors(work, work.problem.x_val, work.problem.y_val)
        self.loss = loss_of(work)

    def ready(self, steps: int) -> Call:
        net, optimizer = self._made()
        batches = itertools.chain.from_iterable(self._epoch() for _ in itertools.count())
        for x, y in itertools.islice(batches, 5):
            self._step(net, optimizer, x, y)

        def call() -> None:
            for x, y in itertools.islice(batches, steps):
                self._step(net, optimizer, x, y)

        return call

    def fit(self, epochs: int) -> Callable[[], float]:
        def call() -> float:
            net, optimizer = self._made()
            history, best, kept = [], np.inf, copy.deepcopy(net.state_dict())
            for _ in range(epochs):
                total = torch.zeros(())
                for x, y in self._epoch():
                    total += self._step(net, optimizer, x, y)
                history.append((total.item() / self.work.steps_per_epoch, *self._validated(net)))
                if history[-1][1] < best:
                    best, kept = history[-1][1], copy.deepcopy(net.state_dict())
            net.load_state_dict(kept)
            return self._validated(net)[1]

        return call

    def _made(self) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
        net = network(self.work.widths)
        return net, torch.optim.Adam(net.parameters(), lr=LR, fused=True)

    def _epoch(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order: Any = torch.randperm(len(self.x))
        batch = self.work.batch
        if self.x.numel() <= GATHERED_AT_ONCE:
            x, y = self.x[order], self.y[order]
            yield from ((x[start : start + batch], y[start : start + batch]) for start in range(0, len(x), batch))
            return
        for rows in order.split(batch):
            yield self.x[rows], self.y[rows]

    def _step(self, net: Any, optimizer: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return _updated(self.loss(net(x), y), optimizer)

    def _validated(self, net: torch.nn.Module) -> tuple[float, float]:
        with torch.inference_mode():
            outputs = net(self.x_val)
            return self.loss(outputs, self.y_val).item(), accuracy(self.work, outputs, self.y_val)


class Compiled(Eager):
    """The same with forward, loss and backward compiled by torch.compile."""

    name = "PyTorch compiled"

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        self.net = net = network(work.widths)
        loss = loss_of(work)
        self.compiled = torch.compile(lambda x, y: loss(net(x), y))

    def _made(self) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
        self.net.load_state_dict(network(self.work.widths).state_dict())
        return self.net, torch.optim.Adam(self.net.parameters(), lr=LR, fused=True)

    def _step(self, net: Any, optimizer: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return _updated(self.compiled(x, y), optimizer)


def _updated(loss: Any, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    """Backward and a step; the loss."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    detached: torch.Tensor = loss.detach()
    return detached


def network(widths: tuple[int, ...]) -> torch.nn.Sequential:
    """Linear layers with ReLU between them."""
    layers: list[torch.nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def tensors(work: Work, x: Any, y: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs, and targets as the loss takes them: a column of bits, or codes."""
    target = torch.from_numpy(y.astype(np.float32)[:, None]) if work.binary else torch.from_numpy(y)
    return torch.from_numpy(x), target


def loss_of(work: Work) -> Callable[..., torch.Tensor]:
    return functional.binary_cross_entropy_with_logits if work.binary else functional.cross_entropy


def accuracy(work: Work, outputs: torch.Tensor, y: torch.Tensor) -> float:
    right = ((outputs > 0) == (y > 0.5)) if work.binary else outputs.argmax(dim=-1) == y
    return right.float().mean().item()


def trainers(work: Work) -> list[Eager]:
    return [Eager(work, threads) for threads in thread_choices()]


def compiled_trainers(work: Work) -> list[Eager]:
    """Compiled for one thread and for all; what was compiled before is forgotten, since a function keeps few forms."""
    torch.compiler.reset()
    return [Compiled(work, threads) for threads in thread_choices()]


def one_after_another(work: Work, members: int) -> list[Eager]:
    """So many members, each trained when the one before it is done; measured on one of them."""
    return [Eager(work, threads, stands_for=members) for threads in thread_choices()]
