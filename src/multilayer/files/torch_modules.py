"""Modules that `torch.nn` lacks. They are few, so that what `to_torch` gives is nearly all PyTorch's own."""

from __future__ import annotations

from typing import Any

import torch

from multilayer.data import FittedPreparation


class Step(torch.nn.Module):  # type: ignore[misc]
    """1 where x >= 0, else 0."""

    def forward(self, x: Any) -> Any:
        return (x >= 0).to(x.dtype)


class Sine(torch.nn.Module):  # type: ignore[misc]
    """sin(x)."""

    def forward(self, x: Any) -> Any:
        return torch.sin(x)


class Scale(torch.nn.Module):  # type: ignore[misc]
    """x times a learned weight (n,), feature by feature."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(n))

    def forward(self, x: Any) -> Any:
        return x * self.weight


class Prepare(torch.nn.Module):  # type: ignore[misc]
    """(filled - center) * factor in float64, then of the network's precision; what is NaN is filled."""

    def __init__(self, preparation: FittedPreparation, dtype: Any) -> None:
        super().__init__()
        self.dtype = dtype
        for name in ("fill", "center", "factor"):
            self.register_buffer(name, torch.tensor(getattr(preparation, name), dtype=torch.float64))

    def forward(self, x: Any) -> Any:
        x = x.to(self.center.dtype)
        return ((torch.where(torch.isnan(x), self.fill, x) - self.center) * self.factor).to(self.dtype)
