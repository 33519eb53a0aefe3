"""Logical expressions compiled to nets."""

from __future__ import annotations

import builtins
import random

import pytest

from multilayer import neurons
from multilayer.errors import UsageError
from multilayer.neurons.expression import Constant, Many, Name, Not, parse
from tests.scale import cases

PYTHON = {"and": "({} and {})", "or": "({} or {})", "xor": "({} != {})", "->": "((not {}) or {})"}


def _random(draw: random.Random, depth: int, strength: int = 0) -> tuple[str, str]:
    """One expression twice: in our grammar with brackets only where needed, and in fully bracketed Python."""
    kind = draw.choice(["name", "not", "and", "and", "or", "or", "xor", "->", "constant"]) if depth else "name"
    if kind == "name":
        name = draw.choice("abcde")
        return name, name
    if kind == "constant":
        value = draw.choice(["true", "false"])
        return value, value.capitalize()
    if kind == "not":
        ours, python = _random(draw, depth - 1, 5)
        return f"not {ours}", f"(not {python})"
    own = {"->": 1, "or": 2, "xor": 3, "and": 4}[kind]
    left, left_python = _random(draw, depth - 1, own + (kind == "->"))
    right, right_python = _random(draw, depth - 1, own)
    ours = f"{left} {kind} {right}"
    brackets = own < strength or draw.random() < 0.1
    return f"({ours})" if brackets else ours, PYTHON[kind].format(left_python, right_python)


@pytest.mark.parametrize("seed", range(4))
def test_the_truth_table_equals_pythons_own_evaluation(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(cases(normal=200, accept=2500)):
        ours, python = _random(draw, draw.randint(0, 5))
        net = neurons.compile(ours)
        code = builtins.compile(python, "expression", "eval")
        for row in net.table():
            expected = eval(code, {"__builtins__": {}}, dict(zip(net.inputs, map(bool, row[:-1]), strict=True)))
            assert row[-1] == int(expected), (ours, row, net)


@pytest.mark.parametrize(
    ("expression", "units"),
    [
        ("a and b and c", 1),
        ("(a and b) and (c and d)", 1),
        ("a or b or c or d", 1),
        ("a and not b and not c", 1),
        ("not a and not b", 1),
        ("a and not (b or c)", 2),
        ("not (a and b)", 2),
        ("not a or b", 2),
        ("not (not a or b)", 1),
        ("not not a", 1),
        ("a xor b", 2),
        ("not a xor not b", 2),
        ("a xor b xor c", 4),
        ("a -> b -> c", 2),
        ("(a and b) xor c or (a and b) and d", 5),
        ("a and true or false", 1),
        ("a and false", 1),
        ("true", 1),
    ],
)
def test_nets_are_small(expression: str, units: int) -> None:
    assert len(neurons.compile(expression).units) == units


def test_the_net_says_what_it_is() -> None:
    assert repr(neurons.compile("a -> b and c")) == (
        "Net(a, b, c -> a -> b and c)\n"
        "  layer 1  b and c: b + c >= 2\n"
        "  layer 2  a and not (b and c): a >= 1 unless b and c\n"
        "  layer 3  a -> b and c: always unless a and not (b and c)"
    )
    assert neurons.compile("a").outputs == ("(a)",)
    assert neurons.compile("  b   or a ").columns == ("b", "a", "b or a")


def test_constants_fold_away_and_their_inputs_stay() -> None:
    assert neurons.compile("a and false").table() == [(0, 0), (1, 0)]
    assert neurons.compile("false -> a").table() == [(0, 1), (1, 1)]
    assert neurons.compile("true xor true xor true").table() == [(1,)]
    assert neurons.compile("a xor true").table() == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("weak", "strong"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a or b xor c", "a or (b xor c)"),
        ("a xor b and c", "a xor (b and c)"),
        ("not a and b", "(not a) and b"),
        ("a -> b or c", "a -> (b or c)"),
        ("a -> b -> c", "a -> (b -> c)"),
    ],
)
def test_what_binds_tighter(weak: str, strong: str) -> None:
    tables = [neurons.compile(text).table() for text in (weak, strong)]
    assert tables[0] == tables[1]


def test_the_tree() -> None:
    a, b = Name("a"), Name("b")
    assert parse("a -> b") == Many("or", (Not(a), b))
    assert parse("not not not (a xor false)") == Not(Many("xor", (a, Constant(False))))


def test_any_name_may_be_a_variable() -> None:
    net = neurons.compile("self and class_ and öl")
    assert net(**{"self": 1, "class_": 1, "öl": 1}) == 1


def test_long_expressions_compile() -> None:
    letters = "abcdefgh"
    for word, expected in (("and", 255), ("or", 1), ("xor", 1)):
        table = neurons.compile(f" {word} ".join(letters * 30 if word != "xor" else letters)).table()
        ones = [place for place, row in enumerate(table) if row[-1]]
        assert ones[0] == expected
    assert parse("(" * 50 + "a" + ")" * 50) == Name("a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a and )", "Expected a name after 'and' at character 7 of 'a and )', got ')'."),
        ("a and", "Expected a name after 'and' at character 6 of 'a and', got the end."),
        ("a and and b", "Expected a name after 'and' at character 7 of 'a and and b', got 'and'."),
        ("", "Expected a name at the start at character 1 of '', got the end."),
        ("or a", "Expected a name at the start at character 1 of 'or a', got 'or'."),
        ("a b", "Expected 'and', 'or', 'xor', '->' or the end after 'a' at character 3 of 'a b', got 'b'."),
        (
            "a AND b",
            "Expected 'and', 'or', 'xor', '->' or the end after 'a' at character 3 of 'a AND b', got 'AND'. "
            "Did you mean 'and'?",
        ),
        ("a & b", "Expected 'and', 'or', 'xor', '->' or the end after 'a' at character 3 of 'a & b', got '&'."),
        ("(a or b", "Expected ')' after 'b' at character 8 of '(a or b', got the end."),
        ("a or b)", "Expected 'and', 'or', 'xor', '->' or the end after 'b' at character 7 of 'a or b)', got ')'."),
        ("a or 1", "Expected a name after 'or' at character 6 of 'a or 1', got '1'."),
        ("a - b", "Expected 'and', 'or', 'xor', '->' or the end after 'a' at character 3 of 'a - b', got '-'."),
        ("(" * 51 + "a", "Parentheses may stand in each other 50 deep. Write the expression in parts."),
        (7, "An expression must be text such as 'a and not b', got 7."),
    ],
)
def test_error_sentences(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        neurons.compile(text)
    assert str(caught.value) == said


def test_any_text_compiles_or_is_refused_with_a_sentence() -> None:
    draw = random.Random(5)
    refused = []
    words = ["a", "b", "and", "or", "not", "xor", "->", "(", ")", "true", " ", "é", "²", "1", "-", "\n", "__import__"]
    for _ in range(cases(normal=1500, accept=50_000)):
        text = " ".join(draw.choices(words, k=draw.randint(0, 8)))
        try:
            net = neurons.compile(text)
        except UsageError as error:
            refused.append(str(error))
        else:
            assert len(net.table()) == 2 ** len(net.inputs)
    assert {said.split()[0] for said in refused} == {"Expected"}
