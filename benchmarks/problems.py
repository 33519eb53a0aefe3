"""The tables that the benchmarks train on, for the engine as it takes them and for the peers as plain float32."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.fashion_mnist import TRAIN, VAL, fashion_folder, fashion_rows
from multilayer.data import Dataset, Encoding, FittedPreparation, Preparation, Splitting, tasks
from multilayer.engines import Data

Rows = npt.NDArray[np.int64]
MINMAX = Preparation(inputs="minmax", missing="zero")


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows to train on and rows to validate on; `x` are raw features, prepared by the engine when it gathers them."""

    name: str
    data: Data
    fitted: FittedPreparation
    train: Rows
    val: Rows

    @property
    def n_in(self) -> int:
        return int(self.data.x.shape[1])

    @property
    def n_out(self) -> int:
        return self.data.target.n_out

    @functools.cached_property
    def x(self) -> npt.NDArray[np.float32]:
        """The prepared training rows, as peers take them."""
        return self.fitted.apply(self.data.x[self.train]).astype(np.float32)

    @functools.cached_property
    def x_val(self) -> npt.NDArray[np.float32]:
        return self.fitted.apply(self.data.x[self.val]).astype(np.float32)

    @property
    def y(self) -> Rows:
        """The codes of the training rows."""
        codes: Rows = self.data.target.values[self.train]
        return codes

    @property
    def y_val(self) -> Rows:
        codes: Rows = self.data.target.values[self.val]
        return codes

    def in_batches_of(self, batch: int) -> Problem:
        """The same with its training rows cut to whole batches."""
        return replace(self, train=self.train[: len(self.train) // batch * batch])


def problem(name: str) -> Problem:
    """A problem by its name."""
    return PROBLEMS[name]()


def prepared(
    name: str, x: Any, y: Any, *, train: Rows, val: Rows, preparation: Preparation = MINMAX, n_out: int | None = None
) -> Problem:
    """A problem from arrays, in the way a user's table becomes one."""
    dataset = Dataset.from_arrays(x, y, kind="classes" if n_out is None or n_out > 1 else "binary", name=name)
    encoding = Encoding.of(dataset)
    data = Data.of(dataset, encoding)
    return Problem(name, data, preparation.fit(encoding, data.x, dataset.target, train), train, val)


@functools.cache
def moons() -> Problem:
    """Two columns, two classes, 324 rows to train on."""
    return _of_dataset(tasks.get("moons(samples=540)").dataset())


@functools.cache
def breast_cancer() -> Problem:
    """30 columns, two classes, 341 rows to train on."""
    from sklearn import datasets

    x, y = datasets.load_breast_cancer(return_X_y=True)
    return _of_dataset(Dataset.from_arrays(x, y, name="breast cancer"))


@functools.cache
def digits() -> Problem:
    """64 columns, ten classes, 1,078 rows to train on."""
    from sklearn import datasets

    x, y = datasets.load_digits(return_X_y=True)
    return _of_dataset(Dataset.from_arrays(x, y, name="digits"))


@functools.cache
def fashion() -> Problem:
    """784 columns, ten classes: 50,000 rows to train on, 10,000 to validate on."""
    x, y = fashion_rows("train")
    name = "Fashion-MNIST" if fashion_folder() else "random rows of Fashion-MNIST's shape"
    rows = np.arange(len(x), dtype=np.int64)
    return prepared(name, x, y, train=rows[TRAIN], val=rows[VAL])


@functools.cache
def fashion_part() -> Problem:
    """12,800 rows of Fashion-MNIST to train on and 2,000 to validate on, for the network that takes longest."""
    whole = fashion()
    return replace(whole, train=whole.train[:12_800], val=whole.val[:2_000])


def random_rows(n_in: int, n_out: int, rows: int) -> Problem:
    """Rows of noise, for networks of any width."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, n_in))
    y = np.arange(rows) % max(2, n_out)
    train = np.arange(rows, dtype=np.int64)
    return prepared("random rows", x, y, train=train, val=train[:0], n_out=n_out)


def _of_dataset(dataset: Dataset) -> Problem:
    split = Splitting().apply(dataset)
    encoding = Encoding.of(dataset)
    data = Data.of(dataset, encoding)
    fitted = Preparation().fit(encoding, data.x, dataset.target, split.train)
    return Problem(dataset.name, data, fitted, split.train, split.val)


PROBLEMS = {
    "moons": moons,
    "breast cancer": breast_cancer,
    "digits": digits,
    "Fashion-MNIST": fashion,
    "part of Fashion-MNIST": fashion_part,
}
