"""Optimizers and schedules: what turns gradients into steps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from multilayer.optim.adadelta import Adadelta
from multilayer.optim.adafactor import Adafactor
from multilayer.optim.adagrad import Adagrad
from multilayer.optim.adam import Adam
from multilayer.optim.adam_kin import Adamax, AdamW, AMSGrad, NAdam
from multilayer.optim.ftrl import Ftrl
from multilayer.optim.lamb import LAMB
from multilayer.optim.lbfgs import LBFGS
from multilayer.optim.lion import Lion
from multilayer.optim.muon import Muon
from multilayer.optim.optimizer import Optimizer, State
from multilayer.optim.rmsprop import RMSprop
from multilayer.optim.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosLog4,
    Exponential,
    InverseTime,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    WarmUp,
)
from multilayer.optim.sgd import SGD, Momentum, Nesterov

OPTIMIZERS: Final[Mapping[str, type[Optimizer] | type[LBFGS]]] = MappingProxyType(
    {
        "sgd": SGD,
        "momentum": Momentum,
        "nesterov": Nesterov,
        "adagrad": Adagrad,
        "rmsprop": RMSprop,
        "adadelta": Adadelta,
        "adam": Adam,
        "amsgrad": AMSGrad,
        "adamw": AdamW,
        "adamax": Adamax,
        "nadam": NAdam,
        "lion": Lion,
        "ftrl": Ftrl,
        "adafactor": Adafactor,
        "lamb": LAMB,
        "muon": Muon,
        "lbfgs": LBFGS,
    }
)
"""Every optimizer by the name that recipes use. All but lbfgs step from gradients; lbfgs steps with a closure."""

__all__ = [
    "LAMB",
    "LBFGS",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Constant",
    "CosLog4",
    "Cosine",
    "Exponential",
    "Ftrl",
    "InverseTime",
    "Lion",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "OneCycle",
    "Optimizer",
    "RMSprop",
    "ReduceOnPlateau",
    "Schedule",
    "State",
    "StepDecay",
    "WarmUp",
]
