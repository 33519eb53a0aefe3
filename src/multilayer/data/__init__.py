"""The question's data: tables, their fingerprint, their rows, their preparation and the scores."""

from multilayer.data.column import Column
from multilayer.data.dataset import Dataset
from multilayer.data.encoding import Encoding
from multilayer.data.fingerprint import fingerprint
from multilayer.data.metrics import METRICS, Metric, defaults_for, metric_named
from multilayer.data.preparation import FittedPreparation, Preparation
from multilayer.data.split import Split, Splitting
from multilayer.data.target import Target

__all__ = [
    "METRICS",
    "Column",
    "Dataset",
    "Encoding",
    "FittedPreparation",
    "Metric",
    "Preparation",
    "Split",
    "Splitting",
    "Target",
    "defaults_for",
    "fingerprint",
    "metric_named",
]
