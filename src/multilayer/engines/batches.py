"""Which rows each step of an epoch sees: the same for every engine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from multilayer.engines.contract import Rows
from multilayer.rng import Stream


def epoch_order(n: int, *, seed: int, epoch: int, shuffle: str = "full") -> Rows:
    """The order in which an epoch (counted from 0) visits the positions 0 .. n-1 of the training rows.

    "full" is one permutation of all; "blocks:N" permutes consecutive blocks of N positions and the positions inside
    each, so that rows are read block by block; "none" keeps their order.

    >>> epoch_order(4, seed=0, epoch=0, shuffle="none")
    array([0, 1, 2, 3])
    """
    if shuffle == "none":
        return np.arange(n, dtype=np.int64)
    if shuffle == "full":
        return Stream(seed, "shuffle", step=epoch).permutation(n)
    size = int(shuffle.removeprefix("blocks:"))
    starts = np.arange(0, n, size, dtype=np.int64)
    blocks = []
    for block in Stream(seed, "shuffle", step=epoch, place=0).permutation(len(starts)):
        inside = Stream(seed, "shuffle", step=epoch, place=1 + int(block))
        blocks.append(starts[block] + inside.permutation(min(size, n - int(starts[block]))))
    return np.concatenate(blocks)


def batches(n: int, batch_size: int, *, seed: int, epoch: int, shuffle: str = "full") -> Iterator[Rows]:
    """The positions of each batch of an epoch; the last batch is smaller when `batch_size` does not divide n.

    >>> [batch.tolist() for batch in batches(5, 2, seed=0, epoch=0, shuffle="none")]
    [[0, 1], [2, 3], [4]]
    """
    order = epoch_order(n, seed=seed, epoch=epoch, shuffle=shuffle)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]
