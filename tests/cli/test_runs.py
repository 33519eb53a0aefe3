"""`multilayer show`, `runs` and `plot`: what is stored, looked at again."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from multilayer.lab import Session, ask, load_run, save_run
from multilayer.pictures import suiting

SMALL = ("train", "moons(samples=60)", "--hidden", "4", "--epochs", "3")


@pytest.fixture
def trained(command):
    """Two runs, of moons and of xor."""
    assert command(*SMALL, "-q").code == 0
    assert command("train", "xor", "--hidden", "3", "--epochs", "2", "-q").code == 0
    return [load_run(place.name) for place in sorted(Path("runs").iterdir())]


def test_show_says_question_answer_and_how_to_repeat_it(command, trained):
    run = next(run for run in trained if run.task.startswith("moons"))
    answer = command("show", run.id[:5])
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"Run {run.id} of moons")
    for part in ("The network names the right class", "2-4-1, ReLU: 17 weights", "seed 0", "test, 95 % interval"):
        assert part in answer.out
    assert max(len(line) for line in answer.out.splitlines() if "multilayer train" not in line) <= 80
    line = re.search(r"^  multilayer (train .*)$", answer.out, re.MULTILINE)[1]
    again = command(*[word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)], "--json").json
    assert again["answered"]["weights"] == run.digest


def test_show_as_json_is_the_record(command, trained):
    answer = command("show", "last", "--json")
    place = Path("runs") / next(p.name for p in Path("runs").iterdir() if p.name.endswith(answer.json["id"]))
    assert answer.json == json.loads((place / "run.json").read_text(encoding="utf-8"))


def test_the_command_that_repeats_a_run_says_every_setting(command):
    words = [
        "--no-bias",
        "--noise",
        "0.1",
        "--clip-norm",
        "2",
        "--metric",
        "f1",
        "--keep",
        "last",
        "--dtype",
        "float64",
    ]
    record = command(*SMALL, *words, "--penalize-biases", "--l2", "0.1", "--json").json
    shown = command("show", "last").out
    for word in (*words, "--penalize-biases"):
        assert word.replace("--metric", "--monitor") in shown
    line = re.search(r"^  multilayer (train .*)$", shown, re.MULTILINE)[1]
    again = command(*[word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)], "--json").json
    assert again["answered"]["weights"] == record["answered"]["weights"]


def test_runs_lists_the_newest_first(command, trained):
    answer = command("runs")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].split() == ["run", "task", "started", "(UTC)", "score", "set", "by", "hand"]
    assert {line.split()[0] for line in lines[2:]} == {run.id for run in trained}
    assert max(map(len, lines)) <= 80
    assert lines[2].endswith("hidden 3, epochs 2")
    assert command("runs", "xor").out.splitlines()[2].split()[1] == "xor"
    assert "and 1 older: --number all" in command("runs", "--number", "1").out


def test_runs_tell_what_was_set_and_find_the_runs_of_a_file(command):
    Path("leaves.csv").write_text("a,b\n" + "".join(f"{n},{n * n % 7}\n" for n in range(60)))
    words = ("train", "leaves.csv", "--regression", "--epochs", "2", "-q", "--no-report")
    for more in ((), ("--l2", "0.01"), ("--hidden", "5,5", "--activation", "elu(alpha=0.5)", "--seed", "3")):
        assert command(*words, *more).code == 0
    assert command(*SMALL, "-q", "--no-report").code == 0
    lines = command("runs", "leaves.csv").out.splitlines()
    assert command("runs", "leaves").out.splitlines() == lines
    told = {" ".join(line[45:].split()) for line in lines[2:]}
    text = " ".join(" ".join(line[50:].split()) for line in lines[2:])
    for said in ("epochs 2", "l2 0.01", "seed 3", "hidden 5,5", "elu(alpha=0.5)"):
        assert said in text, (said, told)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("words", [("-o", "a.png"), ("--option", "bins=3")])
def test_a_picture_must_be_named_to_be_written(words, command, trained):
    answer = command("plot", "last", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(
        "multilayer: Which picture? Write its name behind the run: multilayer plot last NAME. These suit it: boundary, "
    )
    assert not Path("a.png").exists()


def test_an_interrupted_run_says_the_command_that_trains_as_far(command, monkeypatch):
    """Half of a cosine, to the same weights: the schedule is told the length that it was planned for."""
    session = ask("moons(samples=60)", hidden=[4], epochs=50, patience=20)
    session = Session(session)
    for _ in range(7):
        session.training.advance(epochs=1)
    (run,) = session.finish()
    assert run.status == "interrupted"
    save_run(run)
    out = command("show", "last").out
    assert "The same weights again, which had 7 of 50 epochs:" in out
    line = re.search(r"^  multilayer (train .*)$", out, re.MULTILINE)[1]
    assert "--epochs 7" in line
    assert "cosine(" in line
    again = command(*shlex.split(line), "--json").json
    assert again["answered"]["weights"] == run.digest
    assert again["answered"]["status"] == "complete"
    text = run.report("a.html", pictures="none").read_text(encoding="utf-8")
    assert "The training was interrupted after 7 of 50 epochs. This trains as many, along the same schedule" in text


def test_a_run_that_was_interrupted_at_once_cannot_be_repeated(command):
    (run,) = Session(ask("moons(samples=60)", hidden=[4], epochs=50)).finish()
    save_run(run)
    assert (
        "# The training was interrupted before its first epoch ended, so there is nothing to train again."
        in command("show", "last").out
    )


def test_runs_as_json(command, trained):
    answer = command("runs", "--json", "--number", "all")
    assert answer.json["format"] == 1
    found = {one["id"]: one for one in answer.json["runs"]}
    for run in trained:
        one, part = found[run.id], next(part for part in ("test", "val", "train") if part in run.scores)
        assert one["score"] == run.scores[part][run.metric]
        assert load_run(one["folder"]).id == run.id
    assert command("runs", "--json", "--runs", "nowhere").json == {"format": 1, "runs": []}


def test_a_damaged_record_is_said_and_left_out(command, trained):
    place = Path("runs") / "2026-01-01-odd-00000000"
    place.mkdir()
    (place / "run.json").write_text('{"id": 3}')
    answer = command("runs")
    assert answer.code == 0
    assert answer.err == f"{place / 'run.json'} is no record that this version can read: left out.\n"


def test_plot_without_a_name_lists_what_suits(command, trained):
    run = next(run for run in trained if run.task.startswith("moons"))
    out = command("plot", run.id).out
    named = [line.split()[0] for line in out.splitlines()[2:] if line and line[0].isalpha()]
    assert named == suiting(run)
    assert max(map(len, out.splitlines())) <= 80


def test_plot_writes_into_the_runs_folder_or_where_it_is_told(command, trained):
    answer = command("plot", "last", "learning_curves")
    assert answer.code == 0, answer.err
    place = Path(answer.out.strip())
    assert place.parent.name == "pictures"
    assert place.name == "learning-curves.svg"
    assert place.read_text(encoding="utf-8").startswith("<?xml")
    assert answer.err.startswith("Training loss by epoch")
    words = ("plot", "last", "sample", "--option", "row=1", "--option", "part=train")
    answer = command(*words, "-o", "one.png", "--theme", "dark")
    assert (answer.code, answer.out) == (0, "one.png\n"), answer.err
    assert Path("one.png").read_bytes()[:4] == b"\x89PNG"


def test_a_picture_that_needs_no_run(command):
    answer = command("plot", "activation-functions", "-o", "a.svg")
    assert (answer.code, answer.out) == (0, "a.svg\n"), answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plot", "last", "boundry"), "There is no picture 'boundry'. Did you mean 'boundary'?"),
        (("plot", "last", "fit"), "The picture fit does not suit this run: "),
        (("plot", "last", "hinton", "--option", "bins=3"), "The picture hinton has no options: leave bins out."),
        (("plot", "last", "hinton", "--option", "bins"), "--option must read like bins=5, got 'bins'."),
        (("plot", "last", "hinton", "--theme", "blue"), "There is no theme 'blue'."),
        (("plot", "last", "hinton", "-o", "a.bmp"), "A picture is saved as .svg, .png or, an animation, as .gif, got "),
        (("plot", "last", "hinton", "-o", "no/a.svg"), "There is no folder 'no' to save a picture in."),
        (("show", "zz"), "There is no run 'zz' in runs. Say last, or the beginning of its id."),
        (("runs", "--number", "0"), "--number must be a whole number of at least 1, or all, got '0'."),
        (("runs", "iris"), "There are no runs of iris in runs. Train one first, or name its folder."),
    ],
)
def test_what_cannot_be_shown(words, said, command, trained):
    before = sorted(Path().rglob("*"))
    answer = command(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"multilayer: {said}")
    assert answer.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before
