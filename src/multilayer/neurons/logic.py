"""Any logical expression as a net of McCulloch-Pitts units.

Three observations keep the nets small. A whole conjunction is one unit: the threshold is the number of plain parts,
and a negated part is an inhibitory input. A disjunction of plain parts is one unit of threshold 1; with a negated
part in it, it is the opposite of a conjunction (De Morgan). And the opposite of a signal costs nothing as long as it
can be passed on as an inhibition; a unit for `not` is only built at the output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, final

from multilayer.neurons.expression import Constant, Many, Name, Not, Tree, names_of, parse
from multilayer.neurons.mcculloch_pitts import Net, Unit

Literal: TypeAlias = tuple[str, bool]
"""The name of a signal, and whether its opposite is meant."""


def compile(expression: str) -> Net:
    """The net that fires exactly when the expression is true.

    Words: and, or, not, xor, true, false, -> (implies), parentheses and names. The output goes by the expression's
    own text, every hidden unit by what it says.

    >>> net = compile("a and not (b or c)")
    >>> net(a=1, b=0, c=0)
    1
    >>> net
    Net(a, b, c -> a and not (b or c))
      layer 1  b or c: b + c >= 1
      layer 2  a and not (b or c): a >= 1 unless b or c
    >>> compile("a xor b").table()
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    """
    tree = _simple(parse(expression))
    names = names_of(expression)
    text = " ".join(expression.split())
    output = f"({text})" if text in names else text
    builder = _Builder()
    root = builder.last(tree)
    layers: list[dict[str, Unit]] = [{} for _ in range(builder.layer(root) + 1)]
    for name, unit in builder.units.items():
        layers[builder.layers[name]][name] = unit
    layers[-1][output] = root
    return Net(names, layers, (output,))


def _simple(tree: Tree) -> Tree:
    """The same expression without constants inside it and without and in and, or in or, xor in xor."""
    if isinstance(tree, Not):
        return _opposite(_simple(tree.of))
    if not isinstance(tree, Many):
        return tree
    parts: list[Tree] = []
    for part in map(_simple, tree.parts):
        parts += part.parts if isinstance(part, Many) and part.word == tree.word else (part,)
    constants = [part.value for part in parts if isinstance(part, Constant)]
    rest = tuple(part for part in parts if not isinstance(part, Constant))
    return _odd(constants, rest) if tree.word == "xor" else _settled(tree, constants, rest)


def _settled(tree: Many, constants: list[bool], rest: tuple[Tree, ...]) -> Tree:
    """An `and` is settled by one false, an `or` by one true; the other constant says nothing."""
    settling = tree.word == "or"
    if settling in constants:
        return Constant(settling)
    if not rest:
        return Constant(not settling)
    return Many(tree.word, rest) if len(rest) > 1 else rest[0]


def _odd(constants: list[bool], rest: tuple[Tree, ...]) -> Tree:
    """A true in an `xor` turns it round; a false says nothing."""
    turned = sum(constants) % 2 == 1
    if not rest:
        return Constant(turned)
    tree: Tree = Many("xor", rest) if len(rest) > 1 else rest[0]
    return _opposite(tree) if turned else tree


def _opposite(tree: Tree) -> Tree:
    if isinstance(tree, Constant):
        return Constant(not tree.value)
    return tree.of if isinstance(tree, Not) else Not(tree)


@final
@dataclass
class _Builder:
    """The hidden units built so far, each once: equal parts of an expression share one."""

    units: dict[str, Unit] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)

    def last(self, tree: Tree) -> Unit:
        """The output unit; the unit that already says it, if there is one, becomes the output."""
        if isinstance(tree, Constant):
            return Unit(0 if tree.value else 1)
        name, negated = self.literal(tree)
        if negated:
            return Unit(0, (), (name,))
        return self.units.pop(name) if name in self.units else Unit(1, (name,))

    def literal(self, tree: Tree) -> Literal:
        """The signal that says `tree`, or its opposite."""
        match tree:
            case Name(name):
                return name, False
            case Not(of):
                name, negated = self.literal(of)
                return name, not negated
            case Many(word, parts):
                literals = [self.literal(part) for part in parts]
                return self.odd(literals) if word == "xor" else self.joined(word, literals)
        raise AssertionError(tree)

    def joined(self, word: str, literals: list[Literal]) -> Literal:
        if len(set(literals)) == 1:
            return literals[0]
        plain = tuple(dict.fromkeys(name for name, negated in literals if not negated))
        turned = tuple(dict.fromkeys(name for name, negated in literals if negated))
        if word == "and":
            return self.conjunction(plain, turned), False
        if turned:
            return self.conjunction(turned, plain), True
        return self.add(" or ".join(map(_in_brackets, plain)), Unit(1, plain)), False

    def conjunction(self, plain: tuple[str, ...], turned: tuple[str, ...]) -> str:
        said = [_in_brackets(name) for name in plain] + [f"not {_in_brackets(name)}" for name in turned]
        return self.add(" and ".join(said), Unit(len(plain), plain, turned))

    def odd(self, literals: list[Literal]) -> Literal:
        """One of two and not both, again and again; each negated part turns the result round."""
        (so_far, turned), *others = literals
        for name, negated in others:
            both = self.conjunction((so_far, name), ())
            said = f"{_in_brackets(so_far)} xor {_in_brackets(name)}"
            so_far = self.add(said, Unit(1, (so_far, name), (both,)))
            turned ^= negated
        return so_far, turned

    def add(self, name: str, unit: Unit) -> str:
        if name not in self.units:
            self.layers[name] = self.layer(unit)
            self.units[name] = unit
        return name

    def layer(self, unit: Unit) -> int:
        """The first layer in which it can stand, counted from 0: after everything it listens to."""
        return 1 + max((self.layers.get(name, -1) for name in unit.inputs), default=-1)


def _in_brackets(name: str) -> str:
    return name if name.isidentifier() else f"({name})"
