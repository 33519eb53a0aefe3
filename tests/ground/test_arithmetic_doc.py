"""docs/arithmetic.md prints every coefficient that the code has, and a rule for every name."""

from __future__ import annotations

import hashlib
import math
import textwrap
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from multilayer import rng
from multilayer.data import METRICS
from multilayer.exact import circle, double, normal, single
from multilayer.nn import activations
from multilayer.nn.losses import LOSSES
from multilayer.optim import OPTIMIZERS, SCHEDULES
from multilayer.recipe.digest import weights_digest
from multilayer.recipe.layers import LAYERS

PAGE = Path(__file__).parents[2] / "docs" / "arithmetic.md"

TABLES: dict[str, dict[str, Iterable[float]]] = {
    "float64, exp and expm1": {
        "LN2_HIGH": [double.LN2_HIGH],
        "LN2_LOW": [double.LN2_LOW],
        "INVERSE_LN2": [double.INVERSE_LN2],
        "EXP": double.EXP,
    },
    "float64, log and log1p": {"LOG": double.LOG},
    "float64, log in two parts": {
        "THIRD": [double.THIRD],
        "THIRD_LOW": [double.THIRD_LOW],
        "ATANH": double.ATANH,
        "INVERSE_LN2_LOW": [double.INVERSE_LN2_LOW],
    },
    "float64, sin and cos": {
        "TWO_BY_PI": [circle.TWO_BY_PI],
        "HALF_PI": circle.HALF_PI,
        "SIN": circle.SIN,
        "COS": circle.COS,
    },
    "float64, erf": {"ERF_NEAR": normal.ERF_NEAR, "ERF_FAR": normal.ERF_FAR},
    "float64, normal quantile": {
        "CENTER_TOP": normal.CENTER[0],
        "CENTER_BOTTOM": normal.CENTER[1],
        "SIDE_TOP": normal.SIDE[0],
        "SIDE_BOTTOM": normal.SIDE[1],
        "FAR_TOP": normal.FAR[0],
        "FAR_BOTTOM": normal.FAR[1],
    },
    "float32": {
        "LN2_HIGH": [float(single.LN2_HIGH)],
        "LN2_LOW": [float(single.LN2_LOW)],
        "INVERSE_LN2": [float(single.INVERSE_LN2)],
        "EXP": single.EXP,
        "LOG": single.LOG,
        "TANH_NEAR": single.TANH_NEAR,
        "ERF_NEAR": single.ERF_NEAR,
        "ERF_FAR": single.ERF_FAR,
    },
}


def block(name: str, tables: dict[str, Iterable[float]]) -> str:
    """The tables as the page prints them."""
    lines = [f"```text\n{name}"]
    for entry, values in tables.items():
        numbers = " ".join(float(value).hex() for value in values)
        lines += textwrap.wrap(f"{entry} = {numbers}", 116, subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines) + "\n```"


def test_page_prints_the_tables_of_the_code() -> None:
    page = PAGE.read_text()
    for name, tables in TABLES.items():
        assert block(name, tables) in page, f"docs/arithmetic.md needs:\n{block(name, tables)}"


def test_page_names_the_numbers_of_streams_and_philox() -> None:
    page = PAGE.read_text()
    for use, number in rng.USES.items():
        assert f"| `{use}` | {number} |" in page
    for constant in (*rng.MULTIPLIERS, *rng.KEY_STEPS):
        assert f"0x{constant:08X}" in page


def section(number: str) -> str:
    """The part of the page from one heading of section 5 to the next."""
    return PAGE.read_text().split(f"### {number} ")[1].split("\n### ")[0]


@pytest.mark.parametrize(
    ("number", "table", "elsewhere"),
    [
        ("5.9", LAYERS, ()),
        ("5.10", LOSSES, ()),
        ("5.11", OPTIMIZERS, ("adafactor", "lamb", "muon", "lbfgs")),
        ("5.13", METRICS, ()),
        ("5.14", SCHEDULES, ()),
    ],
)
def test_page_has_a_rule_for_every_name(number: str, table: Iterable[str], elsewhere: Iterable[str]) -> None:
    text = section(number)
    rows = {name.strip() for line in text.splitlines() if line[:2] == "| " for name in line.split("|")[1].split(",")}
    assert sorted(set(table) - rows) == sorted(elsewhere)
    assert all(name in text for name in elsewhere)


def test_page_prints_the_constants_of_the_activations() -> None:
    constants = {
        "SCALE": activations.SELU_SCALE,
        "DEPTH": activations.SELU_SCALE * activations.SELU_ALPHA,
        "ROOT": math.sqrt(0.5),
        "DENSITY": 1 / math.sqrt(2 * math.pi),
    }
    assert block("float64, rounded to T", {name: [value] for name, value in constants.items()}) in section("5.9")


def test_page_describes_the_digest_of_weights() -> None:
    text, hasher = section("5.7"), hashlib.sha256()
    weights = {name: np.full((2, 40), k, dtype=np.float32) for k, name in enumerate(("2.W", "0.b", "10.W", "0.W"))}
    header = text.split("    {")[1].split("}")[0]
    for name in text.split("by code point: ")[1].split(". Each")[0].replace("\n", " ").split(", "):
        hasher.update(b"{" + header.replace('"0.W"', name).encode() + b"}\n")
        hasher.update(weights[name.strip('"')].astype("<f4").tobytes())
    assert hasher.hexdigest() == weights_digest(weights)
