"""Random recipes for the native engine, from a number: together they reach every option that it has."""

from __future__ import annotations

import dataclasses
import functools
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl

from multilayer import nn
from multilayer.arrays import Array
from multilayer.data import METRICS, Dataset, Encoding, FittedPreparation, Preparation, Splitting
from multilayer.data.parquet import DiskColumns, ParquetTable
from multilayer.engines import Data, Member
from multilayer.nn.losses import LOSSES
from multilayer.optim import OPTIMIZERS, SCHEDULES
from multilayer.recipe import Recipe
from multilayer.recipe.layers import LAYERS, dense
from multilayer.recipe.outputs import ONLY_NUMBERS, form_of
from multilayer.rng import Stream
from tests.engines.contract import Table

Options = Mapping[str, Sequence[Any]]

WIDTHS = (1, 2, 5, 15, 16, 17, 33, 40)  # around the lanes of a vector
WITHOUT = ("adafactor", "lamb", "lbfgs", "muon")  # optimizers that the native engine refuses
SELDOM = (False, False, False, True)

LAYER_OPTIONS: dict[str, Options] = {
    "linear": {"bias": (True, True, False), "frozen": SELDOM, "weight_init": ("auto", "auto", "auto", "zeros")},
    "maxout": {"pieces": (1, 2, 3, 5), "frozen": SELDOM},
    "dropout": {"p_drop": (0.0, 0.2, 0.5, 0.9)},
    "layer_norm": {"epsilon": (1e-5, 1e-7, 0.1), "frozen": SELDOM},
    "batch_norm": {"momentum": (0.1, 0.0, 0.7, 1.0), "epsilon": (1e-5, 1e-7, 0.1), "frozen": SELDOM},
    "scale": {"frozen": SELDOM},
    "leaky_relu": {"slope": (0.01, 0.0, 0.3)},
    "prelu": {"slope": (0.25, 0.0, -0.5), "frozen": SELDOM},
    "elu": {"alpha": (1.0, 0.3, 2.5)},
    **{name: {} for name in ("identity", "sigmoid", "tanh", "relu", "selu", "gelu", "silu", "mish", "softplus")},
    **{name: {} for name in ("softsign", "ramp", "sine", "softmax")},
}
ACTIVATIONS = [name for name in nn.ACTIVATIONS if name != "step"]

LOSS_OPTIONS: dict[str, Options] = {
    **{name: {} for name in LOSSES},
    "huber": {"delta": (1.0, 0.1)},
    "hinge": {"margin": (1.0, 0.3)},
    "squared_hinge": {"margin": (1.0, 0.3)},
    "max_margin": {"margin": (1.0, 0.3)},
    "cross_entropy": {"label_smoothing": (0.0, 0.1)},
    "quantile": {"q": (0.5, 0.1)},
}

MOMENTUM, EPS = (0.9, 0.0, 0.5), (1e-8, 1e-3, 1e-20)
BETAS: Options = {"beta1": (0.9, 0.0, 0.5), "beta2": (0.999, 0.0, 0.9), "eps": EPS}
OPTIMIZER_OPTIONS: dict[str, Options] = {
    "sgd": {},
    "momentum": {"momentum": MOMENTUM},
    "nesterov": {"momentum": MOMENTUM},
    "adagrad": {"initial": (0.0, 0.1), "eps": EPS},
    "rmsprop": {"rho": (0.9, 0.5), "momentum": (0.0, 0.0, 0.9), "centered": (False, True), "eps": EPS},
    "adadelta": {"rho": (0.9, 0.5), "eps": (1e-6, 1e-2, 1e-40)},
    **dict.fromkeys(("adam", "amsgrad", "adamw", "adamax"), BETAS),
    "nadam": {**BETAS, "momentum_decay": (0.004, 0.0, 0.5)},
    "lion": {"beta1": (0.9, 0.0), "beta2": (0.99, 0.5)},
    "ftrl": {"beta": (1.0, 1e-3), "lambda1": (0.0, 0.01), "lambda2": (0.0, 0.1), "initial": (0.0, 0.1)},
}

SCHEDULE_OPTIONS: dict[str, Options] = {
    "constant": {},
    "step": {"every": (1, 0.7), "factor": (0.1, 0.9)},
    "exponential": {"gamma": (0.95, 0.5)},
    "inverse_time": {"decay": (0.1, 0.0, 2.0), "power": (1.0, 0.5)},
    "cosine": {"epochs": (None, 2), "floor": (0.0, 0.2)},
    "warm_up": {"epochs": (1, 0.5, 2), "start": (0.1, 0.0)},
    "one_cycle": {"epochs": (None, 2), "peak": (0.3, 0.0), "start": (0.04, 0.5), "end": (1e-4, 0.0)},
    "coslog4": {"epochs": (None, 2)},
    "reduce_on_plateau": {
        "factor": (0.1, 0.0, 0.5), "patience": (0, 1), "threshold": (1e-4, 0.2), "floor": (0.0, 0.05),
    },
}  # fmt: skip

PENALTIES: Options = {
    "lr": ("auto", "auto", 1e-3, 0.03, 0.3, 20.0, 1e4),
    "l1": (0.0, 0.0, 1e-3, 0.1),
    "l2": (0.0, 0.0, 1e-3, 0.1),
    "weight_decay": ("auto", "auto", 0.1),
    "max_norm": (None, None, 0.5, 2.0),
    "clip_value": (None, None, 0.01, 0.5),
    "clip_norm": (None, None, 0.1, 2.0),
    "patience": (None, None, 1, 2),
    "min_delta": (0.0, 0.0, 0.01),
    "keep": ("best", "last"),
    "shuffle": ("full", "full", "none", "blocks:1", "blocks:7", "blocks:100"),
}
"""What may be different among members that ride abreast in the lanes of a vector."""
TOGETHER: Options = {
    "reduction": ("mean", "mean", "sum"),
    "batch_size": (1, 5, 16, 33, 100, 256, 257, 300, "full", "full"),
    "penalize_biases": (False, True),
    "noise": (0.0, 0.0, 0.0, 0.0, 0.3),
    "dtype": ("float32", "float32", "float64"),
}
EPOCHS = (0, 1, 2, 3, 4, 5, 6)


@functools.cache
def tables() -> dict[str, Table]:
    """Tables of every kind of target, small and of some 700 rows, made of exact arithmetic alone."""
    x = {columns: Stream(columns, "data").normal((700, columns)) for columns in (1, 2, 3, 5, 16, 17)}
    weight = Stream(1, "data", place=1).integers(5, 700) * 0.3  # 0 among them
    plain, halves = Preparation(inputs="minmax", target="none"), Splitting(train=0.6, val=0.4, test=0.0)
    gaps = np.where(Stream(2, "data", place=1).uniform((700, 3)) < 0.1, np.nan, x[3])
    several = np.arange(700) % 17
    made = {
        "binary": Table(Dataset.from_arrays(x[2][:60], (x[2].sum(axis=1) > 0).astype(int)[:60])),
        "binary, many": Table(Dataset.from_arrays(x[3], (x[3][:, 0] > x[3][:, 1]).astype(int)), splitting=halves),
        "classes": Table(Dataset.from_arrays(x[5][:90], x[5].argmax(axis=1)[:90])),
        "classes, many": Table(Dataset.from_arrays(x[17] + np.eye(17)[several], several), splitting=halves),
        "labels": Table(Dataset.from_arrays(x[3][:70], (x[3][:70] > 0.2).astype(int))),
        "labels, many": Table(Dataset.from_arrays(x[5], (x[5] > 0.2).astype(int)), splitting=halves),
        "numbers": Table(Dataset.from_arrays(x[1][:60], np.abs(x[1])[:60, 0])),
        "numbers, many": Table(Dataset.from_arrays(x[16], np.abs(x[16][:, :2])), plain, halves),
        "weighted": Table(Dataset.from_arrays(x[3][:80], x[3][:80, 0] * x[3][:80, 1], weight=weight[:80])),
        "weighted, many": Table(Dataset.from_arrays(x[2], x[2].argmax(axis=1), weight=weight), splitting=halves),
        "gaps": Table(Dataset.from_arrays(gaps, x[3][:, 0] * 2 + 1), Preparation(missing="median"), halves),
        "single": Table(Dataset.from_arrays(x[5][:90], x[5].argmin(axis=1)[:90])),
    }
    single = made["single"].data
    made["single"].data = Data(single.x.astype(np.float32), single.target)
    return made


def sources(table: Table, folder: Path) -> dict[str, Data]:
    """The same rows in a file that is mapped into memory, and out of a Parquet file larger than memory."""
    data = table.data
    np.save(folder / "rows.npy", data.x)
    names = table.dataset.column_names
    pl.DataFrame(dict(zip(names, data.x.T, strict=True))).write_parquet(folder / "t.parquet", row_group_size=50)
    with mock.patch.dict(os.environ, MULTILAYER_MEMORY="1000"):
        parquet = Encoding.of(table.dataset).matrix(DiskColumns(ParquetTable(folder / "t.parquet"), names))
    rows = {"memmap": np.load(folder / "rows.npy", mmap_mode="r"), "Parquet": parquet}
    return {name: Data(x, data.target, data.weight) for name, x in rows.items()}


def picked(rng: random.Random, options: Options) -> dict[str, Any]:
    return {name: rng.choice(values) for name, values in options.items()}


def entry(rng: random.Random, name: str, table: Mapping[str, Options]) -> dict[str, Any]:
    return {"name": name, **picked(rng, table[name])}


def layer(rng: random.Random, name: str, **given: Any) -> dict[str, Any]:
    return {"layer": name, **given, **picked(rng, LAYER_OPTIONS[name])}


def layers(rng: random.Random, loss: str) -> list[dict[str, Any]]:
    """Up to three hidden layers with anything between them, before the first and after the last."""
    made = between(rng, 0.1)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        made.append(layer(rng, rng.choice(("linear", "linear", "maxout")), units=rng.choice(WIDTHS)))
        made += between(rng, 0.25) + [layer(rng, rng.choice(ACTIVATIONS))] * (rng.random() < 0.8) + between(rng, 0.1)
    made.append(layer(rng, rng.choice(("linear", "linear", "linear", "maxout"))))
    if rng.random() < 0.2:
        fits = [n for n in ACTIVATIONS if form_of(loss) == "numbers" or n not in ("sigmoid", "softmax")]
        made += [layer(rng, rng.choice((*fits, "scale", "layer_norm", "dropout")))]
    return made


def between(rng: random.Random, share: float) -> list[dict[str, Any]]:
    kinds = ("layer_norm", "batch_norm", "scale", "dropout")
    return [layer(rng, rng.choice(kinds))] if rng.random() < share else []


def schedule(rng: random.Random) -> dict[str, Any]:
    made = entry(rng, rng.choice([*SCHEDULE_OPTIONS]), SCHEDULE_OPTIONS)
    if made["name"] == "warm_up":
        made["then"] = rng.choice((None, schedule(rng)))
    return made


def fitting_losses(kind: str) -> list[str]:
    if kind == "regression":
        return [name for name in LOSSES if form_of(name) == "numbers"]
    fits = [name for name in LOSSES if name not in ONLY_NUMBERS]
    return [name for name in fits if kind != "multilabel" or form_of(name) != "classes"]


def own_settings(rng: random.Random, kind: str) -> dict[str, Any]:
    """What a member may have for itself among members that learn abreast, but for its rows and its seed."""
    made = {**picked(rng, PENALTIES), "epochs": rng.choice(EPOCHS), "schedule": rng.choice(("auto", schedule(rng)))}
    metrics = [name for name, metric in METRICS.items() if kind in metric.kinds]
    made["monitor"] = rng.choice(("loss", rng.choice(metrics), rng.choice(metrics)))
    if made["patience"]:
        made["epochs"] = 12
    return made


@dataclasses.dataclass(frozen=True)
class Case:
    """A table and a member of it."""

    table: Table
    settings: dict[str, Any]
    member: Member


def case(number: int, table: str | None = None) -> Case:
    """The case of that number, on a table of its choice or this one."""
    rng = random.Random(number)
    chosen = tables()[table or rng.choice([*tables()])]
    kind = chosen.dataset.target.kind
    counts = bool((chosen.dataset.target.values >= 0).all())
    loss = rng.choice([name for name in fitting_losses(kind) if counts or name != "poisson"])
    settings = {
        "layers": layers(rng, loss),
        "loss": entry(rng, loss, LOSS_OPTIONS),
        "optimizer": entry(rng, rng.choice([*OPTIMIZER_OPTIONS]), OPTIMIZER_OPTIONS),
        **picked(rng, TOGETHER),
        **own_settings(rng, kind),
    }
    train = len(chosen.split.train) - rng.choice((0, 0, 1, 5))
    val = rng.choice((0, len(chosen.split.val), len(chosen.split.val)))
    return Case(chosen, settings, member(rng, chosen, settings, train, val))


def member(rng: random.Random, table: Table, settings: dict[str, Any], train: int, val: int) -> Member:
    """A member on so many rows of its own choice, with a preparation and a seed of its own."""
    order = rng.sample(range(table.dataset.n_samples), train + val)
    rows, rest = np.array(order[:train]), np.array(order[train:], dtype=np.int64)
    recipe = Recipe.of(**settings).resolve(table.dataset.target)
    prepared = table.fitted if rng.random() < 0.5 else refitted(table, rows)
    if recipe.loss["name"] == "poisson":  # counts as they are
        as_it_is = {
            "target_center": np.zeros_like(prepared.target_center),
            "target_factor": np.ones_like(prepared.target_factor),
        }
        prepared = dataclasses.replace(prepared, **as_it_is)
    return Member(recipe, prepared, rows, rest, rng.getrandbits(64))


def refitted(table: Table, rows: Array) -> FittedPreparation:
    """Centered on these rows, where the table's own preparation is fitted on the rows that its split gives."""
    encoding, x = Encoding.of(table.dataset), table.data.x.astype(np.float64)
    return Preparation(inputs="center").fit(encoding, x, table.dataset.target, rows, table.data.weight)


def siblings(of: Case, count: int, seed: int) -> Iterator[Member]:
    """Members of the same shape, which may ride abreast with it, each with rows, rates and an end of its own."""
    rng = random.Random(seed)
    for _ in range(count):
        own = own_settings(rng, of.table.dataset.target.kind)
        rule = entry(rng, of.settings["optimizer"]["name"], OPTIMIZER_OPTIONS)
        settings = {**of.settings, **own, "optimizer": rule}
        yield member(rng, of.table, settings, len(of.member.train), len(of.member.val))


def parts_of(recipe: Recipe) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a resolved recipe that has options: its path and its entry."""
    yield "recipe", {name: value for name, value in recipe.to_dict().items() if not isinstance(value, (dict, list))}
    for each in recipe.layers:
        yield f"layer {each['layer']}", each
    yield f"loss {recipe.loss['name']}", recipe.loss
    yield f"optimizer {recipe.optimizer['name']}", recipe.optimizer
    planned: Any = recipe.schedule
    while planned:
        yield f"schedule {planned['name']}", planned
        planned = planned.get("then")


def options_to_reach() -> dict[str, type]:
    """Every part that a native recipe can have, with the class that declares its options."""
    optimizers = {name: cls for name, cls in OPTIMIZERS.items() if name not in WITHOUT}
    kinds = {name: cls for name, cls in LAYERS.items() if name != "step"}
    named = {"layer": kinds, "loss": LOSSES, "optimizer": optimizers, "schedule": SCHEDULES}
    parts: dict[str, Any] = {"recipe": Recipe}
    for word, table in named.items():
        parts |= {f"{word} {name}": cls for name, cls in table.items()}
    return parts


def widths(recipe: Recipe) -> list[int]:
    return [each["units"] for each in recipe.layers if dense(each["layer"])]
