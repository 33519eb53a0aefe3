"""The same bits: as ever, and with NumPy's vector instructions switched off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from tests.ground.digests import digest, digests
from tests.scale import cases

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("golden.json")


def test_bits_are_those_of_exact_1() -> None:
    """A digest that differs here is a change of arithmetic: undo it, or raise the name `exact-1` and the changelog.

    `python -m tests.ground.digests 1000` prints the new ones.
    """
    assert dict(digests(1000)) == json.loads(GOLDEN.read_text())


def run_without(features: list[str], n: int) -> dict[str, Any]:
    paths = [str(ROOT), str(ROOT / "src"), *filter(None, sys.path)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "NPY_DISABLE_CPU_FEATURES": " ".join(features),
        "PYTHONWARNINGS": "error",
    }
    command = [sys.executable, "-m", "tests.ground.digests", str(n)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_bits_do_not_depend_on_numpys_vector_instructions() -> None:
    enabled = _multiarray_umath.__cpu_features__
    features = [name for name in _multiarray_umath.__cpu_dispatch__ if enabled.get(name)]
    if not features:
        pytest.skip("this NumPy uses no instructions here beyond its baseline")
    n = cases(normal=10_000, accept=200_000)
    other = run_without(features, n)
    assert not set(features) & set(other["features"])  # they really were off
    assert other["digests"] == dict(digests(n))


def test_digest_notices_one_bit_and_overlooks_the_kind_of_nan() -> None:
    x = np.array([1.0, np.nan])
    assert digest(x) != digest(np.nextafter(x, 2.0))
    assert digest(x) == digest(np.array([1.0, -np.nan]))
    assert digest(np.array([0.0])) != digest(np.array([-0.0]))
