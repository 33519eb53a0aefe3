"""The command `multilayer`, and its short twin `mlp`."""

from multilayer.cli.main import main

__all__ = ["main"]
