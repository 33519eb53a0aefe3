"""docs/arithmetic.md prints every coefficient that the code has."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

from multilayer import rng
from multilayer.exact import circle, double, normal, single

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
