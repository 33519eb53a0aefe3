"""Every optimizer that PyTorch has, step by step in float64 to 1e-10."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from multilayer.optim import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    Momentum,
    Muon,
    NAdam,
    Nesterov,
    Optimizer,
    RMSprop,
)
from tests.optim.arena import noisy_slopes, small_network

STEPS = 60


@pytest.fixture(autouse=True)
def _scalars_in_float64() -> Iterator[None]:
    """PyTorch keeps scalars such as NAdam's product of momenta in its default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


Case = tuple[type[Optimizer], dict[str, Any], type[torch.optim.Optimizer], dict[str, Any]]

CASES: list[Case] = [
    (SGD, {}, torch.optim.SGD, {"lr": 0.01}),
    (SGD, {"lr": 0.1, "l2": 0.03}, torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.03}),
    (Momentum, {}, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
    (
        Momentum,
        {"lr": 0.05, "momentum": 0.5, "l2": 0.1},
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1},
    ),
    (Nesterov, {}, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    (Nesterov, {"lr": 0.1, "momentum": 0.7}, torch.optim.SGD, {"lr": 0.1, "momentum": 0.7, "nesterov": True}),
    (Adagrad, {}, torch.optim.Adagrad, {}),
    (
        Adagrad,
        {"lr": 0.2, "initial": 0.3, "eps": 1e-3},
        torch.optim.Adagrad,
        {"lr": 0.2, "initial_accumulator_value": 0.3, "eps": 1e-3},
    ),
    (RMSprop, {}, torch.optim.RMSprop, {"lr": 0.001, "alpha": 0.9}),
    (RMSprop, {"rho": 0.99, "momentum": 0.8}, torch.optim.RMSprop, {"lr": 0.001, "momentum": 0.8}),
    (
        RMSprop,
        {"lr": 0.01, "rho": 0.8, "centered": True, "momentum": 0.5, "eps": 1e-4},
        torch.optim.RMSprop,
        {"lr": 0.01, "alpha": 0.8, "centered": True, "momentum": 0.5, "eps": 1e-4},
    ),
    (Adadelta, {}, torch.optim.Adadelta, {}),
    (
        Adadelta,
        {"lr": 0.5, "rho": 0.95, "eps": 1e-3},
        torch.optim.Adadelta,
        {"lr": 0.5, "rho": 0.95, "eps": 1e-3},
    ),
    (Adam, {}, torch.optim.Adam, {}),
    (
        Adam,
        {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "l2": 0.1},
        torch.optim.Adam,
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1},
    ),
    (Adam, {"beta1": 0.0}, torch.optim.Adam, {"betas": (0.0, 0.999)}),
    (AMSGrad, {}, torch.optim.Adam, {"amsgrad": True}),
    (AMSGrad, {"lr": 0.1, "beta2": 0.9}, torch.optim.Adam, {"lr": 0.1, "betas": (0.9, 0.9), "amsgrad": True}),
    (AdamW, {}, torch.optim.AdamW, {}),
    (AdamW, {"lr": 0.1, "weight_decay": 0.3}, torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.3}),
    (Adamax, {}, torch.optim.Adamax, {}),
    (
        Adamax,
        {"lr": 0.1, "beta1": 0.7, "beta2": 0.9, "eps": 1e-3},
        torch.optim.Adamax,
        {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3},
    ),
    (NAdam, {}, torch.optim.NAdam, {}),
    (
        NAdam,
        {"lr": 0.1, "beta1": 0.8, "momentum_decay": 0.05, "weight_decay": 0.1},
        torch.optim.NAdam,
        {
            "lr": 0.1,
            "betas": (0.8, 0.999),
            "momentum_decay": 0.05,
            "weight_decay": 0.1,
            "decoupled_weight_decay": True,
        },
    ),
    (Adafactor, {}, torch.optim.Adafactor, {}),
    (
        Adafactor,
        {"lr": 0.3, "beta2_decay": 0.5, "clip": 1.5, "eps": 0.01, "weight_decay": 0.1},
        torch.optim.Adafactor,
        {"lr": 0.3, "beta2_decay": -0.5, "d": 1.5, "eps": (None, 0.01), "weight_decay": 0.1},
    ),
]


@pytest.mark.parametrize(("ours", "options", "theirs", "their_options"), CASES)
def test_every_step_is_torchs(
    ours: type[Optimizer], options: dict[str, Any], theirs: type[torch.optim.Optimizer], their_options: dict[str, Any]
) -> None:
    params = small_network()
    tensors = [torch.tensor(parameter.value, requires_grad=True) for parameter in params]
    optimizer = ours(params, penalize_biases=True, **options)
    oracle = theirs(tensors, **their_options)  # type: ignore[arg-type]
    for slope in noisy_slopes(STEPS):
        for parameter, tensor in zip(params, tensors, strict=True):
            parameter.grad += slope(parameter.value)
            tensor.grad = torch.tensor(slope(tensor.detach().numpy()))
        optimizer.step()
        oracle.step()
        for parameter, tensor in zip(params, tensors, strict=True):
            np.testing.assert_allclose(parameter.value, tensor.detach().numpy(), rtol=1e-10, atol=1e-10)


MUON = [
    ({}, {}),
    ({"nesterov": False, "momentum": 0.8}, {"nesterov": False, "momentum": 0.8}),
    (
        {"lr": 0.05, "iterations": 3, "adjust": "match_rms_adamw", "weight_decay": 0.02},
        {"lr": 0.05, "ns_steps": 3, "adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.02},
    ),
]


@pytest.mark.parametrize(("options", "their_options"), MUON)
def test_muon_is_torchs_on_weights_and_adamw_on_biases(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], their_options: dict[str, Any]
) -> None:
    """PyTorch keeps W as (n_out, n_in) and iterates in bfloat16: it is given W transposed and kept in float64."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    params = small_network()
    tensors = [torch.tensor(parameter.value.T.copy(), requires_grad=True) for parameter in params]
    optimizer = Muon(params, penalize_biases=True, **options)
    both = {"lr": optimizer.lr, "weight_decay": optimizer.weight_decay}
    oracles = [
        torch.optim.Muon([tensor for tensor in tensors if tensor.ndim == 2], **their_options),
        torch.optim.AdamW([tensor for tensor in tensors if tensor.ndim == 1], **both),
    ]
    for slope in noisy_slopes(STEPS):
        for parameter, tensor in zip(params, tensors, strict=True):
            parameter.grad += slope(parameter.value)
            tensor.grad = torch.tensor(slope(tensor.detach().numpy().T).T.copy())
        optimizer.step()
        for oracle in oracles:
            oracle.step()
        for parameter, tensor in zip(params, tensors, strict=True):
            np.testing.assert_allclose(parameter.value, tensor.detach().numpy().T, rtol=1e-10, atol=1e-10)


def test_the_cases_cover_every_optimizer_that_both_have() -> None:
    covered = {case[2].__name__ for case in CASES} | {"Muon"}
    absent_here = {"ASGD", "LBFGS", "Optimizer", "RAdam", "Rprop", "SparseAdam"}  # L-BFGS has its own tests
    theirs = {name for name, made in vars(torch.optim).items() if isinstance(made, type)}
    assert theirs - covered == absent_here


def test_a_planted_defect_is_seen() -> None:
    """0.1 % in one coefficient of Adam is far outside the tolerance."""
    with pytest.raises(AssertionError):
        test_every_step_is_torchs(Adam, {"beta2": 0.9991}, torch.optim.Adam, {})
