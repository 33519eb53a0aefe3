"""Adam's nearest kin: its two running means, put to slightly different use."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Fraction, NonNegative, Positive
from multilayer.optim.adam import adam_direction, running_mean, zero_moments
from multilayer.optim.optimizer import Optimizer, State


@final
@dataclass(eq=False)
class AdamW(Optimizer):
    """Adam with decoupled weight decay: w <- w - lr (m_hat / (sqrt(v_hat) + eps) + weight_decay w).

    Adam's rule and defaults, and weight_decay 0.01 (on the weights; on the biases and gains too when
    `penalize_biases`). Loshchilov & Hutter, arXiv 1711.05101 (ICLR 2019), algorithm 2, with the decay multiplied by
    lr, as in PyTorch.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[10.0]]))
    >>> AdamW([W], lr=0.1).step()
    >>> W.value  # 10 - 0.1 x 0.01 x 10, the gradient being zero
    array([[9.99]])
    """

    lr: NonNegative = 0.001
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8
    _: KW_ONLY
    weight_decay: NonNegative = 0.01

    def start(self, value: Array) -> State:
        return zero_moments(value)

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        return -lr * adam_direction(grad, state, t, self.beta1, self.beta2, self.eps)


@final
@dataclass(eq=False)
class AMSGrad(Optimizer):
    """AMSGrad: Adam with the largest v so far, so that no weight's learning rate ever grows.

    w <- w - lr m / (1 - beta1^t) / (sqrt(vmax / (1 - beta2^t)) + eps), vmax <- max(vmax, v): the maximum is of the
    uncorrected v, and the corrections are Adam's, as in PyTorch. By default lr 0.001, beta1 0.9, beta2 0.999,
    eps 1e-8. Reddi, Kale & Kumar, arXiv 1904.09237 (ICLR 2018), algorithm 2.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 5.0
    >>> AMSGrad([W], lr=0.1).step()
    >>> W.value.round(6)
    array([[0.9]])
    """

    lr: NonNegative = 0.001
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8

    def start(self, value: Array) -> State:
        return {**zero_moments(value), "vmax": np.zeros_like(value)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        m, v, vmax = state["m"], state["v"], state["vmax"]
        running_mean(m, grad, self.beta1)
        running_mean(v, grad * grad, self.beta2)
        np.maximum(vmax, v, out=vmax)
        root = np.sqrt(vmax) / math.sqrt(1 - self.beta2**t) + self.eps
        return -lr / (1 - self.beta1**t) * m / root


@final
@dataclass(eq=False)
class Adamax(Optimizer):
    """Adamax: Adam with the infinity norm, u <- max(beta2 u, |g| + eps), w <- w - lr m / (1 - beta1^t) / u.

    By default (as in the paper and PyTorch) lr 0.002, beta1 0.9, beta2 0.999; eps 1e-8 keeps u from zero. Kingma & Ba,
    arXiv 1412.6980 (ICLR 2015), algorithm 2.

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 5.0
    >>> Adamax([W], lr=0.1).step()
    >>> W.value.round(6)
    array([[0.9]])
    """

    lr: NonNegative = 0.002
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8

    def start(self, value: Array) -> State:
        return {"m": np.zeros_like(value), "u": np.zeros_like(value)}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        m, u = state["m"], state["u"]
        running_mean(m, grad, self.beta1)
        u *= self.beta2
        np.maximum(u, np.abs(grad) + self.eps, out=u)
        return -lr / (1 - self.beta1**t) * m / u


@final
@dataclass(eq=False)
class NAdam(Optimizer):
    """NAdam: Adam with Nesterov's momentum and a momentum that warms up.

    mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), M_t = mu_1 ... mu_t, and
    w <- w - lr ((1 - mu_t) / (1 - M_t) g + mu_(t+1) / (1 - M_(t+1)) m) / (sqrt(v_hat) + eps).
    By default (as in PyTorch) lr 0.002, beta1 0.9, beta2 0.999, eps 1e-8, momentum_decay 0.004. Dozat, Incorporating
    Nesterov Momentum into Adam (ICLR workshop 2016).

    >>> from multilayer.arrays import Parameter
    >>> W = Parameter("W", np.array([[1.0]]))
    >>> W.grad += 5.0
    >>> NAdam([W], lr=0.1, momentum_decay=0.0).step()
    >>> W.value.round(6)  # 1 - 0.1 x (1 + 0.45 / (1 - 0.45^2) x 0.1)
    array([[0.894357]])
    """

    lr: NonNegative = 0.002
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8
    momentum_decay: NonNegative = 0.004

    def start(self, value: Array) -> State:
        return {**zero_moments(value), "product": np.ones(())}

    def rule(self, grad: Array, value: Array, state: State, lr: float, t: int) -> Array:
        m, v = state["m"], state["v"]
        running_mean(m, grad, self.beta1)
        running_mean(v, grad * grad, self.beta2)
        mu, next_mu = self._momentum(t), self._momentum(t + 1)
        state["product"] *= mu
        product = float(state["product"])
        now, ahead = (1 - mu) / (1 - product), next_mu / (1 - product * next_mu)
        root = np.sqrt(v) / math.sqrt(1 - self.beta2**t) + self.eps
        return -lr * (now * grad + ahead * m) / root

    def _momentum(self, t: int) -> float:
        return float(self.beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay)))
