from __future__ import annotations

import pickle

import numpy as np
import pytest

from multilayer.errors import ModelFileError, RefusedError
from multilayer.estimators import (
    STORED,
    MLPAutoencoder,
    MLPClassifier,
    MLPRegressor,
    PopulationSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    load_estimator,
    save_estimator,
)
from multilayer.files import ModelFile
from multilayer.lab import load_run, model_of
from tests.estimators.tables import answers, people, small_efforts
from tests.files import runs
from tests.files.damage import Damage
from tests.scale import cases

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(30, 3))
Y3 = np.array(["a", "b", "c"], dtype=object)[np.arange(30) % 3]
BITS = (X > 0).astype(int)
TABLE = people(30)
UNREADABLE = "The model file {} does not hold an estimator that this version can read: {}."
ODD = "something in it is missing or odd"


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_efforts(monkeypatch)


FITS = {
    "two classes": lambda: MLPClassifier((4,), max_iter=2).fit(X, X[:, 0] > 0),
    "three classes": lambda: MLPClassifier((4,), max_iter=2, n_estimators=2).fit(X, Y3),
    "labels": lambda: MLPClassifier((4,), max_iter=2).fit(X, BITS),
    "float labels": lambda: MLPClassifier((4,), max_iter=2).fit(X, np.where(X[:, 0] > 0, 1.0, 2.0).astype(np.float32)),
    "calibrated": lambda: MLPClassifier(
        (4,), max_iter=3, calibration="temperature", class_weight={"a": 2, "b": 1}, early_stopping=True
    ).fit(X, Y3),
    "numbers": lambda: MLPRegressor((4,), max_iter=2, input_scaling="standardize").fit(X, X[:, 0]),
    "several numbers": lambda: MLPRegressor((4,), max_iter=2).fit(X.astype(np.float32), X[:, :2]),
    "names": lambda: MLPRegressor((4,), max_iter=2).fit(people(30)[["age"]].assign(b=1.0), X[:, 0]),
    "no change": lambda: MLPRegressor(np.array([4, 3]), max_iter=2, n_iter_no_change=np.inf).fit(X, X[:, 0]),
    "normalized": lambda: MLPRegressor((4,), max_iter=2, norm="batch", dropout=0.1).fit(X, X[:, 0]),
    "autoencoder": lambda: MLPAutoencoder((4, 2, 4), max_iter=2).fit(X),
    "table": lambda: TabularMLPClassifier("good").fit(TABLE, answers(TABLE)),
    "table of labels": lambda: TabularMLPClassifier("quick").fit(TABLE, BITS),
    "table of numbers": lambda: TabularMLPRegressor("best", compare=False).fit(TABLE, X[:, :2]),
    "array of numbers": lambda: TabularMLPRegressor("quick", compare=False).fit(X, X[:, 0]),
}
ATTRIBUTES = ("predict_proba", "transform", "reconstruct", "hidden")


def rows_for(model):
    return TABLE if "Tabular" in type(model).__name__ and hasattr(model, "feature_names_in_") else own_rows(model)


def own_rows(model):
    return TABLE[["age"]].fillna(40).assign(b=1.0) if hasattr(model, "feature_names_in_") else X


FITTED: dict = {}


def fitted(name):
    if name not in FITTED:
        FITTED[name] = FITS[name]()
    return FITTED[name]


def same(one, two) -> bool:
    """Whether two values are equal to the bit and of one type."""
    if isinstance(one, np.ndarray):
        equal = np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
        return isinstance(two, np.ndarray) and one.dtype == two.dtype and equal
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(two) and len(one) == len(two) and all(map(same, one, two))
    return type(one) is type(two) and (one == two or one != one)


def public(model):
    """What `fit` leaves, but for the networks, which predictions show."""
    return {
        name: value
        for name, value in vars(model).items()
        if name.endswith("_") and name not in ("models_", "history_", "encoder_", "decoder_")
    }


def test_every_estimator_is_here():
    assert {type(fitted(name)).__name__ for name in FITS} == set(STORED)


@pytest.mark.parametrize("name", FITS)
def test_back_from_a_file_it_is_the_same(name, tmp_path):
    model = fitted(name)
    again = load_estimator(model.save(tmp_path / "model.mlp"))
    assert type(again) is type(model)
    rows = rows_for(model)
    if hasattr(model, "predict"):
        assert same(again.predict(rows), model.predict(rows))
    for method in ATTRIBUTES:
        if hasattr(model, method):
            assert same(getattr(again, method)(rows), getattr(model, method)(rows)), method
    assert same(again.get_params(), model.get_params())
    mine, theirs = public(model), public(again)
    assert {key for key in mine if not same(mine[key], theirs.get(key))} == set()
    assert set(theirs) - set(mine) == set()
    assert again.history_.series == model.history_.series
    for series in model.history_.series:
        assert same(np.asarray(again.history_[series]), np.asarray(model.history_[series]))
    assert again.save(tmp_path / "again.mlp").read_bytes() == (tmp_path / "model.mlp").read_bytes()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_loaded_estimator_goes_on(tmp_path):
    model = MLPRegressor((4,), max_iter=2, solver="sgd", learning_rate="constant").fit(X, X[:, 0])
    again = load_estimator(model.save(tmp_path / "model.mlp"))
    again.partial_fit(X, X[:, 0])
    assert not np.array_equal(again.predict(X), model.predict(X))
    pickle.loads(pickle.dumps(again))
    again.fit(X, X[:, 0])
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_before_fit_there_is_nothing_to_store(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        MLPClassifier().save(tmp_path / "model.mlp")
    assert list(tmp_path.iterdir()) == []


class Scorer:
    def __call__(self, estimator, X, y):
        return 1.0

    def __repr__(self):
        return "Scorer()"


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (MLPRegressor((4,), max_iter=2, scoring=Scorer(), early_stopping=True), "scoring=Scorer()"),
        (MLPRegressor((4,), max_iter=2, random_state=np.random.RandomState(0)), "random_state=RandomState(MT19937)"),
    ],
)
def test_code_is_refused(model, what, tmp_path):
    model.fit(X, X[:, 0])
    with pytest.raises(RefusedError) as refused:
        model.save(tmp_path / "model.mlp")
    text = str(refused.value)
    assert text.startswith(what)
    assert text.endswith(" cannot be stored: a file holds numbers, words and lists, no code.")
    assert list(tmp_path.iterdir()) == []


def test_a_search_is_no_estimator_of_a_file(tmp_path):
    search = PopulationSearchCV(MLPRegressor((4,), max_iter=1), {"alpha": [0.1]}, cv=2).fit(X, X[:, 0])
    with pytest.raises(RefusedError) as refused:
        save_estimator(search, tmp_path / "model.mlp")
    assert str(refused.value) == (
        "A PopulationSearchCV cannot be stored. These can: MLPAutoencoder, MLPClassifier, MLPRegressor, "
        "TabularMLPClassifier, TabularMLPRegressor. Of a search store its best_estimator_."
    )


def refusal(path) -> str:
    with pytest.raises(ModelFileError) as refused:
        load_estimator(path)
    return str(refused.value)


def test_no_file(tmp_path):
    path = tmp_path / "none.mlp"
    assert refusal(path) == f"The model file {path} could not be read: No such file or directory."


def test_foreign_files(tmp_path):
    path = tmp_path / "model.mlp"
    for content in (b"", b"PK\x03\x04", pickle.dumps(fitted("numbers")), b'{"estimator": {}}'):
        path.write_bytes(content)
        assert refusal(path) == f"The model file {path} is not a model of multilayer, or it is damaged."


def test_a_run_and_an_estimator_say_what_reads_them(tmp_path):
    path = tmp_path / "model.mlp"
    path.write_bytes(model_of(runs.run("binary")).to_bytes())
    assert refusal(path) == f"The model file {path} holds a run: multilayer.load_run reads it."
    fitted("numbers").save(path)
    with pytest.raises(ModelFileError) as refused:
        load_run(path)
    assert str(refused.value) == (
        f"The model file {path} holds an estimator: multilayer.estimators.load_estimator reads it."
    )
    ModelFile({"task": "xor"}, {}).save(path)
    assert refusal(path) == f"The model file {path} holds no estimator."


def test_damaged_files(tmp_path):
    path = tmp_path / "model.mlp"
    content = fitted("numbers").save(path).read_bytes()
    damage = Damage(content, seed=3)
    for _ in range(cases(normal=60, accept=3000)):
        mutated = damage.once()
        path.write_bytes(mutated)
        if mutated != content:
            assert refusal(path).startswith(f"The model file {path} ")


def test_loading_imports_and_executes_nothing(tmp_path, monkeypatch):
    """Words in a file are compared with a list; none is looked up, imported or evaluated."""
    path = fitted("numbers").save(tmp_path / "model.mlp")
    for forbidden in ("builtins.eval", "builtins.exec", "pickle.loads", "pickle.load", "importlib.import_module"):
        monkeypatch.setattr(forbidden, lambda *given, name=forbidden: pytest.fail(f"{name} was called"))
    load_estimator(path)
