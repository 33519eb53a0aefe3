from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import multilayer as ml
from multilayer.engines import native
from multilayer.errors import RefusedError, UsageError
from tests.scale import ACCEPT

ROOT = Path(__file__).parents[2]
NOWHERE = {"CC": "/nonexistent/cc", "CXX": "/nonexistent/c++"}


@pytest.fixture(autouse=True)
def _no_choice_from_outside(monkeypatch):
    monkeypatch.delenv("MULTILAYER_ISA", raising=False)


@pytest.fixture
def machine(monkeypatch):
    """Pretend that the engine was built and runs on a machine with these instruction sets."""

    def pretend(*supported: str) -> None:
        module = SimpleNamespace(
            supported_instruction_sets=lambda: list(supported), compiler="GNU 12.2.0", flags="-O3 -ffp-contract=off"
        )
        monkeypatch.setitem(sys.modules, "multilayer._native", module)

    return pretend


@pytest.mark.skipif(native._native() is None, reason="built without the native engine")
def test_the_extension_reports_this_machine():
    flags = _processor_flags()
    supported = native._native().supported_instruction_sets()
    assert ("avx2" in supported) == ({"avx2", "fma"} <= flags)
    assert ("avx512" in supported) == ({"avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags)
    assert "-ffp-contract=off" in native.built_with()


def test_the_engine_is_built_for_speed():
    """nanobind adds -Os, after any other option, where it is not told."""
    assert "nanobind_add_module(${name} NB_STATIC NOMINSIZE " in (ROOT / "CMakeLists.txt").read_text()


def test_the_native_engine_is_there_when_it_is_required():
    if os.environ.get("MULTILAYER_REQUIRE_NATIVE") == "1":
        assert native._native() is not None


def test_the_best_instruction_set_is_taken(machine):
    machine("avx512", "avx2")
    assert native.instruction_set() == "avx512"
    assert native.why_missing() is None
    assert native.built_with() == "GNU 12.2.0 -O3 -ffp-contract=off"


def test_the_environment_forces_one(machine, monkeypatch):
    machine("avx512", "avx2")
    monkeypatch.setenv("MULTILAYER_ISA", "avx2")
    assert native.instruction_set() == "avx2"


def test_none_switches_it_off(machine, monkeypatch):
    machine("avx2")
    monkeypatch.setenv("MULTILAYER_ISA", "none")
    assert native.instruction_set() is None
    assert native.why_missing() == "The native engine is switched off by MULTILAYER_ISA=none."


def test_an_unknown_name_is_refused(machine, monkeypatch):
    machine("avx2")
    monkeypatch.setenv("MULTILAYER_ISA", "avx")
    with pytest.raises(RefusedError) as caught:
        native.instruction_set()
    assert str(caught.value) == (
        "MULTILAYER_ISA: There is no instruction set 'avx'. Did you mean 'avx2'? Known: avx2, avx512, neon, none."
    )


def test_one_that_the_machine_lacks_is_refused(machine, monkeypatch):
    machine("avx2")
    monkeypatch.setenv("MULTILAYER_ISA", "avx512")
    with pytest.raises(RefusedError) as caught:
        native.instruction_set()
    assert str(caught.value) == (
        "MULTILAYER_ISA asks for 'avx512', which this machine does not have. It has: avx2, none."
    )


def test_an_old_processor_has_none(machine):
    machine()
    assert native.instruction_set() is None
    assert native.why_missing() == (
        "The native engine needs a processor with AVX2 and FMA, or a 64-bit ARM; this one is neither."
    )


LARGE: list[dict[str, object]] = [
    {"batch_size": 10**19}, {"shuffle": "blocks:99999999999999999999"}, {"threads": 10**10}, {"threads": 1.0},
    {"epochs": 10**31, "patience": 3, "lr": 0.3},
]  # fmt: skip


@pytest.mark.parametrize("settings", LARGE, ids=lambda settings: next(iter(settings)))
def test_settings_larger_than_any_table_are_those_of_the_table(settings):
    """The reference engine counts without an end; so does this one, as far as anybody can see."""
    X = np.random.default_rng(0).normal(size=(30, 2))
    asked = {"hidden": [4], "epochs": 2, "dtype": "float64", **settings}
    ours, theirs = (ml.train(X, np.arange(30) % 2, engine=engine, **asked) for engine in ("native", "reference"))
    np.testing.assert_allclose(ours.history["loss"], theirs.history["loss"], rtol=1e-9)


def test_what_is_no_engine_is_one_sentence():
    with pytest.raises(UsageError) as error:
        ml.train("xor", epochs=1, engine=["native"])
    assert str(error.value) == ("There is no engine ['native']. Did you mean 'native'? Known: auto, native, reference.")


def test_built_without(monkeypatch):
    monkeypatch.setitem(sys.modules, "multilayer._native", None)
    assert native.instruction_set() is None
    assert native.built_with() is None
    assert native.why_missing() == (
        "multilayer was installed without its native engine, because no C++ compiler (GCC or Clang) or no Python "
        "header files were found. Install what is missing and reinstall multilayer to have it."
    )


@pytest.mark.skipif(not ACCEPT, reason="builds the package three times: in accept")
def test_building_without_a_compiler(tmp_path):
    succeeded, words = _build(tmp_path / "with")
    assert succeeded, words
    assert _holds_extension(tmp_path / "with")

    succeeded, words = _build(tmp_path / "without", NOWHERE)
    assert succeeded, words
    assert (
        "No C++ compiler was found. multilayer is built without its native engine and will use the reference engine."
    ) in words
    assert not _holds_extension(tmp_path / "without")

    succeeded, words = _build(tmp_path / "required", NOWHERE | {"MULTILAYER_REQUIRE_NATIVE": "1"})
    assert not succeeded
    assert (
        "No C++ compiler was found. MULTILAYER_REQUIRE_NATIVE=1 asks for the native engine, so this is an error."
    ) in words


def _build(folder: Path, environment: dict[str, str] | None = None) -> tuple[bool, str]:
    """Build a wheel into the folder: whether it succeeded, and what was said."""
    inherited = {key: value for key, value in os.environ.items() if key != "MULTILAYER_REQUIRE_NATIVE"}
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-v", "-w", folder, ROOT]
    answer = subprocess.run(command, env=inherited | (environment or {}), capture_output=True, text=True, check=False)
    return answer.returncode == 0, " ".join((answer.stdout + answer.stderr).split())


def _holds_extension(folder: Path) -> bool:
    (wheel,) = folder.glob("*.whl")
    return any("_native" in name and name.endswith((".so", ".pyd")) for name in zipfile.ZipFile(wheel).namelist())


def _processor_flags() -> set[str]:
    listed = Path("/proc/cpuinfo")
    if not listed.exists():
        pytest.skip("the processor's features are read from /proc/cpuinfo")
    return {word for line in listed.read_text().splitlines() if line.startswith("flags") for word in line.split()}
