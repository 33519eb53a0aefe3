"""The step of an optimizer as docs/arithmetic.md writes it (5.5, 5.11), in NumPy, one operation at a time."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from multilayer.arrays import Array
from multilayer.exact import fma32, power


def fma(a: Array, b: Array, c: Array) -> Array:
    """a b + c, rounded once, in the precision of its numbers."""
    a, b, c = np.broadcast_arrays(a, b, c)
    if a.dtype == np.float32:
        return np.asarray(fma32(a, b, c))
    flat = [_fma(*numbers) for numbers in zip(a.flat, b.flat, c.flat, strict=True)]
    return np.array(flat, dtype=np.float64).reshape(a.shape)


def _fma(a: float, b: float, c: float) -> float:
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    return float(exact) if exact else a * b + c  # a zero has the sign that the rounded sum has


def larger(a: Array, b: Array) -> Array:
    return np.where((b > a) | np.isnan(b), b, a)


def smaller(a: Array, b: Array) -> Array:
    return np.where((b < a) | np.isnan(b), b, a)


def flush(v: Array) -> Array:
    return np.where(np.abs(v) < 2.0**-100, v.dtype.type(0), v)


def sum_of_squares(gradient: Array, weight: bool) -> float:
    """P_k: a chain of fma over the inputs of each unit of a weight, then the units' sums in their order."""
    wide = gradient.astype(np.float64)
    wide = wide.reshape(-1, *wide.shape[-2:]) if weight else wide.reshape(1, 1, -1)
    total = 0.0
    for piece in wide:
        sums = np.zeros(piece.shape[1])
        for row in piece:
            sums = fma(row, row, sums)
        for unit in sums:
            total += float(unit)
    return total


class PageOptimizer:
    """An optimizer over arrays; `entry` has its name, its options and the settings beside them."""

    def __init__(self, entry: dict[str, Any], arrays: list[Array]) -> None:
        self.entry, self.T = entry, arrays[0].dtype.type
        self.powers = {"beta1": 1.0, "beta2": 1.0, "nadam": 1.0}
        self.t = 0
        first = self.T(entry.get("initial", 0.0))
        self.states: list[dict[str, Array]] = []
        for w in arrays:
            zero = np.zeros_like(w)
            names = ("m", "v", "u", "z", "before", "mean", "vmax")
            self.states.append({**dict.fromkeys(names, zero), "n": zero + first, "leader": w.copy()})

    def c(self, option: str) -> Any:
        """An option in T; eps and beta have a least value."""
        least = 2.0**-100 if self.entry["name"] == "adadelta" else 2.0**-50
        least = least if option in ("eps", "beta") else -math.inf
        return self.T(max(self.entry[option], least))

    def step(self, L: float, weights: list[Array], gradients: list[Array], kinds: list[bool]) -> list[Array]:
        """The weights after a step of rate L; `kinds`: which of them are weights."""
        self.t += 1
        for beta in ("beta1", "beta2"):
            self.powers[beta] *= self.entry.get(beta, 0.0)
        self._constants(L)
        given = zip(weights, gradients, kinds, strict=True)
        slopes = [self._penalized(w, g) if kind else self._clipped(g) for w, g, kind in given]
        slopes = self._clip_norm(slopes, kinds)
        moved = []
        for w, g, kind, state in zip(weights, slopes, kinds, self.states, strict=True):
            change = getattr(self, self.entry["name"])(w, g, state)
            decay = self.T(L * self.entry.get("weight_decay", 0.0))
            if kind and decay != 0:
                change = change - decay * w
            moved.append(self._limited(w + change) if kind else w + change)
        return moved

    def _constants(self, L: float) -> None:
        self.eta, self.A = self.T(L), self.T(L / (1 - self.powers["beta1"]))
        self.R = self.T(1 / math.sqrt(1 - self.powers["beta2"]))
        if self.entry["name"] != "nadam":
            return

        def momentum(t: int) -> float:
            return float(self.entry["beta1"] * (1 - 0.5 * power(0.96, t * self.entry["momentum_decay"])))

        mu, following = momentum(self.t), momentum(self.t + 1)
        self.powers["nadam"] *= mu
        product = self.powers["nadam"]
        self.now, self.ahead = self.T((1 - mu) / (1 - product)), self.T(following / (1 - product * following))

    def _penalized(self, w: Array, g: Array) -> Array:
        l1, l2 = self.T(self.entry.get("l1", 0.0)), self.T(self.entry.get("l2", 0.0))
        if l1 != 0:
            g = g + l1 * np.sign(w)
        if l2 != 0:
            g = fma(l2, w, g)
        return self._clipped(g)

    def _clipped(self, g: Array) -> Array:
        if self.entry.get("clip_value") is None:
            return g
        limit = self.T(self.entry["clip_value"])
        return smaller(larger(g, -limit), limit)

    def _clip_norm(self, slopes: list[Array], kinds: list[bool]) -> list[Array]:
        limit = self.entry.get("clip_norm")
        if limit is None:
            return slopes
        total = 0.0
        for g, kind in zip(slopes, kinds, strict=True):
            total += sum_of_squares(g, kind)
        norm = math.sqrt(total)
        return [g * self.T(limit / norm) for g in slopes] if norm > limit else slopes

    def _limited(self, w: Array) -> Array:
        if self.entry.get("max_norm") is None:
            return w
        limit, sums = self.T(self.entry["max_norm"]), np.zeros_like(w[..., :1, :])
        for k in range(w.shape[-2]):
            sums = fma(w[..., k : k + 1, :], w[..., k : k + 1, :], sums)
        norms = np.sqrt(sums)
        return np.where(norms > limit, w * (limit / np.where(norms > limit, norms, 1)), w)

    def _follow(self, s: Array, g: Array, beta: str) -> Array:
        return flush(fma(self.T(1 - self.entry[beta]), g - s, s))

    def _follow2(self, s: Array, g: Array, beta: str) -> Array:
        return flush(fma(self.T(1 - self.entry[beta]), fma(g, g, -s), s))

    def sgd(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        return -self.eta * g

    def momentum(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        s["v"] = flush(fma(self.c("momentum"), s["v"], g))
        return -self.eta * s["v"]

    def nesterov(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        s["v"] = flush(fma(self.c("momentum"), s["v"], g))
        return -self.eta * fma(self.c("momentum"), s["v"], g)

    def adagrad(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        s["n"] = flush(fma(g, g, s["n"]))
        return (-self.eta * g) / (np.sqrt(s["n"]) + self.c("eps"))

    def rmsprop(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        s["n"] = a = self._follow2(s["n"], g, "rho")
        if self.entry["centered"]:
            s["mean"] = self._follow(s["mean"], g, "rho")
            a = larger(fma(-s["mean"], s["mean"], s["n"]), np.zeros_like(g))
        d = g / (np.sqrt(a) + self.c("eps"))
        if self.c("momentum") > 0:
            s["v"] = d = flush(fma(self.c("momentum"), s["v"], d))
        return -self.eta * d

    def adadelta(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        s["n"] = self._follow2(s["n"], g, "rho")
        d = np.sqrt((s["u"] + self.c("eps")) / (s["n"] + self.c("eps"))) * g
        s["u"] = self._follow2(s["u"], d, "rho")
        return -self.eta * d

    def _moments(self, g: Array, s: dict[str, Array]) -> None:
        s["m"], s["v"] = self._follow(s["m"], g, "beta1"), self._follow2(s["v"], g, "beta2")

    def adam(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        self._moments(g, s)
        return -self.A * (s["m"] / fma(np.sqrt(s["v"]), self.R, self.c("eps")))

    adamw = adam

    def amsgrad(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        self._moments(g, s)
        s["vmax"] = larger(s["vmax"], s["v"])
        return -self.A * (s["m"] / fma(np.sqrt(s["vmax"]), self.R, self.c("eps")))

    def adamax(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        s["m"] = self._follow(s["m"], g, "beta1")
        s["u"] = flush(larger(self.c("beta2") * s["u"], np.abs(g) + self.c("eps")))
        return -self.A * (s["m"] / s["u"])

    def nadam(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        self._moments(g, s)
        return -self.eta * (fma(self.now, g, self.ahead * s["m"]) / fma(np.sqrt(s["v"]), self.R, self.c("eps")))

    def lion(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        d = fma(self.T(1 - self.entry["beta1"]), g - s["m"], s["m"])
        s["m"] = self._follow(s["m"], g, "beta2")
        return -self.eta * np.sign(d)

    def ftrl(self, w: Array, g: Array, s: dict[str, Array]) -> Array:
        s["n"] = flush(fma(g, g, s["n"]))
        if self.eta == 0:
            return np.zeros_like(w)
        i = (self.c("beta") + np.sqrt(s["n"])) / self.eta
        z = fma(-s["before"], w - s["leader"], s["z"])
        s["z"] = z = flush(z + fma(-(i - s["before"]), w, g))
        d = z - smaller(larger(z, -self.c("lambda1")), self.c("lambda1"))
        change = np.asarray((-d) / (i + self.c("lambda2")) - w)
        s["before"], s["leader"] = i, w + change
        return change
