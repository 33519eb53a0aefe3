"""Which rows train, which select, which are scored once at the end.

The same dataset, fractions and seed give the same rows everywhere: permutations come from the stream "split", counts
from floor and comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from multilayer.constraints import Fraction, Natural, Real, check_fields
from multilayer.data.column import Column
from multilayer.data.dataset import Dataset
from multilayer.data.stored import TypedColumns
from multilayer.errors import DataError, sentence, unknown
from multilayer.rng import Stream

Rows: TypeAlias = npt.NDArray[np.int64]
PARTS = ("train", "val", "test")
SLACK = 1e-6
"""A share of rows this close below a whole number counts as that number (0.29 * 100 is 28.999999999999996)."""


@final
@dataclass(frozen=True, eq=False)
class Split:
    """Sorted row numbers of the three parts, disjoint; `test` never enters an engine."""

    train: Rows
    val: Rows
    test: Rows

    def __repr__(self) -> str:
        return f"Split(train {len(self.train)}, val {len(self.val)}, test {len(self.test)} rows)"


@final
@dataclass(frozen=True)
class Splitting:
    """Fractions of the rows and the seed that deals them out; `seed` is the question's split_seed.

    With groups, whole groups are dealt: the largest first (equal ones in random order), each to the part that lacks
    most rows. Without groups, the rows of every class of a binary or classes target are permuted and dealt so that
    each count is within one row of its share and the parts' totals are the largest remainders of the whole; train
    gets at least one row of every class, which may take a rare class's row from val or test. All else is a plain
    permutation.

    With `test_rows` greater than 0 the last rows of the dataset, so many, are the test part; `test` is 0 then, and the
    other rows are divided as above.

    >>> data = Dataset.from_arrays([[float(i)] for i in range(10)], [0, 1] * 5)
    >>> Splitting().apply(data)
    Split(train 6, val 2, test 2 rows)
    """

    train: Annotated[float, Real(0, 1, open_low=True)] = 0.6
    val: Fraction = 0.2
    test: Fraction = 0.2
    seed: Natural = 0
    test_rows: Natural = 0

    def __post_init__(self) -> None:
        check_fields(self)
        if self.test_rows and self.test:
            raise DataError(f"test of Splitting must be 0 beside test_rows={self.test_rows}, got {self.test:g}.")
        total = self.train + self.val + self.test
        if abs(total - 1) > 1e-9:
            raise DataError(f"train, val and test of Splitting must add up to 1, got {total:.10g}.")

    @property
    def fractions(self) -> tuple[float, float, float]:
        """Train, val and test in this order."""
        return self.train, self.val, self.test

    def apply(self, dataset: Dataset) -> Split:
        """The rows of the three parts."""
        if self.test_rows:
            first, last = self._divided(dataset)
            split = replace(self, test_rows=0).apply(first)
            return Split(split.train, split.val, last)
        parts = self._by_groups(dataset) if dataset.group is not None else self._by_classes(dataset)
        self._refuse_empty(parts, f"{dataset.n_samples} rows")
        return Split(*(np.sort(part) for part in parts))

    def folds(self, dataset: Dataset, k: int) -> list[Split]:
        """k splits of train and val together, each of those rows being in val once; test is the same in all.

        The classes (or whole groups) are spread over the folds as evenly as they go.
        """
        if isinstance(k, bool) or not isinstance(k, int) or k < 2:
            raise DataError(sentence("the number of folds", "a whole number of at least 2", k))
        if self.test_rows:
            first, last = self._divided(dataset)
            return [Split(fold.train, fold.val, last) for fold in replace(self, test_rows=0).folds(first, k)]
        if dataset.group is not None:
            train, val, test = self._by_groups(dataset)
            vals = self._fold_groups(dataset.group, np.concatenate([train, val]), k)
        else:
            permuted = self._permuted(dataset)
            ends = [train + val for train, val, _ in self._counts(permuted)]
            dealt = np.concatenate([rows[:end] for rows, end in zip(permuted, ends, strict=True)])
            test = np.concatenate([rows[end:] for rows, end in zip(permuted, ends, strict=True)])
            if len(dealt) < k:
                raise DataError(f"{k} folds need at least {k} rows in train and val, got {len(dealt)}.")
            vals = [dealt[fold::k] for fold in range(k)]
        whole = np.sort(np.concatenate(vals))
        return [Split(np.setdiff1d(whole, val), np.sort(val), np.sort(test)) for val in vals]

    def to_dict(self) -> dict[str, Any]:
        """The splitting as plain data for JSON; `test_rows` is left out where it is 0."""
        document = asdict(self)
        return document if self.test_rows else {k: v for k, v in document.items() if k != "test_rows"}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Splitting:
        """The splitting of `to_dict`; left out entries have their defaults."""
        for name in document:
            if name not in SETTINGS:
                raise DataError(unknown("setting of Splitting", name, SETTINGS))
        return cls(**document)

    def _divided(self, dataset: Dataset) -> tuple[Dataset, Rows]:
        """What a split looks at, without the rows of the test part, and the numbers of those."""
        start = dataset.n_samples - self.test_rows
        if start <= 0:
            raise DataError(f"test_rows={self.test_rows} leaves none of {dataset.n_samples} rows to train on.")
        rows = np.arange(start)
        group = None if dataset.group is None else dataset.group[rows]
        numbers = TypedColumns([Column("row", "number", rows)])  # no split looks at inputs
        return Dataset(dataset.name, numbers, dataset.target.take(rows), group=group), np.arange(
            start, dataset.n_samples
        )

    def _refuse_empty(self, parts: Sequence[Rows], of: str) -> None:
        for name, fraction, rows in zip(PARTS, self.fractions, parts, strict=True):
            if fraction > 0 and len(rows) == 0:
                do = "Give more rows." if name == "train" else f"Give more rows, or set {name} to 0."
                raise DataError(f"The split of {of} leaves {name} empty (fraction {fraction:g}). {do}")

    def _permuted(self, dataset: Dataset) -> list[Rows]:
        """The rows of every class in random order; all rows as one class when the target has none."""
        codes = dataset.target.values
        if dataset.target.kind not in ("binary", "classes"):
            codes = np.zeros(dataset.n_samples, dtype=np.int64)
        permuted = []
        for code in np.unique(codes).tolist():
            rows = np.flatnonzero(codes == code)
            permuted.append(rows[Stream(self.seed, "split", place=code).permutation(len(rows))])
        return permuted

    def _counts(self, permuted: Sequence[Rows]) -> list[tuple[int, int, int]]:
        return shares([len(rows) for rows in permuted], self.fractions)

    def _by_classes(self, dataset: Dataset) -> list[Rows]:
        permuted = self._permuted(dataset)
        parts: list[list[Rows]] = [[], [], []]
        for rows, (train, val, _) in zip(permuted, self._counts(permuted), strict=True):
            for part, some in zip(parts, np.split(rows, [train, train + val]), strict=True):
                part.append(some)
        return [np.concatenate(part) for part in parts]

    def _by_groups(self, dataset: Dataset) -> list[Rows]:
        assert dataset.group is not None
        groups = self._groups_largest_first(dataset.group, np.arange(dataset.n_samples))
        lacking = [fraction * dataset.n_samples for fraction in self.fractions]
        parts: list[list[Rows]] = [[], [], []]
        for rows in groups:
            place = lacking.index(max(lacking))
            lacking[place] -= len(rows)
            parts[place].append(rows)
        joined = [np.concatenate(part) if part else np.empty(0, dtype=np.int64) for part in parts]
        self._refuse_empty(joined, f"{dataset.n_samples} rows in {len(groups)} groups")
        return joined

    def _groups_largest_first(self, group: Rows, rows: Rows) -> list[Rows]:
        """The rows of every group, groups permuted and then stably sorted by size."""
        members = [rows[group[rows] == code] for code in np.unique(group[rows])]
        order = Stream(self.seed, "split").permutation(len(members)).tolist()
        return sorted((members[place] for place in order), key=lambda rows: -len(rows))

    def _fold_groups(self, group: Rows, rows: Rows, k: int) -> list[Rows]:
        groups = self._groups_largest_first(group, np.sort(rows))
        if len(groups) < k:
            raise DataError(f"{k} folds need at least {k} groups in train and val, got {len(groups)}.")
        folds: list[list[Rows]] = [[] for _ in range(k)]
        filled = [0] * k
        for rows in groups:
            place = filled.index(min(filled))
            filled[place] += len(rows)
            folds[place].append(rows)
        return [np.concatenate(fold) for fold in folds]


SETTINGS = tuple(field.name for field in fields(Splitting))


def shares(sizes: Sequence[int], fractions: Sequence[float]) -> list[tuple[int, int, int]]:
    """How many rows of every class go to train, val and test.

    Every count is the floor of its share or one more. The rows left over go, class by class, to the parts that lack
    most (Ryser's construction), so that the parts' totals are those of the whole by largest remainder.

    >>> shares([50, 7], (0.6, 0.2, 0.2))
    [(30, 10, 10), (4, 2, 1)]
    """
    counts = [[int(size * fraction + SLACK) for fraction in fractions] for size in sizes]
    left = [size - sum(row) for size, row in zip(sizes, counts, strict=True)]
    dealt = [sum(row[part] for row in counts) for part in range(len(fractions))]
    lacking = [total - some for total, some in zip(totals(sum(sizes), fractions), dealt, strict=True)]
    for place, row in enumerate(counts):  # every class is trained on
        if row[0] == 0:
            row[0], left[place], lacking[0] = 1, left[place] - 1, lacking[0] - 1
    allowed = [part for part in range(3) if fractions[part] > 0]
    for row, extra, size in zip(counts, left, sizes, strict=True):
        below = [part for part in allowed if row[part] <= size * fractions[part] + SLACK]
        needy = sorted(below, key=lambda part: (-lacking[part], row[part] - size * fractions[part]))
        for part in needy[:extra]:
            row[part] += 1
            lacking[part] -= 1
    return [(train, val, test) for train, val, test in counts]


def totals(n: int, fractions: Sequence[float]) -> list[int]:
    """n rows dealt by largest remainder; equal remainders in the order train, val, test.

    >>> totals(4, (0.6, 0.2, 0.2))
    [2, 1, 1]
    """
    counts = [int(n * fraction + SLACK) for fraction in fractions]
    order = sorted(range(len(counts)), key=lambda part: counts[part] - n * fractions[part])
    for part in order[: n - sum(counts)]:
        counts[part] += 1
    return counts
