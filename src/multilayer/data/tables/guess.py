"""What was found out about a file, in sentences, each with the option that says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Guess:
    """One thing that nobody said; `flag` is the option of the command that overrides it, empty where none does.

    >>> print(Guess("The first line holds the names.", "--no-header"))
    The first line holds the names. (--no-header)
    """

    said: str
    flag: str = ""

    def __str__(self) -> str:
        return f"{self.said} ({self.flag})" if self.flag else self.said


def listed(names: list[str] | tuple[str, ...], most: int = 6) -> str:
    """Names in a sentence, the first few of many.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], most=2)
    ('a, b and c', 'a, b and 1 more')
    """
    shown = [name if len(name) <= 40 else f"{name[:37]}..." for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(count: int, thing: str) -> str:
    """A count and what it counts.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {thing}{'s' * (count != 1)}"
