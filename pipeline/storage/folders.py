"""Folders as people write them into `.env`, where no shell expands `~`, `$HOME` or quotes."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable

from pipeline.errors import SettingsError

_VARIABLE = re.compile(r"\$(?:(?P<plain>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})", re.ASCII)
_OF_A_SHELL = re.compile(r"""[$`"\\]|^'|'$""")
_SUBSTITUTED = re.compile(r"[$`]")
"""What a shell would have expanded, also in a value that came from one: its quotes are gone."""

_QUOTED = re.compile(r"""(['"])(?P<inside>.*)\1""", re.DOTALL)

Lookup = Callable[[str], str]
"""Name of a variable -> its value, empty where it is not set."""


def is_plain(folder: str) -> bool:
    """Whether nothing in the text is to be expanded."""
    return not folder.startswith("~") and not _OF_A_SHELL.search(folder)


def expanded(variable: str, folder: str, lookup: Lookup, *, from_shell: bool) -> str:
    """Expand what a shell would have: quotes around it, `$NAME`, `${NAME}`, `~` and `~user`.

    Args:
        variable: the setting that messages name.
        folder: what was written.
        lookup: finds the value of another variable.
        from_shell: whether it stood in the environment, where quotes within a name are meant.

    Raises:
        SettingsError: an unknown user or variable, or signs that only a shell understands.
    """
    quoted = _QUOTED.fullmatch(folder)
    text = quoted["inside"] if quoted else folder
    refused = _SUBSTITUTED if from_shell else _OF_A_SHELL
    if refused.search(_VARIABLE.sub("", text)) or not text.strip():
        raise SettingsError(
            f"{variable} has to be a plain folder: only ~, $NAME and ${{NAME}} are expanded in it; "
            f"write {folder} without quotes, backslashes and other signs of a shell.",
            variable=variable,
        )
    return _with_home(variable, _VARIABLE.sub(lambda found: _value(variable, found, lookup), text))


def _value(variable: str, found: re.Match[str], lookup: Lookup) -> str:
    name = found["plain"] or found["braced"]
    value = lookup(name) or (os.path.expanduser("~") if name == "HOME" else "")
    if not value:
        raise SettingsError(
            f"{variable} names {found[0]}, which is not set: set it, or write the folder out.",
            variable=variable,
        )
    return value


def _with_home(variable: str, folder: str) -> str:
    if not folder.startswith("~"):
        return folder
    home = os.path.expanduser(folder)
    if home.startswith("~"):
        user = folder.partition("/")[0]
        raise SettingsError(
            f"{variable} begins with {user}, but this machine has no such user: write the folder "
            f"out, or ./{user} for a folder of that name.",
            variable=variable,
        )
    return home
