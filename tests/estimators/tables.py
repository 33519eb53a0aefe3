"""Small tables of every kind of column, and efforts small enough for a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from multilayer.estimators import TabularMLPClassifier, TabularMLPRegressor
from multilayer.estimators.efforts import EFFORTS

SMALL: dict[str, dict[str, Any]] = {
    "quick": {"folds": 3, "networks": 1},
    "good": {"folds": 3, "networks": 3},
    "best": {"folds": 3, "networks": 6},
}
TINY: dict[str, Any] = {"bins": 4, "hidden": (8,), "epochs": 4}


def small_efforts(monkeypatch: Any, **changed: Any) -> None:
    """Efforts that take milliseconds; what they are worth is measured elsewhere."""
    for name, small in SMALL.items():
        monkeypatch.setitem(EFFORTS, name, replace(EFFORTS[name], **{**TINY, **small, **changed}))


def people(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """Numbers, text, booleans, dates and gaps."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": draw.normal(40, 10, rows).round(1),
            "town": draw.choice(["Ulm", "Bonn", "Rome"], rows),
            "own": draw.random(rows) < 0.5,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, rows), "D"),
        }
    )
    table.loc[3, "age"] = np.nan
    table.loc[5, "town"] = None
    return table


def answers(table: pd.DataFrame) -> np.ndarray:
    """A yes or no that two columns decide."""
    return np.where(table["age"].fillna(40) + 8 * (table["town"] == "Ulm") > 42, "yes", "no")


def classifier(effort: str = "quick", **settings: Any) -> TabularMLPClassifier:
    return TabularMLPClassifier(effort, **{"compare": False, **settings})


def regressor(effort: str = "quick", **settings: Any) -> TabularMLPRegressor:
    return TabularMLPRegressor(effort, **{"compare": False, **settings})


def refusal(call: Any) -> str:
    """What is said of bad input."""
    with pytest.raises(ValueError, match=r".+") as caught:
        call()
    return str(caught.value)


TABLE = people()
Y = answers(TABLE)
NUMBERS = TABLE["age"].fillna(40).to_numpy() * 3 + 8 * (TABLE["town"] == "Ulm").to_numpy()
