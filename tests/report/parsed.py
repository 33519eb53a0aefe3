"""A page read as a browser reads it, as far as the tests need: elements, attributes, texts, and what is not closed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "source", "link", "br", "hr", "input"}


@dataclass
class Parsed(HTMLParser):
    """Feed it a page; `mistakes` are tags that do not match."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: dict[str, list[str]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.mistakes.append(f"an attribute twice in {tag}")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.mistakes.append(f"<{tag}/>")

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.mistakes.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.mistakes.append("a comment")

    def handle_data(self, data: str) -> None:
        for tag in self.stack:
            self.text.setdefault(tag, []).append(data)

    def words(self, tag: str) -> str:
        """All text inside elements of this kind."""
        return "".join(self.text.get(tag, []))

    @property
    def shape(self) -> Counter[tuple[str, tuple[str, ...]]]:
        """How often each element occurs with which attributes."""
        return Counter((tag, tuple(sorted(attrs))) for tag, attrs in self.elements)


def parsed(page: str) -> Parsed:
    """The page, read to its end."""
    found = Parsed()
    found.feed(page)
    found.close()
    found.mistakes += [f"<{tag}> is left open" for tag in found.stack]
    return found
