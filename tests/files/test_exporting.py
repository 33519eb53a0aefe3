"""`export`: the suffix says what is written."""

from __future__ import annotations

import pytest

from multilayer.errors import UsageError
from multilayer.files import export, import_onnx, load_state_dict
from tests.files.networks import model_with


def test_the_suffix_says_what_is_written(tmp_path):
    model = model_with(["tanh"])
    rows = [[1.0, 2.0, 3.0, 4.0]]
    expected = model.answer(rows).tobytes()
    assert load_state_dict(model, export(model, tmp_path / "w.safetensors")).answer(rows).tobytes() == expected
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    assert import_onnx(export(model, tmp_path / "m.ONNX")).answer(rows).tobytes() == expected
    pytest.importorskip("keras", reason="the package keras is not installed")
    assert export(model, str(tmp_path / "m.keras")).stat().st_size > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.ONNX", "m.keras", "w.safetensors"]


def refused(name: str) -> str:
    with pytest.raises(UsageError) as error:
        export(model_with([]), name)
    return str(error.value)


def test_pickles_and_other_files_are_refused():
    assert refused("net.pt") == (
        "A .pt file is a pickle, which can run code when it is read, so none is written. "
        "Export to net.safetensors and read it in PyTorch with safetensors.torch.load_file."
    )
    assert refused("net.h5") == "An export is an .onnx, .safetensors or .keras file, got 'net.h5'."


def test_a_place_that_cannot_be_written(tmp_path):
    place = tmp_path / "no" / "w.safetensors"
    with pytest.raises(UsageError) as error:
        export(model_with([]), place)
    assert str(error.value) == f"The weights could not be written to {place}: No such file or directory."
