"""The command as a process of its own: pipes, signals and terminals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from multilayer.lab import load_run

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")
COMMAND = [sys.executable, "-W", "error", "-m", "multilayer"]


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def test_data_on_one_stream_words_on_the_other(tmp_path):
    answer = run("train", "xor", "--epochs", "3", "--json", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["format"] == 1
    assert answer.stderr.startswith("Data      xor: 2 input columns, the target one of 2 classes; rows: 4 train\n")


def test_a_mistake_exits_with_2(tmp_path):
    answer = run("train", "xor", "--eta", "0.1", cwd=tmp_path)
    said = "There is no option --eta: lr is the learning rate, which some courses call eta. Write --lr."
    assert (answer.returncode, answer.stdout, answer.stderr) == (2, "", f"multilayer: {said}\n")
    assert not list(tmp_path.iterdir())


@POSIX
@pytest.mark.parametrize("words", [("tasks",), ("tasks", "--json"), ("train", "xor", "--epochs", "1")])
def test_a_reader_who_leaves_is_no_error(words, tmp_path):
    with subprocess.Popen([*COMMAND, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 0
    assert "BrokenPipe" not in said
    assert "Traceback" not in said


@POSIX
def test_an_interruption_by_the_keyboard_keeps_the_run(tmp_path):
    def heeding() -> None:  # a test run in the background passes on that it ignores the keyboard
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    command = [*COMMAND, "train", "xor", "--epochs", "100000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, preexec_fn=heeding) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith(b"Training"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130, err
    assert b"Interrupted: what was learned so far is kept.\n" in err
    assert b"Stored in runs" in out
    assert load_run("last", tmp_path / "runs").status == "interrupted"


@POSIX
@pytest.mark.parametrize("width", [40, 60, 120])
def test_the_moving_line_stays_in_its_line(width, tmp_path):
    shown = on_terminal(["train", "moons(samples=40)", "--hidden", "4", "--epochs", "30"], width, tmp_path)
    (moving,) = [line for line in shown.split("\n") if "\r" in line.rstrip("\r")]
    parts = moving.strip("\r").split("\r")
    assert all(len(part) < width for part in parts)
    assert parts[-1].startswith("epoch 30/30  loss ")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line.rstrip("\r")) for line in shown.split("\n") if line != moving]
    too_wide = [line for line in lines if len(line) > width]
    assert all(line.startswith(("Stored in ", "Report in ")) for line in too_wide)


@POSIX
def test_a_sentence_is_broken_between_words(tmp_path):
    shown = on_terminal(["train", "xor", "--alpha", "1"], 50, tmp_path, code=2).replace("\r", "")
    lines = shown.splitlines()
    assert len(lines) > 3
    assert all(len(line) <= 50 for line in lines)
    assert " ".join(lines) == "multilayer: " + run("train", "xor", "--alpha", "1").stderr.strip().split(": ", 1)[1]


def on_terminal(words: list[str], width: int, folder: Path, code: int = 0) -> str:
    """What a terminal of this width is sent."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env={**environment, "TERM": "xterm"}, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        pieces = list(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.returncode == code, b"".join(pieces)
    return b"".join(pieces).decode()


def _read(terminal: int) -> bytes:
    """The next piece; empty at the end, which Linux tells as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
