"""Engines: what trains a recipe. One contract, one truth."""

from multilayer.engines.batches import batches, epoch_order
from multilayer.engines.choice import choose
from multilayer.engines.contract import Curves, Data, Engine, Epoch, History, Member, Training
from multilayer.engines.reference import Reference
from multilayer.engines.watching import Look, Watched, looks, watch

__all__ = [
    "Curves",
    "Data",
    "Engine",
    "Epoch",
    "History",
    "Look",
    "Member",
    "Reference",
    "Training",
    "Watched",
    "batches",
    "choose",
    "epoch_order",
    "looks",
    "watch",
]
