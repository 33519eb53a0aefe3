"""The sentence for a command line that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from multilayer.errors import did_you_mean

NO_COMMAND = re.compile(r"No such command '(.*)'\.")
NO_ARGUMENT = re.compile(r"Missing argument '(.*)'")
EXTRA = re.compile(r"Got unexpected extra argument\(s\) \((.*)\)")
WRITE = re.compile(r"\b[Ww]rite [^;]*?(?=[;.](?:\s|$))")
OTHERS = {
    "--verbose": "A training tells how it goes anyway; --quiet leaves that out.",
    "--device": "Training runs on the processor, on as many threads as --threads says.",
    "--gpu": "Training runs on the processor, on as many threads as --threads says.",
    "--cv": "One split is trained at a time; --seeds says how many seeds, and --fold which of a folder's fixed splits.",
}
"""What to write instead of options that other commands have."""
SETTING = re.compile(r"(?P<name>\w+)=(?P<value>\w+\([^()]*\))|(?P<word>\w+)(?![\w(])")


def sentence_of(error: Any) -> str:
    """The sentence for an error of the command line; empty where the help was shown instead."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    context = getattr(error, "ctx", None)
    see = f"See {context.command_path} --help." if context else "See --help."
    if type(error).__name__ == "NoSuchOption":
        known = [name for parameter in (context.command.params if context else []) for name in parameter.opts]
        return no_option(error.option_name, known, see)
    message = " ".join(error.format_message().split())
    if found := NO_COMMAND.match(message):
        commands = list(context.command.commands) if context else []
        hint = did_you_mean(found[1], commands)
        return " ".join(filter(None, [f"There is no command '{found[1]}'.", hint, f"Known: {', '.join(commands)}."]))
    if found := NO_ARGUMENT.match(message):
        return f"{context.info_name if context else 'The command'} needs a {found[1]}. {see}"
    if found := EXTRA.match(message):
        if found[1].replace(" ", "").isdecimal():
            return f"'{found[1]}' is one word too many. Numbers of one option stand with commas, as in --hidden 40,40."
        return f"'{found[1]}' is one word too many. Put words that belong together between quotes. {see}"
    return f"{message.rstrip('.')}. {see}"


def no_option(option: str, known: Collection[str], see: str = "") -> str:
    """The sentence for an option that does not exist, in this project's words where it is another's.

    >>> no_option("--eta", ["--lr"])
    'There is no option --eta: lr is the learning rate, which some courses call eta. Write --lr.'
    >>> no_option("--epoch", ["--epochs", "--lr"])
    "There is no option --epoch. Did you mean '--epochs'?"
    >>> no_option("--time", ["--optimizer", "--time-limit"])
    "There is no option --time. Did you mean '--time-limit'?"
    >>> no_option("--layers", ["--recipe"])
    'There is no option --layers, but a recipe file can say layers. Write it there, and --recipe FILE.'
    """
    from multilayer.recipe.recipe import setting_names, spoken

    name = option.lstrip("-").replace("-", "_")
    told = spoken(name)
    if told:
        said = in_options(told, known)
        return f"There is no option {option}: {said[0].lower()}{said[1:]}"
    if name in setting_names() and "--recipe" in known:
        return f"There is no option {option}, but a recipe file can say {name}. Write it there, and --recipe FILE."
    longer = [one for one in known if one.startswith(f"{option}-")]
    hint = f"Did you mean {longer[0]!r}?" if len(longer) == 1 else did_you_mean(option, known)
    return " ".join(filter(None, [f"There is no option {option}.", OTHERS.get(option, "") or hint or see]))


def in_options(told: str, known: Collection[str]) -> str:
    """Advice that names settings, naming options.

    >>> in_options("Write optimizer=momentum(momentum=0.9).", ["--optimizer"])
    'Write --optimizer "momentum(momentum=0.9)".'
    """

    def option(match: re.Match[str]) -> str:
        name = f"--{(match['name'] or match['word']).replace('_', '-')}"
        if name not in known:
            return match[0]
        return f'{name} "{match["value"]}"' if match["value"] else name

    return WRITE.sub(lambda clause: SETTING.sub(option, clause[0]), told)
