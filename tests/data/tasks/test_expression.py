"""Expressions of x: read as Python reads them, evaluated to the last digits, refused with the position."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from multilayer import exact
from multilayer.data.tasks.expression import FUNCTIONS, Number, Operation, Tree, Variable, evaluate, parse, variables
from multilayer.errors import DataError
from tests.scale import cases

X = np.linspace(0.1, 3.0, 41)


def _random(draw: random.Random, depth: int) -> str:
    """An expression that has a value wherever no number becomes too large."""
    kind = draw.choice(["number", "x", "+", "-", "*", "/", "^", "neg", "call", "call", "bracket"])
    if depth == 0 or kind in ("number", "x"):
        return draw.choice(["x", "x", str(draw.randint(1, 9)), f"{draw.uniform(0.1, 9):.3f}", "pi", "e", "1e-1", ".5"])
    inner = _random(draw, depth - 1)
    if kind in ("+", "-", "*", "/"):
        space = draw.choice(["", " "])
        return f"{inner}{space}{kind}{space}{_random(draw, depth - 1)}"
    if kind == "^":
        return f"{inner}^{draw.choice(['2', '3', '-1', '2^2', '-2', '(1/2)', '0'])}"
    if kind == "neg":
        return f"-{inner}"
    return f"{draw.choice(sorted(FUNCTIONS))}({inner})" if kind == "call" else f"({inner})"


def _python(text: str, x: float, nudge: float = 0.0) -> float | None:
    """What Python makes of the expression at x, or None where it has no real value.

    `nudge` is a relative change of x and of every function's argument.
    """
    functions = {name: _nudged(getattr(math, name), nudge) for name in FUNCTIONS if name != "abs"}
    names = {**functions, "abs": abs, "pi": math.pi, "e": math.e, "x": x * (1 + nudge)}
    floats = re.sub(r"(?<![\w.-])(\d+)(?![\w.])", r"\1.0", text)  # integers of Python grow without end
    try:
        value = eval(floats.replace("^", "**"), {"__builtins__": {}}, names)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        return None
    return value if not isinstance(value, complex) and math.isfinite(value) else None


def _nudged(function: Callable[[float], float], nudge: float) -> Callable[[float], float]:
    return lambda a: function(a * (1 + nudge))


def test_random_expressions_agree_with_python():
    draw, compared = random.Random(1), 0
    while compared < cases(normal=600, accept=20_000):
        text, x = _random(draw, 4), draw.uniform(0.1, 3.0)
        expected, beside = _python(text, x), _python(text, x, 1e-14)
        if expected is None or len(text) > 200:
            continue
        try:
            value = float(evaluate(parse(text), {"x": np.array([x])})[0])
        except DataError:
            assert abs(expected) > 1e300 or _leaves_the_numbers(text, x), text
            continue
        if beside is None or abs(beside - expected) > 1e-12 * max(abs(expected), 1e-3):
            continue  # the expression itself multiplies the smallest errors
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-13), (text, x)
        compared += 1


def _leaves_the_numbers(text: str, x: float) -> bool:
    """Python's floats hide some infinities, in 1/exp(800) say; find them by asking every part."""
    return any(_part_is_infinite(node, x) for node in _nodes(parse(text)))


def _nodes(tree: Tree) -> list[Operation]:
    if not isinstance(tree, Operation):
        return []
    return [tree, *(node for part in tree.parts for node in _nodes(part))]


def _part_is_infinite(node: Operation, x: float) -> bool:
    return _python(node.text, x) is None


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("-x^2", 3.0, -9.0),
        ("2^3^2", 0.0, 512.0),
        ("2*x^2", 3.0, 18.0),
        ("2^-1", 0.0, 0.5),
        ("-2^2", 0.0, -4.0),
        ("(-x)^2", 3.0, 9.0),
        ("1 - 2 - 3", 0.0, -4.0),
        ("8/4/2", 0.0, 1.0),
        ("2*-x", 3.0, -6.0),
        ("--x", 3.0, 3.0),
        ("x**2", 3.0, 9.0),
        ("x^3 - 2*x", 2.0, 4.0),
        ("(-8)^3", 0.0, -512.0),
        ("0^0", 0.0, 1.0),
        ("4^.5", 0.0, 2.0),
        ("abs(-x)", 3.0, 3.0),
        (" 1.5e1 * x ", 2.0, 30.0),
    ],
)
def test_precedence(text, at, expected):
    assert evaluate(parse(text), {"x": np.array([at])}).tolist() == [expected]


def test_the_tree():
    assert parse("2*x + 1") == Operation(
        "+", (Operation("*", (Number(2.0), Variable("x")), "2*x"), Number(1.0)), "2*x + 1"
    )


@pytest.mark.parametrize("name", ["sin", "cos", "sinh", "cosh", "tanh", "exp", "log"])
def test_functions_are_the_exact_ones(name):
    assert np.array_equal(evaluate(parse(f"{name}(x)"), {"x": X}), getattr(exact, name)(X))


def test_tan_is_sin_over_cos():
    assert np.array_equal(evaluate(parse("tan(x)"), {"x": X}), exact.sin(X) / exact.cos(X))


def test_a_constant_fills_its_array():
    assert evaluate(parse("pi"), {"x": X}).tolist() == [math.pi] * len(X)


def test_the_result_is_a_new_array():
    assert not np.shares_memory(evaluate(parse("x"), {"x": X}), X)


def test_several_inputs():
    tree = parse("x1*x3 - 1")
    assert variables(tree) == ("x1", "x2", "x3")
    one, two = np.array([2.0, 3.0]), np.array([5.0, 7.0])
    assert evaluate(tree, {"x1": one, "x2": one, "x3": two}).tolist() == [9.0, 20.0]


NOT_READ = {
    "": "The expression '' cannot be read at position 1: expected a number, x, a function or '(', found the end.",
    "x.real": "The expression 'x.real' cannot be read at position 2: '.' has no meaning here.",
    "x[0]": "The expression 'x[0]' cannot be read at position 2: '[' has no meaning here.",
    "sin(x": "The expression 'sin(x' cannot be read at position 6: expected ')', found the end.",
    "(x))": "The expression '(x))' cannot be read at position 4: expected an operator, found ')'.",
    "2x": "The expression '2x' cannot be read at position 2: expected an operator, found 'x'.",
    "x  $ 2": "The expression 'x  $ 2' cannot be read at position 4: '$' has no meaning here.",
    "x^": "The expression 'x^' cannot be read at position 3: expected a number, x, a function or '(', found the end.",
    "x * / 2": "The expression 'x * / 2' cannot be read at position 5: "
    "expected a number, x, a function or '(', found '/'.",
    "sin x": "The expression 'sin x' cannot be read at position 5: expected '(' after sin, found 'x'.",
    "sinus(x)": "The expression 'sinus(x)' cannot be read at position 1: there is no function 'sinus'. "
    "Did you mean 'sin'? Known: abs, cos, cosh, exp, log, sin, sinh, sqrt, tan, tanh.",
    "x + y": "The expression 'x + y' cannot be read at position 5: there is no name 'y'. Known: e, pi, x, x1 ... x9.",
    "x(2)": "The expression 'x(2)' cannot be read at position 1: there is no function 'x'. "
    "Known: abs, cos, cosh, exp, log, sin, sinh, sqrt, tan, tanh.",
    "1e999*x": "The expression '1e999*x' cannot be read at position 1: the number is too large.",
    "__import__('os')": "The expression \"__import__('os')\" cannot be read at position 1: '_' has no meaning here.",
    "lambda: x": "The expression 'lambda: x' cannot be read at position 7: ':' has no meaning here.",
    "x\u00b2": "The expression 'x\u00b2' cannot be read at position 2: '\u00b2' has no meaning here.",
    "(" * 30: f"The expression '{'(' * 30}' cannot be read at position 21: "
    "brackets, signs and powers are nested more than 20 deep.",
    "-" * 30 + "x": f"The expression '{'-' * 30}x' cannot be read at position 21: "
    "brackets, signs and powers are nested more than 20 deep.",
    "x" * 201: f"An expression has at most 200 characters, this one has 201: '{'x' * 56}....",
}


@pytest.mark.parametrize("text", NOT_READ)
def test_what_cannot_be_read_is_refused_with_its_position(text):
    with pytest.raises(DataError) as refused:
        parse(text)
    assert str(refused.value) == NOT_READ[text]


AGAIN = "Choose another range or another expression."
NO_VALUE = {
    "log(x)": f"log(x) has no value at x = -2: log needs a number above 0. {AGAIN}",
    "1 + sqrt(x - 1)": f"sqrt(x - 1) has no value at x = -2: sqrt needs a number of at least 0. {AGAIN}",
    "1/x": f"1/x has no value at x = 0: it divides by zero. {AGAIN}",
    "x^-2": f"x^-2 has no value at x = 0: a negative number has whole powers only, and zero none below 0. {AGAIN}",
    "x^.5": f"x^.5 has no value at x = -2: a negative number has whole powers only, and zero none below 0. {AGAIN}",
    "exp(500*x)": f"exp(500*x) has no value at x = 2: it leaves the finite numbers. {AGAIN}",
    "x + 9^9^9": f"9^9^9 has no value at x = -2: it leaves the finite numbers. {AGAIN}",
    "x*1e200*1e200": f"x*1e200*1e200 has no value at x = -2: it leaves the finite numbers. {AGAIN}",
}


@pytest.mark.parametrize("text", NO_VALUE)
def test_where_there_is_no_value_the_place_is_named(text):
    with pytest.raises(DataError) as refused:
        evaluate(parse(text), {"x": np.array([-2.0, -1.0, 0.0, 1.0, 2.0])})
    assert str(refused.value) == NO_VALUE[text]


def test_the_place_of_several_inputs_is_named():
    with pytest.raises(DataError, match=r"^1/\(x1-x2\) has no value at x1 = 1, x2 = 1: it divides by zero\."):
        evaluate(parse("1/(x1-x2)"), {"x1": np.array([0.0, 1.0]), "x2": np.array([1.0, 1.0])})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x + x1", "An expression is of x or of x1, x2, ..., not of both."),
        ("2*pi", "An expression must contain x (or x1, x2, ...)."),
    ],
)
def test_inputs_that_do_not_fit(text, sentence):
    with pytest.raises(DataError) as refused:
        variables(parse(text))
    assert str(refused.value) == sentence


def test_any_text_is_an_expression_or_refused():
    draw = random.Random(2)
    pieces = ["2.5", "sin", "exp", "pi", "**", "x2", *"x1+-*/^().,eé "]
    for _ in range(cases(normal=3000, accept=100_000)):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 12)))
        try:
            tree = parse(text)
        except DataError:
            continue
        assert not isinstance(tree, Operation) or replace(tree) == parse(tree.text)
