"""Benchmarks: multilayer and its peers side by side, in one run, on this machine.

    python -m benchmarks                      everything; writes benchmarks/results.json and the pictures
    python -m benchmarks --quick              fewer repetitions, under three minutes; writes nothing unless --out
    python -m benchmarks --case grid-digits   one row
    python -m benchmarks --list               the names of the rows

How it is measured:

- Contenders take turns (ours, theirs, ours, theirs, ...), and a ratio is one of two neighboring blocks. What stands
  in the table is the median of these ratios, with the 10th and the 90th percentile as its spread.
- A block starts from new weights, is warmed up outside the clock, and lasts some tenths of a second.
- The same work: network, rows, batch, optimizer (Adam, lr 0.001, constant), ReLU, float32, loss, and an order of rows
  shuffled in memory every epoch. Training rows are cut to whole batches, since JAX needs batches of one size.
- Peers run at their best: every setting that a contender offers (threads, way of compiling) is measured in every
  round, and the one with the smallest median counts, for them as for us. We use all threads only where they may too.
- Compiling is never on the clock.
- A whole fit shuffles, keeps the training loss of each epoch, measures validation loss and accuracy after each epoch
  and keeps the best weights; it includes making the model.
"""
