"""The program in NumPy: every line of the mathematics, forward, backward and step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from multilayer.files.code import numpy_layers
from multilayer.files.code.chain import KINDS, Link
from multilayer.files.code.lesson import Lesson, factor_lines, reading
from multilayer.files.code.literals import array, listed, number
from multilayer.files.code.numpy_losses import loss_lines
from multilayer.files.code.numpy_optimizers import before_all, rule
from multilayer.files.code.program import Program
from multilayer.recipe import Recipe


def train(lesson: Lesson) -> Program:
    """A program that trains; raises RefusedError for an optimizer of many lines."""
    links, recipe = lesson.links, lesson.recipe
    step = [*_pass(lesson, links), *_penalties(recipe, links), *_update(lesson, links)]
    loop = _loop(lesson, step)
    factor = factor_lines(lesson)
    definitions = [*numpy_layers.helpers([*loop, *factor]), *([factor] if factor else [])]
    rows = reading(lesson, lambda dtype: ("np.array(", f"{_dtype(dtype)})"), ("", ""))
    start = [*weight_lines(links, written=lesson.written, loaded="data"), *_memory(lesson, links)]
    below = "\n".join([*loop, *(line for lines in definitions for line in lines)])
    imports = ["import math"] * ("math." in below) + ["from pathlib import Path"] * ("Path(" in "\n".join(rows))
    parts = [lesson.header("NumPy"), [*imports, *([""] if imports else []), "import numpy as np"]]
    text = assembled(parts, definitions, [rows, start, loop])
    names = {name: link.weights[role] for link in links for role, name in link.names.items()}
    return Program("numpy", text, lesson.arrays(names))


def assembled(top: Sequence[list[str]], definitions: Sequence[list[str]], rest: Sequence[list[str]]) -> str:
    """Parts of a program with blank lines between them, two around a definition."""
    lines = [line for part in top for line in (*part, "")]
    for definition in definitions:
        if definition[0].startswith(("def", "class", "@")):
            lines += ["", *definition, ""]
        else:
            lines += [*definition, ""]
    around = bool(definitions) and definitions[-1][0].startswith(("def", "class", "@"))
    lines += [""] * around + [line for part in rest if part for line in (*part, "")]
    return "\n".join(lines).rstrip("\n") + "\n"


def weight_lines(links: Sequence[Link], *, written: bool, loaded: str) -> list[str]:
    """The weights as literals, or from the file beside the program."""
    named = [(name, link.weights[role]) for link in links for role, name in link.names.items()]
    if not written:
        return [f'{name} = {loaded}["{name}"]  # {value.shape}' for name, value in named]
    return [line for name, value in named for line in _written(name, value)]


def _written(name: str, value: np.ndarray[Any, Any]) -> list[str]:
    for constant, made in ((0, "zeros"), (1, "ones")):
        if value.size > 1 and (value == constant).all():
            return [f"{name} = np.{made}({value.shape if value.ndim > 1 else value.size}{_dtype(value.dtype)})"]
    return array(value, f"{name} = np.array(", f"{_dtype(value.dtype)})")


def _dtype(dtype: np.dtype[Any]) -> str:
    return ", dtype=np.float32" if dtype == np.float32 else ""


def _pass(lesson: Lesson, links: Sequence[Link]) -> list[str]:
    """Forward, loss, backward."""
    recipe = lesson.recipe
    forward = [line for link in links for line in numpy_layers.forward(link, training=True)]
    noise = [f"x = x + {number(recipe.noise)} * rng.standard_normal(x.shape, dtype=x.dtype)"] if recipe.noise else []
    first = next(place for place, link in enumerate(links) if link.trained)
    backward = [
        line
        for place, link in reversed(list(enumerate(links)))
        if place >= first
        for line in numpy_layers.backward(link, inputs=place > first)
    ]
    return [*noise, "# forward", *forward, "", "# loss", *loss_lines(recipe), "", "# backward", *backward]


def _penalties(recipe: Recipe, links: Sequence[Link]) -> list[str]:
    """What penalties add to the gradients, and how these are clipped."""
    lines = []
    for name in _penalized(recipe, links):
        if recipe.l1:
            lines.append(f"d{name} += {number(recipe.l1)} * np.sign({name})")
        if recipe.l2:
            lines.append(f"d{name} += {number(recipe.l2)} * {name}")
    return [*([""] if lines else []), *(["# penalties"] if lines else []), *lines]


def _penalized(recipe: Recipe, links: Sequence[Link]) -> Iterator[str]:
    for link in links:
        for role, name in link.trained.items():
            if recipe.penalize_biases or KINDS.get(role) == "weight":
                yield name


def _update(lesson: Lesson, links: Sequence[Link]) -> list[str]:
    """The step: the gradients clipped, the rate, the rule for every array of weights."""
    recipe, found = lesson.recipe, rule(lesson.recipe)
    names = [name for link in links for name in link.trained.values()]
    lines = ["", "# step", *listed((f"d{name}" for name in names), "gradients = ", "[]")]
    if recipe.clip_value is not None:
        limit = number(recipe.clip_value)
        lines.append(f"gradients = [np.clip(g, -{limit}, {limit}) for g in gradients]")
    if recipe.clip_norm is not None:
        limit = number(recipe.clip_norm)
        lines.append("norm = np.sqrt(sum(np.sum(g * g) for g in gradients))")
        lines.append(f"gradients = [g * min(1, {limit} / max(norm, 1e-30)) for g in gradients]")
    rate = " * factor(t - 1)" if factor_lines(lesson) else ""
    if rate or any(re.search(r"\bt\b", line) for line in found.lines):
        lines.append("t += 1" if lesson.in_batches else "t = epoch  # steps so far, one in each epoch")
    lines.append(f"lr = {number(recipe.lr)}{rate}")
    lines += before_all(recipe)[1]
    if recipe.weight_decay:
        decayed = ", ".join(_penalized(recipe, links))
        lines += [f"for w in [{decayed}]:", f"    w *= 1 - lr * {number(recipe.weight_decay)}  # decoupled decay"]
    looped = ", ".join(["w", "g", *found.memory])
    lists = ", ".join(["weights", "gradients", *(_plural(name) for name in found.memory)])
    lines += [f"for {looped} in zip({lists}):", *(f"    {line}" for line in found.lines)]
    return [*lines, *_max_norm(recipe, links)]


def _max_norm(recipe: Recipe, links: Sequence[Link]) -> list[str]:
    if recipe.max_norm is None:
        return []
    names = [name for link in links for role, name in link.trained.items() if role == "W"]
    limit = number(recipe.max_norm)
    return [
        f"for W in [{', '.join(names)}]:",
        "    norms = np.sqrt((W * W).sum(axis=-2, keepdims=True))  # of each unit's incoming weights",
        f"    W *= np.minimum(1, {limit} / np.maximum(norms, 1e-30))",
    ]


def _plural(name: str) -> str:
    return f"{name}s"


def _memory(lesson: Lesson, links: Sequence[Link]) -> list[str]:
    """What the training starts with beside the weights."""
    found, recipe = rule(lesson.recipe), lesson.recipe
    names = [name for link in links for name in link.trained.values()]
    lines = listed(names, "weights = ", "[]")
    lines += [f"{_plural(memory)} = [{start} for w in weights]" for memory, start in found.memory.items()]
    lines += before_all(recipe)[0]
    text = "\n".join([*_update(lesson, links)])
    lines += ["t = 0  # steps so far"] if "t += 1" in text else []
    lines += [f"rng = np.random.default_rng({lesson.seed})"] if lesson.draws else []
    return lines


def _loop(lesson: Lesson, step: list[str]) -> list[str]:
    """The epochs, and the batches in them."""
    if not lesson.in_batches:
        body = ["x, target = inputs, targets", *step, "", 'print(f"{epoch:4d}  {loss:.6g}")']
        return [f"for epoch in range(1, {lesson.epochs + 1}):", *indented(body, 1)]
    size = lesson.batch_size
    batch = f"order[start : start + {size}]" if lesson.order != "kept" else f"slice(start, start + {size})"
    inner = [f"rows = {batch}", "x, target = inputs[rows], targets[rows]", *step, "", "total += loss * len(x)"]
    body = [
        *(["order = rng.permutation(len(inputs))"] if lesson.order == "drawn" else []),
        "total = 0.0",
        f"for start in range(0, len(inputs), {size}):",
        *indented(inner, 1),
        'print(f"{epoch:4d}  {total / len(inputs):.6g}")',
    ]
    return [epochs_line(lesson), *indented(body, 1)]


def epochs_line(lesson: Lesson) -> str:
    """The head of the loop over epochs."""
    if lesson.order == "given":
        return "for epoch, order in enumerate(orders, start=1):"
    return f"for epoch in range(1, {lesson.epochs + 1}):"


def indented(lines: Sequence[str], levels: int) -> list[str]:
    """The lines further in; empty ones stay empty."""
    return [f"{'    ' * levels}{line}" if line else "" for line in lines]
