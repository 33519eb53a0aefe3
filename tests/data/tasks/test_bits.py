"""Every table has the same bits everywhere, with NumPy's vector instructions and without."""

from __future__ import annotations

import pytest

from multilayer.data import tasks
from tests.data.tasks.tables import digest
from tests.simd import without_simd

SHIPPED = ("digits", "iris", "wine", "breast_cancer", "diabetes")

DIGESTS = {
    "moons": "abe2dc3fc0e98f292c760b4829b26d22c722252dc5e7b97165d73f206fb1513c",
    "circles": "85aff4c5c467946c861f6a3b35bea3cec279de3f87d74de5e12f55fab05b6dd3",
    "gaussians": "0703b867c8db419fdfd5c06fbf7721fb67d174ea5d8a49785c30e3cbc3c743b7",
    "spiral": "dfbb3752920400b7f73a485c8717d2d7034360803bd3825e6cf0a4f6f3db4e03",
    "two_spirals": "b904920e894bb8a49c2f95bff000381970a501a4d8ad491cb2fd522eff95cfd1",
    "checkerboard": "756f7d62a235d8b63d9f50310745acccca53b88e638d685d44a44c47145da8b9",
    "and": "be9997e888f4abd5b8f45d7865360591ba38bb0064aaeb1036469c114934c1ba",
    "or": "64b356b22cc37eda5b05b7f071a27243cea542d5b4fbd0c52c1c6a38a8dda810",
    "xor": "569abc82015340d85df78d5a94555d45ad0d6feca6abb115fddd41e4ce4b0d96",
    "parity": "be98cce20d15d5e5e8bd771b6eaa78d37abe580f5cb1314b60a40d165a8cb4d8",
    "encoder": "5e960b3b20c08462ee6bbb1b1ec4ff9f578df1dd9ccfd93a34686dba4c6baff8",
    "function": "e7ff3abf4d923130f15d0cc4d3af31d1f5c5836b0dc830822b41bb650ef74376",
    "polynomial": "4f5fd6f9c1c8c47767f68cd36be4a7d97f98c1830fe93ded63c8a2c060a5f6c4",
    "morse": "eef8cfc9fe57074d73ab01b4f08810d9964337185a9a53208e8075906db9826d",
    "lennard_jones": "610b0224ab522336b0a8e09c42a88de05de5b7b4103d6da50446bc478ca9badd",
    "digits": "16644f92ea5f12c06f86e568a390603ddbde9542444ca2672a8196dc126b2cc5",
    "iris": "e898d280dd0dc89ab4844cd5a5a38f42140c6f0133e8859a73c89154fe4a22b2",
    "wine": "515bb940ae034d7c4c531fefca584a6ecaeb08708f8d692d2efa5f86e138dda6",
    "breast_cancer": "0a81130307378b1b1eee418ecbe0fcf690ca87a1a3c2724419761184a705b354",
    "diabetes": "6b8599357673c4791fcbe488a15ceaf1c762dda4af1e406adb959a285ebf344a",
    "moons(noise=0.3, samples=101, data_seed=7)": "c4ca61db6809da54deba243b6532fc01081c348bf90ac5bf11648e1f4c111abf",
    "gaussians(classes=5, dimensions=6)": "69739e5abe3baa715857d7811d64b192cdc4330569408415f94c9a468a62651c",
    "checkerboard(noise=0.1)": "017d54581db78f4512c48ed1c8150f901d403295e1efcdd4aede4175235685a8",
    "xor(noise=0.2, samples=50)": "fbba07adc46cfead008e7848a2264134dc473fef837a6a1fe7037d78a9e8676e",
    "tan(x)*exp(-x^2)/cosh(x)": "52c666880d54c50798b6186de860536fa332c1da7fdabf2a2612a3bc9470a5cc",
    "sqrt(abs(x))*log(x^2+1)^1.5-tanh(x)+cos(9*x)": "51ccb2283031cb704aa66c52723ee59b93109d9326e8a200a4aa627ac19db276",
    "function(expression='sinh(x)', noise=0.5)": "18c4117c6681d28bb96498992d3e3bf5e248f3ce772515a1ce518c1d9c2b1e17",
}
FRESH = "0e392548b5370087d2c2bfdfe77d3db8b4ed47d276dee5b6506746d3586ef502"


def test_every_task_has_its_digest_here():
    assert set(tasks.names()) <= set(DIGESTS)


@pytest.mark.parametrize("text", DIGESTS)
def test_tables_have_their_bits(text):
    assert digest(tasks.get(text).dataset()) == DIGESTS[text]


def test_fresh_rows_have_their_bits():
    assert digest(tasks.get("moons").fresh(1000, 5)) == FRESH


def test_tables_have_their_bits_without_vector_instructions():
    generated = [text for text in DIGESTS if text not in SHIPPED]
    code = (
        "from multilayer.data import tasks; from tests.data.tasks.tables import digest\n"
        f"for text in {generated!r}: print(digest(tasks.get(text).dataset()))\n"
        "print(digest(tasks.get('moons').fresh(1000, 5)))"
    )
    expected = [DIGESTS[text] for text in generated]
    assert without_simd(code).split() == [*expected, FRESH]
