"""What scikit-learn's parameters say, as a recipe of this package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Annotated, Any

import numpy as np

from multilayer.constraints import (
    Boolean,
    Choice,
    Constraint,
    Integer,
    Maybe,
    MaybePositive,
    NonNegative,
    Or,
    Positive,
    Real,
    check,
    options_of,
)
from multilayer.errors import UsageError, sentence, shown
from multilayer.estimators.efforts import decay_for
from multilayer.recipe import Recipe
from multilayer.recipe.recipe import ADAMS

ACTIVATIONS = {"logistic": "sigmoid"}
"""scikit-learn's names where this package has another."""

Share = Annotated[float, Real(0, 1, open_high=True)]
InUnit = Annotated[float, Real(0, 1, open_low=True, open_high=True)]
OPEN_ENDED = ("constant", "invscaling", "adaptive")


class Endless(Constraint):
    """A number of epochs, or infinity."""

    expects = "a whole number of at least 1, or infinity"

    def accept(self, value: object) -> Any:
        return value if value == np.inf else Integer(1).accept(value)


class Threads(Constraint):
    """A number of threads."""

    expects = "a whole number of at least 1, or -1 for all processors"

    def accept(self, value: object) -> Any:
        return value if value == -1 else Integer(1).accept(value)


@dataclass(eq=False, repr=False)
class Settings:
    """The parameters that all estimators have; scikit-learn's first, under its names.

    docs/estimators.md has the table of every default that is not scikit-learn's, and why.
    """

    hidden_layer_sizes: Any = (100,)
    activation: Any = "relu"
    _: KW_ONLY
    solver: Any = "adam"
    alpha: NonNegative = 0.0001
    batch_size: Annotated[Any, Or(Integer(1), Choice("auto", "full"))] = "auto"
    learning_rate: Any = "auto"
    learning_rate_init: Annotated[Any, Or(Real(0, open_low=True), Choice("auto"))] = "auto"
    power_t: NonNegative = 0.5
    max_iter: Annotated[int, Integer(1)] = 100
    shuffle: Boolean = True
    random_state: Any = 0
    tol: NonNegative = 1e-4
    verbose: Any = False
    warm_start: Boolean = False
    momentum: Share = 0.9
    nesterovs_momentum: Boolean = True
    early_stopping: Boolean = False
    validation_fraction: InUnit = 0.1
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Positive = 1e-8
    n_iter_no_change: Annotated[Any, Endless()] = 10
    max_fun: Annotated[int, Integer(1)] = 15000
    input_scaling: Annotated[str, Choice("none", "standardize", "center", "minmax")] = "none"
    n_hidden_layers: Annotated[int | None, Maybe(Integer(0))] = None
    dropout: Any = 0.0
    norm: Annotated[str, Choice("none", "layer", "batch")] = "none"
    loss: Any = "auto"
    weight_init: Any = "auto"
    l1: NonNegative = 0.0
    weight_decay: Annotated[Any, Or(Real(0), Choice("auto"))] = "auto"
    noise: NonNegative = 0.0
    max_norm: MaybePositive = None
    clip_norm: MaybePositive = None
    scoring: Any = None
    n_estimators: Annotated[int, Integer(1)] = 1
    time_limit: MaybePositive = None
    n_jobs: Annotated[int | None, Maybe(Threads())] = None
    engine: Annotated[str, Choice("auto", "native", "reference")] = "auto"

    def activations(self) -> Any:
        """One for all hidden layers, or a list of each one's."""
        return self.activation


def check_parameters(estimator: Any) -> None:
    """Raise UsageError with the sentence for a declared parameter that is out of its range; nothing is changed."""
    kind: Any = type(estimator)
    for name, option in options_of(kind).items():
        check(option.constraint, getattr(estimator, name), name, UsageError)


def check_settings(settings: Settings) -> None:
    """Raise UsageError with the sentence for a parameter that cannot be meant; nothing is changed."""
    check_parameters(settings)
    for name in ("solver", "learning_rate"):
        if not isinstance(getattr(settings, name), (str, Mapping)):
            raise UsageError(sentence(name, "a name", getattr(settings, name)))
    if settings.verbose != "bar" and not isinstance(settings.verbose, (bool, Integral)):
        raise UsageError(sentence("verbose", "true, false, a number or 'bar'", settings.verbose))
    if settings.learning_rate == "adaptive" and settings.solver not in ("sgd", "adam"):
        raise UsageError(f"learning_rate='adaptive' goes with solver='sgd' or 'adam', got {settings.solver!r}.")


def hidden_widths(settings: Settings) -> list[int]:
    """The units of each hidden layer; `n_hidden_layers` repeats one width."""
    sizes: Any = settings.hidden_layer_sizes
    widths = list(sizes) if isinstance(sizes, (Sequence, np.ndarray)) and not isinstance(sizes, str) else [sizes]
    for width in widths:
        check(Integer(1), width, "hidden_layer_sizes", UsageError)
    if settings.n_hidden_layers is None:
        return [int(width) for width in widths]
    if len(widths) != 1:
        raise UsageError(
            f"n_hidden_layers={settings.n_hidden_layers} repeats one width, got hidden_layer_sizes={sizes!r}. "
            "Give one number, or leave n_hidden_layers out."
        )
    return [int(widths[0])] * settings.n_hidden_layers


def recipe_of(
    settings: Settings, rows: int, *, dtype: str, validated: bool, mean_weight: float = 1.0, epochs_before: int = 0
) -> Recipe:
    """The recipe of these parameters for so many training rows.

    `alpha` is divided by the batch size, as scikit-learn does: its penalty is alpha/2 times the squared weights,
    divided by the weight of the batch's rows. `epochs_before` are those of a training that goes on.
    """
    batch = _batch_size(settings, rows)
    per_step = rows if batch == "full" else batch
    iterations = min(settings.max_iter, settings.max_fun) if settings.solver == "lbfgs" else settings.max_iter
    epochs = epochs_before + iterations
    patience = _patience(settings, epochs, validated)
    given: dict[str, Any] = {
        "hidden": hidden_widths(settings),
        "activation": _activation(settings.activations()),
        "dropout": settings.dropout,
        "norm": settings.norm,
        "weight_init": settings.weight_init,
        "loss": settings.loss,
        "optimizer": _optimizer(settings),
        "batch_size": batch,
        "shuffle": "full" if settings.shuffle else "none",
        "epochs": epochs,
        "l2": settings.alpha / (per_step * mean_weight),
        "dtype": dtype,
        "patience": patience,
        "min_delta": settings.tol if patience and settings.solver != "lbfgs" else 0.0,  # its tol is of the gradient
        "keep": "best" if validated and not callable(settings.scoring) else "last",
    }
    if settings.solver != "lbfgs":
        given |= {key: getattr(settings, key) for key in ("l1", "noise", "max_norm", "clip_norm")}
        given["weight_decay"] = _weight_decay(settings, rows)
        given["schedule"] = _schedule(settings, rows)
        if settings.learning_rate_init != "auto":
            given["lr"] = settings.learning_rate_init
    else:
        _refuse_beside_lbfgs(settings)
    return Recipe.of(**given)


def _refuse_beside_lbfgs(settings: Settings) -> None:
    """What other libraries' networks never had is not left out in silence; momentum and its like are, as in
    scikit-learn."""
    for name in ("l1", "weight_decay", "noise", "max_norm", "clip_norm"):
        if getattr(settings, name) not in (None, "auto", 0):
            raise UsageError(f"{name} does not go with solver='lbfgs', got {shown(getattr(settings, name))}.")


def open_ended(settings: Settings) -> bool:
    """Whether the learning rate does not know where the training ends: only then may it stop because the loss stands
    still, and only then does a training that goes on have the rate of one that never paused."""
    automatic = settings.learning_rate == "auto" and settings.solver not in ADAMS
    return automatic or settings.learning_rate in OPEN_ENDED


def _activation(chosen: Any) -> Any:
    if isinstance(chosen, (list, tuple)):
        return [_activation(one) for one in chosen]
    return ACTIVATIONS.get(chosen, chosen) if isinstance(chosen, str) else chosen


def _batch_size(settings: Settings, rows: int) -> Any:
    if settings.solver == "lbfgs":
        return "full"
    if settings.batch_size == "auto":
        return min(AUTO_BATCH, rows)
    return settings.batch_size if settings.batch_size == "full" else min(int(settings.batch_size), rows)


AUTO_BATCH = 32


def _optimizer(settings: Settings) -> Any:
    """ "sgd", "adam" and "lbfgs" with scikit-learn's parameters; any other as the recipe names it."""
    if settings.solver == "adam":
        betas = {"beta1": settings.beta_1, "beta2": settings.beta_2, "eps": settings.epsilon}
        return {"name": "adam", **betas}
    if settings.solver == "lbfgs":
        return {"name": "lbfgs", "tolerance": settings.tol}
    if settings.solver == "sgd":
        if not settings.momentum:
            return "sgd"
        return {"name": "nesterov" if settings.nesterovs_momentum else "momentum", "momentum": settings.momentum}
    return settings.solver


def _weight_decay(settings: Settings, rows: int) -> float:
    """0.3 for Adam and its kin, times the learning rate in each step, and less for more than 1,000 rows: what lets them
    train long on all rows."""
    if settings.weight_decay != "auto":
        return float(settings.weight_decay)
    return decay_for(rows) if settings.solver in ADAMS else 0.0


def _schedule(settings: Settings, rows: int) -> Any:
    if settings.learning_rate == "adaptive":  # divided by 5 after two epochs without a gain
        return {"name": "reduce_on_plateau", "factor": 0.2, "patience": 2, "threshold": 0.0}
    if settings.learning_rate == "invscaling":
        return {"name": "inverse_time", "decay": rows, "power": settings.power_t}  # lr / (rows seen + 1)^power_t
    return settings.learning_rate


def _patience(settings: Settings, epochs: int, validated: bool) -> int | None:
    """Epochs without a gain of `tol` that end the training; None for never, or where a scorer of one's own says."""
    if settings.n_iter_no_change == np.inf or callable(settings.scoring):
        return None
    lasting = settings.solver != "lbfgs" and not open_ended(settings)
    if not settings.early_stopping and (validated or lasting):
        return None
    patience = int(settings.n_iter_no_change) + 1  # scikit-learn counts one epoch more than it says
    return patience if patience < epochs else None
