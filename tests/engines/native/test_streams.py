"""The native engine's random streams have the bits of `rng` and the orders of `batches`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multilayer.engines.batches import epoch_order
from multilayer.engines.native import instruction_sets
from multilayer.rng import USES, WORD, Stream, philox
from tests.engines.native.probes import probes
from tests.scale import cases

ANYWHERE = pytest.mark.parametrize("isa", instruction_sets())
EXAMPLES = settings(max_examples=cases(normal=20, accept=1000), deadline=None, derandomize=True)

SEEDS = st.integers(0, 2**64 - 1)
WORDS = st.integers(0, WORD)
NAMES = st.tuples(SEEDS, st.sampled_from(sorted(USES)), WORDS, WORDS)
LENGTHS = st.one_of(st.integers(0, 140), st.integers(500, 1600))
SKIPS = st.integers(0, 9)

# Random123, examples/kat_vectors, philox4x32 10
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def hexadecimal(text):
    return [int(word, 16) for word in text.split()]


def reference(name, skip=0):
    """The stream of that name whose next word is word `skip`."""
    seed, use, step, place = name
    stream = Stream(seed, use, step=step, place=place)
    stream.words(skip)
    return stream


def native(isa, draw, name, n, *rest, **options):
    seed, use, step, place = name
    return getattr(probes(isa), draw)(seed, USES[use], step, place, n, *rest, **options)


def same(found, expected):
    """Equal in type and in every bit."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


@ANYWHERE
@pytest.mark.parametrize(("counter", "key", "output"), KNOWN)
def test_published_known_answers(isa, counter, key, output):
    (block, step, place, use), (low, high) = hexadecimal(counter), hexadecimal(key)
    words = probes(isa).words(low | high << 32, use, step, place, 4, 4 * block)
    assert words.tolist() == hexadecimal(output)


@ANYWHERE
@given(NAMES, LENGTHS, SKIPS)
@EXAMPLES
def test_words(isa, name, n, skip):
    same(native(isa, "words", name, n, skip), reference(name, skip).words(n))


@ANYWHERE
@given(NAMES, st.integers(0, 40), st.integers(0, 2**34 - 41))
@EXAMPLES
def test_a_stream_can_start_at_any_word(isa, name, n, skip):
    seed, use, step, place = name
    key = (seed & WORD, seed >> 32)
    expected = [philox((k // 4, step, place, USES[use]), key)[k % 4] for k in range(skip, skip + n)]
    assert native(isa, "words", name, n, skip).tolist() == expected


@ANYWHERE
@given(NAMES, LENGTHS, SKIPS)
@EXAMPLES
def test_numbers(isa, name, n, skip):
    words = reference(name, skip).words(2 * n).astype(np.uint64)
    same(native(isa, "longs", name, n, skip), words[0::2] | words[1::2] << np.uint64(32))
    same(native(isa, "uniform", name, n, skip), reference(name, skip).uniform(n))
    same(native(isa, "normal", name, n, skip), reference(name, skip).normal(n))


@ANYWHERE
@given(NAMES, LENGTHS, SKIPS)
@EXAMPLES
def test_permutation(isa, name, n, skip):
    expected = reference(name, skip).permutation(n)
    same(native(isa, "permutation", name, n, skip), expected.astype(np.int32))
    same(native(isa, "long_permutation", name, n, skip), expected)


@ANYWHERE
def test_a_long_permutation(isa):
    name = (2**64 - 3, "shuffle", 5, 0)
    same(native(isa, "long_permutation", name, 100_003), reference(name).permutation(100_003))


@ANYWHERE
@pytest.mark.parametrize("lanes", [1, 8, 16])
@given(NAMES, LENGTHS, SKIPS, st.one_of(st.sampled_from([0.0, 2.0**-32, 0.5, 1 - 2.0**-32, 1.0]), st.floats(0, 1)))
@EXAMPLES
def test_kept(isa, lanes, name, n, skip, p_drop):
    kept = native(isa, "kept", name, n, p_drop, skip, lanes)
    same(kept.astype(bool), reference(name, skip).keep(n, p_drop))


@ANYWHERE
@pytest.mark.parametrize("lanes", [1, 8, 16])
def test_the_least_word_is_kept(isa, lanes):
    name = (7, "dropout", 3, 1)
    words = reference(name).words(100)
    for place, word in enumerate(words.tolist()):
        for p_drop, expected in ((word / 2**32, 1), ((word + 1) / 2**32, 0)):
            assert native(isa, "kept", name, 100, p_drop, 0, lanes)[place] == expected


@ANYWHERE
@given(SEEDS, WORDS, st.one_of(st.integers(1, 20), st.integers(1, 700)), st.integers(1, 800))
@EXAMPLES
def test_orders_of_epochs(isa, seed, epoch, n, block):
    for shuffle in ("full", f"blocks:{block}", "none"):
        found = probes(isa).epoch_order(n, seed, epoch, shuffle)
        same(found, epoch_order(n, seed=seed, epoch=epoch, shuffle=shuffle))


@ANYWHERE
@pytest.mark.parametrize("shuffle", ["blocks:1", "blocks:2", "blocks:7", "blocks:1000", f"blocks:{2**62}"])
def test_small_and_large_blocks(isa, shuffle):
    for n in range(1, 30):
        found = probes(isa).epoch_order(n, 11, n, shuffle)
        same(found, epoch_order(n, seed=11, epoch=n, shuffle=shuffle))


@ANYWHERE
@pytest.mark.parametrize("shuffle", ["", "Full", "blocks", "blocks:", "blocks:0", "blocks:-1", "blocks:5x"])
def test_an_unknown_shuffle_is_refused(isa, shuffle):
    with pytest.raises(ValueError, match="no such shuffle"):
        probes(isa).epoch_order(5, 0, 0, shuffle)
