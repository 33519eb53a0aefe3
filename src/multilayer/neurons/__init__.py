"""The history, runnable: neurons from before there was backpropagation.

McCulloch and Pitts (1943) design nets that calculate, Hebb (1949) lets a connection grow, Rosenblatt (1957) makes a
neuron learn from its mistakes.
"""

from __future__ import annotations

from multilayer.neurons.hebb import Hebb
from multilayer.neurons.images import ImageNeuron, connections, tell_apart
from multilayer.neurons.logic import compile
from multilayer.neurons.mcculloch_pitts import Net, Unit
from multilayer.neurons.rosenblatt import Perceptron, PerceptronHistory

__all__ = [
    "Hebb",
    "ImageNeuron",
    "Net",
    "Perceptron",
    "PerceptronHistory",
    "Unit",
    "compile",
    "connections",
    "tell_apart",
]
