"""Fashion-MNIST from disk with PyTorch, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional

from benchmarks.fashion_mnist import BATCH, CLASSES, HIDDEN, PIXELS, TRAIN, VAL, Epoch, fashion_arrays
from benchmarks.peers.pytorch import network
from benchmarks.work import LR

NAME = "PyTorch eager"


def trained(seed: int, threads: int) -> Iterator[Epoch]:
    torch.manual_seed(seed)
    x, y, x_test, y_test = (torch.from_numpy(array) for array in fashion_arrays())
    net = network((PIXELS, *HIDDEN, CLASSES))
    optimizer = torch.optim.Adam(net.parameters(), lr=LR, fused=True)

    def accuracy(x: torch.Tensor, y: torch.Tensor) -> float:
        with torch.inference_mode():
            return float((net(x).argmax(1) == y).float().mean())

    while True:
        order: Any = torch.randperm(TRAIN.stop)
        for rows in order.split(BATCH):
            loss: Any = functional.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        yield Epoch(accuracy(x[VAL], y[VAL]), lambda: accuracy(x_test, y_test))
