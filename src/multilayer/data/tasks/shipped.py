"""Real tables that come with scikit-learn, which is imported only when one of them is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from multilayer.data.dataset import Dataset
from multilayer.data.tasks.table import classified, measured
from multilayer.data.tasks.task import Task, refuse_fresh


class Shipped(Task):
    """A table of scikit-learn's."""

    loader: ClassVar[str]
    settings: ClassVar[dict[str, Any]] = {}
    target: ClassVar[str] = "class"

    def dataset(self) -> Dataset:
        from sklearn import datasets

        table = getattr(datasets, self.loader)(**self.settings)
        x, names = np.asarray(table.data, dtype=np.float64), [str(name) for name in table.feature_names]
        if self.kind == "regression":
            return measured(self.name, x, np.asarray(table.target, dtype=np.float64), names, self.target)
        labels = np.asarray(table.target_names)
        place = np.argsort(np.argsort(labels))  # codes point into the sorted labels
        return classified(self.name, x, place[np.asarray(table.target)], np.sort(labels).tolist(), names)

    def fresh(self, n: int, seed: int = 0) -> Dataset:
        refuse_fresh(self.name, "is a table of measurements")


@final
@dataclass(frozen=True)
class Digits(Shipped):
    """1,797 handwritten digits of 8 x 8 pixels with 17 gray levels."""

    name = "digits"
    about = "Handwritten digits of 8 x 8 pixels, ten classes."
    kind = "classes"
    source = "Alpaydin & Kaynak 1998, UCI, by scikit-learn."
    loader = "load_digits"


@final
@dataclass(frozen=True)
class Iris(Shipped):
    """150 irises of three species, measured in four places."""

    name = "iris"
    about = "Three species of iris told by the lengths and widths of their leaves."
    kind = "classes"
    source = "Fisher 1936, by scikit-learn."
    loader = "load_iris"


@final
@dataclass(frozen=True)
class Wine(Shipped):
    """178 wines of three growers, thirteen chemical quantities."""

    name = "wine"
    about = "Three growers of wine told by thirteen chemical quantities."
    kind = "classes"
    source = "Forina et al. 1988, UCI, by scikit-learn."
    loader = "load_wine"


@final
@dataclass(frozen=True)
class BreastCancer(Shipped):
    """569 tumors, thirty quantities of their cells' nuclei."""

    name = "breast_cancer"
    about = "Malignant and benign tumors told by thirty quantities of their cells."
    kind = "classes"
    source = "Street, Wolberg & Mangasarian 1993, UCI, by scikit-learn."
    loader = "load_breast_cancer"


@final
@dataclass(frozen=True)
class Diabetes(Shipped):
    """442 patients, ten quantities in their own units, and the disease's progress within a year."""

    name = "diabetes"
    about = "The progress of diabetes within a year from ten quantities of a patient."
    kind = "regression"
    source = "Efron, Hastie, Johnstone & Tibshirani 2004, by scikit-learn."
    loader = "load_diabetes"
    settings: ClassVar[dict[str, Any]] = {"scaled": False}
    target = "progression"
