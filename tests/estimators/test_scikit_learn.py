"""scikit-learn's own tests of its MLP, read from the installed scikit-learn and run on these estimators."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from sklearn import neural_network

from tests.house.source import ROOT
from tests.scale import ACCEPT

IMPORT = "from sklearn.neural_network import MLPClassifier, MLPRegressor\n"
OURS = "from multilayer.estimators import MLPClassifier, MLPRegressor\n"
FIXTURES = """import pytest

@pytest.fixture
def global_random_seed():
    return 42
"""

INSIDE = "looks into private attributes of scikit-learn's network"
SENTENCE = "raises the same kind of error, in a sentence of its own"
NO_END_IN_SIGHT = "the default rate ends softly at max_iter, so that coming there is no failure and warns of none"
LISTED = {
    "test_alpha": "asks each layer for itself; the first shrinks so far that the second, of few weights, may grow",
    "test_fit": INSIDE,
    "test_gradient": INSIDE,
    "test_learning_rate_warmstart": INSIDE,
    "test_nonfinite_params": SENTENCE,
    "test_adaptive_learning_rate": INSIDE,
    "test_warm_start": SENTENCE,
    "test_n_iter_no_change": INSIDE,
    "test_n_iter_no_change_inf": INSIDE,
    "test_early_stopping_stratified": SENTENCE,
    "test_mlp_loading_from_joblib_partial_fit": (
        "y is scaled by its first rows, of which there is one: at that rate four digits need more than 200 steps"
    ),
    "test_preserve_feature_names[MLPClassifier]": "fits a single class, which is refused: there is nothing to learn",
    "test_mlp_warm_start_no_convergence[adam-MLPClassifier]": NO_END_IN_SIGHT,
    "test_mlp_warm_start_no_convergence[adam-MLPRegressor]": NO_END_IN_SIGHT,
    "test_mlp_diverging_loss": (
        "diverges in the first epoch, which is an error here: no weights but the starting ones are finite"
    ),
}
"""Tests that cannot pass, each with why; one that passes has no place here."""

SLOW = ("test_partial_fit_classification", "test_lbfgs_regression", "test_multilabel_classification")
FEWEST = 55
"""Tests that scikit-learn has."""


def theirs() -> str:
    """scikit-learn's module of tests, on these estimators."""
    source = (Path(neural_network.__file__).parent / "tests" / "test_mlp.py").read_text(encoding="utf-8")
    assert source.count(IMPORT) == 1, "scikit-learn imports its estimators in another way now"
    return source.replace(IMPORT, OURS)


def outcomes(folder: Path, *options: str) -> dict[str, str]:
    """How each test ended, by its name."""
    (folder / "test_theirs.py").write_text(theirs(), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "conftest.py").write_text(FIXTURES, encoding="utf-8")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(folder / "pytest.ini")]
    done = subprocess.run(
        [*command, f"--junitxml={report}", *options, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert report.exists(), done.stdout + done.stderr
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        told = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        found[case.attrib["name"]] = "passed" if told is None else f"{told.tag}: {told.attrib.get('message', '')}"
    return found


def test_the_tests_of_scikit_learn_pass_on_these_estimators(tmp_path, figure):
    left_out = [] if ACCEPT else ["-k", " and ".join(f"not {name}" for name in SLOW)]
    found = outcomes(tmp_path, *left_out)
    assert {n: how for n, how in found.items() if how != "passed" and n not in LISTED} == {}
    assert [n for n in LISTED if found.get(n) == "passed"] == [], "these pass now and are to be struck from the list"
    assert [n for n in LISTED if n not in found] == [], "scikit-learn has these no longer"
    if ACCEPT:
        assert len(found) >= FEWEST
        figure("scikit-learn's tests of its MLP that pass", sum(how == "passed" for how in found.values()))
        figure("scikit-learn's tests of its MLP that cannot, each with why", len(LISTED))
