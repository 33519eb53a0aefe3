"""`multilayer code`: a run out as a program."""

from __future__ import annotations

import subprocess
import sys

from multilayer.lab import load_run


def test_a_program_is_printed_or_saved_with_what_it_reads(command, tmp_path):
    command("train", "moons", "--hidden", "3", "--epochs", "2")
    printed = command("code", "last", "--as", "numpy")
    assert (printed.code, printed.out) == (0, load_run("last", "runs").code("numpy").text)
    assert printed.err == "The program reads arrays from a .arrays.npz file beside it. Write --to FILE to have both.\n"
    saved = command("code", "last", "--as", "numpy", "--to", "moons.py")
    assert (saved.code, saved.out, saved.err) == (0, "moons.py\n", "")
    done = subprocess.run([sys.executable, "moons.py"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert len(done.stdout.splitlines()) == 2


def test_a_program_that_needs_nothing_says_nothing(command):
    command("train", "xor", "--hidden", "3", "--epochs", "2")
    answer = command("code", "last", "--as", "c")
    assert (answer.code, answer.err) == (0, "")
    assert "void predict(const double *x, double *answer)" in answer.out


def test_mistakes_are_sentences(command):
    command("train", "xor", "--hidden", "3", "--epochs", "2")
    for words, sentence in {
        (
            "--as",
            "tensorflow",
        ): "There is no language 'tensorflow'. Did you mean 'keras'? Known: c, keras, numpy, pytorch.",
        (
            "--as",
            "c",
            "--what",
            "train",
        ): "A program in C predicts; for one that trains ask for numpy, pytorch or keras.",
        ("--as", "numpy", "--to", "xor.txt"): "This program is saved as .py, got 'xor.txt'.",
        (): "Missing option '--as'. See multilayer code --help.",
    }.items():
        answer = command("code", "last", *words)
        assert (answer.code, answer.err) == (2, f"multilayer: {sentence}\n")
