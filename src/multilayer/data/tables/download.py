"""Fetching a file: its SHA-256 known before, its beginning kept when the line breaks, put in place when it is whole."""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from multilayer.errors import DataError

BLOCK = 2**16
WAIT = 30.0
"""Seconds without a byte after which a server counts as silent."""


def fetch(url: str, target: Path, digest: str) -> Path:
    """The file at `url` in `target`, unless it is there already; its SHA-256 must be `digest`.

    What arrived before a line broke stays in `<target>.part`, and only the rest is asked for the next time. Progress
    is said on standard error. Raises DataError where the file cannot be had, or is another one.
    """
    if target.is_file() and _digest(target) == digest:
        return target
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _receive(url, part)
    except urllib.error.HTTPError as error:
        error.close()
        raise DataError(f"{url} cannot be fetched: {error.code} {error.reason}. {_by_hand(target)}") from None
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise DataError(
            f"{url} cannot be fetched: {str(why).rstrip('.')}. Try again, or {_by_hand(target, small=True)}"
        ) from None
    if _digest(part) != digest:
        part.unlink()
        raise DataError(f"{url} is not the file it should be: its SHA-256 is another. It was thrown away; try again.")
    os.replace(part, target)
    return target


def _by_hand(target: Path, *, small: bool = False) -> str:
    word = "put" if small else "Put"
    return f"{word} {target.name} into a folder and name that in MULTILAYER_DATA."


def _receive(url: str, part: Path) -> None:
    """Ask for what is lacking, and append it; from the beginning where the server does not know how."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=WAIT)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        error.close()
        return  # there is nothing lacking
    with answer, part.open("ab" if have and answer.status == 206 else "wb") as file:
        have = file.tell()
        length = answer.headers.get("Content-Length")
        whole = have + int(length) if length and length.isdecimal() else None
        while block := answer.read(BLOCK):
            file.write(block)
            have += len(block)
            _progress(part.stem, have, whole)
    if whole is not None and have < whole:
        raise OSError(f"the line broke after {have:,} of {whole:,} bytes")


def _progress(name: str, have: int, whole: int | None) -> None:
    """A line that writes over itself in a terminal; elsewhere one line at the end."""
    done = have == whole
    if not (sys.stderr.isatty() or done):
        return
    share = f" of {whole / 1e6:,.1f}" if whole else ""
    sys.stderr.write(f"\rFetching {name}: {have / 1e6:,.1f}{share} MB" if sys.stderr.isatty() else f"Fetched {name}.")
    sys.stderr.write("\n" if done else "")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        found: Any = hashlib.file_digest(file, "sha256")
    return str(found.hexdigest())
