"""The page: complete in itself, well formed, small, readable by everyone, and its lines give the same bits."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import multilayer as ml
from multilayer.cli.main import status
from multilayer.errors import UsageError
from multilayer.lab import save_run, train, train_seeds
from multilayer.lab.again import Again
from multilayer.report import page, same_bits
from multilayer.report.figures import figures
from tests.report.parsed import parsed
from tests.scale import ACCEPT

X = np.random.default_rng(0).normal(size=(60, 2))
QUESTIONS = {
    "moons": ("moons", {"hidden": [8], "epochs": 3}),
    "parameters": ("moons(noise=0.3)", {"hidden": [5], "optimizer": "momentum(momentum=0.8)", "lr": 0.1, "epochs": 2}),
    "split": ("iris", {"hidden": [4], "activation": "elu(alpha=0.5)", "split_seed": 3, "epochs": 2, "seed": 7}),
    "suggested": ("two_spirals", {"epochs": 2}),
    "suggested away": ("encoder", {"hidden": [4], "activation": "relu", "epochs": 3, "patience": 2}),
    "numbers": ("sin(x)", {"hidden": [3, 5], "activation": ["tanh", "relu"], "epochs": 3, "prepare": "minmax"}),
    "layers": ("iris", {"layers": [6, "tanh", {"layer": "dropout", "p_drop": 0.1}, 3], "epochs": 2, "keep": "last"}),
    "norm": (
        "iris",
        {"hidden": [4], "norm": "layer", "dropout": 0.1, "l2": 0.01, "epochs": 2, "schedule": "step(every=1)"},
    ),
    "lbfgs": ("x^2", {"hidden": [4], "activation": "maxout", "optimizer": "lbfgs", "epochs": 3}),
    "arrays": ((X, X[:, 0] > 0), {"hidden": [3], "epochs": 2, "loss": "squared_error", "output_activation": "sigmoid"}),
    "splitting": ("moons", {"hidden": [3], "epochs": 2, "splitting": ml.Splitting(0.5, 0.25, 0.25, seed=4)}),
    "reference": ("moons", {"hidden": [3], "epochs": 2, "engine": "reference"}),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_its_lines_of_python_give_the_same_bits(name):
    data, settings = QUESTIONS[name]
    run = train(data, **settings)
    lines = same_bits.python(run)
    names = {} if isinstance(data, str) else {"X": data[0], "y": data[1]}
    exec(lines, names)
    assert names["run"].digest == run.digest
    assert names["run"].question.digest == run.question.digest


@pytest.mark.parametrize("name", ["parameters", "suggested away", "numbers", "layers", "norm"])
def test_its_command_gives_the_same_bits(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data, settings = QUESTIONS[name]
    run = train(data, **settings)
    words, recipe = same_bits.command(run)
    if recipe:
        Path("recipe.toml").write_text(recipe, encoding="utf-8")
    assert status([*shlex.split(words)[1:], "--no-report"]) == 0
    assert ml.load_run("last").digest == run.digest


def test_no_command_is_given_where_none_says_it():
    assert same_bits.command(train((X, X[:, 0]), hidden=[3], epochs=1)) == (None, None)
    assert same_bits.command(train("moons", epochs=1, splitting=ml.Splitting(0.5, 0.25, 0.25))) == (None, None)


@pytest.fixture(scope="module")
def full():
    run = train("moons", hidden=[6], epochs=8, compare=["knn"])
    return run, page([run], Again(run), "all" if ACCEPT else ["learning-curves", "confusion"])


def test_it_is_well_formed_and_complete_in_itself(full):
    _, text = full
    found = parsed(text)
    assert found.mistakes == []
    tags = {tag for tag, _ in found.elements}
    assert tags.isdisjoint({"script", "link", "iframe", "object", "embed", "base", "form", "a"})
    for _, attrs in found.elements:
        assert not [name for name in attrs if name.startswith("on") or name in ("href", "style", "action")]
        for name in ("src", "srcset"):
            assert attrs.get(name, "data:image/").startswith("data:image/")
    without_pictures = re.sub(r'"data:[^"]*"', "", text)
    assert not re.search(r"https?:|//|url\(|@import", without_pictures)
    for picture in re.findall(r'"data:image/svg\+xml;base64,([^"]*)"', text):
        assert not re.search(rb"https?://(?!www\.w3\.org/)", base64.b64decode(picture))
    assert len(text.encode()) < 2_000_000


def test_its_policy_allows_its_own_style_and_nothing_else(full):
    found = parsed(full[1])
    (policy,) = [
        attrs["content"] for tag, attrs in found.elements if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    digest = base64.b64encode(hashlib.sha256(found.words("style").encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_it_can_be_read_without_seeing_it(full):
    found = parsed(full[1])
    assert ("html", {"lang": "en"}) in found.elements
    assert [tag for tag, _ in found.elements].count("h1") == 1
    assert all(attrs.get("alt") for tag, attrs in found.elements if tag == "img")
    tables = [tag for tag, _ in found.elements if tag in ("table", "caption")]
    assert tables.count("table") == tables.count("caption") > 3
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in found.elements if tag == "th")
    headings = [attrs["id"] for tag, attrs in found.elements if tag == "h2"]
    labels = [attrs["aria-labelledby"] for tag, attrs in found.elements if tag == "section"]
    assert headings == labels == ["result", "pictures", "advice", "data", "method", "again"]


def test_it_holds_what_is_needed_to_check_it(full):
    run, text = full
    for needed in (run.digest, run.question.digest, run.question.data, run.id, "multilayer train moons --hidden 6"):
        assert needed in text
    assert "Nearest neighbors" in text
    assert f"{run.baselines['knn']['test']['accuracy']:.4f}" in text


def test_it_writes_the_same_page_twice_and_replaces_it_as_a_whole(tmp_path):
    run = train("xor", hidden=[3], epochs=2)
    path = run.report(tmp_path / "a.html", pictures="none")
    first = path.read_bytes()
    assert run.report(path, pictures="none").read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.html"]


def test_large_runs_stay_small():
    wide = np.random.default_rng(1).normal(size=(80, 400))
    run = train((wide, np.arange(80) % 20), hidden=[4], epochs=1, engine="reference")
    assert len(page([run], Again(run), "none")) < 40_000


def test_rows_that_cannot_be_had_are_said_so(tmp_path):
    run = train((X, X[:, 0] > 0), hidden=[3], epochs=2)
    found, left = figures(run, Again(run), ["confusion"])
    assert (found, left) == (
        [],
        [
            "Pictures of the rows are left out: This run was trained on arrays, which a run does not keep. Pass the "
            "same rows as data=."
        ],
    )
    found, left = figures(run, Again(run, (X, X[:, 0] > 0)), ["confusion"])
    assert ([figure.name for figure in found], left) == (["confusion"], [])


def test_pictures_follow_the_screen():
    run = train("sin(x)", hidden=[3], epochs=2)
    (figure,), _ = figures(run, Again(run), ["learning-curves"])
    svg = base64.b64decode(figure.source.partition("base64,")[2]).decode()
    assert figure.dark is None
    assert "@media (prefers-color-scheme:dark)" in svg
    assert not re.findall(r"#[0-9a-f]{6}", svg.partition("</style>")[2])
    (boundary,), _ = figures(
        train("moons", hidden=[3], epochs=1), Again(train("moons", hidden=[3], epochs=1)), ["boundary"]
    )
    assert boundary.dark
    assert boundary.dark != boundary.source


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pictures": "confusoin"}, "There is no picture 'confusoin'. Did you mean 'confusion'? Known: "),
        ({"path": "missing/a.html"}, "The report could not be written to missing/a.html: No such file or directory."),
        (
            {"others": "other"},
            "Runs in one report must be of one question under different seeds; these differ in more.",
        ),
    ],
)
def test_what_cannot_be_written_is_a_sentence(change, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, other = (train("xor", hidden=[units], epochs=1) for units in (3, 4))
    change = {**change, "others": [other] if "others" in change else []}
    with pytest.raises(UsageError) as error:
        run.report(change.pop("path", "a.html"), **{"pictures": "none", **change})
    assert str(error.value).startswith(sentence)


def test_seeds_stand_beside_each_other():
    runs = train_seeds("moons", seeds=[3, 1, 2], hidden=[3], epochs=2)
    found = parsed(page(runs, Again(runs[0]), "none"))
    assert "The same question under 3 seeds: accuracy." in found.words("caption")
    for run in runs:
        assert run.id in found.words("td")
    text = page(runs, Again(runs[0]), "none")
    places = [text.index(f'<th scope="row">{seed}</th>') for seed in (1, 2, 3)]
    assert places == sorted(places)
    best = max(runs, key=lambda run: run.scores["val"]["accuracy"])
    first = page([best, *(run for run in runs if run is not best)], Again(best), "none")
    assert f"of seed {best.question.seed}, the best on the validation rows. Indented" in first
    spoiled = replace(runs[0], scores={**runs[0].scores, "val": {**runs[0].scores["val"], "accuracy": 0.0}})
    assert "Scores on each part of the rows, of seed 3, named first. Indented" in page(
        [spoiled, *runs[1:]], Again(spoiled), "none"
    )
    with pytest.raises(UsageError):
        page([runs[0], runs[0]], Again(runs[0]), "none")


def test_advice_stands_in_it():
    run = train("moons", hidden=[20], lr=1e-5, epochs=20)
    found = parsed(page([run], Again(run), "none"))
    assert run.advice[0].says in found.words("li")
    assert "--lr 0.01" in found.words("code")
    calm = replace(run, observed={}, history=replace(run.history, values=run.history.values[:0]))
    assert "Neither the curves nor the network show anything wrong." in parsed(page([calm], Again(calm), "none")).words(
        "p"
    )


def test_a_lead_is_told_from_a_lag(full):
    run, _ = full

    def said(low, high):
        compared = {**run.compared, "linear": {**run.compared["linear"], "low": low, "high": high}}
        return page([replace(run, compared=compared)], Again(run), "none")

    assert "ahead by 0.0400 to 0.1600" in said(0.04, 0.16)
    assert "behind by 0.0400 to 0.1600" in said(-0.16, -0.04)
    assert "no clear difference, -0.1000 to 0.0500" in said(-0.1, 0.05)


def test_scores_of_one_class_name_it():
    X = np.random.default_rng(0).normal(size=(80, 2))
    run = train((X, np.where(X[:, 0] > 0, "yes", "<no>")), hidden=[3], epochs=2)
    found = parsed(page([run], Again(run), "none"))
    assert "f1 of 'yes'" in found.words("th")
    assert "<no>, yes; f1 is of yes, the second" in page([run], Again(run), "none").replace("&lt;", "<").replace(
        "&gt;", ">"
    )


def test_advice_for_several_seeds_names_them_in_order():
    runs = train_seeds("moons", seeds=[3, 1, 2], hidden=[20], lr=1e-5, epochs=20)
    words = page(runs, Again(runs[0]), "none")
    assert "(seeds 1, 2, 3) Try" in words


def test_the_command_writes_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert status(["train", "moons(samples=60)", "--hidden", "3", "--epochs", "2", "--report"]) == 0
    (place,) = Path("runs").iterdir()
    assert capsys.readouterr().out.endswith(f"Stored in {place}\nReport in {place / 'report.html'}\n")
    assert parsed((place / "report.html").read_text(encoding="utf-8")).mistakes == []
    assert status(["report", "last", "-o", "own.html", "--pictures", "none"]) == 0
    assert capsys.readouterr().out == "own.html\n"
    assert status(["report", str(place / "model.mlp"), "--pictures", "none"]) == 0
    assert capsys.readouterr().out == f"{place / 'model.html'}\n"
    assert status(["report", "nobody"]) == 2
    stored = save_run(train("moons(samples=60)", hidden=[3], epochs=2, seed=5), "runs").name.split("-")[-1]
    assert status(["report", place.name.split("-")[-1], stored, "-o", "seeds.html", "--pictures", "none"]) == 0
    assert "Over 2 seeds, the network names" in Path("seeds.html").read_text(encoding="utf-8")
