"""The rules of advice: what is wrong, the number that shows it, and the option that helps.

A rule looks at the record of one run and says nothing, or one thing. Causes come first: what is found in one tier of
`TIERS` may be all that is wrong in those behind it, so they are not asked. Test rows are never looked at, but for their
number.
The thresholds were chosen on tasks and seeds that the tests of these rules do not use (docs/report.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np

from multilayer.lab.advice.evidence import Evidence
from multilayer.lab.advice.observing import NEIGHBORS
from multilayer.lab.advice.remedies import bends, follow_closer, held_back
from multilayer.recipe import Recipe

if TYPE_CHECKING:
    from multilayer.lab.run import Run

WILD, TINY = 30.0, 0.03
"""A root mean square of prepared numbers beyond these; 1 suits a network."""
RARE = 0.1
STARTS_HIGH = 50.0
SPIKE, JOLT = 4.0, 0.1
VANISHED = 1e-3
DEAD, FLAT = 0.6, 0.8
LITTLE, MUCH, ROWS = 0.05, 0.15, 3
"""Shares of what is open that are left unexplained, though neighbors or a linear model explain them; of classes, they
amount to at least 3 rows."""
STILL, FALLING = 0.3, 0.003
GAP = 0.25
BY_HEART = 0.5
"""The training loss at the end, of what it was where the validation loss was least."""
FEW_TEST, FEW_TRAIN = 20, 30


@final
@dataclass(frozen=True)
class Advice:
    """One thing to put right: `says` is what shows it, `command` and `python` the option that helps.

    >>> print(Advice("not_converged", "The loss was still falling.", "--epochs 400", "epochs=400"))
    The loss was still falling. Try --epochs 400, in Python epochs=400.
    """

    name: str
    says: str
    command: str
    python: str

    def __str__(self) -> str:
        options = [self.command] if self.command else []
        options += [f"in Python {self.python}" if self.command else f"{self.python} in Python"] if self.python else []
        return f"{self.says} Try {', '.join(options)}."


Rule: TypeAlias = Callable[[Evidence], Advice | None]


def advise(run: Run) -> tuple[Advice, ...]:
    """What the run shows, the likeliest causes first; empty where nothing is wrong, or nothing was trained."""
    if not run.epochs and run.status != "diverged":
        return ()
    seen = Evidence(run)
    tiers = ([found for rule in tier if (found := rule(seen))] for tier in TIERS)
    return tuple(next(filter(None, tiers), [])) + tuple(found for rule in BESIDES if (found := rule(seen)))


def inputs_scale(seen: Evidence) -> Advice | None:
    large, small, how = seen.number("input"), seen.number("small_input"), seen.run.question.preparation.inputs
    if how == "standardize" or not (large > WILD or small < TINY):
        return None
    which = (
        f"The input {seen.word('input_name')} reaches the network" if large > WILD else "The inputs reach the network"
    )
    size = large if large > WILD else small
    return Advice(
        "inputs_scale",
        f"{which} with a root mean square of {size:.3g}, where about 1 suits it.",
        "--prepare standardize",
        'prepare="standardize"',
    )


def target_scale(seen: Evidence) -> Advice | None:
    size = seen.number("target")
    if seen.run.question.preparation.target == "standardize" or not (size > WILD or size < TINY):
        return None
    return Advice(
        "target_scale",
        f"The numbers to learn have a root mean square of {size:.3g}, where about 1 suits a network.",
        "",
        'prepare=ml.Preparation(target="standardize")',
    )


def out_of_reach(seen: Evidence) -> Advice | None:
    share = seen.number("out_of_reach")
    if not share > LITTLE:
        return None
    return Advice(
        "out_of_reach",
        f"{share:.0%} of the numbers to learn lie where the activation behind the last layer cannot reach.",
        "--output-activation identity",
        'output_activation="identity"',
    )


def equal_weights(seen: Evidence) -> Advice | None:
    dense = [entry for entry in seen.layers if "weight_init" in entry]
    alike = [e["units"] for e in dense[:-1] if e["weight_init"]["name"] in ("zeros", "constant") and e["units"] > 1]
    if not alike or seen.run.question.start is not None:
        return None
    return Advice(
        "equal_weights",
        f"All weights of a layer started at one value, so its {alike[0]} units learn the same thing.",
        "--weight-init he_normal",
        'weight_init="he_normal"',
    )


def silent_start(seen: Evidence) -> Advice | None:
    """Units that pass nothing back and never did: no gradient reached the weights."""
    share, layer = seen.number("dead"), seen.word("dead_layer")
    if not (share > 0.95 and seen.number("moved") < STILL):
        return None
    return Advice("dead_units", _dead(share, layer), *LEAKY)


def exploding(seen: Evidence) -> Advice | None:
    times = seen.number("start_loss") / seen.scale
    if not times > STARTS_HIGH:
        return None
    drawn = any(_own_initializer(seen, place) for place in range(len(seen.layers)))
    command, python = (
        ("--weight-init he_normal", 'weight_init="he_normal"') if drawn else ("--norm layer", 'norm="layer"')
    )
    return Advice(
        "exploding",
        f"The loss started {times:.3g} times as high as that of outputs that are all 0: the signal and its gradients "
        "grow from layer to layer.",
        command,
        python,
    )


def _own_initializer(seen: Evidence, place: int) -> bool:
    """Whether a layer's weights were drawn otherwise than they are where nothing is said."""
    entries = [dict(entry) for entry in seen.layers]
    if "weight_init" not in entries[place]:
        return False
    entries[place]["weight_init"] = "auto"
    usual = seen.recipe.replace(layers=entries).resolve(seen.run.target).layers[place]["weight_init"]
    return bool(usual != seen.layers[place]["weight_init"])


def vanishing(seen: Evidence) -> Advice | None:
    share = seen.number("first_gradient")
    if not share < VANISHED or not _falls_short(seen):
        return None
    return Advice(
        "vanishing",
        f"At the start the first layer's gradient, by the size of its weights, was {share:.2g} of the largest layer's: "
        "it vanished on its way back.",
        "--activation relu",
        'activation="relu"',
    )


def lr_too_large(seen: Evidence) -> Advice | None:
    lr = _smaller(seen.recipe.lr)
    options = (f"--lr {lr}", f"lr={lr}")
    if seen.run.status == "diverged":
        why = seen.run.why.partition(";")[0]
        return Advice("lr_too_large", f"With lr {seen.recipe.lr:g} {why}.", *options)
    high = max(seen.scale, seen.number("start_loss"))
    spike = float(np.max(seen.loss)) / high
    jolt = float(np.quantile(np.maximum(np.diff(seen.loss), 0), 0.9)) / seen.scale if len(seen.loss) >= 10 else np.nan
    if not (spike > SPIKE or jolt > JOLT):
        return None
    says = f"rose to {spike:.3g} times what it was before the first step"
    if not spike > SPIKE:
        says = f"jumped up by {jolt:.3g} of its whole size again and again"
    return Advice("lr_too_large", f"With lr {seen.recipe.lr:g} the training loss {says}.", *options)


def _smaller(lr: float) -> str:
    """A tenth, or the nearest power of ten below 0.1 where that is still large."""
    return f"{min(lr / 10, 0.01):.2g}"


def dead_units(seen: Evidence) -> Advice | None:
    share, layer = seen.number("dead"), seen.word("dead_layer")
    if not (share > DEAD and _falls_short(seen)):
        return None
    return Advice(
        "dead_units",
        _dead(share, layer),
        *LEAKY,
    )


def _dead(share: float, layer: str) -> str:
    return f"In the layer {layer}, {share:.0%} of the units pass nothing back on any row, so they cannot learn."


def flat_units(seen: Evidence) -> Advice | None:
    share, layer = seen.number("flat"), seen.word("flat_layer")
    if not (share > FLAT and _falls_short(seen)):
        return None
    return Advice(
        "flat_units",
        f"In the layer {layer}, {share:.0%} of the activations are saturated, where their slope is below 0.01.",
        "--norm layer",
        'norm="layer"',
    )


def batch_too_large(seen: Evidence) -> Advice | None:
    rows, size = seen.run.rows["train"], seen.recipe.batch_size
    whole = size == "full" or size >= rows / 2
    if not whole or rows < 100 or seen.recipe.optimizer["name"] == "lbfgs" or not _unfinished(seen):
        return None
    return Advice(
        "batch_too_large",
        f"{_falling(seen)} Batches of {size if size != 'full' else rows} rows leave {seen.steps_an_epoch:.3g} "
        f"step{'s' * (seen.steps_an_epoch > 1)} in an epoch, {seen.run.steps} in all.",
        "--batch-size 32",
        "batch_size=32",
    )


def not_converged(seen: Evidence) -> Advice | None:
    if batch_too_large(seen) or not _unfinished(seen):
        return None
    optimizer = {"optimizer": seen.recipe.optimizer}
    usual = Recipe.of(hidden=[], **optimizer).resolve(seen.run.target).lr
    slow = seen.recipe.lr <= usual / 5
    if slow:
        command, python = f"--lr {usual:g}", f"lr={usual:g}"
    else:
        more = max(2 * seen.recipe.epochs, 100)
        command, python = f"--epochs {more}", f"epochs={more}"
    return Advice("not_converged", _falling(seen), command, python)


def _unfinished(seen: Evidence) -> bool:
    """Whether the weights hardly moved, or the loss still fell at the end, and more could have been explained."""
    if seen.run.status not in ("complete", "interrupted") or not _falls_short(seen) or _gap(seen) > GAP:
        return False
    fell = _fall(seen)
    return seen.number("moved") < STILL or (fell > FALLING and seen.best_share > 0.95)


def _fall(seen: Evidence) -> float:
    """How far the held-out loss fell in the last quarter of the epochs, of all there is to lose."""
    curve = seen.held_out
    return float(curve[int(0.75 * len(curve))] - curve[-1]) / seen.scale if len(curve) > 3 else np.nan


def _falling(seen: Evidence) -> str:
    if seen.number("moved") < STILL:
        return (
            f"No layer's weights moved by more than {seen.number('moved'):.1%} of their size, and little was learned."
        )
    return f"The loss was still falling: by {_fall(seen):.2%} of its whole size in the last quarter of the epochs."


def overfitting(seen: Evidence) -> Advice | None:
    curve = seen.held_out
    if "val" not in seen.run.scores or len(curve) < 4 or not np.isfinite(curve).all() or few_rows(seen):
        return None
    best = int(np.argmin(curve)) + 1
    rise = float(curve[-1] - curve[best - 1]) / seen.scale
    gap = _gap(seen)
    late = best < 0.7 * len(curve) and (rise > 0.25 or _by_heart(seen, best, rise))
    if not (late or gap > 0.4 or (gap > GAP and rise > 0.2)):
        return None
    if rise > 0.05:
        kept = f"; the weights of epoch {best} are kept" if seen.recipe.keep == "best" else ""
        says = (
            f"From epoch {best} on it learned the training rows by heart: the validation loss rose from "
            f"{curve[best - 1]:.3g} to {curve[-1]:.3g}, the training loss went from {seen.loss[best - 1]:.3g} to "
            f"{seen.loss[-1]:.3g}{kept}."
        )
    else:
        score = seen.run.headline
        train, val = (seen.run.scores[part][score] for part in ("train", "val"))
        says = (
            f"It knows the training rows far better than others: {score} {train:.3g} against {val:.3g} in validation."
        )
    return Advice("overfitting", says, *held_back(seen.recipe))


def _by_heart(seen: Evidence, best: int, rise: float) -> bool:
    """Whether the validation loss of numbers rose by a quarter while the training loss went on falling, far below it.
    Of classes it may rise so because right answers grow surer than wrong ones can bear."""
    curve, loss = seen.held_out, seen.loss
    falls = loss[-1] < BY_HEART * loss[best - 1] and 3 * loss[-1] < curve[-1]
    return bool(seen.run.headline == "r2" and falls and rise > 0.05 and curve[-1] > 1.25 * curve[best - 1])


def underfitting(seen: Evidence) -> Advice | None:
    by = MUCH if bends(seen.recipe) else LITTLE
    if not seen.run.observed or not _falls_short(seen, by) or _unfinished(seen) or _gap(seen) > GAP:
        return None
    part, score = seen.held_out_part, seen.run.headline
    near, linear = seen.number("neighbors"), seen.run.baselines["linear"][part][score]
    better = (
        f"the {NEIGHBORS} nearest neighbors reach {near:.3g}" if near > linear else f"a linear model has {linear:.3g}"
    )
    says = (
        f"The network does not follow the data as closely as it could: {score} {seen.run.scores[part][score]:.3g} on "
        f"the {WORDS[part]} rows, where {better}."
    )
    return Advice("underfitting", says, *follow_closer(seen.recipe))


def imbalance(seen: Evidence) -> Advice | None:
    share, part = seen.number("rare"), seen.held_out_part
    scores = seen.run.scores.get(part, {})
    short = scores.get("accuracy", np.nan) - scores.get("balanced_accuracy", np.nan)
    if not (share < RARE and short > RARE):
        return None
    return Advice(
        "imbalance",
        f"Only {share:.1%} of the training rows are of the class {seen.word('rare_name')}: on the {WORDS[part]} rows "
        f"the accuracy is {scores['accuracy']:.3g}, its mean over the classes {scores['balanced_accuracy']:.3g}.",
        "--weight-column COLUMN",
        'weight_column="COLUMN", a column with more weight on that class',
    )


def few_rows(seen: Evidence) -> Advice | None:
    train, test = seen.run.rows["train"], seen.run.rows.get("test", 0)
    if not test or (test >= FEW_TEST and train >= FEW_TRAIN):
        return None
    between = seen.run.intervals.get(seen.run.headline)
    sure = f": the {seen.run.headline} may be anything from {between[0]:.2g} to {between[1]:.2g}" if between else ""
    other = seen.run.question.splitting.seed + 1
    return Advice(
        "few_rows",
        f"There are {train} training and {test} test rows{sure}. More rows help; how much the score depends on which "
        "rows are dealt where, another deal shows.",
        f"--split-seed {other}",
        f"split_seed={other}",
    )


def _gap(seen: Evidence) -> float:
    """How much more is explained of the training rows than of the held-out ones."""
    return seen.explained("train") - seen.explained(seen.held_out_part)


def _falls_short(seen: Evidence, by: float = LITTLE) -> bool:
    """Whether the nearest neighbors or a linear model explain more of the held-out rows than the network does."""
    part = seen.held_out_part
    best = np.fmax(np.fmax(seen.neighbors, seen.linear), 0.0)
    missing = float(best - seen.explained(part))
    if seen.run.headline == "r2":
        return missing > by
    trivial = seen.run.baselines.get("trivial", {}).get(part, {}).get("accuracy", np.nan)
    return missing > by and missing * (1 - trivial) * seen.run.rows[part] > ROWS - 0.5


LEAKY = ("--activation leaky_relu", 'activation="leaky_relu"')
WORDS = {"train": "training", "val": "validation"}
TIERS: tuple[tuple[Rule, ...], ...] = (
    (inputs_scale, target_scale, out_of_reach, equal_weights),
    (silent_start, exploding, vanishing),
    (lr_too_large,),
    (dead_units, flat_units),
    (batch_too_large, not_converged),
    (overfitting, underfitting),
)
BESIDES: tuple[Rule, ...] = (few_rows, imbalance)
RULES = (*(rule for tier in TIERS for rule in tier), *BESIDES)
"""Every rule, in the order in which they are asked."""
