"""Each layer in NumPy: a line or two forward, and backward by the chain rule."""

from __future__ import annotations

import re
from collections.abc import Iterable

from multilayer.errors import RefusedError
from multilayer.files.code.chain import Link
from multilayer.files.code.literals import number

ACTIVATIONS = {
    "sigmoid": ("sigmoid({x})", "{dy} * {y} * (1 - {y})"),
    "tanh": ("np.tanh({x})", "{dy} * (1 - {y}**2)"),
    "relu": ("np.maximum({x}, 0)", "{dy} * ({x} > 0)"),
    "leaky_relu": ("np.where({x} > 0, {x}, {slope} * {x})", "np.where({x} > 0, {dy}, {slope} * {dy})"),
    "elu": (
        "np.where({x} > 0, {x}, {alpha} * np.expm1(np.minimum({x}, 0)))",
        "np.where({x} > 0, {dy}, {dy} * ({y} + {alpha}))",
    ),
    "selu": (
        "SCALE * np.where({x} > 0, {x}, ALPHA * np.expm1(np.minimum({x}, 0)))",
        "{dy} * np.where({x} > 0, SCALE, {y} + SCALE * ALPHA)",
    ),
    "gelu": ("{x} * normal_cdf({x})", "{dy} * (normal_cdf({x}) + {x} * normal_density({x}))"),
    "silu": ("{x} * sigmoid({x})", "{dy} * (sigmoid({x}) + {y} * (1 - sigmoid({x})))"),
    "mish": (
        "{x} * np.tanh(softplus({x}))",
        "{dy} * (np.tanh(softplus({x})) + {x} * sigmoid({x}) / np.cosh(softplus({x})) ** 2)",
    ),
    "softplus": ("softplus({x})", "{dy} * sigmoid({x})"),
    "softsign": ("{x} / (1 + np.abs({x}))", "{dy} / (1 + np.abs({x})) ** 2"),
    "ramp": ("np.clip({x}, -1, 1)", "{dy} * (np.abs({x}) < 1)"),
    "sine": ("np.sin({x})", "{dy} * np.cos({x})"),
    "softmax": ("softmax({x})", "{y} * ({dy} - ({dy} * {y}).sum(axis=1, keepdims=True))"),
    "step": ("np.heaviside({x}, 1)", ""),
}
"""Forward, and the derivative by the input."""

HELPERS = {
    "SCALE": ["SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772  # of SELU"],
    "sigmoid": [
        "def sigmoid(x):",
        '    """1 / (1 + exp(-x)), in a form that cannot overflow."""',
        "    return np.exp(-np.logaddexp(0, -x))",
    ],
    "softplus": ["def softplus(x):", '    """log(1 + exp(x))."""', "    return np.logaddexp(0, x)"],
    "softmax": [
        "def softmax(x):",
        '    """Positive and of sum 1, row by row."""',
        "    powers = np.exp(x - x.max(axis=1, keepdims=True))",
        "    return powers / powers.sum(axis=1, keepdims=True)",
    ],
    "normal_cdf": [
        "def normal_cdf(x):",
        '    """The share of a normal distribution below x."""',
        "    return (0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))).astype(x.dtype)",
    ],
    "normal_density": [
        "def normal_density(x):",
        '    """The density of the normal distribution at x."""',
        "    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)",
    ],
}
"""What the lines call, written into the program where it is called."""


def helpers(lines: Iterable[str]) -> list[list[str]]:
    """The definitions of all that these lines call."""
    text = "\n".join(lines)
    return [definition for name, definition in HELPERS.items() if re.search(rf"\b{name}\b", text)]


def forward(link: Link, *, training: bool) -> list[str]:
    """The lines from the layer's input to its output."""
    x, y, name, entry = link.x, link.y, link.names, link.entry
    match link.kind:
        case "linear":
            return [f"{y} = {x} @ {name['W']}" + (f" + {name['b']}" if "b" in name else "")]
        case "maxout":
            pieces = f"pieces{name['W'][1:]}"
            return [
                f"{pieces} = {x} @ {name['W']} + {name['b']}[:, None, :]  # (pieces, rows, units)",
                f"{y} = {pieces}.max(axis=0)",
            ]
        case "scale":
            return [f"{y} = {x} * {name['s']}"]
        case "prelu":
            return [f"{y} = np.where({x} > 0, {x}, {name['slopes']} * {x})"]
        case "dropout":
            keep = f"keep{y[1:]}"
            p = number(entry["p_drop"])
            return [f"{keep} = rng.random({x}.shape) >= {p}", f"{y} = np.where({keep}, {x} / (1 - {p}), 0)"]
        case "layer_norm" | "batch_norm":
            return _normalized(link, training)
    return [f"{y} = {ACTIVATIONS[link.kind][0].format(x=x, **entry)}"]


def _normalized(link: Link, training: bool) -> list[str]:
    x, name = link.x, link.names
    h, scale = _within(link)
    epsilon = number(link.entry["epsilon"])
    output = f"{link.y} = {name['gain']} * {h} + {name['shift']}"
    if link.kind == "layer_norm":
        return [
            f"{scale} = 1 / np.sqrt({x}.var(axis=1, keepdims=True) + {epsilon})",
            f"{h} = ({x} - {x}.mean(axis=1, keepdims=True)) * {scale}",
            output,
        ]
    if not training or link.frozen:
        return [
            f"{scale} = 1 / np.sqrt({name['running_var']} + {epsilon})",
            f"{h} = ({x} - {name['running_mean']}) * {scale}",
            output,
        ]
    momentum = number(link.entry["momentum"])
    unbiased = f"{x}.var(axis=0) * len({x}) / max(len({x}) - 1, 1)"
    return [
        f"{scale} = 1 / np.sqrt({x}.var(axis=0) + {epsilon})",
        f"{h} = ({x} - {x}.mean(axis=0)) * {scale}",
        output,
        f"{name['running_mean']} += {momentum} * ({x}.mean(axis=0) - {name['running_mean']})  # for predictions",
        f"{name['running_var']} += {momentum} * ({unbiased} - {name['running_var']})",
    ]


def _within(link: Link) -> tuple[str, str]:
    """The names of the normalized values and of one over their deviation."""
    return f"unit_{link.y}", f"scale_{link.y}"


def backward(link: Link, *, inputs: bool) -> list[str]:
    """The lines from the derivative by the output to those by the weights and, where wanted, by the input."""
    x, dx, dy, name = link.x, f"d{link.x}", f"d{link.y}", link.names
    lines: list[str] = []
    match link.kind:
        case "linear":
            lines = [f"d{name['W']} = {x}.T @ {dy}", *([f"d{name['b']} = {dy}.sum(axis=0)"] if "b" in name else [])]
            onward = f"{dx} = {dy} @ {name['W']}.T"
        case "maxout":
            pieces = f"pieces{name['W'][1:]}"
            lines = [
                f"first = {pieces}.argmax(axis=0)  # only the largest piece learns",
                f"d{pieces} = np.where(first == np.arange(len({pieces}))[:, None, None], {dy}, 0)",
                f"d{name['W']} = {x}.T @ d{pieces}",
                f"d{name['b']} = d{pieces}.sum(axis=1)",
            ]
            onward = f"{dx} = (d{pieces} @ {name['W']}.swapaxes(1, 2)).sum(axis=0)"
        case "scale":
            lines = [f"d{name['s']} = ({dy} * {x}).sum(axis=0)"]
            onward = f"{dx} = {dy} * {name['s']}"
        case "prelu":
            lines = [f"d{name['slopes']} = np.where({x} > 0, 0, {x} * {dy}).sum(axis=0)"]
            onward = f"{dx} = np.where({x} > 0, {dy}, {name['slopes']} * {dy})"
        case "dropout":
            onward = f"{dx} = np.where(keep{link.y[1:]}, {dy} / (1 - {number(link.entry['p_drop'])}), 0)"
        case "layer_norm" | "batch_norm":
            return _denormalized(link, inputs)
        case "step":
            raise RefusedError("A step activation cannot be trained by gradients. Ask for what=predict.")
        case _:
            onward = f"{dx} = {ACTIVATIONS[link.kind][1].format(x=x, y=link.y, dy=dy, **link.entry)}"
    lines = [] if link.frozen else lines
    return [*lines, onward] if inputs else lines


def _denormalized(link: Link, inputs: bool) -> list[str]:
    name, dx, dy = link.names, f"d{link.x}", f"d{link.y}"
    h, scale = _within(link)
    lines = [f"d{name['gain']} = ({dy} * {h}).sum(axis=0)", f"d{name['shift']} = {dy}.sum(axis=0)"]
    dh = f"d{h}"
    along = "axis=1, keepdims=True" if link.kind == "layer_norm" else "axis=0"
    onward = [f"{dh} = {dy} * {name['gain']}"]
    if link.kind == "batch_norm" and link.frozen:
        onward += [f"{dx} = {dh} * {scale}"]
    else:
        onward += [f"shared = {dh}.mean({along}) + {h} * ({dh} * {h}).mean({along})"]
        onward += [f"{dx} = ({dh} - shared) * {scale}"]
    return [*([] if link.frozen else lines), *(onward if inputs else [])]
