"""The entry of the command: runs it, and turns whatever goes wrong into one sentence and an exit status.

0 done, 1 our fault (with a traceback in a file), 2 a user's mistake, 3 diverged, 130 interrupted.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
import warnings
from collections.abc import Sequence

import typer

from multilayer.cli.app import app
from multilayer.cli.mistakes import sentence_of
from multilayer.cli.saying import say
from multilayer.errors import MultilayerError

USERS_MISTAKE, OUR_FAULT, INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with these arguments, by default the process's own, and exit."""
    sys.exit(status(list(sys.argv[1:] if arguments is None else arguments)))


def status(arguments: list[str]) -> int:
    """Run the command and return its exit status; errors are said on standard error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is said in words; a script would see the warnings
            code = app(arguments, prog_name="multilayer", standalone_mode=False)
        if code == INTERRUPTED:
            return _complain("Interrupted.", INTERRUPTED)
        return code if isinstance(code, int) else 0
    except typer.TyperException as error:
        return _complain(sentence_of(error))
    except MultilayerError as error:
        return _complain(str(error))
    except MemoryError:
        return _complain("There is not enough memory for this network or table. Try fewer units or rows.")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return _complain("Interrupted.", INTERRUPTED)
    except Exception:
        return _complain(_ours(), OUR_FAULT)


def _complain(text: str, code: int = USERS_MISTAKE) -> int:
    if text:
        say(f"multilayer: {' '.join(text.split())}")
    return code


def _ours() -> str:
    """Put the traceback into a file and say where."""
    with tempfile.NamedTemporaryFile("w", prefix="multilayer-", suffix=".txt", delete=False, encoding="utf-8") as file:
        traceback.print_exc(file=file)
    kind, value, _ = sys.exc_info()
    name = kind.__name__ if kind else "error"
    return f"This is a fault of multilayer ({name}: {value}). The traceback is in {file.name}; please report it."
