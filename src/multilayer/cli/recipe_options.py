"""The options of `multilayer train` for the settings of a recipe that are asked for less often."""

from __future__ import annotations

from typing import Annotated

import typer

from multilayer.cli.options import NETWORK, Setting, option

MORE = "Training in detail"

NoBias = Annotated[bool, typer.Option("--no-bias", help="Layers without biases.", rich_help_panel=NETWORK, metavar=" ")]
BiasInit = Annotated[Setting, option("Initial biases: zeros, constant(value=0.1) ...", metavar="NAME", panel=NETWORK)]
Pieces = Annotated[Setting, option("Pieces of a maxout unit, 2 if left out.", metavar="N", panel=NETWORK)]
Reduction = Annotated[Setting, option("mean or sum of the losses of a batch.", metavar="NAME", panel=MORE)]
Shuffle = Annotated[Setting, option("Order of the rows: full, blocks:N or none.", metavar="NAME", panel=MORE)]
PenalizeBiases = Annotated[
    bool, typer.Option("--penalize-biases", help="l1 and l2 on biases too.", rich_help_panel=MORE, metavar=" ")
]
ClipValue = Annotated[Setting, option("Cut each gradient to at most this.", metavar="NUMBER", panel=MORE)]
ClipNorm = Annotated[Setting, option("Shorten all gradients together to this norm.", metavar="NUMBER", panel=MORE)]
MaxNorm = Annotated[Setting, option("Shorten each unit's weights to this norm.", metavar="NUMBER", panel=MORE)]
Noise = Annotated[Setting, option("Standard deviation of noise on the inputs.", metavar="NUMBER", panel=MORE)]
MinDelta = Annotated[Setting, option("An improvement that counts, for --patience.", metavar="NUMBER", panel=MORE)]
Keep = Annotated[Setting, option("Which weights remain: best or last.", metavar="NAME", panel=MORE)]
Dtype = Annotated[Setting, option("float32 or float64.", metavar="NAME", panel=MORE)]
