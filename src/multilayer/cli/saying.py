"""Words on standard error, broken between words where a terminal would break inside them."""

from __future__ import annotations

import os
import sys
import textwrap

INDENT = 10


def say(text: str, topic: str = "") -> None:
    """A word on the way; under a topic, further lines are indented."""
    width = terminal_width()
    start = f"{topic:<{INDENT}}" if topic else ""
    if width and len(start + text) > width:
        lines = textwrap.wrap(
            text,
            width,
            initial_indent=start,
            subsequent_indent=" " * len(start),
            break_long_words=False,
            break_on_hyphens=False,
        )
        sys.stderr.write("\n".join(lines) + "\n")
    else:
        sys.stderr.write(f"{start}{text}\n")


def terminal_width() -> int:
    """The characters in a line of the terminal behind standard error; 0 where there is none."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns if sys.stderr.isatty() else 0
    except (OSError, ValueError):
        return 0
