"""The all-or-none neuron of McCulloch and Pitts, and nets of them.

W. S. McCulloch and W. Pitts, "A logical calculus of the ideas immanent in nervous activity", Bulletin of
Mathematical Biophysics 5 (1943), 115-133. Nothing is learned here: a net is designed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from multilayer.constraints import Choice, Integer, check_fields
from multilayer.errors import RefusedError, UsageError, did_you_mean, sentence

Signal: TypeAlias = npt.NDArray[np.int64]
"""Zeros and ones: the neuron is silent or it fires."""

TABLE_INPUTS = 16
"""The widest truth table that is written out, 65,536 rows."""


@final
@dataclass(frozen=True)
class Unit:
    """A neuron that fires (1) when enough excitatory inputs are active and no inhibitory input is.

    "Enough" is the threshold; a name listed twice has two synapses and counts twice. Inhibition is absolute, as in
    1943: one active inhibitory input is a veto. With `inhibition="relative"` it subtracts instead, and the unit fires
    when active excitatory minus active inhibitory synapses reach the threshold: a perceptron with whole-number
    weights. The paper shows that nets of either kind can do the same. Inputs are 0 or 1, or arrays of them.

    >>> both = Unit(2, ("a", "b"))
    >>> both(a=1, b=1), both(a=1, b=0)
    (1, 0)
    >>> a_alone = Unit(1, ("a",), inhibitory=("b",))
    >>> a_alone(a=np.array([0, 0, 1, 1]), b=np.array([0, 1, 0, 1]))
    array([0, 0, 1, 0])
    >>> print(a_alone)
    a >= 1 unless b
    """

    threshold: Annotated[int, Integer()]
    excitatory: tuple[str, ...] = ()
    inhibitory: tuple[str, ...] = ()
    inhibition: Annotated[str, Choice("absolute", "relative")] = "absolute"

    def __post_init__(self) -> None:
        check_fields(self)
        for kind in ("excitatory", "inhibitory"):
            names: Any = getattr(self, kind)
            if isinstance(names, str) or not all(isinstance(name, str) for name in names):
                raise UsageError(sentence(f"{kind} of Unit", "a tuple of names", names, "Try ('a',) for one."))
            object.__setattr__(self, kind, tuple(names))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names it listens to, each once, excitatory first."""
        return tuple(dict.fromkeys((*self.excitatory, *self.inhibitory)))

    def __call__(self, /, **inputs: Any) -> Any:
        fires = self.fire(read(inputs, self.inputs, "The unit"))
        return int(fires) if fires.ndim == 0 else fires

    def fire(self, signals: Mapping[str, Signal]) -> Signal:
        """1 where it fires, for signals already checked; names it does not listen to are passed over."""
        excitation = _count(self.excitatory, signals)
        inhibition = _count(self.inhibitory, signals)
        if self.inhibition == "relative":
            return np.asarray(excitation - inhibition >= self.threshold, dtype=np.int64)
        return np.asarray((excitation >= self.threshold) & (inhibition == 0), dtype=np.int64)

    def __str__(self) -> str:
        drive = " + ".join(self.excitatory) or "0"
        if self.inhibition == "relative":
            drive = " - ".join((drive, *self.inhibitory))
            return f"{drive} >= {self.threshold}"
        always = not self.excitatory and self.threshold <= 0
        fires = "always" if always else f"{drive} >= {self.threshold}"
        return f"{fires} unless {' or '.join(self.inhibitory)}" if self.inhibitory else fires


@final
class Net:
    """Units in layers, wired by name: a unit listens to the net's inputs and to units of earlier layers.

    Every layer is a mapping from names to units; `outputs` are the names whose signals the net gives, by default
    those of the last layer. Inputs are held while the layers fire one after the other, so a wire may pass over
    layers; McCulloch and Pitts count each layer as one moment of time.

    >>> xor = Net(("a", "b"), [{"both": Unit(2, ("a", "b"))}, {"one": Unit(1, ("a", "b"), ("both",))}])
    >>> xor(a=1, b=0)
    1
    >>> xor.table()
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    >>> xor
    Net(a, b -> one)
      layer 1  both: a + b >= 2
      layer 2  one: a + b >= 1 unless both
    """

    def __init__(
        self, inputs: tuple[str, ...], layers: list[dict[str, Unit]], outputs: tuple[str, ...] | None = None
    ) -> None:
        self.inputs = tuple(inputs)
        self.layers = tuple(dict(layer) for layer in layers)
        self.outputs = tuple(self.layers[-1] if self.layers and outputs is None else outputs or ())
        self._check_wires()

    def __call__(self, /, **inputs: Any) -> Any:
        """The output for named inputs: 0 or 1, or an array; with several outputs a dict by name."""
        signals = self.signals(**inputs)
        found = {name: int(signals[name]) if signals[name].ndim == 0 else signals[name] for name in self.outputs}
        return found[self.outputs[0]] if len(self.outputs) == 1 else found

    def signals(self, /, **inputs: Any) -> dict[str, Signal]:
        """Every signal in the net, inputs included, by name."""
        signals = read(inputs, self.inputs, "The net")
        shape = np.broadcast_shapes(*(signal.shape for signal in signals.values()))
        for layer in self.layers:
            signals |= {name: np.broadcast_to(unit.fire(signals), shape) for name, unit in layer.items()}
        return signals

    @property
    def units(self) -> dict[str, Unit]:
        """Every unit by name, layer by layer."""
        return {name: unit for layer in self.layers for name, unit in layer.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of `table()` are: the inputs, then the outputs."""
        return self.inputs + self.outputs

    def table(self) -> list[tuple[int, ...]]:
        """The truth table: one row for each setting of the inputs, in counting order, then its outputs."""
        if len(self.inputs) > TABLE_INPUTS:
            expected = f"a net of at most {TABLE_INPUTS} inputs"
            raise RefusedError(sentence("A truth table", expected, len(self.inputs), "Ask for single rows instead."))
        numbers = np.arange(2 ** len(self.inputs))
        bits = [numbers >> place & 1 for place in reversed(range(len(self.inputs)))]
        signals = self.signals(**dict(zip(self.inputs, bits, strict=True)))
        columns = [np.broadcast_to(signals[name], numbers.shape).tolist() for name in self.columns]
        return list(zip(*columns, strict=True))

    def _check_wires(self) -> None:
        known = set(self.inputs)
        for layer in self.layers:
            for name, unit in layer.items():
                for wire in unit.inputs:
                    if wire not in known:
                        raise UsageError(_loose(f"Unit '{name}' listens to '{wire}', which is not there", wire, known))
            for name in layer:
                if name in known:
                    raise UsageError(f"The name '{name}' stands twice in the net. Give every unit a name of its own.")
            known |= set(layer)
        for name in self.outputs:
            if name not in known:
                raise UsageError(_loose(f"The net's output is '{name}', which is not there", name, known))

    def __repr__(self) -> str:
        lines = [f"Net({', '.join(self.inputs)} -> {', '.join(self.outputs)})"]
        for position, layer in enumerate(self.layers, start=1):
            lines += [f"  layer {position}  {name}: {unit}" for name, unit in layer.items()]
        return "\n".join(lines)


def read(inputs: Mapping[str, Any], names: tuple[str, ...], who: str) -> dict[str, Signal]:
    """The named inputs as signals, exactly those that are expected; raises a sentence otherwise."""
    for name in inputs:
        if name not in names:
            raise UsageError(_loose(f"{who} has no input '{name}'", name, names))
    missing = [name for name in names if name not in inputs]
    if missing:
        raise UsageError(f"{who} needs the input '{missing[0]}', which is missing. Give 0 or 1 for it.")
    return {name: _signal(name, inputs[name]) for name in names}


def _signal(name: str, value: Any) -> Signal:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise UsageError(sentence(f"Input '{name}'", "0 or 1", value, "Neurons of 1943 fire or do not."))
    return array.astype(np.int64)


def _count(names: tuple[str, ...], signals: Mapping[str, Signal]) -> Signal:
    return sum((signals[name] for name in names), start=np.zeros((), dtype=np.int64))


def _loose(what: str, wire: str, known: Any) -> str:
    parts = (f"{what}.", did_you_mean(wire, known), f"Known: {', '.join(sorted(known))}.")
    return " ".join(part for part in parts if part)
