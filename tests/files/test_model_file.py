from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from multilayer.errors import ModelFileError
from multilayer.files import ModelFile
from multilayer.lab import load_run, model_of
from multilayer.recipe import canonical
from tests.files import contents, runs
from tests.files.damage import Damage, entry, joined, parts, signed
from tests.scale import ACCEPT, cases

HERE = Path(__file__).parent
GOLDEN = HERE / "golden-1.mlp"
FOREIGN = "The model file is not a model of multilayer, or it is damaged."
DIGEST = "The model file is damaged: its content does not match its digest. Restore it from a copy."
LIST = "The model file is damaged: its list of arrays is not sound. Restore it from a copy."
ZERO = entry("F32", [1], 0, 4)


def small() -> bytes:
    return model_of(runs.run("binary")).to_bytes()


def refusal(content: bytes) -> str:
    with pytest.raises(ModelFileError) as refused:
        ModelFile.from_bytes(content)
    return str(refused.value)


def test_round_trips_keep_every_bit(figure):
    count = cases(normal=300, accept=5000)
    for seed in range(count):
        draw = random.Random(seed)
        document, arrays = contents.document(draw), contents.arrays(draw)
        content = ModelFile(document, arrays).to_bytes()
        back = ModelFile.from_bytes(content)
        assert canonical(back.document) == canonical(document)
        assert set(back.arrays) == set(arrays)
        for name, value in arrays.items():
            assert back.arrays[name].shape == value.shape
            assert back.arrays[name].dtype.name == value.dtype.name
            assert back.arrays[name].tobytes() == value.astype(value.dtype.newbyteorder("<")).tobytes()
        assert ModelFile(dict(reversed(document.items())), dict(reversed(arrays.items()))).to_bytes() == content
        assert back.to_bytes() == content
    figure("model file: bit-exact round trips", count)


def test_safetensors_reads_what_is_written():
    draw = random.Random(1)
    arrays = {f"a{i}": contents.array(draw) for i in range(20)}
    found = safetensors.numpy.load(ModelFile({}, arrays).to_bytes())
    assert {name: (a.shape, a.tobytes()) for name, a in found.items()} == {
        name: (a.shape, a.astype(a.dtype.newbyteorder("<")).tobytes()) for name, a in arrays.items()
    }


def test_the_described_layout_is_the_written_one():
    model = ModelFile({"task": "xor", "x": 1.5}, {"b": np.ones(1, np.float32), "a": np.arange(2)})
    tensors = {"a": entry("I64", [2], 0, 16), "b": entry("F32", [1], 16, 20)}
    data = np.arange(2, dtype="<i8").tobytes() + np.ones(1, "<f4").tobytes()
    assert model.to_bytes() == signed(tensors, data, b'{"task":"xor","x":1.5}')


def test_the_golden_file_is_read_and_written_as_ever():
    content = GOLDEN.read_bytes()
    assert hashlib.sha256(content).hexdigest() == "2233fdcf506f1c86e0809cb4b0ae9590e737470e57a4eeb088d33406b882803d"
    run = load_run(GOLDEN)
    assert model_of(run).to_bytes() == content
    assert run.question.digest == "7614ee6bfa69d51d2cce5721cff3a32181adbb4d7dd683fc1ec42c5915e972c7"
    np.testing.assert_array_equal(run.predict(runs.rows("table")), ["no", "yes", "yes", "no"])
    probs = [0.478164983, 0.680783923, 0.690412123, 0.456893364]
    np.testing.assert_allclose(run.answer(runs.rows("table"))[:, 1], probs, rtol=1e-6)


def test_every_prefix_is_refused():
    content = small()
    for length in range(len(content)):
        refusal(content[:length])


def test_every_single_bit_counts(figure):
    content = small()
    bits = range(8 * len(content))
    chosen = bits if ACCEPT else random.Random(0).sample(bits, 3000)
    for bit in chosen:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        refusal(bytes(damaged))
    figure("model file: single-bit flips detected", len(chosen))


def test_mutations_give_a_model_file_error_or_nothing(figure):
    count = cases(normal=3000, accept=1_000_000)
    content = small()
    damage = Damage(content, seed=7)
    unchanged, start = 0, time.perf_counter()
    for _ in range(count):
        mutated = damage.once()
        try:
            ModelFile.from_bytes(mutated)
        except ModelFileError:
            continue
        assert mutated == content
        unchanged += 1
    assert unchanged < count / 10
    figure("model file: mutations", count)
    figure("model file: mutations that changed nothing", unchanged)
    figure("model file: microseconds a mutation", round((time.perf_counter() - start) / count * 1e6))


def deep(brackets: bytes = b"[") -> bytes:
    return b'{"a":' + brackets * 100_000 + {b"[": b"]", b'{"a":': b"}"}[brackets] * 100_000 + b"}"


ODD_HEADERS = {
    "nothing": (b"", FOREIGN),
    "a short file": (b"PK\x03\x04", FOREIGN),
    "a length of 2^63": ((2**63).to_bytes(8, "little") + bytes(64), FOREIGN),
    "a length of 2^64 - 1": (b"\xff" * 8 + bytes(64), FOREIGN),
    "nested lists": (joined(b"[" * 100_000, b""), FOREIGN),
    "closed nested lists": (joined(deep(), b""), FOREIGN),
    "a nested document": (signed({}, b"", deep(b'{"a":')), FOREIGN),
    "a list": (joined(b"[]", b""), FOREIGN),
    "a number of 5,000 digits": (joined(b"1" * 5000, b""), FOREIGN),
    "no metadata": (joined(b"{}", b""), FOREIGN),
    "other metadata": (joined(b'{"__metadata__":{"format":"pt"}}', b""), FOREIGN),
    "metadata twice": (joined(b'{"__metadata__":{},"__metadata__":{"multilayer":""}}', b""), FOREIGN),
    "metadata of another type": (joined(b'{"__metadata__":{"multilayer":1}}', b""), FOREIGN),
    "a header in UTF-16": (joined('{"__metadata__":{"multilayer":""}}'.encode("utf-16"), b""), FOREIGN),
    "a lone surrogate": (joined(b'{"__metadata__":{"multilayer":"\\ud800"}}', b""), FOREIGN),
    "another format": (signed({}, b"", tail=b',"format":0}'), FOREIGN),
    "true as a format": (signed({}, b"", tail=b',"format":true}'), FOREIGN),
    "a list for a document": (signed({}, b"", b"[]"), FOREIGN),
    "a document with a key twice": (signed({}, b"", b'{"a":1,"a":2}'), DIGEST),
    "a document with spaces": (signed({}, b"", b'{"a": 1}'), DIGEST),
    "a document that is not sorted": (signed({}, b"", b'{"b":1,"a":2}'), DIGEST),
    "NaN": (signed({}, b"", b'{"a":NaN}'), DIGEST),
    "an infinite number": (signed({}, b"", b'{"a":1e999}'), DIGEST),
    "a pickle": (b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x93.", FOREIGN),
}


@pytest.mark.parametrize("name", ODD_HEADERS)
def test_odd_headers_are_refused(name):
    content, expected = ODD_HEADERS[name]
    assert refusal(content) == expected


ODD_LISTS = {
    "another dtype": {"a": entry("F16", [2], 0, 4)},
    "a dtype that is a list": {"a": entry([], [1], 0, 4)},
    "an entry that is a number": {"a": 4},
    "an entry without a shape": {"a": {"dtype": "F32", "data_offsets": [0, 4]}},
    "an entry with more": {"a": {**ZERO, "strides": [4]}},
    "a shape that is a number": {"a": entry("F32", 1, 0, 4)},
    "a negative size": {"a": entry("F32", [-1, -1], 0, 4)},
    "true as a size": {"a": entry("F32", [True], 0, 4)},
    "a float as a size": {"a": entry("F32", [1.0], 0, 4)},
    "a float as an offset": {"a": entry("F32", [1], 0.0, 4)},
    "false as an offset": {"a": entry("F32", [1], False, 4)},
    "a product that wraps in 64 bits": {"a": entry("F32", [4194305, 4398045462529, 1], 0, 4)},
    "a huge empty shape": {"a": entry("F32", [2**62, 2**62, 0], 0, 0)},
    "65 dimensions": {"a": entry("F32", [1] * 65, 0, 4)},
    "100,000 dimensions": {"a": entry("F32", [10**18] * 100_000, 0, 4)},
    "a hole": {"a": ZERO, "b": entry("F32", [1], 8, 12)},
    "an overlap": {"a": ZERO, "b": ZERO},
    "a late start": {"a": entry("F32", [1], 4, 8)},
    "an end before the start": {"a": entry("F32", [0], 4, 0)},
    "an uneven place": {"a": ZERO, "b": entry("F64", [1], 4, 12)},
}


@pytest.mark.parametrize("name", ODD_LISTS)
def test_odd_lists_of_arrays_are_refused_though_signed(name):
    assert refusal(signed(ODD_LISTS[name], bytes(12))) == LIST


def test_arrays_fill_the_file():
    assert ModelFile.from_bytes(signed({"a": ZERO}, bytes(4))).arrays["a"] == np.zeros(1)
    expected = "The model file is damaged: its arrays take 4 bytes and it has 26. Restore it from a copy."
    assert refusal(signed({"a": ZERO}, bytes(4)) + b"PK\x05\x06" + bytes(18)) == expected
    assert refusal(signed({"a": ZERO}, bytes(4) + b"PK\x05\x06" + bytes(18))) == expected
    giant = {"a": entry("F32", [2**40], 0, 2**42)}
    expected = f"The model file is damaged: its arrays take {2**42} bytes and it has 4. Restore it from a copy."
    assert refusal(signed(giant, bytes(4))) == expected


def test_spaces_are_where_safetensors_puts_them():
    header = signed({"a": ZERO}, bytes(4))[8:-4].rstrip(b" ")
    aligned = header + b" " * (-len(header) % 8)
    written_otherwise = (header.replace(b":", b": ", 1), header.replace(b"a", b"\\u0061"))
    for odd in (b" " * 8 + aligned, aligned + b" " * 8, *written_otherwise):
        assert refusal(joined(odd, bytes(4))) == FOREIGN
    unaligned = header + b" " * (-len(header) % 8 + 1)
    assert refusal(len(unaligned).to_bytes(8, "little") + unaligned + bytes(4)) == FOREIGN


def test_many_arrays_take_no_harm(figure):
    count = cases(normal=10_000, accept=100_000)
    tensors = {str(i): entry("F32", [1], 4 * i, 4 * i + 4) for i in range(count)}
    assert len(ModelFile.from_bytes(signed(tensors, bytes(4 * count))).arrays) == count
    assert "its arrays take" in refusal(signed(tensors, bytes(4 * count - 4)))
    tensors["9"]["data_offsets"][0] = 0
    assert refusal(signed(tensors, bytes(4 * count))) == LIST
    figure("model file: arrays in one file", count)


def test_a_newer_format_is_named():
    newer = "The model file has format 2, newer than format 1 of this version. Upgrade multilayer to read it."
    assert refusal(signed({}, b"", tail=b',"format":2}')) == newer
    assert refusal(signed({"a": entry("F8", [1], 0, 1)}, b"1", b'{"new":1}', b',"format":2,"more":0}')) == newer


def test_a_file_that_lies_about_its_size_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "large.mlp"
    for content in (signed({"a": ZERO}, bytes(4)), b"\x00" * 16, (2**40).to_bytes(8, "little")):
        with open(path, "wb") as file:
            file.write(content)
            file.truncate(2**38)
        tracemalloc.start()
        with pytest.raises(ModelFileError):
            ModelFile.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
        tracemalloc.stop()


def test_what_cannot_be_stored_is_refused_with_a_sentence():
    def refused(document: object, **arrays: object) -> str:
        with pytest.raises(ModelFileError) as error:
            ModelFile(document, arrays).to_bytes()
        return str(error.value)

    half = np.zeros(1, np.float16)
    assert refused({}, a=half) == "Array a must be float32, float64 or int64, got float16."
    name = "An array cannot be called __metadata__: the format uses that name. Give it another."
    assert refused({}, __metadata__=np.zeros(1)) == name
    assert refused({"a": float("nan")}).startswith("The model cannot be written: ")
    assert refused({"a": "\ud800"}).startswith("The model cannot be written: ")
    assert refused({"a": {1, 2}}).startswith("The model cannot be written: ")
    nested: list[object] = []
    for _ in range(5000):
        nested = [nested]
    assert refused({"a": nested}).startswith("The model cannot be written: ")
    takes = "its description takes 16777224 bytes, more than a header of 16777216 bytes can hold"
    assert refused({"a": "x" * 2**24}) == f"The model cannot be written: {takes}."


def test_places_that_hold_no_file(tmp_path):
    def sentence(path: Path | str) -> str:
        with pytest.raises(ModelFileError) as refused:
            ModelFile.load(path)
        return str(refused.value)

    missing = tmp_path / "a.mlp"
    assert sentence(missing) == f"The model file {missing} could not be read: No such file or directory."
    assert sentence(tmp_path) == f"The model file {tmp_path} could not be read: it is not a file."
    assert sentence("a\0b").endswith("could not be read: embedded null byte.")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert sentence(tmp_path / "pipe").endswith("could not be read: it is not a file.")
        assert sentence("/dev/zero") == "The model file /dev/zero could not be read: it is not a file."


def test_loaded_arrays_cannot_be_changed():
    loaded = ModelFile.from_bytes(small())
    assert not any(value.flags.writeable for value in loaded.arrays.values())
    header, data = parts(small())
    assert sum(value.nbytes for value in loaded.arrays.values()) == len(data)
    assert set(header) - {"__metadata__"} == set(loaded.arrays)


AUDIT = """
import sys
from pathlib import Path
from multilayer.errors import ModelFileError
from multilayer.files import ModelFile
from multilayer.lab import load_run
folder = Path(sys.argv[1])
files = sorted(folder.glob("*.mlp"))
for name in ("good.mlp", "golden.mlp"):  # the first use of a layer reads its class's own annotations
    load_run(folder / name)
seen = []
QUIET = ("builtins.id", "object.__getattr__", "object.__setattr__", "sys._getframe")
def hook(event, arguments):
    if event == "open":
        if arguments[1] not in (None, "r", "rb") or not str(arguments[0]).startswith(str(folder)):
            seen.append((event, str(arguments)))
    elif event not in QUIET:
        seen.append((event, str(arguments)[:200]))
sys.addaudithook(hook)
loaded = refused = 0
for path in files:
    try:
        load_run(path)
        loaded += 1
    except ModelFileError:
        refused += 1
assert not seen, seen[:5]
print(loaded, refused)
"""


def test_loading_runs_imports_and_writes_nothing(tmp_path):
    content = small()
    (tmp_path / "good.mlp").write_bytes(content)
    (tmp_path / "golden.mlp").write_bytes(GOLDEN.read_bytes())
    damage = Damage(content, seed=1)
    bad = [damage.once() for _ in range(40)] + [content for content, _ in ODD_HEADERS.values()]
    bad += [signed({}, b"", b'{"record":{}}'), signed(ODD_LISTS["a hole"], bytes(12))]
    for i, one in enumerate(one for one in bad if one != content):
        (tmp_path / f"bad{i}.mlp").write_bytes(one)
    done = subprocess.run([sys.executable, "-c", AUDIT, tmp_path], capture_output=True, text=True, env={**os.environ})
    assert done.stderr == ""
    loaded, refused = map(int, done.stdout.split())
    assert loaded == 2
    assert refused > 50
