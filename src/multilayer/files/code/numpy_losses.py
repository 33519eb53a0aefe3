"""Each loss in NumPy: the mean over a batch, and its derivative by the output."""

from __future__ import annotations

from multilayer.files.code.literals import number
from multilayer.recipe import Recipe

PER_ELEMENT = {
    "squared_error": (["error = y - target"], "0.5 * error**2", "error"),
    "absolute_error": (["error = y - target"], "np.abs(error)", "np.sign(error)"),
    "huber": (
        ["error = y - target", "slope = np.clip(error, -{delta}, {delta})"],
        "slope * (error - 0.5 * slope)",
        "slope",
    ),
    "quantile": (
        ["error = target - y", "slope = np.where(error > 0, -{q}, 1 - {q}) * (error != 0)"],
        "-slope * error",
        "slope.astype(y.dtype)",
    ),
    "poisson": (["mean = np.exp(y)"], "mean - target * y", "mean - target"),
    "sigmoid_cross_entropy": ([], "softplus(y) - target * y", "sigmoid(y) - target"),
    "log": ([], "softplus(-target * y)", "-target * sigmoid(-target * y)"),
    "hinge": (["short = np.maximum(0, {margin} - target * y)"], "short", "-target * (short > 0)"),
    "squared_hinge": (["short = np.maximum(0, {margin} - target * y)"], "short**2", "-2 * target * short"),
}
"""By output: lines before, the loss of an element, and its derivative."""


def loss_lines(recipe: Recipe) -> list[str]:
    """The lines that set `loss`, the mean over the batch, and `dy`."""
    entry = {name: value if name == "name" else number(value) for name, value in recipe.loss.items()}
    name, summed = recipe.loss["name"], recipe.reduction == "sum"
    if name in PER_ELEMENT:
        before, value, slope = PER_ELEMENT[name]
        shared = slope if summed else f"({slope}) / y.size" if " - " in slope else f"{slope} / y.size"
        return [*(line.format(**entry) for line in before), f"loss = np.mean({value})", f"dy = {shared}"]
    if name == "gaussian_nll":
        return [
            "mean, log_variance = np.hsplit(y, 2)",
            "error, precision = mean - target, np.exp(-log_variance)",
            "loss = np.mean(0.5 * (log_variance + error**2 * precision))",
            f"dy = np.hstack([error * precision, 0.5 * (1 - error**2 * precision)]){'' if summed else ' / error.size'}",
        ]
    share = "" if summed else " / len(y)"
    if name == "max_margin":
        return _max_margin(entry["margin"], share)
    smoothing = recipe.loss["label_smoothing"]
    t = "np.eye(y.shape[1], dtype=y.dtype)[target]"
    smooth = f"(1 - {smoothing}) * {t} + {smoothing} / y.shape[1]" if smoothing else t
    return [
        f"share = {smooth}  # of each class, 0 to 1",
        "below = y - y.max(axis=1, keepdims=True)",
        "log_p = below - np.log(np.exp(below).sum(axis=1, keepdims=True))  # of the softmax",
        "loss = -np.mean((share * log_p).sum(axis=1))",
        "dy = np.exp(log_p) - share" if summed else "dy = (np.exp(log_p) - share) / len(y)",
    ]


def _max_margin(margin: str, share: str) -> list[str]:
    return [
        "row = np.arange(len(y))",
        "others = y.copy()",
        "others[row, target] = -np.inf",
        "rival = others.argmax(axis=1)  # the best of the wrong classes",
        f"short = np.maximum(0, y[row, rival] - y[row, target] + {margin})",
        "loss = np.mean(short)",
        "dy = np.zeros_like(y)",
        f"dy[row, rival] = (short > 0){share}",
        "dy[row, target] = -dy[row, rival]",
    ]
