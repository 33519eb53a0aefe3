"""`multilayer export`: a run's model for other systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from multilayer.files import import_onnx
from multilayer.lab import load_run


def test_a_run_becomes_a_file(command):
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    command("train", "xor", "--epochs", "2")
    answer = command("export", "last", "xor.onnx")
    assert (answer.code, answer.out, answer.err) == (0, "xor.onnx\n", "")
    rows = [[0.0, 1.0], [1.0, 1.0]]
    assert import_onnx("xor.onnx").answer(rows).tobytes() == load_run("last").answer(rows).tobytes()


def test_what_is_not_written(command):
    command("train", "xor", "--epochs", "2")
    answer = command("export", "last", "xor.h5")
    assert (answer.code, answer.out) == (2, "")
    assert "An export is an .onnx, .safetensors or .keras file, got 'xor.h5'." in answer.err.replace("\n", " ")
    assert not Path("xor.h5").exists()
