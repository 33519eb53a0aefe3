"""Checks that anybody can run on a layer, a loss, an optimizer or a network of their own.

`gradients` and `loss_gradients` compare derivatives with differences; `layer_contract`, `loss_contract` and
`optimizer_contract` go through everything that the rest of the library relies on. Each raises a sentence that says
what is wrong and where.

>>> import numpy as np
>>> from multilayer import nn
>>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), seed=0)
>>> report = gradients(net, np.array([[0.5, -1.0], [2.0, 0.25]]))
>>> report.compared
21
"""

from multilayer.check.differences import Comparison, Report, gradients, loss_gradients
from multilayer.check.errors import ContractError, GradientError
from multilayer.check.layers import layer_contract
from multilayer.check.losses import loss_contract
from multilayer.check.optimizers import optimizer_contract

__all__ = [
    "Comparison",
    "ContractError",
    "GradientError",
    "Report",
    "gradients",
    "layer_contract",
    "loss_contract",
    "loss_gradients",
    "optimizer_contract",
]
