"""The commands. Each turns words into values, calls the laboratory, and shows what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from multilayer.cli import options, recipe_options
from multilayer.cli.plain_help import PlainCommand, PlainGroup
from multilayer.version import __version__

app = typer.Typer(
    name="multilayer",
    cls=PlainGroup,
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


@app.command(cls=PlainCommand)
def train(
    context: typer.Context,
    data: options.Data,
    hidden: options.Hidden = None,
    activation: options.Activation = None,
    output_activation: options.OutputActivation = None,
    dropout: options.Dropout = None,
    norm: options.Norm = None,
    weight_init: options.WeightInit = None,
    bias_init: recipe_options.BiasInit = None,
    pieces: recipe_options.Pieces = None,
    no_bias: recipe_options.NoBias = False,
    weights: options.Weights = None,
    bias: options.Bias = None,
    loss: options.Loss = None,
    optimizer: options.Optimizer = None,
    lr: options.Lr = None,
    schedule: options.Schedule = None,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    patience: options.Patience = None,
    monitor: options.Metric = None,
    l1: options.L1 = None,
    l2: options.L2 = None,
    weight_decay: options.WeightDecay = None,
    recipe: options.Recipe = None,
    reduction: recipe_options.Reduction = None,
    shuffle: recipe_options.Shuffle = None,
    noise: recipe_options.Noise = None,
    clip_value: recipe_options.ClipValue = None,
    clip_norm: recipe_options.ClipNorm = None,
    max_norm: recipe_options.MaxNorm = None,
    penalize_biases: recipe_options.PenalizeBiases = False,
    min_delta: recipe_options.MinDelta = None,
    keep: recipe_options.Keep = None,
    dtype: recipe_options.Dtype = None,
    target: options.Target = None,
    classification: options.Classification = None,
    kind: options.Kind = None,
    drop: options.Drop = None,
    keep_columns: options.KeepColumns = None,
    weight_column: options.WeightColumn = None,
    group: options.Group = None,
    test: options.Test = None,
    header: options.Header = None,
    delimiter: options.Delimiter = None,
    decimal: options.Decimal = None,
    encoding: options.Encoding = None,
    missing: options.Missing = None,
    types: options.Types = None,
    fold: options.Fold = None,
    image_size: options.ImageSize = None,
    prepare: options.Prepare = None,
    compare: options.Compare = None,
    seed: options.Seed = None,
    seeds: options.Seeds = None,
    split_seed: options.SplitSeed = None,
    time_limit: options.TimeLimit = None,
    engine: options.Engine = None,
    threads: options.Threads = None,
    save_recipe: options.SaveRecipe = None,
    runs: options.Runs = "runs",
    report: options.WithReport = True,
    quiet: options.Quiet = False,
    json_output: options.AsJson = False,
) -> None:
    """Train a network, score it beside the simplest models, and store the run.

    [bold]Examples[/bold]
      multilayer train moons --hidden 40
      multilayer train "moons(noise=0.3)" --optimizer sgd --lr 0.1
      multilayer train "sin(x)" --hidden 20,20 --activation tanh
      multilayer train table.csv --target price --metric mae --time-limit 2m
      multilayer train digits --hidden 64 --dropout 0.2 --seeds 10
      multilayer train adult.data --test adult.test
      multilayer train and --hidden none --weights 1,1 --bias -1.5 --epochs 0
    """
    from multilayer.cli import training

    training.train(context.params)


@app.command(cls=PlainCommand)
def predict(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="last, the beginning of a run's id, or a .mlp file.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A table with the columns of the training, or pictures.")],
    output: options.Output = None,
    proba: options.Proba = False,
    carry: options.Carry = None,
    header: options.Header = None,
    delimiter: options.Delimiter = None,
    decimal: options.Decimal = None,
    encoding: options.Encoding = None,
    missing: options.Missing = None,
    runs: options.RunsRead = "runs",
) -> None:
    """Predict the rows of a table with a trained run, as CSV.

    [bold]Examples[/bold]
      multilayer predict last rows.csv
      multilayer predict 3f9a rows.csv --proba --with id -o answers.csv
    """
    from multilayer.cli import prediction

    place = Path(output) if output else None
    prediction.predict(run, Path(file), place, proba=proba, carry=carry, folder=Path(runs), options=context.params)


@app.command(cls=PlainCommand)
def report(
    runs_named: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="A run as for predict; several are one question under several seeds."),
    ],
    output: options.ReportFile = None,
    pictures: options.Pictures = "all",
    runs: options.RunsRead = "runs",
) -> None:
    """Write a run's report: one HTML file that needs no network, readable on a phone and on paper.

    [bold]Examples[/bold]
      multilayer report last
      multilayer report 3f9a -o moons.html --pictures few
      multilayer report 3f9a 81bc 5d07 -o seeds.html
    """
    from multilayer.cli import reporting

    place = Path(output) if output else None
    reporting.report(runs_named, place, pictures=pictures, folder=Path(runs))


@app.command(cls=PlainCommand)
def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="last, the beginning of a run's id, or a .mlp file.")],
    runs: options.RunsRead = "runs",
    json_output: options.ShowAsJson = False,
) -> None:
    """Show a run: question, answer, scores, history, and how to repeat it.

    [bold]Examples[/bold]
      multilayer show last
      multilayer show 3f9a --json
    """
    from multilayer.cli import showing

    showing.show(run, Path(runs), as_json=json_output)


@app.command(name="runs", cls=PlainCommand)
def list_runs(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Only runs of this task.", show_default=False)] = "",
    number: options.Number = "20",
    runs: options.RunsRead = "runs",
    json_output: options.ListAsJson = False,
) -> None:
    """List the stored runs, the newest first.

    [bold]Examples[/bold]
      multilayer runs
      multilayer runs moons --number all
    """
    from multilayer.cli import shelf

    shelf.runs(task, number, Path(runs), as_json=json_output)


@app.command(cls=PlainCommand)
def plot(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run as for predict, or the name of a picture that needs none.")
    ],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A picture; if left out, those that suit.", show_default=False)
    ] = "",
    output: options.PictureFile = None,
    theme: options.PictureTheme = "light",
    option: options.PictureOption = None,
    runs: options.RunsRead = "runs",
) -> None:
    """Draw a picture of a run.

    [bold]Examples[/bold]
      multilayer plot last
      multilayer plot last boundary
      multilayer plot last fit --option beyond=1 -o fit.png --theme dark
      multilayer plot activation-functions -o activations.svg
    """
    from multilayer.cli import plotting

    plotting.plot(run, name, Path(output) if output else None, theme=theme, options=option or [], folder=Path(runs))


@app.command(cls=PlainCommand)
def code(
    run: Annotated[str, typer.Argument(metavar="RUN", help="last, the beginning of a run's id, or a .mlp file.")],
    language: options.Language,
    what: options.What = None,
    to: options.CodeFile = None,
    runs: options.RunsRead = "runs",
) -> None:
    """Write a run as a short program that trains, or predicts with, the same network.

    [bold]Examples[/bold]
      multilayer code last --as numpy
      multilayer code last --as pytorch --to moons.py
      multilayer code 3f9a --as c --to moons.c
      multilayer code 3f9a --as keras --what predict --to answer.py
    """
    from multilayer.cli import coding

    coding.code(run, language, what, Path(to) if to else None, Path(runs))


@app.command(cls=PlainCommand)
def export(
    run: Annotated[str, typer.Argument(metavar="RUN", help="last, the beginning of a run's id, or a .mlp file.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A name that ends in .onnx, .safetensors or .keras.")],
    runs: options.RunsRead = "runs",
) -> None:
    """Write a run's model for other systems: ONNX runtimes, PyTorch, Keras.

    [bold]Examples[/bold]
      multilayer export last moons.onnx
      multilayer export 3f9a weights.safetensors
    """
    from multilayer.cli import exporting

    exporting.export(run, Path(file), Path(runs))


@app.command(cls=PlainCommand)
def tasks(
    json_output: options.ListAsJson = False,
) -> None:
    """List the tasks that need no file, with their parameters and the best possible accuracy."""
    from multilayer.cli import listing

    listing.tasks(as_json=json_output)
