"""The confusion matrix: which class is taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from multilayer.data.class_scores import chosen_class
from multilayer.pictures import style
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, Trained, told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Integers: TypeAlias = npt.NDArray[np.int64]
MOST_CLASSES = 26
SPACIOUS = 8
"""Up to so many classes the shares are written under the counts."""


def one_of_classes(run: Trained) -> str | None:
    """Why a run does not choose one of several classes."""
    if run.target.kind == "regression":
        return "it predicts numbers, and this is of classes."
    if run.target.kind == "multilabel":
        return "its rows have several labels at once, and this is of one class a row."
    return None


def _why_not(run: Trained) -> str | None:
    if len(run.target.classes) > MOST_CLASSES:
        return f"it has {len(run.target.classes)} classes, and more than {MOST_CLASSES} cannot be read."
    return one_of_classes(run)


@picture("confusion", "which class is taken for which: counts and shares", needs="rows", why_not=_why_not)
def confusion(subject: Subject, theme: Theme, *, part: str | None = None) -> Drawing:
    """Rows of the true class, columns of the predicted one; shades and percentages are shares of the true class.

    `part` is test, val or train; without it the first of these that has rows.
    """
    run = subject.run
    part, rows = subject.rows.part(part)
    true = subject.rows.dataset.target.values[rows]
    counts = counted(true, chosen_class(run.answer_encoded(subject.rows.x[rows])), len(run.target.classes))
    names = [label(name, 14 if len(counts) > 4 else 18) for name in run.target.classes]
    figure = _drawn(counts, names, theme)
    right = int(np.trace(counts))
    caption = (
        f"Confusion matrix of {told(run)} on its {len(rows)} {style.PART_WORDS[part]} rows: {right} are right "
        f"({right / len(rows):.1%}). Each cell counts rows of one true class that are taken for one class"
        + (", and gives their share of the true class." if len(counts) <= SPACIOUS else "; shades are shares.")
        + _commonest(counts, run)
    )
    return Drawing(figure, caption, f"A matrix of {len(counts)} true by {len(counts)} predicted classes.")


def counted(true: Integers, chosen: Integers, k: int) -> Integers:
    """The counts (k, k): rows are true classes, columns chosen ones.

    >>> counted(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    counts = np.zeros((k, k), dtype=np.int64)
    np.add.at(counts, (true, chosen), 1)
    return counts


def _drawn(counts: Integers, names: list[str], theme: Theme) -> Figure:
    k = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = style.figure(min(5.2, 2.9 + 0.34 * k))
    axes = figure.subplots()
    shades = theme.sequential()
    axes.imshow(shares, cmap=shades, vmin=0, vmax=1, aspect="auto")
    size = style.TEXT if k <= 5 else 8.5 if k <= 12 else 7
    for i in range(k):
        for j in range(k):
            if counts[i, j] or k <= 5:
                text = f"{counts[i, j]}" + (f"\n{shares[i, j]:.0%}" if k <= SPACIOUS else "")
                color = theme.text_on(shades(shares[i, j]))
                axes.text(j, i, text, ha="center", va="center", color=color, fontsize=size)
    long = max(map(len, names)) * k > 34
    axes.set_xticks(range(k), names, rotation=90 if long else 0, fontsize=min(size, style.SMALL))
    axes.set_yticks(range(k), names, fontsize=min(size, style.SMALL))
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_xticks(np.arange(k - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(k - 1) + 0.5, minor=True)
    axes.grid(which="minor", color=theme.grid)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return figure


def _commonest(counts: Integers, run: Trained) -> str:
    """The confusion that occurs most often, in words."""
    wrong = counts - np.diag(np.diag(counts))
    if not wrong.any():
        return ""
    true, taken = np.unravel_index(int(wrong.argmax()), wrong.shape)
    classes = run.target.classes
    times = int(wrong[true, taken])
    return f" Most often {classes[true]} is taken for {classes[taken]}: {times} time{'s' * (times > 1)}."
