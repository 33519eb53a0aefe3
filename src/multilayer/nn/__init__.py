"""Networks: layers, activations, losses, initializers and the Sequential that joins them. NumPy alone."""

from multilayer.arrays import Parameter
from multilayer.nn import initializers, losses
from multilayer.nn.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    Mish,
    Ramp,
    ReLU,
    Sigmoid,
    SiLU,
    Sine,
    Softplus,
    Softsign,
    Step,
    Tanh,
)
from multilayer.nn.dropout import Dropout
from multilayer.nn.layer import Layer
from multilayer.nn.linear import Linear
from multilayer.nn.losses import (
    LOSSES,
    AbsoluteError,
    CrossEntropy,
    GaussianNLL,
    Hinge,
    Huber,
    Log,
    MaxMargin,
    Poisson,
    Quantile,
    SigmoidCrossEntropy,
    SquaredError,
    SquaredHinge,
)
from multilayer.nn.maxout import Maxout
from multilayer.nn.norm import BatchNorm, LayerNorm
from multilayer.nn.prelu import PReLU
from multilayer.nn.scale import Scale
from multilayer.nn.sequential import Sequential
from multilayer.nn.softmax import Softmax

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "LOSSES",
    "SELU",
    "AbsoluteError",
    "Activation",
    "BatchNorm",
    "CrossEntropy",
    "Dropout",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "Log",
    "MaxMargin",
    "Maxout",
    "Mish",
    "PReLU",
    "Parameter",
    "Poisson",
    "Quantile",
    "Ramp",
    "ReLU",
    "Scale",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SigmoidCrossEntropy",
    "Sine",
    "Softmax",
    "Softplus",
    "Softsign",
    "SquaredError",
    "SquaredHinge",
    "Step",
    "Tanh",
    "initializers",
    "losses",
]
