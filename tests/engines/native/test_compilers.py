"""The engine outside Python on random cases: one set of bits by every compiler, and no report of a sanitizer.

`native/fuzz/fuzz.cpp` is the program. Compiling it takes minutes, so all of this is for `make accept`.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from multilayer.engines.native import instruction_sets
from tests.scale import ACCEPT

ROOT = Path(__file__).parents[3]
NATIVE = ROOT / "native"
SOURCES = ("single_precision.cpp", "double_precision.cpp", "fuzz/fuzz.cpp")
BATCH = 2500
ARM = "aarch64"
X86 = "x86_64"

pytestmark = pytest.mark.skipif(not ACCEPT, reason="compiles the engine a dozen times, a minute or more each")

# In files of native/: what stands there, and what a changed copy has in its place.
Patches = Mapping[str, Mapping[str, str]]

SHARED: Patches = {
    "team.hpp": {"WORTH_SHARING = 50000": "WORTH_SHARING = 0", "SPINS = 20000": "SPINS = 50"},
    "population.hpp": {"milliseconds(20)": "milliseconds(0)"},
}
"""However small, a piece of work is shared by all threads; they sleep soon, and are halted whenever they can be."""

BACKWARDS: Patches = {
    "products.hpp": {"for (int s = 0; s < count; ++s)": "for (int s = count - 1; s >= 0; --s)"},
}
UNFLUSHED: Patches = {
    "optimizer_rules.hpp": {"return select(absolute(v) < Scalar<V>(0x1p-100), V(0), v);": "return v;"},
}


@dataclass(frozen=True)
class Target:
    """A compiler for a processor, and what runs its programs here."""

    compiler: str
    processor: str
    flags: tuple[str, ...]
    runner: tuple[str, ...] = ()
    needs: str = ""  # an instruction set of this machine
    cases: int = 20000

    def why_not(self) -> str:
        """Why there is nothing to be seen of it here; nothing where there is."""
        for tool in (self.compiler, *self.runner[:1]):
            if shutil.which(tool) is None:
                return f"there is no {tool}"
        if not self.runner and platform.machine() != self.processor:
            return f"this processor is no {self.processor}"
        return f"this processor has no {self.needs}" if self.needs and self.needs not in instruction_sets() else ""


TARGETS = {
    "g++ v3": Target("g++", X86, ("-march=x86-64-v3",), needs="avx2"),
    "g++ v4": Target("g++", X86, ("-march=x86-64-v4",), needs="avx512"),
    "clang++ v3": Target("clang++", X86, ("-march=x86-64-v3",), needs="avx2"),
    "clang++ v4": Target("clang++", X86, ("-march=x86-64-v4",), needs="avx512"),
    "g++ arm": Target("g++", ARM, ()),
    "clang++ arm": Target("clang++", ARM, ()),
    "g++ for arm": Target(
        "aarch64-linux-gnu-g++", ARM, ("-static",), ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"), cases=1000
    ),
}


def usable(*names: str) -> Target:
    """The first of these targets that can be built and run; skips the test where none can."""
    reasons = {name: TARGETS[name].why_not() for name in names}
    for name, reason in reasons.items():
        if not reason:
            return TARGETS[name]
    pytest.skip("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))


def exact_flags(compiler: str) -> list[str]:
    """Those that CMakeLists.txt builds the engine with."""
    found = re.search(r"set\(exact_flags ([^)]*)\)", (ROOT / "CMakeLists.txt").read_text())
    assert found is not None
    flags = found[1].split()
    assert "-ffp-contract=off" in flags
    return flags if "clang" in compiler else [flag.replace("-fno-slp", "-fno-tree-slp") for flag in flags]


def copied(folder: Path, patches: Patches) -> Path:
    """The sources with these changes."""
    shutil.copytree(NATIVE, folder)
    for name, changes in patches.items():
        text = (folder / name).read_text()
        for old, new in changes.items():
            assert text.count(old) == 1, f"{name} has {text.count(old)} times: {old}"
            text = text.replace(old, new)
        (folder / name).write_text(text)
    return folder


def build(folder: Path, target: Target, *flags: str, patches: Patches | None = None) -> list[str]:
    """The command that runs a freshly compiled program; `flags` come last and so overrule."""
    sources = copied(folder / "native", patches) if patches else NATIVE
    common = [target.compiler, "-std=c++20", "-O2", *target.flags, *exact_flags(target.compiler), "-w", "-Wno-psabi"]
    common += ["-pthread", *flags]

    def compile(name: str) -> str:
        made = str(folder / f"{Path(name).stem}.o")
        subprocess.run([*common, "-c", str(sources / name), "-o", made], check=True)
        return made

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compile, SOURCES))
    subprocess.run([*common, *objects, "-o", str(folder / "fuzz")], check=True)
    return [*target.runner, str(folder / "fuzz")]


def digests(command: list[str], first: int, count: int, threads: int) -> list[str]:
    """The digest of every hundred cases."""
    done = subprocess.run([*command, str(first), str(count), str(threads)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), (
        f"cases {first}+{count}: {done.stdout[-1000:]}{done.stderr[-9000:]}"
    )
    return done.stdout.splitlines()[:-1]


def in_batches(command: list[str], count: int, threads: list[int]) -> list[str]:
    """The same of many cases: two processes at work, the numbers of threads in turn."""

    def batch(number: int) -> list[str]:
        return digests(command, number * BATCH, BATCH, threads[number % len(threads)])

    with ThreadPoolExecutor(2) as pool:
        return [line for lines in pool.map(batch, range(count // BATCH)) for line in lines]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The digests of the first cases, by the first compiler there is, on one thread."""
    target = usable("g++ v3", "clang++ v3", "g++ arm", "clang++ arm")
    return in_batches(build(tmp_path_factory.mktemp("expected"), target), target.cases, [1])


@pytest.mark.parametrize("name", TARGETS)
def test_every_compiler_gives_the_same_bits(name, expected, tmp_path, figure):
    target = usable(name)
    command = build(tmp_path, target)
    count = min(target.cases, 100 * len(expected))
    found = in_batches(command, count, [3, 2]) if count >= BATCH else digests(command, 0, count, 3)
    assert found == expected[: count // 100]
    figure(f"random cases with the same bits, {name}", count)


def test_no_memory_error_and_nothing_undefined(expected, tmp_path, figure):
    target = usable("g++ v3", "clang++ v3", "g++ arm", "clang++ arm")
    flags = ["-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-D_GLIBCXX_ASSERTIONS"]
    found = in_batches(build(tmp_path, target, *flags, patches=SHARED), 100_000, [1, 1, 1, 3])
    assert found[: len(expected)] == expected
    figure("random cases without a report of the address and undefined-behavior sanitizers", 100 * len(found))


def test_no_race(expected, tmp_path, figure):
    # The sanitizer sees what is copied to and from vectors only where memcpy is a call.
    target = usable("g++ v3", "g++ arm")
    flags = ["-O1", "-g1", "-fsanitize=thread", "-fno-builtin-memcpy"]
    found = in_batches(build(tmp_path, target, *flags, patches=SHARED), 5000, [3])
    assert found == expected[: len(found)]
    figure("random cases without a report of the thread sanitizer, on 3 threads", 100 * len(found))


@pytest.mark.parametrize(
    ("change", "flags", "patches"),
    [
        ("sums backwards", ["-O1"], BACKWARDS),
        ("fused by the compiler", ["-O2", "-ffp-contract=fast"], None),  # by -O1 GCC fuses nothing
        ("nothing flushed", ["-O1"], UNFLUSHED),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_of_the_arithmetic_is_seen(change, flags, patches, expected, tmp_path, figure):
    target = usable("g++ v3", "g++ arm")
    command = build(tmp_path, target, *flags, patches=patches)
    done = subprocess.run([*command, "0", "1000", "1"], capture_output=True, text=True, check=False)
    found = re.findall(r"^\d+ [0-9a-f]{16}$", done.stdout, re.MULTILINE)  # beside what the program itself finds wrong
    assert len(found) == 10
    changed = sum(one != other for one, other in zip(found, expected, strict=False))
    assert changed > 0
    figure(f"hundreds of random cases of 10 that show the change: {change}", changed)
