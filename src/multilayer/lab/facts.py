"""What there is to say of a run in a few lines: for the command's `show` and for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multilayer.card import card
from multilayer.recipe.in_words import network_line, training_line

if TYPE_CHECKING:
    from multilayer.lab.run import Run

PARTS = ("train", "val", "test")


def answer(run: Run) -> str:
    """The question's answer in plain words, with whatever has to be said besides."""
    from multilayer.report.answer import first_sentence, further_sentences

    return " ".join([first_sentence([run]), *further_sentences([run])])


def facts(run: Run) -> list[tuple[str, str]]:
    """What was asked and how it went, a line for each."""
    question = run.question
    rows = ", ".join(f"{run.rows[part]:,} {part}" for part in PARTS if part in run.rows)
    layers = question.recipe.layers
    return [
        ("Data", f"{run.source}: {run.n_in} input{'s' * (run.n_in != 1)}; rows: {rows}"),
        ("Network", f"{network_line(layers, run.n_in)}: {run.n_parameters:,} weights"),
        ("Training", f"{training_line(question.recipe)}; seed {question.seed}, {run.engine['name']} engine"),
        ("Ended", f"{run.status}: {run.why}; {run.steps:,} steps in {run.seconds:.1f} s"),
        ("Weights", f"digest {run.digest[:16]}, of question {question.digest[:16]}"),
    ]


def run_card(run: Run) -> str:
    """The run as a card for a notebook."""
    from multilayer.pictures import suiting

    named = [(name.lower(), value) for name, value in facts(run)]
    some = ", ".join(f'run.plot("{name}")' for name in suiting(run)[:3])
    return card(f"Run {run.id} of {run.task}", [("answer", answer(run)), *named], f"Pictures: {some} ...")
