from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.estimators.checks import CASES
from tests.house.source import ROOT
from tests.scale import ACCEPT

FEWEST = 50
"""Checks that scikit-learn has for any estimator."""


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if ACCEPT or not case.accept])
def test_scikit_learn_has_no_complaint(name, figure):
    """Warnings are errors, and a check that is skipped counts as failed."""
    command = [sys.executable, "-m", "tests.estimators.checks", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout.splitlines()[-1])
    passed = {record["check"] for record in records if record["status"] == "passed"}
    complaints = {record["check"]: record["why"] for record in records if record["status"] != "passed"}
    cannot = CASES[name].cannot
    assert {check: why for check, why in complaints.items() if check not in cannot} == {}
    assert set(cannot) & (passed - set(complaints)) == set(), "these pass now and need no reason any more"
    assert len(passed) >= FEWEST
    figure(f"scikit-learn's checks passed, {name}", sum(record["status"] == "passed" for record in records))
