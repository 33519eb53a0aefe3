"""The laboratory: questions asked, runs recorded and found again."""

from multilayer.lab.asking import ask
from multilayer.lab.run import Run
from multilayer.lab.session import Session
from multilayer.lab.store import find_run, load_run, model_of, run_of, save_run
from multilayer.lab.training import DivergenceWarning, fit, train, train_seeds
from multilayer.lab.watching import session_of, watch_run

__all__ = [
    "DivergenceWarning",
    "Run",
    "Session",
    "ask",
    "find_run",
    "fit",
    "load_run",
    "model_of",
    "run_of",
    "save_run",
    "session_of",
    "train",
    "train_seeds",
    "watch_run",
]
