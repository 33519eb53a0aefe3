from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from multilayer.errors import ModelFileError
from multilayer.files import ModelFile, write_atomically
from tests.scale import cases

OLD, NEW = b"old", b"new"


def failing(number: int):
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_file_is_written_and_written_over(tmp_path):
    path = tmp_path / "a"
    write_atomically(path, OLD)
    assert path.read_bytes() == OLD
    write_atomically(path, NEW)
    assert path.read_bytes() == NEW
    assert os.listdir(tmp_path) == ["a"]


def write_plainly(path: Path, content: bytes) -> None:
    """What `write_atomically` must not be."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()


def steps(write, path: Path, monkeypatch) -> list[str]:
    """What the system is asked to do, in order."""
    done = []
    flush, rename = os.fsync, os.replace

    def fsync(file: int) -> None:
        done.append(f"fsync of the {'folder' if stat.S_ISDIR(os.fstat(file).st_mode) else 'file'}")
        flush(file)

    def replace(old: Path, new: Path) -> None:
        assert old.parent == new.parent
        done.append("rename")
        rename(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        patch.setattr(os, "replace", replace)
        write(path, NEW)
    return done


def test_the_disk_is_told_before_and_after_the_new_name(tmp_path, monkeypatch):
    expected = ["fsync of the file", "rename", "fsync of the folder"]
    assert steps(write_atomically, tmp_path / "a", monkeypatch) == expected
    assert steps(write_plainly, tmp_path / "b", monkeypatch) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_failing_step_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, step, error):
    path = tmp_path / "a"
    path.write_bytes(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(os, step, failing(error))
        with pytest.raises(OSError, match=os.strerror(error)):
            write_atomically(path, NEW)
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["a"]


def test_an_interruption_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(OLD)

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["a"]


def test_the_longest_names_can_be_written(tmp_path):
    path = tmp_path / ("x" * 255)
    write_atomically(path, NEW)
    assert path.read_bytes() == NEW


def test_a_model_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    model, path = ModelFile({}, {"a": np.zeros(3)}), tmp_path / "a.mlp"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(errno.ENOSPC))
        with pytest.raises(ModelFileError) as full:
            model.save(path)
    assert str(full.value) == f"The model file {path} could not be written: No space left on device."
    assert os.listdir(tmp_path) == []
    nowhere = tmp_path / "nowhere" / "a.mlp"
    with pytest.raises(ModelFileError) as missing:
        model.save(nowhere)
    assert str(missing.value) == f"The model file {nowhere} could not be written: No such file or directory."
    with pytest.raises(ModelFileError, match="could not be written: embedded null byte"):
        model.save("a\0b")


SAVING = """
import sys
import numpy as np
from multilayer.files import ModelFile
if sys.argv[2] == "plainly":
    def save(self, path):
        with open(path, "wb") as file:
            content = self.to_bytes()
            for start in range(0, len(content), 4096):
                file.write(content[start : start + 4096])
    ModelFile.save = save
models = [ModelFile({"n": n}, {"a": np.full(200_000, float(n))}) for n in range(2)]
n = 0
while True:
    models[n % 2].save(sys.argv[1])
    n += 1
    if n < 20:
        print("saved", flush=True)
"""


def outcomes(folder: Path, how: str, kills: int) -> list[str]:
    """What a reader finds after each of several kills in the middle of repeated saves."""
    path, found = folder / "a.mlp", []
    for number in range(kills):
        command = [sys.executable, "-c", SAVING, str(path), how]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ}) as saving:
            for _ in range(1 + number % 7):
                saving.stdout.readline()
            saving.send_signal(signal.SIGKILL)
        try:
            loaded = ModelFile.load(path)
            whole = (loaded.arrays["a"] == loaded.document["n"]).all()
            found.append("whole" if whole else "mixed")
        except ModelFileError:
            found.append("damaged")
    return found


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_save_leaves_a_whole_file(tmp_path, figure):
    kills = cases(normal=3, accept=100)
    assert outcomes(tmp_path, "atomically", kills) == ["whole"] * kills
    figure("model file: saves killed, whole afterwards", kills)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_the_kills_would_find_a_plain_writer(tmp_path):
    found: list[str] = []
    while "damaged" not in found and len(found) < 40:
        found += outcomes(tmp_path, "plainly", 1)
    assert "damaged" in found
