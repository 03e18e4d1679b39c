"""Turn the tables of a TOML file into typed values, or name the key that is unusable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from pipeline.errors import SettingsError

_T = TypeVar("_T")

_CHOICE = re.compile(r"`str` matching regex '\^\((.*)\).*'")


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
    key = f"{where}{path.rstrip('`')}".removeprefix(".") or "The top level"
    raise SettingsError(f"{key} {_sentence_end(what)}.")


def _sentence_end(what: str) -> str:
    """Say in the words of TOML what msgspec says in those of JSON."""
    _, unknown, name = what.partition("Object contains unknown field ")
    if unknown:
        return f"has an unknown key {name}"
    _, missing, name = what.partition("Object missing required field ")
    if missing:
        return f"lacks the key {name}"
    expected = _CHOICE.sub(lambda found: found[1].replace("|", " or "), what)
    return f"is unusable: {expected[0].lower()}{expected[1:].replace('`object`', 'a table')}"
