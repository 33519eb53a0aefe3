"""From words to values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilayer.cli import words
from multilayer.cli.mistakes import in_options, no_option
from multilayer.errors import UsageError
from multilayer.recipe.recipe import _SPOKEN


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans()))
def test_a_number_is_read_back(number):
    found = words.value(str(number))
    assert found == number
    assert type(found) is type(number)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_with_commas(numbers):
    assert words.numbers(",".join(map(str, numbers)), "--weights") == numbers


@given(st.lists(st.integers(1, 10_000), min_size=1))
def test_widths(widths):
    assert words.widths(" , ".join(map(str, widths))) == widths


@pytest.mark.parametrize("word", ["none", "None", " NONE "])
def test_no_hidden_layer(word):
    assert words.widths(word) == []


def test_commas_inside_brackets_belong_to_the_name():
    assert words.names("relu,elu(alpha=0.5), tanh") == ["relu", "elu(alpha=0.5)", "tanh"]
    assert words.names("uniform(low=0, high=1)") == "uniform(low=0, high=1)"


def test_weights_stand_input_by_input():
    assert words.weights("1,2,3,4,5,6", "0,-1") == {"0.W": [[1, 2], [3, 4], [5, 6]], "0.b": [0, -1]}
    assert words.weights("1,2", None) == {"0.W": [[1], [2]]}
    assert words.weights(None, None) is None


def test_a_file_of_weights(tmp_path):
    path = tmp_path / "weights.json"
    path.write_text('{"0.W": [[1, 2]], "2.b": [0]}')
    assert words.weights(str(path), None) == {"0.W": [[1, 2]], "2.b": [0]}
    with pytest.raises(UsageError, match=r"^--bias cannot stand beside a file of weights"):
        words.weights(str(path), "1")


def test_what_is_left_out_stays_out():
    options = dict.fromkeys(("data", "hidden", "lr", "weights", "bias", "seed", "runs"))
    assert words.asked({**options, "data": "xor", "runs": "runs"}) == {}
    assert words.asked({**options, "hidden": "4,4", "lr": "0.1", "seed": "3"}) == {
        "hidden": [4, 4],
        "lr": 0.1,
        "seeds": (3,),
    }


def test_advice_names_options():
    known = ["--lr", "--l2", "--batch-size", "--dropout", "--optimizer"]
    assert in_options("Write batch_size.", known) == "Write --batch-size."
    assert in_options("Write hidden.", known) == "Write hidden."
    assert in_options("lr is lr. Write lr, or l2.", known) == "lr is lr. Write --lr, or --l2."
    told = in_options("For all write dropout; p_drop is an option of a dropout layer.", known)
    assert told == "For all write --dropout; p_drop is an option of a dropout layer."


@pytest.mark.parametrize("word", _SPOKEN)
def test_every_word_of_other_systems_is_explained(word):
    told = no_option(f"--{word.replace('_', '-')}", ["--lr"])
    assert told.startswith(f"There is no option --{word.replace('_', '-')}: ")
    assert told.endswith(".")
