"""The program in Keras 3: the network, the loss and the optimizer are said, and `fit` trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multilayer.errors import RefusedError
from multilayer.files.code.chain import Link
from multilayer.files.code.in_numpy import assembled, indented
from multilayer.files.code.lesson import Lesson, factor_lines, reading
from multilayer.files.code.literals import array, call, listed, number, options
from multilayer.files.code.program import Program
from multilayer.recipe import Recipe

ACTIVATIONS = {
    **{name: name for name in ("sigmoid", "tanh", "relu", "selu", "gelu", "silu", "mish", "softplus", "softsign")},
    "ramp": "hard_tanh",
    "softmax": "softmax",
}
OWN_LAYERS = {
    "step": ["def step(x):", "    return keras.ops.cast(x >= 0, x.dtype)"],
    "scale": [
        "class Scale(keras.layers.Layer):",
        '    """A factor for each feature."""',
        "",
        "    def __init__(self, regularizer=None, **options):",
        "        super().__init__(**options)",
        "        self.regularizer = regularizer",
        "",
        "    def build(self, shape):",
        '        self.factor = self.add_weight(shape=(shape[-1],), initializer="ones", regularizer=self.regularizer)',
        "",
        "    def call(self, x):",
        "        return x * self.factor",
    ],
    "maxout": [
        "class Maxout(keras.layers.Layer):",
        '    """The largest of several linear pieces."""',
        "",
        "    def __init__(",
        "        self, units, pieces, kernel_regularizer=None, bias_regularizer=None, constraint=None, **options",
        "    ):",
        "        super().__init__(**options)",
        "        self.units, self.pieces, self.constraint = units, pieces, constraint",
        "        self.regularizers = kernel_regularizer, bias_regularizer",
        "",
        "    def build(self, shape):",
        "        W, b = (self.pieces, shape[-1], self.units), (self.pieces, self.units)",
        "        self.kernel = self.add_weight(",
        '            name="kernel", shape=W, regularizer=self.regularizers[0], constraint=self.constraint',
        "        )",
        '        self.bias = self.add_weight(name="bias", shape=b, regularizer=self.regularizers[1])',
        "",
        "    def call(self, x):",
        '        pieces = keras.ops.einsum("ni,kio->kno", x, self.kernel) + self.bias[:, None, :]',
        "        return keras.ops.max(pieces, axis=0)",
    ],
}
"""What Keras has none of."""

LOSSES: dict[str, list[str]] = {
    "squared_error": ["return 0.5 * keras.losses.mean_squared_error(target, y)"],
    "absolute_error": ["return keras.losses.mean_absolute_error(target, y)"],
    "huber": ["return keras.losses.huber(target, y, delta={delta})"],
    "sigmoid_cross_entropy": ["return keras.losses.binary_crossentropy(target, y, from_logits=True)"],
    "cross_entropy": ["return keras.losses.sparse_categorical_crossentropy(target, y, from_logits=True)"],
    "log": ["return keras.ops.mean(keras.ops.softplus(-target * y), axis=-1)"],
    "hinge": ["return keras.ops.mean(keras.ops.relu({margin} - target * y), axis=-1)"],
    "squared_hinge": ["return keras.ops.mean(keras.ops.square(keras.ops.relu({margin} - target * y)), axis=-1)"],
    "poisson": ["return keras.ops.mean(keras.ops.exp(y) - target * y, axis=-1)"],
    "quantile": [
        "error = target - y",
        "return keras.ops.mean(keras.ops.maximum({q} * error, ({q} - 1) * error), axis=-1)",
    ],
    "gaussian_nll": [
        "mean, log_variance = keras.ops.split(y, 2, axis=-1)",
        "square = keras.ops.square(target - mean) * keras.ops.exp(-log_variance)",
        "return keras.ops.mean(0.5 * (log_variance + square), axis=-1)",
    ],
    "max_margin": [
        "true = keras.ops.one_hot(keras.ops.reshape(target, (-1,)), y.shape[-1], dtype=y.dtype)",
        "rival = keras.ops.max(y - 1e9 * true, axis=-1)  # the best of the wrong classes",
        "return keras.ops.relu({margin} + rival - keras.ops.sum(y * true, axis=-1))",
    ],
}
"""The loss of each row, the mean over its outputs."""
SMOOTHED = [
    "k = y.shape[-1]",
    "true = keras.ops.one_hot(keras.ops.reshape(target, (-1,)), k, dtype=y.dtype)",
    "share = (1 - {label_smoothing}) * true + {label_smoothing} / k",
    "return keras.losses.categorical_crossentropy(share, y, from_logits=True)",
]

DOUBLE = ['keras.config.set_floatx("float64")', 'keras.config.set_dtype_policy("float64")']
"""What makes losses, and layers, compute in float64."""
BUILT_IN = {
    "absolute_error": "keras.losses.MeanAbsoluteError()",
    "huber": "keras.losses.Huber(delta={delta})",
    "sigmoid_cross_entropy": "keras.losses.BinaryCrossentropy(from_logits=True)",
    "cross_entropy": "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
}
"""Losses that need no function, where nothing else is measured by it."""

ADAM = {"beta_1": 0.9, "beta_2": 0.999}
OPTIMIZERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "sgd": ("SGD", {}, {}),
    "momentum": ("SGD", {}, {}),
    "nesterov": ("SGD", {"nesterov": True}, {}),
    "adam": ("Adam", {}, ADAM),
    "adamw": ("Adam", {}, ADAM),
    "amsgrad": ("Adam", {"amsgrad": True}, ADAM),
    "adamax": ("Adamax", {}, ADAM),
    "rmsprop": ("RMSprop", {}, {"rho": 0.9, "momentum": 0.0, "centered": False}),
    "adagrad": ("Adagrad", {}, {}),
    "adadelta": ("Adadelta", {}, {}),
    "lion": ("Lion", {}, {"beta_1": 0.9, "beta_2": 0.99}),
}
"""The class, what it is told in any case, and what it takes without being told."""
OPTIONS = {"beta1": "beta_1", "beta2": "beta_2", "eps": "epsilon", "initial": "initial_accumulator_value"}
UNDER_ROOT = ("rmsprop", "adagrad")
"""Keras adds epsilon under the root, we outside it."""
WITH_RATE = ("momentum", "nesterov", "rmsprop")
"""Keras' velocity holds the learning rate, so that a schedule acts otherwise."""


def train(lesson: Lesson) -> Program:
    """A program that trains; raises RefusedError for what Keras lacks."""
    _check(lesson)
    links, recipe = lesson.links, lesson.recipe
    rows = reading(lesson, lambda dtype: ("np.array(", f"{_dtype(dtype)})"), ("", ""))
    weights = weights_of(links)
    model = [*model_lines(links, recipe), *loading(weights, written=lesson.written)]
    optimizer, loop = _optimizer(lesson), _loop(lesson)
    factor = factor_lines(lesson) if _own_schedule(recipe) else []
    rates = _rates(lesson) if factor else []
    loss = [] if _built_in(recipe) else [loss_lines(recipe), *([_summed(recipe)] if recipe.reduction == "sum" else [])]
    definitions = [*layers(links), *loss, *([factor, rates] if factor else [])]
    text = "\n".join([*rows, *model, *factor])
    standard = ["import math"] * ("math." in text) + ["from pathlib import Path"] * ("Path(" in text)
    imports = [*standard, *([""] if standard else []), "import keras", "import numpy as np"]
    body = [rows, model, optimizer, loop]
    settings = [f"keras.utils.set_random_seed({lesson.seed % 2**32})"] if lesson.draws else []
    settings += DOUBLE if recipe.dtype == "float64" else []
    text = assembled([lesson.header("Keras"), imports], definitions, [settings, *body])
    return Program("keras", text, lesson.arrays(weights))


def _dtype(dtype: np.dtype[Any]) -> str:
    return ', dtype="float32"' if dtype == np.float32 else ""


def _check(lesson: Lesson) -> None:
    recipe = lesson.recipe
    name = recipe.optimizer["name"]
    if name not in OPTIMIZERS:
        raise RefusedError(f"optimizer={name} is not in Keras as it is here. Ask for numpy or pytorch.")
    velocity = name in WITH_RATE and (name != "rmsprop" or recipe.optimizer["momentum"])
    if velocity and recipe.schedule["name"] != "constant":
        raise RefusedError(
            f"The momentum of optimizer={name} holds the learning rate in Keras, so that a schedule acts otherwise. "
            "Ask for numpy or pytorch."
        )
    if recipe.clip_value is not None and recipe.clip_norm is not None:
        raise RefusedError("Keras clips by value or by norm, not by both. Ask for numpy or pytorch.")


def layers(links: Sequence[Link]) -> list[list[str]]:
    """The definitions of what Keras has none of."""
    kinds = {link.kind for link in links}
    return [lines for kind, lines in OWN_LAYERS.items() if kind in kinds]


def model_lines(links: Sequence[Link], recipe: Recipe | None = None) -> list[str]:
    """The network; an activation directly behind a dense layer is that layer's. Penalties where there is a recipe."""
    lines = ["model = keras.Sequential([", f"    keras.Input(({links[0].n_in},)),"]
    if recipe is not None and recipe.noise:
        lines.append(f"    keras.layers.GaussianNoise({number(recipe.noise)}),")
    place = 0
    while place < len(links):
        link, activation = links[place], ""
        after = links[place + 1] if place + 1 < len(links) else None
        if link.kind == "linear" and after is not None and after.kind in ("sine", "step", *ACTIVATIONS):
            activation, place = _activation(after), place + 1
        lines += _layer(link, activation, recipe)
        place += 1
    return [*lines, "])"]


def _activation(link: Link) -> str:
    return {"sine": "keras.ops.sin", "step": "step"}.get(link.kind) or f'"{ACTIVATIONS[link.kind]}"'


def _layer(link: Link, activation: str, recipe: Recipe | None) -> list[str]:
    entry = link.entry
    extra = _extras(link, recipe) + (["trainable=False"] if link.frozen else [])
    match link.kind:
        case "linear":
            given = [str(link.n_out), *([f"activation={activation}"] if activation else [])]
            name, given = "keras.layers.Dense", given + ([] if entry["bias"] else ["use_bias=False"])
        case "maxout":
            name, given = "Maxout", [str(link.n_out), f"pieces={entry['pieces']}"]
        case "scale":
            name, given = "Scale", []
        case "prelu":
            name, given = "keras.layers.PReLU", []
        case "leaky_relu":
            name, given = "keras.layers.LeakyReLU", [number(entry["slope"])]
        case "elu":
            name, given = "keras.layers.ELU", [number(entry["alpha"])]
        case "dropout":
            name, given = "keras.layers.Dropout", [number(entry["p_drop"])]
        case "layer_norm":
            name, given = "keras.layers.LayerNormalization", [f"epsilon={number(entry['epsilon'])}"]
        case "batch_norm":
            momentum = number(float(f"{1 - entry['momentum']:.15g}"))
            name = "keras.layers.BatchNormalization"
            given = [f"momentum={momentum}", f"epsilon={number(entry['epsilon'])}"]
        case _:
            name, given = "keras.layers.Activation", [_activation(link)]
    return call(name, *given, *extra, after=",", indent="    ")


def _extras(link: Link, recipe: Recipe | None) -> list[str]:
    """Penalties and the largest norm, said of the layer."""
    if recipe is None or not link.weights or link.frozen:
        return []
    found = []
    if recipe.l1 or recipe.l2:
        of = {"linear": ("kernel", "bias"), "maxout": ("kernel", "bias"), "prelu": ("", "alpha"), "scale": ("", "")}
        weight, bias = of.get(link.kind, ("", "gamma"))
        penalty = ", ".join(options({"l1": recipe.l1, "l2": recipe.l2 / 2}, {"l1": 0.0, "l2": 0.0}))
        said = f"keras.regularizers.L1L2({penalty})"
        found += [f"{weight}_regularizer={said}"] if weight else []
        if recipe.penalize_biases and (link.kind != "linear" or link.entry["bias"]):
            found.append(f"{bias}_regularizer={said}".lstrip("_"))
            found += [f"beta_regularizer={said}"] if bias == "gamma" else []
    if recipe.max_norm is not None and "W" in link.weights:
        name, axis = ("constraint", 1) if link.kind == "maxout" else ("kernel_constraint", 0)
        found.append(f"{name}=keras.constraints.MaxNorm({number(recipe.max_norm)}, axis={axis})")
    return found


def weights_of(links: Sequence[Link]) -> dict[str, np.ndarray[Any, Any]]:
    """The weights in the order in which `model.set_weights` takes them."""
    return {link.names[role]: value for link in links for role, value in link.weights.items()}


def loading(weights: dict[str, np.ndarray[Any, Any]], *, written: bool) -> list[str]:
    """The lines that give the model these weights."""
    if not written:
        names = listed((f'"{name}"' for name in weights), "names = ", "[]")
        return [*names, "model.set_weights([data[name] for name in names])"]
    lines = []
    for name, value in weights.items():
        constant = {0: "zeros", 1: "ones"}.get(value.flat[0].item()) if np.ptp(value) == 0 and value.ndim == 1 else None
        if constant:
            lines.append(f"    np.{constant}({value.size}),  # {name}")
        else:
            lines += array(value, "np.array(", f"),  # {name}", "    ")
    return ["model.set_weights([", *lines, "])"]


def loss_lines(recipe: Recipe) -> list[str]:
    """The function `row_loss`."""
    loss = {name: value if name == "name" else number(value) for name, value in recipe.loss.items()}
    lines = SMOOTHED if recipe.loss.get("label_smoothing") else LOSSES[recipe.loss["name"]]
    said = '    """The loss of each row, the mean over its outputs."""'
    return ["def row_loss(target, y):", said, *indented([line.format(**loss) for line in lines], 1)]


def _built_in(recipe: Recipe) -> str:
    """The loss as Keras has it; empty where a function of the program says it."""
    if _apart(recipe) or recipe.loss.get("label_smoothing"):
        return ""
    return BUILT_IN.get(recipe.loss["name"], "").format(**recipe.loss)


def _summed(recipe: Recipe) -> list[str]:
    outputs = "1" if recipe.loss["name"] in ("cross_entropy", "max_margin") else "target.shape[-1]"
    return [
        "class SummedLoss(keras.losses.Loss):",
        '    """The sum over rows and outputs."""',
        "",
        "    def __init__(self):",
        '        super().__init__(reduction="sum")',
        "",
        "    def call(self, target, y):",
        f"        return {'' if outputs == '1' else f'{outputs} * '}row_loss(target, y)",
    ]


def _own_schedule(recipe: Recipe) -> bool:
    """Whether the schedule is none that Keras has under the same formula."""
    return recipe.schedule["name"] not in ("constant", "cosine", "exponential", "step") and not _inverse(recipe)


def _inverse(recipe: Recipe) -> bool:
    return bool(recipe.schedule["name"] == "inverse_time" and recipe.schedule.get("power", 1.0) == 1)


def _rates(lesson: Lesson) -> list[str]:
    steps, lr = lesson.epochs * lesson.steps_per_epoch, number(lesson.recipe.lr)
    return [
        "class Schedule(keras.optimizers.schedules.LearningRateSchedule):",
        '    """The learning rate of every step, from a table."""',
        "",
        "    def __init__(self):",
        f"        self.rates = keras.ops.array([{lr} * factor(step) for step in range({steps + 1})])",
        "",
        "    def __call__(self, step):",
        "        return keras.ops.take(self.rates, step)",
    ]


def _rate(lesson: Lesson) -> list[str]:
    """The lines of `rate`, and what the optimizer is told."""
    recipe, per_epoch = lesson.recipe, lesson.steps_per_epoch
    schedule, lr = recipe.schedule, number(recipe.lr)
    name = "keras.optimizers.schedules"
    match schedule["name"]:
        case "constant":
            return []
        case "cosine":
            floor = f"alpha={number(schedule['floor'])}"
            given = [lr, f"decay_steps={schedule['epochs'] * per_epoch}", *([floor] if schedule["floor"] else [])]
            return call(f"rate = {name}.CosineDecay", *given)
        case "exponential":
            return call(
                f"rate = {name}.ExponentialDecay",
                lr,
                f"decay_steps={per_epoch}",
                f"decay_rate={number(schedule['gamma'])}",
            )
        case "step":
            steps, factor = number(schedule["every"] * per_epoch), number(schedule["factor"])
            given = [lr, f"decay_steps={steps}", f"decay_rate={factor}", "staircase=True"]
            return call(f"rate = {name}.ExponentialDecay", *given)
        case "inverse_time" if _inverse(recipe):
            given = [lr, f"decay_steps={per_epoch}", f"decay_rate={number(schedule['decay'])}"]
            return call(f"rate = {name}.InverseTimeDecay", *given)
    return ["rate = Schedule()"]


def _optimizer(lesson: Lesson) -> list[str]:
    recipe = lesson.recipe
    name = recipe.optimizer["name"]
    cls, told, usual = OPTIMIZERS[name]
    given = {OPTIONS.get(option, option): value for option, value in recipe.optimizer.items() if option != "name"}
    schedule, notes = _rate(lesson), list[str]()
    if name in UNDER_ROOT:
        given["epsilon"] = float(f"{given['epsilon'] ** 2:.15g}")
        notes = ["# Keras adds epsilon under the square root, so it stands squared here."]
    decay = {"weight_decay": recipe.weight_decay} if recipe.weight_decay else {}
    clip = {"clipvalue": recipe.clip_value} if recipe.clip_value is not None else {}
    clip |= {"global_clipnorm": recipe.clip_norm} if recipe.clip_norm is not None else {}
    arguments = ["rate" if schedule else number(recipe.lr), *options({**given, **told, **decay, **clip}, usual)]
    lines = [*schedule, *notes, *call(f"optimizer = keras.optimizers.{cls}", *arguments)]
    if decay and not recipe.penalize_biases:
        spared = '[w for w in model.trainable_weights if w.name != "kernel"]'
        lines.append(f"optimizer.exclude_from_weight_decay({spared})")
    loss = "SummedLoss()" if recipe.reduction == "sum" else _built_in(recipe) or "row_loss"
    metrics = ["metrics=[row_loss]"] if _apart(recipe) else []
    return [*lines, *call("model.compile", "optimizer", f"loss={loss}", *metrics)]


def _apart(recipe: Recipe) -> bool:
    """Whether the loss that `fit` reports has more in it than the mean loss."""
    return bool(recipe.l1 or recipe.l2 or recipe.reduction == "sum")


def _loop(lesson: Lesson) -> list[str]:
    """The training and what it prints."""
    size, epochs = lesson.batch_size, lesson.epochs
    series = '["row_loss"]' if _apart(lesson.recipe) else '["loss"]'
    note = "  # without the penalties" if lesson.recipe.l1 or lesson.recipe.l2 else ""
    if lesson.order == "kept":
        given = [f"batch_size={size}", f"epochs={epochs}", "shuffle=False", "verbose=0"]
        return [
            *call("history = model.fit", "inputs", "targets", *given),
            f"for epoch, loss in enumerate(history.history{series}, start=1):{note}",
            '    print(f"{epoch:4d}  {loss:.6g}")',
        ]
    given = [f"batch_size={size}", "verbose=0"]
    if lesson.order == "drawn":
        head, rows = f"for epoch in range(1, {epochs + 1}):", ["inputs", "targets"]
    else:
        head, rows = "for epoch, order in enumerate(orders, start=1):", ["inputs[order]", "targets[order]"]
        given.insert(1, "shuffle=False")
    fit = call("history = model.fit", *rows, *given, indent="    ")
    return [head, *fit, f"    loss = history.history{series}[0]{note}", '    print(f"{epoch:4d}  {loss:.6g}")']
