"""How many cases a suite runs: a seeded fraction in `make test`, the full count in `make accept`."""

from __future__ import annotations

import os

ACCEPT = os.environ.get("MULTILAYER_ACCEPT") == "1"


def cases(*, normal: int, accept: int) -> int:
    """The number of cases for the present run.

    `make accept` sets MULTILAYER_ACCEPT=1.
    """
    return accept if ACCEPT else normal
