"""Peak memory of a fit, ours and PyTorch's, each in a process of its own.

    python -m benchmarks.measurements.memory ours 784-256-128-10

prints resident bytes: after importing, the most in making the data, with the data, and the most in the fit.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.fashion_mnist import CLASSES, fashion_arrays
from benchmarks.timing import cores, limited
from benchmarks.work import Work

ROOT = Path(__file__).parents[2]
NETWORKS = {"2-40-1": ("moons", 32, 20), "784-256-128-10": ("Fashion-MNIST", 128, 1)}
"""By network: the problem, the batch size and the epochs."""
STATUS = Path("/proc/self/status")


def measured(*, quick: bool) -> dict[str, dict[str, dict[str, int]]]:
    """By network and library, the bytes that `main` finds."""
    names = list(NETWORKS)[:1] if quick else list(NETWORKS)
    return {network: {who: _in_process(who, network) for who in ("ours", "pytorch")} for network in names}


def _in_process(who: str, network: str) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.measurements.memory", who, network]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def resident(name: str) -> int:
    """Bytes of this process by a name of /proc/self/status: VmRSS is resident now, VmHWM the most since `forget`.

    Elsewhere than on Linux both are the peak since the start that getrusage gives.
    """
    if STATUS.exists():
        line = next(line for line in STATUS.read_text(encoding="utf-8").splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def forget() -> None:
    """Let VmHWM begin anew."""
    if STATUS.exists():
        STATUS.with_name("clear_refs").write_text("5", encoding="utf-8")


def main(who: str, network: str) -> None:
    name, batch, epochs = NETWORKS[network]
    _, *hidden, _ = map(int, network.split("-"))
    module: Any = importlib.import_module("benchmarks.ours" if who == "ours" else "benchmarks.peers.pytorch")
    found = {"imported": resident("VmRSS")}
    problem: Any = _table(name, batch) if who == "ours" else _arrays(name, batch)
    work = Work(problem, tuple(hidden), batch)
    trainer = module.Ours(work, cores()) if who == "ours" else module.Eager(work, cores())
    found |= {"making": resident("VmHWM"), "data": resident("VmRSS")}
    forget()
    with limited(cores()):
        trainer.fit(epochs)()
    print(json.dumps({**found, "fit": resident("VmHWM")}))


def _table(name: str, batch: int) -> Any:
    from benchmarks import problems

    return problems.problem(name).in_batches_of(batch)


def _arrays(name: str, batch: int) -> Any:
    """The rows as PyTorch needs them and nothing else, so that its process does without multilayer."""
    if name == "moons":
        x, y = np.random.default_rng(0).normal(size=(432, 2)).astype(np.float32), np.arange(432) % 2
        train, n_out = 320, 1
    else:
        x, y, *_ = fashion_arrays()
        train, n_out = 50_000 // batch * batch, CLASSES
    val = slice(len(x) * 5 // 6 if n_out > 1 else 324, None)
    names = ("x", "y", "x_val", "y_val", "train", "n_in", "n_out")
    values = (x[:train], y[:train], x[val], y[val], range(train), x.shape[1], n_out)
    return SimpleNamespace(**dict(zip(names, values, strict=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
