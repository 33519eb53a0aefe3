"""One sample: what the network says of it, and what that costs."""

from __future__ import annotations

import numpy as np

from multilayer.arrays import Array
from multilayer.constraints import Integer, check
from multilayer.errors import UsageError
from multilayer.pictures import style
from multilayer.pictures.confusion import one_of_classes
from multilayer.pictures.lettering import label
from multilayer.pictures.picture import Drawing
from multilayer.pictures.registry import picture
from multilayer.pictures.style import Theme
from multilayer.pictures.subject import Subject, told

MOST_BARS = 12
LEAST = 1e-15
"""A probability counts as no less, as in the score log_loss."""


@picture("sample", "the class probabilities of one sample, beside its loss", needs="rows", why_not=one_of_classes)
def sample(subject: Subject, theme: Theme, *, part: str | None = None, row: int | None = None) -> Drawing:
    """The probability of each class for one row, and where its true class lies on the log loss -ln p.

    `part` as for confusion; `row` counts the rows of that part from 0; without it the row with the greatest loss.
    """
    run = subject.run
    part, rows = subject.rows.part(part)
    probs = run.answer_encoded(subject.rows.x[rows])
    true = subject.rows.dataset.target.values[rows]
    losses = -np.log(np.maximum(probs[np.arange(len(rows)), true], LEAST))
    worst = row is None
    row = int(losses.argmax()) if row is None else check(Integer(0, len(rows) - 1), row, "row", UsageError)
    p, loss, answer = probs[row], float(losses[row]), int(true[row])
    order = _shown(p, answer)
    figure = style.figure(2.9 + 0.26 * len(order))
    upper, lower = figure.subplots(2, 1, height_ratios=(0.6 + 0.26 * len(order), 1.9))
    colors = [theme.color(2) if k == answer else theme.faint for k in order]
    bars = upper.barh(range(len(order)), p[order], color=colors)
    upper.bar_label(bars, [f"{p[k]:.1%}" + (" true class" if k == answer else "") for k in order], padding=3)
    upper.set_yticks(range(len(order)), [label(run.target.classes[k]) for k in order])
    upper.invert_yaxis()
    upper.set(xlabel="probability", xlim=(0, 1.45), xticks=np.linspace(0, 1, 5))
    upper.tick_params(axis="y", length=0)
    x = np.linspace(0.004, 1, 300)
    lower.plot(x, -np.log(x), color=theme.ink, linewidth=1.4)
    shown = max(float(p[answer]), 0.004)
    lower.plot([shown], [min(loss, -np.log(0.004))], "o", color=theme.color(2), markersize=8, clip_on=False)
    note = f"−ln {p[answer]:.3g} = {loss:.3g}"
    lower.annotate(
        note, (shown, min(loss, -np.log(0.004))), (0.97, 0.9), textcoords="axes fraction", ha="right", va="top"
    )
    lower.set(xlabel="probability of the true class", ylabel="log loss", xlim=(0, 1.02), ylim=(0, 5.7))
    lower.grid()
    which = f"Row {row} of the {len(rows)} {style.PART_WORDS[part]} rows of {told(run)}"
    which += ", the one with the greatest loss" if worst else ""
    caption = (
        f"{which}: its true class {run.target.classes[answer]} has the probability {p[answer]:.3g}, which costs "
        f"−ln {p[answer]:.3g} = {loss:.3g}; the mean of these rows is {losses.mean():.3g}."
        + (f" Of {len(p)} classes the {len(order)} likeliest are shown." if len(order) < len(p) else "")
    )
    return Drawing(figure, caption, "Bars of the class probabilities over the curve of the log loss with one point.")


def _shown(p: Array, answer: int) -> list[int]:
    """The classes to be drawn, in their own order: all, or the likeliest and the true one."""
    if len(p) <= MOST_BARS:
        return list(range(len(p)))
    likeliest = [int(k) for k in np.argsort(-p, kind="stable")[:MOST_BARS]]
    return sorted(likeliest if answer in likeliest else [*likeliest[:-1], answer])
