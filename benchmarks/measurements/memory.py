"""Peak memory of a fit, ours and PyTorch's, each in a process of its own.

    python -m benchmarks.measurements.memory ours 784-256-128-10

prints the peak resident memory in bytes after importing, with the data made, and at the end.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NETWORKS = {"2-40-1": ("moons", 32, 20), "784-256-128-10": ("Fashion-MNIST", 128, 1)}
"""By network: the problem, the batch size and the epochs."""


def measured(*, quick: bool) -> dict[str, dict[str, dict[str, int]]]:
    """By network and library, bytes after importing, with the data, and at the peak of the fit."""
    names = list(NETWORKS)[-1:] if quick else list(NETWORKS)
    return {network: {who: _in_process(who, network) for who in ("ours", "pytorch")} for network in names}


def _in_process(who: str, network: str) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.measurements.memory", who, network]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def peak_bytes() -> int:
    """The most resident memory of this process so far.

    On Linux from /proc: the number that getrusage gives begins with that of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(who: str, network: str) -> None:
    module: Any = importlib.import_module("benchmarks.ours" if who == "ours" else "benchmarks.peers.pytorch")
    imported = peak_bytes()
    from benchmarks import problems
    from benchmarks.timing import cores, limited
    from benchmarks.work import Work

    name, batch, epochs = NETWORKS[network]
    _, *hidden, _ = map(int, network.split("-"))
    work = Work(problems.problem(name).in_batches_of(batch), tuple(hidden), batch)
    trainer = module.Ours(work, cores()) if who == "ours" else module.Eager(work, cores())
    data = peak_bytes()
    with limited(cores()):
        trainer.fit(epochs)()
    print(json.dumps({"imported": imported, "data": data, "fit": peak_bytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
