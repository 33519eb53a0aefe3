"""`multilayer tasks`."""

from __future__ import annotations

import pytest

from multilayer.data import tasks


def test_the_list_names_every_task(command):
    answer = command("tasks")
    assert answer.code == 0
    assert answer.err == ""
    first = [line.split()[0] for line in answer.out.splitlines() if line and line[0].isalpha()]
    assert first[1 : 1 + len(tasks.names())] == tasks.names()
    assert "noise=0.2, samples=500, data_seed=0" in answer.out


def test_the_list_fits_eighty_columns(command):
    lines = command("tasks").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_the_list_as_json(command):
    answer = command("tasks", "--json")
    assert answer.code == 0
    assert set(answer.json) == {"format", "tasks"}
    assert answer.json["format"] == 1
    assert [row["name"] for row in answer.json["tasks"]] == tasks.names()
    assert set(answer.json["tasks"][0]) == {"name", "about", "kind", "parameters", "ceiling", "source"}
    assert answer.json["tasks"][0]["parameters"]["noise"] == {"default": 0.2, "expects": "a number of at least 0"}


@pytest.mark.parametrize("example", ["moons(noise=0.3, samples=1000)", "sin(x) + x^2/4 on [-5, 5]"])
def test_the_examples_under_the_list_are_tasks(example, command):
    assert f'multilayer train "{example}"' in command("tasks").out
    assert tasks.get(example).dataset().n_samples > 0
