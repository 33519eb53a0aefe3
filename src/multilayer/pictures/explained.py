"""What pictures of an estimator are of: a fitted estimator of tables, and the rows it is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, final

from multilayer.arrays import Array
from multilayer.data.column import ColumnKind
from multilayer.pictures.subject import Trained


@final
@dataclass(frozen=True, eq=False)
class Dependence:
    """Answers (values, rows, k) to rows whose column has each of some values; `words` are those of a category, `own`
    the values that the column has, and `of_rows` how many rows there were."""

    column: str
    kind: ColumnKind
    at: Array
    words: tuple[str, ...]
    answers: Array
    own: Array
    of_rows: int


class Explainable(Protocol):
    """A fitted estimator of tables, as far as pictures look at it."""

    def falls(self, X: Any, y: Any, *, repeats: int = 5) -> dict[str, Array]: ...
    def dependence(self, X: Any, column: str, *, points: int = 40) -> Dependence: ...


@final
@dataclass(frozen=True, eq=False)
class Asked:
    """An estimator with rows X (n_samples, n_columns), and their y where a picture needs it."""

    model: Explainable
    X: Any
    y: Any = None


def of_estimators(_: Trained) -> str:
    """Why no run suits."""
    return "it is of TabularMLPClassifier and TabularMLPRegressor, by their plot."
