"""What a failed check raises; an AssertionError too, so that a test may simply call the check."""

from __future__ import annotations

from multilayer.errors import MultilayerError


class GradientError(MultilayerError, AssertionError):
    """A derivative that differs from the function's own differences."""


class ContractError(MultilayerError, AssertionError):
    """A layer, a loss or an optimizer that breaks a promise the library relies on."""


def require(kept: object, owner: object, promise: str, found: str = "") -> None:
    """Raise ContractError with the broken promise unless `kept`."""
    if not kept:
        raise ContractError(f"{type(owner).__name__} {promise}{': ' + found if found else ''}.")
