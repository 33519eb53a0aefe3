"""Data sets by name: Fashion-MNIST and MNIST, from a folder where they are, or fetched once."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import final

from multilayer.data.tables.arrays import idx_files
from multilayer.data.tables.download import fetch
from multilayer.errors import DataError

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@final
@dataclass(frozen=True)
class Named:
    """Where a data set is fetched, and the SHA-256 of each of `FILES`."""

    url: str
    digests: tuple[str, str, str, str]


NAMED = {
    # Xiao, Rasul & Vollgraf 2017, https://github.com/zalandoresearch/fashion-mnist
    "fashion-mnist": Named(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    # LeCun, Cortes & Burges 1998
    "mnist": Named(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
}


def is_named(word: str) -> bool:
    """Whether a data set goes by this name, written with hyphens or underscores."""
    return _plain(word) in NAMED


def _plain(word: str) -> str:
    return word.strip().lower().replace("_", "-")


def folder_of(word: str) -> Path:
    """The folder with the files of a data set; they are fetched where MULTILAYER_DATA has none.

    MULTILAYER_DATA may be the folder of the files, or the folder with a folder of the data set's name.
    Raises DataError where they cannot be had.
    """
    name = _plain(word)
    told = os.environ.get("MULTILAYER_DATA")
    if told and not Path(told).is_dir():
        raise DataError(f"MULTILAYER_DATA must be a folder, but there is none at {told!r}.")
    for folder in [Path(told) / name, Path(told) / name.replace("-", "_"), Path(told)] if told else []:
        if folder.is_dir() and len(idx_files(folder)) == len(FILES):
            return folder
    folder = Path(told) / name if told and os.access(told, os.W_OK) else stored() / name
    for file, digest in zip(FILES, NAMED[name].digests, strict=True):
        fetch(NAMED[name].url + file, folder / file, digest)
    return folder


def stored() -> Path:
    """The folder of what was fetched, where the system keeps what can be fetched again."""
    if told := os.environ.get("XDG_CACHE_HOME"):
        return Path(told) / "multilayer"
    if sys.platform == "win32" and (told := os.environ.get("LOCALAPPDATA")):
        return Path(told) / "multilayer"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "multilayer"
