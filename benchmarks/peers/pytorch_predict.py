"""Prediction with PyTorch: a module in inference mode, from and to NumPy."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.peers.pytorch import network
from benchmarks.timing import thread_choices

NAME = "PyTorch eager"


def predictors(layers: Any, _count: int) -> list[tuple[str, int, Any]]:
    """(setting, threads, function from rows to labels)."""
    net = network((layers[0][0].shape[0], *(b.size for _, b in layers))).eval()
    with torch.no_grad():
        linear: list[Any] = list(net)[::2]
        for module, (W, b) in zip(linear, layers, strict=True):
            module.weight.copy_(torch.from_numpy(W.T.copy()))
            module.bias.copy_(torch.from_numpy(b))

    def predict(x: Any) -> Any:
        with torch.inference_mode():
            return net(torch.from_numpy(x)).argmax(1).numpy()

    return [("inference mode", threads, predict) for threads in thread_choices()]
