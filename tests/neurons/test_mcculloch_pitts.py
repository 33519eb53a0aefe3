"""McCulloch-Pitts units and nets."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from multilayer import neurons
from multilayer.errors import RecipeError, RefusedError, UsageError
from multilayer.neurons import Net, Unit


@pytest.mark.parametrize(
    ("unit", "fires_for"),
    [
        (Unit(2, ("a", "b")), {(1, 1)}),
        (Unit(1, ("a", "b")), {(0, 1), (1, 0), (1, 1)}),
        (Unit(1, ("a",), ("b",)), {(1, 0)}),
        (Unit(0, (), ("a", "b")), {(0, 0)}),
        (Unit(3, ("a", "a", "b")), {(1, 1)}),
        (Unit(2, ("a", "a", "b")), {(1, 0), (1, 1)}),
        (Unit(0, ("a", "b")), {(0, 0), (0, 1), (1, 0), (1, 1)}),
    ],
)
def test_a_unit_fires_for_what_its_threshold_says(unit: Unit, fires_for: set[tuple[int, int]]) -> None:
    fired = set()
    for a, b in product((0, 1), repeat=2):
        values = {name: value for name, value in (("a", a), ("b", b)) if name in unit.inputs}
        if unit(**values):
            fired.add((a, b))
    assert fired == fires_for


def test_absolute_inhibition_is_a_veto_and_relative_inhibition_subtracts() -> None:
    absolute = Unit(1, ("a", "b"), ("c",))
    relative = Unit(1, ("a", "b"), ("c",), inhibition="relative")
    assert absolute(a=1, b=1, c=1) == 0
    assert relative(a=1, b=1, c=1) == 1
    assert relative(a=1, b=0, c=1) == 0


def test_no_single_unit_of_small_weights_computes_xor() -> None:
    xor = [0, 1, 1, 0]
    for threshold, a, b in product(range(-6, 8), range(-3, 4), range(-3, 4)):
        signs = {"a": a, "b": b}
        excitatory = tuple(name for name, weight in signs.items() for _ in range(weight))
        inhibitory = tuple(name for name, weight in signs.items() for _ in range(-weight))
        for inhibition in ("absolute", "relative"):
            unit = Unit(threshold, excitatory, inhibitory, inhibition=inhibition)
            net = Net(("a", "b"), [{"y": unit}])
            assert [row[-1] for row in net.table()] != xor


def test_arrays_and_scalars_agree() -> None:
    net = neurons.compile("a xor b xor c")
    rows = net.table()
    columns = {name: np.array([row[place] for row in rows]) for place, name in enumerate("abc")}
    assert net(**columns).tolist() == [row[-1] for row in rows]
    assert [net(a=a, b=b, c=c) for a, b, c, _ in rows] == [row[-1] for row in rows]
    assert net(a=np.array([[0], [1]]), b=np.array([0, 1]), c=0).tolist() == [[0, 1], [1, 0]]
    assert isinstance(net(a=True, b=0.0, c=np.int8(0)), int)


def test_a_net_with_several_outputs_gives_them_by_name() -> None:
    half_adder = Net(
        ("a", "b"),
        [{"carry": Unit(2, ("a", "b"))}, {"total": Unit(1, ("a", "b"), ("carry",))}],
        outputs=("total", "carry"),
    )
    assert half_adder(a=1, b=1) == {"total": 0, "carry": 1}
    assert half_adder.columns == ("a", "b", "total", "carry")
    assert half_adder.table() == [(0, 0, 0, 0), (0, 1, 1, 0), (1, 0, 1, 0), (1, 1, 0, 1)]
    assert sorted(half_adder.units) == ["carry", "total"]
    assert half_adder.signals(a=1, b=0)["total"] == 1


def test_the_text_of_units() -> None:
    assert str(Unit(2, ("a", "b"), ("c", "d"))) == "a + b >= 2 unless c or d"
    assert str(Unit(0, (), ("c",))) == "always unless c"
    assert str(Unit(1)) == "0 >= 1"
    assert str(Unit(1, ("a",), ("c", "c"), inhibition="relative")) == "a - c - c >= 1"


def _said(call: object, error: type[Exception] = UsageError) -> str:
    assert callable(call)
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def test_error_sentences_of_units() -> None:
    both = Unit(2, ("alpha", "beta"))
    assert _said(lambda: both(alpha=1)) == "The unit needs the input 'beta', which is missing. Give 0 or 1 for it."
    assert _said(lambda: both(alpha=1, betta=1)) == (
        "The unit has no input 'betta'. Did you mean 'beta'? Known: alpha, beta."
    )
    assert _said(lambda: both(alpha=2, beta=0)) == (
        "Input 'alpha' must be 0 or 1, got 2. Neurons of 1943 fire or do not."
    )
    assert _said(lambda: Unit(1, "ab")) == (  # type: ignore[arg-type]
        "excitatory of Unit must be a tuple of names, got 'ab'. Try ('a',) for one."
    )
    assert _said(lambda: Unit(1.5, ("a",)), RecipeError) == (  # type: ignore[arg-type]
        "threshold of Unit must be a whole number, got 1.5."
    )
    assert _said(lambda: Unit(1, ("a",), inhibition="absolut"), RecipeError) == (
        "inhibition of Unit must be one of 'absolute', 'relative', got 'absolut'. Did you mean 'absolute'?"
    )


def test_error_sentences_of_nets() -> None:
    assert _said(lambda: Net(("alpha",), [{"y": Unit(1, ("alpa",))}])) == (
        "Unit 'y' listens to 'alpa', which is not there. Did you mean 'alpha'? Known: alpha."
    )
    assert _said(lambda: Net(("a",), [{"y": Unit(1, ("z",)), "z": Unit(1, ("a",))}])) == (
        "Unit 'y' listens to 'z', which is not there. Known: a."
    )
    assert _said(lambda: Net(("a",), [{"a": Unit(1, ("a",))}])) == (
        "The name 'a' stands twice in the net. Give every unit a name of its own."
    )
    assert _said(lambda: Net(("a",), [{"y": Unit(1, ("a",))}], outputs=("x",))) == (
        "The net's output is 'x', which is not there. Known: a, y."
    )
    wide = Net(tuple(f"x{k}" for k in range(17)), [{"y": Unit(1, ("x0",))}])
    assert _said(wide.table, RefusedError) == (
        "A truth table must be a net of at most 16 inputs, got 17. Ask for single rows instead."
    )
