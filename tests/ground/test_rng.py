"""Streams against published answers, and against a second definition of every draw in plain integers."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from multilayer.errors import UsageError
from multilayer.rng import CHUNK, FEW_BLOCKS, USES, Stream, philox
from tests.scale import cases

M32 = 2**32 - 1


def slow_philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x32-10 as figure 2 of the paper draws it, with the high and low halves of each product named."""
    key = list(key)
    for round_number in range(10):
        if round_number:
            key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
        high0, low0 = divmod(0xD2511F53 * counter[0], 2**32)
        high1, low1 = divmod(0xCD9E8D57 * counter[2], 2**32)
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0]
    return counter


class SlowStream:
    """A stream one word at a time."""

    def __init__(self, seed: int, use: str, step: int = 0, place: int = 0) -> None:
        self.key = [seed % 2**32, seed // 2**32]
        self.rest = [step, place, ["weights", "shuffle", "dropout", "noise", "split", "data"].index(use) + 1]
        self.position = 0

    def word(self) -> int:
        block, k = divmod(self.position, 4)
        self.position += 1
        return slow_philox([block, *self.rest], self.key)[k]

    def long(self) -> int:
        low = self.word()
        return low + 2**32 * self.word()

    def integer(self, high: int) -> int:
        return self.long() * high // 2**64

    def permutation(self, n: int) -> list[int]:
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.integer(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


# Random123, examples/kat_vectors, philox4x32 10
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def hexadecimal(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN)
def test_published_known_answers(counter: str, key: str, output: str) -> None:
    (c0, c1, c2, c3), (k0, k1) = hexadecimal(counter), hexadecimal(key)
    assert list(philox((c0, c1, c2, c3), (k0, k1))) == hexadecimal(output)
    a0, a1, a2, a3 = (np.array([word], dtype=np.uint64) for word in (c0, c1, c2, c3))
    assert [int(word[0]) for word in philox((a0, a1, a2, a3), (k0, k1))] == hexadecimal(output)
    assert slow_philox([c0, c1, c2, c3], [k0, k1]) == hexadecimal(output)


KEYS = st.integers(0, 2**64 - 1)
WORDS = st.integers(0, M32)


@given(KEYS, st.sampled_from(sorted(USES)), WORDS, WORDS, st.lists(st.integers(0, 9), min_size=1, max_size=6))
@settings(max_examples=cases(normal=60, accept=2000), deadline=None, derandomize=True)
def test_words_are_philox_of_the_counter_in_sequence(
    seed: int, use: str, step: int, place: int, lengths: list[int]
) -> None:
    stream, slow = Stream(seed, use, step=step, place=place), SlowStream(seed, use, step, place)
    for n in lengths:
        words = stream.words(n)
        assert words.dtype == np.uint32
        assert words.tolist() == [slow.word() for _ in range(n)]


@given(KEYS, st.integers(0, 20), st.integers(0, 7), st.integers(1, M32))
@settings(max_examples=cases(normal=60, accept=2000), deadline=None, derandomize=True)
def test_draws_are_defined_in_integers(seed: int, n: int, skipped: int, high: int) -> None:
    stream, slow = Stream(seed, "data"), SlowStream(seed, "data")
    stream.words(skipped)
    slow.position = skipped
    assert stream.integers(high, n).tolist() == [slow.integer(high) for _ in range(n)]
    assert stream.uniform(n).tolist() == [math.ldexp(slow.long() >> 11, -53) for _ in range(n)]
    assert stream.permutation(n).tolist() == slow.permutation(n)
    assert stream.keep(n, 0.3).tolist() == [slow.word() >= math.floor(0.3 * 2**32) for _ in range(n)]
    levels = [(2 * (slow.long() >> 12) + 1, 2**53) for _ in range(n)]
    for drawn, (p, q) in zip(stream.normal(n).tolist(), levels, strict=True):
        with mpmath.workdps(40):
            back = mpmath.erfc(-mpmath.mpf(drawn) / mpmath.sqrt(2)) / 2
            slope = mpmath.exp(-(mpmath.mpf(drawn) ** 2) / 2) / mpmath.sqrt(2 * mpmath.pi)
            assert abs(back - mpmath.mpf(p) / q) < 1e-15 * max(abs(drawn), 1e-16) * slope


@pytest.mark.parametrize("n", [4 * FEW_BLOCKS - 1, 4 * FEW_BLOCKS, 4 * FEW_BLOCKS + 1, 4 * CHUNK - 3, 4 * CHUNK + 5])
def test_arrays_and_plain_integers_draw_the_same(n: int) -> None:
    whole, pieces = Stream(5, "noise", step=3), Stream(5, "noise", step=3)
    assert whole.words(n).tolist() == list(itertools.chain(*(pieces.words(k) for k in (1, n - 2, 1))))
    slow = SlowStream(5, "noise", 3)
    slow.position = n
    assert int(whole.words(1)[0]) == slow.word()


def test_streams_are_apart() -> None:
    """Every part of the name changes the words, and drawing from one stream leaves the others alone."""
    names = [(1, "weights", 0, 0), (2**32, "weights", 0, 0), (1, "shuffle", 0, 0), (1, "weights", 1, 0)]
    names.append((1, "weights", 0, 1))
    firsts = {tuple(Stream(s, use, step=step, place=place).words(4)) for s, use, step, place in names}
    assert len(firsts) == len(names)


def test_sizes_are_shapes_in_c_order() -> None:
    for draw in ("uniform", "normal"):
        flat = getattr(Stream(3, "data"), draw)(6)
        assert getattr(Stream(3, "data"), draw)((2, 3)).tolist() == flat.reshape(2, 3).tolist()
        assert getattr(Stream(3, "data"), draw)(()).shape == ()
        assert getattr(Stream(3, "data"), draw)((2, 0)).shape == (2, 0)
    assert Stream(3, "data").integers(7, (2, 3)).dtype == np.int64
    assert Stream(3, "dropout").keep((4, 5), 0.5).shape == (4, 5)


def test_draws_at_the_ends() -> None:
    assert Stream(1, "data").integers(1, 5).tolist() == [0] * 5
    assert Stream(1, "split").permutation(0).tolist() == []
    assert Stream(1, "split").permutation(1).tolist() == [0]
    assert Stream(1, "dropout").keep(100, 0.0).all()
    assert not Stream(1, "dropout").keep(100, 1.0).any()
    assert Stream(1, "data").words(0).tolist() == []


def test_extreme_words_keep_to_the_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    for words, uniform, integer in (((0, 0), 0.0, 0), ((M32, M32), 1 - 2.0**-53, M32 - 1)):
        monkeypatch.setattr(Stream, "words", lambda self, n, words=words: np.array(words * (n // 2), dtype=np.uint32))
        assert Stream(0, "data").uniform(1).tolist() == [uniform]
        assert Stream(0, "data").integers(M32, 1).tolist() == [integer]
        normal = Stream(0, "data").normal(1)[0]
        assert abs(normal) == pytest.approx(8.2095, abs=1e-4)  # the quantile of 2^-53
        assert Stream(0, "data").permutation(4).tolist() == ([1, 2, 3, 0] if integer == 0 else [0, 1, 2, 3])


# Distributions; the seeds are fixed, so these pass always or never.


def test_permutations_are_uniform() -> None:
    """All 120 orders of five are equally frequent, and every place takes every value equally often."""
    n = cases(normal=12000, accept=240000)
    counts: dict[tuple[int, ...], int] = {}
    for place in range(n):
        order = tuple(Stream(11, "shuffle", place=place).permutation(5).tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 120
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_permutation_moves_large_arrays_about() -> None:
    order = Stream(2, "shuffle").permutation(100_000)
    assert sorted(order.tolist()) == list(range(100_000))
    assert abs(stats.spearmanr(order, np.arange(100_000)).statistic) < 0.01


def test_uniforms_integers_normals_and_masks_are_distributed_as_named() -> None:
    n = cases(normal=200_000, accept=5_000_000)
    uniform = Stream(1, "data").uniform(n)
    assert stats.kstest(uniform, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(uniform[:-1], uniform[1:])[0, 1]) < 4 / math.sqrt(n)
    assert stats.kstest(Stream(2, "noise").normal(n), "norm").pvalue > 0.001
    assert stats.chisquare(np.bincount(Stream(3, "split").integers(97, n), minlength=97)).pvalue > 0.001
    kept = int(Stream(4, "dropout").keep(n, 0.3).sum())
    assert stats.binomtest(kept, n, 0.7).pvalue > 0.001


def test_neighboring_streams_are_unrelated() -> None:
    """First uniforms of consecutive seeds, steps and places."""
    n = 4000
    for name in ("seed", "step", "place"):
        values = [
            Stream(i if name == "seed" else 9, "weights", **({} if name == "seed" else {name: i})) for i in range(n)
        ]
        first = np.array([stream.uniform(1)[0] for stream in values])
        assert stats.kstest(first, "uniform").pvalue > 0.001
        assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 4 / math.sqrt(n)


def test_used_up_stream_says_so() -> None:
    stream = Stream(0, "data")
    stream._position = 2**34 - 1
    assert len(stream.words(1)) == 1
    with pytest.raises(UsageError, match=r"A random stream holds 2\^34 words, and this one is used up"):
        stream.words(1)


SENTENCES = [
    (lambda: Stream(-1, "data"), "seed must be an integer in [0, 2^64), got -1."),
    (lambda: Stream(2**64, "data"), "seed must be an integer in [0, 2^64), got 18446744073709551616."),
    (lambda: Stream(1.5, "data"), "seed must be an integer in [0, 2^64), got 1.5."),  # type: ignore[arg-type]
    (lambda: Stream(True, "data"), "seed must be an integer in [0, 2^64), got True."),
    (lambda: Stream(0, "data", step=2**32), "step must be an integer in [0, 2^32), got 4294967296."),
    (lambda: Stream(0, "data", place=-3), "place must be an integer in [0, 2^32), got -3."),
    (
        lambda: Stream(0, "wheights"),
        "There is no random stream 'wheights'. Did you mean 'weights'? "
        "Known: data, dropout, noise, shuffle, split, weights.",
    ),
    (lambda: Stream(0, "data").integers(0, 3), "high must be an integer in [1, 2^32), got 0."),
    (lambda: Stream(0, "data").integers(2**32, 3), "high must be an integer in [1, 2^32), got 4294967296."),
    (lambda: Stream(0, "data").uniform(-1), "a size must be an integer in [0, 2^34), got -1."),
    (lambda: Stream(0, "data").keep(3, 1.5), "p_drop must be a number from 0 to 1, got 1.5."),
    (lambda: Stream(0, "data").keep(3, math.nan), "p_drop must be a number from 0 to 1, got nan."),
]


@pytest.mark.parametrize(("call", "text"), SENTENCES)
def test_sentences(call: object, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == text
