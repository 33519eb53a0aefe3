"""From a file as it lies there to UTF-8 text in a file: unpacked, decoded, and refused where it is no text.

Nothing here holds more than a few blocks of `BLOCK` bytes in memory. What has to be written goes to a temporary
folder that is gone when the reading ends.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, final

from multilayer.data.tables.guess import Guess
from multilayer.errors import DataError

BLOCK = 2**22
LONGEST_LINE = BLOCK
"""Bytes of a line, at most: a table of a hundred thousand columns has shorter ones."""

MOST_UNPACKED, MOST_RATIO = 2**28, 200
"""A gzip file may unpack to 256 MiB whatever its size, and beyond that to 200 times its size (tables: 3 to 50)."""

BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SPOKEN = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252 (Latin-1)",
}
PRINTABLE = frozenset(b"\t\n\r\f\x1a\x1b")


@final
@dataclass(frozen=True)
class TextFile:
    """UTF-8 text without a byte order mark, its lines ended by line feeds."""

    path: Path
    guesses: tuple[Guess, ...] = ()


def refuse(place: Path, why: str, form: str = "csv") -> DataError:
    """The error for a file that cannot be read."""
    return DataError(f"{str(place)!r} cannot be read as {'an' if form[0] in 'ain' else 'a'} {form} table: {why}.")


def opened(place: Path) -> BinaryIO:
    """The file, open; raises DataError where that is not allowed."""
    try:
        return place.open("rb")
    except OSError as error:
        raise DataError(f"{str(place)!r} cannot be read: {error.strerror}.") from None


def beginning(place: Path, count: int = 512) -> bytes:
    """The first bytes of a file."""
    with opened(place) as file:
        return file.read(count)


def unpacked(place: Path, folder: Path) -> Path:
    """The file itself, or what is in it where it is gzipped, under its name without `.gz`.

    Raises DataError where it is damaged, cut short, or unpacks to so much more than it is that it is no table.
    """
    if beginning(place, 2) != b"\x1f\x8b":
        return place
    inner = place.name[:-3] if place.name.lower().endswith(".gz") else place.name
    target = folder / (inner or "data")
    most = max(MOST_UNPACKED, MOST_RATIO * place.stat().st_size)
    try:
        with opened(place) as source, target.open("wb") as file:
            written = 0
            for block in _inflated(source):
                written += len(block)
                if written > most:
                    raise DataError(
                        f"{str(place)!r} unpacks to more than {MOST_RATIO} times its size: it is a trap, not a table. "
                        "Unpack it yourself if it is one."
                    )
                file.write(block)
    except (zlib.error, EOFError) as error:
        why = "it ends too early" if isinstance(error, EOFError) else "it is damaged"
        raise DataError(f"{str(place)!r} cannot be unpacked: {why}. Fetch it again.") from None
    except OSError as error:
        raise DataError(f"{str(place)!r} cannot be unpacked into {folder.parent}: {error.strerror}.") from None
    return target


def _inflated(source: BinaryIO) -> Iterator[bytes]:
    """The blocks of a gzip file, none larger than `BLOCK`; raises EOFError where it was cut."""
    stream = zlib.decompressobj(wbits=31)
    raw = source.read(BLOCK)
    while raw:
        yield stream.decompress(raw, BLOCK)
        while not stream.eof and stream.unconsumed_tail:
            yield stream.decompress(stream.unconsumed_tail, BLOCK)
        raw = (stream.unused_data if stream.eof else b"") or source.read(BLOCK)
        if stream.eof and raw.strip(b"\0"):
            stream = zlib.decompressobj(wbits=31)  # a file of several members
        elif stream.eof:
            return
    if not stream.eof:
        raise EOFError


def as_text(place: Path, folder: Path, encoding: str | None, name: Path) -> TextFile:
    """The file as UTF-8 text; `name` is what it is called in sentences."""
    start = beginning(place)
    if not start.strip():
        raise refuse(name, "it is empty")
    found = encoding or _by_mark(start)
    if found is None:
        found = _scanned(place, name)
    if found == "utf-8" and not _has_only_carriage_returns(start, place):
        return TextFile(place)
    decoded = folder / f"text-{name.name}"
    _decode(place, decoded, found, name)
    guesses = (
        () if encoding or found in ("utf-8", "utf-8-sig") else (Guess(f"The text is {SPOKEN[found]}.", "--encoding"),)
    )
    _scanned(decoded, name)
    return TextFile(decoded, guesses)


def _by_mark(start: bytes) -> str | None:
    """The encoding that a byte order mark tells, or that every other byte being 0 does."""
    for mark, encoding in BOMS.items():
        if start.startswith(mark):
            return encoding
    even, odd = start[::2], start[1::2]
    if len(start) >= 4 and odd.count(0) > 0.8 * len(odd) and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if len(start) >= 4 and even.count(0) > 0.8 * len(even) and not odd.count(0) else None


def _scanned(place: Path, name: Path) -> str:
    """Read the whole file once: "utf-8" or "cp1252"; refuses bytes that no text has, and endless lines."""
    decoder, utf8, seen = codecs.getincrementaldecoder("utf-8")(), True, 0
    last_end = 0
    with opened(place) as file:
        while block := file.read(BLOCK):
            _refuse_bytes(block, seen, name)
            ends = max(block.rfind(b"\n"), block.rfind(b"\r"))
            if ends < 0 and seen + len(block) - last_end > LONGEST_LINE:
                raise refuse(name, f"it has a line of more than {LONGEST_LINE:,} bytes")
            last_end = seen + ends if ends >= 0 else last_end
            if utf8 and not (block.isascii() and not decoder.getstate()[0]):
                utf8 = _decodes(decoder, block)
            seen += len(block)
    return "utf-8" if utf8 and not decoder.getstate()[0] else "cp1252"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_bytes(block: bytes, seen: int, name: Path) -> None:
    odd = block.translate(None, delete=_TEXT)
    if odd:
        byte, where = odd[0], seen + block.index(odd[:1])
        raise refuse(name, f"it is no text, byte {where + 1:,} is {byte:#04x}")


_TEXT = bytes(code for code in range(256) if code >= 32 or code in PRINTABLE)


def _has_only_carriage_returns(start: bytes, place: Path) -> bool:
    return b"\r" in start and b"\n" not in beginning(place, BLOCK)


def _decode(place: Path, target: Path, encoding: str, name: Path) -> None:
    """Write the file as UTF-8; bytes that Windows-1252 leaves open are read as Latin-1 has them."""
    if encoding == "cp1252":
        codecs.register_error("multilayer-latin-1", _as_latin_1)
    errors = "multilayer-latin-1" if encoding == "cp1252" else "strict"
    try:
        with (
            place.open("r", encoding=encoding, errors=errors) as source,
            target.open("w", encoding="utf-8", newline="\n") as file,
        ):
            while text := source.read(BLOCK):
                file.write(text)
    except UnicodeError as error:
        reason = getattr(error, "reason", "") or str(error)
        raise refuse(name, f"it is not written in {encoding} ({reason})") from None


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end
