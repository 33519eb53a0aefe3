"""The options of `multilayer train`, each a type with its help."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Setting = str | None
NETWORK, TRAINING, ROWS = "Network", "Training", "Data, seeds and output"


def option(text: str, *names: str, metavar: str = "", panel: str | None = None) -> Any:
    """An option with its help, what it takes, and the panel of the help page it stands in."""
    return typer.Option(*names, help=text, metavar=metavar or None, show_default=False, rich_help_panel=panel)


Data = Annotated[str, typer.Argument(metavar="TASK", help="A task (see: multilayer tasks), or a CSV or Parquet file.")]
Hidden = Annotated[Setting, option("Units of each hidden layer, or none.", metavar="40,40|none", panel=NETWORK)]
Activation = Annotated[
    Setting, option("relu, tanh, leaky_relu(slope=0.1) ...; one, or one for each layer.", metavar="NAME", panel=NETWORK)
]
OutputActivation = Annotated[Setting, option("Activation behind the last layer.", metavar="NAME", panel=NETWORK)]
Dropout = Annotated[Setting, option("Probability to drop a hidden unit.", metavar="P", panel=NETWORK)]
Norm = Annotated[Setting, option("Normalization of hidden layers: layer or batch.", metavar="NAME", panel=NETWORK)]
WeightInit = Annotated[
    Setting, option("Initial weights: he_normal, uniform(low=-1, high=1) ...", metavar="NAME", panel=NETWORK)
]
Weights = Annotated[
    Setting,
    option(
        "Weights set by hand: numbers for a single layer, or a JSON file by name.", metavar="1,1|FILE", panel=NETWORK
    ),
]
Bias = Annotated[Setting, option("The bias, or biases, set by hand.", metavar="-1.5", panel=NETWORK)]
Loss = Annotated[
    Setting,
    option(
        "squared_error, cross_entropy, hinge(margin=1) ...; chosen by the data if left out.",
        metavar="NAME",
        panel=TRAINING,
    ),
]
Optimizer = Annotated[Setting, option("adam, sgd, momentum(momentum=0.9), lbfgs ...", metavar="NAME", panel=TRAINING)]
Lr = Annotated[Setting, option("Learning rate (some courses call it eta).", metavar="NUMBER", panel=TRAINING)]
Schedule = Annotated[Setting, option("constant, cosine, step(every=30) ...", metavar="NAME", panel=TRAINING)]
Epochs = Annotated[Setting, option("Passes over the training rows.", metavar="N", panel=TRAINING)]
BatchSize = Annotated[Setting, option("Rows in a batch.", metavar="N|full", panel=TRAINING)]
Patience = Annotated[Setting, option("Stop after so many epochs without improvement.", metavar="N", panel=TRAINING)]
L1 = Annotated[Setting, option("Penalty on the sum of |weights|.", metavar="NUMBER", panel=TRAINING)]
L2 = Annotated[Setting, option("Penalty: l2/2 times the sum of squared weights.", metavar="NUMBER", panel=TRAINING)]
WeightDecay = Annotated[
    Setting, option("Decoupled weight decay, times the learning rate.", metavar="NUMBER", panel=TRAINING)
]
Recipe = Annotated[
    Setting, option("Settings from a .toml or .json file; options count over it.", metavar="FILE", panel=TRAINING)
]
Target = Annotated[
    Setting, option("Target column of a table; its last column if left out.", metavar="NAME", panel=ROWS)
]
Kind = Annotated[
    Setting,
    option("What the target is, classes or regression; told by its values if left out.", metavar="NAME", panel=ROWS),
]
Compare = Annotated[
    Setting,
    option("Models to compare with: gp, hist-gradient-boosting, knn.", metavar="NAMES", panel=ROWS),
]
Prepare = Annotated[Setting, option("Inputs: standardize, center, minmax or none.", metavar="NAME", panel=ROWS)]
Seed = Annotated[Setting, option("Seed of the training: weights, shuffling, dropout.", metavar="N", panel=ROWS)]
SplitSeed = Annotated[Setting, option("Seed of the division into train, val and test.", metavar="N", panel=ROWS)]
Engine = Annotated[Setting, option("Engine, chosen by the recipe if left out.", metavar="NAME", panel=ROWS)]
Runs = Annotated[str, option("Folder for the runs, runs if left out.", metavar="FOLDER", panel=ROWS)]
RunsRead = Annotated[str, option("Folder of the runs, runs if left out.", "--runs", metavar="FOLDER")]
ListAsJson = Annotated[bool, typer.Option("--json", help="Print the list as one JSON object.", metavar=" ")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON object.", rich_help_panel=ROWS, metavar=" ")
]
Output = Annotated[Setting, option("Write there instead of to standard output.", "--output", "-o", metavar="FILE")]
Proba = Annotated[bool, typer.Option("--proba", help="Add the probability of each class.", metavar=" ")]
