"""torch.func: a population as stacked parameters, their gradients by vmap(grad), eager or compiled."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.func import grad_and_value, vmap

from benchmarks.peers.pytorch import loss_of, network, tensors
from benchmarks.timing import Call, thread_choices, threads_named
from benchmarks.work import BETA1, BETA2, EPS, LR, Work

Params = list[torch.Tensor]


class Vmapped:
    """All members in one tensor for each parameter, an order of rows for each member."""

    name = "torch.func vmap"
    multiple = 1
    times = 1.0

    def __init__(self, work: Work, threads: int, *, compiled: bool) -> None:
        self.work, self.threads = work, threads
        self.setting = f"{'compiled' if compiled else 'eager'}, {threads_named(threads)}"
        self.x, self.y = tensors(work, work.problem.x, work.problem.y)
        self.x_val, self.y_val = tensors(work, work.problem.x_val, work.problem.y_val)
        self.loss = loss_of(work)
        self.gradients: Any = vmap(grad_and_value(self._loss))
        self.update = torch.compile(self._update_by_hand) if compiled else self._update_fused
        self.compiled = compiled

    def ready(self, steps: int) -> Call:
        state = self._made()
        batches = itertools.chain.from_iterable(self._epoch() for _ in itertools.count())
        for x, y in itertools.islice(batches, 2):
            self.update(state, x, y)

        def call() -> None:
            for x, y in itertools.islice(batches, steps):
                self.update(state, x, y)

        return call

    def fit(self, epochs: int) -> Callable[[], float]:
        def call() -> float:
            state = self._made()
            params: Params = state["params"]
            best, kept = torch.full((self.work.members,), torch.inf), [p.detach().clone() for p in params]
            history = []
            for _ in range(epochs):
                total = torch.zeros(self.work.members)
                for x, y in self._epoch():
                    total += self.update(state, x, y)
                loss, right = self._validated(params)
                history.append((total.numpy() / self.work.steps_per_epoch, loss.numpy(), right.numpy()))
                better = loss < best
                best = torch.where(better, loss, best)
                for old, new in zip(kept, params, strict=True):
                    old[better] = new.detach()[better]
            return self._validated(kept)[1].mean().item()

        return call

    def _made(self) -> dict[str, Any]:
        """New weights (members, ...), with Adam's state."""
        shapes = [p.shape for p in network(self.work.widths).parameters()]
        params = [0.1 * torch.randn(self.work.members, *shape) for shape in shapes]
        if not self.compiled:
            return {"params": params, "optimizer": torch.optim.Adam(params, lr=LR, fused=True)}
        moments = [[torch.zeros_like(p) for p in params] for _ in range(2)]
        return {"params": params, "m": moments[0], "v": moments[1], "t": torch.zeros(())}

    def _epoch(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order: Any = torch.rand(self.work.members, len(self.x)).argsort(dim=1)
        for rows in order.split(self.work.batch, dim=1):
            yield self.x[rows], self.y[rows]

    def _outputs(self, params: Params, x: torch.Tensor) -> torch.Tensor:
        for place in range(0, len(params), 2):
            x = torch.nn.functional.linear(x, params[place], params[place + 1])
            x = x if place == len(params) - 2 else torch.relu(x)
        return x

    def _loss(self, params: Params, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.loss(self._outputs(params, x), y)

    def _update_fused(self, state: dict[str, Any], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        gradients: Params
        losses: torch.Tensor
        gradients, losses = self.gradients(state["params"], x, y)
        for parameter, gradient in zip(state["params"], gradients, strict=True):
            parameter.grad = gradient
        state["optimizer"].step()
        return losses

    def _update_by_hand(self, state: dict[str, Any], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        gradients: Params
        losses: torch.Tensor
        gradients, losses = self.gradients(state["params"], x, y)
        state["t"] += 1
        for p, g, m, v in zip(state["params"], gradients, state["m"], state["v"], strict=True):
            m.lerp_(g, 1 - BETA1)
            v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
            m_hat, v_hat = m / (1 - BETA1 ** state["t"]), v / (1 - BETA2 ** state["t"])
            p.sub_(LR * m_hat / (v_hat.sqrt() + EPS))
        return losses

    def _validated(self, params: Params) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and accuracy of each member."""
        with torch.inference_mode():
            losses = vmap(self._loss, in_dims=(0, None, None))(params, self.x_val, self.y_val)
            outputs = vmap(self._outputs, in_dims=(0, None))(params, self.x_val)
            right = (outputs > 0) == (self.y_val > 0.5) if self.work.binary else outputs.argmax(-1) == self.y_val
            return losses, right.reshape(len(losses), -1).float().mean(1)


def trainers(work: Work, *, compiled: bool) -> list[Vmapped]:
    """Eager, and compiled where asked for."""
    torch.compiler.reset()
    ways = [False, True] if compiled else [False]
    return [Vmapped(work, threads, compiled=way) for way in ways for threads in thread_choices()]
