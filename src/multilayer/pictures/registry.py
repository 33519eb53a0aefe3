"""Every picture by its name: what it shows, what it is of, and why it does not suit a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, TypeVar, final

from multilayer.errors import RefusedError, UsageError, unknown
from multilayer.pictures.explained import Asked
from multilayer.pictures.picture import Animation, Drawing, Picture
from multilayer.pictures.style import Theme, applied, theme_of
from multilayer.pictures.subject import Subject, Trained

FRAME_DPI = 120

Draw = TypeVar("Draw", bound=Callable[..., Drawing | Iterator[Drawing]])
Needs: TypeAlias = Literal["nothing", "run", "rows", "training", "estimator"]


@final
@dataclass(frozen=True)
class Entry:
    """A picture on the list.

    `draw(subject, theme, *, options)` returns a Drawing, or yields one for each frame of an animation, whose last
    caption speaks for all; where it needs nothing it is `draw(theme, *, options)`. `needs` is the most it asks of a
    run: itself, its rows, or its training again; or it is of an estimator and its rows. `why_not` says in a sentence
    why a run does not suit.
    """

    name: str
    shows: str
    needs: Needs
    draw: Callable[..., Drawing | Iterator[Drawing]]
    why_not: Callable[[Trained], str | None]

    @property
    def animated(self) -> bool:
        return inspect.isgeneratorfunction(self.draw)

    @property
    def options(self) -> list[str]:
        """The names of what can be chosen."""
        parameters = inspect.signature(self.draw).parameters.values()
        return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


PICTURES: dict[str, Entry] = {}


def picture(
    name: str, shows: str, *, needs: Needs = "run", why_not: Callable[[Trained], str | None] = lambda run: None
) -> Callable[[Draw], Draw]:
    """Put a function on the list of pictures."""

    def enter(draw: Draw) -> Draw:
        PICTURES[name] = Entry(name, shows, needs, draw, why_not)
        return draw

    return enter


def suiting(run: Trained) -> list[str]:
    """The names of the pictures that suit a run, in the order of the list."""
    return [name for name, entry in PICTURES.items() if entry.needs != "nothing" and entry.why_not(run) is None]


def drawn(
    name: str, subject: Subject | Asked | None = None, theme: str | Theme = "light", **options: Any
) -> Picture | Animation:
    """The picture of that name. Raises RefusedError, with the reason, where it does not suit the run, and UsageError
    for a picture, theme or option that is not known.
    """
    name = name.replace("_", "-") if isinstance(name, str) else name
    if name not in PICTURES:
        raise UsageError(unknown("picture", name, PICTURES))
    entry, theme = PICTURES[name], theme_of(theme)
    for option in options:
        if not entry.options:
            raise UsageError(f"The picture {name} has no options: leave {option} out.")
        if option not in entry.options:
            raise UsageError(unknown(f"option of the picture {name}", option, entry.options))
    if entry.needs == "nothing":
        draw = partial(entry.draw, theme, **options)
    else:
        draw = partial(entry.draw, _suited(entry, subject), theme, **options)
    with applied(theme):
        made = draw()
        return Picture.of(name, theme, made) if isinstance(made, Drawing) else _animated(name, theme, made)


def _suited(entry: Entry, subject: Subject | Asked | None) -> Subject | Asked:
    if entry.needs == "estimator" and (subject is None or isinstance(subject, Asked)):
        if subject is None:
            raise UsageError(f"The picture {entry.name} is of an estimator: use model.plot({entry.name!r}, X, ...).")
        return subject
    if subject is None or isinstance(subject, Asked):
        raise UsageError(f"The picture {entry.name} is of a run: use run.plot({entry.name!r}).")
    reason = entry.why_not(subject.run)
    if reason:
        fitting = ", ".join(suiting(subject.run))
        raise RefusedError(f"The picture {entry.name} does not suit this run: {reason} These do: {fitting}.")
    return subject


def _animated(name: str, theme: Theme, drawings: Iterator[Drawing]) -> Animation:
    frames, caption, alt = [], "", ""
    for drawing in drawings:
        frames.append(Picture.of(name, theme, drawing).png(FRAME_DPI))
        caption, alt = drawing.caption, drawing.alt
    return Animation(name, theme, tuple(frames), caption, alt)
