"""Each optimizer in NumPy: what it remembers of every array of weights, and its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from multilayer.errors import RefusedError
from multilayer.files.code.literals import number
from multilayer.recipe import Recipe


@final
@dataclass(frozen=True)
class Rule:
    """`memory` are names and what each starts from, of a weight w; `lines` change w by its gradient g at step t."""

    memory: dict[str, str]
    lines: tuple[str, ...]


ZEROS = "np.zeros_like(w)"
MOMENTS = {"m": ZEROS, "v": ZEROS}
MEANS = (
    "m += (1 - {beta1}) * (g - m)  # the running mean of the gradient",
    "v += (1 - {beta2}) * (g * g - v)  # and of its square",
)
ADAM = Rule(
    MOMENTS,
    (
        *MEANS,
        "m_hat, v_hat = m / (1 - {beta1}**t), v / (1 - {beta2}**t)",
        "w -= lr * m_hat / (np.sqrt(v_hat) + {eps})",
    ),
)

RULES = {
    "sgd": Rule({}, ("w -= lr * g",)),
    "momentum": Rule({"v": ZEROS}, ("v *= {momentum}", "v += g", "w -= lr * v")),
    "nesterov": Rule({"v": ZEROS}, ("v *= {momentum}", "v += g", "w -= lr * (g + {momentum} * v)")),
    "adam": ADAM,
    "adamw": ADAM,
    "amsgrad": Rule(
        {**MOMENTS, "v_max": ZEROS},
        (
            *MEANS,
            "np.maximum(v_max, v, out=v_max)",
            "m_hat, v_hat = m / (1 - {beta1}**t), v_max / (1 - {beta2}**t)",
            "w -= lr * m_hat / (np.sqrt(v_hat) + {eps})",
        ),
    ),
    "adamax": Rule(
        {"m": ZEROS, "u": ZEROS},
        (
            "m += (1 - {beta1}) * (g - m)",
            "np.maximum({beta2} * u, np.abs(g) + {eps}, out=u)",
            "w -= lr * m / (1 - {beta1}**t) / u",
        ),
    ),
    "nadam": Rule(
        MOMENTS,
        (
            *MEANS,
            "ahead = {beta1} * (1 - 0.5 * 0.96 ** ((t + 1) * {momentum_decay}))  # the next step's momentum",
            "m_bar = (1 - mu) / (1 - product) * g + ahead / (1 - product * ahead) * m",
            "w -= lr * m_bar / (np.sqrt(v / (1 - {beta2}**t)) + {eps})",
        ),
    ),
    "adagrad": Rule({"n": "np.full_like(w, {initial})"}, ("n += g * g", "w -= lr * g / (np.sqrt(n) + {eps})")),
    "adadelta": Rule(
        {"n": ZEROS, "u": ZEROS},
        (
            "n += (1 - {rho}) * (g * g - n)",
            "change = np.sqrt((u + {eps}) / (n + {eps})) * g",
            "u += (1 - {rho}) * (change**2 - u)",
            "w -= lr * change",
        ),
    ),
    "lion": Rule(
        {"m": ZEROS},
        ("w -= lr * np.sign(m + (1 - {beta1}) * (g - m))", "m += (1 - {beta2}) * (g - m)"),
    ),
}


def rule(recipe: Recipe) -> Rule:
    """The recipe's rule, its options filled in; raises RefusedError for one that takes more than a few lines."""
    name = recipe.optimizer["name"]
    if name != "rmsprop" and name not in RULES:
        raise RefusedError(
            f"optimizer={name} cannot be said in a few lines of NumPy. Train with adam, or ask for what=predict."
        )
    found = _rmsprop(recipe) if name == "rmsprop" else RULES[name]
    at = {option: number(value) for option, value in recipe.optimizer.items() if isinstance(value, (int, float))}
    return Rule(
        {memory: start.format(**at) for memory, start in found.memory.items()},
        tuple(line.format(**at) for line in found.lines),
    )


def _rmsprop(recipe: Recipe) -> Rule:
    centered, momentum = recipe.optimizer["centered"], recipe.optimizer["momentum"]
    memory = {"n": ZEROS} | ({"mean": ZEROS} if centered else {}) | ({"v": ZEROS} if momentum else {})
    lines = ["n += (1 - {rho}) * (g * g - n)"]
    if centered:
        lines += ["mean += (1 - {rho}) * (g - mean)"]
    square = "np.maximum(n - mean**2, 0)" if centered else "n"
    step = f"g / (np.sqrt({square}) + {{eps}})"
    lines += ["v *= {momentum}", f"v += {step}", "w -= lr * v"] if momentum else [f"w -= lr * {step}"]
    return Rule(memory, tuple(lines))


def before_all(recipe: Recipe) -> tuple[list[str], list[str]]:
    """The lines before the training, and in every step before the weights are gone through."""
    if recipe.optimizer["name"] != "nadam":
        return [], []
    beta1, decay = number(recipe.optimizer["beta1"]), number(recipe.optimizer["momentum_decay"])
    momentum = f"mu = {beta1} * (1 - 0.5 * 0.96 ** (t * {decay}))  # the momentum warms up"
    return ["product = 1.0  # of the momenta of all steps so far"], [momentum, "product *= mu"]
