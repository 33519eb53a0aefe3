"""JAX: the whole run compiled as scans over epochs and steps, rows shuffled on the device; vmap for populations."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.timing import Call, cores
from benchmarks.work import BETA1, BETA2, EPS, LR, Work


class Scanned:
    """One program for the whole run. JAX keeps one pool of threads, as many as there are processors."""

    times = 1.0

    def __init__(self, work: Work, *, chunk: int | None = None) -> None:
        """`chunk` members are vmapped at a time, by default all of them."""
        self.work, self.chunk = work, chunk
        self.name = "JAX vmap" if work.members > 1 else "JAX scan"
        self.setting = f"compiled, {chunk} members at a time" if chunk else "compiled"
        self.threads, self.multiple = cores(), work.steps_per_epoch
        problem = work.problem
        self.rows = jax.device_put((problem.x, self._target(problem.y)))
        self.val = jax.device_put((problem.x_val, self._target(problem.y_val)))
        self.init = jax.jit(jax.vmap(self._params))
        self.run = jax.jit(self._over_members(self._trained))
        self.run_fit = jax.jit(self._over_members(self._fitted), static_argnames="epochs")
        self.warm = False
        self.compiled: set[int] = set()  # the lengths of whole fits

    def ready(self, steps: int) -> Call:
        epochs, (params, keys) = steps // self.work.steps_per_epoch, self._made()
        if self.work.members == 1 or not self.warm:
            self.warm = bool(self._call(self.run, params, keys, 1))
        return lambda: self._call(self.run, params, keys, epochs)

    def fit(self, epochs: int) -> Callable[[], float]:
        if epochs not in self.compiled:
            self._fit(epochs)
            self.compiled.add(epochs)
        return functools.partial(self._fit, epochs)

    def _fit(self, epochs: int) -> float:
        params, keys = self._made()
        _, (_, losses, accuracies) = self._call(self.run_fit, params, keys, epochs)
        losses, accuracies = (np.reshape(a, (self.work.members, epochs)) for a in (losses, accuracies))
        return float(np.take_along_axis(accuracies, losses.argmin(axis=1)[:, None], axis=1).mean())

    def _call(self, run: Callable[..., Any], params: Any, keys: Any, epochs: int) -> Any:
        """The result of a run, waited for."""
        return jax.tree.map(_awaited, run(params, keys, self.rows, self.val, epochs=epochs))

    def _made(self) -> tuple[Any, Any]:
        """New weights and a key for each member."""
        keys = jax.random.split(jax.random.key(0), self.work.members)
        params = self.init(keys)
        return jax.tree.map(lambda a: a[0], (params, keys)) if self.work.members == 1 else (params, keys)

    def _params(self, key: Any) -> list[Any]:
        params = []
        for n_in, n_out in itertools.pairwise(self.work.widths):
            key, own = jax.random.split(key)
            params.append((jax.random.normal(own, (n_in, n_out)) * (2 / n_in) ** 0.5, jnp.zeros(n_out)))
        return params

    def _target(self, y: Any) -> Any:
        return y.astype(np.float32)[:, None] if self.work.binary else y.astype(np.int32)

    def _over_members(self, run: Callable[..., Any]) -> Callable[..., Any]:
        if self.work.members == 1:
            return run

        def population(params: Any, keys: Any, rows: Any, val: Any, *, epochs: int) -> Any:
            def one(member: Any) -> Any:
                return run(*member, rows, val, epochs=epochs)

            if self.chunk:
                return jax.lax.map(one, (params, keys), batch_size=self.chunk)
            return jax.vmap(one)((params, keys))

        return population

    def _trained(self, params: Any, key: Any, rows: Any, _val: Any, *, epochs: int) -> Any:
        """So many epochs, a number that the compiled program takes as it comes; the weights and the last loss."""

        def epoch(number: Any, carry: Any) -> Any:
            return self._epoch(carry[0], jax.random.fold_in(key, number), rows)

        return jax.lax.fori_loop(0, epochs, epoch, (_with_moments(params), 0.0))

    def _fitted(self, params: Any, key: Any, rows: Any, val: Any, *, epochs: int) -> Any:
        """So many epochs with validation after each; the best weights, and losses and accuracies of each epoch."""

        def epoch(carry: Any, key: Any) -> Any:
            state, best, kept = carry
            state, loss = self._epoch(state, key, rows)
            outputs = self._outputs(state[0], val[0])
            val_loss = self._loss(state[0], *val)
            kept = jax.tree.map(lambda new, old: jnp.where(val_loss < best, new, old), state[0], kept)
            right = (outputs > 0) == (val[1] > 0.5) if self.work.binary else outputs.argmax(-1) == val[1]
            return (state, jnp.minimum(val_loss, best), kept), (loss, val_loss, right.mean())

        start = (_with_moments(params), jnp.inf, params)
        (_, _, kept), history = jax.lax.scan(epoch, start, jax.random.split(key, epochs))
        return kept, history

    def _epoch(self, state: Any, key: Any, rows: Any) -> Any:
        x, y = rows
        order = jax.random.permutation(key, len(x)).reshape(self.work.steps_per_epoch, self.work.batch)

        def step(state: Any, batch: Any) -> Any:
            loss, gradients = jax.value_and_grad(self._loss)(state[0], x[batch], y[batch])
            return _adam(state, gradients), loss

        state, losses = jax.lax.scan(step, state, order)
        return state, losses.mean()

    def _outputs(self, params: Any, x: Any) -> Any:
        for W, b in params[:-1]:
            x = jax.nn.relu(x @ W + b)
        W, b = params[-1]
        return x @ W + b

    def _loss(self, params: Any, x: Any, y: Any) -> Any:
        outputs = self._outputs(params, x)
        if self.work.binary:
            return jnp.mean(jax.nn.softplus(outputs) - outputs * y)
        logs = jax.nn.log_softmax(outputs)
        return -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))


def _awaited(array: Any) -> Any:
    return array.block_until_ready()


def _with_moments(params: Any) -> Any:
    zeros = jax.tree.map(jnp.zeros_like, params)
    return params, zeros, zeros, jnp.zeros(())


def _adam(state: Any, gradients: Any) -> Any:
    params, m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda m, g: m + (1 - BETA1) * (g - m), m, gradients)
    v = jax.tree.map(lambda v, g: v + (1 - BETA2) * (g * g - v), v, gradients)
    first, second = 1 / (1 - BETA1**t), 1 / (1 - BETA2**t)
    params = jax.tree.map(lambda p, m, v: p - LR * (m * first) / (jnp.sqrt(v * second) + EPS), params, m, v)
    return params, m, v, t


def trainers(work: Work, *, quick: bool) -> list[Scanned]:
    """A population runs some members at a time, which suits a processor's caches, and all at once."""
    if work.members == 1:
        return [Scanned(work)]
    return [Scanned(work, chunk=16)] if quick else [Scanned(work, chunk=16), Scanned(work)]
