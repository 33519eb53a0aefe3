"""What is asked: data, recipe, split and preparation resolved, and everything refused that cannot be meant."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, final

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import check, options_of
from multilayer.data import Dataset, Encoding, FittedPreparation, Preparation, Split, Splitting, Target, tasks
from multilayer.data.tables import Reading
from multilayer.data.target import TargetKind
from multilayer.engines import Data
from multilayer.engines.parts import last_layer
from multilayer.errors import RecipeError, sentence
from multilayer.lab.baselines import wanted
from multilayer.lab.source import source_of, table_options
from multilayer.nn import Dropout, Sequential, Sigmoid, Softmax, losses
from multilayer.nn.losses import Loss
from multilayer.recipe import Recipe
from multilayer.recipe.layers import described, output_activation
from multilayer.recipe.outputs import AUTOMATIC, form_of, network_outputs
from multilayer.recipe.shorthand import SHORTHAND

STANDS_FOR = {
    "numbers": "squared_error",
    "signs": "hinge",
    "bits": "sigmoid_cross_entropy",
    "classes": "cross_entropy",
}
"""For a loss of a user's own, by the targets it takes: the loss whose targets and answers it shares."""


@final
@dataclass(frozen=True, eq=False)
class Asked:
    """Everything that is decided before the first step.

    `network` and `loss` are a user's own; `own` describes what of them no recipe can say, None where a recipe says it.
    """

    dataset: Dataset
    task: tasks.Task | None
    source: str
    recipe: Recipe
    splitting: Splitting
    split: Split
    preparation: Preparation
    fitted: FittedPreparation
    data: Data
    seeds: tuple[int, ...]
    weights: Mapping[str, Any] | None
    network: Sequential | None
    loss: Loss | None
    own: str | None
    compare: tuple[str, ...] = ()
    reading: Reading | None = None


def ask(
    data: Any,
    target: Any = None,
    *,
    kind: TargetKind | Literal["classification"] | None = None,
    seeds: Sequence[int] = (0,),
    recipe: Recipe | Mapping[str, Any] | str | os.PathLike[str] | None = None,
    splitting: Splitting | None = None,
    split_seed: int | None = None,
    prepare: Preparation | str | None = None,
    weights: Mapping[str, Any] | None = None,
    network: Sequential | None = None,
    compare: Sequence[str] = (),
    **settings: Any,
) -> Asked:
    """Resolve what was asked for; raises a UsageError for whatever cannot be meant, before anything is trained.

    `settings` are those of `Recipe.of`; they count over `recipe`. What a task suggests counts where no recipe is given.
    Weights set by hand act on the inputs as they are, so with `weights` or `network` nothing is prepared unless
    asked for. A file is read as the fields of `data.tables.TableOptions` say, given by their names. `compare` names
    the models of scikit-learn to compare with (`lab.baselines.RIVALS`).
    """
    loss, settings = _own_loss(settings)
    table, settings = table_options(settings)
    source = source_of(data, target, kind, table)
    dataset, task = source.dataset, source.task
    told = kind is not None or task is not None or isinstance(data, Dataset)
    if loss is not None and not told and _only_looks_like_classes(dataset.target, loss):
        source = source_of(data, target, "regression", table)
        dataset = source.dataset
    if weights is not None and not isinstance(weights, Mapping):
        raise RecipeError(sentence("weights", "a table of arrays by name such as {'0.W': ..., '0.b': ...}", weights))
    by_hand = weights is not None or network is not None
    encoding = Encoding.of(dataset)
    layers = None
    if network is not None:
        settings = _beside_network(network, settings, alone=weights is None and recipe is None)
        layers = described(network, encoding.n_features)
        settings |= {"layers": layers} if layers else {}
    chosen = _recipe(recipe, source.recipe(), settings)
    if network is not None:
        chosen = _with_its_loss(network, chosen, dataset.target)
    if chosen.epochs == 0 and not by_hand:
        raise RecipeError("epochs=0 trains nothing: set the weights by hand (weights=...), or ask for some epochs.")
    splitting = source.splitting(splitting)
    if split_seed is not None:
        splitting = replace(splitting, seed=check(options_of(Splitting)["seed"].constraint, split_seed, "split_seed"))
    split = splitting.apply(dataset)
    resolved = chosen.resolve(dataset.target, len(split.train))
    if network is not None:
        weights = network.get_weights()
        resolved = resolved if layers else replace(resolved, layers=())
    preparation = _preparation(prepare, source.preparation(), resolved, dataset.target, by_hand)
    _check_monitor(resolved, split)
    rows = Data.of(dataset, encoding)
    fitted = preparation.fit(encoding, rows.x, dataset.target, split.train, dataset.weight)
    if network is not None and loss is None and not layers:
        _check_outputs(network, fitted.apply(rows.x[split.train[:1]]), resolved, dataset.target)
    return Asked(
        *(dataset, task, source.said, resolved, splitting, split, preparation, fitted, rows),
        seeds=tuple(_seed(seed) for seed in seeds),
        weights=weights,
        network=network,
        loss=loss,
        own=_own(None if layers else network, loss),
        compare=wanted(compare, dataset, split),
        reading=source.reading,
    )


def _own_loss(settings: dict[str, Any]) -> tuple[Loss | None, dict[str, Any]]:
    """A loss of a user's own, and the settings with the loss of this version that takes the same targets instead."""
    loss = settings.get("loss")
    if isinstance(loss, type):
        raise RecipeError(f"loss must be a loss such as {loss.__name__}(), got the class itself.")
    if not callable(loss) or type(loss) in losses.LOSSES.values():
        return None, settings
    if "reduction" in settings:
        raise RecipeError("A loss of your own reduces as it likes: leave reduction out.")
    stands_for = "gaussian_nll" if losses.outputs_per_target(loss) == 2 else STANDS_FOR[losses.takes(loss)]
    return loss, {**settings, "loss": stands_for}


def _only_looks_like_classes(target: Target, loss: Loss) -> bool:
    """Whether a loss that takes numbers was given two distinct numbers."""
    numbers = all(isinstance(label, (int, float)) and not isinstance(label, bool) for label in target.classes)
    return losses.takes(loss) == "numbers" and target.kind == "binary" and numbers


def _own(network: Sequential | None, loss: Loss | None) -> str | None:
    """What no recipe can say, as far as it can be told in words."""
    parts = [_told(network)] if network else []
    parts += [f"loss {_told(loss)}"] if loss else []
    return "; ".join(parts) or None


def _told(thing: Any) -> str:
    """A layer or a loss in words that are the same in every process."""
    if isinstance(thing, Sequential):
        return f"Sequential({', '.join(map(_told, thing.layers))})"
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return repr(thing)
    plain = {k: v for k, v in getattr(thing, "__dict__", {}).items() if isinstance(v, (bool, int, float, str))}
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__qualname__}({', '.join(f'{k}={v!r}' for k, v in sorted(plain.items()))})"


def _check_outputs(network: Sequential, x: Array, recipe: Recipe, target: Target) -> None:
    """Refuse a network of one's own whose outputs do not fit the target and the loss, before anything is trained."""
    shape, n_out = np.shape(network(x)), network_outputs(recipe.loss["name"], target)
    if shape != (1, n_out):
        raise RecipeError(
            f"Your network must give outputs of shape (n_samples, {n_out}) for this target and loss, got "
            f"{shape} for one row."
        )


def _check_monitor(recipe: Recipe, split: Split) -> None:
    if recipe.monitor != "loss" and not len(split.val):
        raise RecipeError(
            f"monitor={recipe.monitor} is measured on validation rows, and there are none. "
            "Use monitor=loss, or keep some rows for validation."
        )


def _seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= int(seed) < 2**64:
        raise RecipeError(f"seed must be a whole number from 0 to 2^64 - 1, got {seed!r}.")
    return int(seed)


def _beside_network(network: Sequential, settings: dict[str, Any], alone: bool) -> dict[str, Any]:
    """The settings for a network of one's own, and its precision."""
    described = [name for name in settings if name in (*SHORTHAND, "layers")]
    if not alone or described:
        names = f"{described[0]}" if described else "recipe and weights"
        raise RecipeError(f"A network of your own brings its layers and weights: leave {names} out.")
    if not network.params:
        raise RecipeError("Your network has no parameters, so nothing could be trained.")
    dtype = network.params[0].value.dtype.name
    if settings.get("dtype", dtype) != dtype:
        raise RecipeError(f"Your network is in {dtype}, got dtype={settings['dtype']}. Leave dtype out.")
    return {**settings, "dtype": dtype}


def _with_its_loss(network: Sequential, recipe: Recipe, target: Target) -> Recipe:
    """The recipe with the loss decided, without taking anything off the network; refuses what does not go with it."""
    recipe = recipe.replace(loss=AUTOMATIC[target.kind]) if recipe.loss == "auto" else recipe
    last, name = last_layer(network), recipe.loss["name"]
    if isinstance(last, (Sigmoid, Softmax)) and form_of(name) != "numbers":
        raise RecipeError(
            f"loss={name} takes logits, but your network ends in {type(last).__name__}, which would be applied twice. "
            "Leave that layer out, or use loss=squared_error."
        )
    if recipe.optimizer["name"] == "lbfgs" and any(isinstance(layer, Dropout) for layer in network.leaves()):
        raise RecipeError("L-BFGS needs an objective that does not change: leave out noise and dropout.")
    return recipe


def _recipe(recipe: Any, suggested: dict[str, Any], settings: dict[str, Any]) -> Recipe:
    if isinstance(recipe, Recipe):
        return recipe.replace(**settings) if settings else recipe
    if recipe is None:
        given = dict(suggested)
    elif isinstance(recipe, Mapping):
        given = dict(recipe)
    elif isinstance(recipe, (str, os.PathLike)):
        read = Recipe.read(os.fspath(recipe))  # so that what is wrong in the file is said of the file
        if not settings:
            return read
        given = Recipe.read_settings(os.fspath(recipe))
    else:
        expected = "a Recipe, a table of settings, or the path of a .toml or .json file"
        raise RecipeError(sentence("recipe", expected, recipe))
    if "layers" in settings:
        given = {name: value for name, value in given.items() if name not in SHORTHAND}
    patience, epochs = given.get("patience"), settings.get("epochs")
    if "patience" not in settings and isinstance(patience, int) and isinstance(epochs, int) and patience >= epochs:
        given.pop("patience")
    return Recipe.from_dict({**given, **settings})


def _preparation(
    prepare: Preparation | str | None, preparation: Preparation, recipe: Recipe, target: Target, by_hand: bool
) -> Preparation:
    """What was asked for; else what suits: nothing for weights set by hand, or what the source suggests.

    Numbers are not standardized where the outputs cannot be shifted back: behind an output activation, and under the
    Poisson loss, which counts.
    """
    if by_hand:
        preparation = Preparation(inputs="none", target="none")
    if isinstance(prepare, Preparation):
        preparation = prepare
    elif prepare is not None:
        inputs = check(options_of(Preparation)["inputs"].constraint, prepare, "prepare")
        preparation = replace(preparation, inputs=inputs)
    bounded = output_activation(recipe.layers) != "identity" or recipe.loss["name"] == "poisson"
    return replace(preparation, target="none") if bounded and target.kind == "regression" else preparation
