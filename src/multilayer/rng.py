"""Random numbers that are the same everywhere: Philox 4x32-10, one named stream for every use.

A stream is a function of (seed, use, step, place) and of nothing else: no state is shared between streams, and drawing
from one never moves another. Its words are the outputs of Philox for the counters (block, step, place, use) under
the key `seed`, block counted from 0. docs/arithmetic.md holds the letter of every draw.

Philox: Salmon, Moraes, Dror & Shaw, Parallel random numbers: as easy as 1, 2, 3, SC'11.
"""

from __future__ import annotations

import math
import operator
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from multilayer import exact
from multilayer.errors import UsageError, sentence, unknown

Size: TypeAlias = int | tuple[int, ...]
Words: TypeAlias = npt.NDArray[np.uint64]

USES = {"weights": 1, "shuffle": 2, "dropout": 3, "noise": 4, "split": 5, "data": 6}
"""The number of each use, the last word of the counter."""

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)  # the golden ratio and sqrt(3) - 1
ROUNDS = 10
WORD = 0xFFFFFFFF

FEW_BLOCKS = 12  # up to here Python's integers are quicker than arrays
CHUNK = 8192  # blocks at a time, so that the words in work stay in the cache


def philox(counter: tuple[Any, Any, Any, Any], key: tuple[int, int]) -> tuple[Any, Any, Any, Any]:
    """Philox 4x32-10 of a counter of four 32-bit words under a key of two.

    Each counter word is a Python integer, or a uint64 array of words below 2^32.

    >>> [f"{word:08x}" for word in philox((0, 0, 0, 0), (0, 0))]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2  # 64 bits each
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & WORD, (p0 >> 32) ^ c3 ^ k1, p0 & WORD
        k0, k1 = (k0 + KEY_STEPS[0]) & WORD, (k1 + KEY_STEPS[1]) & WORD
    return c0, c1, c2, c3


@final
class Stream:
    """The random words of one use, drawn in sequence.

    `seed` is an integer in [0, 2^64); `step` and `place` are integers in [0, 2^32) that tell apart the streams of
    one use (the epoch, the parameter's number, ...). Sizes are integers or shapes; shapes fill in C order.

    >>> Stream(7, "split").permutation(5)
    array([0, 1, 3, 2, 4])
    >>> Stream(7, "data").uniform((2, 2)).shape
    (2, 2)
    """

    def __init__(self, seed: int, use: str, *, step: int = 0, place: int = 0) -> None:
        if use not in USES:
            raise UsageError(unknown("random stream", use, USES))
        seed = _checked("seed", seed, 64)
        self._key = (seed & WORD, seed >> 32)
        self._counter = (_checked("step", step, 32), _checked("place", place, 32), USES[use])
        self._position = 0

    def words(self, n: int) -> npt.NDArray[np.uint32]:
        """The next n words, each uniform in [0, 2^32)."""
        n = _checked("the number of words", n, 34)
        first, skipped = divmod(self._position, 4)
        last = -(-(self._position + n) // 4)  # the first block that is not needed
        if last > WORD + 1:
            raise UsageError("A random stream holds 2^34 words, and this one is used up. Take another step or place.")
        self._position += n
        return self._blocks(first, last)[skipped : skipped + n]

    def integers(self, high: int, size: Size) -> npt.NDArray[np.int64]:
        """Integers uniform in [0, high), with 1 <= high < 2^32: floor(w high / 2^64) of a 64-bit draw w.

        No value's probability is off by more than 2^-64, so the bias of the whole is below high / 2^64.
        """
        high = _checked("high", high, 32, least=1)
        return _scaled(self._longs(size), high).astype(np.int64)

    def uniform(self, size: Size) -> npt.NDArray[np.float64]:
        """Numbers uniform on the multiples of 2^-53 in [0, 1)."""
        return (self._longs(size) >> 11).astype(np.float64) * 2.0**-53

    def normal(self, size: Size) -> npt.NDArray[np.float64]:
        """Standard normal numbers, the quantiles of (k + 1/2) / 2^52 for a 52-bit draw k (never infinite)."""
        level = ((self._longs(size) >> 12).astype(np.float64) + 0.5) * 2.0**-52
        return np.asarray(exact.normal_quantile(level), dtype=np.float64)

    def permutation(self, n: int) -> npt.NDArray[np.int64]:
        """A random order of 0 ... n-1 (Fisher-Yates, Durstenfeld 1964, from the last place down)."""
        n = _checked("the length of a permutation", n, 32)
        order = list(range(n))
        partners = _scaled(self._longs(max(n - 1, 0)), np.arange(n, 1, -1, dtype=np.uint64))
        for i, j in zip(range(n - 1, 0, -1), partners.tolist(), strict=True):
            order[i], order[j] = order[j], order[i]
        return np.array(order, dtype=np.int64)

    def keep(self, size: Size, p_drop: float) -> npt.NDArray[np.bool_]:
        """A mask that is False with probability floor(p_drop 2^32) / 2^32, from one 32-bit word an element."""
        if not 0.0 <= p_drop <= 1.0:
            raise UsageError(sentence("p_drop", "a number from 0 to 1", p_drop))
        words = self.words(_count(size)).astype(np.uint64)
        return (words >= math.floor(p_drop * 2.0**32)).reshape(size)

    def _longs(self, size: Size) -> Words:
        """64-bit draws of two words each, the first word being the low one."""
        words = self.words(2 * _count(size)).astype(np.uint64)
        return (words[0::2] | (words[1::2] << np.uint64(32))).reshape(size)

    def _blocks(self, first: int, last: int) -> npt.NDArray[np.uint32]:
        """The words of the blocks first ... last-1 in sequence."""
        if last - first <= FEW_BLOCKS:
            few = [word for block in range(first, last) for word in philox((block, *self._counter), self._key)]
            return np.array(few, dtype=np.uint32)
        words = np.empty((last - first, 4), dtype=np.uint32)
        for start in range(first, last, CHUNK):
            chunk = words[start - first : start - first + CHUNK]
            block = np.arange(start, start + len(chunk), dtype=np.uint64)
            step, place, use = (np.full_like(block, word) for word in self._counter)
            for column, output in enumerate(philox((block, step, place, use), self._key)):
                chunk[:, column] = output
        return words.reshape(-1)


def _checked(what: str, value: int, bits: int, least: int = 0) -> int:
    """The value as an integer of so many bits, not below `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if isinstance(value, bool | np.bool_) or not least <= number < 1 << bits:
        raise UsageError(sentence(what, f"an integer in [{least}, 2^{bits})", value))
    return number


def _count(size: Size) -> int:
    """How many numbers a size asks for."""
    shape = size if isinstance(size, tuple) else (size,)
    return math.prod(_checked("a size", length, 34) for length in shape)


def _scaled(longs: Words, high: int | Words) -> Words:
    """floor(w high / 2^64) of 64-bit draws w, for high below 2^32, without leaving 64 bits."""
    carry = ((longs & WORD) * high) >> 32
    return np.asarray(((longs >> 32) * high + carry) >> 32, dtype=np.uint64)
