"""What a network's outputs say about a target: the loss that fits, the width, the training target, the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from multilayer import exact
from multilayer.arrays import Array
from multilayer.data import FittedPreparation, Target
from multilayer.data.class_scores import chosen_class, chosen_labels
from multilayer.data.target import TargetKind
from multilayer.errors import RecipeError
from multilayer.nn import losses
from multilayer.recipe import layers as layer_entries
from multilayer.recipe.named import Entry

AUTOMATIC = {
    "binary": "sigmoid_cross_entropy",
    "multilabel": "sigmoid_cross_entropy",
    "classes": "cross_entropy",
    "regression": "squared_error",
}
ONLY_NUMBERS = ("poisson", "gaussian_nll", "quantile")
Answering: TypeAlias = Literal[
    "number", "exponential", "mean", "clipped", "shares", "softmax", "sigmoid", "sigmoid shares"
]
ON_LOGITS = {"sigmoid": "sigmoid_cross_entropy", "softmax": "cross_entropy"}


def fitting_loss(entries: Sequence[Entry], loss: Any, target: Target) -> tuple[Sequence[Entry], Entry]:
    """The network's entries and the loss, decided for this target; raises RecipeError where they do not fit."""
    ends_in = layer_entries.output_activation(entries)
    if loss == "auto":
        if target.kind == "multilabel" and ends_in == "softmax":
            raise RecipeError(
                "output_activation=softmax chooses one class, but the target has several labels. Use sigmoid."
            )
        name = AUTOMATIC[target.kind]
        if target.kind != "regression" and ends_in != "identity":
            name = ON_LOGITS.get(ends_in, "squared_error")
            if name != "squared_error":
                entries = _without_output_activation(entries, ends_in)
        loss = _entry(name)
    name = loss["name"]
    numbers, form = target.kind == "regression", form_of(name)
    if numbers and form != "numbers":
        raise RecipeError(f"loss={name} needs classes, but the target is numbers. Use loss=squared_error.")
    if not numbers and name in ONLY_NUMBERS:
        raise RecipeError(
            f"loss={name} needs numbers, but the target is {target.kind}. Use loss=auto, or kind=regression."
        )
    if form == "classes" and target.kind == "multilabel":
        raise RecipeError(f"loss={name} chooses one class, but the target has several labels. Use loss=auto.")
    stays = layer_entries.output_activation(entries)
    if stays in ON_LOGITS and form != "numbers":
        raise RecipeError(
            f"loss={name} takes logits, so output_activation={stays} would be applied twice. "
            f"Leave it out, or use loss=squared_error."
        )
    return entries, loss


def form_of(loss: str) -> str:
    """The form of target a loss takes: "numbers", "signs", "bits" or "classes"."""
    return losses.takes(losses.get(loss))


def network_outputs(loss: str, target: Target) -> int:
    """The width of the output layer.

    Two classes need one output, or two where the loss chooses among classes; k classes need k; a Gaussian
    likelihood needs a mean and a log variance for each number.
    """
    if target.kind == "regression":
        return int(target.values.shape[1]) * losses.outputs_per_target(losses.get(loss))
    if target.kind == "multilabel":
        return int(target.values.shape[1])
    return 1 if target.kind == "binary" and form_of(loss) != "classes" else len(target.classes)


def training_target(
    loss: str, target: Target, preparation: FittedPreparation, dtype: np.dtype[Any]
) -> np.ndarray[Any, Any]:
    """What the loss compares the outputs with, one row a sample.

    Prepared numbers; for classes their indices, or a column of bits (0/1) or signs (-1/+1): one column for two
    classes, one for each of more.
    """
    if target.kind == "regression":
        return preparation.target_forward(target.values).astype(dtype)
    form = form_of(loss)
    if form == "classes":
        return target.values
    bits = target.values if target.kind == "multilabel" else one_hot(target.values, len(target.classes))
    if target.kind == "binary":
        bits = bits[:, 1:]
    return (2 * bits - 1 if form == "signs" else bits).astype(dtype)


def one_hot(codes: np.ndarray[Any, Any], k: int) -> Array:
    """Bits (n_samples, k): 1 in the column of each code."""
    return np.asarray(codes[:, None] == np.arange(k), dtype=np.float64)


def answering(loss: str, ends_in: str, kind: TargetKind) -> Answering:
    """How the outputs of a network with this loss and output activation become the answer for a target of this kind."""
    several = kind == "classes"
    if kind == "regression":
        return "exponential" if loss == "poisson" else "mean" if loss == "gaussian_nll" else "number"
    if form_of(loss) == "numbers" or ends_in in ON_LOGITS:
        return "shares" if several else "clipped"
    if form_of(loss) == "classes" or (several and "hinge" in loss):
        return "softmax"
    return "sigmoid shares" if several else "sigmoid"


def answer(outputs: Array, loss: str, ends_in: str, target: Target, preparation: FittedPreparation) -> Array:
    """What the outputs say, in float64: class probabilities (n_samples, k), label probabilities, or numbers.

    Cross-entropies and the log loss have probabilities by their derivation; for more than two classes, one output
    each, the sigmoids are scaled to sum to one. Margin losses get a sigmoid, or a softmax for more than two classes:
    in the right order, but not calibrated. Plain losses on bits give their outputs, brought into [0, 1]. Computed with
    `exact`, so that scores have the same bits everywhere.
    """
    y: Array = outputs.astype(np.float64)
    match answering(loss, ends_in, target.kind):
        case "number":
            return preparation.target_inverse(y)
        case "mean":
            return preparation.target_inverse(y[:, : y.shape[1] // 2])
        case "exponential":
            return preparation.target_inverse(exact.exp(y))
        case "softmax":
            return _softmax(y)
        case "shares":
            return _scaled(y - np.minimum(y.min(axis=1, keepdims=True), 0))
        case "sigmoid shares":
            return _scaled(exact.sigmoid(y))
        case "clipped":
            bits: Array = np.clip(y, 0, 1)
        case "sigmoid":
            bits = exact.sigmoid(y)
    return np.concatenate([1 - bits, bits], axis=1) if target.kind == "binary" and bits.shape[1] == 1 else bits


def decided(probs: Array, target: Target) -> np.ndarray[Any, Any]:
    """The labels chosen by probabilities, as the scores count them; numbers stay as they are."""
    if target.kind == "regression":
        return probs
    if target.kind == "multilabel":
        return chosen_labels(probs)
    return np.asarray(np.asarray(target.classes)[chosen_class(probs)])


def _scaled(bits: Array) -> Array:
    """Each row divided by its sum; a row of zeros becomes equal shares."""
    total = _row_sums(bits)
    shares = bits / np.where(total > 0, total, 1)
    return np.where(total > 0, shares, 1 / bits.shape[1])


def _softmax(y: Array) -> Array:
    with np.errstate(invalid="ignore"):
        powers: Array = exact.exp(y - y.max(axis=1, keepdims=True))
    return powers / _row_sums(powers)


def _row_sums(y: Array) -> Array:
    """The sum of each row, column after column: (n_samples, 1)."""
    total = np.zeros((len(y), 1))
    for column in y.T:
        total += column[:, None]
    return total


def _entry(name: str) -> Entry:
    entry = layer_entries.named_entry(losses.LOSSES, losses.get(name), "losses", "loss")
    entry.pop("reduction", None)
    return entry


def _without_output_activation(entries: Sequence[Entry], kind: str) -> Sequence[Entry]:
    last = max(position for position, entry in enumerate(entries) if entry["layer"] == kind)
    return [entry for position, entry in enumerate(entries) if position != last]
