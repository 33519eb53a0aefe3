"""The tables that come with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from multilayer.data import tasks
from tests.data.tasks.tables import rows

COUNTS = {
    "digits": (64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
    "iris": (4, [50, 50, 50]),
    "wine": (13, [59, 71, 48]),
    "breast_cancer": (30, [357, 212]),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    dataset = tasks.get(name).dataset()
    columns, counts = COUNTS[name]
    assert len(dataset.columns) == columns
    assert np.bincount(dataset.target.values).tolist() == counts
    assert tasks.get(name).ceiling() is None


def test_labels_stay_with_their_rows():
    table = datasets.load_breast_cancer()
    dataset = tasks.get("breast_cancer").dataset()
    assert dataset.target.classes == ("benign", "malignant")
    labels = [dataset.target.classes[code] for code in dataset.target.values]
    assert labels == [str(table.target_names[code]) for code in table.target]
    assert np.array_equal(rows(dataset), table.data)
    assert dataset.column_names[0] == "mean radius"


def test_digits_are_their_own_labels():
    dataset = tasks.get("digits").dataset()
    assert dataset.target.classes == tuple(range(10))
    assert np.array_equal(dataset.target.values, datasets.load_digits().target)


def test_diabetes_is_in_its_own_units():
    dataset = tasks.get("diabetes").dataset()
    assert dataset.target.kind == "regression"
    assert dataset.target.values.shape == (442, 1)
    assert rows(dataset)[0, :2].tolist() == [59.0, 2.0]
