"""The command at hand: run in a folder of its own, its two streams read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from multilayer.cli.main import status


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`command("train", "xor")` runs `multilayer train xor` in an empty folder, without a report unless asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str) -> Answer:
        quick = ["--no-report"] if words[:1] == ("train",) and len(words) > 1 and "--report" not in words else []
        code = status([*map(str, words[:1]), *quick, *map(str, words[1:])])
        return Answer(code, *capsys.readouterr())

    return run
