"""One question has one answer, whether its rows lie in an array, in a mapped file, or in a Parquet file."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import multilayer as ml
from multilayer.engines import native
from multilayer.rng import Stream

needs_limits = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits on memory are Linux's")
needs_native = pytest.mark.skipif(not native.instruction_set(), reason="no native engine here")


def rows():
    x = Stream(5, "data").normal((400, 5)).astype(np.float32)
    x[::13, 3] = np.nan
    return x, np.where(np.nan_to_num(x).sum(axis=1) > 0, "yes", "no")


def told(run):
    """Everything of a run that does not change from one day to the next."""
    kept = {key: value for key, value in run.to_dict().items() if key in ("asked", "answered", "rows", "target")}
    kept["answered"] = {key: value for key, value in kept["answered"].items() if key not in ("compared",)}
    return run.digest, kept, [value.tobytes() for value in run.preparation.to_dict()[1].values()]


@pytest.mark.parametrize("engine", ["reference", pytest.param("native", marks=needs_native)])
@pytest.mark.parametrize("shuffle", ["full", "blocks:32", "none"])
def test_one_answer(monkeypatch, tmp_path, shuffle, engine):
    x, y = rows()
    np.save(tmp_path / "x.npy", x)
    columns = {f"x{i + 1}": x[:, i] for i in range(5)}
    pl.DataFrame(columns | {"target": y}).write_parquet(tmp_path / "t.parquet", row_group_size=90)
    asked = {"epochs": 3, "shuffle": shuffle, "engine": engine, "hidden": [6], "dropout": 0.1}
    wanted = told(ml.train(x.astype(np.float64).tolist(), y, **asked))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for memory in ("1e9", "3000"):
        monkeypatch.setenv("MULTILAYER_MEMORY", memory)
        assert told(ml.train(x, y, **asked)) == wanted
        assert told(ml.train(mapped, y, **asked)) == wanted
        assert told(ml.train(np.asfortranarray(mapped), y, **asked)) == wanted
        run = ml.train(tmp_path / "t.parquet", **asked)
        assert told(run) == wanted
        assert (run.predict(mapped) == run.predict(x.astype(np.float64).tolist())).all()


TRAINED = """
import resource, sys
import numpy as np
from multilayer import lab
from multilayer.lab import baselines
baselines.LINEAR_NUMBERS = 2**20
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmData")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + 160 * 2**20,) * 2)
x = np.load(sys.argv[1], mmap_mode="r")
asked = lab.ask(x, np.arange(len(x)) % 2, hidden=[4], epochs=1, batch_size=200, shuffle="blocks:200")
session = lab.Session(asked, threads=1)
session.training.advance()
print(session.finish()[0].status)
try:
    np.array(x)
except MemoryError:
    print("no room for a copy")
"""


@needs_limits
@needs_native
def test_a_file_is_trained_on_in_less_memory_than_it_has_bytes(tmp_path):
    """200 MB mapped; asking, training, scoring and the baselines take 160 MiB, with all that the libraries take."""
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (50_000, 1000))
    mapped[:] = Stream(7, "data").uniform(10_000)[np.arange(1000) * 97 % 10_000]
    mapped[::2, :500] += 1
    mapped.flush()
    small = {"MULTILAYER_MEMORY": "1e8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", TRAINED, str(tmp_path / "x.npy")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **small},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["complete", "no room for a copy"]
