"""A small card for notebooks: a title, and names with values, as HTML that is legible on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

CELL = "text-align:left;vertical-align:top;padding:.1em .8em .1em 0;border:0;background:none;overflow-wrap:anywhere"
NAME = "text-align:left;vertical-align:top;padding:.1em .8em .1em 0;border:0;background:none;opacity:.7"


def card(title: str, rows: Iterable[tuple[str, str]], note: str = "") -> str:
    """The card; every text is escaped, colors are the page's own, and rows without a value are left out.

    >>> "&lt;b&gt;" in card("<b>", [("seed", "0")])
    True
    """
    body = "".join(
        f'<tr style="background:none"><td style="{NAME}">{escape(name)}</td>'
        f'<td style="{CELL}">{escape(value)}</td></tr>'
        for name, value in rows
        if value
    )
    foot = f'<div style="opacity:.7;padding-top:.2em">{escape(note)}</div>' if note else ""
    return (
        '<div style="max-width:44em">'
        f'<strong>{escape(title)}</strong><table style="border:0;margin:.2em 0 0">{body}</table>{foot}</div>'
    )
