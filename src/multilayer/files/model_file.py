"""The model file, `.mlp`: one safetensors file with a JSON document. Loading it runs nothing and opens nothing else.

Layout, format 1: a safetensors file whose tensors are float32, float64 or int64 and whose metadata has the one key
"multilayer", a canonical JSON text (RFC 8785) of {"digest", "document", "format"}. The digest is SHA-256 over the
canonical JSON of the document, a line feed, the header's tensor entries as compact JSON in their order, a line feed,
and the tensors' bytes. So a file that differs in any byte from the one written is refused. The header is checked
against the length of the file before any array is made room for.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, final

import numpy as np
from safetensors.numpy import save as to_safetensors

from multilayer.errors import ModelFileError
from multilayer.files.atomic import reason_of, write_atomically
from multilayer.recipe import canonical

FORMAT = 1
KEY, METADATA = "multilayer", "__metadata__"
LARGEST_HEADER = 16 * 2**20
MOST_DIMENSIONS = 64
LARGEST_WHOLE = 2**53 - 1
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I64": np.dtype("<i8")}
Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]


@final
@dataclass(frozen=True, eq=False)
class ModelFile:
    """A JSON document and named arrays, as they stand in one file.

    >>> model = ModelFile({"task": "xor"}, {"weights/0.W": np.zeros((2, 1), dtype=np.float32)})
    >>> ModelFile.from_bytes(model.to_bytes()).document
    {'task': 'xor'}
    """

    document: Mapping[str, Any]
    arrays: Arrays

    def to_bytes(self) -> bytes:
        """The file's content; raises ModelFileError for what a model file cannot hold."""
        arrays = {name: _storable(name, value) for name, value in self.arrays.items()}
        try:
            document = canonical(dict(self.document))
            plain = to_safetensors(arrays)
        except (ValueError, TypeError, RecursionError) as error:
            raise ModelFileError(f"The model cannot be written: {str(error).rstrip('.')}.") from None
        start = 8 + int.from_bytes(plain[:8], "little")
        digest = _digest(document, json.loads(plain[8:start]), plain[start:])
        envelope = b'{"digest":"%b","document":%b,"format":%d}' % (digest.encode(), document, FORMAT)
        content: bytes = to_safetensors(arrays, metadata={KEY: envelope.decode("utf-8")})
        if int.from_bytes(content[:8], "little") > LARGEST_HEADER:
            size = f"{len(document)} bytes, more than a header of {LARGEST_HEADER} bytes can hold"
            raise ModelFileError(f"The model cannot be written: its description takes {size}.")
        return content

    @staticmethod
    def from_bytes(content: bytes, source: str = "The model file") -> ModelFile:
        """The model of a file's content; raises ModelFileError for anything that `to_bytes` would not have written."""
        return _read(io.BytesIO(content), len(content), source)

    def save(self, path: str | Path) -> None:
        """Write the file atomically; raises ModelFileError when the place cannot be written."""
        path = Path(path)
        content = self.to_bytes()
        try:
            write_atomically(path, content)
        except (OSError, ValueError) as error:
            raise ModelFileError(f"The model file {path} could not be written: {reason_of(error)}.") from None

    @staticmethod
    def load(path: str | Path) -> ModelFile:
        """Read and verify a file; raises ModelFileError when it is missing, damaged, foreign or newer."""
        path = Path(path)
        if path.exists() and not path.is_file():
            raise ModelFileError(f"The model file {path} could not be read: it is not a file.")
        try:
            with open(path, "rb") as file:
                return _read(file, os.fstat(file.fileno()).st_size, f"The model file {path}")
        except ModelFileError:
            raise
        except (OSError, ValueError) as error:
            raise ModelFileError(f"The model file {path} could not be read: {reason_of(error)}.") from None


def _storable(name: str, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array in C order and the machine's byte order."""
    if name == METADATA:
        raise ModelFileError(f"An array cannot be called {METADATA}: the format uses that name. Give it another.")
    if value.dtype.name not in ("float32", "float64", "int64"):
        raise ModelFileError(f"Array {name} must be float32, float64 or int64, got {value.dtype.name}.")
    return np.asarray(value, dtype=value.dtype.newbyteorder("="), order="C")


def _digest(document: bytes, tensors: Mapping[str, Any], data: bytes) -> str:
    return hashlib.sha256(b"\n".join([document, _compact(tensors), data])).hexdigest()


def _compact(value: Any) -> bytes:
    """JSON without spaces, keys in their order, as safetensors writes its header."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _read(file: BinaryIO, size: int, source: str) -> ModelFile:
    """The model in an open file of that size; the arrays are read last, when everything else was found sound."""
    damaged = ModelFileError(f"{source} is damaged: its content does not match its digest. Restore it from a copy.")
    header, tensors = _header(file, size, source)
    text = header[METADATA][KEY]
    envelope = _envelope(text, source)
    layout = _layout(tensors, size - file.tell(), source)
    data = file.read()
    try:
        document = text.encode("utf-8")[len('{"digest":"') + 64 + len('","document":') : -len(',"format":1}')]
        genuine = envelope["digest"] == _digest(document, tensors, data) and canonical(envelope) == text.encode("utf-8")
    except (ValueError, RecursionError):
        raise damaged from None
    if not genuine or len(data) != layout.size:
        raise damaged
    return ModelFile(envelope["document"], layout.arrays(data))


def _header(file: BinaryIO, size: int, source: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and its tensor entries; refused unless written just as safetensors writes it."""
    length = int.from_bytes(file.read(8), "little")
    try:
        if size < 8 or length > min(size - 8, LARGEST_HEADER) or length % 8:
            raise ValueError("length")
        raw = file.read(length)
        header = json.loads(raw)
        if next(iter(header)) != METADATA or list(header[METADATA]) != [KEY] or _compact(header) != raw.rstrip(b" "):
            raise ValueError("form")
        if len(raw) - len(raw.rstrip(b" ")) > 7 or not isinstance(header[METADATA][KEY], str):
            raise ValueError("form")
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration, RecursionError):
        raise ModelFileError(f"{source} is not a model of multilayer, or it is damaged.") from None
    return header, {name: entry for name, entry in header.items() if name != METADATA}


def _envelope(text: str, source: str) -> dict[str, Any]:
    """The metadata's JSON, of this version's format."""
    foreign = ModelFileError(f"{source} is not a model of multilayer, or it is damaged.")
    try:
        envelope = json.loads(text, parse_int=_whole)
        version = envelope["format"]
        complete = set(envelope) == {"format", "document", "digest"} and isinstance(envelope["document"], dict)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise foreign from None
    if type(version) is int and version > FORMAT:
        raise ModelFileError(
            f"{source} has format {version}, newer than format {FORMAT} of this version. Upgrade multilayer to read it."
        )
    if type(version) is not int or version != FORMAT or not complete:
        raise foreign
    return dict(envelope)


def _whole(text: str) -> int | float:
    """Canonical JSON writes floats up to 1e21 without a point; beyond 2^53 - 1 no integer is meant."""
    exact = len(text) < 18 and abs(int(text)) <= LARGEST_WHOLE
    return int(text) if exact else float(text)


@final
@dataclass(frozen=True, eq=False)
class _Layout:
    """Where each array stands in the data, and how many bytes they take together."""

    places: dict[str, tuple[np.dtype[Any], list[int], int]]
    size: int

    def arrays(self, data: bytes) -> Arrays:
        """Read-only views into the data."""
        return {
            name: np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape)
            for name, (dtype, shape, start) in self.places.items()
        }


def _layout(tensors: Mapping[str, Any], size: int, source: str) -> _Layout:
    """The layout of arrays that fill `size` bytes one after another, without overlap or hole."""
    places: dict[str, tuple[np.dtype[Any], list[int], int]] = {}
    end = 0
    try:
        for name, entry in tensors.items():
            dtype, shape, start = DTYPES[entry["dtype"]], entry["shape"], end
            if list(entry) != ["dtype", "shape", "data_offsets"] or len(shape) > MOST_DIMENSIONS:
                raise ValueError("form")
            if not all(type(n) is int and 0 <= n < 2**63 for n in (*shape, *entry["data_offsets"])):
                raise ValueError("numbers")
            end = start + math.prod(shape) * dtype.itemsize
            if entry["data_offsets"] != [start, end] or start % dtype.itemsize:
                raise ValueError("offsets")
            if start == end:
                np.empty(0, dtype).reshape(shape)  # an empty shape can still be too large for an array
            places[name] = (dtype, shape, start)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ModelFileError(f"{source} is damaged: its list of arrays is not sound. Restore it from a copy.") from None
    if end != size:
        got = f"its arrays take {end} bytes and it has {size}"
        raise ModelFileError(f"{source} is damaged: {got}. Restore it from a copy.")
    return _Layout(places, end)
