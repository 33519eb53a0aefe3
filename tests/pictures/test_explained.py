"""Importances and dependences: what they show is what the estimator answers, and nothing lies over anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence

from multilayer.errors import DataError, UsageError
from multilayer.estimators import TabularMLPClassifier, TabularMLPRegressor
from multilayer.lab import train
from multilayer.pictures import drawn, suiting
from multilayer.pictures.explained import Asked
from tests.estimators.tables import people, small_efforts
from tests.pictures.runs import HOSTILE
from tests.pictures.test_layout import cut_off, overlapping

LONG = "a column with an extremely long name that nobody can read"
TABLE = people(50).rename(columns={"town": LONG})
TABLE["flat"] = 1.0
TABLE["own"] = TABLE["own"].astype(object).where(TABLE.index % 9 > 0, None)
TWO = np.where(TABLE["age"].fillna(40) > 40, "yes", "no")
THREE = np.array(["low", "middle", "a very high value indeed"])[np.arange(50) % 3]
NUMBERS = TABLE["age"].fillna(40).to_numpy()


@pytest.fixture(scope="module")
def models():
    with pytest.MonkeyPatch.context() as patch:
        small_efforts(patch)
        return {
            "two": TabularMLPClassifier("quick", compare=False).fit(TABLE, TWO),
            "three": TabularMLPClassifier("good", compare=False).fit(TABLE, THREE),
            "numbers": TabularMLPRegressor("quick", compare=False).fit(TABLE, NUMBERS),
            "several": TabularMLPRegressor("quick", compare=False).fit(TABLE, np.tile(NUMBERS[:, None], 7)),
            "labels": TabularMLPClassifier("quick", compare=False).fit(TABLE, np.c_[NUMBERS > 40, NUMBERS > 50]),
        }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("column", TABLE.columns)
@pytest.mark.parametrize("name", ["two", "three", "numbers", "several", "labels"])
def test_nothing_overlaps_and_nothing_is_cut_off(models, name, column, theme):
    if theme == "dark" and name != "three":
        return
    picture = models[name].plot("dependence", TABLE, column=column, theme=theme, points=5)
    assert overlapping(picture) == []
    assert cut_off(picture) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_importances_fit_on_their_picture(models, theme):
    picture = models["two"].plot("importances", TABLE, TWO, repeats=2, theme=theme)
    assert overlapping(picture) == []
    assert cut_off(picture) == []


def test_hostile_names_are_drawn_as_they_are(monkeypatch):
    small_efforts(monkeypatch)
    draw = np.random.default_rng(0)
    table = pd.DataFrame({name: draw.choice(list(HOSTILE), 40) for name in HOSTILE if name})
    model = TabularMLPClassifier("quick", compare=False).fit(table, draw.choice(list(HOSTILE)[:3], 40))
    for picture in (
        model.plot("importances", table, model.predict(table), repeats=1),
        model.plot("dependence", table, column=table.columns[0]),
    ):
        assert overlapping(picture) == []
        assert cut_off(picture) == []
        assert picture.svg().startswith(b"<?xml")


@pytest.mark.parametrize("name", ["two", "numbers"])
def test_a_dependence_is_that_of_scikit_learn(models, name):
    model, table = models[name], TABLE.assign(age=NUMBERS)
    found = model.dependence(table, "age", points=4)
    theirs = partial_dependence(model, table, ["age"], custom_values={"age": found.at}, kind="average", method="brute")[
        "average"
    ]
    np.testing.assert_allclose(found.answers.mean(axis=1)[:, -1], theirs[-1], rtol=1e-9)


def test_a_dependence_on_words_is_that_of_rows_with_the_word(models):
    found = models["three"].dependence(TABLE, LONG)
    counts = TABLE[LONG].value_counts()
    assert list(counts[list(found.words)]) == sorted(counts, reverse=True)
    for word, answers in zip(found.words, found.answers, strict=True):
        np.testing.assert_array_equal(answers, models["three"].predict_proba(TABLE.assign(**{LONG: word})))


def test_the_drawn_lines_are_the_dependence(models):
    picture = models["two"].plot("dependence", TABLE, column="age", points=6)
    found = models["two"].dependence(TABLE, "age", points=6)
    *_, mean = picture.figure.axes[0].lines
    np.testing.assert_array_equal(mean.get_xdata(), found.at)
    np.testing.assert_array_equal(mean.get_ydata(), found.answers[:, :, 1].mean(axis=1))
    low, high = found.answers[:, :, 1].mean(axis=1).min(), found.answers[:, :, 1].mean(axis=1).max()
    assert picture.caption == (
        f"Partial dependence on age: the mean probability of yes over 50 rows whose age alone is changed, from "
        f"{low:.3g} to {high:.3g}; thin lines are single rows, marks at the bottom are the deciles of the column."
    )


def test_the_bars_are_the_importances(models):
    picture = models["two"].plot("importances", TABLE, TWO, repeats=3)
    found = models["two"].importances(TABLE, TWO, repeats=3)
    bars = [bar.get_width() for bar in picture.figure.axes[0].patches]
    np.testing.assert_array_equal(bars, list(found.values()))
    few = models["two"].plot("importances", TABLE, TWO, repeats=3, most=2)
    assert len(few.figure.axes[0].patches) == 2
    assert "The 2 most important of 5 columns are drawn." in few.caption


def test_no_more_rows_outputs_and_categories_than_can_be_read(models, monkeypatch):
    small_efforts(monkeypatch)
    many = pd.concat([TABLE] * 11, ignore_index=True)
    picture = models["several"].plot("dependence", many, column="age", points=3)
    assert "the mean over 500 of 550 rows" in picture.caption
    assert picture.caption.endswith(" The 5 outputs that change most are drawn.")
    words = pd.DataFrame({"word": [f"w{place % 20:02}" for place in range(60)]})
    model = TabularMLPRegressor("quick", compare=False).fit(words, np.arange(60))
    found = model.plot("dependence", words, column="word")
    assert len(found.figure.axes[0].get_yticks()) == 12
    assert "; 8 rarer values are left out." in found.caption


def test_no_run_is_of_these(models):
    run = train("xor", hidden=[3], epochs=1)
    assert not {"importances", "dependence"} & set(suiting(run))
    with pytest.raises(UsageError) as refused:
        run.plot("importances")
    assert str(refused.value).startswith(
        "The picture importances does not suit this run: it is of TabularMLPClassifier and TabularMLPRegressor, by "
        "their plot. These do: "
    )


REFUSED = {
    "no picture": (
        lambda model: model.plot("boundary", TABLE),
        "There is no picture of an estimator 'boundary'. Known: dependence, importances.",
    ),
    "no rows": (lambda model: model.plot("importances"), "The picture importances needs rows: "
                "model.plot('importances', X, ...)."),
    "no y": (
        lambda model: model.plot("importances", TABLE),
        "The picture importances needs y: model.plot('importances', X, y).",
    ),
    "no column": (
        lambda model: model.plot("dependence", TABLE),
        "The picture dependence needs a column: model.plot('dependence', X, column='age').",
    ),
    "another column": (
        lambda model: model.plot("dependence", TABLE, column="Age"),
        f"There is no column 'Age'. Did you mean 'age'? Known: {', '.join(sorted(TABLE))}.",
    ),
    "points": (
        lambda model: model.plot("dependence", TABLE, column="age", points=1),
        "points must be a whole number of at least 2, got 1.",
    ),
    "an option": (
        lambda model: model.plot("dependence", TABLE, part="test"),
        "There is no option of the picture dependence 'part'. Known: column, points.",
    ),
    "nothing of": (
        lambda model: drawn("importances"),
        "The picture importances is of an estimator: use model.plot('importances', X, ...).",
    ),
    "a picture of a run": (
        lambda model: drawn("boundary", Asked(model, TABLE)),
        "The picture boundary is of a run: use run.plot('boundary').",
    ),
    "nothing there": (
        lambda model: model.dependence(TABLE.assign(age=np.nan), "age"),
        "column 'age' must have a value in some row of X, it has none.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_drawn_is_a_sentence(models, call, expected):
    with pytest.raises((UsageError, DataError)) as refused:
        call(models["two"])
    assert str(refused.value) == expected
