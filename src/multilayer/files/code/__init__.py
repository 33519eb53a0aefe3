"""Source code of a run: short programs in NumPy, PyTorch, Keras and C that train or predict the same network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from multilayer.engines.model import Model
from multilayer.errors import RefusedError, UsageError, unknown
from multilayer.files.code.lesson import Lesson
from multilayer.files.code.program import Program

Language: TypeAlias = Literal["numpy", "pytorch", "keras", "c"]
What: TypeAlias = Literal["train", "predict"]


def purpose(language: str, what: str | None) -> str:
    """What a program in this language is for: `what`, or training where nothing is said, but predicting in C.

    Raises UsageError for a language or a purpose that there is not.

    >>> purpose("numpy", None), purpose("c", None)
    ('train', 'predict')
    """
    if language not in get_args(Language):
        raise UsageError(unknown("language", language, get_args(Language), meant=MEANT.get(str(language).lower(), "")))
    if what is not None and what not in get_args(What):
        raise UsageError(unknown("kind of program", what, get_args(What)))
    if language == "c" and what == "train":
        raise RefusedError("A program in C predicts; for one that trains ask for numpy, pytorch or keras.")
    return what or ("predict" if language == "c" else "train")


MEANT = {"torch": "pytorch", "np": "numpy", "tensorflow": "keras", "python": "numpy", "c++": "c", "c99": "c"}


def predicting(model: Model, language: str, source: str) -> Program:
    """The program that answers rows as the model does; `source` says in a word what it was trained on."""
    from multilayer.files.code import answers, in_c

    return in_c.predict(model, source) if language == "c" else answers.predict(model, language, source)


def training(lesson: Lesson, language: str) -> Program:
    """The program that trains the network of a lesson; raises RefusedError for what the language cannot say simply."""
    from multilayer.files.code import in_keras, in_numpy, in_pytorch

    writers: dict[str, Callable[[Lesson], Program]] = {
        "numpy": in_numpy.train,
        "pytorch": in_pytorch.train,
        "keras": in_keras.train,
    }
    return writers[language](lesson)


__all__ = ["Language", "Lesson", "Program", "What", "predicting", "purpose", "training"]
