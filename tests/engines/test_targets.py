from __future__ import annotations

import numpy as np
import pytest

from multilayer.data import Dataset, Preparation
from multilayer.errors import DataError, RefusedError
from tests.engines.contract import ENGINES, Table

pytestmark = pytest.mark.parametrize("engine", [make() for make in ENGINES], ids=lambda engine: engine.name)


def counts(negative_in):
    """A table of counts, one of them negative."""
    y = np.arange(50.0) % 30 * 0.5
    table = Table(Dataset.from_arrays(np.arange(100.0).reshape(50, 2), y), Preparation(target="none"))
    row = int(getattr(table.split, negative_in)[3])
    y[row] = -2.5
    return Table(Dataset.from_arrays(np.arange(100.0).reshape(50, 2), y), Preparation(target="none")), row


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_negative_count_is_refused_by_its_row(engine, part):
    table, row = counts(part)
    with pytest.raises(DataError) as caught:
        table.start(engine, [table.member(), table.member(loss="poisson")])
    assert str(caught.value) == (
        f"Poisson expected targets that are at least 0, got -2.5 in row {row}. A Poisson mean cannot be negative."
    )


def test_what_is_not_learned_may_be_negative(engine):
    table, _ = counts("test")
    training = table.start(engine, [table.member(loss="poisson")])
    training.advance()
    assert training.status() == "complete"
    table, _ = counts("val")
    assert table.start(engine, [table.member(loss="poisson", val=False)]).status() == "training"


def test_a_batch_of_all_rows_that_cannot_fit_is_refused(engine, monkeypatch):
    monkeypatch.setattr("multilayer.engines.memory.machine_memory", lambda: 10_000)
    table, _ = counts("test")
    with pytest.raises(RefusedError) as caught:
        table.start(engine, [table.member(batch_size="full", hidden=[20])])
    assert str(caught.value) == (
        "The training needs about 12 KiB of memory (1.9 KiB for parameters and moments, the rest for "
        "batches), and this machine has 9.77 KiB. Use fewer units, a smaller batch_size or fewer members."
    )
