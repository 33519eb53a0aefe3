"""Programs beside the run that they are of, where numbers, cells and files are out of the ordinary."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import multilayer as ml
from multilayer.errors import UsageError
from multilayer.files.code import predicting
from tests.files.lessons import answers, as_csv, as_numbers, compiled, executed, said, table_of, words_of


def test_a_program_replaces_no_data_of_the_users(tmp_path):
    data, program = tmp_path / "mine.npz", ml.train("digits", hidden=[4], epochs=1).code("numpy")
    np.savez(data, X=np.ones(3))
    program.save(tmp_path / "mine.py")
    assert np.load(data).files == ["X"]
    assert set(np.load(tmp_path / "mine.arrays.npz").files) == set(program.arrays)
    (tmp_path / "folder.py").mkdir()
    for name, reason in (("folder.py", "Is a directory"), ("a\0.py", "embedded null byte")):
        with pytest.raises(UsageError) as refused:
            program.save(tmp_path / name)
        assert str(refused.value) == f"The program could not be saved as {tmp_path / name}: {reason}."
    assert sorted(place.name for place in tmp_path.iterdir()) == ["folder.py", "mine.arrays.npz", "mine.npz", "mine.py"]


def test_columns_and_targets_far_from_0_lose_nothing_in_c(tmp_path):
    """float32 holds seconds since 1970 to two minutes."""
    draw = np.random.default_rng(0)
    X = np.column_stack([1.7e9 + draw.uniform(0, 1000, 60), draw.normal(size=60)])
    run = ml.train(X, 1.7e9 + 100 * np.sin(X[:, 0] / 200) + X[:, 1], hidden=[8], epochs=20)
    found = said(run, "c", X.tolist(), tmp_path)[:, 0]
    assert np.abs(found - run.predict(X)).max() < 1e-3


@pytest.mark.parametrize("language", ["numpy", "c"])
def test_shares_of_probabilities_that_are_nearly_0(language, tmp_path):
    X = np.random.default_rng(0).normal(size=(45, 1))
    settings: dict[str, Any] = {"hidden": "none", "epochs": 1, "dtype": "float64", "prepare": "none"}
    run = ml.train(X, np.arange(45) % 3, loss="sigmoid_cross_entropy", **settings)
    weights = {"0.W": np.array([[-1.0, -1.1, -1.2]]), "0.b": np.zeros(3)}
    model = dataclasses.replace(run.model, weights=weights)
    rows = [[-800.0], [0.0], [35.0], [40.0], [700.0], [800.0]]
    program = predicting(model, language, "x")
    if language == "c":
        printed = words_of(compiled(program, tmp_path, as_numbers(run, rows)))
    else:
        printed = table_of(executed(program, tmp_path, as_csv(run, rows))[0])
    assert np.allclose(answers(printed, 3), model.answer(rows), rtol=1e-9, atol=1e-12)


def test_cells_are_read_as_by_the_command(tmp_path):
    """All words for a missing cell, blanks around a word, and truth values; another word for these is an error."""
    path = tmp_path / "t.csv"
    rows = [f"{i},{('red', 'blue', '?')[i % 3]},{('true', 'false')[i % 2]},{i % 5}" for i in range(60)]
    path.write_text("\n".join(["z,color,flag,y", *rows]))
    run = ml.train(str(path), target="y", hidden=[4], epochs=5)
    asked = ["1,?,true", "2,NULL,false", "3,na,TRUE", "4, red,True", "?,blue,?", "NULL,red,n/a"]
    (tmp_path / "q.csv").write_text("\n".join(["z,color,flag", *asked]))
    printed = table_of(executed(run.code("numpy", "predict"), tmp_path, (tmp_path / "q.csv").read_text())[0])
    assert np.allclose(answers(printed, 5), run.answer(str(tmp_path / "q.csv")), atol=1e-6)
    with pytest.raises(KeyError, match="yes"):
        executed(run.code("numpy", "predict"), tmp_path, "z,color,flag\n1,red,yes\n")
