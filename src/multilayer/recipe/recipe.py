"""The recipe: how a network is built and trained. No seed, no rows and no engine in it."""

from __future__ import annotations

import copy
import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, final

import tomli_w

from multilayer.card import card
from multilayer.constraints import (
    REFUSED,
    Boolean,
    Choice,
    Constraint,
    Integer,
    Maybe,
    MaybePositive,
    NonNegative,
    Or,
    Real,
    check,
    options_of,
)
from multilayer.data import METRICS, Target
from multilayer.errors import RecipeError, did_you_mean, shown
from multilayer.nn import losses
from multilayer.optim import OPTIMIZERS, Optimizer
from multilayer.recipe import layers as layer_entries
from multilayer.recipe.digest import digest
from multilayer.recipe.in_words import network_line, recipe_line, training_line
from multilayer.recipe.named import Entry, part, schedule_entry, timed, with_name
from multilayer.recipe.outputs import fitting_loss, network_outputs
from multilayer.recipe.shorthand import SHORTHAND, checked_shorthand

FORMAT = 1
AUTO_OR = Choice("auto")
ADAMS = ("adam", "amsgrad", "adamw", "adamax", "nadam")
ADAM_LR = 0.01
EPOCHS, FEWEST_EPOCHS = 200, 10
ROWS_SEEN = 2_000_000
"""Training rows met in a default training, each as often as it is met (docs/decisions/0007-default-training.md)."""


@final
@dataclass(frozen=True)
class Shuffle(Constraint):
    """full, none, or blocks:N."""

    expects = "'full', 'none' or 'blocks:N' with a whole number N of at least 1"

    def accept(self, value: object) -> Any:
        if isinstance(value, str) and value.startswith("blocks:"):
            size = value.removeprefix("blocks:")
            return f"blocks:{int(size)}" if size.isdecimal() and int(size) > 0 else REFUSED
        return value if value in ("full", "none") else REFUSED


@final
@dataclass(frozen=True)
class Recipe:
    """A network and its training, as plain data. Make one with `Recipe.of`.

    `layers` are entries as in `recipe.layers`; "auto" stands for what `resolve` decides from the data: the loss
    (squared_error for numbers, sigmoid_cross_entropy for two classes, cross_entropy for more), the learning rate and
    the schedule (0.01 and cosine for Adam and its relatives, so that few steps go far and end softly; for others the
    optimizer's own and constant), the weight decay (the optimizer's own), the batch size (32, or full for L-BFGS), the
    epochs (200, and fewer for more than 10,000 training rows: docs/decisions/0007-default-training.md), the precision
    (float32, or float64 for L-BFGS), the output width and the initializers. Time is counted in epochs.
    `patience` stops after that many epochs without an improvement of `monitor` by more than `min_delta`; `keep` says
    which epoch's weights remain. What is monitored is measured on the validation rows; without any, it is the
    training loss, and the last epoch's weights are kept.

    >>> recipe = Recipe.of(hidden=[40], lr=0.01)
    >>> [entry["layer"] for entry in recipe.layers]
    ['linear', 'relu', 'linear']
    """

    layers: tuple[Entry, ...]
    loss: Any = "auto"
    reduction: Annotated[str, Choice("mean", "sum")] = "mean"
    optimizer: Any = "adam"
    lr: Annotated[Any, Or(Real(0, open_low=True), AUTO_OR)] = "auto"
    schedule: Any = "auto"
    batch_size: Annotated[Any, Or(Integer(1), Choice("full", "auto"))] = "auto"
    shuffle: Annotated[str, Shuffle()] = "full"
    epochs: Annotated[Any, Or(Integer(0), AUTO_OR)] = "auto"
    l1: NonNegative = 0.0
    l2: NonNegative = 0.0
    penalize_biases: Boolean = False
    weight_decay: Annotated[Any, Or(Real(0), AUTO_OR)] = "auto"
    max_norm: MaybePositive = None
    clip_value: MaybePositive = None
    clip_norm: MaybePositive = None
    noise: NonNegative = 0.0
    patience: Annotated[int | None, Maybe(Integer(1))] = None
    min_delta: NonNegative = 0.0
    monitor: Annotated[str, Choice("loss", *METRICS)] = "loss"
    keep: Annotated[str, Choice("best", "last")] = "best"
    dtype: Annotated[str, Choice("float32", "float64", "auto")] = "auto"

    def __post_init__(self) -> None:
        for option in options_of(Recipe).values():
            value = check(option.constraint, getattr(self, option.name), option.name)
            object.__setattr__(self, option.name, value)
        entries = tuple(layer_entries.normalized(e, f"layer {i}") for i, e in enumerate(self.layers))
        object.__setattr__(self, "layers", entries)
        object.__setattr__(self, "loss", self._loss_entry())
        optimizer = part(OPTIMIZERS, "optimizer", self.optimizer, beside=options_of(Optimizer))
        object.__setattr__(self, "optimizer", optimizer)
        if self.schedule != "auto":
            object.__setattr__(self, "schedule", schedule_entry(self.schedule))
        self._contradictions()

    @staticmethod
    def of(**settings: Any) -> Recipe:
        """A recipe from flat settings: those of this class, or instead of `layers` the shorthand `hidden`,
        `activation`, `output_activation`, `dropout`, `norm`, `bias`, `weight_init`, `bias_init`, `pieces`.

        `hidden=[]` (or None) is a network without hidden layers. Raises RecipeError for a setting that does not
        exist, is out of range, or contradicts another.
        """
        training = {name: value for name, value in settings.items() if name in _FIELDS}
        rest = {name: value for name, value in settings.items() if name not in _FIELDS}
        for name in rest:
            if name not in SHORTHAND:
                raise RecipeError(unknown_setting(name))
        if "layers" in training:
            if rest:
                raise RecipeError(f"layers already says the whole network, so {next(iter(rest))} cannot be given too.")
            if not isinstance(training["layers"], (list, tuple)):
                raise RecipeError(f"layers must be a list, got {shown(training['layers'])}.")
            return Recipe(**{**training, "layers": tuple(training["layers"])})
        return Recipe(layers=tuple(layer_entries.shorthand(**checked_shorthand(rest))), **training)

    def resolve(self, target: Target, rows: int = 0) -> Recipe:
        """The recipe with nothing left to decide, for this target and so many training rows; raises RecipeError where
        they do not go together.

        An output sigmoid or softmax with the automatic loss becomes part of the loss (they train the same
        probabilities); with any other loss it stays an activation.
        """
        entries, loss = fitting_loss(self.layers, self.loss, target)
        lbfgs = self.optimizer["name"] == "lbfgs"
        cls = OPTIMIZERS[self.optimizer["name"]]
        batch_size = ("full" if lbfgs else 32) if self.batch_size == "auto" else self.batch_size
        epochs = self._epochs(rows, batch_size) if self.epochs == "auto" else self.epochs
        defaults = {field.name: field.default for field in dataclasses.fields(cls)}
        choices: dict[str, Any] = {
            "layers": layer_entries.resolved(entries, network_outputs(loss["name"], target)),
            "loss": loss,
            "lr": self._lr() if self.lr == "auto" else self.lr,
            "weight_decay": defaults.get("weight_decay", 0.0) if self.weight_decay == "auto" else self.weight_decay,
            "batch_size": batch_size,
            "epochs": epochs,
            "dtype": ("float64" if lbfgs else "float32") if self.dtype == "auto" else self.dtype,
            "schedule": timed(self._schedule(), epochs),
        }
        if self.monitor != "loss" and target.kind not in METRICS[self.monitor].kinds:
            raise RecipeError(f"monitor={self.monitor} does not measure a {target.kind} target. Use monitor=loss.")
        return dataclasses.replace(self, **choices)

    def replace(self, **settings: Any) -> Recipe:
        """A copy with some settings of this class changed."""
        for name in settings:
            if name in SHORTHAND:
                raise RecipeError(f"A recipe has its layers already, so {name} cannot change them. Write layers=[...].")
            if name not in _FIELDS:
                raise RecipeError(unknown_setting(name))
        return dataclasses.replace(self, **settings)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON; the name of a resolved recipe."""
        return digest(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON: format 1."""
        settings = {name: copy.deepcopy(getattr(self, name)) for name in _FIELDS}
        return {"format": FORMAT, **settings, "layers": list(settings["layers"])}

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Recipe:
        """The recipe of such data; shorthand is understood, and `format` may be left out."""
        settings = dict(document)
        version = settings.pop("format", FORMAT)
        if version != FORMAT:
            raise RecipeError(f"This version reads recipes of format {FORMAT}, got format {shown(version)}.")
        return Recipe.of(**{str(name): value for name, value in settings.items()})

    def __repr__(self) -> str:
        return f"Recipe({recipe_line(self)})"

    def _repr_html_(self) -> str:
        return card("Recipe", [("network", network_line(self.layers)), ("training", training_line(self))])

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2) + "\n"

    def to_toml(self) -> str:
        """TOML has no null: what is None is left out, and means None again when read."""
        document: dict[str, Any] = _without_none(self.to_dict())
        return tomli_w.dumps(document)

    @staticmethod
    def read(path: str | Path) -> Recipe:
        """The recipe in a .toml or .json file; raises RecipeError naming the file."""
        document = Recipe.read_settings(path)
        try:
            return Recipe.from_dict(document)
        except RecipeError as error:
            raise RecipeError(f"In the recipe {path}: {error}") from None

    @staticmethod
    def read_settings(path: str | Path) -> dict[str, Any]:
        """The settings in a .toml or .json file as they stand there; raises RecipeError naming the file."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
            document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        except OSError as error:
            raise RecipeError(f"The recipe {path} could not be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise RecipeError(f"The recipe {path} must be text in UTF-8, got other bytes.") from None
        except (ValueError, RecursionError) as error:
            kind = "JSON" if path.suffix == ".json" else "TOML"
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).rstrip(".")
            raise RecipeError(f"The recipe {path} is not valid {kind}: {reason}.") from None
        if not isinstance(document, dict):
            raise RecipeError(f"The recipe {path} must be a table of settings, got {shown(document)}.")
        return document

    def _loss_entry(self) -> Any:
        if self.loss == "auto":
            return "auto"
        given = with_name(self.loss)
        inside = given.get("reduction") if isinstance(given, dict) else getattr(given, "reduction", None)
        if inside is not None and (isinstance(given, dict) or inside != "mean"):
            raise RecipeError(
                f"reduction is a setting of its own, not an option of the loss. Write reduction={inside} beside loss=."
            )
        entry = layer_entries.named_entry(losses.LOSSES, losses.get(given), "losses", "loss")
        del entry["reduction"]
        return entry

    def _lr(self) -> float:
        name = self.optimizer["name"]
        cls: Any = OPTIMIZERS[name]
        return ADAM_LR if name in ADAMS else float(options_of(cls)["lr"].default)

    def _epochs(self, rows: int, batch_size: int | str) -> int:
        """200, and fewer where many rows make an epoch long; not for patience, nor for full batches."""
        if self.patience is not None or batch_size == "full":
            return EPOCHS
        return max(FEWEST_EPOCHS, min(EPOCHS, ROWS_SEEN // max(rows, 1)))

    def _schedule(self) -> Entry:
        if self.schedule != "auto":
            return dict(self.schedule)
        return schedule_entry("cosine" if self.optimizer["name"] in ADAMS else "constant")

    def _contradictions(self) -> None:
        if self.optimizer["name"] == "lbfgs":
            if self.batch_size not in ("full", "auto"):
                raise RecipeError(
                    f"L-BFGS needs the whole training set in every step, got batch_size={self.batch_size}. "
                    "Write batch_size=full, or choose another optimizer."
                )
            if self.noise or any(entry["layer"] == "dropout" for entry in self.layers):
                raise RecipeError("L-BFGS needs an objective that does not change: leave out noise and dropout.")
            for name, neutral in _NOT_WITH_LBFGS.items():
                value = getattr(self, name)
                if value not in neutral:
                    got = value["name"] if isinstance(value, dict) else value
                    raise RecipeError(f"L-BFGS has no {name}, got {shown(got)}. Leave it out.")
        if self.patience is not None and self.epochs != "auto" and self.patience >= self.epochs > 0:
            raise RecipeError(
                f"patience={self.patience} can never stop a training of {self.epochs} epochs. "
                "Give fewer epochs of patience, or more epochs."
            )


_NOT_WITH_LBFGS: dict[str, tuple[Any, ...]] = {
    "schedule": ({"name": "constant"}, "auto"),
    "weight_decay": (0.0, "auto"),
    "l1": (0.0,),
    "clip_value": (None,),
    "clip_norm": (None,),
    "max_norm": (None,),
}
_FIELDS = tuple(field.name for field in dataclasses.fields(Recipe))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value


_SPOKEN = {
    "eta": "lr is the learning rate, which some courses call eta. Write lr.",
    "alpha": "alpha means the weight decay in one course, the learning rate in another and a constant of ELU in a "
    "third. Write l2 (or weight_decay), lr, or activation=elu(alpha=...).",
    "learning_rate": "The learning rate is called lr. Write lr.",
    "learning_rate_init": "The learning rate is called lr. Write lr.",
    "hidden_layer_sizes": "The hidden layers are called hidden. Write hidden.",
    "max_iter": "Training is counted in epochs. Write epochs.",
    "n_epochs": "Training is counted in epochs. Write epochs.",
    "solver": "The rule that updates the weights is called optimizer. Write optimizer.",
    "early_stopping": "Early stopping is asked for by its patience, in epochs. Write patience.",
    "batch": "Write batch_size.",
    "seed": "The seed is not part of a recipe: give it where the recipe is trained.",
    "momentum": "momentum is an option of its optimizer. Write optimizer=momentum(momentum=0.9).",
    "label_smoothing": "label_smoothing is an option of its loss. Write loss=cross_entropy(label_smoothing=0.1).",
    "dropout_rate": "The probability to drop a unit is called dropout. Write dropout.",
    "p_drop": "For all hidden layers write dropout; p_drop is an option of a dropout layer.",
}


def setting_names() -> tuple[str, ...]:
    """Every name that `Recipe.of` takes."""
    return (*SHORTHAND, *_FIELDS)


def spoken(name: str) -> str:
    """What to write instead of a word of other systems or courses; an empty text for any other."""
    return _SPOKEN.get(name, "")


def unknown_setting(name: str) -> str:
    """The sentence for a setting that does not exist, in this project's words where it is another's.

    >>> unknown_setting("eta")
    "There is no setting 'eta': lr is the learning rate, which some courses call eta. Write lr."
    """
    if spoken(name):
        return f"There is no setting '{name}': {spoken(name)[0].lower()}{spoken(name)[1:]}"
    hint = did_you_mean(name, setting_names())
    return f"There is no setting '{name}'. {hint or 'Known: ' + ', '.join(setting_names()) + '.'}"
