"""How to ask a run's question again and get the same bits: in Python, and as a command."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from typing import Any, TypeAlias

import tomli_w

from multilayer import engines
from multilayer.data import Preparation, Splitting, Target, tasks
from multilayer.errors import UsageError
from multilayer.recipe import Recipe
from multilayer.recipe.layers import dense
from multilayer.report.reported import Reported

IN_MEMORY = {"arrays": "(X, y)", "a frame": "frame", "a dataset": "dataset"}
"""Sources that cannot be opened again, and what stands for them."""
FLAGS = (
    *("hidden", "activation", "output_activation", "dropout", "norm", "weight_init", "loss", "optimizer", "lr"),
    *("schedule", "epochs", "batch_size", "patience", "l1", "l2", "weight_decay", "bias", "bias_init", "pieces"),
    *("reduction", "shuffle", "penalize_biases", "max_norm", "clip_value", "clip_norm", "noise", "min_delta"),
    *("monitor", "keep", "dtype"),
)
"""Settings that are options of the command."""
NO_EPOCH = "The training was interrupted before its first epoch ended, so there is nothing to train again."
AskedOf: TypeAlias = tuple[Target, int]
"""What a recipe is resolved for: the target, and so many training rows."""
FIRST = ("loss", "optimizer", "epochs", "dtype")
"""Settings that others follow from."""


def python(run: Reported) -> str:
    """Lines of Python that give the same weights, and check that they are the same."""
    question = run.question
    if _before_an_epoch(run):
        return f"# {NO_EPOCH}"
    if question.own is not None:
        return f"# Layers or the loss are code, which no record holds: {' '.join(question.own.split())}"
    arguments = [IN_MEMORY.get(run.source) or repr(run.source)]
    arguments += [f"{name}={value!r}" for name, value in _reading(run).items()]
    arguments += [f"{name}={value!r}" for name, value in settings(run).items()]
    arguments += _rows(run)
    if question.start is not None:
        arguments.append("weights=weights")
    arguments.append(f"seed={question.seed}")
    if run.engine["name"] != engines.choose(question.recipe, "auto")[0].name:
        arguments.append(f"engine={run.engine['name']!r}")
    lines = ["import multilayer as ml", ""]
    if run.source in IN_MEMORY:
        lines.append(f"# {IN_MEMORY[run.source]}: the same rows as before")
    if question.start is not None:
        lines.append("# weights: those that were set by hand; their digest is in the table")
    lines += ["run = ml.train(", *(f"    {argument}," for argument in arguments), ")"]
    return "\n".join([*lines, f'assert run.digest == "{run.digest}"'])


def command(run: Reported) -> tuple[str | None, str | None]:
    """The command that does so, and the recipe file it needs; None where a command cannot say it, or needs none."""
    question = run.question
    splitting, preparation = _plain_rows(run)
    odd_rows = (
        dataclasses.replace(question.splitting, seed=splitting.seed) != splitting and not question.splitting.test_rows
    )
    if _before_an_epoch(run):
        return None, None
    odd_preparation = dataclasses.replace(question.preparation, inputs=preparation.inputs) != preparation
    if run.source in IN_MEMORY or question.own is not None or question.start is not None or odd_rows or odd_preparation:
        return None, None
    words = ["multilayer", "train", run.source]
    for name, value in _reading(run).items():
        words += _option(name, value)
    chosen, recipe = settings(run), None
    said = {name: word(value) for name, value in chosen.items() if name in FLAGS}
    if len(said) < len(chosen) or None in said.values() or chosen.get("bias") or chosen.get("penalize_biases") is False:
        words += ["--recipe", "recipe.toml"]
        recipe = _toml({**_suggested(run), **chosen})
    else:
        plain = {name: value if isinstance(value, bool) else said[name] for name, value in chosen.items()}
        words += [word for name, value in plain.items() for word in _option(name, value)]
    if question.preparation.inputs != preparation.inputs:
        words += ["--prepare", question.preparation.inputs]
    if question.splitting.seed != splitting.seed:
        words += ["--split-seed", str(question.splitting.seed)]
    words += ["--seed", str(question.seed)]
    return " ".join(map(shlex.quote, words)), recipe


def as_far(run: Reported) -> Recipe:
    """The recipe that gives a run's weights: its own or, where the training was interrupted, one of so many epochs as
    were done; its schedule is already told the length that it was planned for."""
    recipe = run.question.recipe
    if run.status != "interrupted" or not run.epochs:
        return recipe
    patience = recipe.patience if recipe.patience and recipe.patience < run.epochs else None
    return recipe.replace(epochs=run.epochs, patience=patience)


def _before_an_epoch(run: Reported) -> bool:
    return run.status == "interrupted" and not run.epochs


def settings(run: Reported) -> dict[str, Any]:
    """The settings that differ from what is chosen anyway; the whole recipe where fewer would not say it."""
    recipe, suggested = as_far(run), _suggested(run)
    asked = (run.target, run.rows.get("train", 0))
    found: dict[str, Any] = {}
    short = _shorthand(recipe)
    plain = {name: value for name, value in short.items() if not name.endswith("_init")}
    for layers in (plain, short, {"layers": [dict(entry) for entry in recipe.layers]}):
        found = _differing(recipe, asked, suggested, layers)
        if _resolved({**suggested, **found}, asked) == recipe:
            least = _least(recipe, asked, suggested, found)
            return {name: _named(recipe, asked, {**suggested, **least}, name) for name in least}
    return {"recipe": recipe.to_dict()}


def _differing(
    recipe: Recipe, asked: AskedOf, suggested: Mapping[str, Any], layers: Mapping[str, Any]
) -> dict[str, Any]:
    """Layers, and the settings that differ from those chosen beside them: first those that others follow from."""
    found = dict(layers)
    names = [field.name for field in dataclasses.fields(Recipe) if field.name != "layers"]
    for group in (FIRST, names):
        beside = _resolved({**suggested, **found}, asked)
        found |= {n: getattr(recipe, n) for n in group if beside is None or getattr(beside, n) != getattr(recipe, n)}
    return found


def _least(recipe: Recipe, asked: AskedOf, suggested: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The settings without those that change nothing."""
    for name in tuple(found):
        without = {other: value for other, value in found.items() if other != name}
        if _resolved({**suggested, **without}, asked) == recipe:
            found = without
    return found


def _named(recipe: Recipe, asked: AskedOf, given: Mapping[str, Any], name: str) -> Any:
    """A setting by its name alone where its options are the usual ones."""
    value = given[name]
    if isinstance(value, Mapping) and _resolved({**given, name: value["name"]}, asked) == recipe:
        return value["name"]
    return dict(value) if isinstance(value, Mapping) else value


def _resolved(given: Mapping[str, Any], asked: AskedOf) -> Recipe | None:
    """The recipe of these settings as the laboratory takes them; None where they contradict each other."""
    if "layers" in given:
        given = {name: value for name, value in given.items() if name not in ("hidden", "activation", "norm")}
    try:
        return Recipe.from_dict(given).resolve(*asked)
    except UsageError:
        return None


def _shorthand(recipe: Recipe) -> dict[str, Any]:
    """The shorthand that the layers may have come from."""
    entries = recipe.layers
    linear = [place for place, entry in enumerate(entries) if dense(entry["layer"])]
    blocks = [entries[start:end] for start, end in zip(linear, [*linear[1:], len(entries)], strict=True)]
    kinds = [[entry["layer"] for entry in block] for block in blocks]
    active = [next((k for k in own if k not in PASSIVE), own[0] if own[0] == "maxout" else "identity") for own in kinds]
    named = [_entry(block, kind) for block, kind in zip(blocks, active, strict=True)]
    found: dict[str, Any] = {"hidden": [block[0]["units"] for block in blocks[:-1]]}
    found["output_activation"] = named[-1]
    found["dropout"] = max((e["p_drop"] for block in blocks for e in block if e["layer"] == "dropout"), default=0.0)
    found["norm"] = next(
        (kind.removesuffix("_norm") for own in kinds for kind in own if kind.endswith("_norm")), "none"
    )
    first = blocks[0][0]
    found["activation"] = _activation(named[:-1])
    found |= {name: first[name] for name in ("bias", "weight_init", "bias_init", "pieces") if name in first}
    return found


def _activation(named: list[Any]) -> Any:
    """One for all hidden layers where they are the same, else a list."""
    return named[0] if named and all(one == named[0] for one in named) else named


PASSIVE = ("linear", "maxout", "dropout", "layer_norm", "batch_norm", "scale")


def _entry(block: tuple[dict[str, Any], ...], kind: str) -> Any:
    """An activation as its name, or as a table with its options."""
    options = next((entry for entry in block if entry["layer"] == kind), {"layer": kind})
    named = {"name": kind, **{name: value for name, value in options.items() if name != "layer"}}
    return kind if len(named) == 1 or kind == "maxout" else word(named)


def _suggested(run: Reported) -> dict[str, Any]:
    """What the data suggests."""
    task = _task(run)
    return dict(task.recipe()) if task else dict((run.reading or {}).get("suggested", {}))


def _task(run: Reported) -> tasks.Task | None:
    if run.reading or run.source in IN_MEMORY:
        return None
    try:
        return tasks.get(run.source)
    except UsageError:
        return None


def _reading(run: Reported) -> dict[str, Any]:
    """How a table is read."""
    if run.reading:
        return {name: value for name, value in run.reading.get("options", {}).items() if value not in (None, [], {})}
    if run.source == "arrays":
        return {"kind": run.target.kind}
    if run.source == "a dataset" or _task(run) is not None:
        return {}
    names = run.target.names
    return {"target": names[0] if len(names) == 1 else list(names), "kind": run.target.kind}


def _plain_rows(run: Reported) -> tuple[Splitting, Preparation]:
    """The division and the preparation where nothing is asked."""
    task = _task(run)
    return (task.splitting() or Splitting(), task.preparation()) if task else (Splitting(), Preparation())


def _rows(run: Reported) -> list[str]:
    """The division of the rows and the preparation, as arguments, where they are not the usual ones."""
    splitting, preparation = _plain_rows(run)
    asked, found = run.question.splitting, []
    if asked != splitting:
        alone = dataclasses.replace(asked, seed=splitting.seed) == splitting
        found.append(f"split_seed={asked.seed}" if alone else f"splitting=ml.{asked!r}")
    if run.question.preparation != preparation:
        found.append(f"prepare=ml.{run.question.preparation!r}")
    return found


def _toml(chosen: Mapping[str, Any]) -> str:
    """Settings as a recipe file."""
    given = chosen.get("recipe", chosen)
    return tomli_w.dumps({name: value for name, value in given.items() if value is not None})


def _option(name: str, value: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if isinstance(value, Mapping):
        value = ",".join(f"{key}={word}" for key, word in value.items())
    return [flag, ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)]


def word(value: Any) -> str | None:
    """A setting as the command reads it; None where it cannot."""
    if isinstance(value, (list, tuple)):
        words = [word(one) for one in value]
        return None if None in words else ",".join(map(str, words)) or "none"
    if isinstance(value, Mapping):
        options = {name: word(inner) for name, inner in value.items() if name != "name"}
        plain = all(
            word is not None and not isinstance(value[n], (Mapping, list, tuple)) for n, word in options.items()
        )
        return f"{value['name']}({', '.join(f'{n}={word}' for n, word in options.items())})" if plain else None
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)
