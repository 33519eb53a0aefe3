"""The commands. Each turns words into values, calls the laboratory, and shows what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from multilayer.cli import options
from multilayer.version import __version__

app = typer.Typer(
    name="multilayer",
    epilog="Start with:  multilayer train digits",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"multilayer {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Show the version and stop.", metavar=" ")
    ] = False,
) -> None:
    """Train, understand, compare and share multilayer perceptrons, with exactly repeatable results."""


@app.command()
def train(
    context: typer.Context,
    data: options.Data,
    hidden: options.Hidden = None,
    activation: options.Activation = None,
    output_activation: options.OutputActivation = None,
    dropout: options.Dropout = None,
    norm: options.Norm = None,
    weight_init: options.WeightInit = None,
    weights: options.Weights = None,
    bias: options.Bias = None,
    loss: options.Loss = None,
    optimizer: options.Optimizer = None,
    lr: options.Lr = None,
    schedule: options.Schedule = None,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    patience: options.Patience = None,
    l1: options.L1 = None,
    l2: options.L2 = None,
    weight_decay: options.WeightDecay = None,
    recipe: options.Recipe = None,
    target: options.Target = None,
    kind: options.Kind = None,
    prepare: options.Prepare = None,
    compare: options.Compare = None,
    seed: options.Seed = None,
    split_seed: options.SplitSeed = None,
    engine: options.Engine = None,
    runs: options.Runs = "runs",
    json_output: options.AsJson = False,
) -> None:
    """Train a network, score it beside the simplest models, and store the run.

    [bold]Examples[/bold]
      multilayer train moons --hidden 40
      multilayer train "moons(noise=0.3)" --optimizer sgd --lr 0.1
      multilayer train "sin(x)" --hidden 20,20 --activation tanh
      multilayer train table.csv --target price --epochs 50
      multilayer train and --hidden none --weights 1,1 --bias -1.5 --epochs 0
    """
    from multilayer.cli import training

    training.train(context.params)


@app.command()
def predict(
    run: Annotated[str, typer.Argument(metavar="RUN", help="last, the beginning of a run's id, or a .mlp file.")],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A CSV, TSV or Parquet file with the columns of the training.")
    ],
    output: options.Output = None,
    proba: options.Proba = False,
    runs: options.RunsRead = "runs",
) -> None:
    """Predict the rows of a table with a trained run, as CSV.

    [bold]Examples[/bold]
      multilayer predict last rows.csv
      multilayer predict 3f9a rows.csv --proba -o answers.csv
    """
    from multilayer.cli import prediction

    prediction.predict(run, Path(file), Path(output) if output else None, proba=proba, folder=Path(runs))


@app.command()
def tasks(
    json_output: options.ListAsJson = False,
) -> None:
    """List the tasks that need no file, with their parameters and the best possible accuracy."""
    from multilayer.cli import listing

    listing.tasks(as_json=json_output)
