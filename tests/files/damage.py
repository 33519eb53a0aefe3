"""Damage to model files: whole files put together by hand, and mutations drawn at random."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from multilayer.recipe import canonical

NUMBERS = [-1, 0, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 4194305, 1.5, -0.0, 0.0, 1e308]
WORDS = ["", "F16", "BF16", "BOOL", "U8", "F64", "f32", "__metadata__", "\x00", "é"]
ODD: list[Any] = [None, True, False, *NUMBERS, *WORDS, [], {}, [[]], [0], [0, 0]]
HOW = ("set", "delete", "double")


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the data of a file."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header: bytes, data: bytes) -> bytes:
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data


def signed(tensors: dict[str, Any], data: bytes, document: bytes = b"{}", tail: bytes = b',"format":1}') -> bytes:
    """A file whose digest is right, whatever else it holds: a second writing of the format's description."""
    digest = hashlib.sha256(document + b"\n" + compact(tensors) + b"\n" + data).hexdigest()
    text = b'{"digest":"' + digest.encode() + b'","document":' + document + tail
    metadata = {"multilayer": text.decode("utf-8", "surrogatepass")}
    return joined(compact({"__metadata__": metadata, **tensors}), data)


def signed_document(document: Any, tensors: dict[str, Any], data: bytes) -> bytes:
    return signed(tensors, data, canonical(document))


def entry(dtype: Any, shape: Any, start: Any, end: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value inside a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*path, name)
        yield from paths(one, (*path, name))


def edit(document: Any, path: tuple[Any, ...], value: Any, how: str = "set") -> None:
    """Set, delete or double the value at a place, in place."""
    for name in path[:-1]:
        document = document[name]
    if how == "delete":
        del document[path[-1]]
    elif how == "double" and isinstance(document, list):
        document.insert(path[-1], document[path[-1]])
    elif how == "double":
        document[f"{path[-1]}2"] = document[path[-1]]
    else:
        document[path[-1]] = value


class Damage:
    """Mutations of one file; the same seed gives the same ones."""

    def __init__(self, content: bytes, seed: int) -> None:
        self.content = content
        self.header, self.data = parts(content)
        self.places = list(paths(self.header))
        self.inner = json.loads(self.header["__metadata__"]["multilayer"])
        self.inner_places = list(paths(self.inner))
        self.draw = random.Random(seed)
        self.ways: list[Callable[[bytearray], bytes | bytearray]] = [
            self.set, self.set, self.insert, self.delete, self.swap, self.run, self.length, self.cut, self.tail,
            self.copy, self.word, self.head, self.document,
        ]  # fmt: skip

    def once(self) -> bytes:
        """A copy with one to three mutations."""
        content: bytes | bytearray = self.content
        for _ in range(self.draw.choice((1, 1, 1, 2, 3))):
            content = self.draw.choice(self.ways)(bytearray(content))
        return bytes(content)

    def at(self, content: bytes | bytearray) -> int:
        return self.draw.randrange(max(len(content), 1))

    def set(self, content: bytearray) -> bytearray:
        place = self.at(content)
        content[place : place + 1] = self.draw.randbytes(1)
        return content

    def insert(self, content: bytearray) -> bytearray:
        place = self.at(content)
        content[place:place] = self.draw.randbytes(self.draw.randint(1, 9))
        return content

    def delete(self, content: bytearray) -> bytearray:
        place = self.at(content)
        del content[place : place + self.draw.randint(1, 9)]
        return content

    def swap(self, content: bytearray) -> bytearray:
        a, b, n = self.at(content), self.at(content), self.draw.randint(1, 16)
        content[a : a + n], content[b : b + n] = content[b : b + n], content[a : a + n]
        return content

    def run(self, content: bytearray) -> bytearray:
        place, n = self.at(content), self.draw.randint(1, 64)
        content[place : place + n] = bytes([self.draw.choice((0, 32, 34, 44, 58, 91, 93, 123, 125, 255))]) * n
        return content

    def length(self, content: bytearray) -> bytearray:
        own = int.from_bytes(content[:8], "little")
        near = [own + d for d in (-8, -1, 1, 8)]
        odd = self.draw.choice([*near, 0, 2**63, 2**64 - 1, 2**31, len(content), self.draw.getrandbits(64)])
        content[:8] = (odd % 2**64).to_bytes(8, "little")
        return content

    def cut(self, content: bytearray) -> bytearray:
        return content[: self.at(content)]

    def tail(self, content: bytearray) -> bytearray:
        return content + self.draw.choice((b"\x00", b"PK\x05\x06" + bytes(18), b" " * 8, content[-8:], content))

    def copy(self, content: bytearray) -> bytearray:
        a, b, n = self.at(content), self.at(content), self.draw.randint(1, 64)
        content[a:a] = content[b : b + n]
        return content

    def word(self, content: bytearray) -> bytearray:
        """Put one word of the format in the place of another."""
        words = (b"F32", b"F64", b"I64", b"shape", b"dtype", b"data_offsets", b"[", b"]", b"{", b"}", b'"', b"0", b"-1")
        new, old = self.draw.choice(words), self.draw.choice(words)
        place = content.find(old, self.at(content))
        return content if place < 0 else content[:place] + new + content[place + len(old) :]

    def head(self, _: bytearray) -> bytes:
        """Edit the header as JSON, its length kept right."""
        header = json.loads(self.content[8 : 8 + int.from_bytes(self.content[:8], "little")])
        edit(header, self.draw.choice(self.places), self.draw.choice(ODD), self.draw.choice(HOW))
        text = compact(header)
        if self.draw.random() < 0.1:
            text = text.replace(b",", b", ", 1)
        return joined(text, self.data)

    def document(self, _: bytearray) -> bytes:
        """Edit the JSON text in the metadata; its digest stays what it was."""
        inner = json.loads(self.header["__metadata__"]["multilayer"])
        edit(inner, self.draw.choice(self.inner_places), self.draw.choice(ODD), self.draw.choice(HOW))
        header = {**self.header, "__metadata__": {"multilayer": compact(inner).decode("utf-8", "replace")}}
        return joined(compact(header), self.data)
