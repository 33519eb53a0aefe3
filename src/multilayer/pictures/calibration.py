"""Calibration: whether what is said with 80 % holds in 80 of 100 cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from multilayer.arrays import Array
from multilayer.constraints import Integer, check
from multilayer.data.class_scores import chosen_class
from multilayer.errors import UsageError
from multilayer.pictures import style
from multilayer.pictures.confusion import one_of_classes
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, told

NORMAL_95 = 1.959964
"""The 97.5 % point of the normal distribution."""


@final
@dataclass(frozen=True, eq=False)
class Bins:
    """Rows in equal bins of probability: edges (n + 1,), and of each bin its count, the mean of what was said and the
    share that holds, with a 95 % interval (Wilson 1927); NaN where it is empty."""

    edges: Array
    count: npt.NDArray[np.int64]
    said: Array
    holds: Array
    low: Array
    high: Array

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of said and holds, by the rows of each bin."""
        full = self.count > 0
        return float(np.sum(self.count[full] * np.abs(self.said - self.holds)[full]) / self.count.sum())


def binned(probs: Array, true: Array, n: int) -> Bins:
    """Probabilities (n_samples,) and whether they came true, in n bins of equal width; 1.0 is in the last."""
    edges = np.linspace(0, 1, n + 1)
    place = np.minimum((probs * n).astype(int), n - 1)
    count = np.bincount(place, minlength=n).astype(np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        said = np.bincount(place, probs, n) / count
        holds = np.bincount(place, true, n) / count
        z2 = NORMAL_95**2 / count
        middle = (holds + z2 / 2) / (1 + z2)
        half = NORMAL_95 * np.sqrt(holds * (1 - holds) / count + z2 / (4 * count)) / (1 + z2)
    return Bins(edges, count, said, holds, middle - half, middle + half)


@picture("calibration", "whether probabilities hold, with counts", needs="rows", why_not=one_of_classes)
def calibration(subject: Subject, theme: Theme, *, part: str | None = None, bins: int = 10) -> Drawing:
    """The share that holds among rows of about the same probability, and beneath it how many rows those are.

    Of two classes it is the probability of the second; of more, that of the class chosen. `part` as for confusion;
    `bins` from 2 to 50.
    """
    run = subject.run
    bins = check(Integer(2, 50), bins, "bins", UsageError)
    part, rows = subject.rows.part(part)
    probs, true = run.answer_encoded(subject.rows.x[rows]), subject.rows.dataset.target.values[rows]
    if run.target.kind == "binary":
        of, name = f"probability of {label(run.target.classes[1])}", f"the class {run.target.classes[1]}"
        found = binned(probs[:, 1], true == 1, bins)
    else:
        of, name = "probability of the class chosen", "the class chosen"
        found = binned(probs.max(axis=1), chosen_class(probs) == true, bins)
    figure = style.figure(4.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=theme.faint, linewidth=1, linestyle="--", label="perfect")
    full = found.count > 0
    ends = np.clip([found.holds - found.low, found.high - found.holds], 0, None)[:, full]
    shown = {"color": theme.color(0), "marker": "o", "linewidth": 0.7, "elinewidth": 1, "capsize": 2}
    upper.errorbar(found.said[full], found.holds[full], ends, label="observed, 95 % interval", **shown)
    upper.set(ylabel="share that holds", xlim=(0, 1), ylim=(-0.03, 1.03))
    figure.legend(*upper.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    upper.grid()
    width = 1 / bins
    drawn = lower.bar(found.edges[:-1] + width / 2, found.count, width * 0.92, color=theme.color(0))
    if bins <= 12:
        lower.bar_label(drawn, fontsize=8, color=theme.ink)
    lower.set(xlabel=of, ylabel="rows", ylim=(0, found.count.max() * 1.3))
    caption = (
        f"Calibration of {told(run)} on its {len(rows)} {style.PART_WORDS[part]} rows, by the probability of {name} in "
        f"{bins} bins: expected calibration error {found.error:.3f}." + _not_meant(run.question.recipe.loss["name"])
    )
    return Drawing(figure, caption, "The share that holds against the probability, over a bar chart of the counts.")


def _not_meant(loss: str) -> str:
    if "hinge" in loss:
        return f" The loss, {loss}, does not aim at probabilities."
    return ""
