"""A run: a question, its answer, and the circumstances (where, when, with what, how long). Never edited later."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

import numpy as np

from multilayer.arrays import Array
from multilayer.data import Dataset, FittedPreparation, Target, defaults_for
from multilayer.data.intervals import Interval
from multilayer.data.tables import read_rows
from multilayer.engines import Curves
from multilayer.engines.model import Model, check_probabilities
from multilayer.errors import UsageError
from multilayer.files.model_parts import label_document
from multilayer.lab.advice.rules import Advice, advise
from multilayer.lab.score import Scores, scores
from multilayer.nn import Sequential
from multilayer.recipe import Question, weights_digest

if TYPE_CHECKING:
    from multilayer.files.code import Language, Program, What
    from multilayer.pictures import Animation, Picture

RunStatus: TypeAlias = Literal["complete", "stopped", "diverged", "interrupted"]


@final
@dataclass(frozen=True, eq=False)
class Run:
    """What was asked, and what came of it.

    `scores["test"]["accuracy"]` is the accuracy on the test rows; `baselines["linear"]["test"]` has the linear
    model's scores on the same rows, and so has that of each model asked for by `compare`; `compared` says how long each
    took and how much better than it the run is (docs/records.md). `intervals["accuracy"]` is the 95 % interval of that
    score on the test rows. `observed` are the numbers that `advice` rests on. `history["loss"]` is an array with one
    value an epoch. `weights` are
    the ones kept (of the best epoch, where the recipe says so), and cannot be written to. `why` says how the training
    ended; `source` is what was typed to get the data; `reading` how a file was read, empty without one;
    `rows` counts the rows of each part; `engine` and `machine` say what computed.
    docs/records.md describes each field as it is stored.
    """

    id: str
    task: str
    source: str
    question: Question
    target: Target  # its kind, names and classes; no rows
    preparation: FittedPreparation
    weights: Mapping[str, Array]
    status: RunStatus
    why: str
    steps: int
    history: Curves
    scores: Mapping[str, Scores]
    baselines: Mapping[str, Mapping[str, Scores]]
    compared: Mapping[str, Mapping[str, Any]]
    intervals: Mapping[str, Interval]
    observed: Mapping[str, float | str | None]
    rows: Mapping[str, int]
    engine: Mapping[str, str]
    machine: Mapping[str, Any]
    started: str
    seconds: float
    reading: Mapping[str, Any] = field(default_factory=dict)
    network: Sequential | None = None  # with layers of a user's own: such a run cannot be stored or replayed

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the weights kept: the same question has the same digest."""
        return weights_digest(self.weights)

    @cached_property
    def model(self) -> Model:
        """What predicts: the network, the preparation and the target; for exports and source code."""
        recipe, arithmetic = self.question.recipe, self.question.arithmetic
        return Model(recipe, self.preparation, self.target, self.weights, arithmetic, self.network)

    @property
    def net(self) -> Sequential:
        """The trained network, for prepared inputs."""
        return self.model.net

    @property
    def n_in(self) -> int:
        """The width of the encoded inputs."""
        return self.model.n_in

    @property
    def n_parameters(self) -> int:
        """The number of entries of all parameters, frozen ones included."""
        return sum(parameter.value.size for parameter in self.net.params)

    @property
    def headline(self) -> str:
        """The first metric of this kind of target: accuracy, or r2."""
        return defaults_for(self.target.kind)[0]

    @property
    def metric(self) -> str:
        """The metric to look at first: the monitored one, or the headline where the loss is monitored."""
        monitor = self.question.recipe.monitor
        return self.headline if monitor == "loss" else monitor

    @property
    def epochs(self) -> int:
        """The number of epochs trained."""
        return len(self.history)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The predicted labels (n_samples,), label bits (n_samples, k), or numbers (n_samples,), for k targets
        (n_samples, k); the rows in the form that was trained on: an array or list, a frame, a Dataset, or the
        path of a file, read as that of the training was."""
        return self.model.predict(self._cells(X))

    def predict_proba(self, X: Any) -> Array:
        """The class probabilities (n_samples, k); raises RefusedError where the target is numbers."""
        check_probabilities(self.target, "run")
        return self.answer(X)

    def answer(self, X: Any) -> Array:
        """Probabilities or numbers (n_samples, k), in float64."""
        return self.model.answer(self._cells(X))

    def _cells(self, X: Any) -> Any:
        """The rows of a file where one is named."""
        if not isinstance(X, (str, os.PathLike)):
            return X
        return read_rows(Path(X), self.preparation.encoding, reading=self.reading).cells

    def answer_encoded(self, matrix: Array) -> Array:
        """The same for encoded rows (n_samples, n_features), which may lie between two categories."""
        return self.model.answer_encoded(matrix)

    def prepared(self, X: Any) -> Array:
        """The rows as the network sees them."""
        return self.model.prepared(self._cells(X))

    def hidden(self, X: Any) -> list[Array]:
        """The output of each layer."""
        return self.model.hidden(self._cells(X))

    @cached_property
    def advice(self) -> tuple[Advice, ...]:
        """What the curves and the network show to be wrong, with the option that helps; empty where nothing is.

        >>> from multilayer.lab import train
        >>> [advice.name for advice in train("moons", hidden=[40], lr=1e-5, epochs=20).advice]
        ['not_converged']
        """
        return advise(self)

    def score(self, dataset: Dataset) -> Scores:
        """The run's metrics on other rows, such as a task's fresh points."""
        return scores(dataset.target, self.answer(dataset), dataset.weight, self.question.recipe.monitor)

    def plot(
        self, name: str = "", *, theme: str = "light", data: Any = None, weights: Any = None, **options: Any
    ) -> Picture | Animation:
        """A picture of this run by its name; docs/pictures.md lists them all, with their options.

        It is a `pictures.Picture` (or an `Animation`): shown in Jupyter, saved with `save("boundary.svg")`. `theme` is
        "light" or "dark". `data` and `weights` are what the run was trained on and started from, where its record does
        not say: a task or a file is opened again. Raises a UsageError where the picture does not suit the run, or its
        data cannot be had.

        >>> from multilayer.lab import train
        >>> train("xor", hidden=[4], epochs=3).plot("learning-curves", theme="dark").caption
        'Training loss by epoch...'
        """
        from multilayer.lab.again import Again
        from multilayer.pictures import drawn, suiting

        if not name:
            names = suiting(self)
            raise UsageError(f"Which picture? Write run.plot({names[0]!r}). These suit the run: {', '.join(names)}.")
        return drawn(name, Again(self, data, weights), theme, **options)

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        others: Sequence[Run] = (),
        pictures: Sequence[str] | str = "all",
        data: Any = None,
        weights: Any = None,
    ) -> Path:
        """Write one HTML file that answers the question, with its uncertainty, pictures, advice and how to get the same
        bits again; returns its path.

        `others` are runs of the same question under other seeds: then it speaks of their mean. `pictures` are names as
        for `plot`, or "all" that suit, "few" or "none"; `data` and `weights` as for `plot`. Raises a UsageError where
        the file cannot be written, or runs do not belong together.

        >>> from multilayer.lab import train
        >>> train("xor", hidden=[4], epochs=3).report("report.html", pictures="none").stat().st_size < 20_000
        True
        """
        from multilayer.lab.again import Again
        from multilayer.report import write

        return write([self, *others], path, Again(self, data, weights), pictures)

    def code(self, language: Language, what: What | None = None, *, data: Any = None, weights: Any = None) -> Program:
        """A short program in "numpy", "pytorch", "keras" or "c" (docs/code.md): `print` shows it, `save` writes it.

        `what` is "train" (the same network from the same starting weights, step by step; what C leaves out) or
        "predict" (the trained weights and the preparation). `data` and `weights` as for `plot`, for training alone.
        Raises RefusedError for what the language cannot say simply.

        >>> from multilayer.lab import train
        >>> program = train("xor", hidden=[4], epochs=3).code("numpy")
        >>> "z1 = x @ W1 + b1" in program.text
        True
        """
        from multilayer.lab.teaching import program_of

        return program_of(self, language, what, data=data, weights=weights)

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write the model for other systems, as the suffix says, and return the path: `.onnx` with its preparation and
        answers, `.safetensors` its weights under PyTorch's names, `.keras` its network for Keras 3 (docs/exports.md).

        Raises RefusedError for what the other system cannot hold, UsageError for any other suffix, for a library that
        is missing, and where the file cannot be written.

        >>> from multilayer.lab import train
        >>> train("xor", hidden=[4], epochs=3).export("xor.safetensors").name
        'xor.safetensors'
        """
        from multilayer.files import export

        return export(self.model, path)

    def to_dict(self) -> dict[str, Any]:
        """The record, as plain data without the arrays."""
        series = {name: _finite(self.history[name].tolist()) for name in self.history.series}
        return {
            "format": 1,
            "id": self.id,
            "task": self.task,
            "source": self.source,
            **_given(reading=self.reading),
            "asked": {"digest": self.question.digest, "question": self.question.to_dict()},
            "answered": {
                "status": self.status,
                "why": self.why,
                "weights": self.digest,
                "n_parameters": self.n_parameters,
                "epochs": self.epochs,
                "steps": self.steps,
                "scores": _finite(self.scores),
                "baselines": _finite(self.baselines),
                **_given(compared=self.compared, intervals=self.intervals, observed=self.observed),
                "history": series,
            },
            "rows": dict(self.rows),
            "target": label_document(self.target),
            "engine": dict(self.engine),
            "machine": dict(self.machine),
            "started": self.started,
            "seconds": self.seconds,
        }

    def _repr_html_(self) -> str:
        from multilayer.lab.facts import run_card

        return run_card(self)

    def __repr__(self) -> str:
        part = next((part for part in ("test", "val", "train") if part in self.scores), None)
        score = f", {part} {self.metric} {self.scores[part][self.metric]:.4f}" if part else ""
        return f"Run({self.task}, {self.status} after {self.epochs} epochs{score}, seed {self.question.seed})"


def _given(**fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those that hold something, as plain data: a record without them is the one it was before there were such."""
    plain = {name: {key: _plain(inner) for key, inner in value.items()} for name, value in fields.items()}
    return {name: value for name, value in plain.items() if value}


def _plain(value: Any) -> Any:
    """A mapping as a dictionary, a tuple as a list."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become None."""
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value if np.isfinite(value) else None
