from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.data import Dataset, Splitting
from multilayer.data.split import shares, totals
from multilayer.errors import DataError, RecipeError
from tests.scale import cases
from tests.simd import without_simd

LAWS = settings(max_examples=cases(normal=60, accept=2000), deadline=None, derandomize=True)

FRACTIONS = st.sampled_from(
    [(0.6, 0.2, 0.2), (0.8, 0.2, 0), (0.7, 0, 0.3), (1, 0, 0), (0.29, 0.42, 0.29), (1 / 3, 1 / 3, 1 / 3)]
)


def table(codes, group=None):
    kind = "classes" if len(set(codes)) > 1 else "regression"
    return Dataset.from_arrays(np.arange(len(codes))[:, None], np.array(codes, dtype=np.int64), kind=kind, group=group)


def parts_of(split):
    return [split.train, split.val, split.test]


def assert_partition(split, n):
    assert sorted(np.concatenate(parts_of(split)).tolist()) == list(range(n))
    for rows in parts_of(split):
        assert rows.dtype == np.int64
        assert (np.diff(rows) > 0).all()


@LAWS
@given(codes=st.lists(st.integers(0, 4), min_size=12, max_size=120), fractions=FRACTIONS, seed=st.integers(0, 9))
def test_classes_are_dealt_within_one_row(codes, fractions, seed):
    split = Splitting(*fractions, seed=seed).apply(table(codes))
    assert_partition(split, len(codes))
    codes = np.array(codes)
    for code in np.unique(codes):
        size = np.count_nonzero(codes == code)
        got = [np.count_nonzero(codes[rows] == code) for rows in parts_of(split)]
        assert got[0] >= 1
        assert all(abs(count - size * fraction) < 1 + 1e-6 for count, fraction in zip(got, fractions, strict=True))


def test_a_rare_class_fills_no_part_twice():
    """A class of two rows, one of which train must have: the other goes elsewhere."""
    assert shares([6, 8, 3, 2], (0.29, 0.42, 0.29))[3] in {(1, 1, 0), (1, 0, 1)}


@LAWS
@given(sizes=st.lists(st.integers(4, 400), min_size=1, max_size=12), fractions=FRACTIONS)
def test_totals_are_largest_remainders_of_the_whole(sizes, fractions):
    rows = shares(sizes, fractions)
    assert [sum(row) for row in rows] == sizes
    assert [sum(column) for column in zip(*rows, strict=True)] == totals(sum(sizes), fractions)


@LAWS
@given(
    group=st.lists(st.integers(0, 9), min_size=40, max_size=90).filter(lambda group: len(set(group)) >= 8),
    seed=st.integers(0, 9),
)
def test_groups_stay_whole(group, seed):
    split = Splitting(seed=seed).apply(table([0, 1] * (len(group) // 2) + [0] * (len(group) % 2), group))
    assert_partition(split, len(group))
    sets = [set(np.array(group)[rows].tolist()) for rows in parts_of(split)]
    assert sum(map(len, sets)) == len(set().union(*sets))
    largest = max(np.bincount(group))
    for rows, fraction in zip(parts_of(split), (0.6, 0.2, 0.2), strict=True):
        assert abs(len(rows) - fraction * len(group)) <= 2 * largest


@LAWS
@given(
    codes=st.lists(st.integers(0, 3), min_size=20, max_size=80),
    k=st.integers(2, 6),
    grouped=st.booleans(),
    seed=st.integers(0, 5),
)
def test_folds_cover_train_and_val_once(codes, k, grouped, seed):
    group = [place // 2 for place in range(len(codes))] if grouped else None
    data, splitting = table(codes, group), Splitting(seed=seed)
    whole, folds = splitting.apply(data), splitting.folds(data, k)
    assert len(folds) == k
    for fold in folds:
        assert_partition(fold, len(codes))
        assert fold.test.tolist() == whole.test.tolist()
    vals = np.concatenate([fold.val for fold in folds])
    assert sorted(vals.tolist()) == sorted([*whole.train.tolist(), *whole.val.tolist()])
    if grouped:
        assert all(not {r // 2 for r in f.train.tolist()} & {r // 2 for r in f.val.tolist()} for f in folds)
    else:
        counts = np.array([np.bincount(np.array(codes)[fold.val], minlength=4) for fold in folds])
        assert (np.ptp(counts, axis=0) <= 1).all()
        assert np.ptp(counts.sum(axis=1)) <= 1


def test_default_split_of_balanced_classes():
    split = Splitting().apply(table([0, 1] * 50))
    assert [len(rows) for rows in parts_of(split)] == [60, 20, 20]
    assert [int((rows % 2).sum()) for rows in parts_of(split)] == [30, 10, 10]


def test_a_rare_class_is_trained_on_in_every_seed():
    for seed in range(20):
        split = Splitting(seed=seed).apply(table([0] * 30 + [1]))
        assert 30 in split.train


def test_the_seed_decides_and_nothing_else():
    data = table([0, 1, 2] * 20)
    first, again, other = (Splitting(seed=seed).apply(data) for seed in (3, 3, 4))
    assert first.train.tolist() == again.train.tolist()
    assert first.train.tolist() != other.train.tolist()


def test_these_rows_stay_these_rows():
    split = Splitting().apply(table([0, 1, 2] * 5))
    assert split.train.tolist() == [0, 1, 2, 4, 6, 8, 9, 11, 13]
    assert split.val.tolist() == [3, 5, 10]
    assert split.test.tolist() == [7, 12, 14]


def test_a_regression_is_permuted_plainly():
    split = Splitting(0.5, 0.25, 0.25, seed=1).apply(Dataset.from_arrays(np.ones((8, 1)), np.arange(8) / 2))
    assert_partition(split, 8)
    assert [len(rows) for rows in parts_of(split)] == [4, 2, 2]


def test_same_rows_without_vector_instructions():
    code = (
        "import numpy as np\nfrom multilayer.data import Dataset, Splitting\n"
        "data = Dataset.from_arrays(np.ones((200, 1)), np.arange(200) % 7)\n"
        "print(Splitting(seed=5).apply(data).train.tolist())"
    )
    data = Dataset.from_arrays(np.ones((200, 1)), np.arange(200) % 7)
    assert without_simd(code).strip() == str(Splitting(seed=5).apply(data).train.tolist())


def test_round_trip_through_json():
    splitting = Splitting(0.7, 0.1, 0.2, seed=12)
    assert Splitting.from_dict(json.loads(json.dumps(splitting.to_dict()))) == splitting
    assert Splitting.from_dict({}) == Splitting()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Splitting(0.6, 0.2, 0.3), "train, val and test of Splitting must add up to 1, got 1.1."),
        (
            lambda: Splitting.from_dict({"tran": 0.6}),
            "There is no setting of Splitting 'tran'. Did you mean 'train'? Known: seed, test, test_rows, train, val.",
        ),
        (
            lambda: Splitting().apply(table([0, 1])),
            "The split of 2 rows leaves val empty (fraction 0.2). Give more rows, or set val to 0.",
        ),
        (
            lambda: Splitting().apply(table([0, 1] * 10, group=[0, 1] * 10)),
            "The split of 20 rows in 2 groups leaves test empty (fraction 0.2). Give more rows, or set test to 0.",
        ),
        (lambda: Splitting().folds(table([0, 1] * 5), 9), "9 folds need at least 9 rows in train and val, got 8."),
        (
            lambda: Splitting().folds(table([0, 1] * 10, group=[0, 1, 2, 3, 4] * 4), 5),
            "5 folds need at least 5 groups in train and val, got 4.",
        ),
        (
            lambda: Splitting().folds(table([0, 1] * 5), 1),
            "the number of folds must be a whole number of at least 2, got 1.",
        ),
    ],
)
def test_sentences(make, expected):
    with pytest.raises(DataError) as caught:
        make()
    assert str(caught.value) == expected


def test_settings_are_declared():
    with pytest.raises(RecipeError, match=r"^train of Splitting must be a number in \(0, 1\], got 0\.$"):
        Splitting(train=0, val=0.5, test=0.5)
    with pytest.raises(RecipeError, match=r"^seed of Splitting must be a whole number of at least 0, got -1\.$"):
        Splitting(seed=-1)
