from __future__ import annotations

import dataclasses
import errno
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from multilayer.errors import ModelFileError, RefusedError, RunNotFoundError, UsageError
from multilayer.lab import Run, find_run, fit, load_run, model_of, save_run, train
from multilayer.nn import Linear, Sequential
from tests.files import runs


@pytest.mark.parametrize("name", runs.QUESTIONS)
def test_a_run_comes_back_as_it_was(name, tmp_path):
    run = runs.run(name)
    place = save_run(run, tmp_path)
    back = load_run("last", tmp_path)
    rows = runs.rows(name)
    assert back.predict(rows).dtype == run.predict(rows).dtype
    assert back.predict(rows).tobytes() == run.predict(rows).tobytes()
    assert back.answer(rows).tobytes() == run.answer(rows).tobytes()
    assert (back.digest, back.question.digest) == (run.digest, run.question.digest)
    assert back.question == run.question
    assert back.history.series == run.history.series
    assert back.history.values.tobytes() == run.history.values.tobytes()
    assert list(map(list, back.scores.values())) == list(map(list, run.scores.values()))
    assert list(back.scores) == list(run.scores)
    assert repr(back) == repr(run)
    np.testing.assert_equal(back.to_dict(), run.to_dict())
    np.testing.assert_equal(back.target.classes, run.target.classes)
    assert [type(label) for label in back.target.classes] == [type(label) for label in run.target.classes]
    assert model_of(back).to_bytes() == (place / "model.mlp").read_bytes()
    assert json.loads((place / "run.json").read_bytes()) == json.loads(json.dumps(run.to_dict()))


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("settings", [{"hidden": [4], "norm": "batch"}, {"hidden": [3] * 6, "norm": "layer"}])
def test_a_run_that_was_read_predicts_the_same_bits(settings, engine, tmp_path):
    """A file holds arrays by name: running_mean before shift, and 10.W before 2.W."""
    run = train("wine", epochs=2, engine=engine, **settings)
    again = load_run(save_run(run, tmp_path))
    rows = np.random.default_rng(0).normal(size=(5, 13))
    assert list(again.weights) != list(run.weights)
    assert again.predict(rows).tolist() == run.predict(rows).tolist()
    assert again.answer(rows).tobytes() == run.answer(rows).tobytes()


def test_scores_that_are_not_numbers_come_back_as_nan(tmp_path):
    scores = {"train": dict.fromkeys(runs.run("binary").scores["train"], math.nan)}
    run = dataclasses.replace(runs.run("binary"), scores=scores)
    save_run(run, tmp_path)
    back = load_run(run.id, tmp_path)
    assert all(math.isnan(score) for score in back.scores["train"].values())
    assert repr(back) == repr(run) == "Run(xor, complete after 3 epochs, train accuracy nan, seed 0)"


def test_the_record_is_a_table_of_json_without_nan(tmp_path):
    place = save_run(runs.run("diverged"), tmp_path)
    text = (place / "run.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert sorted(path.name for path in place.iterdir()) == ["model.mlp", "run.json"]


def test_a_run_of_your_own_network_is_not_stored(tmp_path):
    run = fit(Sequential(Linear(1, 1), Sequential(Linear(1, 1))), [[0.0], [1.0]], [0.0, 1.0], epochs=1)
    with pytest.raises(RefusedError) as refused:
        save_run(run, tmp_path)
    assert str(refused.value) == (
        "A run with layers or a loss of your own cannot be stored: they are code, which a file does not hold. "
        "Keep its weights instead."
    )
    assert os.listdir(tmp_path) == []


def test_a_run_is_stored_once(tmp_path):
    run = runs.run("binary")
    place = save_run(run, tmp_path)
    with pytest.raises(UsageError) as refused:
        save_run(run, tmp_path)
    assert str(refused.value) == f"The run {run.id} is already stored in {place}."
    assert load_run("last", tmp_path).digest == run.digest


def test_what_could_not_be_read_again_is_not_stored(tmp_path):
    run = dataclasses.replace(runs.run("binary"), started="yesterday")
    with pytest.raises(ModelFileError) as refused:
        save_run(run, tmp_path)
    assert str(refused.value) == (
        "The file to be stored does not hold a run that this version can read: started of the record must be a time "
        "such as 2026-01-31T12:00:00+00:00, got 'yesterday'."
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("written_before", [0, 1])
def test_a_full_disk_leaves_no_folder(tmp_path, monkeypatch, written_before):
    """Each file is flushed twice, itself and its folder."""
    flush, count = os.fsync, iter(range(9))

    def fsync(file: int) -> None:
        if next(count) >= 2 * written_before:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(file)

    monkeypatch.setattr(os, "fsync", fsync)
    run = runs.run("binary")
    with pytest.raises(UsageError) as full:
        save_run(run, tmp_path)
    place = tmp_path / f"{run.started[:10]}-xor-{run.id}"
    assert str(full.value) == f"The run could not be stored in {place}: No space left on device."
    assert os.listdir(tmp_path) == []


def test_an_interrupted_save_leaves_no_folder(tmp_path, monkeypatch):
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_run(runs.run("binary"), tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_place_that_is_no_folder_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"The run could not be stored in .*: Not a directory\."):
        save_run(runs.run("binary"), tmp_path / "file")
    with pytest.raises(UsageError, match="embedded null byte"):
        save_run(runs.run("binary"), "a\0b")
    if os.name == "posix" and os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(UsageError, match=r"The run could not be stored in .*: Permission denied\."):
            save_run(runs.run("binary"), tmp_path)


def named(run: Run, id: str, started: str = "2026-01-31T12:00:00+00:00") -> Run:
    return dataclasses.replace(run, id=id, started=started)


def not_found(name: str, folder: Path) -> str:
    with pytest.raises(RunNotFoundError) as missing:
        find_run(name, folder)
    return str(missing.value)


def test_runs_are_found_by_name(tmp_path):
    run = runs.run("binary")
    later = save_run(named(run, "aaaa1111", "2026-02-01T00:00:00+00:00"), tmp_path)
    first = save_run(named(run, "aabb2222"), tmp_path)
    save_run(named(run, "cccc3333"), tmp_path)
    assert find_run("last", tmp_path) == later
    assert find_run("aaa", tmp_path) == later
    assert find_run("2026-02", tmp_path) == later
    assert find_run("aabb2222", tmp_path) == first
    assert find_run(str(first), "elsewhere") == first
    assert load_run(first / "model.mlp").id == load_run(first).id == "aabb2222"
    assert not_found("aa", tmp_path) == (
        "'aa' is the beginning of 2 runs: 2026-01-31-xor-aabb2222, 2026-02-01-xor-aaaa1111. Give more of the id."
    )
    assert not_found("zz", tmp_path) == f"There is no run 'zz' in {tmp_path}. Say last, or the beginning of its id."
    for i in range(3):
        save_run(named(run, f"aacc000{i}"), tmp_path)
    assert not_found("aa", tmp_path).endswith("-xor-aacc0002 and 1 more. Give more of the id.")


def test_an_empty_folder_is_a_sentence(tmp_path):
    expected = "There are no runs in {}. Train one first, or name its folder."
    assert not_found("last", tmp_path) == expected.format(tmp_path)
    assert not_found("last", tmp_path / "none") == expected.format(tmp_path / "none")


@pytest.mark.parametrize("record", [b"", b"{", b"\xff", b"[]", b'{"started":9}', b'{"started":"z"}', b"[" * 9999, None])
def test_a_damaged_record_beside_does_not_matter(tmp_path, record):
    place = save_run(runs.run("binary"), tmp_path)
    damaged = tmp_path / "9999-12-31-xor-00000000"
    damaged.mkdir()
    (damaged / "run.json").mkdir() if record is None else (damaged / "run.json").write_bytes(record)
    assert find_run("last", tmp_path) == place
    with pytest.raises(ModelFileError, match=r"could not be read: No such file or directory\."):
        load_run("00000000", tmp_path)
