"""What a command line of luigi asks for, as far as it is known before luigi is imported."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

PACKAGE = "pipeline"


def module_in(words: Sequence[str]) -> str:
    """Return the --module of a command line as luigi reads it: the last one, also abbreviated."""
    found = ""
    for word, after in itertools.pairwise([*words, ""]):
        option, equals, value = word.partition("=")
        if word == "--":
            break
        if len(option) > len("--") and "--module".startswith(option):
            found = value if equals else after
    return found


def is_module_of_ours(name: str) -> bool:
    """Whether a module is this package or part of it."""
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")
