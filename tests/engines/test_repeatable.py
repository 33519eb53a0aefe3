"""The same question has the same answer: in other processes, and before training on other processors too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import multilayer as ml
from tests.engines.before import digests
from tests.scale import cases
from tests.simd import without_simd

ROOT = Path(__file__).parents[2]
CODE = """
import multilayer as ml
for dtype in ("float32", "float64"):
    run = ml.train("moons", engine="reference", seed=5, hidden=[9, 7], dropout=0.1, noise=0.1, norm="batch",
                   epochs=6, dtype=dtype)
    print(run.question.digest, run.digest, run.scores["test"]["log_loss"].hex())
"""


def test_the_same_question_has_the_same_weights_in_every_process(figure):
    answers, processes = set(), cases(normal=3, accept=20)
    for number in range(processes):
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}", "PYTHONHASHSEED": str(number * 7919)}
        command = [sys.executable, "-c", CODE]
        answers.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    figure("fresh processes, and the digests they gave", f"{processes}, {len(answers)}")
    assert len(answers) == 1
    (answer,) = answers
    lines = [line.split() for line in answer.splitlines()]
    assert len({weights for _, weights, _ in lines}) == 2
    run = ml.train(
        "moons",
        engine="reference",
        seed=5,
        hidden=[9, 7],
        dropout=0.1,
        noise=0.1,
        norm="batch",
        epochs=6,
        dtype="float32",
    )
    assert [run.question.digest, run.digest, run.scores["test"]["log_loss"].hex()] == lines[0]


def test_everything_before_training_is_the_same_without_vector_instructions():
    assert (
        without_simd("from tests.engines.before import digests\nprint(*digests(), sep='\\n')").splitlines() == digests()
    )
