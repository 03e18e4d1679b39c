"""A value of a TOML file that is unusable is named by its key, with what is expected."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct, defstruct

from pipeline.errors import SettingsError
from pipeline.typed_tables import choice, convert


class Genre(Struct, forbid_unknown_fields=True):
    id: Annotated[int, Meta(ge=1)]


class File(Struct, forbid_unknown_fields=True):
    pages: Annotated[int, Meta(ge=1, le=500)] = 5
    rating: float = 7.5
    genres: list[Genre] = []


def test_a_missing_key_has_its_default() -> None:
    assert convert({"pages": 3}, File) == File(pages=3)


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"colour": 1}, "The top level has an unknown key `colour`."),
        ({"genres": [{"id": 1, "x\ny": 1}]}, "genres[0] has an unknown key `x\ny`."),
        ({"genres": [{}]}, "genres[0] lacks the key `id`."),
        ({"genres": [5]}, "genres[0] is unusable: expected a table, got `int`."),
        ({"pages": 0}, "pages is unusable: expected `int` >= 1."),
        ({"pages": True}, "pages is unusable: expected `int`, got `bool`."),
        ({"rating": "high"}, "rating is unusable: expected `float`, got `str`."),
        ({"rating": 10**400}, "rating is unusable: number out of range."),
    ],
)
def test_an_unusable_key_is_named_with_what_is_expected(
    tables: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        convert(tables, File)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("word", ["hourly", "daily\n", "daily|weekly", ""])
def test_a_choice_is_one_of_its_words_and_a_message_lists_them(word: str) -> None:
    plan = defstruct("Plan", [("cadence", Annotated[str, choice("daily", "weekly")])])
    assert convert({"cadence": "weekly"}, plan) == plan("weekly")
    with pytest.raises(SettingsError) as caught:
        convert({"cadence": word}, plan)
    assert str(caught.value) == "cadence is unusable: expected daily or weekly."


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"id": 0}, "lists.horror.id is unusable: expected `int` >= 1."),
        (5, "lists.horror is unusable: expected a table, got `int`."),
    ],
)
def test_a_key_of_a_part_is_named_from_the_top(table: Any, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        convert(table, Genre, "lists.horror")
    assert str(caught.value) == sentence
