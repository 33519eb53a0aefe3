"""The program in PyTorch: the layers and the loss are said, the gradients are its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multilayer.errors import RefusedError
from multilayer.files.code.chain import Link
from multilayer.files.code.in_numpy import assembled, epochs_line, indented
from multilayer.files.code.lesson import Lesson, factor_lines, reading
from multilayer.files.code.literals import array, call, number, options
from multilayer.files.code.program import Program
from multilayer.recipe import Recipe

ACTIVATIONS = {
    "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU",
    "mish": "Mish", "softplus": "Softplus", "softsign": "Softsign", "ramp": "Hardtanh",
}  # fmt: skip
OWN_MODULES = {
    "sine": ["class Sine(nn.Module):", "    def forward(self, x):", "        return torch.sin(x)"],
    "step": ["class Step(nn.Module):", "    def forward(self, x):", "        return (x >= 0).to(x.dtype)"],
    "scale": [
        "class Scale(nn.Module):",
        '    """A factor for each feature."""',
        "",
        "    def __init__(self, n):",
        "        super().__init__()",
        "        self.factor = nn.Parameter(torch.ones(n))",
        "",
        "    def forward(self, x):",
        "        return x * self.factor",
    ],
    "maxout": [
        "class Maxout(nn.Module):",
        '    """The largest of several linear pieces."""',
        "",
        "    def __init__(self, n_in, n_out, pieces):",
        "        super().__init__()",
        "        self.linear = nn.Linear(n_in, pieces * n_out)",
        "        self.shape = (pieces, n_out)",
        "",
        "    def forward(self, x):",
        "        return self.linear(x).unflatten(1, self.shape).max(dim=1).values",
    ],
}
"""Layers that PyTorch has none of."""

STATE = {
    ("linear", "W"): "weight", ("linear", "b"): "bias", ("scale", "s"): "factor", ("prelu", "slopes"): "weight",
    ("maxout", "W"): "linear.weight", ("maxout", "b"): "linear.bias",
}  # fmt: skip
NORM_STATE = {"gain": "weight", "shift": "bias", "running_mean": "running_mean", "running_var": "running_var"}

LOSSES = {
    "absolute_error": "nn.functional.l1_loss(y, target)",
    "huber": "nn.functional.huber_loss(y, target, delta={delta})",
    "sigmoid_cross_entropy": "nn.functional.binary_cross_entropy_with_logits(y, target)",
    "cross_entropy": "nn.functional.cross_entropy(y, target, label_smoothing={label_smoothing})",
    "log": "nn.functional.soft_margin_loss(y, target)",
    "poisson": "nn.functional.poisson_nll_loss(y, target)",
    "squared_error": "0.5 * nn.functional.mse_loss(y, target)",
    "hinge": "({margin} - target * y).clamp(min=0).mean()",
    "squared_hinge": "({margin} - target * y).clamp(min=0).square().mean()",
    "quantile": "torch.maximum({q} * (target - y), ({q} - 1) * (target - y)).mean()",
}
"""The mean over a batch."""
LONGER_LOSSES = {
    "gaussian_nll": [
        "mean, log_variance = y.chunk(2, dim=1)",
        "return 0.5 * (log_variance + (target - mean).square() * torch.exp(-log_variance)).mean()",
    ],
    "max_margin": [
        "true = y.gather(1, target[:, None])",
        "others = y.scatter(1, target[:, None], -torch.inf)",
        "rival = others.max(dim=1, keepdim=True).values  # the best of the wrong classes",
        "return ({margin} + rival - true).clamp(min=0).mean()",
    ],
}

ADAM = {"betas": (0.9, 0.999), "eps": 1e-08}
OPTIMIZERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "sgd": ("SGD", {}, {}),
    "momentum": ("SGD", {}, {}),
    "nesterov": ("SGD", {"nesterov": True}, {}),
    "adam": ("Adam", {}, ADAM),
    "adamw": ("AdamW", {"weight_decay": 0.0}, ADAM),
    "amsgrad": ("Adam", {"amsgrad": True}, ADAM),
    "adamax": ("Adamax", {}, ADAM),
    "nadam": ("NAdam", {}, {**ADAM, "momentum_decay": 0.004}),
    "rmsprop": ("RMSprop", {}, {"eps": 1e-08, "momentum": 0.0, "centered": False}),
    "adagrad": ("Adagrad", {}, {"eps": 1e-10, "initial_accumulator_value": 0.0}),
    "adadelta": ("Adadelta", {}, {"rho": 0.9, "eps": 1e-06}),
}
"""The class, what it is told in any case, and what it takes without being told."""
OPTIONS = {"rho": "alpha", "initial": "initial_accumulator_value"}
"""What PyTorch calls options of ours (Adadelta's rho excepted)."""


def train(lesson: Lesson) -> Program:
    """A program that trains; raises RefusedError for what PyTorch lacks."""
    links, recipe = lesson.links, lesson.recipe
    _check(lesson)
    optimizer, loop = _optimizer(lesson), _loop(lesson)
    loss, factor = loss_lines(recipe), factor_lines(lesson) if _own_schedule(recipe) else []
    rows = reading(lesson, _tensor, ("torch.from_numpy(", ")"))
    state = state_of(links)
    start = [*net_lines(links), *loading(state, written=lesson.written), *_settings(lesson)]
    text = "\n".join([*rows, *start, *factor])
    path, maths = "Path(" in text, "math." in text
    standard = ["import math"] * maths + ["from pathlib import Path"] * path
    loads = ["import numpy as np"] * path
    imports = [*standard, *([""] if standard else []), *loads, "import torch", "from torch import nn"]
    definitions = [*modules(links), loss, *([factor] if factor else [])]
    body = [rows, start, optimizer, loop]
    if recipe.dtype == "float64":
        body.insert(0, ["torch.set_default_dtype(torch.float64)"])
    return Program("pytorch", assembled([lesson.header("PyTorch"), imports], definitions, body), lesson.arrays(state))


def _check(lesson: Lesson) -> None:
    recipe = lesson.recipe
    name = recipe.optimizer["name"]
    if name not in OPTIMIZERS:
        raise RefusedError(
            f"optimizer={name} is not in PyTorch as it is here. Train with adam, or ask for what=predict."
        )
    normed = any(link.kind == "batch_norm" and not link.frozen for link in lesson.links)
    if normed and (len(lesson.inputs) - 1) % lesson.batch_size == 0:
        raise RefusedError(
            "PyTorch normalizes no batch of one row, and the last batch of this run has one. Ask for numpy or keras."
        )


def modules(links: Sequence[Link]) -> list[list[str]]:
    """The definitions of the layers that PyTorch has none of."""
    kinds = {link.kind for link in links}
    return [lines for kind, lines in OWN_MODULES.items() if kind in kinds]


def net_lines(links: Sequence[Link]) -> list[str]:
    """The network."""
    lines = ["net = nn.Sequential(", *(f"    {_module(link)}," for link in links), ")"]
    for place, link in enumerate(links):
        if link.frozen:
            still = ".eval()" * (link.kind == "batch_norm")
            lines.append(f"net[{place}].requires_grad_(False){still}  # frozen")
    return lines


def _module(link: Link) -> str:
    entry, n = link.entry, link.n_in
    match link.kind:
        case "linear":
            return f"nn.Linear({n}, {link.n_out}{'' if entry['bias'] else ', bias=False'})"
        case "maxout":
            return f"Maxout({n}, {link.n_out}, pieces={entry['pieces']})"
        case "scale":
            return f"Scale({n})"
        case "dropout":
            return f"nn.Dropout({number(entry['p_drop'])})"
        case "prelu":
            return f"nn.PReLU({n})"
        case "leaky_relu":
            return f"nn.LeakyReLU({number(entry['slope'])})"
        case "elu":
            return f"nn.ELU({number(entry['alpha'])})"
        case "softmax":
            return "nn.Softmax(dim=1)"
        case "sine" | "step":
            return f"{link.kind.title()}()"
        case "layer_norm":
            return f"nn.LayerNorm({', '.join([str(n), *options({'eps': entry['epsilon']}, {'eps': 1e-05})])})"
        case "batch_norm":
            given = {"eps": entry["epsilon"], "momentum": entry["momentum"]}
            return f"nn.BatchNorm1d({', '.join([str(n), *options(given, {'eps': 1e-05, 'momentum': 0.1})])})"
    return f"nn.{ACTIVATIONS[link.kind]}()"


def state_of(links: Sequence[Link]) -> dict[str, np.ndarray[Any, Any]]:
    """The weights as PyTorch's state dictionary has them: those of linear layers transposed."""
    state: dict[str, np.ndarray[Any, Any]] = {}
    for place, link in enumerate(links):
        for role, value in link.weights.items():
            name = STATE.get((link.kind, role)) or NORM_STATE[role]
            if link.kind == "maxout":
                value = value.transpose(0, 2, 1).reshape(-1, link.n_in) if role == "W" else value.reshape(-1)
            state[f"{place}.{name}"] = value.T if link.kind == "linear" else value
        if link.kind == "batch_norm":
            state[f"{place}.num_batches_tracked"] = np.array(0)
    return {name: np.ascontiguousarray(value).reshape(value.shape) for name, value in state.items()}


def loading(state: Mapping[str, np.ndarray[Any, Any]], *, written: bool) -> list[str]:
    """The lines that give the network these weights."""
    if not written:
        return ["net.load_state_dict({name: torch.from_numpy(data[name]) for name in net.state_dict()})"]
    lines = []
    for name, value in state.items():
        note = "  # (n_out, n_in)" if name == next(iter(state)) and value.ndim == 2 else ""
        constant = {0: "zeros", 1: "ones"}.get(value.flat[0].item()) if value.size and np.ptp(value) == 0 else None
        if value.ndim == 0:
            lines.append(f'    "{name}": torch.tensor({value}),')
        elif constant and value.ndim == 1:
            lines.append(f'    "{name}": torch.{constant}({value.size}),')
        else:
            lines += array(value, f'"{name}": torch.tensor(', f"),{note}", "    ")
    return ["net.load_state_dict({", *lines, "})"]


def _tensor(dtype: np.dtype[Any]) -> tuple[str, str]:
    return "torch.tensor(", ")"


def loss_lines(recipe: Recipe) -> list[str]:
    """The function `mean_loss`."""
    loss = {name: value if name == "name" else number(value) for name, value in recipe.loss.items()}
    name = recipe.loss["name"]
    lines = LONGER_LOSSES.get(name) or [f"return {LOSSES[name]}"]
    body = [line.format(**loss).replace(", label_smoothing=0.0", "") for line in lines]
    return ["def mean_loss(y, target):", *indented(body, 1)]


def _own_schedule(recipe: Recipe) -> bool:
    """Whether the schedule is none that PyTorch has under the same formula."""
    schedule = recipe.schedule
    return schedule["name"] != "constant" and not (schedule["name"] == "cosine" and schedule["epochs"] >= recipe.epochs)


def _settings(lesson: Lesson) -> list[str]:
    return [f"torch.manual_seed({lesson.seed % 2**63})"] if lesson.draws else []


def _optimizer(lesson: Lesson) -> list[str]:
    """The optimizer and its schedule."""
    recipe = lesson.recipe
    name = recipe.optimizer["name"]
    cls, told, usual = OPTIMIZERS[name]
    given = {option: value for option, value in recipe.optimizer.items() if option not in ("name", "beta1", "beta2")}
    if "beta1" in recipe.optimizer:
        given = {"betas": (recipe.optimizer["beta1"], recipe.optimizer["beta2"]), **given}
    if name != "adadelta":
        given = {OPTIONS.get(option, option): value for option, value in given.items()}
    arguments = ["net.parameters()", f"lr={number(recipe.lr)}", *options({**given, **told}, usual)]
    lines = [*call(f"optimizer = torch.optim.{cls}", *arguments)]
    if recipe.l1 or recipe.l2 or recipe.weight_decay or recipe.max_norm:
        which = "" if recipe.penalize_biases else " and p.ndim > 1"
        lines.append(f"weights = [p for p in net.parameters() if p.requires_grad{which}]")
    if _own_schedule(recipe):
        lines.append("schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)")
    elif recipe.schedule["name"] == "cosine":
        floor = recipe.schedule["floor"] * recipe.lr
        steps = recipe.schedule["epochs"] * lesson.steps_per_epoch
        least = f", eta_min={number(floor)}" if floor else ""
        lines += call("schedule = torch.optim.lr_scheduler.CosineAnnealingLR", "optimizer", f"T_max={steps}{least}")
    return lines


def _step(recipe: Recipe) -> list[str]:
    """The lines from a batch to new weights."""
    noise = f"x = x + {number(recipe.noise)} * torch.randn_like(x)"
    lines = [noise] * bool(recipe.noise) + ["y = net(x)", "loss = mean_loss(y, target)"]
    objective = "loss"
    if recipe.reduction == "sum":
        lines.append("objective = loss * target.numel()  # the sum over rows and outputs")
        objective = "objective"
    if recipe.l1 or recipe.l2:
        terms = []
        if recipe.l1:
            terms.append(f"{number(recipe.l1)} * w.abs().sum()")
        if recipe.l2:
            terms.append(f"{number(recipe.l2)} / 2 * w.square().sum()")
        lines.append(f"penalty = sum({' + '.join(terms)} for w in weights)")
        objective = f"({objective} + penalty)"
    lines += ["optimizer.zero_grad()", f"{objective}.backward()"]
    if recipe.clip_value is not None:
        lines.append(f"nn.utils.clip_grad_value_(net.parameters(), {number(recipe.clip_value)})")
    if recipe.clip_norm is not None:
        lines.append(f"nn.utils.clip_grad_norm_(net.parameters(), {number(recipe.clip_norm)})")
    if recipe.weight_decay:
        lines += [
            "with torch.no_grad():  # decoupled weight decay",
            "    for w in weights:",
            f'        w *= 1 - optimizer.param_groups[0]["lr"] * {number(recipe.weight_decay)}',
        ]
    lines.append("optimizer.step()")
    if recipe.max_norm is not None:
        matrices = "(w for w in weights if w.ndim > 1)" if recipe.penalize_biases else "weights"
        lines += [
            "with torch.no_grad():  # no unit's incoming weights are longer than the norm allowed",
            f"    for w in {matrices}:",
            f"        w *= ({number(recipe.max_norm)} / w.norm(dim=1, keepdim=True)).clamp(max=1)",
        ]
    return [*lines, "schedule.step()"] if recipe.schedule["name"] != "constant" else lines


def _loop(lesson: Lesson) -> list[str]:
    step, size, epochs = _step(lesson.recipe), lesson.batch_size, lesson.epochs
    if not lesson.in_batches:
        body = ["x, target = inputs, targets", *step, 'print(f"{epoch:4d}  {loss.item():.6g}")']
        return [f"for epoch in range(1, {epochs + 1}):", *indented(body, 1)]
    order = {"given": "order", "kept": "torch.arange(len(inputs))", "drawn": "torch.randperm(len(inputs))"}
    inner = ["x, target = inputs[rows], targets[rows]", *step, "total += loss.item() * len(rows)"]
    body = [
        "total = 0.0",
        f"for rows in {order[lesson.order]}.split({size}):",
        *indented(inner, 1),
        'print(f"{epoch:4d}  {total / len(inputs):.6g}")',
    ]
    return [epochs_line(lesson), *indented(body, 1)]
