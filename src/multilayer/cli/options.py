"""The options of `multilayer train`, each a type with its help."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Setting = str | None
NETWORK, TRAINING, TABLE, ROWS = "Network", "Training", "Reading a file", "Data, seeds and output"


def option(text: str, *names: str, metavar: str = "", panel: str | None = None) -> Any:
    """An option with its help, what it takes, and the panel of the help page it stands in."""
    return typer.Option(*names, help=text, metavar=metavar or None, show_default=False, rich_help_panel=panel)


Data = Annotated[
    str,
    typer.Argument(
        metavar="TASK",
        help="A task (see: multilayer tasks), a file of a table, a folder of pictures, fashion-mnist or mnist.",
    ),
]
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
Epochs = Annotated[
    Setting, option("Passes over the training rows; by their number if left out.", metavar="N", panel=TRAINING)
]
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
    Setting, option("Target column, or its number; the last one if left out.", metavar="NAME|N", panel=TABLE)
]
Classification = Annotated[
    bool | None,
    option("What the target is; told by its values if left out.", "--classification/--regression", panel=TABLE),
]
Drop = Annotated[Setting, option("Columns to leave out.", metavar="A,B", panel=TABLE)]
KeepColumns = Annotated[
    Setting, option("Columns to keep that would be left out as identifiers.", metavar="A,B", panel=TABLE)
]
WeightColumn = Annotated[Setting, option("Column of sample weights.", metavar="NAME", panel=TABLE)]
Group = Annotated[
    Setting, option("Column whose equal cells stay in one part of the rows.", metavar="NAME", panel=TABLE)
]
Test = Annotated[Setting, option("A file with the same columns: the test part.", metavar="FILE", panel=TABLE)]
Header = Annotated[
    bool | None,
    option("Whether the first line holds the columns' names.", "--header/--no-header", panel=TABLE),
]
Delimiter = Annotated[Setting, option("What separates cells: comma, tab, blanks, ';' ...", metavar="NAME", panel=TABLE)]
Decimal = Annotated[Setting, option("What stands before decimals.", metavar=".|,", panel=TABLE)]
Encoding = Annotated[Setting, option("utf-8, latin-1, utf-16 ...", metavar="NAME", panel=TABLE)]
Missing = Annotated[Setting, option("Further words that mean a missing cell.", metavar="A,B", panel=TABLE)]
Types = Annotated[
    Setting, option("What columns are: number, text, boolean, date.", metavar="A=text,B=date", panel=TABLE)
]
Fold = Annotated[Setting, option("Which of a folder's fixed splits, from 0.", metavar="N", panel=TABLE)]
ImageSize = Annotated[Setting, option("Make pictures squares of so many pixels.", metavar="N", panel=TABLE)]
Kind = Annotated[
    Setting,
    option("The same in full: binary, classes, multilabel or regression.", metavar="NAME", panel=TABLE),
]
Compare = Annotated[
    Setting,
    option("Models to compare with: gp, hist-gradient-boosting, knn.", metavar="NAMES", panel=ROWS),
]
Prepare = Annotated[
    Setting, option("Inputs: standardize, center, minmax, channel or none.", metavar="NAME", panel=ROWS)
]
Seed = Annotated[Setting, option("Seed of the training: weights, shuffling, dropout.", metavar="N", panel=ROWS)]
SplitSeed = Annotated[Setting, option("Seed of the division into train, val and test.", metavar="N", panel=ROWS)]
Engine = Annotated[Setting, option("Engine, chosen by the recipe if left out.", metavar="NAME", panel=ROWS)]
Runs = Annotated[str, option("Folder for the runs, runs if left out.", metavar="FOLDER", panel=ROWS)]
RunsRead = Annotated[str, option("Folder of the runs, runs if left out.", "--runs", metavar="FOLDER")]
ListAsJson = Annotated[bool, typer.Option("--json", help="Print the list as one JSON object.", metavar=" ")]
ShowAsJson = Annotated[bool, typer.Option("--json", help="Print the record as one JSON object.", metavar=" ")]
Number = Annotated[str, option("How many, 20 if left out.", "--number", "-n", metavar="N|all")]
PictureFile = Annotated[
    Setting,
    option("Write there, as .svg, .png or .gif; in the run's folder if left out.", "-o", "--output", metavar="FILE"),
]
PictureTheme = Annotated[str, option("light or dark paper, light if left out.", "--theme", metavar="NAME")]
PictureOption = Annotated[
    list[str] | None,
    option("An option of the picture, as often as needed (docs/pictures.md).", "--option", metavar="NAME=VALUE"),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON object.", rich_help_panel=ROWS, metavar=" ")
]
Metric = Annotated[
    Setting,
    option(
        "What selects the best epoch and is shown first: accuracy, f1, roc_auc, rmse ...; the loss if left out.",
        "--metric",
        "--monitor",
        metavar="NAME",
        panel=TRAINING,
    ),
]
Seeds = Annotated[
    Setting, option("So many seeds from --seed on, trained together; the scores are means.", metavar="N", panel=ROWS)
]
TimeLimit = Annotated[Setting, option("End with the epoch in which the time is up.", metavar="30s|2m|1h", panel=ROWS)]
Threads = Annotated[Setting, option("Threads, all processors if left out; never a result.", metavar="N", panel=ROWS)]
SaveRecipe = Annotated[
    Setting, option("Write the recipe with all that was chosen, .toml or .json.", metavar="FILE", panel=ROWS)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No words on the way.", rich_help_panel=ROWS, metavar=" ")]
Output = Annotated[Setting, option("Write there instead of to standard output.", "--output", "-o", metavar="FILE")]
ReportFile = Annotated[
    Setting, option("Write there; in the run's folder if left out.", "--output", "-o", metavar="FILE")
]
Pictures = Annotated[
    str, option("Names of pictures, or all that suit, few or none; all if left out.", metavar="NAMES|all|few|none")
]
WithReport = Annotated[
    bool,
    option(
        "Whether to write report.html beside the run; it is written if left out.", "--report/--no-report", panel=ROWS
    ),
]
Carry = Annotated[Setting, option("Columns of the file to put before the predictions.", "--with", metavar="A,B")]
Proba = Annotated[bool, typer.Option("--proba", help="Add the probability of each class.", metavar=" ")]
Language = Annotated[str, option("numpy, pytorch, keras or c.", "--as", metavar="LANGUAGE")]
What = Annotated[Setting, option("train or predict; train if left out, predict for c.", metavar="NAME")]
CodeFile = Annotated[Setting, option("Where the program is saved; printed if left out.", "--to", metavar="FILE")]
