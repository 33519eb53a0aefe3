"""The program in C: the trained network, its preparation included, in C99 with nothing but the mathematics library."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from multilayer.data.column import REST
from multilayer.data.encoding import ColumnEncoding
from multilayer.engines.model import Model
from multilayer.errors import RefusedError
from multilayer.files.code.chain import Link, chain, n_weights
from multilayer.files.code.literals import WIDTH, filled, number, quoted_in_c, remark
from multilayer.files.code.program import Program
from multilayer.recipe.in_words import network_line

MOST_NUMBERS = 2**20
"""A text of more weights than this is no source code any more."""
LONGEST_STRING = 4000

ACTIVATIONS = {
    "sigmoid": "1 / (1 + exp(-x))",
    "tanh": "tanh(x)",
    "relu": "x > 0 ? x : 0",
    "leaky_relu": "x > 0 ? x : {slope} * x",
    "elu": "x > 0 ? x : {alpha} * expm1(x)",
    "selu": "1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))",
    "gelu": "0.5 * x * (1 + erf(x / sqrt(2.0)))",
    "silu": "x / (1 + exp(-x))",
    "mish": "x * tanh(x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))",
    "softplus": "x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))",
    "softsign": "x / (1 + fabs(x))",
    "ramp": "x < -1 ? -1 : x > 1 ? 1 : x",
    "sine": "sin(x)",
    "step": "x >= 0 ? 1 : 0",
}

LINEAR = """\
/* y = x W + b, with W row by row: n_in rows of n_out weights. */
static void linear(const real *x, int n_in, const real *W, const real *b, int n_out, real *y)
{
    for (int j = 0; j < n_out; j++) {
        y[j] = b ? b[j] : 0;
        for (int i = 0; i < n_in; i++)
            y[j] += x[i] * W[i * n_out + j];
    }
}"""
MAXOUT = """\
/* y = the largest of several linear pieces. */
static void maxout(const real *x, int n_in, const real *W, const real *b, int pieces, int n_out, real *y)
{
    for (int j = 0; j < n_out; j++)
        for (int k = 0; k < pieces; k++) {
            real sum = b[k * n_out + j];
            for (int i = 0; i < n_in; i++)
                sum += x[i] * W[(k * n_in + i) * n_out + j];
            if (k == 0 || sum > y[j])
                y[j] = sum;
        }
}"""
LAYER_NORM = """\
/* y = gain (x - mean) / deviation + shift, over the values of a row. */
static void layer_norm(const real *x, int n, const real *gain, const real *shift, double epsilon, real *y)
{
    double mean = 0, variance = 0;
    for (int j = 0; j < n; j++)
        mean += x[j] / (double)n;
    for (int j = 0; j < n; j++)
        variance += (x[j] - mean) * (x[j] - mean) / n;
    for (int j = 0; j < n; j++)
        y[j] = (real)(gain[j] * (x[j] - mean) / sqrt(variance + epsilon) + shift[j]);
}"""
SOFTMAX = """\
/* y = exp(x) / sum of exp(x), less the largest x so that nothing overflows. */
static void softmax(const real *x, int n, real *y)
{
    double largest = x[0], sum = 0;
    for (int j = 1; j < n; j++)
        largest = x[j] > largest ? x[j] : largest;
    for (int j = 0; j < n; j++)
        sum += exp(x[j] - largest);
    for (int j = 0; j < n; j++)
        y[j] = (real)(exp(x[j] - largest) / sum);
}"""
ONE_HOT = """\
/* A feature for each category, 1 for the one with this number; with `missing`, a last one for nan. */
static void one_of(double number, int categories, int missing, int rest, double *features)
{
    if (!isnan(number) && rest >= 0 && !(number >= 0 && number < categories))
        number = rest;
    for (int i = 0; i < categories; i++)
        features[i] = number == i;
    if (missing)
        features[categories] = isnan(number) ? 1 : 0;
}"""
SEVERAL = """\
/* Of a number: its place, within -3 and 3, how far it has come between knots, and whether it is missing. */
static void several(double x, double center, double factor, const double *knots, int n, int gaps, double *features)
{
    double z = fmin(fmax((x - center) * factor, -1e100), 1e100);
    features[0] = isnan(x) ? x : z / sqrt(1 + z / 3 * (z / 3));
    for (int i = 0; i + 1 < n; i++)
        features[i + 1] = isnan(x) ? x : fmin(fmax((x - knots[i]) / (knots[i + 1] - knots[i]), 0), 1);
    if (gaps)
        features[n > 1 ? n : 1] = isnan(x) ? 1 : 0;
}"""
READ_ROW = """\
/* Read a line of numbers with spaces or commas between them: 1 done, 0 at the end, -1 not such a line. */
static int read_row(double *x)
{
    for (int i = 0; i < N_COLUMNS; i++) {
        int c = getchar();
        while (c == ' ' || c == '\\t' || c == '\\r' || (c == ',' && i > 0) || (c == '\\n' && i == 0))
            c = getchar();
        if (c == EOF && i == 0)
            return 0;
        if (c == EOF || c == '\\n')
            return -1;
        ungetc(c, stdin);
        if (scanf("%lf", &x[i]) != 1)
            return -1;
    }
    int c = getchar();
    while (c == ' ' || c == '\\t' || c == '\\r')
        c = getchar();
    return c == '\\n' || c == EOF ? 1 : -1;
}"""


def predict(model: Model, source: str) -> Program:
    """A program with `predict(x, answer)` and a main that reads rows of numbers; raises RefusedError for what is too
    large for source code."""
    if model.own is not None:
        raise RefusedError("A network of your own is code already: no program can be written from a run of it.")
    links = chain(model.recipe.layers, model.n_in, model.weights)
    count = n_weights(links)
    if count > MOST_NUMBERS:
        raise RefusedError(
            f"A program in C carries its weights in its text, and {count:,} are too many for that "
            f"(at most {MOST_NUMBERS:,}). Ask for numpy or pytorch."
        )
    told = [_header(model, source), ["#include <math.h>", "#include <stdio.h>"], _sizes(model), _labels(model)]
    code = [
        _constants(model, links),
        *_functions(model, links),
        _predict(model, links),
        READ_ROW.splitlines(),
        _main(model),
    ]
    real = "double" if model.recipe.dtype == "float64" else "float"
    text = re.sub(r"\breal\b", real, _joined(code))
    return Program("c", f"{_joined(told)}\n\n{text}\n")


def _joined(parts: Sequence[Sequence[str]]) -> str:
    return "\n\n".join("\n".join(part) for part in parts if part)


def _header(model: Model, source: str) -> list[str]:
    columns, net = model.preparation.encoding.columns, network_line(model.recipe.layers, model.n_in)
    lines = [
        f"/* Answer rows with a multilayer perceptron trained on {remark(source)}: {net}.",
        "",
        "   cc -std=c99 -O2 FILE.c -lm -o answer && ./answer < rows.txt",
        "",
        "   A row is a line of numbers with spaces or commas between them, nan where one is missing:",
    ]
    return [*lines, *(f"     {line}" for column in columns for line in _column(column)), "*/"]


def _column(column: ColumnEncoding) -> list[str]:
    """What the number of a column means."""
    name = remark(column.name)
    if column.kind == "category":
        rest = f"; any other number is {REST}" if REST in column.categories else "; -1 is any other"
        numbered = ", ".join(f"{place} {remark(one)}" for place, one in enumerate(column.categories))
        return textwrap.wrap(f"{name}: {numbered}{rest}", WIDTH - 9, subsequent_indent="    ")
    means = {"boolean": ": 0 no, 1 yes", "date": ": days since 1970-01-01"}
    return [f"{name}{means.get(column.kind, '')}"]


def _sizes(model: Model) -> list[str]:
    outputs = model.target.n_out if model.target.kind != "binary" else 2
    return [
        f"enum {{ N_COLUMNS = {len(model.preparation.encoding.columns)}, N_FEATURES = {model.n_in}, "
        f"N_ANSWERS = {outputs} }};"
    ]


def _labels(model: Model) -> list[str]:
    if model.target.kind not in ("binary", "classes"):
        return []
    names = [quoted_in_c(str(label)) for label in model.target.classes]
    if max(map(len, names)) > LONGEST_STRING:
        raise RefusedError(f"The name of a class is too long for C, which has {LONGEST_STRING} characters for one.")
    return _initialized("static const char *const CLASSES[N_ANSWERS]", names)


def _initialized(what: str, items: Sequence[str], note: str = "") -> list[str]:
    """`what = {a, b};` in one line if it fits."""
    line = f"{what} = {{{', '.join(items)}}};{note}"
    return [line] if len(line) <= WIDTH else [f"{what} = {{{note}", *filled(items, "    "), "};"]


def _array(kind: str, name: str, value: np.ndarray[Any, Any], note: str = "") -> list[str]:
    suffix = "f" * (value.dtype == np.float32)
    numbers = [f"{number(one)}{suffix}" for one in value.ravel()]
    return _initialized(f"static const {kind} {name}[{value.size}]", numbers, note)


def _constants(model: Model, links: Sequence[Link]) -> list[str]:
    prep = model.preparation
    lines = _array("double", "fill", prep.fill, " /* for what is missing */")
    if prep.center.any() or (prep.factor != 1).any():
        lines += [*_array("double", "center", prep.center), *_array("double", "factor", prep.factor)]
    if _scaled(model):
        lines += _array("double", "target_center", prep.target_center)
        lines += _array("double", "target_factor", prep.target_factor)
    for position, column in enumerate(prep.encoding.columns):
        if column.numbers is not None:
            lines += _array("double", f"knots{position}", np.array(column.numbers.knots or (0.0,)))
    for link in links:
        for role, name in link.names.items():
            value = link.weights[role]
            shape = " x ".join(map(str, value.shape))
            lines += _array("real", name, value, f" /* {shape} */" if value.ndim > 1 else "")
    return lines


def _scaled(model: Model) -> bool:
    prep = model.preparation
    shifted = prep.target_center.any() or (prep.target_factor != 1).any()
    return bool(model.target.kind == "regression" and shifted)


def _functions(model: Model, links: Sequence[Link]) -> list[list[str]]:
    """The functions that this network calls."""
    kinds = {link.kind for link in links}
    found = [LINEAR] * ("linear" in kinds) + [MAXOUT] * ("maxout" in kinds) + [LAYER_NORM] * ("layer_norm" in kinds)
    found += [SOFTMAX] * ("softmax" in kinds or model.answering == "softmax")
    for link in links:
        if link.kind in ACTIVATIONS:
            options = {name: number(value) for name, value in link.entry.items() if name != "layer"}
            found.append(
                f"static real {_function(link, links)}(real x)\n{{\n"
                f"    return (real)({ACTIVATIONS[link.kind].format(**options)});\n}}"
            )
    if any(column.kind == "category" for column in model.preparation.encoding.columns):
        found.append(ONE_HOT)
    if any(column.numbers is not None for column in model.preparation.encoding.columns):
        found.append(SEVERAL)
    return [text.splitlines() for text in dict.fromkeys(found)]


def _function(link: Link, links: Sequence[Link]) -> str:
    """The name of an activation's function; those of one kind with different options are numbered."""
    kinds = [other.entry for other in links if other.kind == link.kind]
    distinct = [entry for place, entry in enumerate(kinds) if entry not in kinds[:place]]
    place = distinct.index(link.entry)
    name = {"tanh": "tangent", "step": "threshold"}.get(link.kind, link.kind)
    return name if place == 0 else f"{name}{place + 1}"


def _predict(model: Model, links: Sequence[Link]) -> list[str]:
    """From a row to its answer."""
    lines = [
        "/* The answer to a row: the numbers of its columns, in the order above. */",
        "void predict(const double *x, double *answer)",
        "{",
    ]
    values = "x"
    columns = model.preparation.encoding.columns
    if any(column.kind == "category" or column.numbers is not None for column in columns):
        values, place = "features", 0
        lines.append("    double features[N_FEATURES];")
        for position, column in enumerate(columns):
            if column.kind == "category":
                count, missing = len(column.categories), int(column.missing)
                rest = column.categories.index(REST) if REST in column.categories else -1
                lines.append(f"    one_of(x[{position}], {count}, {missing}, {rest}, features + {place});")
            elif column.numbers is not None:
                told = column.numbers
                given = f"{number(told.center)}, {number(told.factor)}, knots{position}, {len(told.knots)}"
                lines.append(f"    several(x[{position}], {given}, {int(told.gaps)}, features + {place});")
            else:
                lines.append(f"    features[{place}] = x[{position}];")
            place += len(column.feature_names)
    centered = model.preparation.center.any() or (model.preparation.factor != 1).any()
    prepared = "(value - center[i]) * factor[i]" if centered else "value"
    lines += [
        "    real prepared[N_FEATURES];",
        "    for (int i = 0; i < N_FEATURES; i++) {",
        f"        double value = isnan({values}[i]) ? fill[i] : {values}[i];",
        f"        prepared[i] = (real)({prepared});",
        "    }",
    ]
    for link in links:
        lines += [f"    real {link.y}[{link.n_out}];", *(f"    {line}" for line in _layer(link, links))]
    return [*lines, *(f"    {line}" for line in _answer(model, links[-1].n_out)), "}"]


def _layer(link: Link, links: Sequence[Link]) -> list[str]:
    y, n, name, entry = link.y, link.n_out, link.names, link.entry
    x = "prepared" if link.x == "x" else link.x
    loop = f"for (int j = 0; j < {n}; j++)"
    match link.kind:
        case "linear":
            return [f"linear({x}, {link.n_in}, {name['W']}, {name.get('b', 'NULL')}, {n}, {y});"]
        case "maxout":
            return [f"maxout({x}, {link.n_in}, {name['W']}, {name['b']}, {entry['pieces']}, {n}, {y});"]
        case "layer_norm":
            return [f"layer_norm({x}, {n}, {name['gain']}, {name['shift']}, {number(entry['epsilon'])}, {y});"]
        case "batch_norm":
            unit = f"({x}[j] - {name['running_mean']}[j]) / sqrt({name['running_var']}[j] + {number(entry['epsilon'])})"
            return [loop, f"    {y}[j] = (real)({name['gain']}[j] * {unit} + {name['shift']}[j]);"]
        case "scale":
            return [loop, f"    {y}[j] = {x}[j] * {name['s']}[j];"]
        case "prelu":
            return [loop, f"    {y}[j] = {x}[j] > 0 ? {x}[j] : {name['slopes']}[j] * {x}[j];"]
        case "softmax":
            return [f"softmax({x}, {n}, {y});"]
    return [loop, f"    {y}[j] = {_function(link, links)}({x}[j]);"]


def _answer(model: Model, n: int) -> list[str]:
    """From the outputs y to the answer."""
    how, loop = model.answering, "for (int j = 0; j < N_ANSWERS; j++)"
    match how:
        case "number" | "exponential" | "mean":
            y = "exp(y[j])" if how == "exponential" else "y[j]"
            value = f"{y} / target_factor[j] + target_center[j]" if _scaled(model) else y
            return [loop, f"    answer[j] = {value};"]
        case "softmax":
            return ["real p[N_ANSWERS];", "softmax(y, N_ANSWERS, p);", loop, "    answer[j] = p[j];"]
        case "shares":
            least = ["double least = 0;", loop, "    least = y[j] < least ? y[j] : least;"]
            return [*least, *_shares(loop, "y[j] - least")]
    p = "y[j] < 0 ? 0 : y[j] > 1 ? 1 : y[j]" if how == "clipped" else "1 / (1 + exp(-y[j]))"
    if how == "sigmoid shares":
        return _shares(loop, p)
    if model.target.kind == "binary" and n == 1:
        return [f"answer[1] = {p.replace('[j]', '[0]')};", "answer[0] = 1 - answer[1];"]
    return [loop, f"    answer[j] = {p};"]


def _shares(loop: str, value: str) -> list[str]:
    """Each value's part in their sum; equal parts where all are 0."""
    sums = ["double sum = 0;", loop, f"    sum += answer[j] = {value};"]
    return [*sums, loop, "    answer[j] = sum > 0 ? answer[j] / sum : 1.0 / N_ANSWERS;"]


def _main(model: Model) -> list[str]:
    kind = model.target.kind
    digits = 17 if model.recipe.dtype == "float64" else 15 if kind == "regression" else 9
    largest = {
        "binary": ["        int best = answer[1] >= answer[0];"],
        "classes": [
            "        int best = 0;",
            "        for (int j = 1; j < N_ANSWERS; j++)",
            "            best = answer[j] > answer[best] ? j : best;",
        ],
    }.get(kind, [])
    shown = ['        printf("%s", CLASSES[best]);'] if largest else []
    each = f'printf(" %.{digits}g", answer[j]);' if largest else f'printf("%s%.{digits}g", j ? " " : "", answer[j]);'
    return [
        "int main(void)",
        "{",
        "    double x[N_COLUMNS], answer[N_ANSWERS];",
        "    int found;",
        "    while ((found = read_row(x)) == 1) {",
        "        predict(x, answer);",
        *largest,
        *shown,
        "        for (int j = 0; j < N_ANSWERS; j++)",
        f"            {each}",
        '        printf("\\n");',
        "    }",
        "    if (found < 0)",
        '        fprintf(stderr, "A row must be %d numbers in a line.\\n", N_COLUMNS);',
        "    return found < 0;",
        "}",
    ]
