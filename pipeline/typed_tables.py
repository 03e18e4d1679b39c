"""Turn the tables of a TOML file into typed values, or name the key that is unusable."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from pipeline.errors import SettingsError

_T = TypeVar("_T")
# What msgspec says in the words of JSON and of patterns -> what a message says in those of TOML.
_WORDS: dict[str, str | Callable[[re.Match[str]], str]] = {
    r"^Object contains unknown field": "has an unknown key",
    r"^Object missing required field": "lacks the key",
    r"`str` matching regex '\^\((.*)\).*'": lambda found: found[1].replace("|", " or "),
    r"(Expected|got) `object`": r"\1 a table",
    r"^[A-Z]": lambda found: f"is unusable: {found[0].lower()}",
}


def choice(*words: str) -> msgspec.Meta:
    """Return the annotation of a text that has to be one of these words."""
    return msgspec.Meta(pattern=rf"^({'|'.join(words)})\Z")


def convert(tables: Mapping[str, Any], type_: type[_T], where: str = "") -> _T:
    """Return the tables as a value of the type, usually a Struct that forbids unknown fields.

    `where` is the key of the tables in their file; it is empty for the whole file.

    Raises:
        SettingsError: the sentence names the key and what is expected.
    """
    try:
        return msgspec.convert(tables, type_)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
    for pattern, words in _WORDS.items():
        what = re.sub(pattern, words, what)
    key = f"{where}{path.rstrip('`')}".removeprefix(".") or "The top level"
    raise SettingsError(f"{key} {what}.")
