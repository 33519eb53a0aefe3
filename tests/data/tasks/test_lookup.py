"""From a text to a task and back, and the sentences for what is none."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys

import pytest

from multilayer.data import tasks
from multilayer.data.tasks import Generated, Task
from multilayer.data.tasks.clouds import Gaussians, Moons
from multilayer.data.tasks.function import Function, Polynomial
from multilayer.errors import DataError
from tests.scale import cases


@pytest.mark.parametrize("name", tasks.names())
def test_every_name_is_a_task(name):
    task = tasks.get(name)
    assert task.name == name == str(task)
    assert task.about.endswith(".")
    assert task.source.endswith(".")
    assert set(task.recipe()) <= {"hidden", "activation", "lr", "epochs", "batch_size"}


def test_a_task_is_itself():
    moons = Moons()
    assert tasks.get(moons) is moons


def test_parameters_are_read():
    assert tasks.get("moons(noise=0.3, samples=100, data_seed=7)") == Moons(0.3, 100, 7)
    assert tasks.get("gaussians(equal=true, classes=3)") == Gaussians(classes=3, equal=True)
    assert tasks.get("polynomial(coefficients=[1, -2])") == Polynomial((1.0, -2.0))
    assert tasks.get('function(expression="x^2", low=0)') == Function("x^2", low=0.0)


def test_hyphens_spaces_and_capitals_do_not_matter():
    assert tasks.get(" Breast-Cancer ") == tasks.get("breast_cancer")
    assert tasks.get("two-spirals") == tasks.get("two_spirals")
    assert tasks.get("MOONS ( noise = .1 )") == Moons(0.1)


def test_a_bare_expression_is_a_function():
    assert tasks.get("sin(x)") == Function("sin(x)")
    assert tasks.get("x") == Function("x")
    assert tasks.get("x^3 - 2*x on [-2, 2]") == Function("x^3 - 2*x", low=-2.0, high=2.0)
    assert tasks.get("x1*x2 on [0,1]").inputs() == ("x1", "x2")


TEXTS = [
    *("moons(noise=0.25)", "gaussians(classes=5, equal=True)", "polynomial(coefficients=(1.0, 2.5))", "xor(noise=0.1)"),
    *("function(expression='x^2', low=-1.5, data_seed=3)", "encoder(bits=4)", "iris"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_text_of_a_task_gives_the_task(text):
    assert str(tasks.get(text)) == text


KNOWN = (
    "Known: and, breast_cancer, checkerboard, circles, diabetes, digits, encoder, function, gaussians, iris, "
    "lennard_jones, moons, morse, or, parity, polynomial, spiral, two_spirals, wine, xor."
)
REFUSED = {
    "": f"There is no task ''. {KNOWN}",
    "moon": f"There is no task 'moon'. Did you mean 'moons'? {KNOWN}",
    "moon(noise=0.2)": f"There is no task 'moon'. Did you mean 'moons'? {KNOWN}",
    "cifar": f"There is no task 'cifar'. {KNOWN}",
    "((": f"There is no task '(('. {KNOWN}",
    "moons(nois=0.2)": "moons has no parameter 'nois'. Did you mean 'noise'? It has: noise, samples, data_seed.",
    "moons(seed=2)": "moons has no parameter 'seed'. Did you mean 'data_seed'? It has: noise, samples, data_seed.",
    "digits(noise=0.2)": "digits has no parameters, got 'noise'.",
    "moons(noise=-1)": "noise of moons must be a number of at least 0, got -1.",
    "moons(noise=high)": "noise of moons must be a number of at least 0, got 'high'.",
    "moons(samples=0)": "samples of moons must be a whole number from 1 to 10000000, got 0.",
    "moons(samples=2.5)": "samples of moons must be a whole number from 1 to 10000000, got 2.5.",
    f"moons(samples={'9' * 400})": "samples of moons must be a whole number from 1 to 10000000, got "
    + "9" * 57
    + "....",
    "moons(data_seed=-1)": "data_seed of moons must be a whole number from 0 to 4294967294, got -1.",
    "circles(factor=1)": "factor of circles must be a number in [0, 1), got 1.",
    "gaussians(classes=1)": "classes of gaussians must be a whole number from 2 to 20, got 1.",
    "gaussians(equal=1)": "equal of gaussians must be true or false, got 1.",
    "parity(bits=40)": "bits of parity must be a whole number from 1 to 16, got 40.",
    "polynomial(coefficients=3)": "coefficients of polynomial must be a list of 1 to 20 numbers between -1e9 and 1e9, "
    "the constant first, such as [0, -2, 0, 1], got 3.",
    "polynomial(coefficients=[1, 'a'])": "coefficients of polynomial must be a list of 1 to 20 numbers between -1e9 "
    "and 1e9, the constant first, such as [0, -2, 0, 1], got [1, 'a'].",
    "function(expression=3)": "expression of function must be an expression in quotes such as 'x^3 - 2*x', got 3.",
    "function(low=2, high=1)": "low of function must be below high, got low=2 and high=1.",
    "function(low=-1e10)": "low of function must be a number in [-1e+09, 1e+09], got -10000000000.0.",
    "moons(0.2)": "'moons(0.2)' must read like name(option=value, option=value).",
    "moons(noise=0.2": "'moons(noise=0.2' must read like name(option=value, option=value).",
    "moons(noise=0.2)(samples=3)": "'moons(noise=0.2)(samples=3)' must read like name(option=value, option=value).",
    "moons(noise=open('f'))": "'moons(noise=open('f'))' must read like name(option=value, option=value).",
    "sine(x)": "The expression 'sine(x)' cannot be read at position 1: there is no function 'sine'. "
    "Did you mean 'sin'? Known: abs, cos, cosh, exp, log, sin, sinh, sqrt, tan, tanh.",
    "2x": "The expression '2x' cannot be read at position 2: expected an operator, found 'x'.",
    "log(x)": "log(x) has no value at x = -3: log needs a number above 0. Choose another range or another expression.",
    "x on [a, 1]": "The ends of a range are numbers, such as 'sin(x) on [-3, 3]', got 'a'.",
    "x on [2, 1]": "low of function must be below high, got low=2 and high=1.",
    "x on [nan, 1]": "low of function must be a number in [-1e+09, 1e+09], got nan.",
    "x" * 1001: "The text of a task has at most 1000 characters, this one has 1001.",
}


@pytest.mark.parametrize("text", REFUSED)
def test_sentences(text):
    with pytest.raises(DataError) as refused:
        tasks.get(text)
    assert str(refused.value) == REFUSED[text]


def test_a_task_is_a_name():
    with pytest.raises(DataError, match=r"^A task is a name such as 'moons', got 5\.$"):
        tasks.get(5)  # type: ignore[arg-type]


def test_any_text_is_a_task_or_refused():
    draw = random.Random(3)
    pieces = ["moons", "xor", "noise", "0.1", "on", *"x()=,[]'-1{:é\\\0\n ", '"']
    for _ in range(cases(normal=2000, accept=100_000)):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 10)))
        with contextlib.suppress(DataError):
            assert isinstance(tasks.get(text), Task)


def test_describe_can_be_written_as_json():
    rows = json.loads(json.dumps(tasks.describe()))
    assert [row["name"] for row in rows] == tasks.names()
    moons = rows[0]
    assert moons["parameters"]["noise"] == {"default": 0.2, "expects": "a number of at least 0"}
    assert round(moons["ceiling"], 4) == 0.9710
    assert {row["kind"] for row in rows} == {"classes", "regression"}


def test_the_list_does_not_import_scikit_learn():
    code = "import sys; from multilayer.data import tasks; tasks.describe(); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))})


def test_the_interface_cannot_be_made():
    for interface in (Task, Generated):
        with pytest.raises(TypeError, match="abstract"):
            interface()  # type: ignore[abstract]
